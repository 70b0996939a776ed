"""Tables with names, as Excel's command "Format as Table" makes them, and references to them.

``Table1[[#This Row],[w1]]`` is written as the cell that it means, ``Table1[w1]`` as the range.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gradsheet.spreadsheet.addresses import (
    QUOTED_SHEET_PATTERN,
    AddressError,
    CellIndex,
    CellRange,
    on_sheet,
)
from gradsheet.spreadsheet.reader.archive import Parts
from gradsheet.spreadsheet.reader.grid import Grid
from gradsheet.spreadsheet.reader.part_reader import Attributes, PartReader, natural
from gradsheet.spreadsheet.reader.xlsx_relations import relations_of

_ITEM = r"(?:'.|[^\[\]'])*"
_STRUCTURED = re.compile(
    rf"""("(?:[^"]|"")*"|{QUOTED_SHEET_PATTERN}!)"""
    rf"|(?P<table>(?:[^\W\d]|\\)[\w.\\]*)?\[(?P<inside>(?:\[{_ITEM}\]|'.|[^\[\]'])*)\]"
)
_BRACKETED = re.compile(rf"\[({_ITEM})\]")
_ESCAPED = re.compile(r"'(.)")
_THIS_ROW = "#this row"


@dataclass(frozen=True)
class NamedTable:
    """A table with a name.

    Attributes:
        cells: with the headers and the totals.
        headers: how many rows of them, 0 or 1.
        totals: how many rows of them, 0 or 1.
        columns: the header of each in lower case, and how far right of the first it is.
    """

    name: str
    sheet: str
    cells: CellRange
    headers: int
    totals: int
    columns: Mapping[str, int]

    @property
    def data(self) -> range:
        """The rows between the headers and the totals."""
        first, last = self.cells.first.row, self.cells.last.row
        return range(first + self.headers, last - self.totals + 1)

    @property
    def _last(self) -> int:
        """How far right of the first column the last is."""
        return self.cells.size[1] - 1

    def holds(self, cell: CellIndex) -> bool:
        """Whether a cell is among its data."""
        return cell.row in self.data and 0 <= cell.column - self.cells.first.column <= self._last

    @property
    def body(self) -> str:
        """The reference to its data."""
        return on_sheet(self.sheet, self._area(self.data, 0, self._last))

    def reference(self, inside: str, sheet: str, row: int) -> str | None:
        """The cells that the part in brackets means; None where there are none.

        Args:
            inside: without the outer brackets: ``w1``, ``[#This Row],[w1]``, ``@w1``.
            sheet: of the formula.
            row: of the formula.
        """
        items = _BRACKETED.findall(inside) or [inside]
        if inside.startswith("@"):
            items = ["#This Row", *(_BRACKETED.findall(inside) or [inside[1:]])]
        special = {item.lower() for item in items if item.startswith("#")}
        named = [_ESCAPED.sub(r"\1", i).lower() for i in items if not i.startswith("#") and i]
        rows = range(row, row + 1) if _THIS_ROW in special else self._rows(special)
        is_apart = _THIS_ROW in special and (row not in self.data or sheet != self.sheet)
        if rows is None or not rows or is_apart or any(name not in self.columns for name in named):
            return None
        numbers = [self.columns[name] for name in named] or [0, self._last]
        if _THIS_ROW in special:
            first, last = (self._at(row, number) for number in (min(numbers), max(numbers)))
            return str(first) if first == last else f"{first}:{last}"
        return on_sheet(self.sheet if sheet != self.sheet else "", self._area(rows, *numbers))

    def _rows(self, special: set[str]) -> range | None:
        """The rows that #Headers, #Data, #Totals and #All mean together."""
        first, last = self.cells.first.row, self.cells.last.row
        parts = {
            "#headers": range(first, first + self.headers),
            "#data": self.data,
            "#totals": range(last - self.totals + 1, last + 1),
            "#all": range(first, last + 1),
        }
        if not special <= parts.keys():
            return None
        rows = [row for name in special or {"#data"} for row in parts[name]]
        return range(min(rows), max(rows) + 1) if rows else None

    def _area(self, rows: range, *numbers: int) -> str:
        first, last = self._at(rows[0], min(numbers)), self._at(rows[-1], max(numbers))
        return CellRange(first, last).absolute

    def _at(self, row: int, number: int) -> CellIndex:
        return CellIndex(row, self.cells.first.column + number)


def tables_of(parts: Parts, sheet: str, part: str) -> Iterator[NamedTable]:
    """The tables with names on the sheet that is kept in ``part``."""
    for relation in relations_of(parts, part).values():
        if relation.kind == "table" and relation.target in parts:
            found = _Table(parts).read(parts, relation.target).table(sheet)
            if found is not None:
                yield found


class _Table(PartReader):
    """One table."""

    root = "table"

    def __init__(self, parts: Parts) -> None:
        super().__init__({"table": self._start, "tableColumn": self._column}, {})
        self._budget = parts.budget
        self._attributes: Attributes = {}
        self._columns: dict[str, int] = {}

    def table(self, sheet: str) -> NamedTable | None:
        """The table on ``sheet``, once its part is read; None where it has no place or rows."""
        held = self._attributes
        try:
            cells = CellRange.parse(held.get("ref", ""))
        except AddressError:
            return None
        name = held.get("displayName") or held.get("name", "")
        headers, totals = (
            min(1, max(0, natural(held.get(key, usual))))
            for key, usual in (("headerRowCount", "1"), ("totalsRowCount", "0"))
        )
        found = NamedTable(name, sheet, cells, headers, totals, self._columns)
        return found if found.data and len(self._columns) <= cells.size[1] else None

    def _start(self, attributes: Attributes) -> None:
        self._attributes = attributes

    def _column(self, attributes: Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        name = attributes.get("name", "").replace("_x000a_", "\n").replace("_x000A_", "\n")
        self._columns.setdefault(name.lower(), len(self._columns))


def in_cells(grid: Grid, tables: Sequence[NamedTable]) -> None:
    """Write the references to tables in the formulas of a sheet as cells."""
    by_name = {table.name.lower(): table for table in tables}
    own = [table for table in tables if table.sheet == grid.sheet.name]
    for index, cell in grid.sheet.cells.items():
        if cell.formula is not None and "[" in cell.formula:
            at = cell.anchor or index
            inside = next((table for table in own if table.holds(at)), None)
            formula = _Written(grid.sheet.name, at, by_name, inside).formula(cell.formula)
            grid.sheet.cells[index] = replace(cell, formula=grid.formula(formula, index))


@dataclass(frozen=True)
class _Written:
    """A formula of a sheet and a cell of it, where tables are known.

    Attributes:
        inside: the table around the cell, which a reference without a name means.
    """

    sheet: str
    at: CellIndex
    tables: Mapping[str, NamedTable]
    inside: NamedTable | None

    def formula(self, text: str) -> str:
        """The text with cells in place of references to tables."""
        return _STRUCTURED.sub(self._cells, text)

    def _cells(self, found: re.Match[str]) -> str:
        if found["inside"] is None:
            return found[0]
        name = found["table"]
        table = self.tables.get(name.lower()) if name else self.inside
        inside = found["inside"].strip()
        cells = table.reference(inside, self.sheet, self.at.row) if table else None
        return found[0] if cells is None else cells
