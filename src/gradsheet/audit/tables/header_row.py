"""The row of headers above a table."""

from gradsheet.audit.tables.headers import read_header
from gradsheet.networks.symbols import LEARNING_RATE
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Sheet

_HEADER_ABOVE = 3  # at most so many rows above the first


def find_headers(
    sheet: Sheet, first_row: int, columns: list[int]
) -> tuple[dict[int, str], int | None]:
    """The texts of the row closely above in which most names are spelled, and the row.

    Where none spells names that are known, the next row with a text above most columns.

    Args:
        sheet: of the table.
        first_row: of its data.
        columns: of it.
    """
    best: dict[int, str] = {}
    best_row, most = None, 1  # one name alone may be the label of something else
    full: dict[int, str] = {}
    full_row = None
    for row in range(first_row - 1, max(0, first_row - 1 - _HEADER_ABOVE), -1):
        texts = _texts(sheet, row, columns)
        known = sum(read_header(text) not in (None, LEARNING_RATE) for text in texts.values())
        if known > most:
            best, best_row, most = texts, row, known
        if full_row is None and 2 * len(texts) > len(columns):
            full, full_row = texts, row
    return (full, full_row) if best_row is None else (best, best_row)


def _texts(sheet: Sheet, row: int, columns: list[int]) -> dict[int, str]:
    """The texts that a row holds, by their columns."""
    values = {
        column: cell.value
        for column in columns
        if (cell := sheet.cells.get(CellIndex(row, column))) is not None
    }
    return {
        column: value.strip()
        for column, value in values.items()
        if isinstance(value, str) and value.strip()
    }
