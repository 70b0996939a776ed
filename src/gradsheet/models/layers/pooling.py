"""Pooling layers: a number for each window."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gradsheet.errors import GradsheetError
from gradsheet.models.blocks import Index, column, tiles
from gradsheet.models.layers.base import (
    FIRST_COLUMN,
    Array,
    Formulas,
    Layer,
    PassLayout,
    indices,
    spacing,
)
from gradsheet.models.ties import TIE, maxima, thresholds, windows, winners
from gradsheet.spreadsheet.limits import NESTED_LEVELS


@dataclass(frozen=True, eq=False)
class Pool(Layer):
    """Size, stride and padding of the windows, vertical and horizontal."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int] = (0, 0)

    @property
    def title(self) -> str:
        return f"{self.name} {self.size[0]} × {self.size[1]}"

    def forward_layout(
        self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index
    ) -> PassLayout:
        x = tiles(sheet, top, FIRST_COLUMN, inputs[0])
        return PassLayout((x,), tiles(sheet, top, x.right + 1, output, spacing(inputs[0][1])))

    def window(self, layout: PassLayout, index: Index) -> tuple[Index, Index]:
        """The first and the last input of an output's window, without padding."""
        sizes = layout.inputs[0].shape[1:]
        channel, *position = index
        first = [p * s - pad for p, s, pad in zip(position, self.stride, self.padding, strict=True)]
        last = [min(a + k, n) - 1 for a, k, n in zip(first, self.size, sizes, strict=True)]
        return (channel, *(max(0, a) for a in first)), (channel, *last)

    def outputs_of(self, layout: PassLayout) -> dict[Index, list[Index]]:
        """For each input the outputs whose windows hold it."""
        outputs: dict[Index, list[Index]] = {index: [] for index in indices(layout.inputs[0].shape)}
        for index in indices(layout.output.shape):
            for inside in _between(*self.window(layout, index)):
                outputs[inside].append(index)
        return outputs


def _between(first: Index, last: Index) -> Iterator[Index]:
    return product(*(range(a, b + 1) for a, b in zip(first, last, strict=True)))


