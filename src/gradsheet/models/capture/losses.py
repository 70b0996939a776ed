"""Losses that torch computes in one operation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from gradsheet.models.capture.builder import Builder, Value
from gradsheet.models.capture.reductions import op
from gradsheet.models.primitives.lookup import Lookup

_MEAN, _SUM = 1, 2


def _reduced(builder: Builder, x: Value, reduction: int) -> Value:
    if reduction == _MEAN:
        return builder.reduce("mean", x, None)
    return builder.reduce("sum", x, None) if reduction == _SUM else x


def _nll(
    builder: Builder,
    x: Value,
    target: Value,
    weight: Value | None,
    reduction: int,
    ignored: int,
) -> Any:
    """−x of the class; ``x`` is (C,), (N, C) or (N, C, ...)."""
    x, given = builder.whole(x), target
    target = builder.whole(target)
    dim = 0 if len(x.shape) == 1 else 1
    lines = x.moved(np.moveaxis(x.ids, dim, -1))
    places = target.moved(target.ids.reshape(*lines.shape[:-1], 1))
    kept = op(builder, "ne", places, ignored) if _holds(given, ignored) else None
    if kept is not None:
        kept = Value(kept.ids, False, torch.bool)
        zero = Value(np.full((), -1), False, torch.int64, torch.tensor(0))
        places = op(builder, "where", kept, Value(places.ids, False, torch.int64), zero)
    picked = builder.node(Lookup(), [lines, places], places.shape)
    found = op(builder, "neg", picked)
    share: Value | None = kept
    if weight is not None:
        table = builder.whole(weight)
        share = builder.node(Lookup(), [table, _flat(places)], (places.ids.size,))
        share = share.moved(share.ids.reshape(places.shape))
        if kept is not None:
            share = op(builder, "mul", share, kept)
    if share is not None:
        found = op(builder, "mul", found, share)
    if reduction == _MEAN and share is not None:
        total = builder.reduce("sum", share, None)
        return op(builder, "div", builder.reduce("sum", found, None), total), None
    found = found.moved(found.ids.reshape(target.shape))
    return _reduced(builder, found, reduction), None


def _flat(value: Value) -> Value:
    return value.moved(value.ids.reshape(-1))


def _holds(target: Value, ignored: int) -> bool:
    """Whether a target that is given holds the class to ignore."""
    return target.example is not None and bool((target.example == ignored).any())


def _mse(builder: Builder, x: Value, target: Value, reduction: int = _MEAN) -> Value:
    squares = op(builder, "square", op(builder, "sub", x, target))
    return _reduced(builder, squares, reduction)


def _smooth_l1(
    builder: Builder, x: Value, target: Value, reduction: int = _MEAN, beta: float = 1.0
) -> Value:
    return _reduced(builder, _rounded(builder, x, target, beta, beta), reduction)


def _huber(
    builder: Builder, x: Value, target: Value, reduction: int = _MEAN, delta: float = 1.0
) -> Value:
    return _reduced(builder, _rounded(builder, x, target, delta, 1.0), reduction)


def _rounded(builder: Builder, x: Value, target: Value, width: float, scale: float) -> Value:
    """Half the square near zero, a line beyond ``width``, over ``scale``."""
    apart = op(builder, "sub", x, target)
    size = op(builder, "abs", apart)
    if width == 0:
        return size
    near = op(builder, "mul", op(builder, "square", apart), 0.5 / scale)
    far = op(builder, "mul", op(builder, "sub", size, 0.5 * width), width / scale)
    inside = op(builder, "le", size, width) if scale == 1.0 else op(builder, "lt", size, width)
    return op(builder, "where", Value(inside.ids, False, torch.bool), near, far)


def _bce(
    builder: Builder, p: Value, target: Value, weight: Value | None = None, reduction: int = _MEAN
) -> Value:
    """−(t·ln p + (1 − t)·ln(1 − p)), each logarithm at least −100."""
    first = op(builder, "clamp_min", op(builder, "log", p), -100)
    rest = op(builder, "clamp_min", op(builder, "log", op(builder, "rsub", p, 1)), -100)
    found = op(
        builder,
        "add",
        op(builder, "mul", target, first),
        op(builder, "mul", op(builder, "rsub", target, 1), rest),
    )
    found = op(builder, "neg", found)
    if weight is not None:
        found = op(builder, "mul", found, weight)
    return _reduced(builder, found, reduction)


def _bce_with_logits(
    builder: Builder,
    x: Value,
    target: Value,
    weight: Value | None = None,
    positive: Value | None = None,
    reduction: int = _MEAN,
) -> Value:
    """(1 − t)·x + l·ln(1 + e^−x), where l is 1, or more for positives."""
    rest = op(builder, "rsub", target, 1)
    softplus = op(builder, "neg", op(builder, "log_sigmoid_forward", x))
    if positive is not None:
        more = op(builder, "mul", op(builder, "sub", positive, 1), target)
        softplus = op(builder, "mul", softplus, op(builder, "add", more, 1))
    found = op(builder, "add", op(builder, "mul", rest, x), softplus)
    if weight is not None:
        found = op(builder, "mul", found, weight)
    return _reduced(builder, found, reduction)


def _soft_margin(builder: Builder, x: Value, target: Value, reduction: int = _MEAN) -> Value:
    inner = op(builder, "exp", op(builder, "neg", op(builder, "mul", x, target)))
    return _reduced(builder, op(builder, "log1p", inner), reduction)


RULES: dict[str, Callable[..., Any]] = {
    "nll_loss_forward": _nll,
    "nll_loss2d_forward": _nll,
    "mse_loss": _mse,
    "smooth_l1_loss": _smooth_l1,
    "huber_loss": _huber,
    "binary_cross_entropy": _bce,
    "binary_cross_entropy_with_logits": _bce_with_logits,
    "soft_margin_loss": _soft_margin,
}
