"""Convolutions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradsheet.models.blocks import (
    Block,
    Index,
    beside_tiles,
    filters,
    tiles,
)
from gradsheet.models.layers.base import (
    FIRST_COLUMN,
    Array,
    Formulas,
    Layer,
    PassLayout,
    indices,
    spacing,
    sum_of_products,
)


@dataclass(frozen=True, eq=False)
class Convolution(Layer):
    """A two-dimensional convolution (in deep learning's sense: a cross-correlation).

    Attributes:
        weight: (O, I / groups, h, w).
        bias: (O,), or None.
        stride, padding: vertical and horizontal.
    """

    name: ClassVar[str] = "Conv2d"
    auxiliary_labels: ClassVar[Mapping[str, str]] = {"flipped": "kernels, flipped"}
    weight: Array
    bias: Array | None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    groups: int = 1

    @property
    def parameters(self) -> Mapping[str, Array]:  # type: ignore[override]  # both or one
        return {"weight": self.weight} | ({} if self.bias is None else {"bias": self.bias})

    @property
    def title(self) -> str:
        outputs, inputs, height, width = self.weight.shape
        return f"{self.name} {height} × {width}, {inputs * self.groups} → {outputs} channels"

    @property
    def description(self) -> str:
        return "output = Σ over the input channels of kernel × window, plus the bias"

    def forward_layout(
        self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index
    ) -> PassLayout:
        (channels, height, width), (down, right) = inputs[0], self.padding
        padded = (channels, height + 2 * down, width + 2 * right)
        around = tiles(sheet, top, FIRST_COLUMN, padded)
        step = spacing(self.weight.shape[2], output[1])
        weight = filters(sheet, top, around.right + 1, self.weight.shape, step)
        places = {"weight": weight}
        left = weight.right + 1
        if self.bias is not None:
            places["bias"] = beside_tiles(weight, left)
            left += 2
        y = tiles(sheet, top, left, output, step)
        return PassLayout((around.inner(self.padding),), y, places, {"padded": around})

    def output_formulas(self, layout: PassLayout) -> Formulas:
        kernels, x = self._kernels(layout.parameters["weight"]), layout.auxiliary["padded"]
        (height, width), (down, right) = self.weight.shape[2:], self.stride
        windows = _Windows(x, height, width)
        bias = layout.parameters.get("bias")
        for o, row_, column_ in indices(layout.output.shape):
            terms = [
                sum_of_products(kernel, windows[i, row_ * down, column_ * right])
                for i, kernel in kernels[o]
            ]
            yield "+".join([*terms, *([bias.cell((o,))] if bias else [])])

    def backward_layout(self, layout: PassLayout, top: int) -> PassLayout:
        """The outputs' gradients with zeros around and, for a stride, between them.

        The inputs' gradients are a convolution of these with the flipped kernels.
        """
        padded, weight, y = layout.auxiliary["padded"], layout.parameters["weight"], layout.output
        (height, width), (down, right) = self.weight.shape[2:], self.stride
        spread = (len(y.rows), padded.shape[1] + height - 1, padded.shape[2] + width - 1)
        dx = tiles(padded.sheet, top, FIRST_COLUMN, padded.shape)
        left = int(weight.columns.min())
        step = spacing(height, spread[1])
        dw = filters(padded.sheet, top, left, self.weight.shape, step)
        places, around = (
            {"weight": dw},
            tiles(padded.sheet, top, int(y.columns.min()), spread, step),
        )
        if self.bias is not None:
            places["bias"] = beside_tiles(dw, int(layout.parameters["bias"].columns.min()))
        flipped = filters(padded.sheet, top, around.right + 1, self.weight.shape, step)
        part = np.s_[
            :,
            height - 1 : height - 1 + y.shape[1] * down : down,
            width - 1 : width - 1 + y.shape[2] * right : right,
        ]
        dy = Block(around.sheet, around.rows[part], around.columns[part])
        auxiliary = {"padded": dx, "spread": around, "flipped": flipped}
        return PassLayout((dx.inner(self.padding),), dy, places, auxiliary)

    def auxiliary_formulas(
        self, name: str, layout: PassLayout, gradients: PassLayout | None
    ) -> Formulas | None:
        if name != "flipped":
            return None
        weight = layout.parameters["weight"]
        flipped = Block(weight.sheet, weight.rows[..., ::-1, ::-1], weight.columns[..., ::-1, ::-1])
        return (flipped.cell(index) for index in indices(flipped.shape))

    def auxiliary_values(self, name: str, x: Array, y: Array) -> Array:
        return self.weight[..., ::-1, ::-1]

    def input_gradient(self, which: int, layout: PassLayout, gradients: PassLayout) -> Formulas:
        (height, width), (down, right) = self.weight.shape[2:], self.padding
        kernels: dict[int, list[tuple[int, str]]] = {}
        for o, pairs in self._kernels(gradients.auxiliary["flipped"]).items():
            for i, kernel in pairs:
                kernels.setdefault(i, []).append((o, kernel))
        windows = _Windows(gradients.auxiliary["spread"], height, width)
        for i, row_, column_ in indices(gradients.inputs[0].shape):
            yield "+".join(
                sum_of_products(kernel, windows[o, row_ + down, column_ + right])
                for o, kernel in kernels[i]
            )

    def parameter_gradient(self, name: str, layout: PassLayout, gradients: PassLayout) -> Formulas:
        spread, x = gradients.auxiliary["spread"], layout.auxiliary["padded"]
        dy, (height, width) = gradients.output, self.weight.shape[2:]
        if name == "bias":
            yield from (f"SUM({channel})" for channel in map(spread.whole, range(len(dy.rows))))
            return
        tall = (dy.shape[1] - 1) * self.stride[0] + 1
        wide = (dy.shape[2] - 1) * self.stride[1] + 1
        windows = _Windows(x, tall, wide)
        inputs_per_group = len(x.rows) // self.groups
        outputs_per_group = len(dy.rows) // self.groups
        for o, i, row_, column_ in indices(self.weight.shape):
            g = spread.span((o, height - 1, width - 1), (o, height - 2 + tall, width - 2 + wide))
            yield sum_of_products(
                g, windows[o // outputs_per_group * inputs_per_group + i, row_, column_]
            )

    def _kernels(self, weight: Block) -> dict[int, list[tuple[int, str]]]:
        """For each output channel its input channels, each with the range of its kernel."""
        outputs, inputs_per_group = self.weight.shape[:2]
        outputs_per_group = outputs // self.groups
        return {
            o: [
                (o // outputs_per_group * inputs_per_group + i, weight.whole(o, i))
                for i in range(inputs_per_group)
            ]
            for o in range(outputs)
        }


class _Windows(dict[Index, str]):
    """The range of each window of a block, by channel, row and column of its first number."""

    def __init__(self, block: Block, height: int, width: int) -> None:
        super().__init__()
        self._block, self._last = block, (height - 1, width - 1)

    def __missing__(self, index: Index) -> str:
        channel, row_, column_ = index
        last = (channel, row_ + self._last[0], column_ + self._last[1])
        self[index] = self._block.span(index, last)
        return self[index]
