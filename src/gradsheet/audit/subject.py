"""The table under audit: its interpretation, the values of its cells, and findings about it."""

import math
from collections.abc import Callable, Sequence
from functools import cached_property

from gradsheet.audit.details import Content, Details
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.rules import Rule
from gradsheet.networks.symbols import Symbol, symbol_of
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.cached import TOLERANCE, CachedValues
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.model import Cell
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import Array

_EXACT = 1e-12
"""Relative difference of stated values that are as good as computed ones."""


class Subject:
    """One table that checks look at.

    Attributes:
        found: the table and the network it is taken for.
        table: the table itself.
        sheet: the name of its sheet.
    """

    def __init__(self, found: Interpretation, evaluator: Evaluator) -> None:
        self.found, self.table = found, found.table
        self.sheet = found.table.sheet.name
        self._evaluator = evaluator
        self._right: tuple[Array | None] | None = None

    @property
    def updates(self) -> int:
        """How often the weights are updated."""
        return len(self.table.rows) - 1

    @cached_property
    def rate(self) -> float:
        """The learning rate; NaN where the table has none."""
        rate = self.found.rate
        if rate.cell:
            return self._evaluator.value(*rate.cell)
        if rate.column is not None and math.isnan(rate.value):
            return self.value(self.table.rows[0], rate.column)
        return rate.value

    def rate_in(self, column: int) -> float:
        """The learning rate that is due in a column."""
        cell = self.found.rates.cell(column)
        return self._evaluator.value(*cell) if cell else self.rate

    def role(self, column: int) -> Symbol | None:
        """The value of the network that a column holds; None where it is unknown."""
        return self.found.symbols.get(column)

    def value(self, row: int, column: int) -> float:
        """The number in a cell; NaN where it shows none."""
        if row in self.table.rows and self._stated_difference <= _EXACT:
            cell = self.table.cell(row, column)
            if cell is not None and isinstance(cell.value, float):
                return cell.value
        return self._evaluator.value(self.sheet, CellIndex(row, column))

    def is_error(self, row: int, column: int) -> bool:
        """Whether a cell shows an error; False where its value cannot be computed."""
        is_unknown = self._evaluator.is_unknown(self.sheet, CellIndex(row, column))
        return math.isnan(self.value(row, column)) and not is_unknown

    def array_of(self, cell: CellIndex) -> CellRef | None:
        """The first cell of the array formula that a cell is in; None of any other."""
        arrangement = self.table.arrangement
        place = CellRef(self.sheet, cell) if arrangement is None else arrangement.cells[cell]
        held = self.table.formulas.cell(*place)
        return None if held is None or held.anchor is None else place._replace(cell=held.anchor)

    @property
    def is_up_to_date(self) -> bool:
        """Whether the file states what its formulas give; False where that takes computing them."""
        return self._stated_difference <= TOLERANCE

    @cached_property
    def _stated_difference(self) -> float:
        table = self.table
        if table.arrangement is not None or table.has_arrays:
            return math.inf
        stated = CachedValues(table.formulas, self._evaluator, table.sheet, table.rows)
        return stated.difference(
            (column, rows)
            for column in table.columns
            for tree, rows in table.copies(column).items()
            if tree is not None  # of what is not understood its own value is all that is known
        )

    def number(self, variable: Variable, row: int) -> float:
        """The number that a row holds for a value of the network; NaN if it has none."""
        if variable is self.found.reference.rate:
            return self.rate
        for cell, symbol in self.found.outside.items():
            if symbol == variable.label:
                return self._evaluator.value(*cell)
        rows = self.table.rows
        index = rows.index(row) - (self.found.reference.rows_above(variable) or 0)
        column = self._columns.get(symbol_of(variable))
        if column is None or not 0 <= index < len(rows):
            return math.nan
        return self.value(rows[index], column)

    @cached_property
    def _columns(self) -> dict[Symbol, int]:
        """The first column of each value."""
        return {symbol: column for column, symbol in reversed(self.found.symbols.items())}

    @cached_property
    def pasted_rows(self) -> frozenset[int]:
        """The rows in which most of what other rows compute is not computed."""
        columns = [c for c in self.table.usual if c in self.found.symbols]
        rows = self.table.rows[:-1] if self.found.roles.ends_with_weights else self.table.rows
        return frozenset(row for row in rows if self._is_pasted(row, columns))

    def _is_pasted(self, row: int, columns: Sequence[int]) -> bool:
        if row == self.table.rows[0]:  # where weights start from numbers
            columns = [c for c in columns if self.role(c) not in self.found.roles.carried]
        return 2 * sum(self.table.tree(row, c) is None for c in columns) > len(columns)

    def right_losses(self, train: Callable[..., Array | None]) -> Array | None:
        """What right training comes to at the table's own learning rate, computed once."""
        if self._right is None:
            self._right = (train(self, [self.rate], self.updates),)
        return self._right[0]

    def content(self, row: int, column: int) -> Content:
        """What a cell holds."""
        return content_of(self.table.cell(row, column))

    def finding(
        self, rule: Rule | Sequence[Rule], rows: Sequence[int], column: int, details: Details
    ) -> Finding:
        """A finding about some rows of a column."""
        return Finding(
            rules=(rule,) if isinstance(rule, Rule) else tuple(rule),
            details=details,
            sheet=self.sheet,
            cell=CellIndex(rows[0], column),
            cells=len(rows),
            column=self.found.header(column),
            role=self.role(column),
        )

    def on_own_sheet(self, cell: CellRef) -> CellRef:
        """A cell without the name of its sheet where that is the table's own."""
        return cell._replace(sheet="") if cell.sheet == self.sheet else cell


def content_of(cell: Cell | None) -> Content:
    """What a cell holds, as a finding shows it."""
    if cell is None:
        return Content()
    return Content(cell.value, cell.formula or "")
