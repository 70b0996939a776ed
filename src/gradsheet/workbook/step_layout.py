"""The cells of one chosen iteration, before and after its update."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gradsheet.spreadsheet.writer import cell_address
from gradsheet.symbolic.expression import Expression, Variable
from gradsheet.symbolic.render import to_excel
from gradsheet.symbolic.tape import evaluate
from gradsheet.workbook.layout import Layout
from gradsheet.workbook.selector import Selector

FIRST_ROW = 9

Values = dict[Variable, float]


@dataclass
class StepLayout:
    """The blocks, from left to right, and the cells and values in them.

    Attributes:
        layout: of the workbook.
        selector: chooses the iteration.
        before: the cell of each value before the update, and of each derivative.
        after: the cell of each value after it.
        lefts: the first column of each block.
    """

    layout: Layout
    selector: Selector
    before: dict[Variable, str] = field(default_factory=dict)
    after: dict[Variable, str] = field(default_factory=dict)
    lefts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        graph = self.layout.graph
        rate = self.layout.descent.learning_rates[0]
        start = {**graph.given, **graph.steps.memory, graph.rate: rate}
        outputs = [*graph.forward, *graph.deltas, *graph.gradients, *graph.steps.updates.values()]
        self.values: Values = {**start, **evaluate(outputs, start)}
        moved = start | {old: self.values[new] for old, new in graph.steps.updates.items()}
        self.values_after: Values = {**moved, **evaluate(graph.forward, moved)}
        count = len(graph.examples)
        widths = {"before": 3, "forward": 1 + 2 * count + 2, "backward": 1 + count + 2, "update": 7}
        for block, width in widths.items():
            self.lefts[block] = self.lefts.get("end", 0)
            self.lefts["end"] = self.lefts[block] + width
        self._place()

    def _place(self) -> None:
        """Give every cell its address."""
        graph, lefts = self.layout.graph, self.lefts
        count = len(graph.examples)
        for row, variable in enumerate(self.kept, start=FIRST_ROW):
            self.before[variable] = cell_address(row, lefts["before"] + 1)
            self.after[variable] = cell_address(row, lefts["update"] + 5)
            if variable in graph.parameters:
                gradient = graph.backward.gradients[variable]
                self.before[gradient] = cell_address(row, lefts["update"] + 2)
        for number in range(count):
            column = lefts["forward"] + 1 + number
            for row, variable in enumerate(self.forward_rows(number), start=FIRST_ROW):
                self.before[variable] = cell_address(row, column)
                self.after[variable] = cell_address(row, column + count)
            for row, delta in enumerate(self.deltas(number), start=FIRST_ROW):
                self.before[delta] = cell_address(row, lefts["backward"] + 1 + number)
        for row, variable in self.totals:
            self.before[variable] = cell_address(row, lefts["forward"] + 1)
            self.after[variable] = cell_address(row, lefts["forward"] + 1 + count)

    @property
    def kept(self) -> list[Variable]:
        """What the update carries over: weights, biases, the optimizer's memory."""
        graph = self.layout.graph
        parameters = [p for layer in graph.layers for p in (*layer.flat_weights, *layer.biases)]
        return [*parameters, *graph.steps.memory]

    def forward_rows(self, number: int) -> list[Variable]:
        """The inputs, the targets and every computed value of an example, 0-based."""
        example = self.layout.graph.examples[number]
        computed = [value for layer in example.layers for value in layer.values]
        return [*example.inputs, *example.targets, *computed, *example.judged]

    @property
    def totals(self) -> list[tuple[int, Variable]]:
        """What is over all examples, the loss last, and its row below the examples' values."""
        graph, first = self.layout.graph, FIRST_ROW + len(self.forward_rows(0))
        return list(enumerate((*graph.regularizer, graph.loss), start=first))

    @property
    def loss_row(self) -> int:
        """The last row of the forward pass."""
        return self.totals[-1][0]

    def deltas(self, number: int) -> list[Variable]:
        """The gradients of an example's pre-activations, the output layer first."""
        layers = self.layout.graph.examples[number].layers
        gradients = self.layout.graph.backward.gradients
        values = [value for layer in reversed(layers) for value in layer.pre_activations]
        return [gradients[value] for value in values if value in gradients]

    def sides(self, number: int) -> list[tuple[int, dict[Variable, str], Values]]:
        """Column, cells and values of an example before and after the update."""
        count = len(self.layout.graph.examples)
        return [
            (number, self.before, self.values),
            (count + number, self.after, self.values_after),
        ]

    def expanded(self, variable: Variable, cells: dict[Variable, str]) -> Expression:
        """The definition of a computed value over what has a cell."""
        if variable.definition is None:
            raise ValueError(f"{variable.name} has no definition")
        return self.layout.graph.written_out(variable.definition, cells.__contains__)

    def formula(self, variable: Variable, cells: dict[Variable, str]) -> str:
        """The formula of a value over what has a cell."""
        if variable.definition is None:
            return self.layout.addresses[variable]
        return to_excel(self.expanded(variable, cells), self._address(cells))

    def _address(self, cells: dict[Variable, str]) -> Callable[[Variable], str]:
        def address(operand: Variable) -> str:
            if operand is self.layout.graph.rate:
                return self.selector.rate_cell
            return cells[operand] if operand in cells else self.layout.addresses[operand]

        return address
