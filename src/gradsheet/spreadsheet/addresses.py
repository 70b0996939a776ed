"""Addresses of cells and ranges in A1 notation: parsed and written here only.

Rows and columns count from 1, as addresses write them. XlsxWriter counts from 0: its cells are
turned by ``CellIndex.from_zero_based`` and by the functions of ``spreadsheet.writer``.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.limits import COLUMNS, ROWS

# Pieces of the patterns that find references within formulas; all without groups.
COLUMN_PATTERN = r"\$?[A-Za-z]{1,3}"
ROW_PATTERN = r"\$?[1-9][0-9]{0,6}"
CELL_PATTERN = COLUMN_PATTERN + ROW_PATTERN
QUOTED_SHEET_PATTERN = r"'(?:[^']|'')+'"

_LONGEST = 200  # characters of a reference that is looked at; the name of a sheet has at most 31
_CELL = re.compile(r"([A-Za-z]+)([0-9]+)")
_WRITTEN_CELL = re.compile(r"(?:(.+)!)?(\$?)([A-Za-z]+)(\$?)([0-9]+)", re.DOTALL)
_REFERENCE = re.compile(
    r"(?:(?P<sheet>'(?:[^'\[\]]|'')+'|[^\s'!\[\](){}:;,\"#&<>=+*/^%-]+)!)?"
    rf"(?P<first>{CELL_PATTERN})(?::(?P<last>{CELL_PATTERN}))?"
)

# A sheet's name that needs no quotes: a word that no program takes for a number or for a cell,
# be it in A1 or in R1C1 notation.
_PLAIN_NAME = re.compile(
    r"(?![A-Za-z]{1,3}[0-9]+$)(?!(?:[Rr]|[Rr]?[Cc])[0-9])(?!(?:[Rr]|[Rr]?[Cc])$)[^\W\d][\w.]*"
)


class AddressError(GradsheetError):
    """A text that is not the address of a cell on a sheet."""


@lru_cache(maxsize=COLUMNS)
def column_letters(column: int) -> str:
    """``AA`` for column 27."""
    letters = ""
    while column > 0:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


@lru_cache(maxsize=COLUMNS)
def column_number(letters: str) -> int:
    """27 for column ``AA``.

    Raises:
        AddressError: no sheet has such a column.
    """
    column = 0
    if letters.isascii() and letters.isalpha() and len(letters) <= 3:
        for letter in letters.upper():
            column = 26 * column + ord(letter) - ord("A") + 1
    if not 1 <= column <= COLUMNS:
        raise AddressError(f"{_short(letters)} is not a column of a sheet; expected A to XFD")
    return column


@lru_cache(maxsize=1_024)
def row_number(digits: str) -> int:
    """29 for the row ``29``.

    Raises:
        AddressError: no sheet has such a row.
    """
    is_natural = digits.isascii() and digits.isdecimal() and len(digits) <= 7
    row = int(digits) if is_natural else 0
    if not 1 <= row <= ROWS:
        raise AddressError(f"{_short(digits)} is not a row of a sheet; expected 1 to {ROWS}")
    return row


class CellIndex(NamedTuple):
    """A cell by its row and column, both from 1; as text its address, ``AA29``."""

    row: int
    column: int

    @classmethod
    def parse(cls, address: str) -> "CellIndex":
        """The cell of ``AA29``.

        Raises:
            AddressError: it is no address of a cell, or one with a ``$``.
        """
        found = _CELL.fullmatch(address)
        if found is None:
            raise AddressError(f"{_short(address)} is not the address of a cell, such as A1")
        return cls(row_number(found[2]), column_number(found[1]))

    @classmethod
    def from_zero_based(cls, row: int, column: int) -> "CellIndex":
        """The cell that XlsxWriter calls ``row``, ``column``."""
        return cls(row + 1, column + 1)

    @property
    def absolute(self) -> str:
        """``$AA$29``."""
        return f"${column_letters(self.column)}${self.row}"

    def __str__(self) -> str:
        return f"{column_letters(self.column)}{self.row}"


class CellRange(NamedTuple):
    """The cells from the upper left to the lower right one; as text ``A1:B2``."""

    first: CellIndex
    last: CellIndex

    @classmethod
    def parse(cls, addresses: str) -> "CellRange":
        """The range of ``A1:B2`` or ``$A$1:$B$2``, its corners in any order, or of one cell.

        Raises:
            AddressError: it is no such range.
        """
        corner, _, other = addresses.replace("$", "").partition(":")
        a = CellIndex.parse(corner)
        b = CellIndex.parse(other) if other else a
        return cls(
            CellIndex(min(a.row, b.row), min(a.column, b.column)),
            CellIndex(max(a.row, b.row), max(a.column, b.column)),
        )

    @property
    def size(self) -> tuple[int, int]:
        """The number of rows and of columns."""
        return self.last.row - self.first.row + 1, self.last.column - self.first.column + 1

    def cells(self) -> Iterator[CellIndex]:
        """Every cell, row by row."""
        for row in range(self.first.row, self.last.row + 1):
            for column in range(self.first.column, self.last.column + 1):
                yield CellIndex(row, column)

    @property
    def absolute(self) -> str:
        """``$A$1:$B$2``; of one cell ``$A$1:$A$1``.

        Some programs take a single cell for a number where a range is asked for.
        """
        return f"{self.first.absolute}:{self.last.absolute}"

    def __str__(self) -> str:
        return f"{self.first}:{self.last}"


class CellRef(NamedTuple):
    """A cell on a sheet, the formula's own where ``sheet`` is empty; as text ``'lr 0.1'!C5``."""

    sheet: str
    cell: CellIndex

    @property
    def absolute(self) -> str:
        """``'lr 0.1'!$C$5``."""
        return on_sheet(self.sheet, self.cell.absolute)

    def __str__(self) -> str:
        return on_sheet(self.sheet, str(self.cell))


