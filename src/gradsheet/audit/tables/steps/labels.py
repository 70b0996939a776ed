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


def label_of_block(book: Book, cell: CellRef) -> tuple[CellRef, str] | None:
    """The name of a cell: the text next to it, or that of the matrix it is in and where in it.

    A matrix has its name above its first number: ``W2``, whose second number is ``W2[2]``, in a
    matrix of several rows ``W2[1,2]``.
    """
    cells = book.sheets[cell.sheet].cells

    def is_number(row: int, column: int) -> bool:
        held = cells.get(CellIndex(row, column))
        return held is not None and not isinstance(held.value, str)

    def is_named(row: int, column: int) -> bool:
        held = cells.get(CellIndex(row - 1, column))
        return held is not None and isinstance(held.value, str) and bool(held.value.strip())

    row, column = cell.cell
    top, left = row, column
    while is_number(top - 1, column):
        top -= 1
    while not is_named(top, left) and is_number(top, left - 1):
        left -= 1
    if not is_named(top, left):
        beside = label_next(book, cell)
        return (beside, "") if beside else None
    rows, columns = 1, 1
    while is_number(top + rows, left):
        rows += 1
    while is_number(top, left + columns) and not is_named(top, left + columns):
        columns += 1
    sizes = ((rows, row - top + 1), (columns, column - left + 1))
    places = [str(place) for size, place in sizes if size > 1]
    label = CellRef(cell.sheet, CellIndex(top - 1, left))
    return label, f"[{','.join(places)}]" if places else ""


def label_next(book: Book, cell: CellRef) -> CellRef | None:
    """The text next to a cell: left of it or above it."""
    row, column = cell.cell
    near = [CellIndex(row, column - 1), CellIndex(row - 1, column)]
    return _first_text(book, cell.sheet, (index for index in near if min(index) > 0))


def label_near(book: Book, cell: CellRef) -> CellRef | None:
    """The text next to a cell, else the nearest one."""
    return label_next(book, cell) or label_beside(book, cell) or label_above(book, cell)


def _first_text(book: Book, sheet: str, places: Iterator[CellIndex]) -> CellRef | None:
    cells = book.sheets[sheet].cells
    for index in places:
        held = cells.get(index)
        if held is not None and isinstance(held.value, str) and held.value.strip():
            return CellRef(sheet, index)
    return None
