"""Sums, means, norms and extremes over axes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradsheet.models.onnx_import.operators.kinds import Ints


def reduction(function: Callable[[Tensor, Ints, bool], Tensor]) -> Callable[..., Tensor]:
    """A reduction over some axes; over all where none is given."""

    def reduce(
        x: Tensor, axes: Ints | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
    ) -> Tensor:
        if not axes and noop_with_empty_axes:
            return function(x.unsqueeze(0), [0], False)
        return function(x, axes or list(range(x.ndim)), bool(keepdims))

    return reduce


def _product(x: Tensor, axes: Ints, keep: bool) -> Tensor:
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = torch.prod(x, axis, keep)
    return x


def arg(function: Callable[[Tensor, int, bool], Tensor]) -> Callable[..., Tensor]:
    """The index of the largest or smallest, by default of the first of them."""

    def index(x: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
        if not select_last_index:
            return function(x, axis, bool(keepdims))
        return x.shape[axis] - 1 - function(x.flip(axis), axis, bool(keepdims))

    return index


def top_k(
    x: Tensor,
    k: int,
    *,
    axis: int = -1,
    largest: int = 1,
    sorted: int = 1,
) -> tuple[Tensor, Tensor]:
    """The k largest or smallest, and their indices."""
    values, indices = torch.topk(x, k, axis, bool(largest), bool(sorted))
    return values, indices


OPERATORS: dict[str, Callable[..., Any]] = {
    "ArgMax": arg(torch.argmax),
    "ArgMin": arg(torch.argmin),
    "ReduceL1": reduction(lambda x, axes, keep: torch.sum(x.abs(), axes, keep)),
    "ReduceL2": reduction(lambda x, axes, keep: torch.sqrt(torch.sum(x * x, axes, keep))),
    "ReduceLogSum": reduction(lambda x, axes, keep: torch.log(torch.sum(x, axes, keep))),
    "ReduceLogSumExp": reduction(lambda x, axes, keep: torch.logsumexp(x, axes, keep)),
    "ReduceMax": reduction(lambda x, axes, keep: torch.amax(x, axes, keep)),
    "ReduceMean": reduction(lambda x, axes, keep: torch.mean(x, axes, keep)),
    "ReduceMin": reduction(lambda x, axes, keep: torch.amin(x, axes, keep)),
    "ReduceProd": reduction(_product),
    "ReduceSum": reduction(lambda x, axes, keep: torch.sum(x, axes, keep)),
    "ReduceSumSquare": reduction(lambda x, axes, keep: torch.sum(x * x, axes, keep)),
    "TopK": top_k,
}
