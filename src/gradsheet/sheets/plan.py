"""Where everything stands in the workbook, decided before a cell is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from xlsxwriter.utility import xl_col_to_name

from gradsheet.calculus.descent import Descent
from gradsheet.calculus.expression import Expression, Variable, expand
from gradsheet.calculus.graph import NetworkGraph
from gradsheet.calculus.notation import to_excel
from gradsheet.errors import GradsheetError
from gradsheet.sheets.style import MAX_FORMULA, absolute

MAX_COLUMNS = 16_384
MAX_ROWS = 1_048_576
MAX_RATES = 100

INPUTS_SHEET = "Inputs"
NETWORK_SHEET = "Network"
DERIVATION_SHEET = "Derivation"
RATES_SHEET = "Learning rates"


def rate_sheet(rate: float) -> str:
    """The name of the sheet that trains at ``rate``."""
    return f"lr {rate!r}"


@dataclass(frozen=True)
class Column:
    """A column of the training table.

    Attributes:
        variable: what it shows.
        band: the kind of variable, which gives its colour.
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
class InputBlock:
    """A list of cells to type in: names, values and what they are."""

    title: str
    band: str
    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class Plan:
    """The workbook of one network.

    Attributes:
        graph: the network's names.
        descent: the values of every column of the training table.
        blocks: what the inputs sheet holds, from left to right.
        addresses: the absolute address of each given variable on the inputs sheet.
        rate_addresses: the same for the learning rates.
        columns: of the training table, from left to right.
    """

    graph: NetworkGraph
    descent: Descent
    blocks: tuple[InputBlock, ...]
    addresses: dict[Variable, str]
    rate_addresses: tuple[str, ...]
    columns: tuple[Column, ...] = field(repr=False)

    @cached_property
    def table_columns(self) -> dict[Variable, int]:
        """The 0-based column of each variable on a training sheet."""
        shown = enumerate(self.columns, start=TABLE_COLUMN + 1)
        return {column.variable: place for place, column in shown}


# The inputs sheet: blocks of three columns and a gap, from this row on.
BLOCK_ROW, BLOCK_WIDTH = 4, 4

# The training sheets: a panel with the rate, the chart and the steps, then the table beside it.
RATE_CELL = (1, 1)
HEADER_ROW, FIRST_ROW = 3, 4
TABLE_COLUMN = 3


def input_blocks(graph: NetworkGraph) -> tuple[InputBlock, ...]:
    """The given numbers of a network, sorted into lists."""
    blocks = [
        InputBlock("Inputs", "input", graph.inputs),
        InputBlock("Targets", "target", graph.targets),
    ]
    for number, layer in enumerate(graph.layers, start=1):
        blocks.append(InputBlock(f"Weights of layer {number}", "weight", layer.flat_weights))
        if layer.biases:
            trained = layer.biases[0] in graph.parameters
            title = f"Biases of layer {number}" + ("" if trained else ", not trained")
            blocks.append(InputBlock(title, "weight", layer.biases))
    return tuple(blocks)


def input_addresses(blocks: Sequence[InputBlock]) -> dict[Variable, str]:
    """The absolute address of each given variable."""
    return {
        variable: absolute(BLOCK_ROW + 1 + row, number * BLOCK_WIDTH + 1, INPUTS_SHEET)
        for number, block in enumerate(blocks)
        for row, variable in enumerate(block.variables)
    }


def rate_addresses(blocks: Sequence[InputBlock], count: int) -> tuple[str, ...]:
    """The absolute addresses of the learning rates, in the block after the others."""
    column = len(blocks) * BLOCK_WIDTH + 1
    return tuple(absolute(BLOCK_ROW + 1 + row, column, INPUTS_SHEET) for row in range(count))


def training_columns(graph: NetworkGraph, addresses: dict[Variable, str]) -> tuple[Column, ...]:
    """The columns of the training table: the familiar ones, then the gradients.

    In a network of one hidden layer each gradient is the familiar formula of one cell. In deeper
    or wider ones, where that formula would grow without end, each unit's delta has a column.

    Raises:
        GradsheetError: the network does not fit a sheet.
    """
    deltas = graph.deltas if len(graph.layers) > 2 or len(graph.errors) > 8 else ()
    shown = [*graph.table(), *deltas, *graph.gradients]
    _check("columns", TABLE_COLUMN + 1 + len(shown), MAX_COLUMNS)
    letters = {
        variable: xl_col_to_name(TABLE_COLUMN + 1 + number) for number, variable in enumerate(shown)
    }
    groups = _groups(graph)
    updates = dict(zip(graph.parameters, graph.updates, strict=True))

    def formula(expression: Expression, row: str) -> str:
        """``expression`` over the cells of ``row``, written out where it has none."""
        return to_excel(
            expand(expression, letters.__contains__),
            lambda operand: (
                absolute(*RATE_CELL) if operand is graph.rate else letters[operand] + row
            ),
        )

    columns = []
    for variable in shown:
        definition = variable.definition
        first = addresses[variable] if definition is None else formula(definition, "{0}")
        later = formula(updates[variable], "{1}") if variable in updates else first
        _check(f"characters in the formula of {variable.name}", len(later) + 20, MAX_FORMULA)
        columns.append(Column(variable, *groups[variable], first, later))
    return tuple(columns)


def check_limits(updates: int, rates: int) -> None:
    """Raise GradsheetError where a table is too long or there are too many sheets."""
    _check("rows", FIRST_ROW + updates + 1, MAX_ROWS)
    _check("learning rates", rates, MAX_RATES)


def _groups(graph: NetworkGraph) -> dict[Variable, tuple[str, str]]:
    """For each column of the table its band of colour and the words above it."""
    groups = dict.fromkeys(graph.targets, ("target", "targets"))
    groups |= dict.fromkeys(graph.inputs, ("input", "inputs"))
    for number, layer in enumerate(graph.layers, start=1):
        given = (*layer.flat_weights, *layer.biases)
        groups |= dict.fromkeys(given, ("weight", f"weights of layer {number}"))
        words = "output layer" if number == len(graph.layers) else f"hidden layer {number}"
        groups |= dict.fromkeys((*layer.sums, *layer.activations), ("unit", words))
    groups |= dict.fromkeys([*graph.errors, graph.loss], ("error", "loss"))
    groups |= dict.fromkeys(graph.deltas, ("delta", "deltas"))
    return groups | dict.fromkeys(graph.gradients, ("gradient", "gradients"))


def _check(what: str, needed: int, limit: int) -> None:
    if needed > limit:
        raise GradsheetError(
            f"the workbook would need {needed:,} {what}, at most {limit:,} fit; use a smaller "
            "network, fewer updates or fewer rates, or 'gradsheet sweep', which holds more"
        )
