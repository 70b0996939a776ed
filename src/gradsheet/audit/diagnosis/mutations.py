"""The mistakes people make in a formula, as small edits of the right one.

Each edit makes one wrong expression. A mistake is found when an edit computes, at random points,
what was written.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from gradsheet.networks.mistakes import WRONG_SLOPE
from gradsheet.symbolic.expression import (
    ZERO,
    Apply,
    Expression,
    Number,
    Operation,
    Variable,
    variables,
)
from gradsheet.symbolic.operations import (
    ADD,
    DIVIDE,
    EXPONENTIAL,
    MULTIPLY,
    NEGATE,
    SIGMOID,
    SQUARE,
    SUBTRACT,
    TANH,
)

_TWO, _ONE = Number(2.0), Number(1.0)


@dataclass(frozen=True)
class Edit:
    """One wrong expression.

    Attributes:
        kind: the kind of mistake in a few words.
        result: what is computed in place of the right expression.
        wrong: the part that is written.
        right: the part that belongs there; None where the wrong part should not be there.
    """

    kind: str
    result: Expression
    wrong: Expression | None
    right: Expression | None


NEIGHBOR = "a neighbor's signal"
OTHER_SYMBOL = "a value that does not belong there"
SIGN = "a sign turned round"
DROPPED_FACTOR = "a factor left out"
DROPPED_SLOPE = "the slope of an activation left out"
DROPPED_TERM = "a term left out"
REPEATED_FACTOR = "a factor taken twice"
REPEATED_TERM = "a term taken twice"
BRACKET = "a misplaced bracket"
DOUBLED = "a factor two too many"
HALVED = "a factor one half too many"
NOT_SQUARED = "a square left out"
OTHER_SLOPE = "the slope of another activation"
OPERATOR = "a wrong operator"
WRONG_FUNCTION = "a wrong function"


def edits(
    right: Expression, substitutes: Sequence[tuple[Variable, Expression, str]]
) -> Iterator[Edit]:
    """Every wrong expression that one mistake makes of ``right``, the simplest mistakes first.

    Args:
        right: what belongs there.
        substitutes: what may be taken for which of its variables, and the kind of mistake it is.
    """
    yield from substituted(right, [s for s in substitutes if s[2] != OTHER_SYMBOL])
    yield from structural(right)
    yield from substituted(right, [s for s in substitutes if s[2] == OTHER_SYMBOL])
    yield from _substituted_in_parts(right, substitutes)


def structural(right: Expression) -> Iterator[Edit]:
    """The mistakes that put no other symbol in."""
    yield Edit(SIGN, _raw(NEGATE, right), None, None)
    yield from _everywhere(right, _local)
    yield Edit(DOUBLED, _raw(MULTIPLY, _TWO, right), _TWO, None)
    yield Edit(HALVED, _raw(MULTIPLY, Number(0.5), right), Number(0.5), None)


def _raw(operation: Operation, *arguments: Expression) -> Expression:
    """Not simplified: what is not touched stays the same object, whose value is known."""
    return Apply(operation, arguments)


def _everywhere(
    node: Expression, local: Callable[[Expression], Iterator[Edit]], top: bool = True
) -> Iterator[Edit]:
    """The edits of a node and of each part of it, put back into the whole."""
    if top or not _is_product(node):
        yield from local(node)
    if not isinstance(node, Apply):
        return
    for place, part in enumerate(node.arguments):
        inside_product = _is_product(node) and _is_product(part)
        for edit in _everywhere(part, local, top=not inside_product):
            arguments = (*node.arguments[:place], edit.result, *node.arguments[place + 1 :])
            yield Edit(edit.kind, Apply(node.operation, arguments), edit.wrong, edit.right)


def _is_product(node: Expression) -> bool:
    return isinstance(node, Apply) and node.operation is MULTIPLY


# --- Other symbols ---------------------------------------------------------------------------


def substituted(
    node: Expression, substitutes: Sequence[tuple[Variable, Expression, str]]
) -> Iterator[Edit]:
    """One occurrence of a variable replaced."""

    def local(part: Expression) -> Iterator[Edit]:
        for variable, other, kind in substitutes:
            if part is variable:
                yield Edit(kind, other, other, variable)
            elif _one_less(part) is variable and kind == NEIGHBOR:
                changed = _raw(SUBTRACT, _ONE, other)
                yield Edit(WRONG_SLOPE, changed, changed, part)

    yield from _everywhere(node, local)


def _substituted_in_parts(
    right: Expression, substitutes: Sequence[tuple[Variable, Expression, str]]
) -> Iterator[Edit]:
    """All occurrences of a variable in a part replaced, where there are several."""

    def local(part: Expression) -> Iterator[Edit]:
        inside = list(variables(part))
        for variable, other, kind in substitutes:
            if inside.count(variable) > 1:
                changed = replaced(part, {variable: other})
                wrong, belongs = _slope_parts(part, changed, variable, other)
                in_slope = kind == NEIGHBOR and _slope_of(factors_of(belongs)) is variable
                yield Edit(WRONG_SLOPE if in_slope else kind, changed, wrong, belongs)

    yield from _everywhere(right, local)


def replaced(node: Expression, others: Mapping[Variable, Expression]) -> Expression:
    """``node`` with other expressions in place of some variables; what holds none stays itself."""
    if isinstance(node, Variable):
        return others.get(node, node)
    if not isinstance(node, Apply) or others.keys().isdisjoint(variables(node)):
        return node
    return Apply(node.operation, tuple(replaced(part, others) for part in node.arguments))


def _slope_parts(
    part: Expression, changed: Expression, variable: Variable, other: Expression
) -> tuple[Expression, Expression]:
    """The factors that hold the variable, before and after."""
    if not _is_product(part):
        return changed, part
    factors = [factor for factor in factors_of(part) if variable in set(variables(factor))]
    return _product([replaced(f, {variable: other}) for f in factors]), _product(factors)


# --- Other structure -------------------------------------------------------------------------


def factors_of(node: Expression) -> list[Expression]:
    """The factors of a product, from left to right."""
    if isinstance(node, Apply) and node.operation is MULTIPLY:
        return [factor for part in node.arguments for factor in factors_of(part)]
    return [node]


def _terms_of(node: Expression) -> list[tuple[bool, Expression]]:
    """The terms of a sum, each with whether it is added."""
    if isinstance(node, Apply) and node.operation is ADD:
        return [(True, term) for term in node.arguments]
    if isinstance(node, Apply) and node.operation is SUBTRACT:
        return [(True, node.arguments[0]), (False, node.arguments[1])]
    return []


def _product(factors: Sequence[Expression]) -> Expression:
    result = factors[0] if factors else _ONE
    for factor in factors[1:]:
        result = _raw(MULTIPLY, result, factor)
    return result


def _sum(terms: Sequence[tuple[bool, Expression]]) -> Expression:
    result: Expression = ZERO
    for number, (added, term) in enumerate(terms):
        if number == 0:
            result = term if added else _raw(NEGATE, term)
        else:
            result = _raw(ADD if added else SUBTRACT, result, term)
    return result


def _local(node: Expression) -> Iterator[Edit]:
    """The edits of one node alone."""
    if _is_product(node):
        yield from _of_product(factors_of(node))
    elif terms := _terms_of(node):
        yield from _of_sum(node, terms)
    elif isinstance(node, Apply):
        yield from _of_function(node)


def _of_product(factors: list[Expression]) -> Iterator[Edit]:
    yield from _brackets(factors)
    for place, factor in enumerate(factors):
        others = [*factors[:place], *factors[place + 1 :]]
        kind = DROPPED_SLOPE if _is_slope(factor) else DROPPED_FACTOR
        yield Edit(kind, _product(others), None, factor)
        if not isinstance(factor, Number):
            yield Edit(REPEATED_FACTOR, _product([*factors, factor]), factor, None)
        yield Edit(OPERATOR, _raw(ADD, _product(others), factor), None, None)
        if others:
            yield Edit(OPERATOR, _raw(DIVIDE, _product(others), factor), None, None)
    for place in range(len(factors) - 1):
        pair, before, after = factors[place : place + 2], factors[:place], factors[place + 2 :]
        kind = DROPPED_SLOPE if _slope_of(pair) else DROPPED_FACTOR
        yield Edit(kind, _product([*before, *after]), None, _product(pair))
        if (value := _slope_of(pair)) is not None:
            for slope in _other_slopes(value):
                changed = _product([*before, slope, *after])
                yield Edit(OTHER_SLOPE, changed, slope, _product(pair))


def _slope_of(factors: Sequence[Expression]) -> Variable | None:
    """The variable a of two factors a and 1 - a."""
    if len(factors) != 2 or not isinstance(factors[0], Variable):
        return None
    return factors[0] if _one_less(factors[1]) is factors[0] else None


def _one_less(node: Expression) -> Expression | None:
    """The x of 1 - x."""
    if not (isinstance(node, Apply) and node.operation is SUBTRACT):
        return None
    one, x = node.arguments
    return x if isinstance(one, Number) and one.value == 1 else None


def _is_slope(factor: Expression) -> bool:
    """Whether a factor alone is the slope of an activation: of tanh, of a ReLU."""
    x = _one_less(factor)
    if x is not None:
        return isinstance(x, Apply) and x.operation is SQUARE
    return isinstance(factor, Apply) and factor.operation.name in ("step", "leaky-slope")


def _other_slopes(value: Variable) -> Iterator[Expression]:
    """What else has been taken for the slope a (1 - a) of a sigmoid."""
    rest = _raw(SUBTRACT, _ONE, value)
    square = _raw(SQUARE, value)
    yield _raw(SUBTRACT, _ONE, square)
    yield _raw(MULTIPLY, value, _raw(ADD, _ONE, value))
    yield _raw(MULTIPLY, value, _raw(SUBTRACT, value, _ONE))
    yield _raw(MULTIPLY, rest, rest)
    yield square
    yield _raw(SUBTRACT, value, _raw(SQUARE, square))


def _brackets(factors: list[Expression]) -> Iterator[Edit]:
    """A bracket that closes too early or opens too late: a term takes neighbors of its sum."""
    for place, factor in enumerate(factors):
        terms = _terms_of(factor)
        for left, right in product(range(place + 1), range(len(factors) - place)):
            if terms and left + right:
                before, after = factors[place - left : place], factors[place + 1 :][:right]
                (first_sign, first), *middle, (last_sign, last) = terms
                changed = [
                    (first_sign, _product([*before, first])),
                    *middle,
                    (last_sign, _product([last, *after])),
                ]
                outside = [*factors[: place - left], _sum(changed), *factors[place + 1 + right :]]
                right_part = _product([*before, factor, *after])
                yield Edit(BRACKET, _product(outside), _sum(changed), right_part)


def _of_sum(node: Expression, terms: list[tuple[bool, Expression]]) -> Iterator[Edit]:
    for place, (added, term) in enumerate(terms):
        others = [*terms[:place], *terms[place + 1 :]]
        turned = [*terms[:place], (not added, term), *terms[place + 1 :]]
        yield Edit(SIGN, _sum(turned), _sum(turned), node)
        yield Edit(DROPPED_TERM, _sum(others), None, term)
        yield Edit(REPEATED_TERM, _raw(ADD, node, term), term, None)
    square = _one_less(node)
    if isinstance(square, Apply) and square.operation is SQUARE:
        value = square.arguments[0]
        slope = _raw(MULTIPLY, value, _raw(SUBTRACT, _ONE, value))
        yield Edit(OTHER_SLOPE, slope, slope, node)
    if len(terms) == 2:
        first, second = terms[0][1], terms[1][1]
        swapped = _raw(SUBTRACT, second, first)
        if not terms[1][0]:
            yield Edit(SIGN, swapped, swapped, node)
        yield Edit(OPERATOR, _raw(MULTIPLY, first, second), None, None)


def _of_function(node: Apply) -> Iterator[Edit]:
    (first, *rest), operation = node.arguments, node.operation
    if operation is SQUARE:
        yield Edit(NOT_SQUARED, first, first, node)
        yield Edit(REPEATED_FACTOR, _raw(MULTIPLY, node, first), first, None)
    if operation is NEGATE:
        yield Edit(SIGN, first, first, node)
    if operation is DIVIDE:
        yield Edit(DROPPED_FACTOR, first, None, rest[0])
        yield Edit(OPERATOR, _raw(MULTIPLY, first, rest[0]), None, None)
    if operation is SIGMOID:
        negative = _raw(NEGATE, first)
        yield Edit(SIGN, _raw(SIGMOID, negative), _raw(SIGMOID, negative), node)
        yield Edit(BRACKET, _raw(ADD, _ONE, _raw(EXPONENTIAL, negative)), None, None)
        yield Edit(BRACKET, _raw(EXPONENTIAL, negative), None, None)
        yield Edit(WRONG_FUNCTION, _raw(TANH, first), _raw(TANH, first), node)
    if operation is TANH:
        yield Edit(WRONG_FUNCTION, _raw(SIGMOID, first), _raw(SIGMOID, first), node)
    if len(node.arguments) == 1 and operation not in (SQUARE, NEGATE):
        yield Edit(WRONG_FUNCTION, first, first, node)
