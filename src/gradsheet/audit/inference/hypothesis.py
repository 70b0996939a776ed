"""One way to interpret a table."""

from dataclasses import dataclass, field

from gradsheet.audit.inference.shape import Shape
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.symbolic.expression import Expression, Variable

SUM = Variable("sum")
"""The pre-activation in the function of a unit."""


@dataclass(frozen=True)
class Hypothesis:
    """A network, and which of its values each column holds.

    Attributes:
        symbols: of each column the value of the network it is taken for.
        outside: likewise of cells beside the table.
        moved_by: for columns that an update moves, the column it is moved by.
        functions: of units whose pre-activation has no column, the activation over ``SUM``.
        subtracts: whether a unit subtracts its bias.
    """

    shape: Shape
    symbols: dict[int, Symbol]
    outside: dict[CellRef, Symbol] = field(default_factory=dict)
    moved_by: dict[int, int] = field(default_factory=dict)
    functions: dict[Symbol, Expression] = field(default_factory=dict)
    subtracts: bool = False
