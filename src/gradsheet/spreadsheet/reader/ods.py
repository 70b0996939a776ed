"""The book in an .ods file: one part holds all sheets and names."""

import re
from datetime import datetime
from pathlib import Path

from gradsheet.spreadsheet.addresses import is_on_named_sheet
from gradsheet.spreadsheet.limits import FORMULA_CHARACTERS
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.spreadsheet.reader.archive import (
    DAMAGED,
    PASSWORD,
    Budget,
    Parts,
    RefusedError,
    quoted,
)
from gradsheet.spreadsheet.reader.finish import finished
from gradsheet.spreadsheet.reader.grid import EPOCH, MACROS, Grid, Oddities
from gradsheet.spreadsheet.reader.ods_cell import CellText, cell_value, count
from gradsheet.spreadsheet.reader.ods_charts import charts_of
from gradsheet.spreadsheet.reader.ods_table import Table
from gradsheet.spreadsheet.reader.openformula import from_open_address, from_open_formula
from gradsheet.spreadsheet.reader.part_reader import Attributes, PartReader
from gradsheet.spreadsheet.reader.properties import open_properties_of

_LINKS = "the file links to other files: they were not opened"
_OTHER_FILE = re.compile(r"'\[(?:file|https?|ftp)://")


def read_ods(path: Path, parts: Parts) -> Book:
    """The book whose parts these are."""
    manifest = _Manifest()
    if "META-INF/manifest.xml" in parts:
        manifest.read(parts, "META-INF/manifest.xml")
    if manifest.is_encrypted:
        raise RefusedError(PASSWORD)
    content = _Content(parts.budget).read(parts, "content.xml")
    if any(name.startswith(("basic/", "scripts/")) for name in parts):
        content.oddities.remark(MACROS)
    charts = [
        chart for sheet, target in content.objects for chart in charts_of(parts, sheet, target)
    ]
    noted = open_properties_of(parts)
    return finished(path, content.sheets, content.names, charts, content.oddities, noted)


class _Manifest(PartReader):
    """Whether any part has a password."""

    root = "manifest"

    def __init__(self) -> None:
        super().__init__({"encryption-data": self._encrypted}, {})
        self.is_encrypted = False

    def _encrypted(self, _: Attributes) -> None:
        self.is_encrypted = True


class _Content(PartReader):
    """The sheets, names and embedded objects of a content.xml."""

    root = "document-content"

    def __init__(self, budget: Budget) -> None:
        self._cell_text = CellText(self, lambda n: self._table.grid.spend_characters(n))
        super().__init__(
            {
                "null-date": self._null_date,
                "table": self._start_table,
                "table-source": self._source,
                "table-row": self._row,
                "table-cell": self._cell,
                "covered-table-cell": self._cell,
                "object": self._object,
                "named-range": self._named_range,
                **self._cell_text.starts,
            },
            {
                "table": self._end_table,
                "table-row": self._end_row,
                "table-cell": self._end_cell,
                "covered-table-cell": self._end_cell,
                **self._cell_text.ends,
            },
        )
        self.oddities = Oddities()
        self.sheets: list[Sheet] = []
        self.names: dict[str, str] = {}
        self.objects: list[tuple[str, str]] = []
        self._budget = budget
        self._epoch = EPOCH
        self._table = Table(Grid("", budget, self.oddities), budget)
        self._is_in_sheet = False
        self._attributes: Attributes = {}

    def _null_date(self, attributes: Attributes) -> None:
        date = attributes.get("table:date-value", "1899-12-30")
        try:
            self._epoch = datetime.fromisoformat(date).replace(tzinfo=None)
        except ValueError as error:
            raise RefusedError(f"its days are counted from no date; {DAMAGED}") from error

    def _start_table(self, attributes: Attributes) -> None:
        if self.path[-2] != "spreadsheet":
            return
        self._budget.spend("sheets")
        name = attributes.get("table:name", "")
        if any(sheet.name == name for sheet in self.sheets):
            raise RefusedError(f"two sheets are called {quoted(name)}; {DAMAGED}")
        self._table = Table(Grid(name, self._budget, self.oddities), self._budget)
        self._is_in_sheet = True

    def _source(self, _: Attributes) -> None:
        self._table.is_elsewhere = True
        self.oddities.remark(_LINKS)

    def _end_table(self) -> None:
        if self._is_in_sheet and self.path[-2] == "spreadsheet":
            self._table.grid.spread_arrays()
            if not self._table.is_elsewhere:
                self.sheets.append(self._table.grid.sheet)
            self._is_in_sheet = False

    def _row(self, attributes: Attributes) -> None:
        if not self._cell_text.is_open:
            self._table.start_row(count(attributes, "table:number-rows-repeated"))

    def _end_row(self) -> None:
        if self._is_in_sheet and not self._cell_text.is_open:
            self._table.end_row()

    def _cell(self, attributes: Attributes) -> None:
        if self._is_in_sheet and not self._cell_text.is_open:
            self._attributes = attributes
            self._cell_text.open()

    def _end_cell(self) -> None:
        if self._cell_text.close():
            columns = count(self._attributes, "table:number-columns-repeated")
            self._table.put(self._content(), columns)

    def _content(self) -> Cell | None:
        """What the cell that ends here holds; None where it is empty."""
        attributes, paragraphs = self._attributes, self._cell_text.paragraphs
        written = attributes.get("table:formula")
        if written is None and not paragraphs and "office:value-type" not in attributes:
            return None
        value = cell_value(attributes, paragraphs, self._table.grid, self._epoch)
        formula = self._formula(written) if written else None
        if formula is None and (value is None or value == ""):
            return None
        is_boolean = attributes.get("office:value-type") == "boolean"
        return Cell(value, formula, is_boolean=is_boolean)

    def _formula(self, written: str) -> str | None:
        """The cell's formula in Excel's notation; an array formula is noted, to be spread."""
        table = self._table
        table.grid.spend_characters(len(written))
        is_sensible = len(written) <= 4 * FORMULA_CHARACTERS  # where not, what follows refuses it
        translated = from_open_formula(written) if is_sensible else written
        formula = table.grid.formula(translated, table.index)
        if _OTHER_FILE.search(formula):
            self.oddities.remark(_LINKS)
        columns = "table:number-matrix-columns-spanned"
        rows = "table:number-matrix-rows-spanned"
        if formula and (columns in self._attributes or rows in self._attributes):
            spanned = (count(self._attributes, key) for key in (rows, columns))
            table.put_array(formula, *spanned)
        return formula or None

    def _object(self, attributes: Attributes) -> None:
        if self._is_in_sheet and "xlink:href" in attributes:
            self._budget.spend("names, links and lines of charts")
            self.objects.append((self._table.grid.sheet.name, attributes["xlink:href"]))

    def _named_range(self, attributes: Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        reference = from_open_address(attributes.get("table:cell-range-address", ""))
        name = attributes.get("table:name", "")
        is_of_the_book = self.path[-3:-2] == ["spreadsheet"]  # and goes before one of a sheet
        if is_on_named_sheet(reference) and (is_of_the_book or name not in self.names):
            self.names[name] = reference
