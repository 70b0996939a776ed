"""What nothing is computed for: inputs, parameters, constants, and copies on other sheets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradsheet.models.primitives.base import Primitive


@dataclass(frozen=True, eq=False)
class Leaf(Primitive):
    """A tensor that is given."""

    is_leaf: ClassVar[bool] = True

    def compute(self, *operands: Tensor) -> Tensor:
        """Given, not computed."""
        raise NotImplementedError(self.name)


@dataclass(frozen=True, eq=False)
class Input(Leaf):
    """An input of the model, or the target of its loss.

    Attributes:
        name: of the argument.
        index: among the inputs.
        is_target: whether it is the target.
        is_whole: whether its numbers are whole.
        is_fixed: whether its numbers decide what is computed, so that nothing follows them.
    """

    name: str
    index: int
    is_target: bool = False
    is_whole: bool = False
    is_fixed: bool = False


@dataclass(frozen=True, eq=False)
class Parameter(Leaf):
    """A parameter of the model.

    Attributes:
        name: in the model: ``features.0.weight``.
        learned: whether it takes a gradient.
    """

    name: str
    learned: bool


@dataclass(frozen=True, eq=False)
class Constant(Leaf):
    """Numbers that depend on no input and no parameter.

    Attributes:
        values: the numbers.
        name: what they are called.
        has_cells: whether even a single number has a cell.
    """

    values: NDArray[np.float64]
    name: str = "constant"
    has_cells: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it is written into formulas and has no cell."""
        return self.values.size == 1 and not self.has_cells

    def compute(self, *operands: Tensor) -> Tensor:
        """The numbers."""
        return torch.from_numpy(self.values)


@dataclass(frozen=True, eq=False)
class Copy(Primitive):
    """A tensor of another sheet, as this one reads it."""

    name: str = "input"

    def compute(self, *operands: Tensor) -> Tensor:
        """The same numbers, with a gradient of their own."""
        return operands[0].clone()

    def describe(self, names: Sequence[str]) -> str:
        """In words."""
        return "a copy"
