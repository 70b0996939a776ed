"""Normalization by a mean and a variance, or by a norm."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.operators.kinds import Statistics


def batch_normalization(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    mean: Statistics,
    variance: Statistics,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
    outputs: int = 1,
    opset: int = 15,
) -> Any:
    """By running statistics; in training mode by those of the batch."""
    if not training_mode:
        if outputs > 1:
            raise GradsheetError(f"of version {opset} with more than one output")
        return F.batch_norm(x, mean, variance, weight, bias, eps=epsilon)
    y = F.batch_norm(x, None, None, weight, bias, training=True, eps=epsilon)
    if outputs == 1:
        return y
    axes = [0, *range(2, x.ndim)]
    batch = torch.mean(x, axes), torch.var(x, axes, correction=0)
    return y, *(
        old * momentum + new * (1 - momentum)
        for old, new in zip((mean, variance), batch, strict=True)
    )


def instance_normalization(
    x: Tensor, weight: Tensor, bias: Tensor, *, epsilon: float = 1e-5
) -> Tensor:
    """Each channel of each example by its own statistics."""
    return F.instance_norm(x, weight=weight, bias=bias, eps=epsilon)


def layer_normalization(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
    outputs: int = 1,
) -> Any:
    """All axes from one on by their own statistics."""
    shape = list(x.shape[axis:])
    if list(weight.shape) == shape and (bias is None or list(bias.shape) == shape):
        y = F.layer_norm(x, shape, weight, bias, epsilon)
    else:
        y = F.layer_norm(x, shape, eps=epsilon) * weight
        y = y if bias is None else y + bias
    if outputs == 1:
        return y
    axes = list(range(axis % x.ndim, x.ndim))
    variance = torch.var(x, axes, correction=0, keepdim=True)
    return y, torch.mean(x, axes, keepdim=True), torch.rsqrt(variance + epsilon)


def rms_normalization(
    x: Tensor, weight: Tensor, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Tensor:
    """All axes from one on by the root of their mean square."""
    shape = list(x.shape[axis:])
    if list(weight.shape) == shape:
        return F.rms_norm(x, shape, weight, epsilon)
    return F.rms_norm(x, shape, eps=epsilon) * weight


def group_normalization(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    num_groups: int,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Tensor:
    """Groups of channels by their own statistics; version 18 has a weight for each group."""
    channels = x.shape[1]
    if len(weight) != channels:
        weight, bias = (part.repeat_interleave(channels // num_groups) for part in (weight, bias))
    return F.group_norm(x, num_groups, weight, bias, epsilon)


def local_response_normalization(
    x: Tensor, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Tensor:
    """By the squares of the neighboring channels."""
    if size % 2 == 0:
        raise GradsheetError("over an even number of channels")
    return F.local_response_norm(x, size, alpha, beta, bias)


def lp_normalization(x: Tensor, *, axis: int = -1, p: int = 2) -> Tensor:
    """By the sum of magnitudes or the root of the sum of squares; zeros stay."""
    norm = torch.linalg.vector_norm(x, p, axis, keepdim=True)
    return x / torch.where(norm == 0, torch.ones_like(norm), norm)


def mean_variance_normalization(x: Tensor, *, axes: list[int] | None = None) -> Tensor:
    """(x − mean) / (standard deviation + 1e-9)."""
    over = [0, 2, 3] if axes is None else axes
    mean = torch.mean(x, over, keepdim=True)
    deviation = torch.sqrt(torch.mean(x * x, over, keepdim=True) - mean * mean)
    return (x - mean) / (deviation + 1e-9)


OPERATORS: dict[str, Callable[..., Any]] = {
    "BatchNormalization": batch_normalization,
    "GroupNormalization": group_normalization,
    "InstanceNormalization": instance_normalization,
    "LRN": local_response_normalization,
    "LayerNormalization": layer_normalization,
    "LpNormalization": lp_normalization,
    "MeanVarianceNormalization": mean_variance_normalization,
    "RMSNormalization": rms_normalization,
}
