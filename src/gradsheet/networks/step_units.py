"""Units without a derivative, which the perceptron rule trains.

Its step is that of gradient descent on half the squared error with the derivative taken for 1, so
these operations are no part of the table of operations: their derivatives are no derivatives.
"""

from collections.abc import Callable

import numpy as np

from gradsheet.networks.own_units import OwnUnit
from gradsheet.symbolic.expression import (
    ONE,
    ZERO,
    Expression,
    Notation,
    Number,
    Operation,
    Variable,
    apply,
)


def _unit(name: str, below: float, formula: str, textbook: str) -> Operation:
    return Operation(
        name,
        value=lambda x: below + (1 - below) * np.heaviside(x, 0.0),
        partials=lambda y, x: (ONE,),
        excel=Notation(formula),
        textbook=Notation(textbook),
        code=Notation(f"(@0 > 0.0 ? 1.0 : {below!r})"),
        rule="a step has no derivative; its rule takes 1",
    )


STEP_UNIT = _unit("step-unit", 0.0, "IF(@0>0,1,0)", "[@0 > 0]")
SIGN_UNIT = _unit("sign-unit", -1.0, "IF(@0>0,1,-1)", "sign(@0)")

STEP_UNITS: dict[str, Callable[[Expression], Expression]] = {
    "step": lambda x: apply(STEP_UNIT, x),
    "sign": lambda x: apply(SIGN_UNIT, x),
}
"""By the names that the audit gives them."""

_THREE_LEVELS = "step of three levels"


def three_levels(lower: float, upper: float) -> OwnUnit:
    """The unit that is −1 up to the lower threshold, 1 above the upper one and 0 between them."""
    z = Variable("z")
    both = (apply(SIGN_UNIT, z - Number(threshold)) for threshold in (lower, upper))
    name = f"{_THREE_LEVELS} at {lower:.6g} and {upper:.6g}"
    return OwnUnit(sum(both, start=ZERO) / 2, z, name)


def is_step(activation: str) -> bool:
    """Whether an activation is a step, of two levels or of three."""
    return activation in STEP_UNITS or activation.startswith(_THREE_LEVELS)


def has_sign(activation: str) -> bool:
    """Whether the lowest value of a step is −1, as that of its targets is."""
    return is_step(activation) and activation != "step"
