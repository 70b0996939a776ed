"""A function of a few parameters, the sheet's own, at random points.

Its derivative is what the gradients of a table are compared with that trains no network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gradsheet.audit.inference.points import agree, draw
from gradsheet.audit.inference.reference import RATE, Practice, ReferenceNetwork, ReferenceRow
from gradsheet.audit.inference.shape import Shape
from gradsheet.networks.symbols import LOSS, Symbol, named, symbol_of
from gradsheet.networks.update_rules import UPDATE_RULES
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.symbolic.expression import Expression, Variable, expand
from gradsheet.symbolic.tape import Array, Tape

FUNCTION = "function"
"""The loss of a table that trains no network."""

_NO_SHAPE = Shape((1, 1), (0,))
_PLAIN = Practice((), FUNCTION)


Step = CellRef | float
"""How far a parameter is moved for a difference quotient: what a cell holds, or a number."""


@dataclass(frozen=True)
class Function:
    """A function of some parameters, over variables named by symbols.

    Attributes:
        parameters: what it is a function of.
        data: what it reads besides, where that changes from row to row.
        value: what it computes.
        derivatives: by each parameter.
        is_uphill: whether the parameters are moved along the derivative, not against it.
        step: where the derivatives are difference quotients, where their step is.
    """

    parameters: tuple[Variable, ...]
    data: tuple[Variable, ...]
    value: Expression
    derivatives: tuple[Expression, ...]
    is_uphill: bool = False
    step: Step | None = None


class FunctionRow(ReferenceRow):
    """A function's values in one row of a table, by their symbols."""

    def __init__(self, function: Function, practice: Practice) -> None:
        own = {v: named(symbol_of(v)) for v in (*function.parameters, *function.data)}
        rule = UPDATE_RULES[practice.rule]
        settings = [named(symbol, None, meaning) for symbol, _, meaning in rule.settings]
        self.given = (*own.values(), *settings)
        self.parameters = tuple(own[parameter] for parameter in function.parameters)

        def here(expression: Expression) -> Expression:
            return expand(expression, lambda _: True, own)

        gradients = [
            named(symbol_of(parameter).gradient, here(derivative), "a derivative of the function")
            for parameter, derivative in zip(self.parameters, function.derivatives, strict=True)
        ]
        opposites = [named(symbol_of(gradient).opposite, -gradient) for gradient in gradients]
        downhill = opposites if function.is_uphill else gradients
        step = (rule.step, *rule.variants, *rule.ahead)[practice.variant]
        steps = step(list(zip(self.parameters, downhill, strict=True)), RATE, *settings)
        self.memory = {memory: steps.updates[memory] for memory in steps.memory}
        loss = named(LOSS, here(function.value), "the function")
        values = [*self.given, loss, *gradients, *opposites, *steps.memory, *steps.updates.values()]
        self.values = {symbol_of(value): value for value in values}


class ReferenceFunction(ReferenceNetwork):
    """A function at random points, in a row of its table and in the rows around it.

    Args:
        function: the function.
        practice: by which rule it is made small.
    """

    def __init__(self, function: Function, practice: Practice = _PLAIN) -> None:
        super().__init__(_NO_SHAPE, practice)
        self.function = function
        self._domain = _domain(function)

    def under(self, practice: Practice) -> ReferenceNetwork:
        """The same function, made small by another rule."""
        return ReferenceFunction(self.function, practice)

    def ways(self, rule: str) -> int:
        """In how many ways an update by a rule may be written."""
        return super().ways(rule) + len(UPDATE_RULES[rule].ahead)

    def _new_row(self, above: int) -> ReferenceRow:
        return FunctionRow(self.function, self.practice)

    def layer_of(self, parameters: Sequence[Symbol]) -> dict[Symbol, int]:
        """Parameters in groups, each that of a unit of the network that the function may be.

        The derivatives by two parameters of a unit differ by a factor in which neither is: that by
        a weight is its signal times that by the bias.
        """
        found: dict[Symbol, int] = {}
        for number, parameter in enumerate(parameters):
            akin = (other for other in found if self._are_akin(parameter, other))
            found[parameter] = next((found[other] for other in akin), number)
        return found

    def _are_akin(self, one: Symbol, other: Symbol) -> bool:
        """Whether the ratio of two derivatives stays the same where both parameters move."""
        function, pair = self.function, (one, other)
        derivatives = zip(function.parameters, function.derivatives, strict=True)
        both = [
            Variable("wanted", by) for parameter, by in derivatives if symbol_of(parameter) in pair
        ]
        inside = (*function.parameters, *function.data)
        points = {v: self._domain(draw(symbol_of(v), 0)) for v in inside}
        elsewhere = {v: self._domain(draw(symbol_of(v), 1)) for v in inside if symbol_of(v) in pair}
        with np.errstate(all="ignore"):
            before, after = (
                np.divide(*(values[wanted] for wanted in both))
                for values in (Tape(both).run({**points, **moved}) for moved in ({}, elsewhere))
            )
        return agree(before, after)

    def _drawn(self, symbol: Symbol, above: int) -> Array:
        if not (symbol.is_data or symbol.is_parameter):
            return super()._drawn(symbol, above)
        same = symbol.is_data and not self._moving_data
        return self._domain(draw(symbol, 0 if same else above))


Domain = Callable[[Array], Array]


def _everywhere(numbers: Array) -> Array:
    return numbers


def _positive(numbers: Array) -> Array:
    return np.abs(numbers)


def _above_one(numbers: Array) -> Array:
    return 1.0 + np.abs(numbers)


def _below_one(numbers: Array) -> Array:
    return 0.05 + 0.6 * np.abs(numbers)


def _domain(function: Function) -> Domain:
    """Where the function and its derivatives have values: LN(x) has none left of 0."""
    wanted = [Variable("wanted", e) for e in (function.value, *function.derivatives)]
    inside = (*function.parameters, *function.data)
    for domain in (_everywhere, _positive, _above_one, _below_one):
        points = {v: domain(draw(symbol_of(v), 0)) for v in inside}
        values = Tape(wanted).run(points).values()
        if all(np.isfinite(value).all() for value in values):
            return domain
    return _everywhere
