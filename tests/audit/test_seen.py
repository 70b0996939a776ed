"""What is said of a workbook without a training table."""

from pathlib import Path

import pytest

from gradsheet.audit.pipeline import audit_book
from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Sheet

NUMBERS = {CellIndex(row, column): Cell(row * 0.1) for row in range(2, 8) for column in (1, 2, 3)}
FORWARD = NUMBERS | {
    CellIndex(row, 4): Cell(None, f"1/(1+EXP(-(A{row}*$F$1+B{row}*$F$2)))") for row in range(2, 8)
}
GRADIENTS = FORWARD | {
    CellIndex(1, 5): Cell("dE/dw1"),
    **{CellIndex(row, 5): Cell(None, f"(D{row}-C{row})*A{row}") for row in range(2, 8)},
}
LOAN = {CellIndex(1, 1): Cell(1000.0)} | {
    CellIndex(row, 1): Cell(None, f"A{row - 1}-(100-A{row - 1}*0.05)") for row in range(2, 9)
}


@pytest.mark.parametrize(
    ("cells", "names", "seen"),
    [
        ({}, {}, "nothing"),
        (NUMBERS, {}, "numbers only, no formulas"),
        (FORWARD, {}, "rows of examples, a forward pass only, no gradients"),
        (FORWARD, {"solver_opt": "S!$D$9"}, "weights that Solver adjusts, no gradients"),
        (GRADIENTS, {}, "gradients, but no formula that moves a weight on by them"),
        (
            LOAN,
            {},
            "formulas that move numbers on; no network and no function was recognized in them",
        ),
        (
            {CellIndex(1, 1): Cell(None, "B1+C1")},
            {},
            "formulas, in which no network and no descent was recognized",
        ),
    ],
)
def test_what_was_seen(cells: dict[CellIndex, Cell], names: dict[str, str], seen: str) -> None:
    book = Book(Path("it.xlsx"), {"S": Sheet("S", cells)}, names)
    with pytest.raises(GradsheetError) as raised:
        audit_book(book)
    assert str(raised.value) == f"it.xlsx: no training table found; seen: {seen}"
