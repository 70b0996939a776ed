"""Losses at several learning rates, pasted side by side as numbers."""

import re
from collections.abc import Iterable, Iterator, Sequence
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
_LOSS_AT = re.compile(
    r"(?:E|L|J|loss|error|cost)[\s_-]*(?:t|tot|total)?[\s_@(-]*(\d*[.,]?\d+)\)?", re.IGNORECASE
)


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
        rate = _rate_of(cell.value) if isinstance(cell.value, str) and not cell.formula else None
        if rate is not None and rate > 0:
            rows.setdefault(row, {})[column] = rate
    for row, rates in rows.items():
        for columns in _side_by_side(rates):
            labels = [str(sheet.cells[CellIndex(row, column)].value) for column in columns]
            numbers = [_numbers_below(sheet, CellIndex(row, column)) for column in columns]
            length = min(map(len, numbers))
            if len(columns) >= _FEWEST and length >= _FEWEST and not _number_outputs(labels):
                values = np.array([column[:length] for column in numbers]).T
                first, last = CellIndex(row + 1, columns[0]), CellIndex(row + length, columns[-1])
                used = tuple(rates[column] for column in columns)
                yield _Comparison(CellRange(first, last), used, values)


def _side_by_side(columns: Iterable[int]) -> list[list[int]]:
    """Runs of columns without a gap."""
    runs: list[list[int]] = []
    for column in sorted(columns):
        if runs and column == runs[-1][-1] + 1:
            runs[-1].append(column)
        else:
            runs.append([column])
    return runs


def _rate_of(label: str) -> float | None:
    """The learning rate of a column of losses: in ``η = 0.5``, and in ``E_0.5``."""
    if (rate := rate_in(label)) is not None:
        return rate
    loss = _LOSS_AT.fullmatch(label.strip())
    return float(loss[1].replace(",", ".")) if loss else None


def _number_outputs(labels: Sequence[str]) -> bool:
    """Whether labels such as E_1, E_2, E_3 number outputs: all are whole numbers."""
    found = [_LOSS_AT.fullmatch(label.strip()) for label in labels]
    return all(match is not None and float(match[1]).is_integer() for match in found)


def _numbers_below(sheet: Sheet, label: CellIndex) -> list[float]:
    """The numbers typed in below a label, down to the first cell that holds none."""
    numbers: list[float] = []
    row, column = label
    while (cell := sheet.cells.get(CellIndex(row + 1 + len(numbers), column))) is not None:
        if cell.formula is not None or not isinstance(cell.value, float):
            break
        numbers.append(cell.value)
    return numbers
