"""Any one iteration laid out: before, forward, backward, after."""

from collections.abc import Callable
from dataclasses import dataclass

from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet.style import BANDS, NUMBER, Style
from gradsheet.spreadsheet.writer import (
    Worksheet,
    absolute,
    agreement,
    print_in_blocks,
    span,
    write_formula,
)
from gradsheet.symbolic.expression import Expression, Variable, arguments_of, variables
from gradsheet.symbolic.operations import ADD, total
from gradsheet.symbolic.render import plain, shortened, to_textbook
from gradsheet.workbook import texts
from gradsheet.workbook.layout import STEP_SHEET, Check, Layout
from gradsheet.workbook.selector import Selector
from gradsheet.workbook.step_layout import FIRST_ROW, StepLayout

_HEADER_ROW = 7
_NUMBER_WIDTH = 12
_LETTERS = 1.3  # for each digit that a column is wide
_PAGE_ROWS = 60
_FORWARD_WIDTH, _DELTA_WIDTH, _GRADIENT_WIDTH = 36, 40, 40  # of the columns of formulas


def write(layout: Layout, style: Style) -> list[Check]:
    """Add the sheet of one chosen iteration."""
    several = len(layout.graph.examples) > 1
    notes = (*texts.STEP_NOTES, texts.STEP_EXAMPLES) if several else texts.STEP_NOTES
    sheet = style.add_sheet(STEP_SHEET, texts.STEP_TITLE, *notes)
    sheet.set_row(_HEADER_ROW + 1, 31 if several else 15.5)
    sheet.freeze_panes(FIRST_ROW, 0)
    selector = Selector(layout, last=layout.descent.updates - 1)
    selector.write(style, sheet)
    cells = StepLayout(layout, selector)
    blocks = _Blocks(cells, style, sheet)
    blocks.write_before()
    blocks.write_forward()
    blocks.write_backward()
    check = blocks.write_update()
    last = max(FIRST_ROW + _printed(cells) - 1, cells.loss_row)
    sheet.print_area(0, 0, last, cells.lefts["update"] + 6)
    lefts = [cells.lefts[block] for block in ("before", "forward", "backward", "update")]
    print_in_blocks(sheet, lefts, cells.lefts["end"] - 1, alike=False, rows=last + 1)
    return [check]


def _printed(cells: StepLayout) -> int:
    """How many rows of what the update carries over are printed: all that fit a page."""
    memory = len(cells.layout.graph.steps.memory)
    return len(cells.kept) - (memory if FIRST_ROW + len(cells.kept) > _PAGE_ROWS else 0)


