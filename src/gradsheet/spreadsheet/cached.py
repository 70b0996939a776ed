"""Whether the values that a file states follow from each other, a whole column at a time."""

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formula import Node, Reference
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Cell, Sheet
from gradsheet.symbolic.expression import Variable

Array = NDArray[np.float64]

TOLERANCE = 1e-6
"""Relative difference of two values that count as the same; far more than between two programs."""

SMALLEST = 1e-9
"""Below this, differences are not relative."""


def same(a: Array | float, b: Array | float) -> bool:
    """Whether values agree, all of them; NaN agrees with nothing."""
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), SMALLEST)
    return bool(np.all(np.abs(np.subtract(a, b)) <= TOLERANCE * scale))


class CachedValues:
    """The values that a file states for a rectangle of cells.

    If each cell shows what its formula gives for the stated values of the cells it reads, then all
    of them are what recalculating gives, and it takes no walk from cell to cell to know that.
    """

    def __init__(self, formulas: Formulas, evaluator: Evaluator, sheet: Sheet, rows: range) -> None:
        self._formulas, self._evaluator = formulas, evaluator
        self._sheet, self._rows = sheet, rows
        self._columns: dict[tuple[str, int], Array] = {}

    def follow(self, columns: tuple[int, ...]) -> bool:
        """Whether the stated values do; also False where only recalculating can tell."""
        return all(
            self._copies_follow(column, copies)
            for column in columns
            for copies in self._copies(column)
        )

    def _copies(self, column: int) -> list[list[int]]:
        """The rows of a column that hold copies of one formula and state a number."""
        copies: dict[Node, list[int]] = {}
        trees = self._formulas.column(self._sheet, column, self._rows)
        for row, tree in zip(self._rows, trees, strict=True):
            if tree is not None:  # of what is not understood its own value is all that is known
                copies.setdefault(tree, []).append(row)
        stated = self._column(self._sheet.name, column)
        is_number = np.isfinite(stated).tolist()
        return [kept for rows in copies.values() if (kept := [r for r in rows if is_number[r]])]

    def _copies_follow(self, column: int, rows: list[int]) -> bool:
        index = CellIndex(rows[0], column)
        program = self._evaluator.program(self._sheet.name, index, index)
        if program is None or any(self._sheet.cells[CellIndex(r, column)].anchor for r in rows):
            return False
        read: dict[Variable, Array | float] = {}
        for variable, reference in program.reads.items():
            found = self._read(reference, column, np.array(rows))
            if found is None:
                return False
            read[variable] = found
        with np.errstate(all="ignore"):
            computed = program.tape.run(read)[program.result]
            return same(computed, self._column(self._sheet.name, column)[rows])

    def _read(self, reference: Reference, column: int, rows: NDArray[np.int64]) -> Array | None:
        """What a reference reads in each row; None where that is a formula outside of the rows."""
        sheet = reference.sheet or self._sheet.name
        other = reference.seen_from(CellIndex(1, column)).column
        places = np.full_like(rows, reference.row) if reference.row_fixed else rows + reference.row
        inside = sheet == self._sheet.name and np.isin(places, self._all_rows)
        for row in np.unique(places[~np.broadcast_to(inside, places.shape)]).tolist():
            cell = self._formulas.cell(sheet, CellIndex(row, other))
            if cell and cell.formula:
                stated = cell.value if isinstance(cell.value, float) else np.nan
                if not same(self._evaluator.value(sheet, CellIndex(row, other)), stated):
                    return None
        stated_column = self._column(sheet, other)
        if places.max(initial=0) >= len(stated_column) or places.min(initial=0) < 0:
            return None
        return stated_column[places]

    @cached_property
    def _all_rows(self) -> NDArray[np.int64]:
        return np.array(self._rows)

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
