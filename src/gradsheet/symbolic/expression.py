"""Expressions with names, and the one table of operations they are made of.

Every operation is written once, with its faces side by side: its value, its derivative, its
spreadsheet formula and its textbook notation. A derivative is itself an expression, so a backward
pass can be evaluated, printed and written into cells exactly like a forward pass.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import reduce
from typing import Any, Protocol

import numpy as np

# NumPy has no error function; the standard library's takes one number at a time.
_erfc: Callable[[Any], Any] = np.vectorize(math.erfc, otypes=[np.float64])
_ROOT_2, _ROOT_2_PI = math.sqrt(2), math.sqrt(2 * math.pi)


class Binding(IntEnum):
    """How tightly a piece of notation holds together; parentheses go where it must be tighter."""

    SUM = 1
    PRODUCT = 2
    POWER = 3
    SIGN = 4
    ATOM = 5


@dataclass(frozen=True)
class Notation:
    """How one operation is written.

    Attributes:
        template: the text, in which ``@0`` and ``@1`` stand for the arguments. More arguments
            than two are taken in from left to right, or together where ``@*`` stands for all.
        binding: how tightly the text holds together.
        needs: how tightly each argument must hold together to stand without parentheses.
    """

    template: str
    binding: Binding = Binding.ATOM
    needs: tuple[Binding, ...] = (Binding.SUM,)


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    Attributes:
        name: the operation's name.
        value: of NumPy arrays or floats, elementwise in float64.
        partials: from the result and the arguments, all expressions, to the derivative of the
            result with respect to each argument. A derivative may use the result itself:
            that of the sigmoid ``y`` is ``y * (1 - y)``.
        excel: the notation of a spreadsheet, where a sign binds tighter than a power.
        textbook: the notation of a textbook; ``_{…}`` is a subscript, ``^{…}`` a superscript.
        rule: the rule by which it is differentiated, in words.
    """

    name: str
    value: Callable[..., Any]
    partials: Callable[..., tuple["Expression", ...]]
    excel: Notation
    textbook: Notation
    rule: str = ""


class Label(Protocol):
    """What a name stands for, where it is more than text."""

    @property
    def markup(self) -> str:
        """Its textbook notation: ``_{…}`` is a subscript, ``^{…}`` a superscript."""

    @property
    def binding(self) -> Binding:
        """How tightly that notation holds together."""


class Expression:
    """A formula over named variables. Immutable; + - * / build simplified formulas."""

    __slots__ = ()

    def __add__(self, other: "Expression") -> "Expression":
        return apply(ADD, self, other)

    def __sub__(self, other: "Expression") -> "Expression":
        return apply(SUBTRACT, self, other)

    def __mul__(self, other: "Expression") -> "Expression":
        return apply(MULTIPLY, self, other)

    def __truediv__(self, other: "Expression | float") -> "Expression":
        return apply(DIVIDE, self, other if isinstance(other, Expression) else Number(other))

    def __rsub__(self, other: float) -> "Expression":
        return Number(other) - self

    def __rmul__(self, other: float) -> "Expression":
        return Number(other) * self

    def __neg__(self) -> "Expression":
        return apply(NEGATE, self)


@dataclass(frozen=True, eq=False, slots=True)
class Number(Expression):
    """A constant."""

    value: float


@dataclass(frozen=True, eq=False, slots=True)
class Variable(Expression):
    """A name: of a value that is given (no definition), or of an expression.

    Which named expressions get a cell of their own is the layout's decision, so the same gradient
    can be one long formula in one sheet and a chain of factors in another.

    Attributes:
        name: unique in its network: ``w5``, ``a_h1``, ``E_total``, ``dE/dw5``.
        definition: the expression behind the name.
        meaning: what it is, in words.
        label: what the name stands for; of a network's values their symbol.
    """

    name: str
    definition: Expression | None = None
    meaning: str = field(default="", repr=False)
    label: Label | None = field(default=None, repr=False)

    @property
    def markup(self) -> str:
        """The textbook notation of the name."""
        return self.label.markup if self.label else self.name

    @property
    def binding(self) -> Binding:
        """How tightly that notation holds together."""
        return self.label.binding if self.label else Binding.ATOM


@dataclass(frozen=True, eq=False, slots=True)
class Apply(Expression):
    """An operation applied to arguments; ``apply`` makes one, simplified."""

    operation: Operation
    arguments: tuple[Expression, ...]


# --- The table ------------------------------------------------------------------------------

