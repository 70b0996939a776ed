"""Units without a derivative, which the perceptron rule trains.

Its step is that of gradient descent on half the squared error with the derivative taken for 1, so
these operations are no part of the table of operations: their derivatives are no derivatives.
"""

from collections.abc import Callable

import numpy as np

from gradsheet.symbolic.expression import ONE, Expression, Notation, Operation, apply


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
