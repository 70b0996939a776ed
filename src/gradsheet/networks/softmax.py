"""A softmax: what its units share, and its outputs in derivatives."""

from collections.abc import Sequence

from gradsheet.networks.symbols import Kind, Symbol, named
from gradsheet.symbolic.expression import Apply, Expression, Variable, apply, arguments_of
from gradsheet.symbolic.operations import EXPONENTIAL, LOGARITHM, SHIFT, total


def softmax_parts(pre_activations: Sequence[Variable], mark: int | None) -> tuple[Variable, ...]:
    """What the units of a softmax share, so that each output is exp(o - L)."""
    largest = named(
        Symbol(Kind.LARGEST, (), mark),
        apply(SHIFT, *pre_activations),
        "the largest pre-activation; subtracted from all so that nothing overflows",
    )
    powers = total(apply(EXPONENTIAL, value - largest) for value in pre_activations)
    exponentials = named(Symbol(Kind.EXPONENTIALS, (), mark), powers, "sum of the exponentials")
    log_sum = named(
        Symbol(Kind.LOG_SUM, (), mark),
        largest + apply(LOGARITHM, exponentials),
        "logarithm of Σ exp(o), whatever m is",
    )
    return largest, exponentials, log_sum


def name_outputs(
    expression: Expression,
    units: Sequence[tuple[Variable, Variable]],
    shared: Sequence[Variable],
) -> Expression:
    """``expression`` with the output a_o in place of exp(o - m)/S, which is the same number.

    Args:
        expression: a derivative through the sum S of the exponentials.
        units: of each unit its pre-activation o and its activation a_o.
        shared: the largest pre-activation m, the sum S, its logarithm.
    """
    if not isinstance(expression, Apply):
        return expression
    parts = [name_outputs(part, units, shared) for part in expression.arguments]
    if expression.operation.name == "multiply":
        ratio, difference = arguments_of(parts[0], "divide"), arguments_of(parts[1], "exponential")
        ends = arguments_of(difference[0], "subtract") if difference else ()
        if ratio and ratio[1] is shared[1] and ends and ends[1] is shared[0]:
            return ratio[0] * next(output for value, output in units if value is ends[0])
    return apply(expression.operation, *parts)
