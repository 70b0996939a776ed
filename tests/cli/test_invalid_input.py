"""Invalid input is one line on stderr and exit code 2, and nothing is written."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.commands import Run
from tests.digits.test_data import GOOD, write

MISTAKES: list[tuple[tuple[str, ...], str]] = [
    (("workbook", "corse"), "no preset is called 'corse'; choose from course, course-half, mazur"),
    (("workbook", "bad.toml"), "bad.toml, line 3, layer 1, weights: row 1 has 1 numbers for 2"),
    (("workbook", "broken.toml"), "broken.toml is not valid TOML"),
    (("workbook", "--rates", "-0.5"), "the learning rate -0.5 is not possible"),
    (("workbook", "--rates", "fast"), "'fast' is not a learning rate"),
    (("workbook", "--rates", "1:2"), "'1:2' is not a learning rate"),
    (("workbook", "--rates", ""), "'' is not a learning rate"),
    (("workbook", "--updates", "0"), "0 updates asked for; give at least 1"),
    (
        ("workbook", "--updates", "many"),
        "'--updates': expected a whole number (got many); see 'gra",
    ),
    (("workbook", "-o", "book.pdf"), "the output name must end in .xlsx (got book.pdf)"),
    (("workbook", "-o", "file/book.xlsx"), "cannot write file/book.xlsx: "),
    (("workbook", "-o", "folder.xlsx"), "cannot write folder.xlsx: it is a folder"),
    (("workbook", "--level", "forward"), "--level is for exercises; add --exercise or --solution"),
    (("workbook", "--digits", "3"), "--digits is for exercises"),
    (("mark", "file", "--canvas-column", "x"), "--canvas-column is a column of --canvas EXPORT"),
    (("mark", "--gradescope", "g.txt"), "the output name must end in .zip (got g.txt)"),
    (("mark", "--gradescope", "g.zip", "--moodle", "file"), "nothing to mark; name workbooks"),
    (("open", "--loss", "sum"), "--loss is for the backward pass; add --backward"),
    (("open", "--learning-rate", "2"), "--learning-rate is for the backward pass"),
    (("open", "--backward", "--loss", "sum"), "--loss is not for digit classifiers"),
    (("open", "--choose", "z"), "--choose is not for digit classifiers"),
    (("open", "--backward", "--label", "1", "--target", "x.npy"), "--label and --target are two"),
    (("open", "-o", "folder.xlsx"), "cannot write folder.xlsx: it is a folder"),
    (("train", "--resume", "tiny", "--epochs", "2"), "--epochs is for a new run; --resume goes on"),
    (("train", "--resume", "tiny", "-o", "run"), "--output is for a new run"),
    (("train", "--model", "9k"), "no network is called '9k'; choose from 0.5k, 0.7k, 1k"),
    (("summary", "--model", "9k"), "no network is called '9k'"),
    (("compare", "17k", "nowhere"), "there is no nowhere; expected a run folder, its model"),
    (("predict", "--model", "nowhere", "text.png"), "there is no nowhere; expected a run folder"),
    (("predict", "text.png", "--show", "file"), "cannot write file: it is a file; expected a fol"),
    (("sweep", "--updates", "-1"), "-1 updates asked for"),
    (("sweep", "-o", "file"), "cannot write file: it is a file; expected a folder"),
    (("sweep", "--rates", "1:0.1:5"), "the range 1:0.1:5 goes from 1 to 0.1; expected numbers abo"),
    (("explore", "-o", "file"), "cannot write file: it is a file; expected a folder"),
    (("workbook", "--updates", "1e3"), "'--updates': expected a whole number (got 1e3); see 'gra"),
    (("lr-find", "--seed", "x"), "'--seed': expected a whole number (got x); see"),
    (("open", "--learning-rate", "x"), "'--learning-rate': expected a number (got x); see"),
    (("diagram", "-o", "n.gif"), "name must end in .png or .svg (got n.gif)"),
    (("train", "--epochs", "0"), "epochs is 0; it must be 1 to 1,000,000"),
    (("train", "--batch-size", "0"), "batch size is 0"),
    (("train", "--recipe", "bset"), "no recipe is called 'bset'"),
    (("train", "--seed", "-1"), "the seed is -1"),
    (("train", "--device", "abacus"), "no device 'abacus' here"),
    (("train", "--data", "nowhere"), "nowhere holds no train-images-idx3-ubyte"),
    (("train", "--data", "damaged"), "train-images-idx3-ubyte is cut off or padded"),
    (("train", "--resume", "nowhere"), "nowhere is no run folder"),
    (
        ("train", "--teacher", "nowhere", "-o", "run"),
        "there is no nowhere; expected a run folder, its model",
    ),
    (
        ("study", "--seeds", "1"),
        "Invalid value for '--seeds': expected 2 or more (got 1); see",
    ),
    (
        ("study", "--seeds", "1000000000"),
        "expected 10000 or less (got 1000000000); see 'gradsheet study --help'",
    ),
    (
        ("study", "--jobs", "0"),
        "Invalid value for '--jobs': expected 1 or more (got 0); see",
    ),
    (("study", "--recipe", "bset"), "no recipe is called 'bset'"),
    (("study", "--scheduler", "nonsense", "-o", "st"), "no Dask scheduler answers at nonsense"),
    (("open", "nowhere"), "there is no nowhere; expected a run folder, its model"),
    (("open", "--input", "10000"), "test image 10000 does not exist; expected 0 to 9999"),
    (("open", "--input", "missing.png"), "cannot read missing.png: No such file"),
    (("open", "--label", "10", "--backward"), "the label is 10; expected 0 to 9"),
    (("open", "-o", "model.pdf"), "the output name must end in .xlsx (got model.pdf)"),
    (("compare", "nowhere", "nowhere"), "there is no nowhere; expected a run folder, its model"),
    (("compare", "text.json", "text.json"), "text.json is not the summary of a study"),
    (
        ("lr-find", "-o", "rates.gif", "--data", "tiny"),
        "name must end in .png or .svg (got rates.gif)",
    ),
    (("evaluate", "nowhere"), "there is no nowhere; expected a run folder"),
    (("evaluate", "other.safetensors"), "other.safetensors holds another model"),
    (("evaluate", "text.safetensors"), "text.safetensors is not a readable safetensors file"),
    (("predict", "text.png"), "text.png is not a PNG or JPEG of a digit"),
    (("predict", "missing.png"), "cannot read missing.png: No such file"),
    (("predict", "folder.xlsx"), "folder.xlsx is a folder, of no run; name its pictures, as in"),
    (("predict", "other.safetensors"), "no picture given; expected at least one PNG"),
    (("predict",), "Missing argument"),
    (
        ("train", "--validation", "5000", "--data", "tiny", "-o", "run"),
        "5,000 of 3 training images cannot be held out",
    ),
    (("train", "--data", "tiny", "-o", "x" * 300), "File name too long"),
    (("evaluate", "x" * 300), "File name too long"),
    (("nosuch",), "No such command 'nosuch'"),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=lambda value: " ".join(value)[:40])
def test_a_mistake_is_one_line_and_code_2(
    gradsheet: Run, arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text(
        "inputs = [1, 2]\ntargets = [1]\nlayers = [{weights = [[3]]}]\n"
    )
    (tmp_path / "broken.toml").write_text("inputs = [1, 2")
    (tmp_path / "file").write_text("precious")
    (tmp_path / "text.png").write_text("precious")
    (tmp_path / "text.json").write_text("precious")
    (tmp_path / "text.safetensors").write_text("precious")
    (tmp_path / "folder.xlsx").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "tiny").mkdir()
    write(tmp_path / "tiny", *GOOD)
    write(tmp_path / "damaged", GOOD[0][:-5], *GOOD[1:])
    save_file({"weight": torch.ones(3)}, tmp_path / "other.safetensors")
    before = sorted(tmp_path.rglob("*"))
    run = gradsheet(*arguments)
    assert run.code == 2
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1, run.stderr
    assert run.stderr.startswith("gradsheet: ")
    assert said in run.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "precious"
