"""Linear layers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gradsheet.models.blocks import Index, column, matrix, row
from gradsheet.models.layers.base import (
    FIRST_COLUMN,
    Array,
    Formulas,
    Layer,
    PassLayout,
    indices,
    sum_of_products,
)


@dataclass(frozen=True, eq=False)
class Linear(Layer):
    """A matrix product: inputs in a row above the weights, outputs in a column beside them."""

    name: ClassVar[str] = "Linear"
    weight: Array
    bias: Array | None

    @property
    def parameters(self) -> Mapping[str, Array]:  # type: ignore[override]  # both or one
        return {"weight": self.weight} | ({} if self.bias is None else {"bias": self.bias})

    @property
    def title(self) -> str:
        return f"{self.name}, {self.weight.shape[1]} → {self.weight.shape[0]}"

    @property
    def description(self) -> str:
        return "output = Σ weight × input along a row of weights, plus the bias"

    def forward_layout(
        self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index
    ) -> PassLayout:
        x = row(sheet, top + 1, FIRST_COLUMN, inputs[0][0])
        weight = matrix(sheet, top + 3, FIRST_COLUMN, self.weight.shape)
        places, left = {"weight": weight}, weight.right + 1
        if self.bias is not None:
            places["bias"] = column(sheet, top + 3, left, len(self.bias))
            left += 2
        return PassLayout((x,), column(sheet, top + 3, left, output[0]), places)

    def output_formulas(self, layout: PassLayout) -> Formulas:
        x, weight = layout.inputs[0].whole(), layout.parameters["weight"]
        bias = layout.parameters.get("bias")
        for o in range(len(layout.output.rows)):
            total = sum_of_products(weight.whole(o), x)
            yield f"{total}+{bias.cell((o,))}" if bias else total

    def input_gradient(self, which: int, layout: PassLayout, gradients: PassLayout) -> Formulas:
        weight, g = layout.parameters["weight"], gradients.output.whole()
        for i in range(weight.shape[1]):
            yield sum_of_products(weight.span((0, i), (weight.shape[0] - 1, i)), g)

    def parameter_gradient(self, name: str, layout: PassLayout, gradients: PassLayout) -> Formulas:
        x, g = layout.inputs[0], gradients.output
        if name == "bias":
            return (g.cell((o,)) for o in range(len(g.rows)))
        return (f"{g.cell((o,))}*{x.cell((i,))}" for o, i in indices(self.weight.shape))
