"""One mistake on its sheet: both formulas, their numbers, and what follows from the numbers."""

import math
from dataclasses import dataclass

from gradsheet.networks.mistakes import Mistake, gradients
from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import Worksheet, cell_address, write_formula
from gradsheet.symbolic.expression import Expression, Variable
from gradsheet.symbolic.render import plain, to_textbook
from gradsheet.symbolic.tape import Tape
from gradsheet.workbook import check_texts, numerals, texts
from gradsheet.workbook.choices import Case, choose, join
from gradsheet.workbook.layout import Layout, has_deltas
from gradsheet.workbook.passes import PassTable

LEFT = 1  # the first column
LABELS = (LEFT, 20), (LEFT + 1, 62), (LEFT + 2, 18), (LEFT + 3, 18), (LEFT + 4, 18)
BLOCK_ROWS = 9
LINE = 15.5  # the height of a line of text, in points
_GREEN, _RED = "#166534", "#991B1B"
_LONGEST = 400  # characters of a formula in textbook notation

# The rows of a block, and its columns of numbers.
_DONE, _RIGHT, _WRONG, _HEADINGS, _STEP, _LOSS, _SO = range(1, 8)
_WORDS, _FIRST, _SECOND, _THIRD = range(LEFT + 1, LEFT + 5)


@dataclass(frozen=True)
class Outcome:
    """What becomes of a training with a mistake, beside the right one.

    Attributes:
        start: the row of the trainings before any update, 0-based.
        updates: how many.
        loss_cells: of the loss at first, after the updates, and after them with the mistake.
        losses: their values.
        downhill: the formulas of the cosine between the first step and steepest descent, of the
            right training and of that with the mistake.
        cosines: their values; a dash where a step or the gradient is 0.
    """

    start: int
    updates: int
    loss_cells: tuple[str, ...]
    losses: tuple[float, ...]
    downhill: tuple[str, ...]
    cosines: tuple[float | str, ...]


