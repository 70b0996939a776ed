"""Cells and ranges by their addresses, in words of our own: openpyxl is the tests' witness."""

import re
from functools import lru_cache

from gradsheet.spreadsheet.model import CellIndex
from gradsheet.spreadsheet.reader.archive import DAMAGED, RefusedError, quoted

ROWS, COLUMNS = 1_048_576, 16_384
"""Of a sheet."""

Area = tuple[int, int, int, int]
"""First row, first column, last row, last column."""

_SHEET = r"(?P<sheet>'(?:[^'\[\]]|'')+'|[^\s'!\[\](){}:;,\"#&<>=+*/^%-]+)"
_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}"
_ONE_CELL = re.compile(rf"{_SHEET}!(?P<cell>{_CELL})(?::(?P=cell))?")
_CELL_OR_RANGE = re.compile(rf"{_SHEET}!{_CELL}(?::{_CELL})?")
_LONGEST = 200  # characters of a reference that is looked at; a sheet's name has at most 31


def is_simple(reference: str) -> bool:
    """Whether it is one cell or range on a named sheet."""
    return len(reference) < _LONGEST and _CELL_OR_RANGE.fullmatch(reference) is not None


def one_cell(reference: str) -> tuple[str, str] | None:
    """The sheet and the cell of ``'a b'!$A$1``: ``a b`` and ``A1``; None where it is none such."""
    found = _ONE_CELL.fullmatch(reference[:_LONGEST])
    return (unquoted(found["sheet"]), found["cell"].replace("$", "")) if found else None


def unquoted(sheet: str) -> str:
    """The name of a sheet without the quotes that a reference puts around it."""
    return sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet


def natural(text: str, longest: int = 9) -> int:
    """The number that at most ``longest`` decimal digits write; -1 where they are something else.

    ``int`` takes more: signs, blanks, digits of other scripts, and time for a million of them.
    """
    is_natural = text.isascii() and text.isdecimal() and len(text) <= longest
    return int(text) if is_natural else -1


def row_of(digits: str, written: str) -> int:
    """The number of a row; ``written`` is what a refusal quotes."""
    row = natural(digits, longest=7)
    if not 1 <= row <= ROWS:
        raise RefusedError(f"{quoted(written)} is no place on a sheet; {DAMAGED}")
    return row


@lru_cache(maxsize=COLUMNS)
def column_of(letters: str) -> int:
    """The number of column ``AA``, which is 27."""
    column = 0
    if re.fullmatch("[A-Za-z]{1,3}", letters):
        for letter in letters.upper():
            column = 26 * column + ord(letter) - ord("A") + 1
    if not 1 <= column <= COLUMNS:
        raise RefusedError(f"{quoted(letters)} is no column of a sheet; {DAMAGED}")
    return column


@lru_cache(maxsize=COLUMNS)
def letters_of(column: int) -> str:
    """``AA`` for column 27."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def place_of(address: str) -> CellIndex:
    """Row and column of ``AA29``."""
    letters = address.rstrip("0123456789")
    return row_of(address[len(letters) :], address), column_of(letters)


def address_of(place: CellIndex) -> str:
    """``AA29`` for row 29 and column 27."""
    return f"{letters_of(place[1])}{place[0]}"


def area_of(reference: str) -> Area:
    """The corners of ``A1:B2`` or of one cell."""
    first, _, last = reference.replace("$", "").partition(":")
    (top, left), (bottom, right) = place_of(first), place_of(last or first)
    return min(top, bottom), min(left, right), max(top, bottom), max(left, right)
