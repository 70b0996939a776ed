"""The last sheet: the model's output, its probabilities, the loss and the step."""

from dataclasses import dataclass

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

    def _column(self, number: int) -> Block:
        count = len(self.layout.trace.output)
        return column(LOSS_SHEET, _FIRST, 1 + number, count)

    @property
    def gradient(self) -> Block:
        """The block of ∂L/∂output of the model."""
        return self._column(4)

    @property
    def probability(self) -> Block:
        """The block of the probabilities."""
        return self._column(2)

    @property
    def losses(self) -> Block:
        """The cells of the loss and, with a backward pass, of the loss after the step."""
        return column(LOSS_SHEET, *_LOSS, 1 if self.layout.trace.loss is None else 2)

    @property
    def learning_rate_cell(self) -> str:
        """The address of the learning rate, for other sheets."""
        return f"{LOSS_SHEET}!{cell_address(*_RATE)}"

    def write(self, cells: CellWriter, after: Trace | None, links: Links) -> None:
        """Write the sheet; ``after`` is the model after a step, None without a loss."""
        trace, style = self.layout.trace, cells.style
        page = cells.add_sheet(LOSS_SHEET, *self._title(), links)
        page.set_column(0, 16_383, 11)
        z = trace.output
        self._columns(cells, page, trace, after=False)
        for number in range(len(z)):
            page.write_number(_FIRST + number, 0, number, style.format(bold=True))
        if self.name == "cross-entropy":
            chart = cells.bar_chart(self.probability, "Probability of each class")
            page.insert_chart(_FIRST, 11, chart)
        target = self._targets()
        if trace.loss is None:
            return
        self._write_targets(cells, page, target)
        p = probabilities(trace) if self.name == "cross-entropy" else z
        gradient, aim = self._column(4), self._column(3)
        minuend = self._column(2) if self.name == "cross-entropy" else self._column(0)
        formulas = (f"{minuend.cell(i)}-{aim.cell(i)}" for i in indices(aim.shape))
        small = cells.cell_format(num_format=SMALL)
        cells.formulas(page, gradient, formulas, p - target, small)
        cells.label(page, gradient, "∂L/∂z")
        cells.color(page, gradient, "signed")
        totals, values, names = [self._total(0)], [trace.loss], ["loss"]
        if after is not None and after.loss is not None:
            self._columns(cells, page, after, after=True)
            change = f"{cell_address(*_LOSS_AFTER)}-{cell_address(*_LOSS)}"
            totals += [self._total(5), change]
            values += [after.loss, after.loss - trace.loss]
            names += ["loss after the step", "change"]
        losses = column(LOSS_SHEET, *_LOSS, len(totals))
        scientific = style.format(num_format="0.0000E+00")
        cells.formulas(page, losses, totals, np.array(values), scientific)
        page.write_column(_LOSS[0], 4, names, style.format(bold=True))

    def _title(self) -> tuple[str, str]:
        """The sheet's title and what it computes."""
        if self.layout.trace.loss is not None:
            words = {
                "cross-entropy": "L = ln Σ exp(z) − z of the true class; ∂L/∂z = p − target",
                "squared-error": "L = Σ (z − target)² / 2; ∂L/∂z = z − target",
            }[self.name]
            return f"Loss: {self.name}", words
        if self.name != "cross-entropy":
            return "Output", "the output of the model"
        if ends_in_probabilities(self.layout.trace):
            return "Output and probabilities", "p is the output: the model ends in a softmax"
        return "Output and probabilities", "p = exp(z − max) / Σ exp(z − max)"

    def _columns(self, cells: CellWriter, page: Worksheet, trace: Trace, after: bool) -> None:
        """Write outputs, exponentials and probabilities; after the step from column 6 on."""
        z = trace.output
        start = 5 if after else 0
        read = self.layout.output(len(self.layout.trace.layers) - 1, after)
        output, exponentials, p = (self._column(start + number) for number in range(3))
        cells.formulas(page, output, (read.reference(i) for i in indices(read.shape)), z)
        cells.label(page, output, "z after" if after else "output z")
        if self.name != "cross-entropy":
            return
        cells.label(page, p, "p after" if after else "probability")
        cells.color(page, p, "output")
        if ends_in_probabilities(trace):
            cells.formulas(page, p, (output.cell(i) for i in indices(p.shape)), z)
            return
        maximum = f"MAX({output.whole()})"
        formulas = [f"EXP({output.cell(i)}-{maximum})" for i in indices(output.shape)]
        cells.formulas(page, exponentials, formulas, np.exp(z - z.max()))
        total = f"SUM({exponentials.whole()})"
        formulas = [f"{exponentials.cell(i)}/{total}" for i in indices(p.shape)]
        cells.formulas(page, p, formulas, probabilities(trace))
        cells.label(page, exponentials, "exp(z − max)")

    def _targets(self) -> Array:
        target, count = self.layout.trace.target, len(self.layout.trace.output)
        if target is None or isinstance(target, int):
            return np.array([float(number == target) for number in range(count)])
        return target.ravel()

    def _write_targets(self, cells: CellWriter, page: Worksheet, target: Array) -> None:
        style, aim = cells.style, self._column(3)
        bold = style.format(bold=True)
        page.write_string(_RATE[0], 0, "learning rate", bold)
        page.write_number(*_RATE, self.learning_rate, style.editable)
        cells.label(page, aim, "target")
        if self.name == "squared-error":
            for index in indices(aim.shape):
                row, place = int(aim.rows[index]), int(aim.columns[index])
                page.write_number(row, place, float(target[index]), style.editable)
            return
        page.write_string(_TARGET[0], 0, "true class, from 0", bold)
        page.write_number(*_TARGET, int(target.argmax()), style.editable)
        rule = {"validate": "integer", "criteria": "between", "minimum": 0}
        page.data_validation(*_TARGET, *_TARGET, {**rule, "maximum": len(target) - 1})
        formulas = (f"IF({cell_address(*_TARGET)}={k},1,0)" for k in range(len(target)))
        cells.formulas(page, aim, formulas, target)

    def _total(self, start: int) -> str:
        """The formula of the loss of the outputs in column ``start``."""
        z, exponentials, aim = (self._column(n).whole() for n in (start, start + 1, 3))
        if self.name == "squared-error":
            return f"SUMPRODUCT({z}-{aim},{z}-{aim})/2"
        # The loss of a confident network is tiny: it must not be a difference of large numbers.
        return f"LN(SUM({exponentials}))-SUMPRODUCT({z}-MAX({z}),{aim})"


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