class MaxPool(Pool):
    """The maximum of each window; ``models.ties`` says which cell takes the gradient."""

    name = "MaxPool2d"
    auxiliary_labels: ClassVar[Mapping[str, str]] = {
        "threshold": "counts as the maximum from",
        "winner": "winner's position in its window",
        "maxima": "cells that count as the maximum",
        "ties": "tied windows",
    }

    @property
    def description(self) -> str:
        return (
            "output = maximum of its window; the gradient goes to the first cell within "
            f"{TIE:.0E} of it, relative to the window's largest magnitude"
        )

    def output_formulas(self, layout: PassLayout) -> Formulas:
        for index in indices(layout.output.shape):
            yield f"MAX({layout.inputs[0].span(*self.window(layout, index))})"

    def backward_layout(self, layout: PassLayout, top: int) -> PassLayout:
        if self.size[0] * self.size[1] > NESTED_LEVELS:
            raise GradsheetError(
                f"sheet '{layout.output.sheet}': the gradient of {self.title} needs more than "
                f"{NESTED_LEVELS} nested IFs, which Excel refuses; use smaller windows, "
                "or no target"
            )
        gradients = super().backward_layout(layout, top)
        g, auxiliary = gradients.output, {}
        for number, name in enumerate(("threshold", "winner", "maxima"), start=1):
            auxiliary[name] = g.moved(0, number * (g.shape[2] + 1))
        auxiliary["ties"] = column(g.sheet, int(g.rows.min()), auxiliary["maxima"].right + 1, 1)
        return PassLayout(gradients.inputs, g, {}, auxiliary)

    def auxiliary_formulas(
        self, name: str, layout: PassLayout, gradients: PassLayout | None
    ) -> Formulas | None:
        assert gradients is not None
        if name == "ties":
            counts = gradients.auxiliary["maxima"].rectangle()
            # The sum comes first: ONLYOFFICE counts cells that it has not computed as empty.
            return iter([f'IF(SUM({counts})>0,COUNTIF({counts},">1"),0)'])
        formula = {"threshold": self._threshold, "winner": self._winner, "maxima": self._maxima}
        return (formula[name](layout, gradients, index) for index in indices(layout.output.shape))

    def _threshold(self, layout: PassLayout, gradients: PassLayout, index: Index) -> str:
        y, cells = layout.output.cell(index), layout.inputs[0].span(*self.window(layout, index))
        return f"{y}-{TIE:.9f}*MAX({y},-MIN({cells}))"

    def _winner(self, layout: PassLayout, gradients: PassLayout, index: Index) -> str:
        """The winner's position in its window, from 1 row by row, padding included."""
        threshold = gradients.auxiliary["threshold"].cell(index)
        *others, (_, last) = self._positions(layout, index)
        formula = str(last)
        for inside, position in reversed(others):
            formula = f"IF({layout.inputs[0].cell(inside)}>={threshold},{position},{formula})"
        return formula

    def _maxima(self, layout: PassLayout, gradients: PassLayout, index: Index) -> str:
        """How many cells of a window count as its maximum."""
        cells = layout.inputs[0].span(*self.window(layout, index))
        # A criterion has 15 digits; the threshold lies 1E-9 below the maximum.
        return f'COUNTIF({cells},">="&{gradients.auxiliary["threshold"].cell(index)})'

    def auxiliary_values(self, name: str, x: Array, y: Array) -> NDArray[Any]:
        cells = windows(x, self.size, self.stride, self.padding)
        if name == "threshold":
            return thresholds(cells)
        if name == "winner":
            return winners(cells) + 1
        counts = maxima(cells).sum(axis=-1)
        return counts if name == "maxima" else np.array([(counts > 1).sum()])

    def input_gradient(self, which: int, layout: PassLayout, gradients: PassLayout) -> Formulas:
        g, winner = gradients.output, gradients.auxiliary["winner"]
        terms: dict[Index, list[str]] = {index: [] for index in indices(layout.inputs[0].shape)}
        for index in indices(layout.output.shape):
            for inside, position in self._positions(layout, index):
                terms[inside].append(f"IF({winner.cell(index)}={position},{g.cell(index)},0)")
        return ("+".join(found) or "0" for found in terms.values())

    def _positions(self, layout: PassLayout, index: Index) -> list[tuple[Index, int]]:
        """The inputs in a window, each with its position from 1, padding included."""
        top, left = (
            i * s - pad for i, s, pad in zip(index[1:], self.stride, self.padding, strict=True)
        )
        return [
            (inside, (inside[1] - top) * self.size[1] + inside[2] - left + 1)
            for inside in _between(*self.window(layout, index))
        ]


@dataclass(frozen=True, eq=False)
class AveragePool(Pool):
    """The mean of each window.

    Attributes:
        count_padding: whether padding counts among the numbers of a window.
    """

    name: ClassVar[str] = "AvgPool2d"
    count_padding: bool = True

    @property
    def description(self) -> str:
        return "output = mean of its window"

    def _count(self, layout: PassLayout, index: Index) -> int:
        if self.count_padding:
            return self.size[0] * self.size[1]
        return len(list(_between(*self.window(layout, index))))

    def output_formulas(self, layout: PassLayout) -> Formulas:
        for index in indices(layout.output.shape):
            cells = layout.inputs[0].span(*self.window(layout, index))
            yield f"SUM({cells})/{self._count(layout, index)}"

    def input_gradient(self, which: int, layout: PassLayout, gradients: PassLayout) -> Formulas:
        for outputs in self.outputs_of(layout).values():
            terms = [f"{gradients.output.cell(i)}/{self._count(layout, i)}" for i in outputs]
            yield "+".join(terms) or "0"
