"""Arithmetic, comparisons, activations: an output for each number, with broadcasting."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.operators.kinds import Ints

FLOATS, HALVES, BOOLEAN = (1, 11), (10, 16, 17, 18, 19, 20, 23, 24), 9
INTEGERS = (2, 3, 4, 5, 6, 7, 12, 13)
"""Of onnx.TensorProto.DataType; all numbers are float64, int64 or bool here."""


def unary(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """An operator of one tensor."""
    return lambda x: function(x)


def binary(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """An operator of two tensors."""
    return lambda a, b: function(a, b)


def folded(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """An operator of any number of tensors."""
    return lambda *tensors: reduce(function, tensors)


def mean(*tensors: Tensor) -> Tensor:
    """The mean of tensors."""
    return reduce(torch.add, tensors) / len(tensors)


def divide(x: Tensor, y: Tensor) -> Tensor:
    """Integers are divided toward zero."""
    return x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")


def modulo(x: Tensor, y: Tensor, *, fmod: int = 0) -> Tensor:
    """With the sign of the divisor, or with ``fmod`` of the dividend."""
    return torch.fmod(x, y) if fmod else torch.remainder(x, y)


def power(x: Tensor, exponent: Tensor) -> Tensor:
    """A power of the kind of its base."""
    return torch.pow(x, exponent.to(x.dtype) if x.is_floating_point() else exponent).to(x.dtype)


def cast(x: Tensor, *, to: int, saturate: int = 1, round_mode: str = "up") -> Tensor:
    """Floating-point numbers of any but half precision, integers or booleans."""
    if to in FLOATS:
        return x if x.is_floating_point() else x.double()
    if to in INTEGERS:
        return x.long()
    if to == BOOLEAN:
        return x != 0
    if to in HALVES:
        raise GradsheetError("to numbers of half precision or less")
    raise GradsheetError("to text")


def cast_like(x: Tensor, target: Tensor, *, saturate: int = 1, round_mode: str = "up") -> Tensor:
    """Numbers of the kind of another tensor."""
    return x if x.is_floating_point() and target.is_floating_point() else x.to(target.dtype)


def clip(x: Tensor, min: float | None = None, max: float | None = None) -> Tensor:
    """Numbers between two bounds."""
    return x if min is None and max is None else torch.clamp(x, min, max)


def dropout(
    x: Tensor, ratio: float = 0.5, training_mode: int = 0, *, seed: int = 0, outputs: int = 1
) -> Any:
    """Nothing outside training."""
    if training_mode and ratio:
        raise GradsheetError("in training mode, where it draws at random,")
    return (x, torch.ones_like(x, dtype=torch.bool)) if outputs > 1 else x


def elu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """x, or α·(eˣ − 1) below zero."""
    return F.elu(x, alpha)


def celu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """max(x, 0) + min(α·(e^(x/α) − 1), 0)."""
    return F.celu(x, alpha)


def selu(x: Tensor, *, alpha: float = 1.6732632, gamma: float = 1.0507010) -> Tensor:
    """γ·x, or γ·α·(eˣ − 1) below zero."""
    return gamma * F.elu(x, alpha)


def gelu(x: Tensor, *, approximate: str = "none") -> Tensor:
    """x·Φ(x)."""
    return F.gelu(x, approximate=approximate)


def leaky_relu(x: Tensor, *, alpha: float = 0.01) -> Tensor:
    """x, or α·x below zero."""
    return F.leaky_relu(x, alpha)


def prelu(x: Tensor, slope: Tensor) -> Tensor:
    """x, or slope·x below zero."""
    return torch.where(x < 0, slope * x, x)


def thresholded_relu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """The numbers above α, else 0."""
    return torch.where(x > alpha, x, torch.zeros_like(x))


def hard_sigmoid(x: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    """α·x + β between 0 and 1."""
    return torch.clamp(alpha * x + beta, 0, 1)


def swish(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """x·σ(α·x)."""
    return F.silu(x) if alpha == 1 else x * torch.sigmoid(alpha * x)


def shrink(x: Tensor, *, bias: float = 0.0, lambd: float = 0.5) -> Tensor:
    """The numbers beyond ±λ, nearer to zero by the bias, else 0."""
    zero = torch.zeros_like(x)
    return torch.where(x > lambd, x - bias, torch.where(x < -lambd, x + bias, zero))


def softmax(x: Tensor, *, axis: int | None = None, opset: int = 13) -> Tensor:
    """Before version 13 of all axes from one on."""
    return _over_rows(torch.softmax, x, axis, opset)


def log_softmax(x: Tensor, *, axis: int | None = None, opset: int = 13) -> Tensor:
    """Before version 13 of all axes from one on."""
    return _over_rows(torch.log_softmax, x, axis, opset)


def hardmax(x: Tensor, *, axis: int | None = None, opset: int = 13) -> Tensor:
    """One at the first of the largest, else 0."""

    def largest(rows: Tensor, dim: int) -> Tensor:
        chosen = torch.argmax(rows, dim)
        return F.one_hot(chosen, rows.shape[dim]).movedim(-1, dim).to(rows.dtype)

    return _over_rows(largest, x, axis, opset)


def _over_rows(
    function: Callable[[Tensor, int], Tensor], x: Tensor, axis: int | None, opset: int
) -> Tensor:
    if opset >= 13:
        return function(x, -1 if axis is None else axis)
    start = (1 if axis is None else axis) % max(x.ndim, 1)
    return function(x.flatten(start), -1).reshape(x.shape)


def is_inf(x: Tensor, *, detect_negative: int = 1, detect_positive: int = 1) -> Tensor:
    """Whether a number is infinite."""
    positive = torch.isposinf(x) if detect_positive else torch.zeros_like(x, dtype=torch.bool)
    return positive | torch.isneginf(x) if detect_negative else positive


def cumulative_sum(x: Tensor, axis: int, *, exclusive: int = 0, reverse: int = 0) -> Tensor:
    """The sum of all numbers before, along an axis."""
    x = x.flip(axis) if reverse else x
    y = torch.cumsum(x, axis) - (x if exclusive else 0)
    return y.flip(axis) if reverse else y


def trilu(x: Tensor, k: int = 0, *, upper: int = 1) -> Tensor:
    """The upper or lower triangle."""
    return torch.triu(x, k) if upper else torch.tril(x, k)


def one_hot(indices: Tensor, depth: Ints, values: Tensor, *, axis: int = -1) -> Tensor:
    """Two values: one at the index, another elsewhere."""
    size = depth[0]
    chosen = F.one_hot(indices.long() % size, size).movedim(-1, axis)
    return torch.where(chosen > 0, values[1], values[0])


OPERATORS: dict[str, Callable[..., Any]] = {
    "Abs": unary(torch.abs),
    "Acos": unary(torch.acos),
    "Acosh": unary(torch.acosh),
    "Add": binary(torch.add),
    "And": binary(torch.logical_and),
    "Asin": unary(torch.asin),
    "Asinh": unary(torch.asinh),
    "Atan": unary(torch.atan),
    "Atanh": unary(torch.atanh),
    "Cast": cast,
    "CastLike": cast_like,
    "Ceil": unary(torch.ceil),
    "Celu": celu,
    "Clip": clip,
    "Cos": unary(torch.cos),
    "Cosh": unary(torch.cosh),
    "CumSum": cumulative_sum,
    "Div": divide,
    "Dropout": dropout,
    "Elu": elu,
    "Equal": binary(torch.eq),
    "Erf": unary(torch.erf),
    "Exp": unary(torch.exp),
    "Floor": unary(torch.floor),
    "Gelu": gelu,
    "Greater": binary(torch.gt),
    "GreaterOrEqual": binary(torch.ge),
    "HardSigmoid": hard_sigmoid,
    "HardSwish": unary(F.hardswish),
    "Hardmax": hardmax,
    "Identity": unary(lambda x: x),
    "IsInf": is_inf,
    "IsNaN": unary(torch.isnan),
    "LeakyRelu": leaky_relu,
    "Less": binary(torch.lt),
    "LessOrEqual": binary(torch.le),
    "Log": unary(torch.log),
    "LogSoftmax": log_softmax,
    "Max": folded(torch.maximum),
    "Mean": mean,
    "Min": folded(torch.minimum),
    "Mish": unary(F.mish),
    "Mod": modulo,
    "Mul": binary(torch.mul),
    "Neg": unary(torch.neg),
    "Not": unary(torch.logical_not),
    "OneHot": one_hot,
    "Or": binary(torch.logical_or),
    "PRelu": prelu,
    "Pow": power,
    "Reciprocal": unary(torch.reciprocal),
    "Relu": unary(F.relu),
    "Round": unary(torch.round),
    "Selu": selu,
    "Shrink": shrink,
    "Sigmoid": unary(torch.sigmoid),
    "Sign": unary(torch.sign),
    "Sin": unary(torch.sin),
    "Sinh": unary(torch.sinh),
    "Softmax": softmax,
    "Softplus": unary(F.softplus),
    "Softsign": unary(F.softsign),
    "Sqrt": unary(torch.sqrt),
    "Sub": binary(torch.sub),
    "Sum": folded(torch.add),
    "Swish": swish,
    "Tan": unary(torch.tan),
    "Tanh": unary(torch.tanh),
    "ThresholdedRelu": thresholded_relu,
    "Trilu": trilu,
    "Where": lambda condition, x, y: torch.where(condition, x, y),
    "Xor": binary(torch.logical_xor),
}
