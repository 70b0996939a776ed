"""Any one iteration laid out: before, forward, backward, after."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet.style import BANDS, NUMBER, Style
from gradsheet.spreadsheet.writer import (
    Worksheet,
    absolute,
    agreement,
    cell_address,
    print_on_pages,
    span,
    write_formula,
)
from gradsheet.symbolic.expression import Apply, Expression, Variable, expand, variables
from gradsheet.symbolic.operations import ADD, total
from gradsheet.symbolic.render import to_excel, to_textbook
from gradsheet.symbolic.tape import evaluate
from gradsheet.workbook.layout import STEP_SHEET, Check, Plan
from gradsheet.workbook.selector import Selector

_HEADER_ROW, _FIRST_ROW = 7, 9
_NUMBER_WIDTH = 12


Values = dict[Variable, float]


def write(plan: Plan, style: Style) -> list[Check]:
    """Add the sheet of one chosen iteration."""
    note = (
        "Choose a learning rate and an iteration. The weights before the update come from the "
        "training table; all else is computed here again, and the weights after it must be the "
        "table's next."
    )
    sheet = style.add_sheet(STEP_SHEET, "One update, from before to after", note)
    sheet.freeze_panes(_FIRST_ROW, 0)
    selector = Selector(plan, last=plan.descent.updates - 1)
    selector.write(style, sheet)
    step = _Step(plan, style, sheet, selector)
    return [step.write()]


@dataclass
class _Step:
    """The blocks, from left to right, and the cells in them."""

    plan: Plan
    style: Style
    sheet: Worksheet
    selector: Selector
    before: dict[Variable, str] = field(default_factory=dict)
    after: dict[Variable, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        graph = self.plan.graph
        self.rate = self.plan.descent.rates[0]
        start = {**graph.given, **graph.steps.memory, graph.rate: self.rate}
        outputs = [*graph.forward, *graph.deltas, *graph.gradients, *graph.steps.updates.values()]
        self.values: Values = {**start, **evaluate(outputs, start)}
        moved = {old: self.values[new] for old, new in graph.steps.updates.items()}
        self.values_after: Values = {
            **start,
            **moved,
            **evaluate(graph.forward, {**start, **moved}),
        }

    def write(self) -> Check:
        """Write every block."""
        places = self._place()
        self._write_before(places["before"])
        self._write_forward(places["forward"])
        self._write_backward(places["backward"])
        check = self._write_update(places["update"])
        # The optimizer's memory, long and of little interest, is not printed.
        parameters = len(self._kept()) - len(self.plan.graph.steps.memory)
        last = _FIRST_ROW + max(parameters, len(self._forward_rows(0)) + 1) - 1
        self.sheet.print_area(0, 0, last, places["update"] + 6)
        print_on_pages(self.sheet, down=1)
        return check

    # --- Where things stand ------------------------------------------------------------------

    def _place(self) -> dict[str, int]:
        """The first column of each block; every cell gets its address before any is written."""
        graph, count = self.plan.graph, len(self.plan.graph.examples)
        kept = self._kept()
        places = {"before": 0, "forward": 3}
        places["backward"] = places["forward"] + 1 + 2 * count + 2
        places["update"] = places["backward"] + 1 + count + 2
        for row, variable in enumerate(kept, start=_FIRST_ROW):
            self.before[variable] = cell_address(row, places["before"] + 1)
            self.after[variable] = cell_address(row, places["update"] + 5)
        for number in range(count):
            shown = self._forward_rows(number)
            for row, variable in enumerate(shown, start=_FIRST_ROW):
                column = places["forward"] + 1 + number
                self.before[variable] = cell_address(row, column)
                self.after[variable] = cell_address(row, column + count)
            deltas = [graph.backward.gradients[value] for value in self._judged_sums(number)]
            for row, delta in enumerate(deltas, start=_FIRST_ROW):
                column = places["backward"] + 1 + number
                self.before[delta] = cell_address(row, column)
        last = _FIRST_ROW + len(self._forward_rows(0))
        self.before[graph.loss] = cell_address(last, places["forward"] + 1)
        self.after[graph.loss] = cell_address(last, places["forward"] + 1 + count)
        for row, parameter in enumerate(kept, start=_FIRST_ROW):
            if parameter in graph.parameters:
                gradient = graph.backward.gradients[parameter]
                self.before[gradient] = cell_address(row, places["update"] + 2)
        return places

    def _kept(self) -> list[Variable]:
        """What the update carries over: weights, biases, the optimizer's memory."""
        graph = self.plan.graph
        parameters = [p for layer in graph.layers for p in (*layer.flat_weights, *layer.biases)]
        return [*parameters, *graph.steps.memory]

    def _forward_rows(self, number: int) -> list[Variable]:
        example = self.plan.graph.examples[number]
        computed = [value for layer in example.layers for value in layer.values]
        return [*example.inputs, *example.targets, *computed, *example.judged]

    def _judged_sums(self, number: int) -> list[Variable]:
        """The sums of an example, the output layer first, on which the loss depends."""
        layers = self.plan.graph.examples[number].layers
        gradients = self.plan.graph.backward.gradients
        return [value for layer in reversed(layers) for value in layer.sums if value in gradients]

    # --- The blocks --------------------------------------------------------------------------

    def _write_before(self, left: int) -> None:
        self._head(left, 2, "1  before", "weight", ["", "value"])
        for row, variable in enumerate(self._kept(), start=_FIRST_ROW):
            self._symbol(row, left, variable)
            formula = self.selector.value(variable)
            self._number(row, left + 1, formula, self.values[variable])
        self.sheet.set_column(left, left, 7)
        self.sheet.set_column(left + 1, left + 1, _NUMBER_WIDTH)
        self.sheet.set_column(left + 2, left + 2, 2)

    def _write_forward(self, left: int) -> None:
        count = len(self.plan.graph.examples)
        marks = [f"example {k + 1}" for k in range(count)] if count > 1 else ["before"]
        later = [f"{mark}, after" for mark in marks] if count > 1 else ["after"]
        width = 1 + 2 * count + 1
        names = ["", *marks, *later, "  formula"]
        self._head(left, width, "2  forward, with the weights before and after", "unit", names)
        for number in range(count):
            for row, variable in enumerate(self._forward_rows(number), start=_FIRST_ROW):
                if number == 0:
                    self._symbol(row, left, variable)
                    self._rule(row, left + width - 1, variable.definition)
                for shift, cells, values in self._sides(number):
                    formula = self._formula(variable, cells)
                    self._number(row, left + 1 + shift, formula, values[variable])
        loss, row = self.plan.graph.loss, _FIRST_ROW + len(self._forward_rows(0))
        self._symbol(row, left, loss)
        for shift, cells, values in self._sides(0):
            self._number(row, left + 1 + shift, self._formula(loss, cells), values[loss], bold=True)
        self._rule(row, left + width - 1, loss.definition, summed=True)
        self.sheet.set_column(left, left, 8)
        self.sheet.set_column(left + 1, left + 2 * count, _NUMBER_WIDTH + (2 if count > 1 else 0))
        self.sheet.set_column(left + width - 1, left + width - 1, 24)
        self.sheet.set_column(left + width, left + width, 2)

    def _sides(self, number: int) -> list[tuple[int, dict[Variable, str], Values]]:
        """Column, cells and values of an example before and after the update."""
        count = len(self.plan.graph.examples)
        return [
            (number, self.before, self.values),
            (count + number, self.after, self.values_after),
        ]

    def _write_backward(self, left: int) -> None:
        graph, count = self.plan.graph, len(self.plan.graph.examples)
        marks = [f"example {k + 1}" for k in range(count)] if count > 1 else ["value"]
        names = ["", *marks, "  formula"]
        self._head(left, 2 + count, "3  backward: each unit's delta", "delta", names)
        for number in range(count):
            for row, value in enumerate(self._judged_sums(number), start=_FIRST_ROW):
                delta = graph.backward.gradients[value]
                definition = self._expanded(delta, self.before)
                if number == 0:
                    self._symbol(row, left, delta)
                    self._rule(row, left + 1 + count, definition)
                formula = self._formula(delta, self.before)
                self._number(row, left + 1 + number, formula, self.values[delta])
        self.sheet.set_column(left, left, 9)
        self.sheet.set_column(left + 1, left + count, _NUMBER_WIDTH)
        self.sheet.set_column(left + count + 1, left + count + 1, 40)
        self.sheet.set_column(left + count + 2, left + count + 2, 2)

    def _write_update(self, left: int) -> Check:
        graph = self.plan.graph
        names = ["", "before", "∂E/∂w", "  formula", "change", "after", "differs"]
        self._head(left, 7, "4  the update", "gradient", names)
        # The memory is used as it is after the update.
        cells = self.before | {new: self.after[old] for old, new in graph.steps.updates.items()}
        failures = 0.0
        for row, variable in enumerate(self._kept(), start=_FIRST_ROW):
            self._symbol(row, left, variable)
            value, later = self.values[variable], self.values_after[variable]
            self._number(row, left + 1, self.before[variable], value)
            if variable in graph.parameters:
                gradient = graph.backward.gradients[variable]
                definition = self._expanded(gradient, self.before)
                formula = self._formula(gradient, self.before)
                self._number(row, left + 2, formula, self.values[gradient])
                self._rule(row, left + 3, definition, summed=True)
            update = graph.steps.updates.get(variable)
            moved = self._formula(update, cells) if update else self.before[variable]
            self._number(row, left + 5, moved, later, bold=True)
            change = f"{self.after[variable]}-{self.before[variable]}"
            self._number(row, left + 4, change, later - value)
            failures += self._write_check(row, left + 6, variable)
        self.sheet.set_column(left, left, 7)
        self.sheet.set_column(left + 1, left + 2, _NUMBER_WIDTH)
        self.sheet.set_column(left + 3, left + 3, 30)
        self.sheet.set_column(left + 4, left + 5, _NUMBER_WIDTH)
        self.sheet.set_column(left + 6, left + 6, 8)
        last = _FIRST_ROW + len(self._kept()) - 1
        checks = span(_FIRST_ROW, left + 6, last, left + 6)
        place = (3, left + 6)
        self.sheet.write_string(3, left + 3, "weights that differ from the table:", self.style.note)
        cell_format = self.style.format(align="center")
        write_formula(self.sheet, *place, f"SUM({checks})", failures, cell_format)
        words = "the update on the Step sheet leads to the training table's next row"
        return Check(words, absolute(*place, STEP_SHEET), STEP_SHEET, failures)

    def _write_check(self, row: int, column: int, variable: Variable) -> float:
        """Write 0 where the weight after the update is that of the table's next row, else 1."""
        cell, table = self.after[variable], self.selector.value(variable, later=1)
        formula = f"IF(ABS({cell}-{table})<=1E-9*(1+ABS({cell})),0,1)"
        value = agreement(self.values_after[variable])
        write_formula(self.sheet, row, column, formula, value, self.style.note)
        return value

    # --- Formulas ----------------------------------------------------------------------------

    def _expanded(self, variable: Variable, cells: dict[Variable, str]) -> Expression:
        """The definition of a computed value over what has a cell."""
        if variable.definition is None:
            raise ValueError(f"{variable.name} has no definition")
        return expand(variable.definition, cells.__contains__)

    def _formula(self, variable: Variable, cells: dict[Variable, str]) -> str:
        if variable.definition is None:
            return self.plan.addresses[variable]
        return to_excel(self._expanded(variable, cells), self._address(cells))

    def _address(self, cells: dict[Variable, str]) -> Callable[[Variable], str]:
        def address(operand: Variable) -> str:
            if operand is self.plan.graph.rate:
                return self.selector.rate_cell
            return cells[operand] if operand in cells else self.plan.addresses[operand]

        return address

    # --- Cells -------------------------------------------------------------------------------

    def _head(self, left: int, width: int, title: str, band: str, names: list[str]) -> None:
        cell_format = self.style.format(bold=True, bg_color=BANDS[band], align="left", indent=1)
        self.sheet.merge_range(_HEADER_ROW, left, _HEADER_ROW, left + width - 1, title, cell_format)
        for column, name in enumerate(names[:width], start=left):
            align = "left" if name == "  formula" else "right"
            cell_format = self.style.format(bold=True, bottom=1, align=align)
            self.sheet.write_string(_HEADER_ROW + 1, column, name, cell_format)

    def _symbol(self, row: int, column: int, variable: Variable) -> None:
        markup = _unmarked(variable)
        self.style.write_markup(self.sheet, row, column, markup, bold=True, align="right")

    def _rule(
        self, row: int, column: int, definition: Expression | None, summed: bool = False
    ) -> None:
        """The formula in textbook notation, of the first of like examples or summed over them."""
        if definition is None:
            return
        several = summed and len(self.plan.graph.examples) > 1
        if several and isinstance(definition, Apply) and definition.operation is ADD:
            first = [
                t
                for t in definition.arguments
                if any(symbol_of(v).concerns(1) for v in variables(t))
            ]
            definition = total(first)
        text = to_textbook(definition, _unmarked)
        self.style.write_markup(self.sheet, row, column, f"Σ {text}" if several else text, indent=1)

    def _number(
        self, row: int, column: int, formula: str, value: float, bold: bool = False
    ) -> None:
        cell_format = self.style.format(num_format=NUMBER, bold=True) if bold else self.style.number
        write_formula(self.sheet, row, column, formula, value, cell_format)


def _unmarked(variable: Variable) -> str:
    """The markup of a variable, without the mark of the first of several examples."""
    symbol = symbol_of(variable)
    return (symbol.without_example() if symbol.concerns(1) else symbol).markup
