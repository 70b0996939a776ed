"""Cells as they are written: formulas that always carry their value, sheets that print well.

XlsxWriter counts rows and columns from 0, and so does whatever calls it: the addresses of its
cells are made here.
"""

import io
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from xlsxwriter.chart import Chart as Chart
from xlsxwriter.format import Format as Format
from xlsxwriter.workbook import Workbook as Workbook
from xlsxwriter.worksheet import Worksheet as Worksheet

from gradsheet.spreadsheet.addresses import CellIndex, CellRange, CellRef, RangeRef, column_letters
from gradsheet.spreadsheet.limits import check_formula


@contextmanager
def new_workbook(path: Path) -> Iterator[Workbook]:
    """A workbook that is written when the block ends.

    No text becomes a formula or a link there. The file is made in memory: on a disk that fills up
    XlsxWriter would leave its temporary files.

    Raises:
        OSError: it cannot be written.
    """
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = Workbook(content, options)
    yield book
    book.close()
    path.write_bytes(content.getbuffer())


class PlainSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter comes without types
    """A sheet that takes formulas as they are.

    XlsxWriter looks for every function that is younger than Excel 2007, to prefix its name: half of
    the time a workbook takes. None is used here.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        del expand_future_functions
        return formula.removeprefix("=")

    def write_formulas(
        self,
        rows: Sequence[int],
        columns: Sequence[int],
        formulas: Iterable[str],
        values: Sequence[float],
        cell_format: Format,
    ) -> None:
        """Write many formulas, without ``=``, with their finite values; cells count from 0.

        They are kept as they will be in the file: XlsxWriter's own way takes several times as long.
        """
        if not rows:
            return
        for row, column in ((min(rows), min(columns)), (max(rows), max(columns))):
            self._check_dimensions(row, column)
        style = cell_format._get_xf_index()
        for row, column, formula, value in zip(rows, columns, formulas, values, strict=True):
            if "<" in formula or ">" in formula or "&" in formula:
                formula = formula.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            self.table[row][column] = (
                f'<c r="{column_letters(column + 1)}{row + 1}" s="{style}">'
                f"<f>{formula}</f><v>{value!r}</v></c>"
            )

    def _write_cell(self, row: int, col: int, cell: object) -> None:
        if isinstance(cell, str):
            self.fh.write(cell)
        else:
            super()._write_cell(row, col, cell)


def write_formula(
    sheet: Worksheet, row: int, column: int, formula: str, value: float | str, cell_format: Format
) -> None:
    """Write a formula with its value, so that a viewer that does not calculate shows the truth.

    A value that is no finite number is what a spreadsheet makes of it, ``#NUM!``.

    Raises:
        LimitError: the formula is longer than a spreadsheet can hold.
    """
    check_formula(len(formula) + 1, "a formula", "use a network whose units have fewer inputs")
    if isinstance(value, float) and not math.isfinite(value):
        value = "#NUM!"
    sheet.write_formula(row, column, "=" + formula, cell_format, value)


def cell_address(row: int, column: int) -> str:
    """The address of a 0-based cell: ``C5``."""
    return f"{column_letters(column + 1)}{row + 1}"


def absolute(row: int, column: int, sheet_name: str = "") -> str:
    """The absolute address of a 0-based cell: ``$C$5``, ``Inputs!$C$5``, ``'lr 0.1'!$C$5``."""
    return CellRef(sheet_name, CellIndex.from_zero_based(row, column)).absolute


def span(
    first_row: int, first_column: int, last_row: int, last_column: int, sheet_name: str = ""
) -> str:
    """The absolute address of 0-based cells: ``$A$1:$B$9``, ``Inputs!$A$1:$A$1``."""
    first = CellIndex.from_zero_based(first_row, first_column)
    last = CellIndex.from_zero_based(last_row, last_column)
    return RangeRef(sheet_name, CellRange(first, last)).absolute


def agreement(value: float) -> float:
    """What a check states that the library knows to hold: 0, or an error where it overflows."""
    return 0.0 if math.isfinite(value) else math.nan


def print_on_pages(
    sheet: Worksheet, across: int = 1, down: int = 0, portrait: bool = False
) -> None:
    """Print a sheet on A4 pages, so many across and down; 0 down is as many as it takes."""
    if portrait:
        sheet.set_portrait()
    else:
        sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&8&A&R&8page &P of &N")
    sheet.fit_to_pages(across, down)
