"""Formulas of a book: each copy has the tree that its own text has."""

import math
from pathlib import Path

import pytest

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.spreadsheet.parser import parse

# ``#`` stands for the number of the formula's row.
COPIED = (
    "A#+B#*$C$3-D$3",
    "$A#-a#",
    'IF(A#="A7",B#,"A#")',
    '"the ""A8"" of A#"&B#',
    "'a B7'!A#*'it''s C8'!$B$2",
    "AB7!A#+AB8!A#",
    "LOG10(A#)+1E5+.5E5",
    "SUM(A#:C#)/SUM(A$3:A#)",
)
DIFFERENT = (
    ("A7", "A8"),
    ("A7", "B7"),
    ("A$7", "A7"),
    ("AB7!A1", "AB8!A2"),
    ("'a B7'!$A$1", "'a B8'!$A$1"),
    ('"A7"', '"A8"'),
    ("tau7", "tau8"),
    ("1E7", "1E8"),
)


def book(cells: dict[CellIndex, str], names: dict[str, str] | None = None) -> Formulas:
    held = {place: Cell(None, formula) for place, formula in cells.items()}
    return Formulas(Book(Path("it.xlsx"), {"S": Sheet("S", held)}, names or {}))


@pytest.mark.parametrize("formula", COPIED)
def test_copies_are_one_tree_and_the_right_one(formula: str) -> None:
    cells = {CellIndex(row, 9): formula.replace("#", str(row)) for row in range(5, 12)}
    formulas = book(cells)
    trees = {place: formulas.tree("S", place) for place in cells}
    assert trees == {place: parse(text, place) for place, text in cells.items()}
    same_text = '"A#' in formula or '"the' in formula  # a text does not move along
    assert len({id(tree) for tree in trees.values()}) == (len(cells) if same_text else 1)


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
@pytest.mark.parametrize("column", [9, 10])
def test_what_looks_like_a_copy_is_told_apart(first: str, second: str, column: int) -> None:
    names = {"tau7": "S!$A$1", "tau8": "S!$A$2"}
    places = CellIndex(7, 9), CellIndex(8, column)
    formulas = book(dict(zip(places, (first, second), strict=True)), names)
    for place, text in zip(places, (first, second), strict=True):
        assert formulas.tree("S", place) == parse(text, place, names)


def test_a_name_for_a_cell_that_moves_means_another_one_in_each_row() -> None:
    names = {"above": "S!A6"}
    cells = {CellIndex(row, 2): f"above*A{row}" for row in (7, 8)}
    formulas = book(cells, names)
    for place, text in cells.items():
        assert formulas.tree("S", place) == parse(text, place, names)


def test_each_copy_that_is_not_understood_quotes_its_own_row() -> None:
    formulas = book({CellIndex(row, 2): f"A1 A{row}" for row in (7, 8)})
    for row in (7, 8):
        with pytest.raises(FormulaError, match=f"A{row}"):
            formulas.tree("S", CellIndex(row, 2))


def test_ranges_that_grow_have_another_size_in_each_row() -> None:
    cells = {CellIndex(row, 1): Cell(float(row)) for row in range(1, 9)}
    cells |= {CellIndex(row, 2): Cell(None, f"SUM(A$1:A{row})") for row in range(1, 9)}
    cells |= {CellIndex(row, 3): Cell(None, f"SUM(A{row}:A{row + 1})") for row in range(1, 8)}
    cells |= {CellIndex(row, 4): Cell(None, f"A{row}*$A$8+B$3") for row in range(1, 9)}
    evaluator = Evaluator(Formulas(Book(Path("it.xlsx"), {"S": Sheet("S", cells)})))
    for row in range(1, 8):
        values = [evaluator.value("S", CellIndex(row, column)) for column in (2, 3, 4)]
        assert values == [math.comb(row + 1, 2), 2 * row + 1, 8 * row + 6]