@dataclass(frozen=True)
class _Blocks:
    """Writes the blocks."""

    cells: StepLayout
    style: Style
    sheet: Worksheet

    def write_before(self) -> None:
        """The parameters before the update, and what the optimizer remembers."""
        left = self.cells.lefts["before"]
        self._head(left, 2, texts.STEP_BLOCKS[0], "weight", ["", "value"])
        for row, variable in enumerate(self.cells.kept, start=FIRST_ROW):
            self._symbol(row, left, variable)
            formula = self.cells.selector.value(variable)
            self._number(row, left + 1, formula, self.cells.values[variable])
        self.sheet.set_column(left, left, 7)
        self.sheet.set_column(left + 1, left + 1, _NUMBER_WIDTH)
        self.sheet.set_column(left + 2, left + 2, 2)

    def write_forward(self) -> None:
        """Every forward value, with the parameters before and after."""
        left, graph = self.cells.lefts["forward"], self.cells.layout.graph
        count = len(graph.examples)
        marks, later = texts.step_marks(count)
        width = 1 + 2 * count + 1
        names = ["", *marks, *later, "  formula"]
        self._head(left, width, texts.STEP_BLOCKS[1], "unit", names)
        for number in range(count):
            for row, variable in enumerate(self.cells.forward_rows(number), start=FIRST_ROW):
                if number == 0:
                    self._symbol(row, left, variable)
                    self._rule(row, left + width - 1, variable.definition, _FORWARD_WIDTH)
                for shift, cells, values in self.cells.sides(number):
                    formula = self.cells.formula(variable, cells)
                    self._number(row, left + 1 + shift, formula, values[variable])
        for row, value in self.cells.totals:
            self._symbol(row, left, value)
            for shift, cells, values in self.cells.sides(0):
                formula = self.cells.formula(value, cells)
                self._number(row, left + 1 + shift, formula, values[value], bold=True)
            if value is not graph.loss:
                self._rule(row, left + width - 1, value.definition, _FORWARD_WIDTH)
        self._rule_of_loss(self.cells.loss_row, left + width - 1)
        self.sheet.set_column(left, left, 8)
        self.sheet.set_column(left + 1, left + 2 * count, _NUMBER_WIDTH + (2 if count > 1 else 0))
        self.sheet.set_column(left + width - 1, left + width - 1, _FORWARD_WIDTH)
        self.sheet.set_column(left + width, left + width, 2)

    def write_backward(self) -> None:
        """The delta of each unit."""
        left, count = self.cells.lefts["backward"], len(self.cells.layout.graph.examples)
        names = ["", *texts.step_examples(count), "  formula"]
        self._head(left, 2 + count, texts.STEP_BLOCKS[2], "delta", names)
        for number in range(count):
            for row, delta in enumerate(self.cells.deltas(number), start=FIRST_ROW):
                definition = self.cells.expanded(delta, self.cells.before)
                if number == 0:
                    self._symbol(row, left, delta)
                    self._rule(row, left + 1 + count, definition, _DELTA_WIDTH)
                formula = self.cells.formula(delta, self.cells.before)
                self._number(row, left + 1 + number, formula, self.cells.values[delta])
        self.sheet.set_column(left, left, 9)
        self.sheet.set_column(left + 1, left + count, _NUMBER_WIDTH)
        self.sheet.set_column(left + count + 1, left + count + 1, _DELTA_WIDTH)
        self.sheet.set_column(left + count + 2, left + count + 2, 2)

    def write_update(self) -> Check:
        """The parameters after the update, each compared with the training table."""
        left, cells, graph = self.cells.lefts["update"], self.cells, self.cells.layout.graph
        self._head(left, 7, texts.STEP_BLOCKS[3], "gradient", list(texts.STEP_UPDATE))
        # The memory is used as it is after the update.
        used = cells.before | {new: cells.after[old] for old, new in graph.steps.updates.items()}
        failures = 0.0
        for row, variable in enumerate(cells.kept, start=FIRST_ROW):
            self._symbol(row, left, variable)
            value, later = cells.values[variable], cells.values_after[variable]
            self._number(row, left + 1, cells.before[variable], value)
            if variable in graph.parameters:
                gradient = graph.backward.gradients[variable]
                definition = cells.expanded(gradient, cells.before)
                formula = cells.formula(gradient, cells.before)
                self._number(row, left + 2, formula, cells.values[gradient])
                self._rule(row, left + 3, definition, _GRADIENT_WIDTH, summed=True)
            update = graph.steps.updates.get(variable)
            moved = cells.formula(update, used) if update else cells.before[variable]
            self._number(row, left + 5, moved, later, bold=True)
            change = f"{cells.after[variable]}-{cells.before[variable]}"
            self._number(row, left + 4, change, later - value)
            failures += self._write_check(row, left + 6, variable)
        self.sheet.set_column(left, left, 7)
        self.sheet.set_column(left + 1, left + 2, _NUMBER_WIDTH)
        self.sheet.set_column(left + 3, left + 3, _GRADIENT_WIDTH)
        self.sheet.set_column(left + 4, left + 5, _NUMBER_WIDTH)
        self.sheet.set_column(left + 6, left + 6, 8)
        last = FIRST_ROW + len(cells.kept) - 1
        checks = span(FIRST_ROW, left + 6, last, left + 6)
        place = (3, left + 6)
        self.sheet.write_string(3, left + 3, texts.WEIGHTS_THAT_DIFFER, self.style.note)
        cell_format = self.style.format(align="center")
        write_formula(self.sheet, *place, f"SUM({checks})", failures, cell_format)
        return Check(texts.STEP_CHECK, absolute(*place, STEP_SHEET), STEP_SHEET, failures)

    def _write_check(self, row: int, column: int, variable: Variable) -> float:
        """Write 0 where the weight after the update is that of the table's next row, else 1."""
        cell, table = self.cells.after[variable], self.cells.selector.value(variable, later=1)
        formula = f"IF(ABS({cell}-{table})<=0.000000001*(1+ABS({cell})),0,1)"
        value = agreement(self.cells.values_after[variable])
        write_formula(self.sheet, row, column, formula, value, self.style.note)
        return value

    def _head(self, left: int, width: int, title: str, band: str, names: list[str]) -> None:
        cell_format = self.style.format(bold=True, bg_color=BANDS[band], align="left", indent=1)
        last = left + width - 1
        self.sheet.merge_range(_HEADER_ROW, left, _HEADER_ROW, last, title, cell_format)
        for column, name in enumerate(names[:width], start=left):
            align = "left" if name == "  formula" else "right"
            cell_format = self.style.format(bold=True, bottom=1, align=align, text_wrap=True)
            self.sheet.write_string(_HEADER_ROW + 1, column, name, cell_format)

    def _symbol(self, row: int, column: int, variable: Variable) -> None:
        markup = _unmarked(variable)
        self.style.write_markup(self.sheet, row, column, markup, bold=True, align="right")

    def _rule(
        self,
        row: int,
        column: int,
        definition: Expression | None,
        width: int,
        summed: bool = False,
    ) -> None:
        """The formula in textbook notation, of the first of like examples or summed over them."""
        if definition is None:
            return
        text = _fitting(definition, width, _unmarked)
        if summed and len(self.cells.layout.graph.examples) > 1:
            text = self._sum_over_examples(definition, width)
        self.style.write_markup(self.sheet, row, column, text, indent=1)

    def _sum_over_examples(self, definition: Expression, width: int) -> str:
        """The terms of the first example, to be added over all, and those of none."""
        terms = arguments_of(definition, ADD.name) or (definition,)
        symbols = [[symbol_of(variable) for variable in variables(term)] for term in terms]
        pairs = list(zip(terms, symbols, strict=True))
        first = [term for term, found in pairs if any(s.concerns(1) for s in found)]
        rest = [term for term, found in pairs if any(s.is_setting for s in found)]
        text = _fitting(total(first), width, _unmarked)
        whole = f"Σ ({text})" if len(first) > 1 else f"Σ {text}"
        return " + ".join([whole, *(to_textbook(term) for term in rest)])

    def _rule_of_loss(self, row: int, column: int) -> None:
        """The loss, which is over all examples."""
        loss = self.cells.layout.graph.loss
        text = _fitting(loss.definition or loss, _FORWARD_WIDTH)
        self.style.write_markup(self.sheet, row, column, text, indent=1)

    def _number(
        self, row: int, column: int, formula: str, value: float, bold: bool = False
    ) -> None:
        cell_format = self.style.format(num_format=NUMBER, bold=True) if bold else self.style.number
        write_formula(self.sheet, row, column, formula, value, cell_format)


def _fitting(
    definition: Expression,
    width: int,
    name: Callable[[Variable], str] = lambda variable: variable.markup,
) -> str:
    """A formula in textbook notation, its sums shortened where it would not fit a column."""
    text = to_textbook(definition, name)
    if len(plain(text)) <= _LETTERS * width:
        return text
    return to_textbook(shortened(definition), lambda v: name(v) if v.label else v.markup)


def _unmarked(variable: Variable) -> str:
    """The markup of a variable, without the mark of the first of several examples."""
    symbol = symbol_of(variable)
    return (symbol.without_example() if symbol.concerns(1) else symbol).markup
