"""Tables whose rows are whole passes through the network, one value a column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gradsheet.spreadsheet.addresses import column_letters
from gradsheet.spreadsheet.style import Style
from gradsheet.spreadsheet.writer import Worksheet
from gradsheet.symbolic.expression import Expression, Variable, expand
from gradsheet.symbolic.render import plain, to_excel
from gradsheet.workbook.layout import Layout


@dataclass(frozen=True)
class PassTable:
    """The columns of such a table.

    Attributes:
        layout: of the workbook, whose inputs sheet holds what has no column.
        left: the first column, 0-based.
        variables: a column each.
        rate: the address of the learning rate, where updates need it.
        moved: what has a column, by its value after the update: that is in the row ``{1}``.
    """

    layout: Layout
    left: int
    variables: tuple[Variable, ...]
    rate: str = ""
    moved: Mapping[Variable, Variable] = field(default_factory=dict)

    @cached_property
    def letters(self) -> dict[Variable, str]:
        """The name of each variable's column."""
        return {v: column_letters(self.left + k + 1) for k, v in enumerate(self.variables)}

    def column(self, variable: Variable) -> int:
        """The 0-based column of a variable."""
        return self.left + self.variables.index(variable)

    def formula(self, expression: Expression) -> str:
        """``expression`` over the cells of one row, whose number takes the place of ``{0}``."""

        def address(operand: Variable) -> str:
            if operand is self.layout.graph.rate:
                return self.rate
            if operand in self.letters:
                return f"{self.letters[operand]}{{0}}"
            if operand in self.moved:
                return f"{self.letters[self.moved[operand]]}{{1}}"
            return self.layout.addresses[operand]

        known = self.letters.keys() | self.moved.keys()
        return to_excel(expand(expression, known.__contains__), address)

    def write_header(self, sheet: Worksheet, style: Style, row: int) -> None:
        """The symbols of the columns."""
        for column, variable in enumerate(self.variables, start=self.left):
            band = "weight" if variable.definition is None else "unit"
            sheet.write_string(row, column, plain(variable.markup), style.header(band))


def pass_variables(layout: Layout, shared: Sequence[Variable] = ()) -> tuple[Variable, ...]:
    """The parameters, every forward value, and what gradients share."""
    return (*layout.graph.parameters, *layout.graph.forward, *shared)
