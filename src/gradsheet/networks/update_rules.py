"""Rules by which the audit knows weights to be moved: the optimizers, and what else is taught."""

from gradsheet.networks.optimizers import (
    OPTIMIZERS,
    Gradients,
    Optimizer,
    Steps,
    biases_kept,
    each,
    sgd,
)
from gradsheet.networks.symbols import Kind, Symbol
from gradsheet.symbolic.expression import ONE, Expression, Variable, apply
from gradsheet.symbolic.operations import SHIFT, SQUARE, SQUARE_ROOT, STEP, total


@each
def _lasso(steps: Steps, w: Variable, g: Variable, rate: Variable, penalty: Variable) -> None:
    sign = apply(STEP, w) - apply(STEP, -w)
    steps.move(w, w - rate * (g + penalty * sign))


@each
def _elastic(
    steps: Steps, w: Variable, g: Variable, rate: Variable, penalty: Variable, decay: Variable
) -> None:
    sign = apply(STEP, w) - apply(STEP, -w)
    steps.move(w, w - rate * (g + penalty * sign + decay * w))


@each
def _elastic_twice(
    steps: Steps, w: Variable, g: Variable, rate: Variable, penalty: Variable, decay: Variable
) -> None:
    sign = apply(STEP, w) - apply(STEP, -w)
    steps.move(w, w - rate * (g + penalty * sign + 2 * decay * w))


def _least(one: Expression, other: Expression) -> Expression:
    return -apply(SHIFT, -one, -other)  # SHIFT is the largest; nothing differentiates an update


@each
def _clipped(steps: Steps, w: Variable, g: Variable, rate: Variable, bound: Variable) -> None:
    steps.move(w, w - rate * apply(SHIFT, -bound, _least(bound, g)))


def _clipped_together(gradients: Gradients, rate: Variable, bound: Variable) -> Steps:
    """All gradients scaled down where they are longer than the bound, as one vector."""
    steps = Steps()
    length = apply(SQUARE_ROOT, total(apply(SQUARE, g) for _, g in gradients))
    for w, g in gradients:
        steps.move(w, w - rate * (g * _least(ONE, bound / length)))
    return steps


UPDATE_RULES = {
    **OPTIMIZERS,
    "perceptron": Optimizer("perceptron rule, w + η·(t − y)·x", (), sgd),
    "delta": Optimizer("delta rule, w + η·(t − o)·x", (), sgd),
    "l1": Optimizer(
        "gradient descent with an L1 penalty",
        ((Symbol(Kind.PENALTY), 0.01, "L1 penalty: how much is taken from the size of a weight"),),
        _lasso,
        (biases_kept(_lasso),),
    ),
    "elastic-net": Optimizer(
        "gradient descent with an L1 penalty and weight decay",
        (
            (Symbol(Kind.PENALTY, (1,)), 0.01, "L1 penalty"),
            (Symbol(Kind.PENALTY, (2,)), 0.01, "weight decay"),
        ),
        _elastic,
        (biases_kept(_elastic), _elastic_twice, biases_kept(_elastic_twice)),
    ),
    "clipped": Optimizer(
        "gradient descent with clipped gradients",
        ((Symbol(Kind.BOUND), 1.0, "how large a gradient may be"),),
        _clipped,
        (_clipped_together,),
    ),
}
"""By name.

The perceptron and the delta rule are gradient descent: that of the half squared error of a step,
whose derivative is taken for 1, and of a weighted sum.
"""
