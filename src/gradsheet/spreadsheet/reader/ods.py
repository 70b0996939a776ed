"""The book in an .ods file: one part holds all sheets and names, repeated cells written once."""

import re
from datetime import datetime
from pathlib import Path

from gradsheet.spreadsheet.addresses import CellIndex, CellRange, is_on_named_sheet
from gradsheet.spreadsheet.limits import COLUMNS, FORMULA_CHARACTERS, ROWS
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.spreadsheet.reader.archive import (
    DAMAGED,
    PASSWORD,
    SAVE,
    Budget,
    Parts,
    RefusedError,
    quoted,
)
from gradsheet.spreadsheet.reader.finish import finished
from gradsheet.spreadsheet.reader.grid import EPOCH, MACROS, Grid, Oddities, serial
from gradsheet.spreadsheet.reader.listener import Attributes, Listener, natural
from gradsheet.spreadsheet.reader.ods_charts import charts_of
from gradsheet.spreadsheet.reader.openformula import from_open_address, from_open_formula

_LINKS = "the file links to other files: they were not opened"
_OTHER_FILE = re.compile(r"'\[(?:file|https?|ftp)://")
_DURATION = re.compile(r"(-?)PT(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,20})?)S)?")


def read_ods(path: Path, parts: Parts) -> Book:
    """The book whose parts these are."""
    manifest = _Manifest()
    if "META-INF/manifest.xml" in parts:
        manifest.hear(parts, "META-INF/manifest.xml")
    if manifest.is_encrypted:
        raise RefusedError(PASSWORD)
    content = _Content(parts.budget).hear(parts, "content.xml")
    if any(name.startswith(("basic/", "scripts/")) for name in parts):
        content.oddities.remark(MACROS)
    charts = [
        chart for sheet, target in content.objects for chart in charts_of(parts, sheet, target)
    ]
    return finished(path, content.sheets, content.names, charts, content.oddities)


class _Manifest(Listener):
    """Whether any part has a password."""

    root = "manifest"

    def __init__(self) -> None:
        super().__init__({"encryption-data": self._encrypted}, {})
        self.is_encrypted = False

    def _encrypted(self, _: Attributes) -> None:
        self.is_encrypted = True


