"""Loss functions, as expressions over the targets and the outputs of one example."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradsheet.symbolic.expression import Expression, Variable, apply
from gradsheet.symbolic.operations import SOFTPLUS, SQUARE, total


@dataclass(frozen=True)
class Output:
    """An output unit, as a loss sees it.

    Attributes:
        pre_activation: ``o``.
        activation: the output ``a_o``.
        log_sum: of a softmax, ``L = ln Σ exp(o)``, so that ``ln a_o`` is ``o - L``.
    """

    pre_activation: Variable
    activation: Variable
    log_sum: Variable | None


@dataclass(frozen=True)
class Loss:
    """How far the outputs are from the targets.

    Attributes:
        words: what it is, for people.
        error: of one target and its output.
        total: of all errors of an example: what is minimized, averaged over the examples.
        activation: what the output layer must have, where the loss has a meaning with one only.
    """

    words: str
    error: Callable[[Expression, Output], Expression]
    total: Callable[[Sequence[Expression]], Expression]
    activation: str = ""


def _mean(errors: Sequence[Expression]) -> Expression:
    return total(errors) / len(errors)


def _squared_difference(target: Expression, output: Output) -> Expression:
    return apply(SQUARE, target - output.activation)


def _binary_cross_entropy(target: Expression, output: Output) -> Expression:
    # With a = σ(o) this is -t·ln a - (1 - t)·ln(1 - a), and it holds where a rounds to 0 or 1.
    return apply(SOFTPLUS, output.pre_activation) - target * output.pre_activation


def _categorical_cross_entropy(target: Expression, output: Output) -> Expression:
    if output.log_sum is None:
        raise ValueError("the categorical cross-entropy needs a softmax")
    return target * (output.log_sum - output.pre_activation)  # -t·ln a, also where a rounds to 0


LOSSES = {
    "half-squared-error": Loss(
        "half the squared difference, summed over the outputs",
        lambda target, output: 0.5 * _squared_difference(target, output),
        total,
    ),
    "squared-error": Loss(
        "the squared difference, summed over the outputs", _squared_difference, total
    ),
    "mean-squared-error": Loss(
        "the squared difference, averaged over the outputs", _squared_difference, _mean
    ),
    "binary-cross-entropy": Loss(
        "−t·ln a − (1 − t)·ln(1 − a), averaged over the outputs",
        _binary_cross_entropy,
        _mean,
        "sigmoid",
    ),
    "categorical-cross-entropy": Loss(
        "−t·ln a, summed over the outputs", _categorical_cross_entropy, total, "softmax"
    ),
}
