"""Normalizations, each as the mean, the variance and what is made of them."""

from collections.abc import Callable, Sequence
from typing import Any

from gradsheet.models.capture.builder import Builder, Value
from gradsheet.models.capture.reductions import deviation, op
from gradsheet.models.primitives.elementwise import Elementwise
from gradsheet.symbolic.expression import Expression, Number, apply
from gradsheet.symbolic.operations import SQUARE_ROOT


def _normalized(
    builder: Builder, x: Value, mean: Value, variance: Value, epsilon: float, *affine: Value | None
) -> Value:
    """(x − mean) / √(variance + ε), times the weight, plus the bias."""
    scaled, moved = (part is not None for part in affine)

    def function(
        x: Expression, mean: Expression, variance: Expression, *rest: Expression
    ) -> Expression:
        found = (x - mean) / apply(SQUARE_ROOT, variance + Number(epsilon))
        left = list(rest)
        if scaled:
            found = found * left.pop(0)
        return found + left.pop(0) if moved else found

    def compute(x: Any, mean: Any, variance: Any, *rest: Any) -> Any:
        found, left = (x - mean) / (variance + epsilon).sqrt(), list(rest)
        if scaled:
            found = found * left.pop(0)
        return found + left.pop(0) if moved else found

    given = [x, mean, variance, *(part for part in affine if part is not None)]
    whole = [builder.whole(value) for value in given]
    primitive = Elementwise("normalization", function, compute, len(whole))
    return builder.node(primitive, whole, x.shape)


def _beside(builder: Builder, value: Value | None, shape: Sequence[int]) -> Value | None:
    """A parameter in a shape that broadcasts."""
    if value is None:
        return None
    value = builder.whole(value)
    return value.moved(value.ids.reshape(tuple(shape)))


def _layer_norm(
    builder: Builder,
    x: Value,
    size: Sequence[int],
    weight: Value | None = None,
    bias: Value | None = None,
    epsilon: float = 1e-5,
    *_: Any,
) -> Any:
    rank = len(x.shape)
    dims = range(rank - len(size), rank)
    variance, mean = deviation(builder, x, list(dims), 0, keep=True)
    return _normalized(builder, x, mean, variance, float(epsilon), weight, bias), None, None


def _rms_norm(
    builder: Builder, x: Value, size: Sequence[int], weight: Value | None, epsilon: float | None
) -> Any:
    rank = len(x.shape)
    small = 2.220446049250313e-16 if epsilon is None else float(epsilon)
    squares = builder.reduce("mean of squares", x, range(rank - len(size), rank), keep=True)
    found = op(builder, "mul", x, op(builder, "rsqrt", op(builder, "add", squares, small)))
    return (found if weight is None else op(builder, "mul", found, weight)), None


def _group_norm(
    builder: Builder,
    x: Value,
    weight: Value | None,
    bias: Value | None,
    examples: int,
    channels: int,
    size: int,
    groups: int,
    epsilon: float,
) -> Any:
    x = builder.whole(x)
    grouped = x.moved(x.ids.reshape(examples, groups, channels // groups, size))
    variance, mean = deviation(builder, grouped, (2, 3), 0, keep=True)
    beside = (1, groups, channels // groups, 1)
    affine = (_beside(builder, weight, beside), _beside(builder, bias, beside))
    found = _normalized(builder, grouped, mean, variance, float(epsilon), *affine)
    return found.moved(found.ids.reshape(x.shape)), None, None


def batch_norm(
    builder: Builder,
    x: Value,
    weight: Value | None,
    bias: Value | None,
    mean: Value | None,
    variance: Value | None,
    training: bool,
    epsilon: float,
) -> Any:
    """With the statistics of the batch in training, else with the running ones."""
    x = builder.whole(x)
    beside = (1, x.shape[1], *(1 for _ in x.shape[2:]))
    if training or mean is None or variance is None:
        dims = [d for d in range(len(x.shape)) if d != 1]
        variance, mean = deviation(builder, x, dims, 0, keep=True)
    else:
        mean, variance = _beside(builder, mean, beside), _beside(builder, variance, beside)
    assert mean is not None and variance is not None
    affine = (_beside(builder, weight, beside), _beside(builder, bias, beside))
    found = _normalized(builder, x, mean, variance, float(epsilon), *affine)
    return (found, *[None] * 4)


def _native(builder: Builder, x: Value, weight: Any, bias: Any, *rest: Any) -> Any:
    mean, variance, training, _, epsilon = rest
    return batch_norm(builder, x, weight, bias, mean, variance, training, epsilon)


def _no_stats(builder: Builder, x: Value, weight: Any, bias: Any, *rest: Any) -> Any:
    training, _, epsilon = rest[-3:]
    mean, variance = rest[:2] if len(rest) == 5 else (None, None)
    return batch_norm(builder, x, weight, bias, mean, variance, training, epsilon)


def _evaluated(builder: Builder, x: Value, weight: Any, bias: Any, *rest: Any) -> Any:
    mean, variance, _, epsilon = rest
    return batch_norm(builder, x, weight, bias, mean, variance, False, epsilon)


def _updated(builder: Builder, x: Value, weight: Any, bias: Any, *rest: Any) -> Any:
    mean, variance, _, epsilon = rest
    return batch_norm(builder, x, weight, bias, mean, variance, True, epsilon)


def _weight_norm(builder: Builder, v: Value, g: Value, dim: int = 0) -> Any:
    """g·v / |v|, with a norm for each index of ``dim``."""
    dims = [d for d in range(len(v.shape)) if d != dim % len(v.shape)]
    norm = op(builder, "sqrt", builder.reduce("sum", op(builder, "square", v), dims, keep=True))
    g = builder.whole(g)
    g = g.moved(g.ids.reshape(norm.shape)) if g.ids.size == norm.ids.size else g
    return op(builder, "mul", v, op(builder, "div", g, norm)), norm


def _dropout(builder: Builder, x: Value, *_: Any, **__: Any) -> Any:
    raise builder.refuse("dropout that is fused")


RULES: dict[str, Callable[..., Any]] = {
    "native_layer_norm": _layer_norm,
    "_fused_rms_norm": _rms_norm,
    "native_group_norm": _group_norm,
    "native_batch_norm": _native,
    "_native_batch_norm_legit": _no_stats,
    "_native_batch_norm_legit_no_training": _evaluated,
    "_batch_norm_with_update": _updated,
    "_batch_norm_no_update": _evaluated,
    "_weight_norm_interface": _weight_norm,
    "native_dropout": _dropout,
}