ZERO, ONE, MINUS_ONE = Number(0.0), Number(1.0), Number(-1.0)

_SUM, _PRODUCT, _POWER, _SIGN, _ATOM = Binding

ADD = Operation(
    "add",  # of any number of terms, from left to right as a spreadsheet adds them
    value=lambda *terms: reduce(np.add, terms),
    partials=lambda y, *terms: (ONE,) * len(terms),
    excel=Notation("@0+@1", _SUM, (_SUM, _PRODUCT)),
    textbook=Notation("@0 + @1", _SUM, (_SUM, _PRODUCT)),
    rule="of a sum term by term",
)
SUBTRACT = Operation(
    "subtract",
    value=np.subtract,
    partials=lambda y, a, b: (ONE, MINUS_ONE),
    excel=Notation("@0-@1", _SUM, (_SUM, _PRODUCT)),
    textbook=Notation("@0 − @1", _SUM, (_SUM, _PRODUCT)),
    rule="of a difference term by term, the second with a minus",
)
MULTIPLY = Operation(
    "multiply",
    value=np.multiply,
    partials=lambda y, a, b: (b, a),
    excel=Notation("@0*@1", _PRODUCT, (_PRODUCT, _POWER)),
    textbook=Notation("@0·@1", _PRODUCT, (_PRODUCT, _POWER)),
    rule="of a product the other factor stays",
)
DIVIDE = Operation(
    "divide",
    value=np.divide,
    partials=lambda y, a, b: (ONE / b, -y / b),
    excel=Notation("@0/@1", _PRODUCT, (_PRODUCT, _POWER)),
    textbook=Notation("@0/@1", _PRODUCT, (_PRODUCT, _POWER)),
    rule="of a quotient by a constant the divisor stays",
)
NEGATE = Operation(
    "negate",
    value=np.negative,
    partials=lambda y, x: (MINUS_ONE,),
    excel=Notation("-@0", _SIGN, (_ATOM,)),
    textbook=Notation("−@0", _SUM, (_PRODUCT,)),
    rule="the minus stays",
)
SQUARE = Operation(
    "square",
    value=np.square,
    partials=lambda y, x: (2 * x,),
    excel=Notation("@0^2", _POWER, (_ATOM,)),
    textbook=Notation("@0^{2}", _POWER, (_ATOM,)),
    rule="of a square twice the base",
)
SQUARE_ROOT = Operation(
    "square-root",
    value=np.sqrt,
    partials=lambda y, x: (0.5 * (ONE / y),),
    excel=Notation("SQRT(@0)"),
    textbook=Notation("√(@0)"),
    rule="of a root one over twice the root",
)
EXPONENTIAL = Operation(
    "exponential",
    value=np.exp,
    partials=lambda y, x: (y,),
    excel=Notation("EXP(@0)"),
    textbook=Notation("exp(@0)"),  # marks do not nest, so no e^{…}
    rule="of exp the same exp",
)
LOGARITHM = Operation(
    "logarithm",
    value=np.log,
    partials=lambda y, x: (ONE / x,),
    excel=Notation("LN(@0)"),
    textbook=Notation("ln(@0)"),
    rule="of ln one over what stands in it",
)
SHIFT = Operation(
    # The largest of any number of terms, taken for a constant: the softmax subtracts it from every
    # sum so that no EXP overflows, and comes out the same whatever is subtracted.
    "shift",
    value=lambda *terms: reduce(np.maximum, terms),
    partials=lambda y, *terms: (ZERO,) * len(terms),
    excel=Notation("MAX(@*)"),
    textbook=Notation("max(@*)"),
)
SIGMOID = Operation(
    "sigmoid",
    # A spreadsheet's EXP fails above 709; the bound changes no value that a float64 can tell.
    value=lambda x: 1 / (1 + np.exp(np.minimum(np.negative(x), 700))),
    partials=lambda y, x: (y * (1 - y),),
    excel=Notation("1/(1+EXP(MIN(-@0,700)))", _PRODUCT, (_ATOM,)),
    textbook=Notation("σ(@0)"),
    rule="of a sigmoid its value times one minus its value",
)
TANH = Operation(
    "tanh",
    value=np.tanh,
    partials=lambda y, x: (1 - apply(SQUARE, y),),
    excel=Notation("TANH(@0)"),
    textbook=Notation("tanh(@0)"),
    rule="of a tanh one minus its square",
)
STEP = Operation(
    "step",  # 1 above 0, else 0: what torch, too, takes for the slope of ReLU at 0
    value=lambda x: np.heaviside(x, 0.0),
    partials=lambda y, x: (ZERO,),
    excel=Notation("IF(@0>0,1,0)"),
    textbook=Notation("[@0 > 0]"),
)
RELU = Operation(
    "relu",
    value=lambda x: np.maximum(x, 0.0),
    partials=lambda y, x: (apply(STEP, x),),
    excel=Notation("MAX(@0,0)"),
    textbook=Notation("max(@0, 0)"),
    rule="of a ReLU 1 above zero, else 0",
)


