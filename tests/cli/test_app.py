"""The commands, as a user gives them: what they write, print and refuse."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import openpyxl
import pytest
import torch
import xlsxwriter
from PIL import Image
from safetensors.torch import save_file

from gradsheet.digits.data import FILE_NAMES
from gradsheet.spreadsheet.recalculate import libreoffice
from tests.audit.handmade import changed, handmade, make
from tests.digits.test_data import GOOD, write

HEAVY = {"OMP_NUM_THREADS": "2"}


def gradsheet(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "gradsheet", *map(str, arguments)]
    environment = os.environ | HEAVY
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=300,
        check=False,
        env=environment,
    )


def succeeded(*arguments: object, folder: Path) -> str:
    run = gradsheet(*arguments, folder=folder)
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    return run.stdout


def test_help_comes_at_once(tmp_path: Path) -> None:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        text = succeeded("--help", folder=tmp_path)
        times.append(time.perf_counter() - start)
    commands = (
        "demo",
        "workbook",
        "verify",
        "sweep",
        "diagram",
        "audit",
        "summary",
        "train",
        "evaluate",
        "predict",
    )
    assert all(re.search(rf"\b{command}\b", text) for command in commands)
    assert min(times) < 0.4


def test_workbook(tmp_path: Path) -> None:
    text = succeeded(
        "workbook",
        "mazur",
        "-o",
        "deep/in/book.xlsx",
        "--rates",
        "0.5,2",
        "--iterations",
        7,
        folder=tmp_path,
    )
    assert text.startswith("Wrote deep/in/book.xlsx (0.")
    book = openpyxl.load_workbook(tmp_path / "deep/in/book.xlsx")
    assert book.sheetnames == [
        "Start",
        "Inputs",
        "Network",
        "Derivation",
        "Step",
        "lr 0.5",
        "lr 2.0",
        "Learning rates",
        "Gradient check",
        "Common mistakes",
    ]
    assert book["lr 2.0"]["D12"].value == 7


def test_the_default_workbook_comes_within_two_seconds(tmp_path: Path) -> None:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        succeeded("workbook", folder=tmp_path)
        times.append(time.perf_counter() - start)
    assert min(times) < 2


def test_verify(tmp_path: Path) -> None:
    succeeded("workbook", "and", "--iterations", 5, folder=tmp_path)
    text = succeeded("verify", "backprop.xlsx", folder=tmp_path)
    assert "computed again by ironcalc" in text
    assert "Verified: every cell agrees to 1e-09." in text
    assert re.search(r"Gradient check +│ +\d+ │ +\d.\de[-+]\d+ │", text)
    book = openpyxl.load_workbook(tmp_path / "backprop.xlsx")
    cell = next(c for (c,) in book["Derivation"]["F20:F40"] if c.data_type == "f")
    cell.value = "=0.75"
    book.save(tmp_path / "wrong.xlsx")
    run = gradsheet("verify", "wrong.xlsx", folder=tmp_path)
    assert run.returncode == 1
    assert "Not verified: a difference is larger than 1e-09." in run.stdout
    assert re.search(r"Derivation +│ +\d+ │ +(differs|\d\.\de[-+]0\d) │", run.stdout)


def test_exercise_and_solution(tmp_path: Path) -> None:
    succeeded("workbook", "--exercise", "-o", "exercise.xlsx", folder=tmp_path)
    succeeded("workbook", "--solution", "-o", "solution.xlsx", folder=tmp_path)
    marks = [
        openpyxl.load_workbook(tmp_path / name, data_only=True)["Start"]["B6"].value
        for name in ("exercise.xlsx", "solution.xlsx")
    ]
    assert marks == ["0 of 84 right", "84 of 84 right"]


@pytest.mark.skipif(libreoffice() is None, reason="LibreOffice is not installed")
def test_pictures_of_every_sheet(tmp_path: Path) -> None:
    arguments = ("--rates", "0.5", "--iterations", 3, "--png", "pictures")
    text = succeeded("workbook", *arguments, folder=tmp_path)
    names = sorted(file.name for file in (tmp_path / "pictures").iterdir())
    assert f"Wrote {len(names)} pictures to pictures." in text
    sheets = dict.fromkeys(re.sub(r"^\d+-|(-\d)?\.png$", "", name) for name in names)
    assert list(sheets) == [
        "start",
        "inputs",
        "network",
        "derivation",
        "step",
        "lr-0.5",
        "learning-rates",
        "gradient-check",
        "common-mistakes",
    ]
    for name in names:
        with Image.open(tmp_path / "pictures" / name) as picture:
            assert picture.width > 300
            assert len(picture.convert("L").getcolors() or ()) > 10


def test_sweep(tmp_path: Path) -> None:
    text = succeeded("sweep", "--rates", "0.1,1e6", "--updates", 20, "-o", "out", folder=tmp_path)
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"losses.csv", "loss_lr_0.1.png", "loss_lr_1000000.0.png", "loss_all.png"}
    rows = list(csv.reader((tmp_path / "out/losses.csv").read_text().splitlines()))
    assert len(rows) == 22
    assert float(rows[1][1]) == pytest.approx(0.24251985734837728, rel=1e-15)
    assert "0.2425" in text


def test_sweep_says_what_diverged(tmp_path: Path) -> None:
    (tmp_path / "line.toml").write_text(
        'inputs = [2]\ntargets = [1]\n[[layers]]\nactivation = "identity"\nweights = [[3]]\n'
    )
    arguments = ("line.toml", "--rates", "0.1,1e5", "--updates", 99)
    text = succeeded("sweep", *arguments, folder=tmp_path)
    assert "diverged after" in text
    assert re.search(r"100000 │ +12.5 │ .* — │ +\d+ │", text)
    assert "diverged" in (tmp_path / "runs/sweep/losses.csv").read_text()
    assert "nan" not in text + (tmp_path / "runs/sweep/losses.csv").read_text()


def test_a_thousand_rates_in_one_picture(tmp_path: Path) -> None:
    succeeded("sweep", "--rates", "0.01:10:1000", "--updates", 30, "-o", ".", folder=tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"losses.csv", "loss_all.png"}
    header = (tmp_path / "losses.csv").read_text().splitlines()[0].split(",")
    rates = [float(rate) for rate in header[1:]]
    assert len(rates) == 1000
    assert (rates[0], rates[-1]) == (0.01, 10.0)
    assert rates[500] / rates[499] == pytest.approx(1000 ** (1 / 999))


def test_a_network_whose_loss_is_too_large_from_the_start(tmp_path: Path) -> None:
    layer = '[[layers]]\nactivation = "identity"\nweights = [[1e15]]\n'
    (tmp_path / "n.toml").write_text("inputs = [1e15]\ntargets = [1]\n" + layer * 11)
    text = succeeded("sweep", "n.toml", "--updates", 3, "-o", ".", folder=tmp_path)
    assert "diverged after" in text
    succeeded("workbook", "n.toml", "--iterations", 3, folder=tmp_path)
    succeeded("diagram", "n.toml", folder=tmp_path)


def test_a_title_in_any_script(tmp_path: Path) -> None:
    title = 'title = "逆伝播 $x_{ \\\\frac @0 {1} %s"\n'
    text = title + "inputs = [1]\ntargets = [1]\n[[layers]]\nweights = [[3]]\n"
    (tmp_path / "n.toml").write_text(text)
    succeeded("diagram", "n.toml", "-o", "n.png", folder=tmp_path)
    succeeded("workbook", "n.toml", "-o", "n.xlsx", folder=tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "n.xlsx")["Start"]
    assert sheet["A1"].value == "逆伝播 $x_{ \\frac @0 {1} %s"


@pytest.mark.parametrize("network", ["course", "mazur"])
def test_diagram(network: str, tmp_path: Path) -> None:
    succeeded("diagram", network, "-o", "n.svg", folder=tmp_path)
    succeeded("diagram", network, "-o", "n.png", folder=tmp_path)
    with Image.open(tmp_path / "n.png") as drawing:
        assert drawing.width > 800
    texts = "".join(ElementTree.parse(tmp_path / "n.svg").getroot().itertext())
    shown = re.sub(r"\s+", "", texts)
    values = {"course": ["0.242519857", "0.506875", "0.07216"], "mazur": ["0.298371109", "0.59327"]}
    for value in [*values[network], "=0.15", "=0.55", "=0.05", "=0.99"]:
        assert value in shown


def test_summary(tmp_path: Path) -> None:
    assert "Total params: 17,410" in succeeded("summary", folder=tmp_path)
    assert "receptive field" in succeeded("summary", "--receptive-field", folder=tmp_path)


@pytest.fixture(scope="module")
def fashion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four IDX files of 256 and 100 images, so that an epoch takes a moment."""
    from gradsheet.digits.data import load

    data, folder = load(), tmp_path_factory.mktemp("fashion")
    for name, part, count in zip(
        FILE_NAMES, (data.train,) * 2 + (data.test,) * 2, (256, 256, 100, 100), strict=True
    ):
        array = part.images[:count] if "images" in name else part.labels[:count].to(torch.uint8)
        sizes = b"".join(length.to_bytes(4, "big") for length in array.shape)
        (folder / name).write_bytes(bytes([0, 0, 8, array.dim()]) + sizes + array.numpy().tobytes())
    return folder


