"""The one table of operations that networks are made of.

Every operation is written once, with its faces side by side: its value, its derivative, its
spreadsheet formula, its textbook notation and its code in languages like C.
"""

import math
from collections.abc import Callable, Iterable
from functools import cache, reduce
from typing import Any

import numpy as np

from gradsheet.symbolic import simplify
from gradsheet.symbolic.expression import (
    MINUS_ONE,
    ONE,
    ZERO,
    Binding,
    Expression,
    Notation,
    Operation,
    apply,
)

# NumPy has no error function; the standard library's takes one number at a time.
_erfc: Callable[[Any], Any] = np.vectorize(math.erfc, otypes=[np.float64])
_ROOT_2, _ROOT_2_PI = math.sqrt(2), math.sqrt(2 * math.pi)

_SUM, _PRODUCT, _POWER, _SIGN, _ATOM = Binding

ADD = Operation(
    "add",  # of any number of terms, from left to right as a spreadsheet adds them
    value=lambda *terms: reduce(np.add, terms),
    partials=lambda y, *terms: (ONE,) * len(terms),
    excel=Notation("@0+@1", _SUM, (_SUM, _PRODUCT)),
    textbook=Notation("@0 + @1", _SUM, (_SUM, _PRODUCT)),
    code=Notation("@0 + @1", _SUM, (_SUM, _PRODUCT)),
    rule="sum rule",
    simplify=simplify.add,
)
SUBTRACT = Operation(
    "subtract",
    value=np.subtract,
    partials=lambda y, a, b: (ONE, MINUS_ONE),
    excel=Notation("@0-@1", _SUM, (_SUM, _PRODUCT)),
    textbook=Notation("@0 − @1", _SUM, (_SUM, _PRODUCT)),
    code=Notation("@0 - @1", _SUM, (_SUM, _PRODUCT)),
    rule="difference rule",
    simplify=simplify.subtract,
)
MULTIPLY = Operation(
    "multiply",
    value=np.multiply,
    partials=lambda y, a, b: (b, a),
    excel=Notation("@0*@1", _PRODUCT, (_PRODUCT, _POWER)),
    textbook=Notation("@0·@1", _PRODUCT, (_PRODUCT, _POWER)),
    code=Notation("@0 * @1", _PRODUCT, (_PRODUCT, _POWER)),
    rule="product rule",
    linear_in=(0, 1),
    simplify=simplify.multiply,
)
DIVIDE = Operation(
    "divide",
    value=np.divide,
    partials=lambda y, a, b: (ONE / b, -y / b),
    excel=Notation("@0/@1", _PRODUCT, (_PRODUCT, _POWER)),
    textbook=Notation("@0/@1", _PRODUCT, (_PRODUCT, _POWER)),
    code=Notation("@0 / @1", _PRODUCT, (_PRODUCT, _POWER)),
    rule="quotient rule",
    linear_in=(0,),
    simplify=simplify.divide,
)
NEGATE = Operation(
    "negate",
    value=np.negative,
    partials=lambda y, x: (MINUS_ONE,),
    excel=Notation("-@0", _SIGN, (_ATOM,)),
    textbook=Notation("−@0", _SUM, (_PRODUCT,)),
    code=Notation("-@0", _SIGN, (_ATOM,)),
    rule="constant-multiple rule",
    simplify=simplify.negate,
)
SQUARE = Operation(
    "square",
    value=np.square,
    partials=lambda y, x: (2 * x,),
    excel=Notation("@0^2", _POWER, (_ATOM,)),
    textbook=Notation("@0^{2}", _POWER, (_ATOM,)),
    code=Notation("square(@0)"),
    rule="power rule",
)
SQUARE_ROOT = Operation(
    "square-root",
    value=np.sqrt,
    partials=lambda y, x: (0.5 * (ONE / y),),
    excel=Notation("SQRT(@0)"),
    textbook=Notation("√(@0)"),
    code=Notation("sqrt(@0)"),
    rule="(√x)′ = 1/(2·√x)",
)
EXPONENTIAL = Operation(
    "exponential",
    value=np.exp,
    partials=lambda y, x: (y,),
    excel=Notation("EXP(@0)"),
    textbook=Notation("exp(@0)"),  # marks do not nest, so no e^{…}
    code=Notation("exp(@0)"),
    rule="(eˣ)′ = eˣ",
)
LOGARITHM = Operation(
    "logarithm",
    value=np.log,
    partials=lambda y, x: (ONE / x,),
    excel=Notation("LN(@0)"),
    textbook=Notation("ln(@0)"),
    code=Notation("log(@0)"),
    rule="(ln x)′ = 1/x",
)
SHIFT = Operation(
    # The largest of any number of terms, taken for a constant: the softmax subtracts it from every
    # sum so that no EXP overflows, and comes out the same whatever is subtracted.
    "shift",
    value=lambda *terms: reduce(np.maximum, terms),
    partials=lambda y, *terms: (ZERO,) * len(terms),
    excel=Notation("MAX(@*)"),
    textbook=Notation("max(@*)"),
    code=Notation("fmax(@0, @1)", _ATOM, (_SUM, _SUM)),
)
SIGMOID = Operation(
    "sigmoid",
    # A spreadsheet's EXP fails above 709; the bound changes no value that a float64 can tell.
    value=lambda x: 1 / (1 + np.exp(np.minimum(np.negative(x), 700))),
    partials=lambda y, x: (y * (1 - y),),
    excel=Notation("1/(1+EXP(MIN(-@0,700)))", _PRODUCT, (_ATOM,)),
    textbook=Notation("σ(@0)"),
    code=Notation("1.0 / (1.0 + exp(-@0))", _PRODUCT, (_ATOM,)),
    rule="σ′ = σ·(1 − σ)",
    remark="MIN(…, 700) keeps EXP from overflowing and changes no digit shown",
)
TANH = Operation(
    "tanh",
    value=np.tanh,
    partials=lambda y, x: (1 - apply(SQUARE, y),),
    excel=Notation("TANH(@0)"),
    textbook=Notation("tanh(@0)"),
    code=Notation("tanh(@0)"),
    rule="tanh′ = 1 − tanh²",
)
STEP = Operation(
    "step",  # 1 above 0, else 0: torch, too, takes 0 for the derivative of ReLU at 0
    value=lambda x: np.heaviside(x, 0.0),
    partials=lambda y, x: (ZERO,),
    excel=Notation("IF(@0>0,1,0)"),
    textbook=Notation("[@0 > 0]"),
    code=Notation("(@0 > 0.0 ? 1.0 : 0.0)"),
)
RELU = Operation(
    "relu",
    value=lambda x: np.maximum(x, 0.0),
    partials=lambda y, x: (apply(STEP, x),),
    excel=Notation("MAX(@0,0)"),
    textbook=Notation("max(@0, 0)"),
    code=Notation("fmax(@0, 0.0)"),
    rule="ReLU′(x) = 1 if x > 0, else 0",
)


