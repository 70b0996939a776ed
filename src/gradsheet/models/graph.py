"""A model on one example as a graph of primitives over numbered elements.

Every number that a model takes or computes is an *element* with a number of its own. A primitive
reads arrays of element numbers: whatever only moves numbers (view, transpose, slice, concatenate)
is a rearrangement of these arrays and no operation at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradsheet.models.primitives.base import Primitive

Ids = NDArray[np.int64]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Where:
    """Where in a model something is computed.

    Attributes:
        path: the module's name in the model: ``features.0``; empty for the model itself.
        kind: the class of the module.
        call: the number of the module's call; each call has its own.
        standard: whether the module is one of ``torch.nn`` or the loss.
    """

    path: str
    kind: str
    call: int
    standard: bool = False


@dataclass(frozen=True, eq=False)
class Operand:
    """An array of elements that a node reads.

    Attributes:
        ids: the elements, in the shape of the operand.
        flows: whether the gradient flows back; not through ``detach`` and ``no_grad``.
        dtype: torch's type of the operand.
    """

    ids: Ids
    flows: bool
    dtype: torch.dtype

    @cached_property
    def is_empty(self) -> bool:
        """Whether it has no elements."""
        return self.ids.size == 0


@dataclass(eq=False)
class Node:
    """A primitive applied to operands.

    Attributes:
        primitive: what is computed.
        operands: what it reads.
        shape: of the result.
        first: the number of its first element; the others follow in row-major order.
        where: the module that computes it.
        name: what it is called where it is shown; empty for an intermediate value.
        flows: whether the gradient of the loss can reach it.
    """

    primitive: Primitive
    operands: tuple[Operand, ...]
    shape: Shape
    first: int
    where: Where
    name: str = ""
    flows: bool = False

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def ids(self) -> Ids:
        """Its elements, in its shape."""
        return np.arange(self.first, self.first + self.size, dtype=np.int64).reshape(self.shape)


@dataclass(eq=False)
class Graph:
    """The nodes of a model, each after those that it reads."""

    nodes: list[Node] = field(default_factory=list)
    elements: int = 0
    _firsts: Ids = field(default_factory=lambda: np.zeros(0, dtype=np.int64), repr=False)

    def add(
        self,
        primitive: Primitive,
        operands: Sequence[Operand],
        shape: Shape,
        where: Where,
        name: str = "",
        flows: bool | None = None,
    ) -> Node:
        """A new node; without ``flows`` the gradient reaches it where it flows to an operand."""
        if flows is None:
            flows = any(operand.flows for operand in operands)
        node = Node(primitive, tuple(operands), shape, self.elements, where, name, flows)
        self.nodes.append(node)
        self.elements += node.size
        return node

    def take_back(self, first: int) -> None:
        """Remove the nodes from this one on, which no other may read."""
        self.elements = self.nodes[first].first
        del self.nodes[first:]
        self._firsts = np.zeros(0, dtype=np.int64)

    def owners(self, ids: Ids) -> Ids:
        """The index of the node of each element, in an array of the same shape."""
        if len(self._firsts) != len(self.nodes):
            self._firsts = np.array([node.first for node in self.nodes], dtype=np.int64)
        found = np.searchsorted(self._firsts, ids, side="right") - 1
        return np.asarray(found, dtype=np.int64)

    def sources(self, node: Node) -> Iterator[Ids]:
        """For each operand the indices of the nodes that it reads."""
        for operand in node.operands:
            yield np.unique(self.owners(operand.ids))


@dataclass(eq=False)
class Gather:
    """How an operand is put together from the results of nodes."""

    nodes: list[int]
    positions: Tensor | None
    shape: Shape
    dtype: torch.dtype

    def __call__(self, results: Sequence[Tensor | None]) -> Tensor:
        """The operand, from the result of each node."""
        parts = [results[index] for index in self.nodes]
        assert all(part is not None for part in parts)
        tensors = [part.reshape(-1).to(self.dtype) for part in parts if part is not None]
        flat = tensors[0] if len(tensors) == 1 else torch.cat(tensors)
        if self.positions is None:
            return flat.reshape(self.shape)
        return flat[self.positions]


def gather(graph: Graph, operand: Operand) -> Gather:
    """How to put together an operand."""
    ids, shape = operand.ids, operand.ids.shape
    if operand.is_empty:
        return Gather([0], torch.zeros(shape, dtype=torch.int64), shape, operand.dtype)
    owners = graph.owners(ids)
    nodes = np.unique(owners)
    starts = np.zeros(len(graph.nodes), dtype=np.int64)
    total = 0
    for index in nodes:
        starts[index] = total - graph.nodes[index].first
        total += graph.nodes[index].size
    positions = ids + starts[owners]
    whole = positions.size == total and np.array_equal(positions.ravel(), np.arange(total))
    places = None if whole else torch.from_numpy(np.ascontiguousarray(positions))
    return Gather([int(index) for index in nodes], places, shape, operand.dtype)