def test_train_evaluate_predict(fashion: Path, tmp_path: Path) -> None:
    train = (
        "train",
        "--epochs",
        2,
        "--batch-size",
        32,
        "--seed",
        4,
        "--data",
        fashion,
        "-o",
        "run",
    )
    run = gradsheet(*train, folder=tmp_path)
    assert run.returncode == 0, run.stderr
    assert (
        len(
            re.findall(
                r"^Test set: Average loss: \d\.\d{4}, Accuracy: \d+/100 \(\d+\.\d\d%\)$",
                run.stdout,
                re.M,
            )
        )
        == 2
    )
    assert re.search(r"loss=\d\.\d{4} batch_id=7: 100%\|█+\| 8/8 \[", run.stderr)
    assert {file.name for file in (tmp_path / "run").iterdir()} == {
        "config.json",
        "history.csv",
        "model.safetensors",
        "accuracy.png",
        "loss.png",
        "confusion.png",
        "mistakes.png",
    }
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert (config["seed"], config["recipe"]["epochs"], config["recipe"]["batch_size"]) == (
        4,
        2,
        32,
    )
    evaluated = succeeded("evaluate", "run", "--data", fashion, folder=tmp_path)
    said = re.search(r"Accuracy: \d+/100", run.stdout[run.stdout.rindex("Test set") :])
    assert said is not None
    assert said[0] in evaluated
    assert "95% interval" in evaluated
    for shape in ("as a folder", "as a file"):
        weights = "run" if shape == "as a folder" else "run/model.safetensors"
        page = Image.new("L", (60, 60), 255)
        page.paste(0, (28, 10, 33, 50))
        page.save(tmp_path / "x.png")
        assert "x.png" in succeeded("predict", weights, "x.png", folder=tmp_path)
    (tmp_path / "run/mistakes.png").unlink()  # as an interrupt in between would leave it
    assert "is finished already; its weights are kept" in succeeded(*train, folder=tmp_path)
    assert (tmp_path / "run/mistakes.png").exists()
    other = gradsheet(*train, "--seed", 5, folder=tmp_path)
    assert other.returncode == 2
    assert "run holds something else: a run with another seed; give another" in other.stderr
    mnist = gradsheet("evaluate", "run", folder=tmp_path)
    assert mnist.stderr == "gradsheet: note: run was trained on other data than these\n"


