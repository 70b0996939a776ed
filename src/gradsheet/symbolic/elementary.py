"""More of the table of operations: what a torch model may compute beside a small network's.

Each is written like those of ``operations``: value, derivative, formula and notation side by side.
A truth is a number: 1 where it holds, else 0.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsheet.symbolic.expression import (
    ONE,
    ZERO,
    Binding,
    Expression,
    Notation,
    Number,
    Operation,
    apply,
)
from gradsheet.symbolic.operations import (
    ACTIVATIONS,
    EXPONENTIAL,
    LOGARITHM,
    NORMAL_CDF,
    SIGMOID,
    SOFTPLUS,
    SQUARE,
    SQUARE_ROOT,
    TANH,
)

_SUM, _PRODUCT, _POWER, _SIGN, _ATOM = Binding
_NEEDS_TWO = (_SUM, _SUM)


def _truth(name: str, sign: str, written: str, compare: Callable[..., Any]) -> Operation:
    """A comparison of two numbers."""
    return Operation(
        name,
        value=lambda a, b: np.asarray(compare(a, b), dtype=np.float64),
        partials=lambda y, a, b: (ZERO, ZERO),
        excel=Notation(f"IF(@0{sign}@1,1,0)", _ATOM, _NEEDS_TWO),
        textbook=Notation(f"[@0 {written} @1]", _ATOM, _NEEDS_TWO),
    )


EQUAL: Operation = _truth("equal", "=", "=", np.equal)
NOT_EQUAL: Operation = _truth("not-equal", "<>", "≠", np.not_equal)
LESS: Operation = _truth("less", "<", "<", np.less)
LESS_EQUAL: Operation = _truth("less-equal", "<=", "≤", np.less_equal)
GREATER: Operation = _truth("greater", ">", ">", np.greater)
GREATER_EQUAL: Operation = _truth("greater-equal", ">=", "≥", np.greater_equal)

CHOICE: Operation = Operation(
    "choice",  # the second argument where the first is not 0, else the third
    value=lambda c, a, b: np.where(np.not_equal(c, 0), a, b),
    partials=lambda y, c, a, b: (ZERO, choice(c, ONE, ZERO), choice(c, ZERO, ONE)),
    excel=Notation("IF(@0,@1,@2)", _ATOM, (_SUM, _SUM, _SUM)),
    textbook=Notation("(@1 if @0, else @2)", _ATOM, (_SUM, _SUM, _SUM)),
)


def choice(condition: Expression, a: Expression, b: Expression) -> Expression:
    """``a`` where the condition is not 0, else ``b``; decided where the condition is a number."""
    if isinstance(condition, Number):
        return a if condition.value else b
    return apply(CHOICE, condition, a, b)


ABSOLUTE: Operation = Operation(
    "absolute",
    value=np.abs,
    partials=lambda y, x: (apply(SIGN, x),),
    excel=Notation("ABS(@0)"),
    textbook=Notation("|@0|"),
    rule="|x|′ = sign x",
)
SIGN: Operation = Operation(
    "sign",
    value=np.sign,
    partials=lambda y, x: (ZERO,),
    excel=Notation("SIGN(@0)"),
    textbook=Notation("sign(@0)"),
)
MAXIMUM: Operation = Operation(
    "maximum",
    value=np.maximum,
    partials=lambda y, a, b: (apply(_LARGER, a, b), 1 - apply(_LARGER, a, b)),
    excel=Notation("MAX(@0,@1)", _ATOM, _NEEDS_TWO),
    textbook=Notation("max(@0, @1)", _ATOM, _NEEDS_TWO),
)
MINIMUM: Operation = Operation(
    "minimum",
    value=np.minimum,
    partials=lambda y, a, b: (apply(_LARGER, b, a), 1 - apply(_LARGER, b, a)),
    excel=Notation("MIN(@0,@1)", _ATOM, _NEEDS_TWO),
    textbook=Notation("min(@0, @1)", _ATOM, _NEEDS_TWO),
)
_LARGER: Operation = Operation(
    "larger",  # torch, too, gives each of two equal numbers half of the gradient
    value=lambda a, b: np.heaviside(np.subtract(a, b), 0.5),
    partials=lambda y, a, b: (ZERO, ZERO),
    excel=Notation("IF(@0>@1,1,IF(@0=@1,0.5,0))", _ATOM, _NEEDS_TWO),
    textbook=Notation("[@0 > @1]", _ATOM, _NEEDS_TWO),
)
POWER: Operation = Operation(
    "power",
    value=np.power,
    partials=lambda y, a, b: (power_slope(a, b), apply(LOGARITHM, a) * y),
    excel=Notation("@0^@1", _POWER, (_ATOM, _ATOM)),
    textbook=Notation("@0^{@1}", _POWER, (_ATOM, _SUM)),
    rule="power rule",
)


def power(a: Expression, b: Expression) -> Expression:
    """``a`` to the power of ``b``, in the plainest form."""
    if isinstance(b, Number):
        plain = {0.0: ONE, 1.0: a, 2.0: apply(SQUARE, a), -1.0: ONE / a}
        plain |= {0.5: apply(SQUARE_ROOT, a), -0.5: ONE / apply(SQUARE_ROOT, a)}
        if b.value in plain:
            return plain[b.value]
    return apply(POWER, a, b)


def power_slope(a: Expression, b: Expression) -> Expression:
    """The derivative of ``a`` to the power of ``b`` by ``a``."""
    return b * power(a, Number(b.value - 1) if isinstance(b, Number) else b - ONE)


SINE: Operation = Operation(
    "sine",
    value=np.sin,
    partials=lambda y, x: (apply(COSINE, x),),
    excel=Notation("SIN(@0)"),
    textbook=Notation("sin(@0)"),
    rule="sin′ = cos",
)
COSINE: Operation = Operation(
    "cosine",
    value=np.cos,
    partials=lambda y, x: (-apply(SINE, x),),
    excel=Notation("COS(@0)"),
    textbook=Notation("cos(@0)"),
    rule="cos′ = −sin",
)
ARCTANGENT: Operation = Operation(
    "arctangent",
    value=np.arctan,
    partials=lambda y, x: (ONE / (ONE + apply(SQUARE, x)),),
    excel=Notation("ATAN(@0)"),
    textbook=Notation("arctan(@0)"),
    rule="arctan′(x) = 1/(1 + x²)",
)
ARCTANGENT_OF_TWO: Operation = Operation(
    "arctangent of two",
    value=np.arctan2,
    partials=lambda result, y, x: (
        x / (apply(SQUARE, x) + apply(SQUARE, y)),
        -y / (apply(SQUARE, x) + apply(SQUARE, y)),
    ),
    excel=Notation("ATAN2(@1,@0)", _ATOM, _NEEDS_TWO),
    textbook=Notation("arctan2(@0, @1)", _ATOM, _NEEDS_TWO),
    rule="arctan2(y, x) has the derivatives x/(x² + y²) and −y/(x² + y²)",
)
ARCSINE: Operation = Operation(
    "arcsine",
    value=np.arcsin,
    partials=lambda y, x: (ONE / apply(SQUARE_ROOT, 1 - apply(SQUARE, x)),),
    excel=Notation("ASIN(@0)"),
    textbook=Notation("arcsin(@0)"),
    rule="arcsin′(x) = 1/√(1 − x²)",
)
LOG_GAMMA: Operation = Operation(
    "log-gamma",
    value=np.vectorize(math.lgamma, otypes=[np.float64]),
    partials=lambda y, x: (digamma(x),),
    excel=Notation("GAMMALN(@0)"),
    textbook=Notation("ln Γ(@0)"),
    rule="(ln Γ)′ = ψ",
)
FLOOR: Operation = Operation(
    "floor",
    value=np.floor,
    partials=lambda y, x: (ZERO,),
    excel=Notation("INT(@0)"),
    textbook=Notation("⌊@0⌋"),
)
ROUND: Operation = Operation(
    "round",  # to even, as torch does
    value=np.round,
    partials=lambda y, x: (ZERO,),
    excel=Notation("IF(ABS(@0-INT(@0)-0.5)=0,2*ROUND(@0/2,0),ROUND(@0,0))", _ATOM, (_ATOM,)),
    textbook=Notation("round(@0)"),
)


def truth_not(x: Expression) -> Expression:
    """1 where ``x`` is 0."""
    return apply(EQUAL, x, ZERO)


def piecewise(
    x: Expression, low: float, high: float, below: Expression, inside: Expression, above: Expression
) -> Expression:
    """One expression at or below ``low``, one at or above ``high``, another between."""
    upper = choice(apply(GREATER_EQUAL, x, Number(high)), above, inside)
    return choice(apply(LESS_EQUAL, x, Number(low)), below, upper)


def clamp(x: Expression, low: Expression | None, high: Expression | None) -> Expression:
    """``x`` within bounds; at a bound the derivative is 1, as torch's."""
    found = x
    if high is not None:
        found = choice(apply(GREATER, found, high), high, found)
    if low is not None:
        found = choice(apply(LESS, x, low), low, found)
    return found


