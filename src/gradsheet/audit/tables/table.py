"""One table of a sheet: where it is, what its cells hold, what is written above its columns."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

from gradsheet.audit.tables.headers import read_header
from gradsheet.audit.tables.steps.arrangement import Arrangement
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import Node
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Cell, Sheet
from gradsheet.symbolic.expression import Expression

_OF_ITS_FORMULAS = ("_trees", "_copies", "usual", "named", "has_arrays")
"""What tables in the same cells of sheets with the same formulas share."""


@dataclass(frozen=True)
class Table:
    """One table, before anything is known of its meaning.

    Attributes:
        rows: of its data.
        columns: that hold numbers or formulas, from left to right.
        headers: the text above each column, where there is one.
        header_row: None where there is no header.
        arrangement: where its cells are in the file, where that is another place.
        like: the table on another sheet with the same formulas in the same cells, if there is one.
        different: the cells of the sheet whose typed numbers differ from those of that one.
    """

    formulas: Formulas
    sheet: Sheet
    rows: range
    columns: tuple[int, ...]
    headers: dict[int, str]
    header_row: int | None
    arrangement: Arrangement | None = None
    like: "Table | None" = None
    different: frozenset[CellIndex] = frozenset()

    def cell(self, row: int, column: int) -> Cell | None:
        """What one of its cells holds; None where it is empty."""
        return self.sheet.cells.get(CellIndex(row, column))

    def number(self, row: int, column: int) -> float:
        """The number a cell states; NaN where it states none."""
        cell = self.cell(row, column)
        return math.nan if cell is None else cell.number

    def tree(self, row: int, column: int) -> Node | None:
        """The formula of a cell; None where it holds none that is understood."""
        return self._trees[column][row - self.rows.start]

    @cached_property
    def _trees(self) -> dict[int, list[Node | None]]:
        """For each column the formulas of its rows."""
        return {c: self.formulas.column(self.sheet, c, self.rows) for c in self.columns}

    def copies(self, column: int) -> dict[Node | None, list[int]]:
        """The rows of a column by their formulas; by None those without one."""
        if column not in self._copies:
            copies: dict[Node | None, list[int]] = {}
            latest, rows = None, copies.setdefault(None, [])
            for row, tree in zip(self.rows, self._trees[column], strict=True):
                if tree is not latest:
                    latest, rows = tree, copies.setdefault(tree, [])
                rows.append(row)
            if not copies[None]:
                del copies[None]
            self._copies[column] = copies
        return self._copies[column]

    @cached_property
    def has_arrays(self) -> bool:
        """Whether its sheet holds array formulas."""
        return any(cell.anchor for cell in self.sheet.cells.values())

    @cached_property
    def _copies(self) -> dict[int, dict[Node | None, list[int]]]:
        return {}

    @cached_property
    def lowered(self) -> dict[object, dict[int, Expression | None]]:
        """What the usual formulas compute over values of a network, under each set of names."""
        return {}

    @cached_property
    def kept(self) -> dict[type, Any]:
        """What others have found out about the table alone, by what it is."""
        return {}

    @cached_property
    def varied(self) -> frozenset[int]:
        """The typed columns whose numbers differ, and are no series that was filled down."""
        typed = (column for column in self.columns if column not in self.usual)
        return frozenset(filter(self._is_varied, typed))

    def _is_varied(self, column: int) -> bool:
        numbers = [self.number(row, column) for row in self.rows]
        steps = {round(after - before, 9) for before, after in pairwise(numbers)}
        return len(set(numbers)) > 1 and len(steps) > 1

    def on(self, sheet: Sheet, different: frozenset[CellIndex]) -> "Table":
        """The table in the same cells of another sheet, where typed numbers alone differ.

        Args:
            sheet: the other one.
            different: the cells of these numbers.
        """
        other = replace(self, sheet=sheet, like=self, different=different)
        vars(other).update({name: getattr(self, name) for name in _OF_ITS_FORMULAS})
        return other

    @cached_property
    def later_rows(self) -> range:
        """The rows that an update leads to; the only row of a table of one."""
        return self.rows[1:] or self.rows

    @cached_property
    def usual(self) -> dict[int, Node]:
        """For each column of formulas the formula that most of its later rows hold."""
        trees = {column: self._usual_tree(column) for column in self.columns}
        return {column: tree for column, tree in trees.items() if tree is not None}

    def _usual_tree(self, column: int) -> Node | None:
        """The most frequent formula of a column; None where less than half of it are formulas.

        Of one step the row below may hold the new weights alone.
        """
        rows = self.later_rows
        if len(rows) == 1 and self.cell(rows[0], column) is None:
            rows = self.rows[:1]
        among = {tree: [r for r in same if r in rows] for tree, same in self.copies(column).items()}
        formulas = len(rows) - len(among.pop(None, ()))
        if 2 * formulas < len(rows) or not formulas:
            return None
        return max(among, key=lambda tree: (len(among[tree]), -min(among[tree], default=0)))

    def shares_header(self, column: int) -> bool:
        """Whether the text above a column may belong to other columns as well."""
        if self.arrangement is None or self.header_row is None:
            return False
        if not self.arrangement.is_across:
            return True
        cells = self.arrangement.cells
        labels = [cells.get(CellIndex(self.header_row, other)) for other in self.columns]
        return labels.count(cells.get(CellIndex(self.header_row, column))) > 1

    @cached_property
    def named(self) -> dict[int, Symbol]:
        """The value that each header names, where it names one."""
        symbols = {column: read_header(text) for column, text in self.headers.items()}
        return {column: symbol for column, symbol in symbols.items() if symbol}