def test_studies_and_comparisons(fashion: Path, tmp_path: Path) -> None:
    study = ("study", "--seeds", 2, "--epochs", 1, "--batch-size", 32, "--data", fashion)
    text = succeeded(*study, "-o", "one", folder=tmp_path)
    assert "Recipe best, 2 seeds, last of 1 epochs, test images" in text
    assert "95% interval of the mean" in text
    names = {file.name for file in (tmp_path / "one").iterdir()}
    runs = {"seed-000", "seed-001", "seed-000.json", "seed-001.json"}
    assert names == {*runs, "summary.json", "epochs.png"}
    again = gradsheet(*study, "-o", "one", folder=tmp_path)
    assert again.stdout == text
    succeeded(*study, "--recipe", "course", "--validation", 56, "-o", "two", folder=tmp_path)
    assert '"evaluated on": "validation"' in (tmp_path / "two" / "summary.json").read_text()
    said = succeeded("compare", "one", "two/summary.json", folder=tmp_path)
    assert re.search(r"B − A: [+-]\d+\.\d{3} points, 95% interval", said)
    assert re.search(r"p-value: \S+ \(Welch\), \S+ \(permutation\)", said)
    models = "one/seed-000", "one/seed-001/model.safetensors"
    said = succeeded("compare", *models, "--data", fashion, folder=tmp_path)
    assert re.search(r"\d+ images only A reads rightly, \d+ only B\np-value: ", said)
    mixed = gradsheet("compare", "one", "one/seed-000", folder=tmp_path)
    assert mixed.returncode == 2
    assert "one is a study, the other a model; expected two of a kind" in mixed.stderr
    together = succeeded("evaluate", *models, "--five-views", "--data", fashion, folder=tmp_path)
    assert "/100 (" in together


