"""What every primitive is: its value in torch, its place on a sheet, its formulas."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gradsheet.models.primitives.text import Refs
from gradsheet.spreadsheet.filled import Filled

if TYPE_CHECKING:
    from gradsheet.models.graph import Node
    from gradsheet.models.primitives.place import Place

Array = NDArray[np.float64]
Ids = NDArray[np.int64]
Terms = Iterable[tuple[int, str]]
"""Elements, and what each adds to its gradient."""


@dataclass(frozen=True, eq=False)
class FilledTerms:
    """Terms of one pattern.

    Attributes:
        ids: the elements.
        formulas: one for each.
    """

    ids: Ids
    formulas: Filled

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return zip(self.ids.tolist(), self.formulas, strict=True)


@dataclass(frozen=True, eq=False)
class Context:
    """Where a primitive finds the cells that its formulas name.

    Attributes:
        x: of each operand, in its shape.
        y: of the result.
        g: of the gradient of the result, in the backward pass.
        aux: of auxiliary blocks, by name; those of the forward pass in the backward pass, too.
    """

    x: Sequence[Refs]
    y: Refs
    g: Refs | None = None
    aux: Mapping[str, Refs] = field(default_factory=dict)

    @property
    def gradient(self) -> Refs:
        """Of the gradient of the result."""
        assert self.g is not None
        return self.g


class Primitive(ABC):
    """An operation on tensors.

    Attributes:
        name: what it is called where it is shown.
        is_leaf: whether it is given, not computed.
        gives_whole: whether its results are whole numbers.
    """

    name: str
    is_leaf: ClassVar[bool] = False
    gives_whole: ClassVar[bool] = False

    @property
    def title(self) -> str:
        """The name with its sizes."""
        return self.name

    def describe(self, names: Sequence[str]) -> str:
        """How a number of the result is computed, from the names of the operands."""
        return f"{self.name} of {', '.join(names)}"

    @abstractmethod
    def compute(self, *operands: Tensor) -> Tensor:
        """The result, by torch."""

    def arrange(self, node: "Node", place: "Place") -> None:
        """Place what is given, then the result."""
        place.leaves()
        place.value()

    def arrange_backward(self, node: "Node", place: "Place") -> None:
        """Place the gradients, each below what it is the gradient of."""
        place.like_forward()

    def formulas(self, c: Context) -> Iterable[str]:
        """The formulas of the result, in row-major order."""
        raise NotImplementedError(self.name)

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """What the gradient of the result adds to that of the elements ``ids`` of an operand."""
        raise NotImplementedError(self.name)

    def aux_formulas(self, name: str, c: Context) -> Iterable[str]:
        """The formulas of an auxiliary block that is no copy."""
        raise NotImplementedError(f"{self.name}: {name}")

    def aux_values(self, name: str, x: Sequence[Array], y: Array, g: Array) -> Array:
        """Their values, from those of operands, result and its gradient."""
        raise NotImplementedError(f"{self.name}: {name}")
