"""Books from lists of columns, with a row a step or a column a step.

A column is its header, what its first step holds and the formula of the others; one text or number
is for all steps, a list is gone through again and again. ``[h1]`` stands for a cell of the same
step, ``[w1<]`` of the step before.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gradsheet.audit.findings import Audit
from gradsheet.audit.pipeline import audit_book
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Book, Cell, Sheet

Value = str | float | Sequence[float]
Column = tuple[str, Value] | tuple[str, str | float, str]
Columns = dict[str, Value | tuple[float | str, str]]
"""Columns by their headers."""


FIRST = CellIndex(6, 2)  # of the first step
XS, YS = [0, 0, 1, 1], [0, 1, 0, 1]
RATE: dict[str, str | float] = {"A1": "learning rate", "B1": 0.5}


def book(
    columns: Sequence[Column],
    steps: int,
    beside: Mapping[str, str | float],
    *,
    across: bool = False,
) -> Book:
    """A book with one table.

    Args:
        columns: of the table.
        steps: how many it has.
        beside: the other cells, by their addresses.
        across: whether the steps go to the right.
    """
    cells = {CellIndex.parse(address): cell(value) for address, value in beside.items()}
    places = {header: number for number, (header, *_) in enumerate(columns)}

    def index(header: str, step: int) -> CellIndex:
        if across:
            return CellIndex(FIRST.row + places[header], FIRST.column + step)
        return CellIndex(FIRST.row + step, FIRST.column + places[header])

    def filled(formula: str, step: int) -> str:
        return re.sub(
            r"\[([^\]<]+)(<?)\]", lambda m: str(index(m[1], step - (m[2] == "<"))), formula
        )

    for column in columns:
        header, held = column[0], column[1:]
        cells[index(header, -1)] = cell(header)
        for step in range(steps):
            value = held[min(step, len(held) - 1)]
            if isinstance(value, str):
                cells[index(header, step)] = cell(filled(value, step))
            else:
                number = value[step % len(value)] if isinstance(value, Sequence) else value
                cells[index(header, step)] = Cell(float(number))
    return Book(Path("published.xlsx"), {"Sheet": Sheet("Sheet", cells)})


def cell(value: str | float) -> Cell:
    """A cell as a file holds it; text that begins with an equals sign is a formula."""
    if isinstance(value, str):
        return Cell(None, value[1:]) if value.startswith("=") else Cell(value)
    return Cell(float(value))


def with_values(of: Book) -> Book:
    """The book with the number that each formula gives."""
    evaluator = Evaluator(Formulas(of))
    sheets = {
        name: replace(
            sheet,
            cells={
                index: replace(held, value=evaluator.value(name, index)) if held.formula else held
                for index, held in sheet.cells.items()
            },
        )
        for name, sheet in of.sheets.items()
    }
    return replace(of, sheets=sheets)


# --- Columns, and what is found about them ------------------------------------------------------


def sigmoid(of: str) -> str:
    return f"=1/(1+EXP(-[{of}]))"


def moved(names: str, step: str = "-$B$1*[d{0}<]") -> list[Column]:
    """Parameters with numbers to start from, and the formula that moves them on."""
    return [
        (name, 0.1 * number - 0.25, f"=[{name}<]{step.format(name)}")
        for number, name in enumerate(names.split(), start=1)
    ]


def found_in(audit: Audit) -> list[tuple[str, str]]:
    """The cell and the code of each mistake."""
    return [(f.place.split("!")[-1], f.codes[0]) for f in audit.mistakes]


def listed(columns: Columns) -> list[Column]:
    """The columns one after another."""
    return [
        (name, *held) if isinstance(held, tuple) else (name, held) for name, held in columns.items()
    ]


def audited(columns: Sequence[Column], steps: int = 6, **beside: str | float) -> Audit:
    """The audit of a book with these columns, a learning rate, and other cells."""
    return audit_book(book(columns, steps, {**RATE, **beside}))


def changed(columns: Sequence[Column], header: str, formula: str) -> list[Column]:
    """The columns with another formula in one."""
    return [
        (header, *held[:-1], formula) if header == name else (name, *held)
        for name, *held in columns
    ]


def unread(audit: Audit) -> list[str]:
    return [c.header for table in audit.tables for c in table.columns if c.verdict == "not read"]