def test_resume_by_the_folder_alone_and_log_for_tensorboard(fashion: Path, tmp_path: Path) -> None:
    train = ("train", "--epochs", 1, "--seed", 9, "--data", fashion, "-o", "run", "--tensorboard")
    first = succeeded(*train, folder=tmp_path)
    logs = list((tmp_path / "run/tensorboard").iterdir())
    assert logs[0].name.startswith("events.out.tfevents")
    again = succeeded("train", "--resume", "run", "--data", fashion, folder=tmp_path)
    assert "is finished already; its weights are kept" in again
    assert again.splitlines()[-1] == first.splitlines()[-1] == "Wrote run."


def test_open(tmp_path: Path) -> None:
    page = Image.new("L", (60, 60), 255)
    page.paste(0, (28, 10, 33, 50))
    page.save(tmp_path / "one.png")
    text = succeeded("open", "--input", "one.png", "-o", "one.xlsx", folder=tmp_path)
    assert re.fullmatch(r"Wrote one\.xlsx \(\d\.\d MB\)\.\n", text)
    book = openpyxl.load_workbook(tmp_path / "one.xlsx", data_only=True)
    assert book.sheetnames[:3] == ["Overview", "Image", "1 conv1"]
    assert book.sheetnames[-2:] == ["Loss", "Digits"]
    assert book["Image"]["E5"].value == "one.png"


def test_finding_a_learning_rate(fashion: Path, tmp_path: Path) -> None:
    text = succeeded("lr-find", "--data", fashion, "-o", "rates.png", folder=tmp_path)
    assert re.search(
        r"The loss is lowest at a learning rate of \S+; the recipe best peaks at", text
    )
    with Image.open(tmp_path / "rates.png") as picture:
        assert picture.width > 600


def test_shipped_weights_predict_before_any_training(tmp_path: Path) -> None:
    from gradsheet.digits.data import load

    test = load().test
    for number in range(3):
        Image.fromarray(255 - test.images[number].numpy()).resize((90, 90)).save(
            tmp_path / f"{number}.png"
        )
    text = succeeded("predict", "0.png", "1.png", "2.png", folder=tmp_path)
    read = [int(digit) for digit in re.findall(r"\.png\s*│\s*(\d)", text)]
    assert read == test.labels[:3].tolist()


def test_an_interrupted_training_says_how_to_go_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gradsheet", "train", "--epochs", "3", "-o", "run"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=os.environ | HEAVY
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "run/config.json").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.endswith("gradsheet: interrupted; the same command goes on where it stopped\n")
    assert "Traceback" not in errors
    assert not list((tmp_path / "run").glob(".*"))


