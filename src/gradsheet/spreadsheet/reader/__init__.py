"""Read a workbook as its file states it: formulas, values, names and charts.

Nothing is computed, run, followed or unpacked. The file may come from anywhere, so every part is
inflated piece by piece on a budget, and what goes over it is refused in one line.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradsheet.spreadsheet.model import Book
from gradsheet.spreadsheet.reader.archive import NO_WORKBOOK, RefusedError, opened
from gradsheet.spreadsheet.reader.xlsx import read_xlsx


def read_book(path: Path, larger: int = 1) -> Book:
    """Read an .xlsx, .xlsm or .ods file, whatever its name says it is.

    A date is its serial number, TRUE is 1.0, an error its text.

    Args:
        path: the file.
        larger: how many times more than a workbook from anywhere may hold this one may hold.

    Raises:
        GradsheetError: the file cannot be opened, is no such workbook, is encrypted or damaged, or
            holds more than a workbook read here may hold.
    """
    with opened(path, larger) as parts, _no_collection():
        if "[content_types].xml" in parts or "_rels/.rels" in parts:
            return read_xlsx(path, parts)
        if "content.xml" in parts or "encrypted-package" in parts:
            from gradsheet.spreadsheet.reader.ods import read_ods  # few workbooks are .ods

            return read_ods(path, parts)
        raise RefusedError(NO_WORKBOOK)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without a search for circles among the many objects that are made: none are in circles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
