"""The mistakes of published course sheets, live beside the right formula."""

import math
from collections.abc import Sequence

import numpy as np

from gradsheet.networks.mistakes import KINDS, Mistake, find_mistakes, steps_with
from gradsheet.networks.optimizers import Steps
from gradsheet.networks.sweep import descend
from gradsheet.spreadsheet import palette
from gradsheet.spreadsheet.limits import FORMULA_CHARACTERS
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import (
    Worksheet,
    absolute,
    cell_address,
    print_on_pages,
    span,
    write_formula,
)
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import Array
from gradsheet.workbook import check_texts, numerals, texts
from gradsheet.workbook.layout import MISTAKES_SHEET, Layout, has_deltas
from gradsheet.workbook.mistake_block import BLOCK_ROWS, LABELS, LEFT, LINE, Block, Outcome
from gradsheet.workbook.passes import PassTable, pass_variables
from gradsheet.workbook.training_panel import LOSS_CHART, set_loss_axes

_MOST_CELLS = 5_000  # of the trainings with mistakes
_FIRST_BLOCK = 26
_HELPER, _FIRST_ROW = 9, 4  # the first column of the trainings, and their first row
_RIGHT_COLOUR = "#111827"


def write(layout: Layout, style: Style) -> None:
    """Add the sheet of common mistakes, unless none can be made in the network."""
    mistakes = [mistake for mistake in find_mistakes(layout.graph) if _fits(layout, mistake)]
    if not mistakes:
        return
    sheet = style.add_sheet(MISTAKES_SHEET, check_texts.MISTAKES_TITLE, *check_texts.MISTAKES_NOTES)
    for column, width in ((0, 4), *LABELS):
        sheet.set_column(column, column, width)
    trainings = _Trainings(layout, style, sheet, [None, *mistakes])
    trainings.write()
    for number, mistake in enumerate(mistakes, start=1):
        row = _FIRST_BLOCK + BLOCK_ROWS * (number - 1)
        outcome = trainings.outcome(number)
        Block(layout, style, sheet, row, number, mistake, outcome, trainings.table(0)).write()
    _write_absent(style, sheet, mistakes)
    trainings.insert_chart()
    sheet.print_area(0, 0, _FIRST_BLOCK + BLOCK_ROWS * len(mistakes) + 2, LEFT + len(LABELS) - 1)
    print_on_pages(sheet, down=1, portrait=True)


def _fits(layout: Layout, mistake: Mistake) -> bool:
    """Whether a spreadsheet can hold the wrong gradients, written out."""
    shared = _shared(layout)
    steps = steps_with(layout.graph, mistake, shared)
    columns = (*pass_variables(layout, shared), *steps.memory)
    table = PassTable(layout, _HELPER, columns, "Inputs!$AAA$100", _moved(layout, steps))
    updates = [after.definition for after in steps.updates.values()]
    # A few characters are left for columns farther to the right and rows farther down.
    return all(len(table.formula(u)) < 0.7 * FORMULA_CHARACTERS for u in updates if u is not None)


def _shared(layout: Layout) -> tuple[Variable, ...]:
    """What has a column of its own in the trainings, besides the forward pass."""
    return layout.graph.deltas if has_deltas(layout.graph) else ()


def _moved(layout: Layout, steps: Steps) -> dict[Variable, Variable]:
    """The values after an update, which are in the next row, the right ones and those of a run."""
    both = (layout.graph.steps.updates, steps.updates)
    return {after: before for updates in both for before, after in updates.items()}


def _write_absent(style: Style, sheet: Worksheet, mistakes: Sequence[Mistake]) -> None:
    """Name the mistakes that are not made here, and what they take."""
    made = {mistake.name for mistake in mistakes}
    absent = [check_texts.kind_and_needs(kind) for kind in KINDS if kind.name not in made]
    row = _FIRST_BLOCK + BLOCK_ROWS * len(mistakes)
    last = LEFT + len(LABELS) - 1
    if absent:
        words = check_texts.mistakes_absent(absent)
        cell_format = style.format(font_color=FAINT, italic=True, text_wrap=True)
        sheet.merge_range(row, 0, row, last, words, cell_format)
        sheet.set_row(row, LINE * math.ceil(len(words) / 120))