@dataclass(frozen=True)
class Block:
    """One mistake.

    Attributes:
        row: the first one, 0-based.
        number: of the mistake, from 1 on.
        table: the cells of the right training.
    """

    layout: Layout
    style: Style
    sheet: Worksheet
    row: int
    number: int
    mistake: Mistake
    outcome: Outcome
    table: PassTable

    def write(self) -> None:
        """Write the block."""
        self._write_title()
        right, wrong = self._write_gradients()
        self._write_step()
        self._write_losses()
        cells = [cell_address(self.row + row, _FIRST) for row in (_RIGHT, _WRONG)]
        step = cell_address(self.row + _STEP, _SECOND)
        formula, text = join(
            (
                choose(_of_gradients(cells[0], cells[1], right, wrong)),
                choose(_of_step(step, self.outcome.cosines[1])),
                choose(_of_losses(self.outcome)),
            )
        )
        place, last = self.row + _SO, LEFT + len(LABELS) - 1
        top = self.style.format(align="right", font_color=FAINT, valign="top")
        self.sheet.write_string(place, LEFT, check_texts.MISTAKE_SO, top)
        cell_format = self.style.format(align="left", indent=1, text_wrap=True, valign="top")
        self.sheet.merge_range(place, _WORDS, place, last, "", cell_format)
        write_formula(self.sheet, place, _WORDS, formula, text, cell_format)
        self.sheet.set_row(place, LINE * 2)

    @property
    def _parameter(self) -> Variable:
        return self.mistake.parameters[0]

    @property
    def _label(self) -> object:
        return self.style.format(align="right", font_color=FAINT)

    def _write_title(self) -> None:
        names = [symbol_of(p).gradient.plain for p in self.mistake.parameters]
        shown = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
        title = f"{self.number}   {self.mistake.name[0].upper()}{self.mistake.name[1:]}: {shown}"
        cell_format = self.style.format(bold=True, bg_color="#F3F4F6", font_size=12)
        last = LEFT + len(LABELS) - 1
        self.sheet.merge_range(self.row, 0, self.row, last, title, cell_format)
        words = self.style.format(indent=1, text_wrap=True)
        self.sheet.write_string(self.row + _DONE, _WORDS, self.mistake.done, words)
        self.sheet.set_row(self.row + _DONE, LINE * math.ceil(len(self.mistake.done) / 72))
        self._write_headings(_DONE, check_texts.MISTAKE_HEADINGS)
        self._write_headings(_HEADINGS, check_texts.MISTAKE_TRAINING_HEADINGS)

    def _write_headings(self, row: int, names: tuple[str, ...]) -> None:
        head = self.style.format(align="right", font_color=FAINT, italic=True)
        for column, name in enumerate(names, start=_FIRST):
            self.sheet.write_string(self.row + row, column, name, head)

    def _write_gradients(self) -> tuple[float, float]:
        """The right and the wrong formula, their values, and the error."""
        graph = self.layout.graph
        shared = graph.deltas if has_deltas(graph) else ()
        found = []
        for row, mistake, name, color in (
            (self.row + _RIGHT, None, texts.RIGHT, _GREEN),
            (self.row + _WRONG, self.mistake, texts.WRONG, _RED),
        ):
            expression = gradients(graph, mistake, shared)[self._parameter]
            label = f"{name}: {symbol_of(self._parameter).gradient.markup}"
            properties = {"bold": True, "align": "right", "font_color": color}
            self.style.write_markup(self.sheet, row, LEFT, label, **properties)
            text = to_textbook(expression)
            if len(text) > _LONGEST:
                text = text[: text.index(" ", _LONGEST - 100)] + " …"
            indented = {"align": "left", "indent": 1, "text_wrap": True}
            self.style.write_markup(self.sheet, row, _WORDS, "= " + text, **indented)
            self.sheet.set_row(row, LINE * math.ceil(len(plain(text)) / 72))
            start = self.outcome.start + 1
            formula = self.table.formula(expression).format(start, start + 1)
            exact = self.style.format(num_format="0.000000000000", font_color=color)
            found.append(self._value(expression))
            write_formula(self.sheet, row, _FIRST, formula, found[-1], exact)
        self._write_error(*found)
        return found[0], found[1]

    def _value(self, expression: Expression) -> float:
        graph = self.layout.graph
        rate = self.layout.descent.learning_rates[self._rate_number]
        start = {**graph.given, **graph.steps.memory, graph.rate: rate}
        wanted = Variable("wanted", expression)
        return float(Tape([wanted]).run(start)[wanted])

    @property
    def _rate_number(self) -> int:
        return self.layout.fields.rate_addresses.index(self.table.rate)

    def _write_error(self, right: float, wrong: float) -> None:
        cells = [cell_address(self.row + row, _FIRST) for row in (_RIGHT, _WRONG)]
        row, difference = self.row + _WRONG, f"{cells[1]}-{cells[0]}"
        tiny = self.style.format(num_format="0.00E+00")
        write_formula(self.sheet, row, _SECOND, difference, wrong - right, tiny)
        # A gradient of 0 may be a rounding error in one program and 0 in another.
        formula = f'IF({_negligible(*cells)},"{texts.NONE}",({difference})/{cells[0]})'
        value: float | str = texts.NONE
        if not _is_negligible(right, wrong):
            value = (wrong - right) / right
        share = self.style.format(num_format="0.00%", align="right")
        write_formula(self.sheet, row, _THIRD, formula, value, share)

    def _write_step(self) -> None:
        """The cosine between the first step and steepest descent, right and with the mistake."""
        row = self.row + _STEP
        self.sheet.write_string(row, LEFT, texts.FIRST_STEP, self._label)
        self.sheet.write_string(row, _WORDS, check_texts.MISTAKE_STEP, self.style.format(indent=1))
        cell_format = self.style.format(num_format="0.000000", align="right")
        pairs = zip(self.outcome.downhill, self.outcome.cosines, strict=True)
        for column, (formula, value) in enumerate(pairs, start=_FIRST):
            write_formula(self.sheet, row, column, formula, value, cell_format)

    def _write_losses(self) -> None:
        """The loss after the last update, right and with the mistake."""
        row, (start, *cells) = self.row + _LOSS, self.outcome.loss_cells
        self.sheet.write_string(row, LEFT, texts.LOSS, self._label)
        before, after = check_texts.mistake_losses(self.outcome.updates)
        formula = f'"{before}"&{numerals.formula(start)}&"{after}"'
        text = f"{before}{numerals.text(self.outcome.losses[0])}{after}"
        text = "#NUM!" if "#" in text else text
        write_formula(self.sheet, row, _WORDS, formula, text, self.style.format(indent=1))
        for column, (cell, value) in enumerate(
            zip(cells, self.outcome.losses[1:], strict=True), start=_FIRST
        ):
            write_formula(self.sheet, row, column, cell, value, self.style.number)


