"""Losses at several learning rates, pasted side by side as numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradsheet.audit import rules
from gradsheet.audit.details import PastedLosses
from gradsheet.audit.diagnosis.simulation import losses
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject
from gradsheet.audit.tables.headers import rate_in
from gradsheet.spreadsheet.addresses import CellIndex, CellRange
from gradsheet.spreadsheet.model import Book, Sheet

_FEWEST = 3  # learning rates side by side, and rows below
_TOLERANCE = 1e-9  # relative difference


@dataclass(frozen=True)
class _Comparison:
    """Columns of losses under a row of learning rates."""

    cells: CellRange
    rates: tuple[float, ...]
    losses: np.ndarray  # (rows, rates)


def comparison_findings(book: Book, subject: Subject) -> Iterator[Finding]:
    """A remark on each comparison of learning rates that holds numbers and no formulas.

    Args:
        book: the workbook.
        subject: the table that the losses are taken to be of.
    """
    for sheet in book.sheets.values():
        for found in _comparisons(sheet):
            details = PastedLosses(found.cells, len(found.rates), _difference(found, subject))
            yield Finding((rules.PASTED_COMPARISON,), details, sheet.name, found.cells.first)


def _difference(found: _Comparison, subject: Subject) -> float | None:
    """The largest difference from the losses of the right network; 0 where they agree."""
    right = losses(subject, found.rates, len(found.losses) - 1)
    if right is None:
        return None
    apart = np.abs(right - found.losses)
    if np.all(apart <= _TOLERANCE * np.abs(right)):
        return 0.0
    return float(np.nanmax(apart))


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
            yield _Comparison(CellRange(first, last), used, values)


def _numbers_below(sheet: Sheet, label: CellIndex) -> list[float]:
    """The numbers typed in below a label, down to the first cell that holds none."""
    numbers: list[float] = []
    row, column = label
    while (cell := sheet.cells.get(CellIndex(row + 1 + len(numbers), column))) is not None:
        if cell.formula is not None or not isinstance(cell.value, float):
            break
        numbers.append(cell.value)
    return numbers
