"""Examples from a CSV file: one row per example, one column per number."""

import csv
from pathlib import Path, PurePosixPath

from gradsheet.errors import GradsheetError
from gradsheet.files import read_text

_MOST_BYTES, _MOST_ROWS, _MOST_COLUMNS = 2_000_000, 20_000, 5_000

Rows = tuple[tuple[float, ...], ...]


class CsvError(GradsheetError):
    """A CSV file that does not hold examples; the message begins with what is wrong."""


def read_rows(folder: Path, name: str) -> Rows:
    """The numbers of the CSV file ``name`` in ``folder`` or below it.

    A first row of words is skipped. Columns are separated by commas, tabs or semicolons; with
    semicolons a comma may stand in a number for its point.

    Raises:
        CsvError: the name leads elsewhere, a cell is no number, or rows differ in length.
        GradsheetError: the file cannot be read or is too large.
    """
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or "\\" in name or not name.isprintable():
        raise CsvError(f"{name[:80]!r} given, expected a CSV file beside this one or below it")
    text = read_text(folder / name, "a CSV file", _MOST_BYTES).removeprefix("\ufeff")
    if "\0" in text:
        raise CsvError(f"{name} is not a CSV file; it holds a character of code 0")
    first = text.split("\n", 1)[0]
    delimiter = next((mark for mark in (";", "\t") if mark in first), ",")
    try:
        cells = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise CsvError(f"{name} is not a CSV file: {error}") from error
    if cells and not any(_number(cell, delimiter) is not None for cell in cells[0]):
        del cells[0]
    _check_size(name, cells)
    return tuple(_row(name, number, row, delimiter) for number, row in enumerate(cells, start=1))


def _check_size(name: str, cells: list[list[str]]) -> None:
    if not cells:
        raise CsvError(f"{name} holds no row of numbers")
    widest = max(map(len, cells))
    if len(cells) > _MOST_ROWS or widest > _MOST_COLUMNS:
        size = f"{len(cells):,} rows of up to {widest:,} numbers"
        raise CsvError(f"{name} holds {size}, at most {_MOST_ROWS:,} of {_MOST_COLUMNS:,} fit")


def _row(name: str, number: int, row: list[str], delimiter: str) -> tuple[float, ...]:
    found = []
    for column, cell in enumerate(row, start=1):
        value = _number(cell, delimiter)
        if value is None:
            where = f"{name}, row {number} of numbers, column {column}"
            raise CsvError(f"{where}: {cell.strip()[:20]!r} is not a number")
        found.append(value)
    return tuple(found)


def _number(cell: str, delimiter: str) -> float | None:
    text = cell.strip().replace(",", ".") if delimiter == ";" else cell.strip()
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