def hardtanh(x: Expression, low: float = -1.0, high: float = 1.0) -> Expression:
    """``x`` within bounds; at a bound the derivative is 0."""
    return piecewise(x, low, high, Number(low), x, Number(high))


def hardsigmoid(x: Expression) -> Expression:
    """x/6 + ½, from 0 to 1."""
    return piecewise(x, -3, 3, ZERO, x / 6 + Number(0.5), ONE)


def hardswish(x: Expression) -> Expression:
    """x·(x + 3)/6 between −3 and 3."""
    return piecewise(x, -3, 3, ZERO, x * (x + Number(3)) / 6, x)


def elu(x: Expression, alpha: float = 1.0, scale: float = 1.0, inner: float = 1.0) -> Expression:
    """``scale`` times x above 0, and times alpha·(exp(inner·x) − 1) below."""
    negative = Number(scale * alpha) * (apply(EXPONENTIAL, inner * x) - ONE)
    return choice(apply(GREATER, x, ZERO), scale * x, negative)


def mish(x: Expression) -> Expression:
    """x·tanh(softplus(x))."""
    return x * apply(TANH, apply(SOFTPLUS, x))


def gelu(x: Expression, approximate: str = "none") -> Expression:
    """x·Φ(x), or its approximation by a tanh."""
    if approximate == "none":
        return ACTIVATIONS["gelu"](x)
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * apply(POWER, x, Number(3.0)))
    return 0.5 * x * (ONE + apply(TANH, inner))


