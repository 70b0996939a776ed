"""Rows of a column by what they compute."""

from pathlib import Path

from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.ranking import interpret
from gradsheet.audit.inference.row_classes import is_pinned, row_classes, sliding_references
from gradsheet.audit.tables.search import find_tables
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from tests.audit.layouts import COLUMN, FIRST, Cells, at, table

LAST = FIRST + 9
ROWS = [*range(FIRST, LAST + 1)]


def interpreted(cells: Cells) -> Interpretation:
    [found] = find_tables(Formulas(Book(Path("it.xlsx"), {"S": Sheet("S", cells)})))
    interpretation = interpret(found)
    assert interpretation is not None
    return interpretation


def classes(cells: Cells, name: str) -> list[list[int]]:
    return list(row_classes(interpreted(cells), COLUMN[name]).values())


def test_copies_are_one_class() -> None:
    assert classes(table(), "h1") == [ROWS]
    assert classes(table(), "w1") == [ROWS[1:]]  # the first row is typed in
    assert classes(table(), "i1") == []  # nothing is due


def test_numbers_and_other_formulas_are_classes_of_their_own() -> None:
    cells = table()
    cells[CellIndex(7, COLUMN["h1"])] = Cell(0.5)
    cells[CellIndex(8, COLUMN["h1"])] = Cell(None, "0.5")
    cells[CellIndex(9, COLUMN["h1"])] = Cell(None, f"{at('w1', 9)}*2")
    found = row_classes(interpreted(cells), COLUMN["h1"])
    assert found[None] == [7, 8]
    assert sorted(map(len, found.values())) == [1, 2, 7]


def pinned(rows: int) -> Cells:
    """With a weight of the fifth row in each h1."""
    cells = table(rows)
    for row in range(FIRST, FIRST + rows):
        text = f"{at('w1', row)}*{at('i1', row)}+M${FIRST + 4}*{at('i2', row)}"
        cells[CellIndex(row, COLUMN["h1"])] = Cell(None, text)
    return cells


def test_a_reference_fixed_in_the_table_means_something_else_in_each_row() -> None:
    assert classes(pinned(10), "h1") == [[row] for row in ROWS]
    found = interpreted(pinned(10))
    weight = Symbol.parse("w5")
    assert is_pinned(found, FIRST + 1, COLUMN["h1"], weight)
    assert not is_pinned(found, FIRST + 1, COLUMN["o1"], weight)


def test_rows_far_from_the_one_that_is_fixed_are_one_class() -> None:
    sizes = sorted(map(len, classes(pinned(100), "h1")))
    assert sizes == [1] * 13 + [87]


def test_a_reference_that_leaves_the_table_sets_its_row_apart() -> None:
    cells = table()
    for row in ROWS:
        below = f"{at('w1', row + 1)}*{at('i1', row)}"
        cells[CellIndex(row, COLUMN["h1"])] = Cell(None, below)
    assert classes(cells, "h1") == [ROWS[:-1], [LAST]]
    found = interpreted(cells)
    assert [*sliding_references(found, LAST, COLUMN["h1"])] == [
        CellRef("S", CellIndex(LAST + 1, COLUMN["w1"]))
    ]
    assert not [*sliding_references(found, FIRST, COLUMN["h1"])]
