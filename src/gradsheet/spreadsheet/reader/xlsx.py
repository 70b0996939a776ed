"""The book in an .xlsx file: its sheets and names, each in a part of its own."""

import re
from collections.abc import Mapping
from pathlib import Path

from gradsheet.spreadsheet.addresses import is_on_named_sheet
from gradsheet.spreadsheet.limits import FORMULA_CHARACTERS
from gradsheet.spreadsheet.model import Book
from gradsheet.spreadsheet.reader.archive import (
    DAMAGED,
    NO_WORKBOOK,
    SAVE,
    Budget,
    Parts,
    RefusedError,
    quoted,
)
from gradsheet.spreadsheet.reader.finish import UnresolvedChart, finished
from gradsheet.spreadsheet.reader.grid import MACROS, Grid, Oddities
from gradsheet.spreadsheet.reader.part_reader import Attributes, PartReader
from gradsheet.spreadsheet.reader.properties import properties_of
from gradsheet.spreadsheet.reader.xlsx_charts import charts_of
from gradsheet.spreadsheet.reader.xlsx_relations import Relation, identity, relations_of
from gradsheet.spreadsheet.reader.xlsx_sheet import SharedStrings, SheetCells
from gradsheet.spreadsheet.reader.xlsx_tables import NamedTable, in_cells, tables_of


def read_xlsx(path: Path, parts: Parts) -> Book:
    """The book whose parts these are."""
    workbook = _workbook_part(parts)
    relations = relations_of(parts, workbook)
    listed = _Workbook(parts.budget).read(parts, workbook)
    oddities = Oddities()
    _remark_unread(parts, relations, oddities)
    strings = _strings(parts, relations)
    tables: list[NamedTable] = []
    grids: list[Grid] = []
    charts: list[UnresolvedChart] = []
    read: set[str] = set()
    for name, sheet in listed.sheets.items():
        relation = relations.get(sheet)
        if relation is None:
            raise RefusedError(f"its sheet {quoted(name)} is missing; {DAMAGED}")
        if relation.kind != "worksheet":
            oddities.remark(f"sheet {quoted(name)} is a {relation.kind} and was not read")
            continue
        if relation.target in read:  # a small file could hold a thousand sheets that way
            raise RefusedError(f"its sheet {quoted(name)} is another one as well; {DAMAGED}")
        read.add(relation.target)
        grid = Grid(name, parts.budget, oddities)
        SheetCells(grid, strings).read(parts, relation.target).finish()
        grids.append(grid)
        tables += tables_of(parts, name, relation.target)
        charts += charts_of(parts, name, relation.target)
    for grid in grids if tables else ():
        in_cells(grid, tables)
    names = {table.name: table.body for table in tables} | listed.names
    sheets = [grid.sheet for grid in grids]
    return finished(path, sheets, names, charts, oddities, properties_of(parts))


def _workbook_part(parts: Parts) -> str:
    """The part the whole file points to; it need not be called xl/workbook.xml."""
    relations = relations_of(parts, "").values()
    targets = (found.target for found in relations if found.kind == "officeDocument")
    target = next(targets, "xl/workbook.xml")
    if target.endswith(".bin"):
        raise RefusedError(f"it is a binary .xlsb workbook; {SAVE}")
    if target not in parts:
        raise RefusedError(NO_WORKBOOK)
    return target


def _remark_unread(parts: Parts, relations: Mapping[str, Relation], oddities: Oddities) -> None:
    kinds = [relation.kind for relation in relations.values()]
    if "vbaProject" in kinds or any(name.endswith("vbaproject.bin") for name in parts):
        oddities.remark(MACROS)
    if "externalLink" in kinds:
        count = kinds.count("externalLink")
        oddities.remark(f"the file links to other files ({count}): they were not opened")


def _strings(parts: Parts, relations: Mapping[str, Relation]) -> list[str]:
    for relation in relations.values():
        if relation.kind == "sharedStrings" and relation.target in parts:
            return SharedStrings().read(parts, relation.target).strings
    return []


_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?%?"
_VALUE = re.compile(rf"{_NUMBER}|(?:_xlfn\.)?LAMBDA\(.*", re.DOTALL)
"""What a name may mean besides cells: a number, or a function."""

SOLVED = "solver_opt"
"""The hidden name of the cell that Excel's Solver makes small or large."""


class _Workbook(PartReader):
    """The sheets (their identities by name) and the defined names."""

    root = "workbook"

    def __init__(self, budget: Budget) -> None:
        super().__init__(
            {"sheet": self._sheet, "definedName": self._name}, {"definedName": self._end_name}
        )
        self._budget = budget
        self.sheets: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self._attributes: Attributes = {}

    def _sheet(self, attributes: Attributes) -> None:
        self._budget.spend("sheets")
        name = attributes.get("name", "")
        if name in self.sheets:
            raise RefusedError(f"two sheets are called {quoted(name)}; {DAMAGED}")
        self.sheets[name] = identity(attributes)

    def _name(self, attributes: Attributes) -> None:
        self._budget.spend("names, links and lines of charts")
        self._attributes = attributes
        self.text.clear()

    def _end_name(self) -> None:
        name = self._attributes.get("name", "")
        hidden = self._attributes.get("hidden", "0") in ("1", "true") and name != SOLVED
        reference = self.written().strip().removeprefix("=")
        if name.startswith("_xlnm.") or hidden or not _is_understood(reference):
            return
        if "localSheetId" in self._attributes:  # a name of the whole book goes before it
            self.names.setdefault(name, reference)
        else:
            self.names[name] = reference


def _is_understood(behind: str) -> bool:
    """Whether a name means cells, a number or a function."""
    is_value = len(behind) <= FORMULA_CHARACTERS and _VALUE.fullmatch(behind) is not None
    return is_value or is_on_named_sheet(behind)