class _Content(Listener):
    """The sheets, names and embedded objects of a content.xml."""

    root = "document-content"

    def __init__(self, budget: Budget) -> None:
        super().__init__(
            {
                "null-date": self._null_date,
                "table": self._table,
                "table-source": self._source,
                "table-row": self._row,
                "table-cell": self._cell,
                "covered-table-cell": self._cell,
                "p": self._paragraph,
                "annotation": self._annotation,
                "s": self._spaces,
                "tab": self._tab,
                "line-break": self._line_break,
                "object": self._object,
                "named-range": self._named_range,
            },
            {
                "table": self._end_table,
                "table-row": self._end_row,
                "table-cell": self._end_cell,
                "covered-table-cell": self._end_cell,
                "p": self._end_paragraph,
                "annotation": self._end_annotation,
            },
        )
        self.oddities = Oddities()
        self.sheets: list[Sheet] = []
        self.names: dict[str, str] = {}
        self.objects: list[tuple[str, str]] = []
        self._budget = budget
        self._epoch = EPOCH
        self._grid = Grid("", budget, self.oddities)
        self._is_in_sheet = False
        self._is_elsewhere = False
        self._place = CellIndex(1, 1)
        self._rows = 1
        self._row_cells: list[tuple[int, Cell]] = []
        self._cell_depth = 0
        self._cell_attributes: Attributes = {}
        self._paragraphs: list[str] = []
        self._note_depth = 0
        self._before_note = 0

    def _null_date(self, attributes: Attributes) -> None:
        date = attributes.get("table:date-value", "1899-12-30")
        try:
            self._epoch = datetime.fromisoformat(date).replace(tzinfo=None)
        except ValueError as error:
            raise RefusedError(f"its days are counted from no date; {DAMAGED}") from error

    def _table(self, attributes: Attributes) -> None:
        if self.path[-2] != "spreadsheet":
            return
        self._budget.spend("sheets")
        name = attributes.get("table:name", "")
        if any(sheet.name == name for sheet in self.sheets):
            raise RefusedError(f"two sheets are called {quoted(name)}; {DAMAGED}")
        self._grid = Grid(name, self._budget, self.oddities)
        self._is_in_sheet = True
        self._is_elsewhere = False
        self._place = CellIndex(1, 1)

    def _source(self, _: Attributes) -> None:
        """The sheet is a copy of one in another file."""
        self._is_elsewhere = True
        self.oddities.remark(_LINKS)

    def _end_table(self) -> None:
        if self._is_in_sheet and self.path[-2] == "spreadsheet":
            self._grid.spread_arrays()
            if not self._is_elsewhere:
                self.sheets.append(self._grid.sheet)
            self._is_in_sheet = False

    def _row(self, attributes: Attributes) -> None:
        if not self._cell_depth:
            self._rows = _count(attributes, "table:number-rows-repeated")
            self._place = CellIndex(self._place.row, 1)

    def _end_row(self) -> None:
        if self._cell_depth or not self._is_in_sheet:
            return
        first, end = self._place.row, self._place.row + self._rows
        if self._row_cells:
            self._check_size(end - 1, 1)
            self._budget.spend("cells", self._rows * len(self._row_cells))
            cells = self._grid.sheet.cells
            for row in range(first, end):
                cells.update({CellIndex(row, column): cell for column, cell in self._row_cells})
            self._row_cells.clear()
        self._place = CellIndex(end, 1)

    def _cell(self, attributes: Attributes) -> None:
        if self._is_in_sheet and not self._cell_depth:
            self._cell_attributes = attributes
            self._cell_depth = len(self.path)
            self._paragraphs.clear()

    def _end_cell(self) -> None:
        if len(self.path) != self._cell_depth:
            return
        self._cell_depth = 0
        row, first = self._place
        columns = _count(self._cell_attributes, "table:number-columns-repeated")
        cell = self._content()
        if cell is not None:
            self._check_size(row, first + columns - 1)
            self._row_cells += [(column, cell) for column in range(first, first + columns)]
        self._place = CellIndex(row, first + columns)

    def _check_size(self, row: int, column: int) -> None:
        if row > ROWS or column > COLUMNS:
            raise RefusedError(
                f"a sheet of it has more than {ROWS:,} rows or {COLUMNS:,} columns; {SAVE}"
            )

    def _content(self) -> Cell | None:
        """What the cell that ends here holds."""
        attributes = self._cell_attributes
        written = attributes.get("table:formula")
        if written is None and not self._paragraphs and "office:value-type" not in attributes:
            return None
        value = self._value(attributes)
        formula = self._formula(written) if written else None
        if formula is None and (value is None or value == ""):
            return None
        return Cell(value, formula)

    def _value(self, attributes: Attributes) -> float | str | None:
        kind = attributes.get("office:value-type", "string" if self._paragraphs else "")
        text = "\n".join(self._paragraphs)
        if attributes.get("calcext:value-type") == "error":
            return text
        if kind in ("float", "percentage", "currency"):
            number = attributes.get("office:value", "")
            return self._grid.number(number) if number else None
        if kind == "boolean":
            return float(attributes.get("office:boolean-value") == "true")
        if kind == "date":
            return serial(attributes.get("office:date-value", text), self._epoch)
        if kind == "time":
            return _days(attributes.get("office:time-value", text))
        return attributes.get("office:string-value", text) if kind == "string" else None

    def _formula(self, written: str) -> str | None:
        """The cell's formula in Excel's notation; an array formula is put down to be spread."""
        self._grid.spend_characters(len(written))
        is_sensible = len(written) <= 4 * FORMULA_CHARACTERS  # where not, what follows refuses it
        translated = from_open_formula(written) if is_sensible else written
        formula = self._grid.formula(translated, self._place)
        if _OTHER_FILE.search(formula):
            self.oddities.remark(_LINKS)
        columns = "table:number-matrix-columns-spanned"
        rows = "table:number-matrix-rows-spanned"
        if formula and (columns in self._cell_attributes or rows in self._cell_attributes):
            last = CellIndex(
                self._place.row + _count(self._cell_attributes, rows) - 1,
                self._place.column + _count(self._cell_attributes, columns) - 1,
            )
            self._check_size(*last)
            self._grid.arrays.append((CellRange(self._place, last), formula))
        return formula or None

    def _is_in_cell(self) -> bool:
        """Whether the innermost element is the cell's own and not of a note or a drawing."""
        return len(self.path) - 1 == self._cell_depth

    def _paragraph(self, _: Attributes) -> None:
        if self._is_in_cell():
            self.text.clear()

    def _end_paragraph(self) -> None:
        if self._is_in_cell():
            self._paragraphs.append(self.written())

    def _annotation(self, _: Attributes) -> None:
        if not self._note_depth:
            self._note_depth = len(self.path)
            self._before_note = len(self.text)

    def _end_annotation(self) -> None:
        """Forget what a note inside a paragraph says."""
        if len(self.path) == self._note_depth:
            self._note_depth = 0
            del self.text[self._before_note :]

    def _spaces(self, attributes: Attributes) -> None:
        spaces = _count(attributes, "text:c")
        self._grid.spend_characters(spaces)
        self.text.append(" " * spaces)

    def _tab(self, _: Attributes) -> None:
        self.text.append("\t")

    def _line_break(self, _: Attributes) -> None:
        self.text.append("\n")

    def _object(self, attributes: Attributes) -> None:
        if self._is_in_sheet and "xlink:href" in attributes:
            self._budget.spend("names, links and lines of charts")
            self.objects.append((self._grid.sheet.name, attributes["xlink:href"]))

    def _named_range(self, attributes: Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        reference = from_open_address(attributes.get("table:cell-range-address", ""))
        name = attributes.get("table:name", "")
        is_of_the_book = self.path[-3:-2] == ["spreadsheet"]  # and goes before one of a sheet
        if is_on_named_sheet(reference) and (is_of_the_book or name not in self.names):
            self.names[name] = reference


def _count(attributes: Attributes, key: str) -> int:
    """How often the attribute ``key`` says; once where it says nothing."""
    text = attributes.get(key, "1")
    count = natural(text)
    if count < 1:
        raise RefusedError(f"{key} is {quoted(text)}; {DAMAGED}")
    return count


def _days(duration: str) -> float | str:
    """``PT12H00M00S`` as 0.5; the text itself where it is no duration."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        return duration
    hours, minutes, seconds = (float(part or 0) for part in found.groups()[1:])
    days = (3600 * hours + 60 * minutes + seconds) / 86400
    return -days if found[1] else days
