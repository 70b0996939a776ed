"""The mistakes of published course sheets, live beside the right formula."""

import math
from collections.abc import Sequence

import numpy as np

from gradsheet.networks.mistakes import KINDS, Mistake, find_mistakes, gradients, plain_steps
from gradsheet.networks.optimizers import Steps
from gradsheet.networks.sweep import descend
from gradsheet.networks.symbols import symbol_of
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
from gradsheet.symbolic.render import plain, to_textbook
from gradsheet.symbolic.tape import Array, Tape
from gradsheet.workbook import numerals
from gradsheet.workbook.layout import MISTAKES_SHEET, Layout, has_deltas
from gradsheet.workbook.passes import PassTable, pass_variables

_MOST_CELLS = 5_400  # of the trainings with mistakes
_LEFT = 1  # of the panel
_BLOCK_ROWS = 8
_FIRST_BLOCK = 26
_LABELS = (_LEFT, 20), (_LEFT + 1, 62), (_LEFT + 2, 18), (_LEFT + 3, 18), (_LEFT + 4, 18)
_HELPER, _FIRST_ROW = 9, 4  # the first column of the trainings, and their first row
_LINE = 15.5  # the height of a line of text, in points
_RIGHT_COLOUR = "#111827"


def write(layout: Layout, style: Style) -> None:
    """Add the sheet of common mistakes."""
    notes = (
        "Of 51 published course sheets 33 hold a wrong formula, and the loss falls in all of them. "
        "Here each mistake is made in live cells and the network is trained with it:",
        "where the curves coincide a falling loss proves nothing. A gradient check does.",
    )
    sheet = style.add_sheet(MISTAKES_SHEET, "Mistakes that nobody noticed", *notes)
    for column, width in ((0, 4), *_LABELS):
        sheet.set_column(column, column, width)
    mistakes = [mistake for mistake in find_mistakes(layout.graph) if _fits(layout, mistake)]
    trainings = _Trainings(layout, style, sheet, [None, *mistakes])
    trainings.write()
    for number, mistake in enumerate(mistakes, start=1):
        _Block(layout, style, sheet, trainings, number, mistake).write()
    _write_absent(style, sheet, mistakes)
    trainings.insert_chart()
    sheet.print_area(0, 0, _FIRST_BLOCK + _BLOCK_ROWS * len(mistakes) + 2, _LEFT + len(_LABELS) - 1)
    print_on_pages(sheet, down=1, portrait=True)


def _fits(layout: Layout, mistake: Mistake) -> bool:
    """Whether a spreadsheet can hold the wrong gradients, written out."""
    table = PassTable(layout, _HELPER, pass_variables(layout, _shared(layout)), "Inputs!$AAA$100")
    steps = plain_steps(layout.graph, mistake, _shared(layout))
    updates = [steps.updates[parameter].definition for parameter in mistake.parameters]
    # A few characters are left for columns farther to the right and rows farther down.
    return all(len(table.formula(u)) < 0.7 * FORMULA_CHARACTERS for u in updates if u is not None)


def _shared(layout: Layout) -> tuple[Variable, ...]:
    """What has a column of its own in the trainings, besides the forward pass."""
    return layout.graph.deltas if has_deltas(layout.graph) else ()


def _write_absent(style: Style, sheet: Worksheet, mistakes: Sequence[Mistake]) -> None:
    """Name the mistakes that are not made here, and what they take."""
    made = {mistake.name for mistake in mistakes}
    absent = [f"{kind.name} (it takes {kind.needs})" for kind in KINDS if kind.name not in made]
    row = _FIRST_BLOCK + _BLOCK_ROWS * len(mistakes)
    last = _LEFT + len(_LABELS) - 1
    if absent:
        words = "Not made here: the network lacks what they take, or the formula is too long: "
        words += "; ".join(absent) + "."
        cell_format = style.format(font_color=FAINT, italic=True, text_wrap=True)
        sheet.merge_range(row, 0, row, last, words, cell_format)
        sheet.set_row(row, _LINE * math.ceil(len(words) / 120))


