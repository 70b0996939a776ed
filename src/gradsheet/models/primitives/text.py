"""References to many cells as the text of formulas: ranges where there are some."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradsheet.spreadsheet.addresses import column_letters, on_sheet
from gradsheet.spreadsheet.filled import Filled, Spans
from gradsheet.spreadsheet.limits import ARGUMENTS
from gradsheet.symbolic.render import literal

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Refs:
    """Cells of one sheet, in the shape of a tensor.

    Attributes:
        rows, columns: from 0; a row below 0 means that there is no cell but a number.
        numbers: the values of what has no cell.
        sheet: its name where the formulas are on another sheet.
    """

    rows: Places
    columns: Places
    numbers: NDArray[np.float64] | None = None
    sheet: str = ""

    def __getitem__(self, index: Any) -> "Refs":
        numbers = None if self.numbers is None else self.numbers[index]
        return Refs(self.rows[index], self.columns[index], numbers, self.sheet)

    @property
    def size(self) -> int:
        """The number of cells."""
        return self.rows.size

    @cached_property
    def texts(self) -> list[str]:
        """The address or number of each, in row-major order."""
        rows, columns = self.rows.ravel().tolist(), self.columns.ravel().tolist()
        plain = [
            f"{column_letters(c + 1)}{r + 1}" if r >= 0 else ""
            for r, c in zip(rows, columns, strict=True)
        ]
        if self.numbers is not None:
            for place in np.flatnonzero(self.rows.ravel() < 0):
                number = literal(float(self.numbers.ravel()[place]))
                plain[place] = f"({number})" if number.startswith("-") else number
        if self.sheet:
            return [on_sheet(self.sheet, text) for text in plain]
        return plain

    @property
    def text(self) -> str:
        """The address of a single cell."""
        return self.texts[0]

    @property
    def has_cells(self) -> bool:
        """Whether each has a cell."""
        return bool((self.rows >= 0).all())


def spans(refs: Refs, height: int = 1, width: int = 1) -> Spans:
    """The same cells, or the ranges that begin with them, for formulas of one pattern."""
    rows, columns = (np.ascontiguousarray(a).ravel() for a in (refs.rows, refs.columns))
    return Spans(rows, columns, height, width, refs.sheet)


def copies(refs: Refs) -> Iterable[str]:
    """For each cell the formula that copies it."""
    return fill("{x}", {"x": refs}, refs.size)


def fill(template: str, cells: Mapping[str, Refs], count: int) -> Iterable[str]:
    """So many formulas: a template with the names of references in braces, filled in."""
    parts = _NAME.split(template)
    pieces, found = [parts[0]], []
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        refs = cells[name]
        number = _number(refs)
        if number is not None:
            pieces[-1] += number + text
        elif refs.has_cells:
            pieces.append(text)
            found.append(spans(refs))
        else:
            return _each(template, cells)
    return Filled(count, tuple(pieces), tuple(found))


_NAME = re.compile(r"\{(\w+)\}")


def _number(refs: Refs) -> str | None:
    """The number that stands in place of all cells, as text."""
    numbers = refs.numbers
    if numbers is None or not refs.size or (refs.rows >= 0).any():
        return None
    if not (numbers == numbers.ravel()[0]).all():
        return None
    single = Refs(refs.rows.ravel()[:1], refs.columns.ravel()[:1], numbers.ravel()[:1])
    return single.text


def _each(template: str, cells: Mapping[str, Refs]) -> Iterator[str]:
    names = [name for name in cells if f"{{{name}}}" in template]
    for texts in zip(*(cells[name].texts for name in names), strict=True):
        yield template.format(**dict(zip(names, texts, strict=True)))


def span(first_row: int, first_column: int, last_row: int, last_column: int) -> str:
    """The range between two cells, from 0: ``B3:D7``, of one cell ``B3``."""
    first = f"{column_letters(first_column + 1)}{first_row + 1}"
    if (first_row, first_column) == (last_row, last_column):
        return first
    return f"{first}:{column_letters(last_column + 1)}{last_row + 1}"


def direction(refs: Refs) -> str:
    """``across`` or ``down`` where the cells follow one another; ``one``, or ``none``."""
    if refs.size == 1:
        return "one"
    down, right = np.diff(refs.rows.ravel()), np.diff(refs.columns.ravel())
    if not refs.has_cells:
        return "none"
    if (down == 0).all() and (right == 1).all():
        return "across"
    return "down" if (down == 1).all() and (right == 0).all() else "none"


def ranges(refs: Refs) -> list[str]:
    """The cells as few ranges as are easily found, in any order."""
    rows, columns = refs.rows.ravel(), refs.columns.ravel()
    top, left, bottom, right = rows.min(), columns.min(), rows.max(), columns.max()
    area = (bottom - top + 1) * (right - left + 1)
    if top >= 0 and area == rows.size and len(set(zip(rows, columns, strict=True))) == area:
        return [span(int(top), int(left), int(bottom), int(right))]
    found: list[str] = [t for t, r in zip(refs.texts, rows, strict=True) if r < 0]
    order = np.lexsort((columns, rows))
    runs: list[list[int]] = []
    for place in order:
        row, column = int(rows[place]), int(columns[place])
        if row < 0:
            continue
        if runs and runs[-1][2] == row and runs[-1][3] + 1 == column:
            runs[-1][3] = column
        else:
            runs.append([row, column, row, column])
    return found + [span(*run) for run in _stacked(runs)]


def _stacked(runs: list[list[int]]) -> list[list[int]]:
    """Runs of one row joined with equal ones right below."""
    open_runs: dict[tuple[int, int], list[int]] = {}
    found = []
    for run in runs:
        key = (run[1], run[3])
        above = open_runs.get(key)
        if above is not None and above[2] + 1 == run[0]:
            above[2] = run[2]
        else:
            open_runs[key] = run
            found.append(run)
    return found


def joined(function: str, parts: Sequence[str]) -> str:
    """A function of any number of ranges, in as many calls as it takes."""
    most = ARGUMENTS - 5
    if len(parts) <= most:
        return f"{function}({','.join(parts)})"
    calls = [f"{function}({','.join(parts[k : k + most])})" for k in range(0, len(parts), most)]
    return f"{function}({','.join(calls)})"


def total(refs: Refs) -> str:
    """The sum of cells."""
    return refs.text if refs.size == 1 else joined("SUM", ranges(refs))


def dot(a: Refs, b: Refs) -> str:
    """The sum of the products of cells, pair by pair."""
    blocks = _pairs(a, b)
    parts = []
    for (first, second), count in blocks:
        if count == 1:
            parts.append(f"{first}*{second}")
        else:
            parts.append(f"SUMPRODUCT({first},{second})")
    return "+".join(parts)


def _pairs(a: Refs, b: Refs) -> list[tuple[tuple[str, str], int]]:
    """Ranges of equal shape that hold all pairs, with the number of cells of each."""
    given = np.stack([a.rows.ravel(), a.columns.ravel(), b.rows.ravel(), b.columns.ravel()])
    given = given.astype(np.int64)
    step = np.diff(given, axis=1)
    cells = (given[0] >= 0) & (given[2] >= 0)
    across = np.all(step == [[0], [1], [0], [1]], axis=0) & cells[1:] & cells[:-1]
    down = np.all(step == [[1], [0], [1], [0]], axis=0) & cells[1:] & cells[:-1]
    boxes: list[list[int]] = []  # the first place, the width and the height of each
    place, count = 0, given.shape[1]
    while place < count:
        end = place
        along = across if end < count - 1 and across[end] else down
        while end < count - 1 and along[end]:
            end += 1
        tall = along is down
        boxes.append([place, 1 if tall else end - place + 1, end - place + 1 if tall else 1])
        place = end + 1
    found = []
    for first, width, height in _merged(boxes, given):
        if width * height == 1:
            found.append(((a.texts[first], b.texts[first]), 1))
            continue
        spans = []
        for row, column in (given[:2, first], given[2:, first]):
            spans.append(
                span(int(row), int(column), int(row) + height - 1, int(column) + width - 1)
            )
        found.append(((spans[0], spans[1]), width * height))
    return found


def _merged(boxes: list[list[int]], given: Places) -> list[list[int]]:
    """Rows of equal width that follow one another as one box."""
    found: list[list[int]] = []
    for first, width, height in boxes:
        if found and height == 1:
            start, wide, tall = found[-1]
            below = given[:, first] - given[:, start]
            if wide == width and list(below) == [tall, 0, tall, 0] and given[0, first] >= 0:
                found[-1][2] += 1
                continue
        found.append([first, width, height])
    return found


def plus(terms: Sequence[str]) -> str:
    """Terms added up; of none 0."""
    if not terms:
        return "0"
    return terms[0] + "".join(t if t.startswith("-") else f"+{t}" for t in terms[1:])
