"""Layers of products with weights: convolutions and linear layers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradsheet.models.blocks import (
    Block,
    Index,
    beside_tiles,
    column,
    filters,
    matrix,
    row,
    tiles,
)
from gradsheet.models.layers.base import FIRST_COLUMN, Array, Desk, Formulas, Kind, indices, spacing


@dataclass(frozen=True, eq=False)
class Convolution(Kind):
    """A two-dimensional convolution (as deep learning has it: a correlation).

    Attributes:
        weight: (O, I / groups, h, w).
        bias: (O,), or None.
        stride, padding: down and right.
    """

    name: ClassVar[str] = "Conv2d"
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
    def words(self) -> str:
        return "an output is the sum over the input channels of kernel × window, and the bias"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
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
        return Desk((around.inner(self.padding),), y, places, {"padded": around})

    def forward(self, desk: Desk) -> Formulas:
        kernels, x = self._kernels(desk.parameters["weight"]), desk.spare["padded"]
        (height, width), (down, right) = self.weight.shape[2:], self.stride
        windows = _Windows(x, height, width)
        bias = desk.parameters.get("bias")
        for o, row_, column_ in indices(desk.output.shape):
            terms = [
                _product(kernel, windows[i, row_ * down, column_ * right])
                for i, kernel in kernels[o]
            ]
            yield "+".join([*terms, *([bias.cell((o,))] if bias else [])])

    def arrange_backward(self, desk: Desk, top: int) -> Desk:
        """The outputs' gradients stand apart by the stride, with zeros between and around.

        Over these each input's gradient is a convolution again, with the kernels turned round.
        """
        padded, weight, y = desk.spare["padded"], desk.parameters["weight"], desk.output
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
            places["bias"] = beside_tiles(dw, int(desk.parameters["bias"].columns.min()))
        turned = filters(padded.sheet, top, around.right + 1, self.weight.shape, step)
        part = np.s_[
            :,
            height - 1 : height - 1 + y.shape[1] * down : down,
            width - 1 : width - 1 + y.shape[2] * right : right,
        ]
        dy = Block(around.sheet, around.rows[part], around.columns[part])
        spare = {"padded": dx, "spread": around, "turned": turned}
        return Desk((dx.inner(self.padding),), dy, places, spare)

    def spare_formulas(self, name: str, desk: Desk, back: Desk | None) -> Formulas | None:
        if name != "turned":
            return None
        weight = desk.parameters["weight"]
        flipped = Block(weight.sheet, weight.rows[..., ::-1, ::-1], weight.columns[..., ::-1, ::-1])
        return (flipped.cell(index) for index in indices(flipped.shape))

    def spare_values(self, name: str, x: Array, y: Array) -> Array | None:
        return self.weight[..., ::-1, ::-1] if name == "turned" else None

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        (height, width), (down, right) = self.weight.shape[2:], self.padding
        kernels: dict[int, list[tuple[int, str]]] = {}
        for o, pairs in self._kernels(back.spare["turned"]).items():
            for i, kernel in pairs:
                kernels.setdefault(i, []).append((o, kernel))
        windows = _Windows(back.spare["spread"], height, width)
        for i, row_, column_ in indices(back.inputs[0].shape):
            yield "+".join(
                _product(kernel, windows[o, row_ + down, column_ + right])
                for o, kernel in kernels[i]
            )

    def parameter_gradient(self, name: str, desk: Desk, back: Desk) -> Formulas:
        spread, x = back.spare["spread"], desk.spare["padded"]
        dy, (height, width) = back.output, self.weight.shape[2:]
        if name == "bias":
            yield from (
                f"SUM({dy_of_channel})" for dy_of_channel in map(spread.whole, range(len(dy.rows)))
            )
            return
        tall = (dy.shape[1] - 1) * self.stride[0] + 1
        wide = (dy.shape[2] - 1) * self.stride[1] + 1
        windows = _Windows(x, tall, wide)
        share = len(x.rows) // self.groups
        of_group = len(dy.rows) // self.groups
        for o, i, row_, column_ in indices(self.weight.shape):
            g = spread.span((o, height - 1, width - 1), (o, height - 2 + tall, width - 2 + wide))
            yield _product(g, windows[o // of_group * share + i, row_, column_])

    def _kernels(self, weight: Block) -> dict[int, list[tuple[int, str]]]:
        """For each output channel the input channels it sees, each with its kernel's cells."""
        outputs, share = self.weight.shape[:2]
        of_group = outputs // self.groups
        return {
            o: [(o // of_group * share + i, weight.whole(o, i)) for i in range(share)]
            for o in range(outputs)
        }


class _Windows(dict[Index, str]):
    """The cells of each window of a block, by channel, row and column of its first number."""

    def __init__(self, block: Block, height: int, width: int) -> None:
        super().__init__()
        self._block, self._last = block, (height - 1, width - 1)

    def __missing__(self, index: Index) -> str:
        channel, row_, column_ = index
        last = (channel, row_ + self._last[0], column_ + self._last[1])
        self[index] = self._block.span(index, last)
        return self[index]


def _product(kernel: str, window: str) -> str:
    """The sum of products of two ranges of one shape; of single cells, their product."""
    first, last = kernel.split(":")
    if first == last:
        return f"{first}*{window.split(':')[0]}"
    return f"SUMPRODUCT({kernel},{window})"


@dataclass(frozen=True, eq=False)
class Linear(Kind):
    """A matrix product: the inputs in a row above the weights, the outputs in a column beside."""

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
    def words(self) -> str:
        return "an output is the sum of its row of weights × the inputs above them, and the bias"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        x = row(sheet, top + 1, FIRST_COLUMN, inputs[0][0])
        weight = matrix(sheet, top + 3, FIRST_COLUMN, self.weight.shape)
        places, left = {"weight": weight}, weight.right + 1
        if self.bias is not None:
            places["bias"] = column(sheet, top + 3, left, len(self.bias))
            left += 2
        return Desk((x,), column(sheet, top + 3, left, output[0]), places)

    def forward(self, desk: Desk) -> Formulas:
        x, weight = desk.inputs[0].whole(), desk.parameters["weight"]
        bias = desk.parameters.get("bias")
        for o in range(len(desk.output.rows)):
            product_ = _product(weight.whole(o), x)
            yield f"{product_}+{bias.cell((o,))}" if bias else product_

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        weight, g = desk.parameters["weight"], back.output.whole()
        for i in range(weight.shape[1]):
            yield _product(weight.span((0, i), (weight.shape[0] - 1, i)), g)

    def parameter_gradient(self, name: str, desk: Desk, back: Desk) -> Formulas:
        x, g = desk.inputs[0], back.output
        if name == "bias":
            return (g.cell((o,)) for o in range(len(g.rows)))
        return (f"{g.cell((o,))}*{x.cell((i,))}" for o, i in indices(self.weight.shape))
