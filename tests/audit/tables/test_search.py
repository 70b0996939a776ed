"""Tables found on sheets: where they begin and end, and what each column usually holds."""

from pathlib import Path

import pytest

from gradsheet.audit.tables.grid import Grid
from gradsheet.audit.tables.runs import row_runs
from gradsheet.audit.tables.search import find_tables
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.spreadsheet.parser import parse
from tests.audit.layouts import COLUMN, FIRST, Cells, at, table


def book(cells: Cells) -> Book:
    return Book(Path("it.xlsx"), {"S": Sheet("S", cells)})


def only(cells: Cells) -> Table:
    [found] = find_tables(Formulas(book(cells)))
    return found


def test_a_table_its_rows_columns_and_headers() -> None:
    found = only(table(10))
    assert (found.rows, found.later_rows) == (
        range(FIRST, FIRST + 10),
        range(FIRST + 1, FIRST + 10),
    )
    assert (found.columns, found.header_row) == (tuple(COLUMN.values()), FIRST - 1)
    assert found.named == {column: Symbol.parse(name) for name, column in COLUMN.items()}


def test_a_table_of_one_row_is_its_own_later_row() -> None:
    assert only(table(1)).later_rows == only(table(1)).rows


# ``f`` is a formula like the one above it, ``g`` another one, ``n`` a number.
@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (["ffff"] * 5, [range(1, 6)]),
        (["ffff", "ffff", "nnnn", "nnnn"], [range(1, 5)]),  # pasted below
        (["ffff", "nnnn", "ffff"], [range(1, 4)]),  # pasted among them
        (["ffff", "ffff", "    ", "    ", "ffff"], [range(1, 6)]),  # left empty
        (["ffff", "ffff", "    ", "    ", "    ", "ffff"], [range(1, 3), range(6, 7)]),
        (["ffff", "ffff", "    ", "gggg", "gggg"], [range(1, 3), range(4, 6)]),  # two tables
        (["gggg", "ffff", "ffff", "ffff"], [range(2, 5)]),  # headers that are formulas
        (["ffff", "ffff", "ffff", "gggg"], [range(1, 4)]),  # sums below
        (["ff  ", "ffff", "ffff"], [range(2, 4)]),  # too few formulas for a row
        (["nnnn"] * 4, []),
    ],
)
def test_runs_of_rows(rows: list[str], found: list[range]) -> None:
    formulas = {"f": "A{row}*2", "g": "1+1"}
    cells: Cells = {}
    for row, kinds in enumerate(rows, start=1):
        for column, kind in enumerate(kinds, start=2):
            if kind != " ":
                formula = formulas[kind].format(row=row) if kind in formulas else None
                cells[CellIndex(row, column)] = Cell(0.5, formula)
    held = book(cells)
    grid = Grid(Formulas(held), held.sheets["S"])
    assert [*row_runs(grid, (2, 3, 4, 5))] == found


def test_columns_side_by_side_that_hold_something() -> None:
    cells = {CellIndex(1, column): Cell(1.0) for column in (2, 3, 5)}
    cells |= {CellIndex(1, 6): Cell("text"), CellIndex(9, 7): Cell(None, "1")}
    held = book(cells)
    assert Grid(Formulas(held), held.sheets["S"]).column_groups == [(2, 3), (5,), (7,)]


def test_the_usual_formula_of_a_column() -> None:
    cells = table(10)
    column = COLUMN["h1"]
    usual = parse(f"{at('w1', 9)}*{at('i1', 9)}+{at('w2', 9)}*{at('i2', 9)}", CellIndex(9, column))
    assert only(cells).usual[column] == usual
    for row in (7, 8, 9):
        cells[CellIndex(row, column)] = Cell(None, "1+1")
    assert only(cells).usual[column] == usual
    for row in range(FIRST, FIRST + 6):
        cells[CellIndex(row, column)] = Cell(0.5)
    assert column not in only(cells).usual
    assert COLUMN["t1"] not in only(cells).usual
