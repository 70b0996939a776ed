"""Layers of windows without weights: pooling."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from gradsheet.errors import GradsheetError
from gradsheet.models.blocks import (
    Block,
    Index,
    tiles,
)
from gradsheet.models.layers.base import FIRST_COLUMN, Array, Desk, Formulas, Kind, indices, spacing

_MOST_IFS = 64  # levels of functions in one another, of Excel


@dataclass(frozen=True, eq=False)
class Pool(Kind):
    """What all poolings share: windows of a size, a stride and a padding, down and right."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int] = (0, 0)

    @property
    def title(self) -> str:
        return f"{self.name} {self.size[0]} × {self.size[1]}"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        x = tiles(sheet, top, FIRST_COLUMN, inputs[0])
        return Desk((x,), tiles(sheet, top, x.right + 1, output, spacing(inputs[0][1])))

    def window(self, desk: Desk, index: Index) -> tuple[Index, Index]:
        """The first and the last input that an output sees: padding is not seen."""
        return self._window(desk.inputs[0].shape[1:], index)

    def _window(self, sizes: Index, index: Index) -> tuple[Index, Index]:
        channel, *position = index
        first = [p * s - pad for p, s, pad in zip(position, self.stride, self.padding, strict=True)]
        last = [min(a + k, n) - 1 for a, k, n in zip(first, self.size, sizes, strict=True)]
        return (channel, *(max(0, a) for a in first)), (channel, *last)

    def seen_by(self, desk: Desk) -> dict[Index, list[Index]]:
        """For each input the outputs that see it."""
        seen: dict[Index, list[Index]] = {index: [] for index in indices(desk.inputs[0].shape)}
        for index in indices(desk.output.shape):
            for inside in _between(*self.window(desk, index)):
                seen[inside].append(index)
        return seen


def _between(first: Index, last: Index) -> Iterator[Index]:
    return product(*(range(a, b + 1) for a, b in zip(first, last, strict=True)))


class MaxPool(Pool):
    """The greatest of each window. Among equals the first takes the gradient, as in torch."""

    name = "MaxPool2d"

    @property
    def words(self) -> str:
        return "an output is the greatest number of its window"

    def forward(self, desk: Desk) -> Formulas:
        for index in indices(desk.output.shape):
            yield f"MAX({desk.inputs[0].span(*self.window(desk, index))})"

    def arrange_backward(self, desk: Desk, top: int) -> Desk:
        if self.size[0] * self.size[1] > _MOST_IFS:
            raise GradsheetError(
                f"sheet '{desk.output.sheet}': the gradient of {self.title} needs more than "
                f"{_MOST_IFS} IFs in one another, which Excel does not take; use smaller windows, "
                "or no target"
            )
        back = super().arrange_backward(desk, top)
        y, g = desk.output, back.output
        winner = Block(y.sheet, g.rows, g.columns + y.shape[2] + 1)
        return Desk(back.inputs, g, {}, {"winner": winner})

    def spare_formulas(self, name: str, desk: Desk, back: Desk | None) -> Formulas | None:
        """Which number of each window is the greatest, counted from 1, row by row."""
        x, y = desk.inputs[0], desk.output

        def winner(index: Index) -> str:
            cells = [x.cell(inside) for inside in _between(*self.window(desk, index))]
            formula = str(len(cells))
            for number in range(len(cells) - 1, 0, -1):
                formula = f"IF({cells[number - 1]}={y.cell(index)},{number},{formula})"
            return formula

        return (winner(index) for index in indices(y.shape))

    def spare_values(self, name: str, x: Array, y: Array) -> Array | None:
        winners = np.empty(y.shape)
        for index in indices(y.shape):
            (channel, *first), (_, *last) = self._window(x.shape[1:], index)
            winners[index] = 1 + x[channel, first[0] : last[0] + 1, first[1] : last[1] + 1].argmax()
        return winners

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        g, winner = back.output, back.spare["winner"]
        for inside, outputs in self.seen_by(desk).items():
            terms = []
            for index in outputs:
                number = list(_between(*self.window(desk, index))).index(inside) + 1
                terms.append(f"IF({winner.cell(index)}={number},{g.cell(index)},0)")
            yield "+".join(terms) or "0"


@dataclass(frozen=True, eq=False)
class AveragePool(Pool):
    """The mean of each window.

    Attributes:
        count_padding: whether zeros outside count as numbers of the window.
    """

    name: ClassVar[str] = "AvgPool2d"
    count_padding: bool = True

    @property
    def words(self) -> str:
        return "an output is the mean of its window"

    def _count(self, desk: Desk, index: Index) -> int:
        if self.count_padding:
            return self.size[0] * self.size[1]
        return len(list(_between(*self.window(desk, index))))

    def forward(self, desk: Desk) -> Formulas:
        for index in indices(desk.output.shape):
            cells = desk.inputs[0].span(*self.window(desk, index))
            yield f"SUM({cells})/{self._count(desk, index)}"

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        for outputs in self.seen_by(desk).values():
            terms = [f"{back.output.cell(i)}/{self._count(desk, i)}" for i in outputs]
            yield "+".join(terms) or "0"
