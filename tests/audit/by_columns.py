"""Books from lists of columns, with a row a step or a column a step.

A column is its header, what its first step holds and the formula of the others; one text or number
is for all steps, a list is gone through again and again. ``[h1]`` stands for a cell of the same
step, ``[w1<]`` of the step before.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Book, Cell, Sheet

Value = str | float | Sequence[float]
Column = tuple[str, Value] | tuple[str, float, str]


FIRST = CellIndex(6, 2)  # of the first step


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
