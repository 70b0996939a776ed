"""The sheet on which a model ends: its outputs, their probabilities, the loss and the step."""

from dataclasses import dataclass

import numpy as np
from xlsxwriter.worksheet import Worksheet

from gradsheet.models.blocks import Block, column
from gradsheet.models.layers.base import Array
from gradsheet.models.layers.softmax import Softmax
from gradsheet.models.layout import TOP, Plan
from gradsheet.models.sheets.layer import SMALL, Links, Pages, indices
from gradsheet.models.trace import LossName, Trace
from gradsheet.spreadsheet.writer import cell_address

LOSS_SHEET = "Loss"

_TARGET, _RATE = (TOP - 1, 2), (TOP, 2)
_LOSS, _LOSS_AFTER = (TOP - 1, 6), (TOP, 6)
_FIRST = TOP + 4  # the first row of the columns


@dataclass(frozen=True)
class LossPage:
    """The loss of a model in cells.

    Attributes:
        name: which loss.
        rate: the learning rate of the step, as written.
    """

    plan: Plan
    name: LossName
    rate: float

    def _column(self, number: int) -> Block:
        count = len(self.plan.trace.layers[-1].output)
        return column(LOSS_SHEET, _FIRST, 1 + number, count)

    @property
    def gradient(self) -> Block:
        """Where the derivative by each output of the model stands."""
        return self._column(4)

    @property
    def probability(self) -> Block:
        """Where the probabilities stand."""
        return self._column(2)

    @property
    def losses(self) -> Block:
        """Where the loss stands, and the loss after a step where there is one."""
        return column(LOSS_SHEET, *_LOSS, 1 if self.plan.trace.loss is None else 2)

    @property
    def rate_cell(self) -> str:
        """The learning rate, as other sheets write it."""
        return f"{LOSS_SHEET}!{cell_address(*_RATE)}"

    def write(self, pages: Pages, after: Trace | None, links: Links) -> None:
        """Write the sheet; ``after`` is the model after a step, None without one."""
        trace, style = self.plan.trace, pages.style
        page = pages.open(LOSS_SHEET, *self._title(), links)
        page.set_column(0, 16_383, 11)
        z = trace.layers[-1].output
        self._columns(pages, page, trace, after=False)
        for number in range(len(z)):
            page.write_number(_FIRST + number, 0, number, style.format(bold=True))
        if self.name == "cross-entropy":
            chart = pages.probabilities(self.probability, "Probability of each class")
            page.insert_chart(_FIRST, 11, chart)
        target = self._targets()
        if trace.loss is None:
            return
        self._write_targets(pages, page, target)
        p = probabilities(trace) if self.name == "cross-entropy" else z
        gradient, aim = self._column(4), self._column(3)
        of = self._column(2) if self.name == "cross-entropy" else self._column(0)
        formulas = (f"{of.cell(i)}-{aim.cell(i)}" for i in indices(aim.shape))
        small = pages.look(num_format=SMALL)
        pages.formulas(page, gradient, formulas, p - target, small)
        pages.name(page, gradient, "∂L/∂z")
        pages.heat(page, gradient, "signed")
        totals, values, names = [self._total(0)], [trace.loss], ["loss"]
        if after is not None and after.loss is not None:
            self._columns(pages, page, after, after=True)
            change = f"{cell_address(*_LOSS_AFTER)}-{cell_address(*_LOSS)}"
            totals += [self._total(5), change]
            values += [after.loss, after.loss - trace.loss]
            names += ["loss after the step", "change"]
        losses = column(LOSS_SHEET, *_LOSS, len(totals))
        look = style.format(num_format="0.0000E+00")
        pages.formulas(page, losses, totals, np.array(values), look)
        page.write_column(_LOSS[0], 4, names, style.format(bold=True))

    def _title(self) -> tuple[str, str]:
        """The sheet's title and what it computes."""
        if self.plan.trace.loss is not None:
            words = {
                "cross-entropy": "L = ln Σ exp(z) − z of the class; its derivative is p − target",
                "squared-error": "L = Σ (z − target)² / 2; its derivative is z − target",
            }[self.name]
            return f"Loss: {self.name}", words
        if self.name != "cross-entropy":
            return "Output", "what the model computes"
        if ends_in_probabilities(self.plan.trace):
            return "Output and probabilities", "the model ends in a softmax: p is its output"
        return "Output and probabilities", "p = exp(z − max) / Σ exp(z − max)"

    def _columns(self, pages: Pages, page: Worksheet, trace: Trace, after: bool) -> None:
        """Outputs, exp, probabilities: from the first column, or from the sixth after the step."""
        z = trace.layers[-1].output
        start = 5 if after else 0
        read = self.plan.output(len(self.plan.trace.layers) - 1, after)
        output, raised, p = (self._column(start + number) for number in range(3))
        pages.formulas(page, output, (read.seen(i) for i in indices(read.shape)), z)
        pages.name(page, output, "z after" if after else "output z")
        if self.name != "cross-entropy":
            return
        pages.name(page, p, "p after" if after else "probability")
        pages.heat(page, p, "output")
        if ends_in_probabilities(trace):
            pages.formulas(page, p, (output.cell(i) for i in indices(p.shape)), z)
            return
        greatest = f"MAX({output.whole()})"
        formulas = [f"EXP({output.cell(i)}-{greatest})" for i in indices(output.shape)]
        pages.formulas(page, raised, formulas, np.exp(z - z.max()))
        total = f"SUM({raised.whole()})"
        formulas = [f"{raised.cell(i)}/{total}" for i in indices(p.shape)]
        pages.formulas(page, p, formulas, probabilities(trace))
        pages.name(page, raised, "exp(z − max)")

    def _targets(self) -> Array:
        target, count = self.plan.trace.target, len(self.plan.trace.layers[-1].output)
        if target is None or isinstance(target, int):
            return np.array([float(number == target) for number in range(count)])
        return target.ravel()

    def _write_targets(self, pages: Pages, page: Worksheet, target: Array) -> None:
        style, aim = pages.style, self._column(3)
        bold = style.format(bold=True)
        page.write_string(_RATE[0], 0, "learning rate", bold)
        page.write_number(*_RATE, self.rate, style.editable)
        pages.name(page, aim, "target")
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
        pages.formulas(page, aim, formulas, target)

    def _total(self, start: int) -> str:
        """The formula of the loss of the outputs in the column ``start``."""
        z, raised, aim = (self._column(n).whole() for n in (start, start + 1, 3))
        if self.name == "squared-error":
            return f"SUMPRODUCT({z}-{aim},{z}-{aim})/2"
        # Of a sure network the loss is tiny: nothing large may be added and taken away again.
        return f"LN(SUM({raised}))-SUMPRODUCT({z}-MAX({z}),{aim})"


def ends_in_probabilities(trace: Trace) -> bool:
    """Whether a model's output is a softmax already."""
    kind = trace.layers[-1].kind
    return isinstance(kind, Softmax) and not kind.logarithm


def probabilities(trace: Trace) -> Array:
    """The softmax of the outputs, or they themselves where they are one."""
    z = trace.layers[-1].output
    if ends_in_probabilities(trace):
        return z
    raised: Array = np.exp(z - z.max())
    p: Array = raised / raised.sum()
    return p
