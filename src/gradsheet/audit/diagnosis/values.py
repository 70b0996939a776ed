"""The values of many expressions that share most of their parts."""

from collections.abc import Iterable

import numpy as np

from gradsheet.audit.inference.reference import Truth
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, variables
from gradsheet.symbolic.tape import Array


class PointValues:
    """The values of expressions at the random points; a part that they share is computed once."""

    def __init__(self, truth: Truth, roots: Iterable[Expression]) -> None:
        self._truth = truth
        self._known: dict[int, tuple[Expression, Array]] = {}  # the expression keeps its id alive
        self._take(list(dict.fromkeys(v for root in roots for v in variables(root))))

    def _take(self, wanted: list[Variable]) -> None:
        for variable, value in zip(wanted, self._truth.values(wanted), strict=True):
            self._known[id(variable)] = (variable, value)

    def of(self, node: Expression) -> Array:
        """The values; what overflows is NaN or infinite and agrees with nothing."""
        if id(node) not in self._known:
            if isinstance(node, Apply):
                with np.errstate(all="ignore"):
                    value = node.operation.value(*map(self.of, node.arguments))
                self._known[id(node)] = (node, np.asarray(value, dtype=np.float64))
            elif isinstance(node, Number):
                self._known[id(node)] = (node, np.asarray(node.value))
            else:
                assert isinstance(node, Variable)
                self._take([node])
        return self._known[id(node)][1]
