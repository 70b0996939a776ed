"""A Wengert list: named expressions as a straight list of NumPy steps, for arrays of numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gradsheet.symbolic.expression import Apply, Expression, Number, Variable

if TYPE_CHECKING:  # the audit in a browser has arrays of its own, without random numbers
    from numpy.random import Generator

Array = NDArray[np.float64]
_LAST_DIGITS = 2.0**-48  # LibreOffice takes a difference below this, relative to its terms, as 0
_rounding: ContextVar["Generator | None"] = ContextVar("rounding", default=None)


def evaluate(wanted: Iterable[Variable], given: Mapping[Variable, float]) -> dict[Variable, float]:
    """The value of each variable, from those of the given ones; NaN where it overflows."""
    return {variable: float(value) for variable, value in Tape(wanted).run(given).items()}


@contextmanager
def random_rounding(seed: int) -> Iterator[None]:
    """Within it the result of every step is moved at random by up to 4e-15 of itself.

    Two programs round, and compute exp and tanh, differently in the last digits. How far a value
    moves here tells how far apart they may be (Monte Carlo arithmetic: Parker, 1997).
    """
    from numpy.random import default_rng

    token = _rounding.set(default_rng(seed))
    try:
        yield
    finally:
        _rounding.reset(token)


class Tape:
    """A Wengert list that computes variables from the values of those without definition.

    Equal subexpressions are computed once. As in a spreadsheet, a result that is no finite number
    is an error, here NaN, and whatever depends on it is one too.
    """

    def __init__(self, outputs: Iterable[Variable]) -> None:
        self._slots: dict[object, int] = {}
        self._constants: dict[int, Array] = {}
        self._given: dict[Variable, int] = {}
        self._steps: list[tuple[Callable[..., Array], int, tuple[int, ...]]] = []
        self._outputs = {variable: self._slot(variable) for variable in outputs}

    def run(self, values: Mapping[Variable, Array | float]) -> dict[Variable, Array]:
        """The outputs, from the values of the given variables, which broadcast together."""
        try:
            with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
                return self._run(values, None)
        except FloatingPointError:
            with np.errstate(all="ignore"):
                return self._run(
                    values, lambda result: np.where(np.isfinite(result), result, np.nan)
                )

    def _run(
        self, values: Mapping[Variable, Array | float], check: Callable[[Array], Array] | None
    ) -> dict[Variable, Array]:
        if (draw := _rounding.get()) is not None:
            check = _moved_after(check, draw)
        memory: dict[int, Array] = dict(self._constants)
        for variable, slot in self._given.items():
            memory[slot] = np.asarray(values[variable], dtype=np.float64)
        for function, target, sources in self._steps:
            result = function(*[memory[source] for source in sources])
            memory[target] = result if check is None else check(result)
        return {variable: memory[slot] for variable, slot in self._outputs.items()}

    def _slot(self, expression: Expression) -> int:
        """The slot of the value of ``expression``, compiling what is new."""
        if isinstance(expression, Variable) and expression.definition is not None:
            if expression not in self._slots:
                self._slots[expression] = self._slot(expression.definition)
            return self._slots[expression]
        if isinstance(expression, Apply):
            sources = tuple(self._slot(argument) for argument in expression.arguments)
            return self._apply(expression, sources)
        key = expression.value if isinstance(expression, Number) else expression
        if key not in self._slots:
            self._slots[key] = len(self._slots)
            if isinstance(expression, Number):
                self._constants[self._slots[key]] = np.asarray(expression.value)
            elif isinstance(expression, Variable):
                self._given[expression] = self._slots[key]
        return self._slots[key]

    def _apply(self, expression: Apply, sources: tuple[int, ...]) -> int:
        key = (id(expression.operation), sources)  # two may have one name
        if key not in self._slots:
            self._slots[key] = len(self._slots)
            self._steps.append((expression.operation.value, self._slots[key], sources))
        return self._slots[key]


def _moved_after(
    check: Callable[[Array], Array] | None, draw: "Generator"
) -> Callable[[Array], Array]:
    def moved(result: Array) -> Array:
        checked = result if check is None else check(result)
        return checked * (1 + draw.uniform(-_LAST_DIGITS, _LAST_DIGITS, np.asarray(result).shape))

    return moved
