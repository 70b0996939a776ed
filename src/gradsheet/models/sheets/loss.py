"""The last sheet: the model's output, its probabilities, the loss and the step."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from gradsheet.models.blocks import Block, column
from gradsheet.models.layers.base import Array, indices
from gradsheet.models.layers.softmax import Softmax
from gradsheet.models.layout import TOP, ModelLayout
from gradsheet.models.sheets.cells import SMALL, CellWriter, Links
from gradsheet.models.trace import LossName, Trace
from gradsheet.spreadsheet.writer import Worksheet, cell_address

LOSS_SHEET = "Loss"

_TARGET, _RATE = (TOP - 1, 2), (TOP, 2)
_LOSS, _LOSS_AFTER = (TOP - 1, 6), (TOP, 6)
_FIRST = TOP + 4  # the first row of the columns
_COLUMNS = 30  # that get a width


class _Column(IntEnum):
    """The columns of numbers, a row for each output."""

    OUTPUT = 1
    EXPONENTIAL = 2
    PROBABILITY = 3
    TARGET = 4
    GRADIENT = 5
    OUTPUT_AFTER = 6
    EXPONENTIAL_AFTER = 7
    PROBABILITY_AFTER = 8
    CHART = 11


@dataclass(frozen=True)
class LossSheet:
    """The sheet of a model's loss.

    Attributes:
        layout: of the model.
        name: of the loss.
        learning_rate: of the step, as written at first.
    """

    layout: ModelLayout
    name: LossName
    learning_rate: float

    def _column(self, which: _Column) -> Block:
        return column(LOSS_SHEET, _FIRST, which, len(self.layout.trace.output))

    @property
    def gradient(self) -> Block:
        """The block of ∂L/∂output of the model."""
        return self._column(_Column.GRADIENT)

    @property
    def probability(self) -> Block:
        """The block of the probabilities."""
        return self._column(_Column.PROBABILITY)

    @property
    def losses(self) -> Block:
        """The cells of the loss and, with a backward pass, of the loss after the step."""
        return column(LOSS_SHEET, *_LOSS, 1 if self.layout.trace.loss is None else 2)

    @property
    def class_cell(self) -> str:
        """The address of the true class, on its sheet."""
        return cell_address(*_TARGET)

    @property
    def learning_rate_cell(self) -> str:
        """The address of the learning rate, for other sheets."""
        return f"{LOSS_SHEET}!{cell_address(*_RATE)}"

    def write(self, cells: CellWriter, after: Trace | None, links: Links) -> None:
        """Write the sheet; ``after`` is the model after a step, None without a loss."""
        trace = self.layout.trace
        page = cells.add_sheet(LOSS_SHEET, *self._title(), links, columns=_COLUMNS)
        page.set_column(0, _COLUMNS, 11)
        numbers = range(len(trace.output))
        page.write_column(_FIRST, 0, numbers, cells.style.format(bold=True))
        self._write_outputs(cells, page, trace, after=False)
        if self.name == "cross-entropy":
            chart = cells.bar_chart(self.probability, "Probability of each class")
            page.insert_chart(_FIRST, _Column.CHART, chart)
        if trace.target is None or after is None:
            return
        self._write_target(cells, page, trace.target)
        self._write_gradient(cells, page, trace, trace.target)
        self._write_outputs(cells, page, after, after=True)
        self._write_losses(cells, page, trace, after)

    def _title(self) -> tuple[str, str]:
        """The sheet's title and its description."""
        if self.layout.trace.loss is not None:
            description = {
                "cross-entropy": "L = ln Σ exp(z) − z of the true class; ∂L/∂z = p − target",
                "squared-error": "L = Σ (z − target)² / 2; ∂L/∂z = z − target",
            }[self.name]
            return f"Loss: {self.name}", description
        if self.name != "cross-entropy":
            return "Output", "the output of the model"
        if ends_in_probabilities(self.layout.trace):
            return "Output and probabilities", "p is the output: the model ends in a softmax"
        return "Output and probabilities", "p = exp(z − max) / Σ exp(z − max)"

    def _write_outputs(self, cells: CellWriter, page: Worksheet, trace: Trace, after: bool) -> None:
        """Write outputs, exponentials and probabilities, before or after the step."""
        z, column_of = trace.output, _AFTER if after else _BEFORE
        output, exponentials, p = map(self._column, column_of)
        last = self.layout.output(len(self.layout.trace.layers) - 1, after)
        cells.formulas(page, output, (last.reference(i) for i in indices(last.shape)), z)
        cells.label(page, output, "z after" if after else "output z")
        if self.name != "cross-entropy":
            return
        cells.label(page, p, "p after" if after else "probability")
        cells.color(page, p, "output")
        if ends_in_probabilities(trace):
            cells.formulas(page, p, output.addresses(), z)
            return
        maximum, total = f"MAX({output.whole()})", f"SUM({exponentials.whole()})"
        formulas = (f"EXP({cell}-{maximum})" for cell in output.addresses())
        cells.formulas(page, exponentials, formulas, np.exp(z - z.max()))
        formulas = (f"{cell}/{total}" for cell in exponentials.addresses())
        cells.formulas(page, p, formulas, probabilities(trace))
        cells.label(page, exponentials, "exp(z − max)")

    def _write_target(self, cells: CellWriter, page: Worksheet, target: int | Array) -> None:
        """Write the target and the learning rate, both to edit."""
        style, block = cells.style, self._column(_Column.TARGET)
        bold = style.format(bold=True)
        page.write_string(_RATE[0], 0, "learning rate", bold)
        page.write_number(*_RATE, self.learning_rate, style.editable)
        cells.label(page, block, "target")
        if not isinstance(target, int):
            cells.numbers(page, block, target, style.editable)
            return
        page.write_string(_TARGET[0], 0, "true class, from 0", bold)
        page.write_number(*_TARGET, target, style.editable)
        rule = {"validate": "integer", "criteria": "between", "minimum": 0}
        page.data_validation(*_TARGET, *_TARGET, {**rule, "maximum": len(block.rows) - 1})
        formulas = (f"IF({self.class_cell}={k},1,0)" for k in range(len(block.rows)))
        cells.formulas(page, block, formulas, _numbers(target, len(block.rows)))

    def _write_gradient(
        self, cells: CellWriter, page: Worksheet, trace: Trace, target: int | Array
    ) -> None:
        """Write ∂L/∂output of the model."""
        predicted, values = self._column(_Column.OUTPUT), trace.output
        if self.name == "cross-entropy":
            predicted, values = self.probability, probabilities(trace)
        pairs = zip(predicted.addresses(), self._column(_Column.TARGET).addresses(), strict=True)
        formulas = (f"{prediction}-{wanted}" for prediction, wanted in pairs)
        small = cells.cell_format(num_format=SMALL)
        cells.formulas(page, self.gradient, formulas, values - _numbers(target, len(values)), small)
        cells.label(page, self.gradient, "∂L/∂z")
        cells.color(page, self.gradient, "signed")

    def _write_losses(self, cells: CellWriter, page: Worksheet, trace: Trace, after: Trace) -> None:
        """Write the loss, the loss after the step and their difference."""
        assert trace.loss is not None and after.loss is not None
        change = f"{cell_address(*_LOSS_AFTER)}-{cell_address(*_LOSS)}"
        values = np.array([trace.loss, after.loss, after.loss - trace.loss])
        scientific = cells.style.format(num_format="0.0000E+00")
        formulas = [self._loss_formula(_BEFORE), self._loss_formula(_AFTER), change]
        block = column(LOSS_SHEET, *_LOSS, len(formulas))
        cells.formulas(page, block, formulas, values, scientific)
        names = ("loss", "loss after the step", "change")
        page.write_column(_LOSS[0], 4, names, cells.style.format(bold=True))

    def _loss_formula(self, columns: tuple[_Column, _Column, _Column]) -> str:
        z, exponentials = (self._column(which).whole() for which in columns[:2])
        target = self._column(_Column.TARGET).whole()
        if self.name == "squared-error":
            return f"SUMXMY2({z},{target})/2"
        # The loss of a confident network is tiny: it must not be a difference of large numbers.
        return f"LN(SUM({exponentials}))-(INDEX({z},{self.class_cell}+1)-MAX({z}))"


_BEFORE = (_Column.OUTPUT, _Column.EXPONENTIAL, _Column.PROBABILITY)
_AFTER = (_Column.OUTPUT_AFTER, _Column.EXPONENTIAL_AFTER, _Column.PROBABILITY_AFTER)


def _numbers(target: int | Array, count: int) -> Array:
    """The target as a number for each output; of a class its one-hot vector."""
    one_hot: Array = np.eye(count)
    return one_hot[target] if isinstance(target, int) else target


def ends_in_probabilities(trace: Trace) -> bool:
    """Whether a model's output is a softmax."""
    last = trace.layers[-1].layer
    return isinstance(last, Softmax) and not last.logarithm


def probabilities(trace: Trace) -> Array:
    """The softmax of the output, or the output itself where it is one."""
    z = trace.output
    if ends_in_probabilities(trace):
        return z
    exponentials: Array = np.exp(z - z.max())
    p: Array = exponentials / exponentials.sum()
    return p