# --- What follows from the numbers -------------------------------------------------------------


def _negligible(number: str, beside: str) -> str:
    return f"ABS({number})<=0.000000000001*ABS({beside})"


def _is_negligible(number: float, beside: float) -> bool:
    return abs(number) <= 1e-12 * abs(beside)


def _of_gradients(right_cell: str, wrong_cell: str, right: float, wrong: float) -> list[Case]:
    said = check_texts.MISTAKE_GRADIENTS
    error, size = f"ABS({wrong_cell}-{right_cell})", f"ABS({right_cell})"
    far = abs(wrong - right)
    finite = math.isfinite(right) and math.isfinite(wrong)
    return [
        Case(f"NOT(AND(ISNUMBER({right_cell}),ISNUMBER({wrong_cell})))", not finite, said["none"]),
        Case(f"{error}<=0.000000001*{size}", far <= 1e-9 * abs(right), said["same"]),
        Case(_negligible(right_cell, wrong_cell), _is_negligible(right, wrong), said["zero"]),
        Case(_negligible(wrong_cell, right_cell), _is_negligible(wrong, right), said["vanishes"]),
        Case(f"({right_cell}<0)+({wrong_cell}<0)=1", (right < 0) != (wrong < 0), said["sign"]),
        # As it is shown, in hundredths of a percent: 1.00% is at most 1%.
        Case(f"{error}<0.01005*{size}", far < 0.01005 * abs(right), said["tiny"]),
        Case(f"{error}<0.50005*{size}", far < 0.50005 * abs(right), said["small"]),
        Case("", True, said["large"]),
    ]


def _of_step(cell: str, cosine: float | str) -> list[Case]:
    said, is_number = check_texts.MISTAKE_STEPS, not isinstance(cosine, str)
    return [
        Case(f"NOT(ISNUMBER({cell}))", not is_number, said["none"]),
        Case(f"{cell}>0.000000001", is_number and cosine > 1e-9, said["downhill"]),  # type: ignore[operator]
        Case("", True, said["not downhill"]),
    ]


def _of_losses(outcome: Outcome) -> list[Case]:
    said, (start_cell, right_cell, wrong_cell) = check_texts.MISTAKE_LOSSES, outcome.loss_cells
    start, right, wrong = outcome.losses
    numbers = [f"ISNUMBER({cell})" for cell in (right_cell, wrong_cell)]
    finite = [math.isfinite(value) for value in (right, wrong)]
    fall = f"({start_cell}-{right_cell})"
    none = 1e-9 * abs(start)
    return [
        Case(f"NOT(OR({','.join(numbers)}))", not any(finite), said["both diverge"]),
        Case(f"NOT({numbers[1]})", not finite[1], said["diverges"]),
        Case(f"NOT({numbers[0]})", not finite[0], said["right diverges"]),
        Case(f"{fall}<=0.000000001*ABS({start_cell})", start - right <= none, said["right rises"]),
        Case(
            f"{start_cell}-{wrong_cell}<=0.000000001*ABS({start_cell})",
            start - wrong <= none,
            said["rises"],
        ),
        Case(
            f"ABS({wrong_cell}-{right_cell})<=0.01*{fall}",
            abs(wrong - right) <= 0.01 * (start - right),
            said["same"],
        ),
        Case(f"{wrong_cell}<{right_cell}", wrong < right, said["lower"]),
        Case("", True, said["higher"]),
    ]
