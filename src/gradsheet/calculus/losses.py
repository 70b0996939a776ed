"""Loss functions, as expressions over the targets and the outputs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradsheet.calculus.expression import SQUARE, Expression, apply, total


@dataclass(frozen=True)
class Loss:
    """How far the outputs are from the targets.

    Attributes:
        words: what it is, for people.
        error: of one target and its output.
        total: of all errors: what is minimised.
    """

    words: str
    error: Callable[[Expression, Expression], Expression]
    total: Callable[[Sequence[Expression]], Expression]


def _squared_difference(target: Expression, output: Expression) -> Expression:
    return apply(SQUARE, target - output)


LOSSES = {
    "half-squared-error": Loss(
        "half the squared difference, summed over the outputs",
        lambda target, output: 0.5 * _squared_difference(target, output),
        total,
    ),
    "mean-squared-error": Loss(
        "the squared difference, averaged over the outputs",
        _squared_difference,
        lambda errors: total(errors) / len(errors),
    ),
}
