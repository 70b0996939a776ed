"""What a layer contributes to its sheet: the places of its tensors and their formulas."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gradsheet.models.blocks import Block, Index, column, tiles

Array = NDArray[np.float64]
Formulas = Iterator[str]

FIRST_COLUMN = 1  # column A holds the labels


@dataclass(frozen=True)
class PassLayout:
    """Where the tensors of one pass through a layer are on its sheet.

    Attributes:
        inputs, output: of the layer, or of the gradients with respect to them.
        parameters: parameters and constants, or the gradients with respect to the parameters.
        auxiliary: blocks of intermediate values, or that extend these, such as a padded input.
    """

    inputs: tuple[Block, ...]
    output: Block
    parameters: Mapping[str, Block] = field(default_factory=dict)
    auxiliary: Mapping[str, Block] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Block]:
        """All of them."""
        return [*self.inputs, self.output, *self.parameters.values(), *self.auxiliary.values()]

    @property
    def top(self) -> int:
        """The first row with a number."""
        return min(int(block.rows.min()) for block in self.blocks)

    @property
    def bottom(self) -> int:
        """The row below everything."""
        return max(block.bottom for block in self.blocks)


class Layer(ABC):
    """One layer of a model, as formulas over cells.

    Formulas come in row-major order of the block that they fill. ``layout`` is that of the forward
    pass and ``gradients`` that of the backward pass: ``gradients.output`` holds ∂L/∂output.

    Attributes:
        name: the layer's type, as torch calls it.
        parameters: what is learned, by torch's names.
        constants: other numbers in cells, such as running statistics.
        auxiliary_labels: what is written above auxiliary blocks; no label, no text.
    """

    name: ClassVar[str]
    parameters: Mapping[str, Array] = {}
    constants: Mapping[str, Array] = {}
    auxiliary_labels: ClassVar[Mapping[str, str]] = {}

    @property
    @abstractmethod
    def description(self) -> str:
        """How an output is computed, in one line."""

    @property
    def title(self) -> str:
        """The layer's type with its sizes."""
        return self.name

    @abstractmethod
    def forward_layout(
        self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index
    ) -> PassLayout:
        """The layout of the forward pass, from row ``top`` on, for tensors of these shapes."""

    def backward_layout(self, layout: PassLayout, top: int) -> PassLayout:
        """The layout of the gradients: each below what it is the gradient of."""
        down = top - layout.top + 1
        return PassLayout(
            tuple(block.moved(down) for block in layout.inputs),
            layout.output.moved(down),
            {name: layout.parameters[name].moved(down) for name in self.parameters},
        )

    @abstractmethod
    def output_formulas(self, layout: PassLayout) -> Formulas:
        """The output."""

    @abstractmethod
    def input_gradient(self, which: int, layout: PassLayout, gradients: PassLayout) -> Formulas:
        """∂L/∂input for the input with index ``which``."""

    def parameter_gradient(self, name: str, layout: PassLayout, gradients: PassLayout) -> Formulas:
        """∂L/∂parameter."""
        raise NotImplementedError(f"{self.name} has no parameter {name}")

    def auxiliary_formulas(
        self, name: str, layout: PassLayout, gradients: PassLayout | None
    ) -> Formulas | None:
        """An auxiliary block of the forward pass, or of the gradients; None: it holds zeros."""
        del name, layout, gradients
        return None

    def auxiliary_values(self, name: str, x: Array, y: Array) -> NDArray[Any]:
        """The values of these formulas for the input ``x`` and the output ``y``; counts as int."""
        raise NotImplementedError(f"{self.name} has no auxiliary block {name}")


def vector_or_tiles(sheet: str, top: int, left: int, shape: Index, step: int = 0) -> Block:
    """A vector as a column, feature maps as tiles."""
    if len(shape) == 1:
        return column(sheet, top + 1, left, shape[0])
    return tiles(sheet, top, left, shape, step)


def indices(shape: Index) -> Iterator[Index]:
    """Every index of a tensor, in row-major order."""
    return product(*map(range, shape))


def spacing(*heights: int) -> int:
    """The distance between tiles that keeps several blocks level with one another."""
    return max(heights) + 2


def sum_of_products(kernel: str, window: str) -> str:
    """The sum of products of two ranges of the same shape; for single cells the product."""
    first, last = kernel.split(":")
    if first == last:
        return f"{first}*{window.split(':')[0]}"
    return f"SUMPRODUCT({kernel},{window})"