class _Trainings:
    """The network trained by plain gradient descent, rightly and with each mistake."""

    def __init__(
        self, layout: Layout, style: Style, sheet: Worksheet, mistakes: Sequence[Mistake | None]
    ) -> None:
        self.layout, self.style, self.sheet, self.mistakes = layout, style, sheet, mistakes
        self.shared = _shared(layout)
        self.variables = pass_variables(layout, self.shared)
        most = _MOST_CELLS // (len(mistakes) * len(self.variables))
        self.updates = max(1, min(layout.descent.updates, most // 10 * 10 or most))
        self.number = (len(layout.descent.learning_rates) - 1) // 2
        self.rate = layout.descent.learning_rates[self.number]
        self.descents = [plain_steps(layout.graph, mistake, self.shared) for mistake in mistakes]
        self.values = [self._train(steps) for steps in self.descents]

    def _train(self, steps: Steps) -> dict[Variable, Array]:
        run = descend(self.layout.graph, [self.rate], self.updates, self.variables, steps)
        return {variable: values[:, 0] for variable, values in run.values.items()}

    def table(self, number: int) -> PassTable:
        """The cells of the training with the mistake ``number``, 0 for the right one."""
        left = _HELPER + 1 + number * (len(self.variables) + 1)
        return PassTable(
            self.layout, left, self.variables, self.layout.fields.rate_addresses[self.number]
        )

    def loss_cell(self, number: int, updates: int) -> str:
        """The loss after so many updates with a mistake."""
        column = self.table(number).column(self.layout.graph.loss)
        return cell_address(_FIRST_ROW + updates, column)

    @property
    def _step_row(self) -> int:
        return _FIRST_ROW + self.updates + 2

    def step(self, number: int) -> str:
        """The cells of the first step with a mistake, a parameter each."""
        left = self.table(number).left
        return span(
            self._step_row, left, self._step_row, left + len(self.layout.graph.parameters) - 1
        )

    def cosine(self, number: int) -> float | str:
        """The cosine of the angle between the first step with a mistake and the right one."""
        parameters = self.layout.graph.parameters
        right, wrong = (
            np.array([self.values[k][p][1] - self.values[k][p][0] for p in parameters])
            for k in (0, number)
        )
        with np.errstate(all="ignore"):
            lengths, product = math.sqrt((right @ right) * (wrong @ wrong)), float(right @ wrong)
        return product / lengths if lengths and math.isfinite(lengths) else "—"

    def write(self) -> None:
        """Every training, side by side."""
        words = (
            "The training runs behind the curves: right, then with each mistake; "
            "plain gradient descent."
        )
        self.sheet.write_string(1, _HELPER, words, self.style.note)
        self.sheet.write_string(_FIRST_ROW - 1, _HELPER, "updates", self.style.header())
        iteration = self.style.format(align="center", font_color=FAINT)
        for row in range(self.updates + 1):
            self.sheet.write_number(_FIRST_ROW + row, _HELPER, row, iteration)
        self.sheet.write_string(self._step_row, _HELPER, "first step", self.style.note)
        for number, mistake in enumerate(self.mistakes):
            self._write_training(number, mistake)
            self._write_step(number)

    def _write_training(self, number: int, mistake: Mistake | None) -> None:
        table, steps = self.table(number), self.descents[number]
        name = f"{number}  {mistake.name}" if mistake else "right"
        self.sheet.write_string(_FIRST_ROW - 2, table.left, name, self.style.format(bold=True))
        table.write_header(self.sheet, self.style, _FIRST_ROW - 1)
        for column, variable in enumerate(self.variables, start=table.left):
            if variable.definition is not None:
                first = later = table.formula(variable.definition)
            else:
                update = steps.updates[variable].definition
                assert update is not None
                first, later = self.layout.addresses[variable], table.formula(update)
            shift = 0 if variable.definition is not None else 1  # an update reads the row before
            values = self.values[number][variable].tolist()
            for row, value in enumerate(values, start=_FIRST_ROW):
                formula = later.format(row + 1 - shift) if row > _FIRST_ROW else first
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
        chart = self.style.book.add_chart({"type": "line"})
        last = _FIRST_ROW + self.updates
        for number, mistake in reversed(list(enumerate(self.mistakes))):
            column = self.table(number).column(self.layout.graph.loss)
            line = {"color": palette.of_rate(number - 1), "width": 1.5, "dash_type": "dash"}
            if mistake is None:
                line = {"color": _RIGHT_COLOUR, "width": 2.5}
            chart.add_series(
                {
                    "name": f"mistake {number}" if mistake else "right",
                    "categories": [MISTAKES_SHEET, _FIRST_ROW, _HELPER, last, _HELPER],
                    "values": [MISTAKES_SHEET, _FIRST_ROW, column, last, column],
                    "line": line,
                }
            )
        place = (0, _HELPER)
        words = ("The loss at learning rate ", ", right and with each mistake")
        rate = self.layout.fields.rate_addresses[self.number]
        title = f'"{words[0]}"&{numerals.formula(rate)}&"{words[1]}"'
        value = numerals.text(self.rate).join(words)
        write_formula(self.sheet, *place, title, value, self.style.note)
        source = f"={absolute(*place, MISTAKES_SHEET)}"
        chart.set_title({"name": source, "name_font": {"size": 12}})
        spacing = max(1, round(self.updates / 10))
        chart.set_x_axis({"name": "updates", "interval_unit": spacing, "interval_tick": spacing})
        chart.set_y_axis(
            {"name": "E_total", "num_format": "0.000", "major_gridlines": {"visible": False}}
        )
        chart.set_legend({"position": "right"})
        chart.set_size({"width": 900, "height": 420})
        self.sheet.insert_chart(4, 0, chart, {"x_offset": 10, "y_offset": 4})


class _Block:
    """One mistake: the right and the wrong formula, their values, and what comes of it."""

    def __init__(
        self,
        layout: Layout,
        style: Style,
        sheet: Worksheet,
        trainings: _Trainings,
        number: int,
        mistake: Mistake,
    ) -> None:
        self.layout, self.style, self.sheet = layout, style, sheet
        self.trainings, self.number, self.mistake = trainings, number, mistake
        self.row = _FIRST_BLOCK + _BLOCK_ROWS * (number - 1)
        self.parameter = mistake.parameters[0]

    def write(self) -> None:
        """Write the block."""
        self._write_title()
        right = gradients(self.layout.graph, None, self.trainings.shared)[self.parameter]
        wrong = gradients(self.layout.graph, self.mistake, self.trainings.shared)[self.parameter]
        table = self.trainings.table(0)
        expressions = {"right": right, "wrong": wrong}
        values = {name: self._value(expression) for name, expression in expressions.items()}
        for offset, (name, expression) in enumerate(expressions.items(), start=2):
            row = self.row + offset
            color = "#166534" if name == "right" else "#991B1B"
            label = f"{name}: {symbol_of(self.parameter).gradient.markup}"
            properties = {"bold": True, "align": "right", "font_color": color}
            self.style.write_markup(self.sheet, row, _LEFT, label, **properties)
            text = to_textbook(expression)
            if len(text) > 400:
                text = text[: text.index(" ", 300)] + " …"
            self.style.write_markup(self.sheet, row, _LEFT + 1, "= " + text, text_wrap=True)
            self.sheet.set_row(row, _LINE * math.ceil(len(plain(text)) / 72))
            formula = table.formula(expression).format(_FIRST_ROW + 1)
            exact = self.style.format(num_format="0.000000000000", font_color=color)
            write_formula(self.sheet, row, _LEFT + 2, formula, values[name], exact)
        self._write_error(values["right"], values["wrong"])
        self._write_losses()
        self._write_angle()
        self.sheet.write_string(self.row + 6, _LEFT, "why", self._label)
        last = _LEFT + len(_LABELS) - 1
        cell_format = self.style.format(indent=1, text_wrap=True)
        self.sheet.merge_range(
            self.row + 6, _LEFT + 1, self.row + 6, last, self.mistake.why, cell_format
        )
        self.sheet.set_row(self.row + 6, _LINE * math.ceil(len(self.mistake.why) / 110))

    @property
    def _label(self) -> object:
        return self.style.format(align="right", font_color=FAINT)

    def _value(self, expression: object) -> float:
        graph = self.layout.graph
        start = {**graph.given, graph.rate: self.trainings.rate}
        wanted = Variable("wanted", expression)  # type: ignore[arg-type]
        return float(Tape([wanted]).run(start)[wanted])

    def _write_title(self) -> None:
        names = [symbol_of(p).gradient.plain for p in self.mistake.parameters]
        shown = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
        title = f"{self.number}   {self.mistake.name[0].upper()}{self.mistake.name[1:]}: {shown}"
        cell_format = self.style.format(bold=True, bg_color="#F3F4F6", font_size=12)
        last = _LEFT + len(_LABELS) - 1
        self.sheet.merge_range(self.row, 0, self.row, last, title, cell_format)
        head = self.style.format(align="right", font_color=FAINT, italic=True)
        names = ["value", "error", "error / right"]
        for column, name in enumerate(names, start=_LEFT + 2):
            self.sheet.write_string(self.row + 1, column, name, head)

    def _write_error(self, right: float, wrong: float) -> None:
        above, row = (cell_address(self.row + k, _LEFT + 2) for k in (2, 3)), self.row + 3
        right_cell, wrong_cell = above
        tiny = self.style.format(num_format="0.00E+00")
        difference = f"{wrong_cell}-{right_cell}"
        write_formula(self.sheet, row, _LEFT + 3, difference, wrong - right, tiny)
        share = self.style.format(num_format="0.00%")
        formula = f'IF({right_cell}=0,"—",({difference})/{right_cell})'
        value: float | str = (wrong - right) / right if right else "—"
        write_formula(self.sheet, row, _LEFT + 4, formula, value, share)

    def _write_losses(self) -> None:
        """The loss after the last update, right and wrong, and whether it fell."""
        trainings, row, loss = self.trainings, self.row + 4, self.layout.graph.loss
        cells = [
            (trainings.loss_cell(number, updates), float(trainings.values[number][loss][updates]))
            for number, updates in (
                (0, 0),
                (0, trainings.updates),
                (self.number, trainings.updates),
            )
        ]
        self.sheet.write_string(row, _LEFT, "the loss", self._label)
        words = f"after {trainings.updates} updates: right, and with the mistake"
        self.sheet.write_string(row, _LEFT + 1, words, self.style.format(indent=1))
        for column, (cell, value) in enumerate(cells[1:], start=_LEFT + 2):
            write_formula(self.sheet, row, column, cell, value, self.style.number)
        fell = f'IF({cells[2][0]}<{cells[0][0]},"it falls","it does not fall")'
        verdict: float | str = "it falls" if cells[2][1] < cells[0][1] else "it does not fall"
        if not (math.isfinite(cells[0][1]) and math.isfinite(cells[2][1])):
            verdict = math.nan
        bold = self.style.format(bold=True, align="right")
        write_formula(self.sheet, row, _LEFT + 4, fell, verdict, bold)

    def _write_angle(self) -> None:
        """The cosine between the first step with the mistake and the right one."""
        row, trainings = self.row + 5, self.trainings
        self.sheet.write_string(row, _LEFT, "the step", self._label)
        words = "cosine of its angle to the right one: above 0 it leads downhill"
        self.sheet.write_string(row, _LEFT + 1, words, self.style.format(indent=1))
        right, wrong = (trainings.step(number) for number in (0, self.number))
        product, lengths = f"SUMPRODUCT({right},{wrong})", f"SQRT(SUMSQ({right})*SUMSQ({wrong}))"
        value = trainings.cosine(self.number)
        cell_format = self.style.format(num_format="0.000000")
        formula = f'IFERROR({product}/{lengths},"—")'
        write_formula(self.sheet, row, _LEFT + 2, formula, value, cell_format)