class _Trainings:
    """The network trained by its own optimizer, rightly and with each mistake."""

    def __init__(
        self, layout: Layout, style: Style, sheet: Worksheet, mistakes: Sequence[Mistake | None]
    ) -> None:
        self.layout, self.style, self.sheet, self.mistakes = layout, style, sheet, mistakes
        self.shared = _shared(layout)
        self.variables = (*pass_variables(layout, self.shared), *layout.graph.steps.memory)
        most = _MOST_CELLS // (len(mistakes) * len(self.variables))
        self.updates = max(1, min(layout.descent.updates, most // 10 * 10 or most))
        self.number = (len(layout.descent.learning_rates) - 1) // 2
        self.rate = layout.descent.learning_rates[self.number]
        self.descents = [steps_with(layout.graph, mistake, self.shared) for mistake in mistakes]
        self.values = [self._train(steps) for steps in self.descents]

    def _train(self, steps: Steps) -> dict[Variable, Array]:
        run = descend(self.layout.graph, [self.rate], self.updates, self.variables, steps)
        return {variable: values[:, 0] for variable, values in run.values.items()}

    def table(self, number: int) -> PassTable:
        """The cells of the training with the mistake ``number``, 0 for the right one."""
        left = _HELPER + 1 + number * (len(self.variables) + 1)
        rate = self.layout.fields.rate_addresses[self.number]
        moved = _moved(self.layout, self.descents[number])
        return PassTable(self.layout, left, self.variables, rate, moved)

    def outcome(self, number: int) -> Outcome:
        """What becomes of the loss and of the first step, rightly and with a mistake."""
        places = ((0, 0), (0, self.updates), (number, self.updates))
        return Outcome(
            _FIRST_ROW,
            self.updates,
            tuple(self._loss_cell(*place) for place in places),
            tuple(float(self.values[n][self.layout.graph.loss][k]) for n, k in places),
            tuple(self._downhill(n) for n in (0, number)),
            tuple(self._downhill_value(n) for n in (0, number)),
        )

    def _loss_cell(self, number: int, updates: int) -> str:
        column = self.table(number).column(self.layout.graph.loss)
        return cell_address(_FIRST_ROW + updates, column)

    @property
    def _step_row(self) -> int:
        return _FIRST_ROW + self.updates + 2

    def _downhill(self, number: int) -> str:
        """The formula of the cosine of the angle between a first step and steepest descent."""
        graph, left, row = self.layout.graph, self.table(number).left, self._step_row
        step = span(row, left, row, left + len(graph.parameters) - 1)
        ends = (
            self.layout.trained(g, self.number) for g in (graph.gradients[0], graph.gradients[-1])
        )
        first, last = ends
        slope = f"{first}:{last.split('!')[1]}"
        lengths = f"SQRT(SUMSQ({slope})*SUMSQ({step}))"
        return f'IFERROR(-SUMPRODUCT({slope},{step})/{lengths},"{texts.NONE}")'

    def _downhill_value(self, number: int) -> float | str:
        graph, values = self.layout.graph, self.values[number]
        step = np.array([values[p][1] - values[p][0] for p in graph.parameters])
        table = self.layout.descent.values
        slope = np.array([table[gradient][0, self.number] for gradient in graph.gradients])
        with np.errstate(all="ignore"):
            lengths, product = math.sqrt((slope @ slope) * (step @ step)), float(slope @ step)
        return -product / lengths if lengths and math.isfinite(lengths) else texts.NONE

    def write(self) -> None:
        """Every training, side by side."""
        self.sheet.write_string(1, _HELPER, check_texts.MISTAKES_TRAININGS, self.style.note)
        self.sheet.write_string(_FIRST_ROW - 1, _HELPER, texts.UPDATES, self.style.header())
        right = self.table(len(self.mistakes) - 1).left + len(self.variables) - 1
        self.sheet.set_column(_HELPER + 1, right, 11)
        iteration = self.style.format(align="center", font_color=FAINT)
        for row in range(self.updates + 1):
            self.sheet.write_number(_FIRST_ROW + row, _HELPER, row, iteration)
        self.sheet.write_string(self._step_row, _HELPER, texts.FIRST_STEP, self.style.note)
        for number, mistake in enumerate(self.mistakes):
            self._write_training(number, mistake)
            self._write_step(number)

    def _write_training(self, number: int, mistake: Mistake | None) -> None:
        table, steps = self.table(number), self.descents[number]
        name = f"{number}  {mistake.name}" if mistake else texts.RIGHT
        self.sheet.write_string(_FIRST_ROW - 2, table.left, name, self.style.format(bold=True))
        table.write_header(self.sheet, self.style, _FIRST_ROW - 1)
        for column, variable in enumerate(self.variables, start=table.left):
            if variable.definition is not None:
                first = later = table.formula(variable.definition)
            else:
                update = steps.updates[variable].definition
                assert update is not None
                start = f"{steps.memory.get(variable, 0):g}"
                first, later = self.layout.addresses.get(variable, start), table.formula(update)
            shift = 0 if variable.definition is not None else 1  # an update reads the row before
            values = self.values[number][variable].tolist()
            for row, value in enumerate(values, start=_FIRST_ROW):
                formula = later.format(row + 1 - shift, row + 1) if row > _FIRST_ROW else first
                formula = formula.format(row + 1)
                write_formula(self.sheet, row, column, formula, value, self.style.number)

    def _write_step(self, number: int) -> None:
        """How the first update moves each parameter."""
        for parameter in self.layout.graph.parameters:
            column, values = self.table(number).column(parameter), self.values[number][parameter]
            before, after = (cell_address(_FIRST_ROW + row, column) for row in (0, 1))
            value = float(values[1] - values[0])
            place = self._step_row, column
            write_formula(self.sheet, *place, f"{after}-{before}", value, self.style.number)

    def insert_chart(self) -> None:
        """The losses of all trainings in one chart."""
        chart = self.style.book.add_chart(LOSS_CHART)
        last = _FIRST_ROW + self.updates
        for number, mistake in reversed(list(enumerate(self.mistakes))):
            column = self.table(number).column(self.layout.graph.loss)
            line = {"color": palette.of_rate(number - 1), "width": 1.5, "dash_type": "dash"}
            if mistake is None:
                line = {"color": _RIGHT_COLOUR, "width": 2.5}
            chart.add_series(
                {
                    "name": check_texts.mistake_curve(number) if mistake else texts.RIGHT,
                    "categories": [MISTAKES_SHEET, _FIRST_ROW, _HELPER, last, _HELPER],
                    "values": [MISTAKES_SHEET, _FIRST_ROW, column, last, column],
                    "line": line,
                }
            )
        place = (0, _HELPER)
        words = check_texts.MISTAKES_CHART
        rate = self.layout.fields.rate_addresses[self.number]
        title = f'"{words[0]}"&{numerals.formula(rate)}&"{words[1]}"'
        value = numerals.text(self.rate).join(words)
        write_formula(self.sheet, *place, title, value, self.style.note)
        source = f"={absolute(*place, MISTAKES_SHEET)}"
        chart.set_title({"name": source, "name_font": {"size": 12}})
        set_loss_axes(chart, self.updates)
        chart.set_legend({"position": "right"})
        chart.set_size({"width": 900, "height": 420})
        self.sheet.insert_chart(4, 0, chart, {"x_offset": 10, "y_offset": 4})
