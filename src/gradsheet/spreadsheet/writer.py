"""Cells as they are written: formulas that always carry their value, sheets that print well.

XlsxWriter counts rows and columns from 0, and so does whatever calls it: the addresses of its
cells are made here.
"""

import io
import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from xlsxwriter.chart import Chart as Chart
from xlsxwriter.format import Format as Format
from xlsxwriter.workbook import Workbook as Workbook
from xlsxwriter.worksheet import Worksheet as Worksheet

from gradsheet.spreadsheet.addresses import CellIndex, CellRange, CellRef, RangeRef, column_letters
from gradsheet.spreadsheet.filled import Places
from gradsheet.spreadsheet.limits import check_formula
from gradsheet.spreadsheet.streamed import CellBlocks, Row, without_colors


@contextmanager
def new_workbook(path: Path) -> Iterator[Workbook]:
    """A workbook that is written when the block ends.

    No text becomes a formula or a link there.

    Raises:
        OSError: it cannot be written.
    """
    book = BookInMemory()
    yield book.workbook
    book.close()
    book.save(path)


class BookInMemory:
    """A workbook whose parts are in memory, but for cells that are kept as arrays.

    On a disk that fills up XlsxWriter would leave its temporary files.

    Attributes:
        workbook: XlsxWriter's.
    """

    def __init__(self) -> None:
        self._content = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.workbook = Workbook(self._content, options)

    def close(self) -> None:
        """Finish the parts: no more sheets, formats or texts."""
        self.workbook.close()

    def save(self, path: Path, with_values: bool = True) -> None:
        """Write the file; without values, and colors, for another program to compute.

        Raises:
            OSError: it cannot be written.
        """
        sheets: dict[str, PlainSheet] = {
            f"xl/worksheets/sheet{number}.xml": sheet
            for number, sheet in enumerate(self.workbook.worksheets(), start=1)
            if isinstance(sheet, PlainSheet) and sheet.blocks
        }
        if not sheets and with_values:
            path.write_bytes(self._content.getbuffer())
            return
        kind = zipfile.ZIP_DEFLATED if with_values else zipfile.ZIP_STORED
        with zipfile.ZipFile(self._content) as parts, zipfile.ZipFile(path, "w", kind) as file:
            for info in parts.infolist():
                new = zipfile.ZipInfo(info.filename, info.date_time)
                new.compress_type = kind
                content = parts.read(info)
                if info.filename not in sheets:
                    file.writestr(new, content)
                    continue
                if not with_values:
                    content = without_colors(content)
                head, mark, tail = content.partition(_MARK.encode())
                if not mark:
                    raise ValueError(f"{info.filename} has no place for its rows")
                with file.open(new, "w", force_zip64=True) as part:
                    part.write(head + b"<sheetData>")
                    for text in sheets[info.filename].rows(with_values):
                        part.write(text.encode())
                    part.write(b"</sheetData>" + tail)