MISTAKES: list[tuple[tuple[str, ...], str]] = [
    (("workbook", "corse"), "no preset is called 'corse'; choose from course, course-half, mazur"),
    (("workbook", "bad.toml"), "bad.toml, line 3, layer 1, weights: row 1 has 1 numbers for 2"),
    (("workbook", "broken.toml"), "broken.toml is not valid TOML"),
    (("workbook", "--rates", "-0.5"), "the learning rate -0.5 is not possible"),
    (("workbook", "--rates", "fast"), "'fast' is no learning rate"),
    (("workbook", "--rates", "1:2"), "'1:2' is no learning rate"),
    (("workbook", "--rates", ""), "'' is no learning rate"),
    (("workbook", "--iterations", "0"), "0 updates asked for; give at least 1"),
    (("workbook", "--iterations", "many"), "Invalid value for '--iterations'"),
    (("workbook", "-o", "book.pdf"), "book.pdf does not end in .xlsx"),
    (("workbook", "-o", "file/book.xlsx"), "cannot write file/book.xlsx: "),
    (("workbook", "-o", "folder.xlsx"), "cannot write folder.xlsx: it is a folder"),
    (("sweep", "--updates", "-1"), "-1 updates asked for"),
    (("sweep", "-o", "file"), "cannot write file: "),
    (("diagram", "-o", "n.gif"), "n.gif has no picture format known here; end it in .png or .svg"),
    (("train", "--epochs", "0"), "epochs is 0; it must be 1 to 1,000,000"),
    (("train", "--batch-size", "0"), "batch size is 0"),
    (("train", "--recipe", "bset"), "no recipe is called 'bset'"),
    (("train", "--seed", "-1"), "the seed is -1"),
    (("train", "--device", "abacus"), "no device 'abacus' here"),
    (("train", "--data", "nowhere"), "nowhere holds no train-images-idx3-ubyte"),
    (("train", "--data", "damaged"), "train-images-idx3-ubyte is cut off or padded"),
    (("train", "--resume", "nowhere"), "nowhere is no run folder"),
    (("train", "--teacher", "nowhere", "-o", "run"), "nowhere holds no model.safetensors"),
    (("study", "--seeds", "1"), "1 seeds, None jobs; expected 2 seeds and 1 job at least"),
    (("study", "--seeds", "1000000000"), "1,000,000,000 seeds; expected 10,000 at most"),
    (("study", "--jobs", "0"), "5 seeds, 0 jobs; expected"),
    (("study", "--recipe", "bset"), "no recipe is called 'bset'"),
    (("study", "--scheduler", "nonsense", "-o", "st"), "no Dask scheduler answers at nonsense"),
    (("open", "nowhere"), "nowhere holds no model.safetensors"),
    (("open", "--input", "10000"), "there is no test image 10000; expected 0 to 9999"),
    (("open", "--input", "missing.png"), "cannot read missing.png: No such file"),
    (("open", "--label", "10", "--backward"), "the label is 10; expected 0 to 9"),
    (("open", "-o", "model.pdf"), "model.pdf does not end in .xlsx"),
    (("compare", "nowhere", "nowhere"), "nowhere holds no model.safetensors"),
    (("compare", "text.json", "text.json"), "text.json is no summary of a study"),
    (("lr-find", "-o", "rates.gif", "--data", "tiny"), "rates.gif has no picture format"),
    (("evaluate", "nowhere"), "nowhere holds no model.safetensors: expected a run folder"),
    (("evaluate", "other.safetensors"), "other.safetensors holds another model"),
    (("evaluate", "text.safetensors"), "text.safetensors is not a readable safetensors file"),
    (("predict", "text.png"), "text.png is not a picture; expected a PNG or JPEG"),
    (("predict", "missing.png"), "cannot read missing.png: No such file"),
    (("predict", "folder.xlsx"), "no picture given"),
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
    arguments: tuple[str, ...], said: str, tmp_path: Path
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
    run = gradsheet(*arguments, folder=tmp_path)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1, run.stderr
    assert run.stderr.startswith("gradsheet: ")
    assert said in run.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.slow
def test_the_quick_demo(tmp_path: Path) -> None:
    start = time.perf_counter()
    text = succeeded("demo", "--quick", folder=tmp_path)
    assert time.perf_counter() - start < 60
    made = {path.name for path in (tmp_path / "runs/demo").iterdir()}
    rates = (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)
    assert made == {
        "backprop.xlsx",
        "losses.csv",
        "network.svg",
        "network.png",
        "network.xlsx",
        "loss_all.png",
        "digits-quick",
        *(f"loss_lr_{rate}.png" for rate in rates),
    }
    reached = re.search(r"(\d+)/10000 test digits", text)
    assert reached is not None
    assert int(reached[1]) > 9800
    again = succeeded("demo", "--quick", folder=tmp_path)
    assert "is finished already; its weights are kept" in again
    assert reached[0] in again


def homework(folder: Path, name: str, wrong: bool = False) -> Path:
    """A handmade table as an .xlsx file, with a mistake in dE/dw1 or without."""
    table = handmade(Random(7), (2, 2, 2))
    if wrong:
        table = changed(table, "dE/dw1", f"-({table.formulas['dE/dw1']})")
    path = folder / name
    with xlsxwriter.Workbook(path) as book:
        for sheet in make(table, Random(7)).book.sheets.values():
            page = book.add_worksheet(sheet.name)
            for (row, column), cell in sheet.cells.items():
                if cell.formula is not None:
                    page.write_formula(row - 1, column - 1, f"={cell.formula}", value="")
                else:
                    page.write(row - 1, column - 1, cell.value)
    return path


def test_audit_tells_right_from_wrong(tmp_path: Path) -> None:
    homework(tmp_path, "right.xlsx")
    homework(tmp_path, "wrong.xlsx", wrong=True)
    assert "all right" in succeeded("audit", "right.xlsx", folder=tmp_path)
    run = gradsheet("audit", "wrong.xlsx", "right.xlsx", folder=tmp_path)
    assert run.returncode == 1
    assert "has the wrong sign" in run.stdout
    assert run.stderr == ""


def test_audit_reads_on_after_a_file_it_cannot_read(tmp_path: Path) -> None:
    homework(tmp_path, "wrong.xlsx", wrong=True)
    (tmp_path / "broken.xlsx").write_text("no workbook")
    run = gradsheet("audit", "broken.xlsx", "wrong.xlsx", "missing.xlsx", folder=tmp_path)
    assert run.returncode == 2
    assert "has the wrong sign" in run.stdout
    assert len(run.stderr.splitlines()) == 2
    assert "Traceback" not in run.stderr


def test_audit_writes_no_page_over_a_workbook(tmp_path: Path) -> None:
    before = homework(tmp_path, "wrong.xlsx", wrong=True).read_bytes()
    run = gradsheet("audit", "wrong.xlsx", "--report", "./wrong.xlsx", folder=tmp_path)
    assert run.returncode == 2
    assert run.stderr == (
        "gradsheet: --report wrong.xlsx is one of the workbooks; name a new .html file\n"
    )
    assert (tmp_path / "wrong.xlsx").read_bytes() == before


def test_audit_writes_a_page_a_copy_json_and_a_summary(tmp_path: Path) -> None:
    names = [f"class-{number}.xlsx" for number in range(6)]
    for number, name in enumerate(names):
        homework(tmp_path, name, wrong=number % 2 == 1)
    options = ("--json", "--report", "page.html", "--annotate", "--summary", "mistakes")
    run = gradsheet("audit", *names, *options, "--jobs", "2", folder=tmp_path)
    assert run.returncode == 1, run.stderr
    told = json.loads(run.stdout)
    assert [file["all_right"] for file in told["files"]] == [True, False] * 3
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert all(name in page for name in names)
    mistakes = (tmp_path / "mistakes" / "mistakes.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(mistakes.splitlines()))
    assert len(rows) == 7
    assert "a sign turned round" in rows[0]
    with Image.open(tmp_path / "mistakes" / "mistakes.png") as picture:
        assert picture.width > 100
    marked = openpyxl.load_workbook(tmp_path / "class-1-audited.xlsx")["Work"]
    assert sum(cell.comment is not None for row in marked.iter_rows() for cell in row) == 1
    assert not list(tmp_path.glob(".*"))
