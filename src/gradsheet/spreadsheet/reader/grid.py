"""The cells of one sheet while they are read: within the limits, numbers and formulas cleaned."""

import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gradsheet.spreadsheet.addresses import CellIndex, CellRange
from gradsheet.spreadsheet.limits import FORMULA_CHARACTERS, check_formula
from gradsheet.spreadsheet.model import Cell, Sheet
from gradsheet.spreadsheet.reader.archive import Budget, quoted

EPOCH = datetime(1899, 12, 30)
"""The day whose serial number is 0."""

MACROS = "the file holds macros: they were not run and not read"

# What only files write before the name of a newer function or of a parameter; texts are skipped.
_PREFIX = re.compile(r'("[^"]*")|\b_xl(?:fn|ws|pm|udf|eta|l)\.')


@dataclass
class Oddities:
    """What was met on the way and deserves a remark."""

    remarks: dict[str, None] = field(default_factory=dict)
    numbers: int = 0
    orphans: int = 0
    data_tables: int = 0

    def remark(self, line: str) -> None:
        """Say it once, however often it is met."""
        self.remarks[line] = None

    def lines(self) -> tuple[str, ...]:
        """The remarks, then what was counted."""
        counted = {
            "cells whose number is none, kept as text: {}": self.numbers,
            "cells that share a formula the file lacks, kept as values: {}": self.orphans,
            "what-if data tables, kept as values: {}": self.data_tables,
        }
        return (*self.remarks, *(text.format(count) for text, count in counted.items() if count))


class Grid:
    """The cells of one sheet while they are read."""

    def __init__(self, name: str, budget: Budget, oddities: Oddities) -> None:
        self.sheet = Sheet(name)
        self.oddities = oddities
        self.arrays: list[tuple[CellRange, str]] = []
        self._budget = budget

    def put(self, index: CellIndex, cell: Cell) -> None:
        """Keep a cell."""
        self._budget.spend("cells")
        self.sheet.cells[index] = cell

    def spend_characters(self, count: int) -> None:
        """Pay for text that is taken apart or made here, before it is."""
        self._budget.spend("characters of formulas and blanks", count)

    def formula(self, text: str, index: CellIndex) -> str:
        """The formula without what only files write; refused where Excel could not hold it."""
        formula = text.strip().removeprefix("=")
        self.spend_characters(len(formula))
        if "_xl" in formula and len(formula) <= 4 * FORMULA_CHARACTERS:
            formula = _PREFIX.sub(r"\1", formula)
        if len(formula) > FORMULA_CHARACTERS:
            where = f"the formula in cell {index} of sheet {quoted(self.sheet.name)}"
            check_formula(len(formula), where, "shorten it")
        return formula

    def number(self, text: str) -> float | str:
        """The number; the text itself where it is none or too large for one."""
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if math.isfinite(number) and text.isascii() and "_" not in text:
            return number
        self.oddities.numbers += 1
        return text

    def spread_arrays(self) -> None:
        """Give every cell of an array formula that formula."""
        for area, formula in self.arrays:
            rows, columns = area.size
            self._budget.spend("cells", rows * columns)
            for index in area.cells():
                self._join(index, formula, area.first)

    def _join(self, index: CellIndex, formula: str, anchor: CellIndex) -> None:
        cell = self.sheet.cells.get(index)
        if cell is None or cell.formula is None or index == anchor:
            self.sheet.cells[index] = Cell(cell.value if cell else None, formula, anchor)


def serial(text: str, epoch: datetime = EPOCH) -> float | str:
    """The days from ``epoch`` to an ISO date; the text itself where it is none."""
    try:
        return (datetime.fromisoformat(text).replace(tzinfo=None) - epoch) / timedelta(days=1)
    except ValueError:
        return text