def erf(x: Expression) -> Expression:
    """2·Φ(√2·x) − 1."""
    return 2 * apply(NORMAL_CDF, math.sqrt(2) * x) - ONE


def log_sigmoid(x: Expression) -> Expression:
    """−softplus(−x)."""
    return -apply(SOFTPLUS, -x)


def softplus(x: Expression, beta: float = 1.0) -> Expression:
    """ln(1 + exp(beta·x)) / beta."""
    return apply(SOFTPLUS, beta * x) / beta


def silu(x: Expression) -> Expression:
    """x·σ(x)."""
    return x * apply(SIGMOID, x)


def ndtr(x: Expression) -> Expression:
    """Φ(x)."""
    return apply(NORMAL_CDF, x)


_STEPS = 9
"""So far the digamma function goes up, to where its series has sixteen digits."""

_SERIES = (-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12)
"""Of 1/z², 1/z⁴ and so on: −B(2k)/2k."""


def digamma(x: Expression) -> Expression:
    """ψ(x) of a positive number: ψ(x) = ψ(x + 1) − 1/x as far as its asymptotic series holds."""
    z = x + Number(float(_STEPS))
    square = apply(SQUARE, z)
    series: Expression = ZERO
    for coefficient in reversed(_SERIES):
        series = (Number(coefficient) + series) / square
    found = apply(LOGARITHM, z) - ONE / (2 * z) + series
    for k in range(_STEPS):
        found = found - ONE / (x + Number(float(k)))
    return found
