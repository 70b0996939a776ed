"""workbook, verify, sweep and diagram: what they write and print."""

import csv
import re
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
from PIL import Image

from gradsheet.spreadsheet.libreoffice import libreoffice
from tests.commands import Run, Succeeded


def test_workbook(succeeded: Succeeded, tmp_path: Path) -> None:
    text = succeeded(
        "workbook",
        "mazur",
        "-o",
        "deep/in/book.xlsx",
        "--rates",
        "0.5,2",
        "--updates",
        7,
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
    assert book["lr 2.0"]["A12"].value == 7


def test_verify(succeeded: Succeeded, gradsheet: Run, tmp_path: Path) -> None:
    succeeded("workbook", "and", "--updates", 5)
    text = succeeded("verify", "backprop.xlsx")
    assert "recalculated by ironcalc" in text
    assert "Verified: every cell agrees to 1e-09." in text
    assert re.search(r"Gradient check +│ +\d+ │ +\d.\de[-+]\d+ │", text)
    book = openpyxl.load_workbook(tmp_path / "backprop.xlsx")
    cell = next(c for (c,) in book["Derivation"]["F20:F40"] if c.data_type == "f")
    cell.value = "=0.75"
    book.save(tmp_path / "wrong.xlsx")
    run = gradsheet("verify", "wrong.xlsx")
    assert run.code == 1
    assert "Not verified: a difference is larger than 1e-09." in run.stdout
    assert re.search(r"Derivation +│ +\d+ │ +(differs|\d\.\de[-+]0\d) │", run.stdout)


def test_exercise_and_solution(succeeded: Succeeded, tmp_path: Path) -> None:
    succeeded("workbook", "--exercise", "-o", "exercise.xlsx")
    succeeded("workbook", "--solution", "-o", "solution.xlsx")
    marks = [
        openpyxl.load_workbook(tmp_path / name, data_only=True)["Start"]["B6"].value
        for name in ("exercise.xlsx", "solution.xlsx")
    ]
    assert marks == ["0 of 44 right", "44 of 44 right"]


@pytest.mark.skipif(libreoffice() is None, reason="LibreOffice is not installed")
def test_pictures_of_every_sheet(succeeded: Succeeded, tmp_path: Path) -> None:
    arguments = ("--rates", "0.5", "--updates", 3, "--png", "pictures")
    text = succeeded("workbook", *arguments)
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


def test_sweep(succeeded: Succeeded, tmp_path: Path) -> None:
    text = succeeded("sweep", "--rates", "0.1,1e6", "--updates", 20, "-o", "out")
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"losses.csv", "loss_lr_0.1.png", "loss_lr_1000000.0.png", "loss_all.png"}
    rows = list(csv.reader((tmp_path / "out/losses.csv").read_text().splitlines()))
    assert len(rows) == 22
    assert float(rows[1][1]) == pytest.approx(0.24251985734837728, rel=1e-15)
    assert "0.2425" in text


def test_sweep_says_what_diverged(succeeded: Succeeded, tmp_path: Path) -> None:
    (tmp_path / "line.toml").write_text(
        'inputs = [2]\ntargets = [1]\n[[layers]]\nactivation = "identity"\nweights = [[3]]\n'
    )
    arguments = ("line.toml", "--rates", "0.1,1e5", "--updates", 99)
    text = succeeded("sweep", *arguments)
    assert "diverged after" in text
    assert re.search(r"100000 │ +12.5 │ .* — │ +\d+ │", text)
    assert "diverged" in (tmp_path / "runs/sweep/losses.csv").read_text()
    assert "nan" not in text + (tmp_path / "runs/sweep/losses.csv").read_text()


def test_a_thousand_rates_in_one_picture(succeeded: Succeeded, tmp_path: Path) -> None:
    succeeded("sweep", "--rates", "0.01:10:1000", "--updates", 30, "-o", ".")
    assert {file.name for file in tmp_path.iterdir()} == {"losses.csv", "loss_all.png"}
    header = (tmp_path / "losses.csv").read_text().splitlines()[0].split(",")
    rates = [float(rate) for rate in header[1:]]
    assert len(rates) == 1000
    assert (rates[0], rates[-1]) == (0.01, 10.0)
    assert rates[500] / rates[499] == pytest.approx(1000 ** (1 / 999))


def test_a_network_whose_loss_is_too_large_from_the_start(
    succeeded: Succeeded, tmp_path: Path
) -> None:
    layer = '[[layers]]\nactivation = "identity"\nweights = [[1e15]]\n'
    (tmp_path / "n.toml").write_text("inputs = [1e15]\ntargets = [1]\n" + layer * 11)
    text = succeeded("sweep", "n.toml", "--updates", 3, "-o", ".")
    assert "diverged after" in text
    succeeded("workbook", "n.toml", "--updates", 3)
    succeeded("diagram", "n.toml")


def test_a_title_in_any_script(succeeded: Succeeded, tmp_path: Path) -> None:
    title = 'title = "逆伝播 $x_{ \\\\frac @0 {1} %s"\n'
    text = title + "inputs = [1]\ntargets = [1]\n[[layers]]\nweights = [[3]]\n"
    (tmp_path / "n.toml").write_text(text)
    succeeded("diagram", "n.toml", "-o", "n.png")
    succeeded("workbook", "n.toml", "-o", "n.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "n.xlsx")["Start"]
    assert sheet["A1"].value == "逆伝播 $x_{ \\frac @0 {1} %s"


@pytest.mark.parametrize("network", ["course", "mazur"])
def test_diagram(succeeded: Succeeded, network: str, tmp_path: Path) -> None:
    succeeded("diagram", network, "-o", "n.svg")
    succeeded("diagram", network, "-o", "n.png")
    with Image.open(tmp_path / "n.png") as drawing:
        assert drawing.width > 800
    texts = "".join(ElementTree.parse(tmp_path / "n.svg").getroot().itertext())
    shown = re.sub(r"\s+", "", texts)
    values = {"course": ["0.242519857", "0.50687", "0.072157"], "mazur": ["0.298371109", "0.59327"]}
    for value in [*values[network], "=0.15", "=0.55", "=0.05", "=0.99"]:
        assert value in shown
