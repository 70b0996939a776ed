"""Losses at several learning rates, pasted side by side as numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradsheet.audit.diagnosis.simulation import losses
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.tables.headers import rate_in
from gradsheet.spreadsheet.addresses import CellIndex, CellRange
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.model import Book, Sheet

PASTED_COMPARISON = "a comparison of pasted numbers"

_FEWEST = 3  # learning rates side by side, and rows below
_SAME = 1e-9  # relative


@dataclass(frozen=True)
class _Comparison:
    """Columns of losses under a row of learning rates."""

    sheet: str
    range: CellRange
    rates: tuple[float, ...]
    losses: np.ndarray  # (rows, rates)


def comparison_findings(
    book: Book, tables: Sequence[Interpretation], evaluator: Evaluator
) -> Iterator[Finding]:
    """A remark on each comparison of learning rates that holds numbers and no formulas."""
    for sheet in book.sheets.values():
        for found in _comparisons(sheet):
            message = (
                f"the losses at {len(found.rates)} learning rates in {found.range} are pasted "
                f"numbers that follow nothing; {_judged(found, tables[0], evaluator)}"
            )
            cell = str(found.range.first)
            yield Finding(sheet.name, cell, "", "", PASTED_COMPARISON, message, is_mistake=False)


def _judged(found: _Comparison, table: Interpretation, evaluator: Evaluator) -> str:
    """How far the pasted losses are from those of the right network."""
    right = losses(table, evaluator, found.rates, len(found.losses) - 1)
    if right is None:
        return "what they should be cannot be told"
    apart = np.abs(right - found.losses)
    if np.all(apart <= _SAME * np.abs(right)):
        return "they are those of the right network"
    worst = float(np.nanmax(apart))
    return f"they differ from those of the right network by up to {worst:.2g}"


def _comparisons(sheet: Sheet) -> Iterator[_Comparison]:
    rows: dict[int, dict[int, float]] = {}
    for (row, column), cell in sheet.cells.items():
        rate = rate_in(cell.value) if isinstance(cell.value, str) and not cell.formula else None
        if rate is not None and rate > 0:
            rows.setdefault(row, {})[column] = rate
    for row, rates in rows.items():
        columns = sorted(rates)
        numbers = [_numbers_below(sheet, CellIndex(row, column)) for column in columns]
        length = min(map(len, numbers))
        side_by_side = columns[-1] - columns[0] == len(columns) - 1
        if len(columns) >= _FEWEST and length >= _FEWEST and side_by_side:
            values = np.array([column[:length] for column in numbers]).T
            first, last = CellIndex(row + 1, columns[0]), CellIndex(row + length, columns[-1])
            used = tuple(rates[column] for column in columns)
            yield _Comparison(sheet.name, CellRange(first, last), used, values)


def _numbers_below(sheet: Sheet, place: CellIndex) -> list[float]:
    """The numbers typed in below a cell, down to the first cell that holds none."""
    numbers: list[float] = []
    row, column = place
    while (cell := sheet.cells.get(CellIndex(row + 1 + len(numbers), column))) is not None:
        if cell.formula is not None or not isinstance(cell.value, float):
            break
        numbers.append(cell.value)
    return numbers
