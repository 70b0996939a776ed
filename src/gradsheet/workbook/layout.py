"""The layout of the workbook, decided before a cell is written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import NetworkGraph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.sweep import Descent
from gradsheet.networks.torch_reference import Autograd
from gradsheet.spreadsheet.addresses import CellIndex, CellRef, column_letters, on_sheet
from gradsheet.spreadsheet.limits import check_columns, check_formula, check_rows
from gradsheet.spreadsheet.writer import absolute, span
from gradsheet.symbolic.expression import Expression, Variable
from gradsheet.symbolic.render import to_excel
from gradsheet.workbook.inputs_layout import Fields

_MOST_RATES = 100
_LARGEST_RATE = 1e50  # a sheet squares steps; a spreadsheet's overflow is not the same everywhere
_SMALLER = (
    "use a smaller network, fewer updates or fewer rates, or 'gradsheet sweep', which holds more"
)

# Networks with more numbers to type in, or more values computed from them, are not laid out again
# on sheets of their own for one iteration, the gradient check and the common mistakes.
MOST_PARAMETERS = 200
MOST_VALUES = 400

START_SHEET = "Start"
NETWORK_SHEET = "Network"
DERIVATION_SHEET = "Derivation"
STEP_SHEET = "Step"
RATES_SHEET = "Learning rates"
GRADIENT_SHEET = "Gradient check"
MISTAKES_SHEET = "Common mistakes"


def rate_sheet(rate: float) -> str:
    """The name of the sheet that trains at ``rate``."""
    return f"lr {rate!r}"


@dataclass(frozen=True)
class Column:
    """A column of the training table.

    Attributes:
        variable: what it shows.
        band: the kind of variable, which gives its color.
        group: the words above it.
        first: the formula in the row of iteration 0.
        later: the formula in every other row. In both, ``{0}`` is the row's own number and
            ``{1}`` that of the row before.
    """

    variable: Variable
    band: str
    group: str
    first: str
    later: str


@dataclass(frozen=True)
class Layout:
    """The workbook of one network.

    Attributes:
        graph: the network's names.
        descent: the values of every column of the training table.
        made_from: the network as the workbook is made from it; in ``graph`` other numbers may
            have been typed since.
        fields: the inputs sheet.
        columns: of the training table, from left to right.
        witness: autograd's gradients of ``made_from``; None where they are not shown.
    """

    graph: NetworkGraph
    descent: Descent
    made_from: NetworkSpec
    fields: Fields
    columns: tuple[Column, ...] = field(repr=False)
    witness: Autograd | None = None

    @property
    def is_small(self) -> bool:
        """Whether the network is laid out again, cell by cell, on further sheets."""
        others = (*self.graph.settings, *self.graph.penalty)
        parameters = len(self.graph.given) - len(others)
        return parameters <= MOST_PARAMETERS and len(self.graph.forward) <= MOST_VALUES

    @cached_property
    def addresses(self) -> dict[Variable, str]:
        """The address of each given number in use."""
        return self.fields.addresses

    @cached_property
    def table_columns(self) -> dict[Variable, int]:
        """The 0-based column of each variable on a training sheet."""
        shown = enumerate(self.columns, start=TABLE_COLUMN + 1)
        return {column.variable: place for place, column in shown}

    def trained(self, variable: Variable, number: int = 0, row: int = 0) -> str:
        """The cell of a variable after ``row`` updates at the learning rate ``number``."""
        return self.trained_cell(variable, number, row).absolute

    def trained_cell(self, variable: Variable, number: int = 0, row: int = 0) -> CellRef:
        """The same, not yet written."""
        sheet = rate_sheet(self.descent.learning_rates[number])
        index = CellIndex.from_zero_based(FIRST_ROW + row, self.table_columns[variable])
        return CellRef(sheet, index)

    def chosen(self, variable: Variable, rate: str, row: str) -> str:
        """A formula for the value of a variable, for a chosen learning rate and iteration.

        Args:
            variable: a column of the training table.
            rate: the address of the 1-based number of the learning rate.
            row: the address of the iteration.
        """
        column = self.table_columns[variable]
        cells: str = span(FIRST_ROW, column, FIRST_ROW + self.descent.updates, column)
        sheets = [on_sheet(rate_sheet(value), cells) for value in self.descent.learning_rates]
        return f"CHOOSE({rate},{','.join(f'INDEX({cells},{row}+1)' for cells in sheets)})"


@dataclass(frozen=True)
class Check:
    """Something the workbook checks of itself.

    Attributes:
        words: what is compared.
        failures: the address of the number of failures.
        sheet: where to cell_format.
        count: the number of failures, not a number where what is compared overflows.
    """

    words: str
    failures: str
    sheet: str
    count: float

    @property
    def fails(self) -> int:
        """How often it fails, an overflow counted as once."""
        return int(self.count) if math.isfinite(self.count) else 1


# The training sheets: the iteration, which stays in sight, a panel with the rate, the chart and the
# steps, then the table.
ITERATION_COLUMN = 0
RATE_CELL = (1, 2)
HEADER_ROW, FIRST_ROW = 3, 4
TABLE_COLUMN = 3  # the last one before the table


def training_columns(graph: NetworkGraph, addresses: dict[Variable, str]) -> tuple[Column, ...]:
    """The columns of the training table: the familiar ones, the gradients, the optimizer's memory.

    In a network of one hidden layer and one example each gradient is the familiar formula of one
    cell. In others, where that formula would grow without end, each unit's delta has a column.

    Raises:
        GradsheetError: the network does not fit a sheet.
    """
    deltas = graph.deltas if has_deltas(graph) else ()
    steps = graph.steps
    shown = [*graph.table(), *deltas, *graph.gradients, *steps.memory]
    check_columns(TABLE_COLUMN + 1 + len(shown), "the workbook", _SMALLER)
    letters = {
        variable: column_letters(TABLE_COLUMN + 2 + number) for number, variable in enumerate(shown)
    }
    groups = _groups(graph)
    moved = {after: variable for variable, after in steps.updates.items()}

    def formula(expression: Expression, row: str) -> str:
        """``expression`` over the cells of ``row``, written out where it has none.

        What the optimizer remembers after the update is in the row being written.
        """

        def address(operand: Variable) -> str:
            if operand is graph.rate:
                return absolute(*RATE_CELL)
            if operand in moved:
                return f"{letters[moved[operand]]}{{0}}"
            return f"{letters[operand]}{row}" if operand in letters else addresses[operand]

        return to_excel(
            graph.written_out(expression, lambda v: v in letters or v in moved), address
        )

    columns = []
    for variable in shown:
        definition = variable.definition
        if definition is not None:
            first = formula(definition, "{0}")
        else:
            first = addresses.get(variable, f"{steps.memory.get(variable, 0):g}")
        update = steps.updates.get(variable)
        later = formula(update.definition, "{1}") if update and update.definition else first
        check_formula(len(later) + 20, f"the formula of {variable.name}", _SMALLER)
        columns.append(Column(variable, *groups[variable], first, later))
    return tuple(columns)


def has_deltas(graph: NetworkGraph) -> bool:
    """Whether each unit's delta has a column of its own in the training table."""
    softmax = any(layer.shared for layer in graph.examples[0].layers)
    return (
        len(graph.layers) > 2
        or len(graph.examples[0].errors) > 8
        or len(graph.examples) > 1
        or softmax
    )


