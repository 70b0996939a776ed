"""Whether the values that a file states follow from each other, a whole column at a time."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formula import Reference
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Cell, Sheet
from gradsheet.symbolic.expression import Variable

Array = NDArray[np.float64]

TOLERANCE = 1e-6
"""Relative difference of two values that count as the same; far more than between two programs."""

SMALLEST = 1e-9
"""Below this, differences are not relative."""


def relative_difference(a: Array | float, b: Array | float) -> float:
    """The largest of values from others; infinite where one of them is NaN."""
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), SMALLEST)
    worst = float(np.max(np.abs(np.subtract(a, b)) / scale))
    return worst if math.isfinite(worst) else math.inf


class CachedValues:
    """The values that a file states for a rectangle of cells.

    If each cell shows what its formula gives for the stated values of the cells it reads, then all
    of them are what recalculating gives, and it takes no walk from cell to cell to know that.
    """

    def __init__(self, formulas: Formulas, evaluator: Evaluator, sheet: Sheet, rows: range) -> None:
        self._formulas, self._evaluator = formulas, evaluator
        self._sheet, self._rows = sheet, rows
        self._columns: dict[tuple[str, int], Array] = {}

    def difference(self, copies: Iterable[tuple[int, list[int]]]) -> float:
        """How far the stated values are from following, at most and relative.

        Infinite where they are further off than ``TOLERANCE``, or only recalculating can tell.

        Args:
            copies: columns, and rows in which they hold copies of one formula that is understood;
                all there are.
        """
        worst = 0.0
        for column, rows in copies:
            is_number = np.isfinite(self._column(self._sheet.name, column)).tolist()
            if kept := [row for row in rows if is_number[row]]:
                worst = max(worst, self._difference(column, kept))
            if worst > TOLERANCE:
                return math.inf
        return worst

    def _difference(self, column: int, rows: list[int]) -> float:
        index = CellIndex(rows[0], column)
        program = self._evaluator.program(self._sheet.name, index, index)
        if program is None:
            return math.inf
        read: dict[Variable, Array | float] = {}
        for variable, reference in program.reads.items():
            found = self._read(reference, column, np.array(rows))
            if found is None:
                return math.inf
            read[variable] = found
        with np.errstate(all="ignore"):
            computed = program.tape.run(read)[program.result]
            return relative_difference(computed, self._column(self._sheet.name, column)[rows])

    def _read(self, reference: Reference, column: int, rows: NDArray[np.int64]) -> Array | None:
        """What a reference reads in each row; None where that is a formula outside of the rows."""
        sheet = reference.sheet or self._sheet.name
        other = reference.seen_from(CellIndex(1, column)).column
        places = np.full_like(rows, reference.row) if reference.row_fixed else rows + reference.row
        own = sheet == self._sheet.name
        inside = (places >= self._rows.start) & (places < self._rows.stop) & own
        for row in set(places[~inside].tolist()):
            cell = self._formulas.cell(sheet, CellIndex(row, other))
            if cell and cell.formula:
                stated = cell.value if isinstance(cell.value, float) else np.nan
                computed = self._evaluator.value(sheet, CellIndex(row, other))
                if relative_difference(computed, stated) > TOLERANCE:
                    return None
        stated_column = self._column(sheet, other)
        if places.max(initial=0) >= len(stated_column) or places.min(initial=0) < 0:
            return None
        return stated_column[places]

    def _column(self, sheet: str, column: int) -> Array:
        """The stated numbers of a column by row, as far down as any row that matters."""
        if (sheet, column) not in self._columns:
            found = self._formulas.book.sheets.get(sheet)
            cells = found.cells if found else {}
            held = (cells.get(CellIndex(row, column)) for row in range(self._rows.stop + 2))
            self._columns[sheet, column] = np.array([_number(cell) for cell in held])
        return self._columns[sheet, column]


def _number(cell: Cell | None) -> float:
    """The number that a cell states; an empty one counts 0, and text is none."""
    if cell is None:
        return 0.0
    return cell.value if isinstance(cell.value, float) else math.nan