@cache
def leaky_slope(slope: float) -> Operation:
    """The derivative of the leaky ReLU: 1 above zero, else ``slope``."""
    return Operation(
        "leaky-slope",
        value=lambda x: slope + (1 - slope) * np.heaviside(x, 0.0),
        partials=lambda y, x: (ZERO,),
        excel=Notation(f"IF(@0>0,1,{slope!r})"),
        textbook=Notation(f"(1 if @0 > 0, else {slope!r})"),
        code=Notation(f"(@0 > 0.0 ? 1.0 : {slope!r})"),
    )


@cache
def leaky_relu(slope: float) -> Operation:
    """The leaky ReLU: ``slope``, from 0 to 1, times x below zero."""
    derivative = leaky_slope(slope)
    return Operation(
        "leaky-relu",
        value=lambda x: np.maximum(x, slope * x),
        partials=lambda y, x: (apply(derivative, x),),
        excel=Notation(f"MAX(@0,{slope!r}*@0)", _ATOM, (_POWER,)),
        textbook=Notation(f"max(@0, {slope!r}·@0)", _ATOM, (_POWER,)),
        code=Notation(f"fmax(@0, {slope!r} * @0)", _ATOM, (_POWER,)),
        rule=f"leaky ReLU′(x) = 1 if x > 0, else {slope!r}",
    )


LEAKY_SLOPE = leaky_slope(0.01)
LEAKY_RELU = leaky_relu(0.01)
SOFTPLUS = Operation(
    "softplus",
    # The usual ln(1 + e^x), in a form whose EXP cannot overflow.
    value=lambda x: np.maximum(x, 0.0) + np.log(1 + np.exp(-np.abs(x))),
    partials=lambda y, x: (apply(SIGMOID, x),),
    excel=Notation("MAX(@0,0)+LN(1+EXP(-ABS(@0)))", _SUM),
    textbook=Notation("ln(1 + exp(@0))"),
    code=Notation("fmax(@0, 0.0) + log1p(exp(-fabs(@0)))", _SUM),
    rule="softplus′ = σ",
    remark="the formula is a form of ln(1 + eˣ) whose EXP cannot overflow",
)
NORMAL_DENSITY = Operation(
    "normal-density",
    value=lambda x: np.exp(-np.square(x) / 2) / _ROOT_2_PI,
    partials=lambda y, x: (-(x * y),),
    excel=Notation("EXP(-(@0^2)/2)/SQRT(2*PI())", _PRODUCT, (_ATOM,)),
    textbook=Notation("φ(@0)"),
    code=Notation("exp(-square(@0) / 2.0) / sqrt(2.0 * PI)", _PRODUCT),
)
NORMAL_CDF = Operation(
    "normal-cdf",
    value=lambda x: 0.5 * _erfc(-np.asarray(x) / _ROOT_2),
    partials=lambda y, x: (apply(NORMAL_DENSITY, x),),
    # Some programs compute NORMSDIST to ten digits only, but CHIDIST to thirteen: the square of a
    # normal number has a chi-square distribution with one degree of freedom.
    excel=Notation("IF(@0<0,CHIDIST(@0^2,1)/2,1-CHIDIST(@0^2,1)/2)", _ATOM, (_ATOM,)),
    textbook=Notation("Φ(@0)"),
    code=Notation("0.5 * erfc(-@0 / sqrt(2.0))", _PRODUCT, (_ATOM,)),
    rule="Φ′ = φ",
)

ARITHMETIC = {o.name: o for o in (ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATE)}
"""The operations of the operators + - * / between expressions."""

ACTIVATIONS: dict[str, Callable[[Expression], Expression]] = {
    "sigmoid": lambda x: apply(SIGMOID, x),
    "tanh": lambda x: apply(TANH, x),
    "relu": lambda x: apply(RELU, x),
    "leaky-relu": lambda x: apply(LEAKY_RELU, x),
    "gelu": lambda x: x * apply(NORMAL_CDF, x),
    "silu": lambda x: x * apply(SIGMOID, x),
    "softplus": lambda x: apply(SOFTPLUS, x),
    "identity": lambda x: x,
}
ACTIVATION_NAMES = {"relu": "ReLU", "leaky-relu": "leaky ReLU", "gelu": "GELU", "silu": "SiLU"}
"""How people write an activation's name, where it differs."""


def total(terms: Iterable[Expression]) -> Expression:
    """The sum of ``terms``, from left to right; of none, 0."""
    return apply(ADD, *terms)
