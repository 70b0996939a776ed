"""Factors that do not belong in a formula, or are another activation's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from gradsheet.audit import rules
from gradsheet.audit.diagnosis.algebra import (
    OF_RECTIFIERS,
    ONE,
    Mutation,
    derivative_of,
    factors_of,
    is_product,
    one_less,
    product_of,
    raw,
)
from gradsheet.audit.diagnosis.mutations import Mutations, part_by_part
from gradsheet.networks.symbols import symbol_of
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable
from gradsheet.symbolic.operations import (
    DIVIDE,
    MULTIPLY,
    SIGMOID,
    SQUARE,
    STEP,
    SUBTRACT,
    leaky_slope,
)
from gradsheet.symbolic.tape import Array

_ON_SUMS = OF_RECTIFIERS | {SIGMOID.name}
"""Local derivatives that are written with the pre-activation: that of softplus is a sigmoid."""
_LIKE_A_NUMBER = 1e-9  # relative


def multiplied(right: Expression, factors: Sequence[Expression]) -> Iterator[Mutations]:
    """The whole, a product or a value times a factor that does not belong there.

    Args:
        right: what belongs there.
        factors: that may have been multiplied in.
    """

    def mutations(part: Expression) -> Iterator[Mutation]:
        if part is right or is_product(part) or isinstance(part, Variable):
            for factor in factors:
                yield Mutation(rules.FACTOR_REPEATED, raw(MULTIPLY, part, factor), factor, None)

    return part_by_part(right, mutations)


def derivatives_in(used: Iterable[Variable]) -> Iterator[Expression]:
    """The local derivatives a·(1 − a) and 1 − a² of the activations among some values."""
    for value in used:
        if symbol_of(value).is_activation:
            yield _of_sigmoid(value)
            yield _of_tanh(value)


def number_times(right: Array, written: Array, typed: set[float]) -> tuple[Mutation, ...]:
    """The mistakes that make one formula a number times another; none where it is none.

    Args:
        right: the values of what belongs there.
        written: the values of what is written.
        typed: the numbers in what is written, and in nothing right.
    """
    ratios = written / right
    if not np.isfinite(ratios).all():
        return ()
    ratio = float(np.median(ratios))
    if ratio in (0.0, 1.0) or np.ptp(ratios) > _LIKE_A_NUMBER * abs(ratio):
        return ()
    signs = (Mutation(rules.SIGN, ONE),) if ratio < 0 else ()
    size = abs(ratio)
    if abs(size - 1) <= _LIKE_A_NUMBER:
        return signs
    is_typed = any(abs(size - n) <= _LIKE_A_NUMBER * size for n in typed)
    factor = _number(size if is_typed else 1 / size)
    if is_typed:
        return (*signs, Mutation(rules.FACTOR_REPEATED, ONE, factor, None))
    return (*signs, Mutation(rules.FACTOR_MISSING, ONE, None, factor))


def is_root(written: Array, right: Array) -> bool:
    """Whether what is written is, but for a factor, the root of what is due, as |t − a| is."""
    ratios = written**2 / right
    is_constant = np.isfinite(ratios).all() and np.ptp(ratios) <= _LIKE_A_NUMBER * ratios[0]
    return bool(is_constant and np.all(written > 0))


def _number(value: float) -> Expression:
    """A number, as a fraction where it is one of a whole number."""
    whole, inverse = round(value), round(1 / value)
    if abs(value - whole) <= _LIKE_A_NUMBER * value:
        return Number(float(whole))
    if abs(1 / value - inverse) <= _LIKE_A_NUMBER / value:
        return raw(DIVIDE, ONE, Number(float(inverse)))
    return Number(value)


def other_derivatives(
    right: Expression,
    sums: Mapping[Variable, Variable],
    values: Mapping[Variable, Variable],
    typed: set[float],
) -> Iterator[Mutations]:
    """A local derivative exchanged for that of another activation, in the table's own values.

    Args:
        right: what belongs there.
        sums: of activations their pre-activations.
        values: of pre-activations their activations.
        typed: the numbers in what is written, of which one may be another slope below 0.
    """
    slopes = sorted({0.0, *(number for number in typed if 0 < number < 1)})

    def mutations(part: Expression) -> Iterator[Mutation]:
        if isinstance(part, Apply) and part.operation.name in _ON_SUMS:
            z = part.arguments[0]
            for slope in slopes if part.operation.name in OF_RECTIFIERS else ():
                other = raw(leaky_slope(slope) if slope else STEP, z)
                yield Mutation(rules.OTHER_LOCAL_DERIVATIVE, other, other, part)
            if isinstance(z, Variable) and z in values:
                for other in _of_smooth(z, values[z]):
                    yield Mutation(rules.OTHER_LOCAL_DERIVATIVE, other, other, part)
        elif isinstance(square := one_less(part), Apply) and square.operation is SQUARE:
            yield from _rectified(part, square.arguments[0], [], [])
        elif is_product(part):
            factors = factors_of(part)
            for place in range(len(factors) - 1):
                before, pair, after = factors[:place], factors[place:][:2], factors[place + 2 :]
                if (value := derivative_of(pair)) is not None:
                    yield from _rectified(product_of(pair), value, before, after)

    def _rectified(
        due: Expression, value: Expression, before: list[Expression], after: list[Expression]
    ) -> Iterator[Mutation]:
        """The derivative of ReLU in place of a smooth one, by either value of its unit."""
        z = sums.get(value) if isinstance(value, Variable) else None
        for argument in (z, value) if z is not None else ():
            other = raw(STEP, argument)
            changed = product_of([*before, other, *after])
            yield Mutation(rules.OTHER_LOCAL_DERIVATIVE, changed, other, due)

    return part_by_part(right, mutations)


def _of_smooth(z: Variable, value: Variable) -> Iterator[Expression]:
    """The derivatives of the sigmoid and of tanh, by the right value of a unit or the wrong one."""
    for argument in (value, z):
        yield _of_sigmoid(argument)
        yield _of_tanh(argument)


def _of_sigmoid(value: Expression) -> Expression:
    return raw(MULTIPLY, value, raw(SUBTRACT, ONE, value))


def _of_tanh(value: Expression) -> Expression:
    return raw(SUBTRACT, ONE, raw(SQUARE, value))
