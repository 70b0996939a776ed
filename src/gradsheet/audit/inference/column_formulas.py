"""The usual formulas of a table as expressions over its columns, before anything has a name."""

import math
from collections.abc import Mapping
from typing import NamedTuple, TypeGuard

from gradsheet.audit.tables.headers import is_loss, is_rate, read_header
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import LOSS
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import Reference, references, to_expression
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, expand, variables


class ColumnCell(NamedTuple):
    """A cell of the table as a formula sees it: its column, and how many rows above it is."""

    column: int
    rows_above: int = 0


Place = ColumnCell | CellRef
"""What a variable stands for: a cell of the table, or one beside it."""


def is_above(place: Place) -> TypeGuard[ColumnCell]:
    """Whether a place is a cell of the row above."""
    return isinstance(place, ColumnCell) and place.rows_above == 1


def key(expression: Expression, names: Mapping[Variable, object] | None = None) -> object:
    """The same for expressions that are written alike, with other names for some variables."""
    if isinstance(expression, Apply):
        return expression.operation, *(key(argument, names) for argument in expression.arguments)
    if isinstance(expression, Variable):
        return (names or {}).get(expression, expression)
    return expression.value if isinstance(expression, Number) else expression


def column_formulas(table: Table) -> "ColumnFormulas":
    """The usual formulas of a table, made once."""
    if ColumnFormulas not in table.kept:
        table.kept[ColumnFormulas] = ColumnFormulas(table)
    found: ColumnFormulas = table.kept[ColumnFormulas]
    return found


class ColumnFormulas:
    """For each column of formulas its usual one.

    Attributes:
        expressions: by their columns; over variables that stand for cells.
    """

    def __init__(self, table: Table) -> None:
        self._table, self._row = table, table.later_rows[0]
        self._variables: dict[Place, Variable] = {}
        self._places: dict[Variable, Place] = {}
        self.expressions = {column: self._expression(column) for column in table.usual}

    def variable(self, place: Place) -> Variable:
        """The variable that stands for a cell."""
        if place not in self._variables:
            self._variables[place] = Variable(str(place))
            self._places[self._variables[place]] = place
        return self._variables[place]

    def column(self, column: int) -> Variable:
        """The variable that stands for the cell of a column in the same row."""
        return self.variable(ColumnCell(column))

    def place(self, variable: Variable) -> Place:
        """The cell that a variable stands for."""
        return self._places[variable]

    def is_beside(self, variable: Variable) -> bool:
        """Whether a variable stands for a cell beside the table."""
        return isinstance(self._places[variable], CellRef)

    def is_fixed(self, variable: Variable) -> bool:
        """Whether a variable stands for one number in all rows, beside the table or typed in."""
        place = self._places[variable]
        if isinstance(place, CellRef):
            return True
        table, column = self._table, place.column
        if column in table.usual or column not in table.columns:
            return False
        numbers = {table.number(row, column) for row in table.rows}
        return len({number for number in numbers if not math.isnan(number)}) == 1

    def is_rate(self, column: int) -> bool:
        """Whether the header of a column announces a learning rate."""
        return is_rate(self._table.headers.get(column, ""))

    def is_loss(self, column: int) -> bool:
        """Whether the header of a column announces what is to be made small."""
        header = self._table.headers.get(column, "")
        return is_loss(header) or read_header(header) == LOSS

    def constant(self, variable: Variable) -> Expression:
        """The number in a cell beside the table; of any other the variable itself."""
        place = self._places[variable]
        held = self._table.formulas.cell(*place) if isinstance(place, CellRef) else None
        if held is None or held.formula is not None or not isinstance(held.value, float):
            return variable
        return Number(held.value)

    def with_numbers(self, function: Expression) -> Expression:
        """A formula with the numbers of the cells beside the table."""
        beside = {v: self.constant(v) for v in variables(function) if v in self._places}
        return expand(function, lambda _: True, beside)

    def copied(self, column: int) -> int | None:
        """The column of new weights that a column takes its values from, one row above."""
        tree = self._table.usual.get(column)
        if not isinstance(tree, Reference) or tree.row_fixed or tree.row != -1:
            return None
        other = tree.seen_from(CellIndex(self._row, column)).column
        new = self._table.usual.get(other) if other != column else None
        reads = () if new is None else references(new)
        here = CellIndex(self._row, other)
        return other if any(ref.seen_from(here) == (self._row, column) for ref in reads) else None

    def _expression(self, column: int) -> Expression:
        """What a column computes; of a weight that is a new one of the row above, how that is."""
        new = self.copied(column)
        row = self._row if new is None else self._row - 1
        tree = self._table.usual[column if new is None else new]
        try:
            return to_expression(tree, CellIndex(row, new or column), self._cell)
        except FormulaError:
            return Number(float("nan"))

    def _cell(self, sheet: str, cell: CellIndex) -> Expression:
        table = self._table
        here = sheet in ("", table.sheet.name)
        if here and cell.row in table.rows and cell.column in table.columns:
            return self.variable(ColumnCell(cell.column, self._row - cell.row))
        return self.variable(CellRef(sheet or table.sheet.name, cell))
