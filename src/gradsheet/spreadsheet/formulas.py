"""The formulas of a workbook, each parsed once however often it was copied."""

import re
from functools import cached_property
from typing import Any, NamedTuple

from gradsheet.spreadsheet.addresses import QUOTED_SHEET_PATTERN, CellIndex
from gradsheet.spreadsheet.formula import Node, references
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.spreadsheet.parser import parse

# A row that moves with the formula; texts and names of sheets are passed over.
_MOVING_ROW = re.compile(
    rf"""("(?:[^"]|"")*"|{QUOTED_SHEET_PATTERN})"""
    r"|(?<![\w.])(\$?[A-Za-z]{1,3})([1-9][0-9]{0,6})(?![\w(.!])"
)


class Formulas:
    """The formulas of a book as trees, each parsed when it is first asked for.

    Equal trees are one object.

    Attributes:
        book: the workbook.
        kept: what others have found out about the workbook, by what it is; it lasts as long.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        self.kept: dict[type, Any] = {}
        self._names = {name.lower(): behind for name, behind in book.names.items()}
        self._trees: dict[tuple[str, CellIndex], Node | FormulaError] = {}
        self._copies: dict[object, Node] = {}
        self._latest: dict[int, tuple[_Filled | None, Node | None]] = {}
        self._known: dict[Node, Node] = {}

    def tree(self, sheet: str, index: CellIndex) -> Node:
        """The tree of the formula in a cell that holds one.

        Raises:
            FormulaError: it is not understood.
        """
        key = (sheet, index)
        if (tree := self._trees.get(key)) is None:
            tree = self._trees[key] = self._parse(self.book.sheets[sheet].cells[index], index)
        if isinstance(tree, FormulaError):
            raise tree
        return tree

    def column(self, sheet: Sheet, column: int, rows: range) -> list[Node | None]:
        """The trees of a column; None for a cell without a formula that is understood."""
        return [self._in_column(sheet, CellIndex(row, column)) for row in rows]

    def _in_column(self, sheet: Sheet, index: CellIndex) -> Node | None:
        cell = sheet.cells.get(index)
        if cell is None or cell.formula is None:
            return None
        filled, tree = self._latest.get(index.column, _NOTHING)
        if filled and not cell.anchor and filled.text(index.row) == cell.formula:
            return tree
        try:
            return self.tree(sheet.name, index)
        except FormulaError:
            return None

    def cell(self, sheet: str, index: CellIndex) -> Cell | None:
        """What a cell holds; None where it is empty or there is no such sheet."""
        found = self.book.sheets.get(sheet)
        return found.cells.get(index) if found else None

    def _parse(self, cell: Cell, index: CellIndex) -> Node | FormulaError:
        assert cell.formula is not None
        at = cell.anchor or index
        filled, latest = self._latest.get(at.column, _NOTHING)
        if filled and latest and filled.text(at.row) == cell.formula:
            return latest
        parts = _parts(cell.formula, at) if self._has_fixed_names else None
        key = (at.column, *parts) if parts else (cell.formula, at)
        if key not in self._copies:
            try:
                tree = parse(cell.formula, at, self._names)
            except FormulaError as error:  # its words may quote the row
                return error
            self._copies[key] = self._known.setdefault(tree, tree)
        if parts:
            self._latest[at.column] = _Filled.of(parts), self._copies[key]
        return self._copies[key]

    @cached_property
    def _has_fixed_names(self) -> bool:
        """Whether each defined name means the same in every cell."""
        return all(map(_is_fixed, self._names.values()))


def _is_fixed(behind: str) -> bool:
    """Whether a name means the same cells everywhere; one that is not understood means none."""
    try:
        tree = parse(behind, CellIndex(1, 1))
    except FormulaError:
        return True
    return all(ref.row_fixed and ref.column_fixed for ref in references(tree))


def _parts(formula: str, at: CellIndex) -> list[object]:
    """The parts of a formula: texts, and as numbers how far below its cell the rows it reads are.

    Formulas of one column that are copies of each other have the same ones.
    """
    parts: list[object] = [*_MOVING_ROW.split(formula)]
    for number in range(3, len(parts), 4):
        if (digits := parts[number]) is not None:
            parts[number] = int(str(digits)) - at.row
    return parts


class _Filled(NamedTuple):
    """A formula that is filled down: the next cell mostly holds the same, a row further down.

    To write that out is much faster than to take the next formula apart.
    """

    pattern: str
    offsets: tuple[int, ...]

    @classmethod
    def of(cls, parts: list[object]) -> "_Filled":
        """The formula with these parts."""
        texts = [
            "%d" if isinstance(part, int) else str(part or "").replace("%", "%%") for part in parts
        ]
        return cls("".join(texts), tuple(part for part in parts if isinstance(part, int)))

    def text(self, row: int) -> str:
        """The formula in a row."""
        return self.pattern % tuple([row + offset for offset in self.offsets])


_NOTHING: tuple[_Filled | None, Node | None] = (None, None)