class PlainSheet(Worksheet):  # type: ignore[misc]  # XlsxWriter comes without types
    """A sheet that takes formulas as they are, and many cells as arrays.

    XlsxWriter looks for every function that is younger than Excel 2007, to prefix its name: half of
    the time a workbook takes. None is used here.

    Attributes:
        blocks: cells that are kept as arrays until they are written.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fh: Any
        self.blocks = CellBlocks()
        self._rest: dict[int, tuple[str, dict[int, str]]] = {}

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        del expand_future_functions
        return formula.removeprefix("=")

    def cover(self, rows: Places, columns: Places) -> None:
        """Count cells that are kept as arrays among those of the sheet."""
        for row, column in ((rows.min(), columns.min()), (rows.max(), columns.max())):
            self._check_dimensions(int(row), int(column))

    def _write_sheet_data(self) -> None:
        if not self.blocks:
            super()._write_sheet_data()
            return
        self.fh.write(_MARK)
        kept = self.fh  # the rest is made now, when formats are counted
        for row in {*self.table, *self.row_info}:
            self._rest[row] = self._text_of(row), dict(self._cells_of(row))
        self.fh = kept

    def rows(self, with_values: bool) -> Iterator[str]:
        """The rows of the sheet as they are in the file, once the workbook is closed."""
        for row, cells in _joined(sorted(self._rest), self.blocks.rows(with_values)):
            head, others = self._rest.get(row, (f'<row r="{row + 1}">', {}))
            found = others | dict(cells) if others else dict(cells)
            yield head + "".join(found[column] for column in sorted(found)) + "</row>"

    def _text_of(self, row: int) -> str:
        """The tag of a row."""
        self.fh = io.StringIO()
        self._write_row(row, None, self.row_info.get(row))
        return str(self.fh.getvalue())

    def _cells_of(self, row: int) -> Iterator[tuple[int, str]]:
        """The cells of a row that are not kept as arrays."""
        for column, cell in self.table[row].items() if row in self.table else ():
            self.fh = io.StringIO()
            self._write_cell(row, column, cell)
            yield column, self.fh.getvalue()


_MARK = "<!--rows-->"


def _joined(others: Sequence[int], blocks: Iterator[Row]) -> Iterator[Row]:
    """Rows of cells with the other rows between them."""
    left = list(reversed(others))
    for row, cells in blocks:
        while left and left[-1] < row:
            yield left.pop(), []
        if left and left[-1] == row:
            left.pop()
        yield row, cells
    while left:
        yield left.pop(), []


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


PAGE_WIDTH = 330
"""Characters across a printed page that can still be read."""


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


_PAGE_PIXELS, _PORTRAIT_PIXELS = 780, 535  # at full size, with fonts in the place of Calibri
_PAGE_ROWS, _PORTRAIT_ROWS = 33, 49  # at full size
_SMALLEST = 38  # percent that can still be read


def print_in_blocks(
    sheet: Worksheet,
    lefts: Sequence[int],
    last: int,
    *,
    pages: int = 0,
    alike: bool = True,
    rows: int = 0,
    down: int = 1,
    repeated: int = 0,
    portrait: bool = False,
) -> None:
    """Print a sheet on pages none of which ends within a block of columns.

    Args:
        sheet: with the widths of its columns.
        lefts: the first column of each block, from left to right.
        last: the last column of the last block.
        pages: across, or more where blocks of unlike width want them; 0 is as few as can be read.
        alike: whether they are as wide as one another; else the first holds all that it can,
            among it the notes above the blocks.
        rows: how many have to fit; 0 where the next page takes the rest.
        down: how many pages they take.
        repeated: how many columns each page repeats.
        portrait: whether the pages are upright.
    """
    edges, page = [*lefts, last + 1], _PORTRAIT_PIXELS if portrait else _PAGE_PIXELS
    whole = _pixels(sheet, lefts[0], last + 1)
    starts = _starts(sheet, edges, 100 * page // _SMALLEST)
    again = _pixels(sheet, 0, repeated)
    across = 100 * page // _widest(sheet, [*starts, last + 1], again)
    if alike and (pages or len(starts) > 1):
        for count in range(pages or len(starts), len(edges)):
            starts = _even_starts(sheet, edges, count)
            across = 100 * page // _widest(sheet, [*starts, last + 1], again)
            if across >= _SMALLEST:
                break
    if len(starts) == 1 or across < _SMALLEST:  # a block may be wider than a page
        print_on_pages(sheet, pages or math.ceil(whole * _SMALLEST / (100 * page)), down, portrait)
        return
    print_on_pages(sheet, portrait=portrait)
    tall = 100 * (_PORTRAIT_ROWS if portrait else _PAGE_ROWS) * down // rows if rows else 100
    sheet.set_print_scale(min(100, across, tall))  # no longer as wide as the page
    sheet.set_v_pagebreaks(starts[1:])
    if down > 1:
        sheet.set_h_pagebreaks([math.ceil(rows * part / down) for part in range(1, down)])


def _starts(sheet: Worksheet, edges: Sequence[int], most: int) -> list[int]:
    """The first column of each page where each holds as many blocks as fit so many pixels."""
    starts = [edges[0]]
    for left, after in pairwise(edges):
        if _pixels(sheet, starts[-1], after) > most and left > starts[-1]:
            starts.append(left)
    return starts


def _even_starts(sheet: Worksheet, edges: Sequence[int], pages: int) -> list[int]:
    """The same on so many pages at most, the widest as narrow as it can be."""
    low, high = 1, _pixels(sheet, edges[0], edges[-1])
    while low < high:
        middle = (low + high) // 2
        fits = len(_starts(sheet, edges, middle)) <= pages
        low, high = (low, middle) if fits else (middle + 1, high)
    return _starts(sheet, edges, low)


def _widest(sheet: Worksheet, edges: Sequence[int], again: int) -> int:
    """How wide the widest page is; each but the first repeats so many pixels."""
    return max(
        _pixels(sheet, first, after) + (again if first else 0) for first, after in pairwise(edges)
    )


def _pixels(sheet: Worksheet, first: int, after: int) -> int:
    """How wide the columns from ``first`` to the one before ``after`` are."""
    known = sheet.col_info
    return sum(known[column].width if column in known else 64 for column in range(first, after))