def leaky_slope(slope: float) -> Operation:
    """The slope of the leaky ReLU: 1 above zero, else ``slope``."""
    return Operation(
        "leaky-slope",
        value=lambda x: slope + (1 - slope) * np.heaviside(x, 0.0),
        partials=lambda y, x: (ZERO,),
        excel=Notation(f"IF(@0>0,1,{slope!r})"),
        textbook=Notation(f"(1 if @0 > 0, else {slope!r})"),
    )


def leaky_relu(slope: float) -> Operation:
    """The leaky ReLU whose slope below zero is ``slope``, from 0 to 1."""
    steepness = leaky_slope(slope)
    return Operation(
        "leaky-relu",
        value=lambda x: np.maximum(x, slope * x),
        partials=lambda y, x: (apply(steepness, x),),
        excel=Notation(f"MAX(@0,{slope!r}*@0)", _ATOM, (_POWER,)),
        textbook=Notation(f"max(@0, {slope!r}·@0)", _ATOM, (_POWER,)),
        rule=f"of a leaky ReLU 1 above zero, else {slope!r}",
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
    rule="of a softplus the sigmoid",
)
NORMAL_DENSITY = Operation(
    "normal-density",
    value=lambda x: np.exp(-np.square(x) / 2) / _ROOT_2_PI,
    partials=lambda y, x: (-(x * y),),
    excel=Notation("EXP(-(@0^2)/2)/SQRT(2*PI())", _PRODUCT, (_ATOM,)),
    textbook=Notation("φ(@0)"),
)
NORMAL_CDF = Operation(
    "normal-cdf",
    value=lambda x: 0.5 * _erfc(-np.asarray(x) / _ROOT_2),
    partials=lambda y, x: (apply(NORMAL_DENSITY, x),),
    excel=Notation("NORMSDIST(@0)"),
    textbook=Notation("Φ(@0)"),
    rule="of Φ the bell curve φ",
)

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


# --- Arithmetic that simplifies as it builds -------------------------------------------------
# Enough for gradients to come out as a person would write them: no factors 1, no terms 0, one
# number in front of a product, one sign in front of it, products associated to the left.


def apply(operation: Operation, *arguments: Expression) -> Expression:
    """``operation`` of ``arguments``, simplified where it is plain arithmetic."""
    simplify = _SIMPLIFY.get(operation.name)
    return simplify(*arguments) if simplify else Apply(operation, arguments)


def total(terms: Iterable[Expression]) -> Expression:
    """The sum of ``terms``, from left to right; of none, 0."""
    return apply(ADD, *terms)


def _is(expression: Expression, number: float) -> bool:
    return isinstance(expression, Number) and expression.value == number


def _parts(expression: Expression, operation: Operation) -> tuple[Expression, ...]:
    """The arguments of ``expression`` where it is this operation, else none."""
    if isinstance(expression, Apply) and expression.operation is operation:
        return expression.arguments
    return ()


def _add(*terms: Expression) -> Expression:
    total: list[Expression] = []
    for term in terms:
        negated = _parts(term, NEGATE)
        if negated and total:
            total = [_sum(total) - negated[0]]
        elif not _is(term, 0):
            total += (not total and _parts(term, ADD)) or (term,)
    return _sum(total)


def _sum(terms: list[Expression]) -> Expression:
    if len(terms) < 2:
        return terms[0] if terms else ZERO
    return Apply(ADD, tuple(terms))


def _subtract(a: Expression, b: Expression) -> Expression:
    if _is(b, 0):
        return a
    return -b if _is(a, 0) else Apply(SUBTRACT, (a, b))


def _multiply(a: Expression, b: Expression) -> Expression:
    if _is(a, 0) or _is(b, 1):
        return a
    if _is(b, 0) or _is(a, 1):
        return b
    if negated := _parts(a, NEGATE):
        return -(negated[0] * b)
    if negated := _parts(b, NEGATE):
        return -(a * negated[0])
    if factors := _parts(b, MULTIPLY):
        return a * factors[0] * factors[1]
    if ratio := _parts(b, DIVIDE):
        return a * ratio[0] / ratio[1]
    if isinstance(a, Number):
        return _scale(a, b)
    return _scale(b, a) if isinstance(b, Number) else Apply(MULTIPLY, (a, b))