def check_limits(spec: NetworkSpec, updates: int, learning_rates: Sequence[float]) -> None:
    """Raise GradsheetError where a table is too long or too wide, a rate too large or too many."""
    rates, largest = len(learning_rates), max(learning_rates, default=0.0)
    check_columns(TABLE_COLUMN + 1 + spec.numbers, "the workbook", _SMALLER)  # before it is built
    check_rows(FIRST_ROW + updates + 1, "the workbook", _SMALLER)
    if rates > _MOST_RATES:
        raise GradsheetError(
            f"the workbook needs {rates} learning rates, it holds at most {_MOST_RATES}; {_SMALLER}"
        )
    if largest > _LARGEST_RATE:
        raise GradsheetError(
            f"the learning rate {largest:g} does not fit a workbook; expected at most "
            f"{_LARGEST_RATE:g}"
        )


def _groups(graph: NetworkGraph) -> dict[Variable, tuple[str, str]]:
    """For each column of the table its band of color and the words above it."""
    groups: dict[Variable, tuple[str, str]] = {}
    for number, layer in enumerate(graph.layers, start=1):
        given = (*layer.flat_weights, *layer.biases)
        kinds = "weights and biases" if layer.biases else "weights"
        groups |= dict.fromkeys(given, ("weight", f"{kinds} of layer {number}"))
    for example in graph.examples:  # their numbers are in the columns' names
        groups |= dict.fromkeys(example.targets, ("target", "targets"))
        groups |= dict.fromkeys(example.inputs, ("input", "inputs"))
        for number, layer_pass in enumerate(example.layers, start=1):
            words = "output layer" if number == len(graph.layers) else f"hidden layer {number}"
            groups |= dict.fromkeys(layer_pass.values, ("unit", words))
        groups |= dict.fromkeys(example.judged, ("error", "loss"))
    groups |= dict.fromkeys((*graph.regularizer, graph.loss), ("error", "loss"))
    groups |= dict.fromkeys(graph.deltas, ("delta", "deltas"))
    groups |= dict.fromkeys(graph.gradients, ("gradient", "gradients"))
    return groups | dict.fromkeys(graph.steps.memory, ("memory", "memory of the optimizer"))
