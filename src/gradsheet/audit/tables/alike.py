"""Sheets that differ in typed numbers alone, as in a workbook with one sheet per learning rate."""

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Sheet


def different_numbers(book: Book, one: Sheet, other: Sheet) -> frozenset[CellIndex] | None:
    """The cells in which two sheets of a book hold different typed numbers.

    None where they differ in more, or where a formula may read a sheet by its name: such a one
    computes the same on both, whatever the numbers beside it are.
    """
    if book.names or one.cells.keys() != other.cells.keys():
        return None
    different: list[CellIndex] = []
    for index, cell in one.cells.items():
        held = other.cells[index]
        if cell.formula != held.formula or cell.anchor != held.anchor:
            return None
        if cell.formula is not None:
            if "!" in cell.formula:
                return None
        elif cell.value != held.value:
            if not (isinstance(cell.value, float) and isinstance(held.value, float)):
                return None
            different.append(index)
    return frozenset(different)
