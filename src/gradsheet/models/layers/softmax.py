"""The softmax over a vector."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradsheet.models.blocks import (
    Index,
    column,
)
from gradsheet.models.layers.base import FIRST_COLUMN, Array, Desk, Formulas, Kind, indices


@dataclass(frozen=True, eq=False)
class Softmax(Kind):
    """Probabilities of a vector, or their logarithms."""

    name: ClassVar[str] = "Softmax"
    logarithm: bool = False

    @property
    def title(self) -> str:
        return "LogSoftmax" if self.logarithm else "Softmax"

    @property
    def words(self) -> str:
        if self.logarithm:
            return "y = x − max − ln Σ exp(x − max)"
        return "y = exp(x − max) / Σ exp(x − max)"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        count = inputs[0][0]
        x, raised, y = (column(sheet, top + 1, FIRST_COLUMN + 2 * k, count) for k in range(3))
        greatest = column(sheet, x.bottom + 1, FIRST_COLUMN, 1)
        total = column(sheet, x.bottom + 1, FIRST_COLUMN + 2, 1)
        return Desk((x,), y, {}, {"greatest": greatest, "raised": raised, "total": total})

    def spare_formulas(self, name: str, desk: Desk, back: Desk | None) -> Formulas | None:
        x, raised = desk.inputs[0], desk.spare["raised"]
        if name == "greatest":
            return iter([f"MAX({x.whole()})"])
        if name == "total":
            return iter([f"SUM({raised.whole()})"])
        greatest = desk.spare["greatest"].cell((0,))
        return (f"EXP({x.cell(index)}-{greatest})" for index in indices(x.shape))

    def spare_values(self, name: str, x: Array, y: Array) -> Array | None:
        raised: Array = np.exp(x - x.max())
        if name == "raised":
            return raised
        return np.array([x.max() if name == "greatest" else raised.sum()])

    def forward(self, desk: Desk) -> Formulas:
        greatest, total = (desk.spare[name].cell((0,)) for name in ("greatest", "total"))
        for index in indices(desk.output.shape):
            if self.logarithm:
                yield f"{desk.inputs[0].cell(index)}-{greatest}-LN({total})"
            else:
                yield f"{desk.spare['raised'].cell(index)}/{total}"

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        g, y, total = back.output, desk.output, desk.spare["total"].cell((0,))
        for index in indices(y.shape):
            if self.logarithm:
                share = f"{desk.spare['raised'].cell(index)}/{total}"
                yield f"{g.cell(index)}-{share}*SUM({g.whole()})"
            else:
                mean = f"SUMPRODUCT({g.whole()},{y.whole()})"
                yield f"{y.cell(index)}*({g.cell(index)}-{mean})"
