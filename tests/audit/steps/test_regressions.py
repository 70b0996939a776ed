"""Linear and logistic regression as blocks of data with sums or means below."""

import random
from pathlib import Path

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Sheet

WORDS = (
    ("m", "b", "x", "y", "pred", "loss", "dm", "db"),
    ("Steigung", "Achse", "Größe", "Preis", "Schätzung", "Fehler²", "nach m", "nach b"),
    ("", "", "", "", "", "", "", ""),
)
EXAMPLES, STEPS = 6, 4
PERIOD = EXAMPLES + 3


def regression(words: tuple[str, ...], is_logistic: bool, over_all: str) -> dict[str, Cell]:
    """The cells by their addresses."""
    draw = random.Random(len(words[0]))
    cells = {"A1": Cell("alpha"), "B1": Cell(0.1)}
    for step in range(STEPS):
        top = 4 + step * PERIOD
        cells |= {f"{c}{top - 1}": Cell(w) for c, w in zip("ABCDEFGH", words, strict=True) if w}
        for column, gradient in (("A", "G"), ("B", "H")):
            before = top - PERIOD
            update = f"{column}{before}-$B$1*{gradient}{before + EXAMPLES}"
            cells[f"{column}{top}"] = Cell(None, update) if step else Cell(draw.random())
        for row in range(top, top + EXAMPLES):
            number = row - top
            cells[f"C{row}"] = Cell(round(0.3 * number + 0.1, 2))
            cells[f"D{row}"] = Cell(float(number % 2) if is_logistic else 0.7 * number + 0.2)
            line = f"$A${top}*C{row}+$B${top}"
            error = f"(E{row}-D{row})" if is_logistic else f"2*(E{row}-D{row})"
            square = f"(D{row}-E{row})^2"
            entropy = f"-D{row}*LN(E{row})-(1-D{row})*LN(1-E{row})"
            cells[f"E{row}"] = Cell(None, f"1/(1+EXP(-({line})))" if is_logistic else line)
            cells[f"F{row}"] = Cell(None, entropy if is_logistic else square)
            cells[f"G{row}"] = Cell(None, f"{error}*C{row}")
            cells[f"H{row}"] = Cell(None, error)
        for column in "FGH":
            whole = over_all.format(f"{column}{top}:{column}{top + EXAMPLES - 1}")
            cells[f"{column}{top + EXAMPLES}"] = Cell(None, whole)
    return cells


def book(cells: dict[str, Cell]) -> Book:
    indexed = {CellIndex.parse(address): cell for address, cell in cells.items()}
    return Book(Path("regression.xlsx"), {"S": Sheet("S", indexed)})


@pytest.mark.parametrize("over_all", ["SUM({})", "AVERAGE({})", f"SUM({{}})/{EXAMPLES}"])
@pytest.mark.parametrize("is_logistic", [False, True])
@pytest.mark.parametrize("words", WORDS)
def test_a_right_regression_passes(
    words: tuple[str, ...], is_logistic: bool, over_all: str
) -> None:
    found = audit_book(book(regression(words, is_logistic, over_all)))
    assert not found.all_findings
    assert found.all_right
    assert found.tables[0].network.examples == EXAMPLES
    assert found.tables[0].rate == 0.1


def test_a_derivative_without_its_input_is_named() -> None:
    cells = regression(WORDS[0], False, "AVERAGE({})")
    cells["G15"] = Cell(None, "2*(E15-D15)")
    [mistake] = audit_book(book(cells)).mistakes
    assert (str(mistake.cell), mistake.cells) == ("G15", 1)


def test_a_mean_of_too_few_rows_is_named() -> None:
    cells = regression(WORDS[1], True, "AVERAGE({})")
    cells["H10"] = Cell(None, "AVERAGE(H4:H8)")
    [mistake] = audit_book(book(cells)).mistakes
    assert (str(mistake.cell), mistake.codes) == ("H10", ("GS304",))
