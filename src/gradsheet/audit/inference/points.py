"""Random points, the values of expressions there, and whether two of them are one.

In a workbook many formulas are alike, and many networks that a table may train: each value is
computed once in a workbook.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from gradsheet.networks.symbols import Kind, Symbol
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.symbolic.expression import Apply, Expression, Number, Operation, Variable
from gradsheet.symbolic.tape import Array

POINTS = 24
Points = Mapping[Variable, Array]
"""The values of variables at the points."""

_SHAPE = (POINTS,)
_TOLERANCE = 1e-9
DOUBTFUL = 2e-9
"""Difference, relative and absolute, above which two values do not agree."""
_MOST_KEPT = 100_000  # values; 30 MB
_RANGES = {
    Kind.TARGET: (0.05, 0.95),
    Kind.LEARNING_RATE: (0.1, 2.0),
    Kind.MOMENTUM: (0.2, 0.9),
    Kind.DECAY: (0.2, 0.9),
    Kind.EPSILON: (0.01, 0.1),
    Kind.PENALTY: (0.01, 0.2),
    Kind.BOUND: (0.05, 1.0),
    Kind.POWER: (0.1, 0.8),
    Kind.VELOCITY: (0.2, 1.4),
}
"""Of what is never negative; all else has either sign."""


def agree(first: Array, second: Array) -> bool:
    """Whether two expressions are one at all the points, but for rounding; errors never are."""
    if first is second:
        return bool(np.isfinite(first).all())
    if first.ndim == second.ndim == 1:  # most differ from the first point on
        one, other = float(first[0]), float(second[0])
        if not abs(one - other) <= DOUBTFUL * abs(other) + DOUBTFUL:
            return False
    with np.errstate(all="ignore"):
        return bool(agreements(first, second))


def agreements(many: Array, one: Array) -> NDArray[np.bool_]:
    """Which of many expressions (…, points) are one at all the points; see ``agree``."""
    scale = np.maximum(np.abs(many), np.abs(one))
    same = (np.abs(many - one) <= _TOLERANCE * scale + 1e-15) & np.isfinite(scale)
    return np.asarray(same.all(axis=-1))


@lru_cache(maxsize=4096)
def draw(symbol: Symbol, above: int) -> Array:
    """Numbers for a given value, the same in every audit."""
    generator = Random(f"{symbol} {above}")  # NumPy's own takes long to import
    low, high = _RANGES.get(symbol.kind, (0.2, 1.4))
    numbers: Array = np.array([generator.uniform(low, high) for _ in range(POINTS)])
    if symbol.kind in _RANGES:
        return numbers
    signs: Array = np.array([generator.choice((-1.0, 1.0)) for _ in range(POINTS)])
    return signs * numbers


class Values:
    """Values of expressions at the points; operations on the same values are done once.

    As in a spreadsheet, a result that is no finite number is an error, here NaN.
    """

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        # By the identities of the operation and its arguments, all of which are kept here.
        self._results: dict[tuple[int, ...], tuple[Operation, Array]] = {}
        self._formulas: dict[tuple[int, ...], tuple[Expression, Array]] = {}
        self._agreeing: dict[tuple[int, int], tuple[Array, Array, bool]] = {}
        self._numbers: dict[float, Array] = {}
        self._variables: dict[object, dict[Variable, Array]] = {}

    def of(self, expressions: Iterable[Expression], points: Points, drawn: object) -> list[Array]:
        """The values of some expressions.

        Args:
            expressions: over variables with a definition, or with points.
            points: the values of the variables without a definition.
            drawn: how these were drawn; where it is equal, they are.
        """
        known = self._known(drawn)
        with _errors_raised():
            return [_whole(self._value(each, points, known)) for each in expressions]

    def of_renamed(
        self, formula: Expression, names: Mapping[Variable, Variable], points: Points, drawn: object
    ) -> Array:
        """The values of a formula over other variables; of the same values they are kept.

        Args:
            formula: the formula.
            names: for each of its variables another one.
            points: see ``of``.
            drawn: see ``of``.
        """
        known = self._known(drawn)
        with _errors_raised():
            given = {v: self._value(name, points, known) for v, name in names.items()}
            key = (id(formula), *map(id, given.values()))
            if key not in self._formulas:
                self._formulas[key] = formula, _whole(self._value(formula, {}, given))
        return self._formulas[key][1]

    def agree(self, one: Array, other: Array) -> bool:
        """Whether two values are one, found out once; see the function."""
        key = (id(one), id(other))
        if key not in self._agreeing:
            self._agreeing[key] = one, other, agree(one, other)
        return self._agreeing[key][2]

    def _known(self, drawn: object) -> dict[Variable, Array]:
        """The values of variables where the points are drawn in some way."""
        if len(self._results) + len(self._agreeing) > _MOST_KEPT:
            self._forget()
        return self._variables.setdefault(drawn, {})

    def _value(self, node: Expression, points: Points, known: dict[Variable, Array]) -> Array:
        if isinstance(node, Apply):
            parts = [self._value(part, points, known) for part in node.arguments]
            return self._result(node.operation, parts)
        if isinstance(node, Variable):
            if (found := known.get(node)) is None:
                defined = node.definition
                found = points[node] if defined is None else self._value(defined, points, known)
                known[node] = found
            return found
        assert isinstance(node, Number)
        if (number := self._numbers.get(node.value)) is None:
            number = self._numbers[node.value] = np.asarray(node.value)
        return number

    def _result(self, operation: Operation, arguments: list[Array]) -> Array:
        """The value of an operation."""
        key = (id(operation), *map(id, arguments))
        if (known := self._results.get(key)) is not None:
            return known[1]
        try:
            found: Array = operation.value(*arguments)
        except FloatingPointError:
            with np.errstate(all="ignore"):
                found = operation.value(*arguments)
                found = np.where(np.isfinite(found), found, np.nan)
        self._results[key] = operation, found
        return found


def _errors_raised() -> AbstractContextManager[None]:
    return np.errstate(over="raise", invalid="raise", divide="raise", under="ignore")


def _whole(value: Array) -> Array:
    """A value at every point, also of what is the same at all."""
    return value if value.shape == _SHAPE else np.broadcast_to(value, POINTS)


def values_of(formulas: Formulas) -> Values:
    """What is known of the values in a workbook."""
    found: Values = formulas.kept.setdefault(Values, Values())
    return found
