"""Sheets that differ in typed numbers alone share their tables; what is found does not change."""

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from gradsheet.audit.findings import Finding
from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.tables.alike import different_numbers
from gradsheet.audit.tables.search import find_tables
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from tests.audit.handmade import changed, handmade, make

RATES = (0.1, 0.5, 2.0)


def sheets(mistake: bool) -> dict[str, Sheet]:
    """Three sheets at different rates, by their names."""
    table = handmade(random.Random("alike"), (2, 2, 1))
    if mistake:
        table = changed(table, "dE/dw5", table.formulas["dE/dw5"].replace("*[a_h1]", ""))
    work = make(table, random.Random("alike")).book.sheets["Work"].cells
    [rate] = [i for i, c in work.items() if isinstance(c.value, float) and i.row < top(work) - 2]
    return {f"lr {r}": Sheet(f"lr {r}", {**work, rate: Cell(r)}) for r in RATES}


def top(cells: dict[CellIndex, Cell]) -> int:
    return min(index.row for index, cell in cells.items() if cell.formula)


def book(found: dict[str, Sheet], names: dict[str, str] | None = None) -> Book:
    return Book(Path("it.xlsx"), found, names or {})


@pytest.mark.parametrize("mistake", [False, True])
def test_each_sheet_is_audited_as_it_is_alone(mistake: bool) -> None:
    alike = sheets(mistake)
    together = audit_book(book(alike))
    for sheet, whole in zip(alike.values(), together.tables, strict=True):
        [alone] = audit_book(book({sheet.name: sheet})).tables
        assert replace(whole, findings=()) == replace(alone, findings=())
    assert [(m.codes, m.cells, len(m.on_sheets)) for m in together.mistakes] == (
        [(("GS302",), 3 * together.tables[0].updates + 3, 2)] if mistake else []
    )


def test_another_input_on_one_sheet_is_no_mistake() -> None:
    alike = sheets(mistake=False)
    cells = alike["lr 2.0"].cells
    numbers = [
        i for i, c in cells.items() if c.value == cells[CellIndex(top(cells), i.column)].value
    ]
    for index in [i for i in numbers if i.column == min(n.column for n in numbers)]:
        cells[index] = Cell(0.123)
    assert not audit_book(book(alike)).mistakes


CHANGES: dict[str, Callable[[Sheet], dict[CellIndex, Cell]]] = {
    "another formula": lambda sheet: {CellIndex(1, 1): Cell(None, "1+1")},
    "a text for a number": lambda sheet: {first_number(sheet): Cell("none")},
    "one more cell": lambda sheet: {CellIndex(900, 1): Cell(1.0)},
}


def first_number(sheet: Sheet) -> CellIndex:
    return next(index for index, cell in sheet.cells.items() if isinstance(cell.value, float))


@pytest.mark.parametrize("change", CHANGES)
def test_sheets_that_differ_in_more_are_not_alike(change: str) -> None:
    one, _, other = sheets(mistake=False).values()
    assert different_numbers(book({}), one, other) == frozenset([first_number(one)])
    other.cells.update(CHANGES[change](other))
    assert different_numbers(book({}), one, other) is None


def test_a_formula_that_names_a_sheet_is_the_same_cell_on_both() -> None:
    one, _, other = sheets(mistake=False).values()
    assert different_numbers(book({}, {"eta": "'lr 0.1'!$A$1"}), one, other) is None
    for sheet in (one, other):
        sheet.cells[CellIndex(1, 1)] = Cell(None, "'lr 0.1'!A2")
    assert different_numbers(book({}), one, other) is None


def test_tables_of_sheets_alike_know_each_other() -> None:
    first, *others = find_tables(Formulas(book(sheets(mistake=False))))
    assert first.like is None
    assert [table.like for table in others] == [first, first]
    assert [table.sheet.name for table in others] == ["lr 0.5", "lr 2.0"]


TURNS: dict[str, Callable[[str], str]] = {
    "right": lambda formula: formula,
    "a factor left out": lambda formula: formula.replace("*[a_h1]", ""),
    "a number": lambda formula: f"2*{formula}",
    "another number": lambda formula: f"3*{formula}",
}
"""What becomes of the formula of ∂E/∂w5 on sheets that are alike in all else."""


def turned(name: str) -> Sheet:
    table = handmade(random.Random("alike"), (2, 2, 1))
    table = changed(table, "dE/dw5", TURNS[name](table.formulas["dE/dw5"]))
    return Sheet(name, make(table, random.Random("alike")).book.sheets["Work"].cells)


@cache
def alone(name: str) -> tuple[Finding, ...]:
    """What is wrong with such a sheet in a workbook of its own."""
    return tuple(audit_book(book({name: turned(name)})).mistakes)


@pytest.mark.parametrize("order", [list(TURNS), list(reversed(TURNS))], ids=["down", "up"])
def test_sheets_that_are_alike_but_for_one_formula_keep_their_own_findings(
    order: list[str],
) -> None:
    """Neither is a right sheet called wrong for what another holds, nor a wrong one right."""
    together = audit_book(book({name: turned(name) for name in order})).mistakes
    for name in TURNS:
        assert tuple(m for m in together if m.sheet == name) == alone(name)
    assert {m.sheet for m in together} == TURNS.keys() - {"right"}