def _scale(number: Number, x: Expression) -> Expression:
    """``number`` times ``x``, with a single number in front."""
    if isinstance(x, Number):
        return Number(number.value * x.value)
    if number.value == -1:
        return -x
    factors = _parts(x, MULTIPLY)
    if factors and isinstance(factors[0], Number):
        return Number(number.value * factors[0].value) * factors[1]
    return Apply(MULTIPLY, (number, x))


def _divide(a: Expression, b: Expression) -> Expression:
    return a if _is(b, 1) or _is(a, 0) else Apply(DIVIDE, (a, b))


def _negate(x: Expression) -> Expression:
    if isinstance(x, Number):
        return Number(-x.value)
    if negated := _parts(x, NEGATE):
        return negated[0]
    if terms := _parts(x, SUBTRACT):
        return terms[1] - terms[0]
    factors = _parts(x, MULTIPLY)
    if factors and _parts(factors[1], SUBTRACT):
        return factors[0] * -factors[1]
    return Apply(NEGATE, (x,))


_SIMPLIFY: dict[str, Callable[..., Expression]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "negate": _negate,
}


# --- What can be asked of an expression ------------------------------------------------------


def variables(expression: Expression) -> Iterator[Variable]:
    """The variables that stand in ``expression`` itself, left to right, with repetitions.

    A variable's own definition is not looked into.
    """
    if isinstance(expression, Variable):
        yield expression
    elif isinstance(expression, Apply):
        for argument in expression.arguments:
            yield from variables(argument)


def partials(expression: Expression, result: Expression) -> dict[Variable, Expression]:
    """The partial derivative of ``expression`` with respect to each variable that stands in it.

    A variable with which it does not change is left out.

    Args:
        expression: what is differentiated. Named expressions in it count as plain variables.
        result: how the value of the whole expression is written in derivatives that use it,
            usually as the variable that it defines.
    """
    totals: dict[Variable, Expression] = {}

    def accumulate(node: Expression, value: Expression, outer: Expression) -> None:
        if isinstance(node, Variable):
            totals[node] = totals.get(node, ZERO) + outer
        elif isinstance(node, Apply):
            inner = node.operation.partials(value, *node.arguments)
            for factor, argument in zip(inner, node.arguments, strict=True):
                if not isinstance(argument, Number):
                    accumulate(argument, argument, outer * factor)

    accumulate(expression, result, ONE)
    return {variable: slope for variable, slope in totals.items() if not _is(slope, 0)}


def expand(
    expression: Expression,
    keep: Callable[[Variable], bool],
    replaced: Mapping[Variable, Expression] | None = None,
) -> Expression:
    """``expression`` with every variable that has a definition written out, but those to keep.

    Args:
        expression: what to write out.
        keep: whether a variable stays as it is.
        replaced: what to put for some variables, wherever they are met, before anything else;
            what is put there is written out like the rest.
    """
    if isinstance(expression, Variable):
        if replaced and expression in replaced:
            return expand(replaced[expression], keep)
        if expression.definition is None or keep(expression):
            return expression
        return expand(expression.definition, keep, replaced)
    if not isinstance(expression, Apply):
        return expression
    parts = (expand(part, keep, replaced) for part in expression.arguments)
    return apply(expression.operation, *parts)


class Names:
    """Finds, in an expression, parts that are the definition of a named value already.

    The slope of the binary cross-entropy is σ(o1) - t1; where a_o1 is σ(o1), it is a_o1 - t1.
    """

    def __init__(self, named: Iterable[Variable]) -> None:
        self._named = {
            _structure(variable.definition): variable
            for variable in named
            if isinstance(variable.definition, Apply)
        }

    def put_into(self, expression: Expression) -> Expression:
        """``expression`` with the names in place of what they are defined as."""
        if not isinstance(expression, Apply):
            return expression
        if (known := self._named.get(_structure(expression))) is not None:
            return known
        return apply(expression.operation, *map(self.put_into, expression.arguments))


def _structure(expression: Expression) -> object:
    """Equal for expressions that are written alike."""
    if isinstance(expression, Apply):
        return expression.operation.name, *map(_structure, expression.arguments)
    return expression.value if isinstance(expression, Number) else expression