class RangeRef(NamedTuple):
    """A range on a sheet, the formula's own where ``sheet`` is empty; as text ``Rates!A1:B2``."""

    sheet: str
    range: CellRange

    @property
    def absolute(self) -> str:
        """``Rates!$A$1:$B$2``; of one cell ``Rates!$A$1:$A$1``."""
        return on_sheet(self.sheet, self.range.absolute)

    def __str__(self) -> str:
        return on_sheet(self.sheet, str(self.range))


def parse_reference(text: str) -> RangeRef | None:
    """The range that ``'a b'!$A$1:$B$2`` refers to; of a single cell the range of that cell.

    None where the text is anything else: a name, whole columns, several ranges.
    """
    found = _REFERENCE.fullmatch(text[:_LONGEST])
    if found is None:
        return None
    try:
        cells = CellRange.parse(f"{found['first']}:{found['last'] or found['first']}")
    except AddressError:
        return None
    return RangeRef(unquote_sheet(found["sheet"] or ""), cells)


class WrittenCell(NamedTuple):
    """A cell as a formula writes it: which sheet it names, and what has a ``$``."""

    sheet: str
    cell: CellIndex
    row_fixed: bool
    column_fixed: bool


def parse_written_cell(text: str) -> WrittenCell:
    """The cell of ``'lr 0.1'!C$5``.

    Raises:
        AddressError: it is no address of a cell.
    """
    found = _WRITTEN_CELL.fullmatch(text)
    if found is None:
        raise AddressError(f"{_short(text)} is not the address of a cell, such as A1")
    sheet, column_mark, letters, row_mark, digits = found.groups()
    cell = CellIndex(row_number(digits), column_number(letters))
    return WrittenCell(unquote_sheet(sheet or ""), cell, bool(row_mark), bool(column_mark))


def is_on_named_sheet(text: str) -> bool:
    """Whether the text refers to one cell or range, its sheet named."""
    found = parse_reference(text)
    return found is not None and bool(found.sheet)


def parse_cell_reference(text: str) -> CellRef | None:
    """The one cell that ``'a b'!$A$1`` refers to; None where the text is anything else."""
    found = parse_reference(text)
    if found is None or found.range.first != found.range.last:
        return None
    return CellRef(found.sheet, found.range.first)


@lru_cache(maxsize=1_024)
def quote_sheet(name: str) -> str:
    """The name of a sheet as a reference writes it: ``Inputs``, ``'lr 0.1'``."""
    return name if _PLAIN_NAME.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def unquote_sheet(written: str) -> str:
    """The name of a sheet without the quotes that a reference puts around it."""
    return written[1:-1].replace("''", "'") if written.startswith("'") else written


def on_sheet(sheet: str, cells: str) -> str:
    """The address of cells of another sheet, or of this one where none is named."""
    return f"{quote_sheet(sheet)}!{cells}" if sheet else cells


def _short(text: str) -> str:
    """Somebody else's words, fit for one line."""
    return repr(text if len(text) <= 60 else text[:60] + "…")
