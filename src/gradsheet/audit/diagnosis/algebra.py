"""Mutations of a formula's algebra: a factor, a term, a sign, a bracket, a local derivative.

Results are not simplified, so that what is not touched stays the same object and its value, once
computed, is known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from gradsheet.audit import rules
from gradsheet.audit.rules import Rule
from gradsheet.spreadsheet.functions import POWER
from gradsheet.symbolic.expression import ZERO, Apply, Expression, Number, Operation, Variable
from gradsheet.symbolic.operations import (
    ADD,
    DIVIDE,
    EXPONENTIAL,
    LEAKY_SLOPE,
    MULTIPLY,
    NEGATE,
    SHIFT,
    SIGMOID,
    SQUARE,
    STEP,
    SUBTRACT,
    TANH,
)

ONE = Number(1.0)

# By name, as there is a leaky ReLU for every slope.
OF_RECTIFIERS = {STEP.name, LEAKY_SLOPE.name}

_Term = tuple[bool, Expression]
"""A term of a sum, and whether it is added."""


@dataclass(frozen=True)
class Mutation:
    """One wrong expression.

    Attributes:
        rule: the mistake it is.
        result: what is computed in place of the right expression.
        wrong: the part that is written; None where something was left out.
        right: the part that belongs there; None where something was added. Both are None where the
            change has no part of its own.
        everywhere: whether the same is done in every term like that part.
    """

    rule: Rule
    result: Expression
    wrong: Expression | None = None
    right: Expression | None = None
    everywhere: bool = False


def raw(operation: Operation, *arguments: Expression) -> Expression:
    """An operation, not simplified."""
    return Apply(operation, arguments)


def is_product(node: Expression) -> bool:
    """Whether a node is a product."""
    return isinstance(node, Apply) and node.operation is MULTIPLY


def factors_of(node: Expression) -> list[Expression]:
    """The factors of a product, from left to right."""
    if isinstance(node, Apply) and node.operation is MULTIPLY:
        return [factor for part in node.arguments for factor in factors_of(part)]
    return [node]


def _terms_of(node: Expression) -> list[_Term]:
    """The terms of a sum, each with whether it is added."""
    if isinstance(node, Apply) and node.operation is ADD:
        return [(True, term) for term in node.arguments]
    if isinstance(node, Apply) and node.operation is SUBTRACT:
        return [(True, node.arguments[0]), (False, node.arguments[1])]
    return []


def product_of(factors: Sequence[Expression]) -> Expression:
    """The product of factors, from left to right; of none, 1."""
    result = factors[0] if factors else ONE
    for factor in factors[1:]:
        result = raw(MULTIPLY, result, factor)
    return result


def _sum(terms: Sequence[_Term]) -> Expression:
    result: Expression = ZERO
    for number, (added, term) in enumerate(terms):
        if number == 0:
            result = term if added else raw(NEGATE, term)
        else:
            result = raw(ADD if added else SUBTRACT, result, term)
    return result


def local_mutations(node: Expression) -> Iterator[Mutation]:
    """The mutations of one node alone, its arguments untouched."""
    if is_product(node):
        yield from _of_product(factors_of(node))
    elif terms := _terms_of(node):
        yield from _of_sum(node, terms)
    elif isinstance(node, Apply):
        yield from _of_function(node)


def _of_product(factors: list[Expression]) -> Iterator[Mutation]:
    yield from _brackets(factors)
    for place, factor in enumerate(factors):
        yield from _of_factor(factors, place, factor)
    for place in range(len(factors) - 1):
        yield from _of_neighbors(factors, place)


def _of_factor(factors: list[Expression], place: int, factor: Expression) -> Iterator[Mutation]:
    """One factor left out, taken twice, added, or divided by."""
    others = [*factors[:place], *factors[place + 1 :]]
    rule = rules.LOCAL_DERIVATIVE_MISSING if _is_local_derivative(factor) else rules.FACTOR_MISSING
    yield Mutation(rule, product_of(others), None, factor)
    if not isinstance(factor, Number):
        yield Mutation(rules.FACTOR_REPEATED, product_of([*factors, factor]), factor, None)
    yield Mutation(rules.OPERATOR, raw(ADD, product_of(others), factor))
    if others:
        yield Mutation(rules.OPERATOR, raw(DIVIDE, product_of(others), factor))


def _of_neighbors(factors: list[Expression], place: int) -> Iterator[Mutation]:
    """Two factors side by side left out, or the local derivative that they are exchanged."""
    pair, before, after = factors[place : place + 2], factors[:place], factors[place + 2 :]
    value = derivative_of(pair)
    rule = rules.LOCAL_DERIVATIVE_MISSING if value else rules.FACTOR_MISSING
    yield Mutation(rule, product_of([*before, *after]), None, product_of(pair))
    for other in _other_derivatives(value) if value else ():
        changed = product_of([*before, other, *after])
        yield Mutation(rules.OTHER_LOCAL_DERIVATIVE, changed, other, product_of(pair))


def derivative_of(factors: Sequence[Expression]) -> Variable | None:
    """The variable a of two factors a and 1 - a."""
    if len(factors) != 2 or not isinstance(factors[0], Variable):
        return None
    return factors[0] if one_less(factors[1]) is factors[0] else None


def one_less(node: Expression) -> Expression | None:
    """The x of 1 - x."""
    if not (isinstance(node, Apply) and node.operation is SUBTRACT):
        return None
    one, x = node.arguments
    return x if isinstance(one, Number) and one.value == 1 else None


def _is_local_derivative(factor: Expression) -> bool:
    """Whether a factor alone is a local derivative: that of tanh, of a ReLU."""
    x = one_less(factor)
    if x is not None:
        return isinstance(x, Apply) and x.operation is SQUARE
    return isinstance(factor, Apply) and factor.operation.name in OF_RECTIFIERS


def _other_derivatives(value: Variable) -> Iterator[Expression]:
    """What else has been taken for the local derivative a (1 - a) of a sigmoid."""
    rest = raw(SUBTRACT, ONE, value)
    yield raw(SUBTRACT, ONE, raw(SQUARE, value))
    yield raw(MULTIPLY, value, raw(ADD, ONE, value))
    yield raw(MULTIPLY, value, raw(SUBTRACT, value, ONE))
    yield raw(MULTIPLY, rest, rest)
    yield raw(SQUARE, value)


def _brackets(factors: list[Expression]) -> Iterator[Mutation]:
    """A bracket that closes too early or opens too late: a term takes neighbors of its sum."""
    for place, factor in enumerate(factors):
        if terms := _terms_of(factor):
            for left, right in product(range(place + 1), range(len(factors) - place)):
                if left + right:
                    yield _bracket(factors, terms, place, left, right)


def _bracket(
    factors: list[Expression], terms: list[_Term], place: int, left: int, right: int
) -> Mutation:
    """So many factors before and after a sum multiplied into its first and its last term."""
    before, after = factors[place - left : place], factors[place + 1 :][:right]
    (first_sign, first), *middle, (last_sign, last) = terms
    changed = _sum(
        [
            (first_sign, product_of([*before, first])),
            *middle,
            (last_sign, product_of([last, *after])),
        ]
    )
    outside = [*factors[: place - left], changed, *factors[place + 1 + right :]]
    belongs = product_of([*before, factors[place], *after])
    return Mutation(rules.BRACKET, product_of(outside), changed, belongs)


def _of_sum(node: Expression, terms: list[_Term]) -> Iterator[Mutation]:
    for place, (added, term) in enumerate(terms):
        others = [*terms[:place], *terms[place + 1 :]]
        turned = [*terms[:place], (not added, term), *terms[place + 1 :]]
        yield Mutation(rules.SIGN, _sum(turned), _sum(turned), node)
        yield Mutation(rules.TERM_MISSING, _sum(others), None, term)
        yield Mutation(rules.TERM_REPEATED, raw(ADD, node, term), term, None)
    if len(terms) > 2:
        for pair in combinations(terms, 2):
            kept = [term for term in terms if term not in pair]
            yield Mutation(rules.TERM_MISSING, _sum(kept), None, _sum(pair))
    square = one_less(node)
    if isinstance(square, Apply) and square.operation is SQUARE:
        value = square.arguments[0]
        other = raw(MULTIPLY, value, raw(SUBTRACT, ONE, value))
        yield Mutation(rules.OTHER_LOCAL_DERIVATIVE, other, other, node)
    if len(terms) == 2:
        first, second = terms[0][1], terms[1][1]
        swapped = raw(SUBTRACT, second, first)
        if not terms[1][0]:
            yield Mutation(rules.SIGN, swapped, swapped, node)
        product_ = raw(MULTIPLY, first, second)
        yield Mutation(rules.OPERATOR, product_, product_, node)
        yield from _closed_late(node, terms)


def _closed_late(node: Expression, terms: list[_Term]) -> Iterator[Mutation]:
    """A bracket around a sum that takes factors of its last term for its own: (a − b)·c."""
    (_, first), (added, last) = terms
    factors = factors_of(last)
    for place in range(1, len(factors)):
        inside = raw(ADD if added else SUBTRACT, first, product_of(factors[:place]))
        whole = product_of([inside, *factors[place:]])
        yield Mutation(rules.BRACKET, whole, whole, node)


def _of_function(node: Apply) -> Iterator[Mutation]:
    first, operation = node.arguments[0], node.operation
    if operation is SQUARE:
        yield Mutation(rules.SQUARE_MISSING, first, first, node)
        yield Mutation(rules.FACTOR_REPEATED, raw(MULTIPLY, node, first), first, None)
    elif operation is POWER and isinstance(exponent := node.arguments[1], Number):
        less, more = (raw(POWER, first, Number(exponent.value + step)) for step in (-1, 1))
        yield Mutation(rules.FACTOR_MISSING, less, None, first)
        yield Mutation(rules.FACTOR_REPEATED, more, first, None)
    elif operation is NEGATE:
        yield Mutation(rules.SIGN, first, first, node)
    elif operation is DIVIDE:
        divisor = node.arguments[1]
        yield Mutation(rules.FACTOR_MISSING, first, None, divisor)
        yield Mutation(rules.OPERATOR, raw(MULTIPLY, first, divisor))
    elif operation is SHIFT:
        for kept in (*node.arguments, *_clipped(node)):
            yield Mutation(rules.FUNCTION, kept, kept, node)
    else:
        yield from _of_activation(node, first)


def _clipped(node: Apply) -> Iterator[Expression]:
    """What max(−c, −max(−c, −x)) bounds: c and x."""
    for part in node.arguments:
        inner = _opposite(part)
        if isinstance(inner, Apply) and inner.operation is SHIFT:
            yield from map(_opposite, inner.arguments)


def _opposite(node: Expression) -> Expression:
    is_negative = isinstance(node, Apply) and node.operation is NEGATE
    return node.arguments[0] if isinstance(node, Apply) and is_negative else raw(NEGATE, node)


def _of_activation(node: Apply, x: Expression) -> Iterator[Mutation]:
    """Another function, a sigmoid with a wrong sign or cut short, or the argument itself."""
    if node.operation is SIGMOID:
        negative = raw(NEGATE, x)
        yield Mutation(rules.SIGN, raw(SIGMOID, negative), raw(SIGMOID, negative), node)
        yield Mutation(rules.BRACKET, raw(ADD, ONE, raw(EXPONENTIAL, negative)))
        yield Mutation(rules.BRACKET, raw(EXPONENTIAL, negative))
        yield Mutation(rules.FUNCTION, raw(TANH, x), raw(TANH, x), node)
    elif node.operation is TANH:
        yield Mutation(rules.FUNCTION, raw(SIGMOID, x), raw(SIGMOID, x), node)
    if len(node.arguments) == 1:
        yield Mutation(rules.FUNCTION, x, x, node)
