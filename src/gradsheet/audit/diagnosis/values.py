"""The values of many expressions that share most of their parts."""

from collections.abc import Iterable

import numpy as np

from gradsheet.audit.diagnosis.algebra import Mutation
from gradsheet.audit.diagnosis.mutations import Site
from gradsheet.audit.inference.points import DOUBTFUL, POINTS
from gradsheet.audit.inference.reference import ReferenceNetwork
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, variables
from gradsheet.symbolic.tape import Array


class PointValues:
    """The values of expressions at the random points; a part that they share is computed once.

    What overflows is NaN or infinite and agrees with nothing. NumPy's warnings are the caller's to
    turn off, once for many values.

    Args:
        reference: the network.
        roots: expressions whose variables will be asked for.
        points: how many of the points, the first ones.
    """

    def __init__(
        self, reference: ReferenceNetwork, roots: Iterable[Expression], points: int = POINTS
    ) -> None:
        self._reference, self._points = reference, points
        # By identity; what is kept beside a value keeps the identity from being used again.
        self._known: dict[int, tuple[Expression, Array]] = {}
        self._nearness: dict[int, tuple[Array, Array]] = {}
        self._stacks: dict[int, tuple[object, Array]] = {}
        self._take(list(dict.fromkeys(v for root in roots for v in variables(root))))

    def _take(self, wanted: list[Variable]) -> None:
        for variable, value in zip(wanted, self._reference.values(wanted), strict=True):
            self._known[id(variable)] = (variable, value[: self._points])

    def of(self, node: Expression) -> Array:
        """The values of one expression."""
        if id(node) not in self._known:
            if isinstance(node, Apply):
                value = node.operation.value(*map(self.of, node.arguments))
                self._known[id(node)] = (node, np.asarray(value, dtype=np.float64))
            elif isinstance(node, Number):
                self._known[id(node)] = (node, np.full(self._points, node.value))
            else:
                assert isinstance(node, Variable)
                self._take([node])
        return self._known[id(node)][1]

    def of_whole(self, site: Site, mutations: tuple[Mutation, ...]) -> Array:
        """The whole expression with each mutation in place of a part: (mutations, points)."""
        values = self._stacked(mutations)
        for node, place in reversed(site.path):
            arguments = [
                values if number == place else self.of(argument)
                for number, argument in enumerate(node.arguments)
            ]
            values = np.asarray(node.operation.value(*arguments), dtype=np.float64)
        return values

    def may_agree(self, site: Site, mutations: tuple[Mutation, ...], written: Expression) -> bool:
        """Whether one of the mutations may compute what is written, by its distance alone."""
        if id(written) not in self._nearness:
            value = self.of(written)
            self._nearness[id(written)] = value, DOUBTFUL * np.abs(value) + DOUBTFUL
        value, allowed = self._nearness[id(written)]
        near = np.abs(self.of_whole(site, mutations) - value) <= allowed
        return bool(near.all(axis=-1).any())

    def _stacked(self, mutations: tuple[Mutation, ...]) -> Array:
        """The results of mutations; the same ones are asked for at many places."""
        if id(mutations) not in self._stacks:
            rows = np.stack([self.of(mutation.result) for mutation in mutations])
            self._stacks[id(mutations)] = (mutations, rows)
        return self._stacks[id(mutations)][1]
