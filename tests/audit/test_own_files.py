"""Files of this package: its training workbooks audit clean, and the others are known for such."""

from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from gradsheet.audit.pipeline import audit_book, audit_workbook
from gradsheet.audit.report.annotate import annotate, copy_of
from gradsheet.audit.unaudited import UnauditedError
from gradsheet.networks.toml import PRESETS, load_network, parse_network
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.libreoffice import convert, libreoffice
from gradsheet.spreadsheet.made_by import MODEL, sign
from gradsheet.spreadsheet.model import Cell
from gradsheet.spreadsheet.reader import read_book
from gradsheet.workbook.build import write_exercise, write_workbook

SOFTMAX = """
inputs = [0.3, 0.7]
targets = [0, 1, 0]
loss = "categorical-cross-entropy"
[[layers]]
activation = "tanh"
weights = [[0.1, -0.2], [0.4, 0.3]]
[[layers]]
activation = "softmax"
weights = [[0.5, 0.1], [-0.3, 0.2], [0.2, 0.6]]
biases = [0.1, 0.2, 0.3]
"""
DEEP = """
inputs = [[0.3], [0.7]]
targets = [[0.2], [0.9]]
loss = "mean-squared-error"
[[layers]]
activation = "silu"
weights = [[0.1], [0.4]]
bias = 0.1
[[layers]]
activation = "softplus"
weights = [[0.5, 0.1]]
[[layers]]
activation = "identity"
weights = [[0.5]]
"""
MOMENTUM = 'optimizer = "momentum"\n' + DEEP


@pytest.mark.parametrize("network", ["mazur", "and", SOFTMAX, DEEP, MOMENTUM])
def test_own_workbooks_have_no_mistakes(network: str, tmp_path: Path) -> None:
    spec = load_network(network) if network in PRESETS else parse_network(network, "a test")
    write_workbook(spec, tmp_path / "own.xlsx", learning_rates=(0.1, 0.5), updates=3)
    found = audit_workbook(tmp_path / "own.xlsx")
    assert not found.mistakes
    assert [table.sheet for table in found.tables] == ["lr 0.1", "lr 0.5"]
    assert found.count("right") > 20


def gradient_header(cells: dict[CellIndex, Cell]) -> CellIndex:
    """The header of dE/dw1 in a training table; the panel beside it names it, too."""
    return max((i for i, cell in cells.items() if cell.value == "∂E/∂w1"), key=lambda i: i.column)


def test_a_changed_formula_of_an_own_workbook_is_found(tmp_path: Path) -> None:
    write_workbook(
        load_network("mazur"), tmp_path / "own.xlsx", learning_rates=(0.1, 0.5), updates=5
    )
    book = read_book(tmp_path / "own.xlsx")
    cells = book.sheets["lr 0.5"].cells
    head = gradient_header(cells)
    index = head._replace(row=head.row + 3)
    cells[index] = Cell(None, f"-({cells[index].formula})")
    [mistake] = audit_book(book).mistakes
    assert (mistake.sheet, mistake.cell, mistake.codes) == ("lr 0.5", index, ("GS301",))


def test_a_mistake_on_every_sheet_is_one_finding(tmp_path: Path) -> None:
    rates = (0.1, 0.5, 2.0)
    write_workbook(load_network("mazur"), tmp_path / "own.xlsx", learning_rates=rates, updates=3)
    book = read_book(tmp_path / "own.xlsx")
    for rate in rates:
        cells = book.sheets[f"lr {rate}"].cells
        head = gradient_header(cells)
        for row in range(1, 5):
            index = head._replace(row=head.row + row)
            cells[index] = Cell(None, f"-({cells[index].formula})")
    found = audit_book(book)
    [mistake] = found.mistakes
    assert (mistake.sheet, mistake.cells) == ("lr 0.1", 12)
    assert [place.sheet for place in mistake.on_sheets] == ["lr 0.5", "lr 2.0"]
    assert found.count("wrong") == 3
    assert str(mistake).endswith("; the same on sheets lr 0.5 and lr 2.0")


# --- What is not audited ---------------------------------------------------------------------


def refusal(path: Path) -> UnauditedError:
    with pytest.raises(UnauditedError) as raised:
        audit_workbook(path)
    return raised.value


def exercise(path: Path, solution: bool = False) -> Path:
    write_exercise(load_network("mazur"), path, solution=solution, learning_rates=(0.5,), updates=3)
    return path


def half_solved(path: Path) -> Path:
    book = openpyxl.load_workbook(exercise(path))
    sheet = book["lr 0.5"]
    header = gradient_header(read_book(path).sheets["lr 0.5"].cells)
    sheet.cell(header.row + 1, header.column).value = 0.25
    book.save(path)
    return path


def without_properties(path: Path) -> Path:
    book = openpyxl.load_workbook(exercise(path))
    properties = book.custom_doc_props  # type: ignore[attr-defined]  # which the types lack
    del properties["Made by gradsheet"]
    book.save(path)
    return path


@pytest.mark.parametrize(
    "made", [exercise, lambda p: exercise(p, solution=True), half_solved, without_properties],
    ids=["untouched", "solved", "half solved", "without properties"],
)  # fmt: skip
def test_an_exercise_is_not_audited(made: object, tmp_path: Path) -> None:
    assert callable(made)
    refused = refusal(made(tmp_path / "hand-in.xlsx"))
    assert refused.reason == "exercise"
    assert "its Start sheet shows how many answers are right" in str(refused)


@pytest.mark.slow
@pytest.mark.skipif(libreoffice() is None, reason="LibreOffice is not installed")
def test_an_exercise_is_known_after_libreoffice_saved_it(tmp_path: Path) -> None:
    for suffix in ("xlsx", "ods"):
        saved = convert(exercise(tmp_path / "e.xlsx"), suffix, tmp_path / suffix)
        assert read_book(saved).properties["Made by gradsheet"] == "exercise"
        assert refusal(saved).reason == "exercise"


def test_a_model_workbook_is_not_audited(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "model.xlsx") as book:
        book.add_worksheet("Overview").write(0, 0, 1.0)
        sign(book, MODEL)
    assert refusal(tmp_path / "model.xlsx").reason == "model"


def test_an_annotated_copy_is_not_audited(course_sheets: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "course.xlsx"
    path.write_bytes(course_sheets["one-slope"].read_bytes())
    annotate(audit_workbook(path), copy_of(path))
    refused = refusal(copy_of(path))
    assert refused.reason == "copy"
    assert str(refused).endswith("an annotated copy that gradsheet wrote; audit the original")
