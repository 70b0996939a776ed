"""Arithmetic that simplifies as it builds.

Enough for gradients to come out as a person would write them: no factors 1, no terms 0, one
number in front of a product, one sign in front of it, products associated to the left. Each rule
is a face of its operation in the table, which it is given first.
"""

from collections.abc import Iterable
from fractions import Fraction

from gradsheet.symbolic.expression import (
    ZERO,
    Apply,
    Expression,
    Number,
    Operation,
    Variable,
    apply,
    arguments_of,
)


def is_number(expression: Expression, number: float) -> bool:
    """Whether ``expression`` is this constant."""
    return isinstance(expression, Number) and expression.value == number


def add(operation: Operation, *terms: Expression) -> Expression:
    """The sum, without zeros and with differences in place of negated terms."""
    total: list[Expression] = []
    for term in terms:
        negated = arguments_of(term, "negate")
        if negated and total:
            total = [_sum(operation, total) - negated[0]]
        elif not is_number(term, 0):
            total += (not total and arguments_of(term, "add")) or (term,)
    return _sum(operation, total)


def _sum(operation: Operation, terms: list[Expression]) -> Expression:
    if len(terms) < 2:
        return terms[0] if terms else ZERO
    return Apply(operation, tuple(terms))


def subtract(operation: Operation, a: Expression, b: Expression) -> Expression:
    """The difference, without zeros."""
    if is_number(b, 0):
        return a
    return -b if is_number(a, 0) else Apply(operation, (a, b))


def multiply(operation: Operation, a: Expression, b: Expression) -> Expression:
    """The product, associated to the left, one number and one sign in front."""
    if is_number(a, 0) or is_number(b, 1):
        return a
    if is_number(b, 0) or is_number(a, 1):
        return b
    if negated := arguments_of(a, "negate"):
        return -(negated[0] * b)
    if negated := arguments_of(b, "negate"):
        return -(a * negated[0])
    if factors := arguments_of(b, "multiply"):
        return a * factors[0] * factors[1]
    if ratio := arguments_of(b, "divide"):
        if known := _shares(a, b):
            return _as_written(known[0] * known[1])
        return a * ratio[0] / ratio[1]
    if isinstance(a, Number):
        return _scale(operation, a, b)
    return _scale(operation, b, a) if isinstance(b, Number) else Apply(operation, (a, b))


def _scale(operation: Operation, number: Number, x: Expression) -> Expression:
    """``number`` times ``x``, with a single number in front."""
    if isinstance(x, Number):
        return Number(number.value * x.value)
    if number.value == -1:
        return -x
    if arguments_of(x, "divide") and (known := _shares(number, x)):
        return _as_written(known[0] * known[1])
    factors = arguments_of(x, "multiply")
    if factors and isinstance(factors[0], Number):
        return Number(number.value * factors[0].value) * factors[1]
    if factors and (known := _shares(number, factors[0])):
        return _as_written(known[0] * known[1]) * factors[1]
    return Apply(operation, (number, x))


def _shares(a: Expression, b: Expression) -> tuple[Fraction, Fraction] | None:
    """The values of both, where both are fractions."""
    first, second = _share(a), _share(b)
    return (first, second) if first is not None and second is not None else None


def _share(x: Expression) -> Fraction | None:
    """The value of a half, a whole number or a fraction of whole numbers, such as 1/3."""
    if isinstance(x, Number):
        twice = 2 * x.value
        return Fraction(int(twice), 2) if abs(twice) < 1e6 and int(twice) == twice else None
    parts = [_share(part) for part in arguments_of(x, "divide")]
    return parts[0] / parts[1] if len(parts) == 2 and parts[0] is not None and parts[1] else None


def _as_written(share: Fraction) -> Expression:
    """A fraction in lowest terms; a whole number or a half as a number."""
    if share.denominator <= 2:
        return Number(float(share))
    return Number(float(share.numerator)) / Number(float(share.denominator))


def divide(operation: Operation, a: Expression, b: Expression) -> Expression:
    """The quotient, without a divisor 1."""
    return a if is_number(b, 1) or is_number(a, 0) else Apply(operation, (a, b))


def negate(operation: Operation, x: Expression) -> Expression:
    """The negative, its sign taken inside where that leaves none."""
    if isinstance(x, Number):
        return Number(-x.value)
    if negated := arguments_of(x, "negate"):
        return negated[0]
    if terms := arguments_of(x, "subtract"):
        return terms[1] - terms[0]
    factors = arguments_of(x, "multiply")
    if factors and arguments_of(factors[1], "subtract"):
        return factors[0] * -factors[1]
    return Apply(operation, (x,))


class Names:
    """Finds, in an expression, parts that are the definition of a named value already.

    The derivative of the binary cross-entropy is σ(o1) - t1; where a_o1 is σ(o1), it is a_o1 - t1.
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
        return id(expression.operation), *map(_structure, expression.arguments)
    return expression.value if isinstance(expression, Number) else expression
