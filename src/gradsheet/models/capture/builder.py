"""What the rules build: nodes of the graph from values that carry element numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.models.capture.scope import Scope
from gradsheet.models.graph import Graph, Ids, Node, Operand, Shape
from gradsheet.models.primitives.base import Primitive
from gradsheet.models.primitives.elementwise import Elementwise, Function
from gradsheet.models.primitives.leaves import Constant, Input
from gradsheet.models.primitives.reduction import Reduction

UNKNOWN = -1
FIXED = object()
"""In place of a result that depends on nothing, or on inputs that are fixed alone."""

INFINITE = 1e300
"""In place of infinity, which no cell can hold: exp(−1E+300) is 0 as well."""


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor as the rules see it.

    Attributes:
        ids: its elements, or ``UNKNOWN`` where a number depends on nothing.
        flows: whether the gradient flows back through it.
        dtype: torch's.
        constant: its numbers, where some element is ``UNKNOWN``.
        name: of a buffer of the model.
        example: the numbers that it holds for the example.
    """

    ids: Ids
    flows: bool
    dtype: torch.dtype = torch.float64
    constant: Tensor | None = None
    name: str = ""
    example: Tensor | None = None

    @property
    def shape(self) -> Shape:
        """Of the tensor."""
        return self.ids.shape

    @property
    def is_constant(self) -> bool:
        """Whether no element depends on an input or a parameter."""
        return self.constant is not None and bool((self.ids == UNKNOWN).all())

    def uniform(self) -> float | None:
        """The one number that a constant holds everywhere; a buffer has cells nevertheless."""
        if not self.is_constant or not self.ids.size or (self.name and self.ids.size > 1):
            return None
        assert self.constant is not None
        numbers = self.constant.to(torch.float64).reshape(-1)
        return finite(float(numbers[0])) if bool((numbers == numbers[0]).all()) else None

    def moved(self, ids: Ids) -> "Value":
        """The same tensor with its elements rearranged."""
        return Value(ids, self.flows, self.dtype)


def finite(number: float) -> float:
    """The number, of infinity one that a cell can hold."""
    return float(np.clip(number, -INFINITE, INFINITE))


class Builder:
    """Adds nodes to a graph."""

    def __init__(self, graph: Graph, scope: Scope) -> None:
        self.graph, self.scope = graph, scope
        self.fixed: set[int] = set()

    def reaches(self, ids: Ids) -> bool:
        """Whether the gradient can reach one of these elements."""
        known = ids[ids != UNKNOWN]
        return any(self.graph.nodes[n].flows for n in np.unique(self.graph.owners(known)))

    def fix(self, value: Value) -> bool:
        """Note the inputs that a value comes from as ones whose numbers decide what is computed.

        Returns:
            whether they are all inputs of whole numbers; otherwise none is noted.
        """
        found: set[int] = set()
        seen: set[int] = set()
        waiting = np.unique(self.graph.owners(value.ids[value.ids >= 0])).tolist()
        while waiting:
            index = waiting.pop()
            if index in seen:
                continue
            seen.add(index)
            node = self.graph.nodes[index]
            for sources in self.graph.sources(node):
                waiting += sources.tolist()
            if isinstance(node.primitive, Input) and node.primitive.is_whole:
                found.add(node.primitive.index)
            elif node.primitive.is_leaf and not isinstance(node.primitive, Constant):
                return False
        self.fixed |= found
        return True

    def decisive(self, value: Value, what: str) -> Tensor:
        """The whole numbers or truths of a value that decides what is computed.

        Inputs of whole numbers that they come from are fixed; where they are computed from other
        numbers, the module is noted as one in which values decide.

        Raises:
            GradsheetError: they are no whole numbers.
        """
        if value.is_constant:
            assert value.constant is not None
            return value.constant
        if value.example is None or value.example.is_floating_point():
            raise self.refuse(what)
        if not self.fix(value):
            self.scope.decided.setdefault(self.scope.where.path)
        return value.example

    def refuse(self, what: str) -> GradsheetError:
        """The error of something that has no formulas."""
        return GradsheetError(f"{self.scope.place()}: {what} has no formulas yet")

    def whole(self, value: Value) -> Value:
        """The value with constants in place of unknown elements."""
        unknown = value.ids == UNKNOWN
        if not unknown.any():
            return value
        assert value.constant is not None
        numbers = np.clip(value.constant.to(torch.float64).numpy(), -INFINITE, INFINITE)
        ids = value.ids.copy()
        uniform = value.uniform()
        if uniform is not None:
            ids[...] = self._constant(np.array(uniform), value).first
        elif unknown.all():
            base = numbers if value.name else _unstretched(numbers)
            ids[...] = np.broadcast_to(self._constant(base, value).ids, numbers.shape)
        else:
            found, inverse = np.unique(numbers[unknown], return_inverse=True)
            ids[unknown] = self._constant(found, value).first + inverse
        return Value(ids, value.flows, value.dtype)

    def in_cells(self, value: Value) -> Value:
        """The value, each of its numbers in a cell, also where a constant is one number."""
        number = value.uniform()
        if number is None:
            return self.whole(value)
        numbers = Constant(np.full(value.shape, number), "kernel", has_cells=True)
        node = self.graph.add(numbers, (), value.shape, self.scope.where, "kernel")
        return Value(node.ids, False, value.dtype)

    def _constant(self, numbers: Any, value: Value) -> Node:
        return self.graph.add(
            Constant(np.asarray(numbers, dtype=np.float64)),
            (),
            np.shape(numbers),
            self.scope.where,
            value.name.rpartition(".")[2],
        )

    def operand(self, value: Value) -> Operand:
        """What a node reads."""
        value = self.whole(value)
        return Operand(value.ids, value.flows, value.dtype)

    def node(self, primitive: Primitive, values: Sequence[Value], shape: Shape) -> Value:
        """A new node; its elements as a value."""
        operands = [self.operand(value) for value in values]
        node = self.graph.add(primitive, operands, tuple(shape), self.scope.where)
        return Value(node.ids, node.flows)

    def apply(
        self, name: str, function: Function, compute: Callable[..., Tensor], *values: Value
    ) -> Value:
        """An elementwise function of tensors that are broadcast together."""
        shape = np.broadcast_shapes(*(value.shape for value in values))
        return self.node(Elementwise(name, function, compute, len(values)), values, shape)

    def reduce(
        self, name: str, value: Value, dims: Sequence[int] | None, keep: bool = False
    ) -> Value:
        """The ``sum``, ``mean`` or ``sum of squares`` over dimensions; over none over all."""
        rank = len(value.shape)
        chosen = tuple(sorted(d % rank for d in dims)) if dims else tuple(range(rank))
        kept = tuple(1 if d in chosen else n for d, n in enumerate(value.shape))
        found = self.node(Reduction(name, chosen), [value], kept)
        if keep:
            return found
        shape = tuple(n for d, n in enumerate(value.shape) if d not in chosen)
        return found.moved(found.ids.reshape(shape))


def _unstretched(numbers: Any) -> Any:
    """A constant without the dimensions along which it is only repeated."""
    for dim in range(numbers.ndim):
        first = numbers.take([0], axis=dim)
        if numbers.shape[dim] > 1 and np.array_equal(
            np.broadcast_to(first, numbers.shape), numbers
        ):
            numbers = first
    return numbers
