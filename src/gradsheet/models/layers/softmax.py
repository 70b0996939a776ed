"""The softmax of a vector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradsheet.models.blocks import Index, column
from gradsheet.models.layers.base import FIRST_COLUMN, Array, Formulas, Layer, PassLayout, indices


@dataclass(frozen=True, eq=False)
class Softmax(Layer):
    """Probabilities from a vector of logits, or their logarithms."""

    name: ClassVar[str] = "Softmax"
    auxiliary_labels: ClassVar[Mapping[str, str]] = {
        "exponentials": "exp(x − max)",
        "maximum": "max",
        "total": "Σ exp",
    }
    logarithm: bool = False

    @property
    def title(self) -> str:
        return "LogSoftmax" if self.logarithm else "Softmax"

    @property
    def description(self) -> str:
        if self.logarithm:
            return "y = x − max − ln Σ exp(x − max)"
        return "y = exp(x − max) / Σ exp(x − max)"

    def forward_layout(
        self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index
    ) -> PassLayout:
        count = inputs[0][0]
        x, exponentials, y = (column(sheet, top + 1, FIRST_COLUMN + 2 * k, count) for k in range(3))
        maximum = column(sheet, x.bottom + 1, FIRST_COLUMN, 1)
        total = column(sheet, x.bottom + 1, FIRST_COLUMN + 2, 1)
        return PassLayout(
            (x,), y, {}, {"maximum": maximum, "exponentials": exponentials, "total": total}
        )

    def auxiliary_formulas(
        self, name: str, layout: PassLayout, gradients: PassLayout | None
    ) -> Formulas | None:
        x, exponentials = layout.inputs[0], layout.auxiliary["exponentials"]
        if name == "maximum":
            return iter([f"MAX({x.whole()})"])
        if name == "total":
            return iter([f"SUM({exponentials.whole()})"])
        maximum = layout.auxiliary["maximum"].cell((0,))
        return (f"EXP({x.cell(index)}-{maximum})" for index in indices(x.shape))

    def auxiliary_values(self, name: str, x: Array, y: Array) -> Array:
        exponentials: Array = np.exp(x - x.max())
        if name == "exponentials":
            return exponentials
        return np.array([x.max() if name == "maximum" else exponentials.sum()])

    def output_formulas(self, layout: PassLayout) -> Formulas:
        maximum, total = (layout.auxiliary[name].cell((0,)) for name in ("maximum", "total"))
        for index in indices(layout.output.shape):
            if self.logarithm:
                yield f"{layout.inputs[0].cell(index)}-{maximum}-LN({total})"
            else:
                yield f"{layout.auxiliary['exponentials'].cell(index)}/{total}"

    def input_gradient(self, which: int, layout: PassLayout, gradients: PassLayout) -> Formulas:
        g, y, total = gradients.output, layout.output, layout.auxiliary["total"].cell((0,))
        for index in indices(y.shape):
            if self.logarithm:
                share = f"{layout.auxiliary['exponentials'].cell(index)}/{total}"
                yield f"{g.cell(index)}-{share}*SUM({g.whole()})"
            else:
                mean = f"SUMPRODUCT({g.whole()},{y.whole()})"
                yield f"{y.cell(index)}*({g.cell(index)}-{mean})"
