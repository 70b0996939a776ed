"""Formulas that were filled over many cells: one text, and the cells that each copy refers to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradsheet.spreadsheet.addresses import column_letters, on_sheet
from gradsheet.spreadsheet.limits import COLUMNS

Places = NDArray[np.int64]

_AT_ONCE = 2_000  # formulas whose texts are in memory together
_TRIED = 64  # runs after which it shows whether formulas are alike
_WORTH = 4  # cells of a run, on average, from which on it is written as one


@dataclass(frozen=True, eq=False)
class Spans:
    """For each formula the cells that one of its references names.

    Attributes:
        rows, columns: of the first cell, from 0, one for each formula.
        height, width: of the range; of a single cell 1.
        sheet: its name where it is not the formula's own.
    """

    rows: Places
    columns: Places
    height: int = 1
    width: int = 1
    sheet: str = ""

    def taken(self, order: Places) -> "Spans":
        """Those of some of the formulas."""
        return Spans(self.rows[order], self.columns[order], self.height, self.width, self.sheet)

    def text(self, k: int, row_fixed: bool = False, column_fixed: bool = False) -> str:
        """The reference of one formula, with a ``$`` before what is fixed."""
        down, right = "$" * row_fixed, "$" * column_fixed
        row, column = int(self.rows[k]), int(self.columns[k])
        found = f"{right}{column_letters(column + 1)}{down}{row + 1}"
        if self.height > 1 or self.width > 1:
            last = column_letters(column + self.width)
            found += f":{right}{last}{down}{row + self.height}"
        return on_sheet(self.sheet, found) if self.sheet else found

    def texts(self, first: int, last: int) -> list[str]:
        """The references of formulas ``first`` to ``last`` − 1."""
        rows, columns = self.rows[first:last].tolist(), self.columns[first:last].tolist()
        pairs = zip(rows, columns, strict=True)
        if self.height == self.width == 1:
            found = [f"{column_letters(c + 1)}{r + 1}" for r, c in pairs]
        else:
            tall, wide = self.height, self.width
            found = [
                f"{column_letters(c + 1)}{r + 1}:{column_letters(c + wide)}{r + tall}"
                for r, c in pairs
            ]
        return [on_sheet(self.sheet, text) for text in found] if self.sheet else found


@dataclass(frozen=True)
class Run:
    """Formulas that are copies of one another.

    Attributes:
        first, last: the formulas ``first`` to ``last`` − 1.
        top: the one that comes first on its sheet.
        text: of that.
        longest: the characters of the longest.
    """

    first: int
    last: int
    top: int
    text: str
    longest: int


@dataclass(frozen=True, eq=False)
class Filled:
    """Formulas of one pattern: texts with references between them.

    Iterating gives the text of each.

    Attributes:
        count: how many there are.
        pieces: the texts around the references, one more than these.
        spans: of each reference.
    """

    count: int
    pieces: tuple[str, ...]
    spans: tuple[Spans, ...]

    def __iter__(self) -> Iterator[str]:
        for first in range(0, self.count, _AT_ONCE):
            last = min(first + _AT_ONCE, self.count)
            columns = [span.texts(first, last) for span in self.spans]
            if not columns:
                yield from [self.pieces[0]] * (last - first)
                continue
            for cells in zip(*columns, strict=True):
                yield self._joined(cells)

    def _joined(self, references: Sequence[str]) -> str:
        parts = [self.pieces[0]]
        for reference, piece in zip(references, self.pieces[1:], strict=True):
            parts += (reference, piece)
        return "".join(parts)

    def taken(self, order: Places) -> "Filled":
        """Some of the formulas, in another order."""
        return Filled(len(order), self.pieces, tuple(span.taken(order) for span in self.spans))

    def plus(self, other: "Filled") -> "Filled":
        """The sums of the formulas of both."""
        sign = "" if other.pieces[0].startswith("-") else "+"
        middle = self.pieces[-1] + sign + other.pieces[0]
        pieces = (*self.pieces[:-1], middle, *other.pieces[1:])
        return Filled(self.count, pieces, self.spans + other.spans)

    def runs(self, rows: Places, columns: Places) -> list[Run] | None:
        """The formulas as runs of copies, in the cells of these rows and columns.

        A reference of a run keeps its distance from the formula's cell, or stays where it is, in
        rows and in columns. None where there are about as many runs as formulas.
        """
        if any(span.sheet for span in self.spans):
            return None  # some programs take no such copies with references to other sheets
        changes = [
            (_changes(where - own), _changes(where))
            for span in self.spans
            for where, own in ((span.rows, rows), (span.columns, columns))
        ]
        found: list[Run] = []
        start = 0
        while start < self.count:
            end, fixed = self.count, []
            for moving, staying in changes:
                apart, away = _next(moving, start), _next(staying, start)
                end = min(end, max(apart, away))
                fixed.append((apart, away))
            end = min(end, self.count)
            top = start + int(np.argmin(rows[start:end] * COLUMNS + columns[start:end]))
            found.append(self._run(start, end, top, [apart < end for apart, _ in fixed]))
            if len(found) > _TRIED and end < _WORTH * len(found):
                return None
            start = end
        return found

    def _run(self, first: int, last: int, top: int, fixed: Sequence[bool]) -> Run:
        rows_fixed, columns_fixed = fixed[::2], fixed[1::2]
        found = [
            self._joined(
                [
                    span.text(k, row, column)
                    for span, row, column in zip(self.spans, rows_fixed, columns_fixed, strict=True)
                ]
            )
            for k in (top, last - 1)
        ]
        return Run(first, last, top, found[0], max(map(len, found)))


def _changes(numbers: Places) -> Places:
    """Where numbers differ from those before."""
    return np.flatnonzero(np.diff(numbers)) + 1


def _next(changes: Places, start: int) -> int:
    """The first change after ``start``."""
    place = int(np.searchsorted(changes, start, side="right"))
    return int(changes[place]) if place < len(changes) else 1 << 62


def bounds(rows: Places, columns: Places) -> str:
    """The smallest range with these cells, from 0."""
    first = f"{column_letters(int(columns.min()) + 1)}{int(rows.min()) + 1}"
    return f"{first}:{column_letters(int(columns.max()) + 1)}{int(rows.max()) + 1}"
