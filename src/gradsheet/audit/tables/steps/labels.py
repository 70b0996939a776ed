"""What is written beside or above a cell."""

from collections.abc import Iterator

from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.model import Book

_FARTHEST = 300  # cells


def label_above(book: Book, cell: CellRef) -> CellRef | None:
    """The nearest text above a cell."""
    row, column = cell.cell
    return _first_text(
        book,
        cell.sheet,
        (CellIndex(r, column) for r in range(row - 1, max(0, row - _FARTHEST), -1)),
    )


def label_beside(book: Book, cell: CellRef) -> CellRef | None:
    """The nearest text to the left of a cell."""
    row, column = cell.cell
    return _first_text(
        book, cell.sheet, (CellIndex(row, c) for c in range(column - 1, max(0, column - 300), -1))
    )


def label_near(book: Book, cell: CellRef) -> CellRef | None:
    """The text next to a cell: left of it or above it, else the nearest one."""
    row, column = cell.cell
    near = [CellIndex(row, column - 1), CellIndex(row - 1, column)]
    found = _first_text(book, cell.sheet, (index for index in near if min(index) > 0))
    return found or label_beside(book, cell) or label_above(book, cell)


def _first_text(book: Book, sheet: str, places: Iterator[CellIndex]) -> CellRef | None:
    cells = book.sheets[sheet].cells
    for index in places:
        held = cells.get(index)
        if held is not None and isinstance(held.value, str) and held.value.strip():
            return CellRef(sheet, index)
    return None
