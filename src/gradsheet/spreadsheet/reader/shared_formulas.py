"""Shared formulas: an .xlsx file writes one out once, and each cell sees it from its own cell."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from gradsheet.spreadsheet.addresses import (
    CELL_PATTERN,
    COLUMN_PATTERN,
    ROW_PATTERN,
    CellIndex,
    column_letters,
    column_number,
)
from gradsheet.spreadsheet.limits import COLUMNS, ROWS

_HALF = re.compile(r"(\$?)(?:([A-Za-z]+)|([0-9]+))|(:)")

# Texts, quoted names and brackets are passed over, and so are words such as LOG10( and Sheet1!;
# a group means a reference: a cell, columns or rows.
_MOVES = re.compile(
    rf""" "[^"]*" | '[^']*' | \[[^\[\]]*\]
    | ({CELL_PATTERN}) (?![\w.(!?\\])
    | ({COLUMN_PATTERN}:{COLUMN_PATTERN}) (?![\w.(!?\\$])
    | ({ROW_PATTERN}:{ROW_PATTERN}) (?![\w.(!?\\$])
    | (?:[^\W\d]|\\)[\w.?\\]* | [0-9]+(?:\.[0-9]*)?(?:[Ee][+-]?[0-9]+)?[\w.]* """,
    re.VERBOSE,
)


class _Moving(NamedTuple):
    """A relative column or row; past the edge of a sheet it goes on at the other."""

    is_column: bool
    number: int

    def moved(self, down: int, right: int) -> str:
        if self.is_column:
            return column_letters((self.number - 1 + right) % COLUMNS + 1)
        return str((self.number - 1 + down) % ROWS + 1)


class SharedFormula:
    """A formula that several cells share, as its first cell writes it."""

    def __init__(self, index: CellIndex, formula: str) -> None:
        self.formula = formula
        self.is_used = False
        self._index = index

    def at(self, index: CellIndex) -> str:
        """The formula as seen from ``index``."""
        down, right = index.row - self._index.row, index.column - self._index.column
        return "".join(
            piece if isinstance(piece, str) else piece.moved(down, right) for piece in self._pieces
        )

    @cached_property
    def _pieces(self) -> list[str | _Moving]:
        """The formula cut into what stays and what moves with the cell."""
        pieces: list[str | _Moving] = []
        end = 0
        for found in _MOVES.finditer(self.formula):
            if found.lastindex and _is_on_sheet(found[0]):
                pieces.append(self.formula[end : found.start()])
                pieces += _halves(found[0])
                end = found.end()
        return [*pieces, self.formula[end:]]


def _is_on_sheet(reference: str) -> bool:
    """Whether it is a reference and not a name that looks like one, such as XYZ1."""
    return all(
        (len(letters) < 3 or letters.upper() <= "XFD") and int(digits or 1) <= ROWS
        for _, letters, digits, _ in _HALF.findall(reference)
    )


def _halves(reference: str) -> Iterator[str | _Moving]:
    """The pieces of ``$A1``, ``A:B`` or ``1:$2``."""
    for dollar, letters, digits, colon in _HALF.findall(reference):
        if dollar or colon:
            yield dollar + letters + digits + colon
        elif letters:
            yield _Moving(True, column_number(letters))
        else:
            yield _Moving(False, int(digits))
