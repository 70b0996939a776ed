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
    column,
    tiles,
)
from gradsheet.models.layers.base import FIRST_COLUMN, Array, Desk, Formulas, Kind, indices, spacing
from gradsheet.models.ties import TIE, maxima, thresholds, windows, winners

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
    """The maximum of each window; ``ties`` says which cell takes the gradient."""

    name = "MaxPool2d"

    @property
    def words(self) -> str:
        return (
            "an output is the maximum of its window; the gradient goes to the first cell within "
            f"{TIE:.0E} of it, relative to the window's largest magnitude"
        )

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
        spare, g = {}, back.output
        for number, name in enumerate(("threshold", "winner", "maxima"), start=1):
            right = number * (g.shape[2] + 1)
            spare[name] = Block(g.sheet, g.rows, g.columns + right)
        spare["ties"] = column(g.sheet, int(g.rows.min()), spare["maxima"].right + 1, 1)
        return Desk(back.inputs, g, {}, spare)

    def spare_formulas(self, name: str, desk: Desk, back: Desk | None) -> Formulas | None:
        assert back is not None
        if name == "ties":
            return iter([f'COUNTIF({back.spare["maxima"].rectangle()},">1")'])
        formula = {"threshold": self._threshold, "winner": self._winner, "maxima": self._maxima}
        return (formula[name](desk, back, index) for index in indices(desk.output.shape))

    def _threshold(self, desk: Desk, back: Desk, index: Index) -> str:
        y, cells = desk.output.cell(index), desk.inputs[0].span(*self.window(desk, index))
        return f"{y}-{TIE:.9f}*MAX({y},-MIN({cells}))"

    def _winner(self, desk: Desk, back: Desk, index: Index) -> str:
        """The winner's place in its window, counted from 1 row by row, padding included."""
        threshold = back.spare["threshold"].cell(index)
        *others, (_, last) = self._places(desk, index)
        formula = str(last)
        for inside, place in reversed(others):
            formula = f"IF({desk.inputs[0].cell(inside)}>={threshold},{place},{formula})"
        return formula

    def _maxima(self, desk: Desk, back: Desk, index: Index) -> str:
        """How many cells of a window count as its maximum."""
        cells = desk.inputs[0].span(*self.window(desk, index))
        return f"SUMPRODUCT(({cells}>={back.spare['threshold'].cell(index)})*1)"

    def spare_values(self, name: str, x: Array, y: Array) -> Array | None:
        cells = windows(x, self.size, self.stride, self.padding)
        if name == "threshold":
            return thresholds(cells)
        if name == "winner":
            return winners(cells).astype(np.float64) + 1
        counts = np.asarray(maxima(cells).sum(axis=-1), dtype=np.float64)
        return counts if name == "maxima" else np.array([float((counts > 1).sum())])

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        g, winner = back.output, back.spare["winner"]
        terms: dict[Index, list[str]] = {index: [] for index in indices(desk.inputs[0].shape)}
        for index in indices(desk.output.shape):
            for inside, place in self._places(desk, index):
                terms[inside].append(f"IF({winner.cell(index)}={place},{g.cell(index)},0)")
        return ("+".join(found) or "0" for found in terms.values())

    def _places(self, desk: Desk, index: Index) -> list[tuple[Index, int]]:
        """The inputs that a window sees, each with its place from 1, padding included."""
        _, *position = index
        top, left = (
            p * s - pad for p, s, pad in zip(position, self.stride, self.padding, strict=True)
        )
        return [
            (inside, (inside[1] - top) * self.size[1] + inside[2] - left + 1)
            for inside in _between(*self.window(desk, index))
        ]


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
