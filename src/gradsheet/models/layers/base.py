"""What a kind of layer is asked, and where its tensors stand on a sheet."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gradsheet.models.blocks import (
    Block,
    Index,
    column,
    tiles,
)

Array = NDArray[np.float64]
Formulas = Iterator[str]

FIRST_COLUMN = 1  # column A holds the labels


@dataclass(frozen=True)
class Desk:
    """Where the tensors of one pass through a layer stand on its sheet.

    Attributes:
        inputs, output: of the layer, or of the gradients with respect to them.
        parameters: likewise.
        spare: blocks that hold more than these, such as an input with zeros around it.
    """

    inputs: tuple[Block, ...]
    output: Block
    parameters: Mapping[str, Block] = field(default_factory=dict)
    spare: Mapping[str, Block] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Block]:
        """All of them."""
        return [*self.inputs, self.output, *self.parameters.values(), *self.spare.values()]

    @property
    def bottom(self) -> int:
        """The row below everything."""
        return max(block.bottom for block in self.blocks)


class Kind(ABC):
    """What a layer does.

    Attributes:
        parameters: what is learned, by the names torch gives them.
        constants: other numbers it uses, in cells as well.
    """

    name: ClassVar[str]
    parameters: Mapping[str, Array] = {}
    constants: Mapping[str, Array] = {}

    @property
    @abstractmethod
    def words(self) -> str:
        """How an output is computed, in a line."""

    @property
    def title(self) -> str:
        """What it is, with its sizes."""
        return self.name

    @abstractmethod
    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        """Where the forward pass stands, from the row ``top`` on."""

    @abstractmethod
    def forward(self, desk: Desk) -> Formulas:
        """The formula of each output, in row-major order."""

    def arrange_backward(self, desk: Desk, top: int) -> Desk:
        """Where the gradients stand: each below what it is the gradient of."""
        return Desk(
            tuple(_below(block, desk, top) for block in desk.inputs),
            _below(desk.output, desk, top),
            {name: _below(desk.parameters[name], desk, top) for name in self.parameters},
        )

    @abstractmethod
    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        """The formula of the loss's derivative by each number of an input, in row-major order."""

    def parameter_gradient(self, name: str, desk: Desk, back: Desk) -> Formulas:
        """The formula of the loss's derivative by each number of a parameter."""
        raise NotImplementedError(f"{self.name} has no parameter {name}")

    def spare_formulas(self, name: str, desk: Desk, back: Desk | None) -> Formulas | None:
        """The formulas of a spare block of the pass, or of the gradients; None: zeros fill it."""
        del name, desk, back
        return None

    def spare_values(self, name: str, x: Array, y: Array) -> Array | None:
        """What these formulas come to where the input is ``x`` and the output ``y``."""
        del name, x, y
        return None


def _below(block: Block, desk: Desk, top: int) -> Block:
    down = top - min(other.rows.min() for other in desk.blocks)
    return Block(block.sheet, block.rows + down + 1, block.columns)


def lay(sheet: str, top: int, left: int, shape: Index, step: int = 0) -> Block:
    """A vector as a column, feature maps as tiles."""
    if len(shape) == 1:
        return column(sheet, top + 1, left, shape[0])
    return tiles(sheet, top, left, shape, step)


def indices(shape: Index) -> Iterator[Index]:
    """Every index of a tensor, in row-major order."""
    return product(*map(range, shape))


def spacing(*heights: int) -> int:
    """How far apart tiles of several blocks stand to keep level with one another."""
    return max(heights) + 2
