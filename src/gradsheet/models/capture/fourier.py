"""Fourier transforms as products with matrices of cosines and sines, one dimension at a time."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from gradsheet.models.capture.builder import UNKNOWN, Builder, Value
from gradsheet.models.capture.products import product

Transform = Callable[[Tensor], Tensor]


def fourier(
    builder: Builder, x: Value, dims: Sequence[int], normalization: int, kind: bool | int
) -> Value:
    """A transform over dimensions, of real numbers, or of complex ones as pairs that come last.

    Args:
        builder: of the graph.
        x: (..., N, ...), or (..., N, ..., 2).
        dims: over which; torch takes the last of them from or to real numbers.
        normalization: torch's: 0 for none, 1 by the root of the count, 2 by the count.
        kind: whether the result is one-sided (of real numbers) or forward (of complex ones); the
            size of the last dimension where the result is real.
    """
    from_real = not x.dtype.is_complex
    to_real = not isinstance(kind, bool)
    rank = len(x.shape) - (0 if from_real else 1)
    order = [d % rank for d in dims]
    forward = from_real or (not to_real and bool(kind))
    for place, dim in enumerate(order if to_real else reversed(order)):
        is_last = place == len(order) - 1
        if to_real and is_last:
            step = _to_real(normalization, int(kind))
        elif from_real and not place:
            step = _from_real(normalization, bool(kind))
        else:
            step = _between(normalization, forward)
        x = _along(builder, x, dim, step, to_real and is_last)
    return x


def _from_real(normalization: int, one_sided: bool) -> Transform:
    return lambda t: torch.view_as_real(torch.ops.aten._fft_r2c(t, [1], normalization, one_sided))


def _to_real(normalization: int, size: int) -> Transform:
    return lambda t: torch.ops.aten._fft_c2r(torch.view_as_complex(t), [1], normalization, size)


def _between(normalization: int, forward: bool) -> Transform:
    return lambda t: torch.view_as_real(
        torch.ops.aten._fft_c2c(torch.view_as_complex(t), [1], normalization, forward)
    )


def _along(builder: Builder, x: Value, dim: int, transform: Transform, to_real: bool) -> Value:
    """A transform of one dimension: the numbers of a line times the matrix of the transform."""
    pairs = x.dtype.is_complex
    x = Value(builder.whole(x).ids, x.flows, x.dtype)
    rank = len(x.shape) - (1 if pairs else 0)
    ends = [rank - 1, rank] if pairs else [rank - 1]
    lines = np.moveaxis(x.ids, [dim, rank] if pairs else [dim], ends)
    count = int(np.prod(lines.shape[rank - 1 :]))
    units = torch.eye(count, dtype=torch.float64).reshape(count, *lines.shape[rank - 1 :])
    found = transform(units)
    matrix = found.reshape(count, -1)
    numbers = Value(np.full(matrix.shape, UNKNOWN), False, torch.float64, matrix, "Fourier matrix")
    flat = Value(lines.reshape(1, -1, count), x.flows)
    weights = builder.in_cells(numbers)
    result = product(builder, flat, weights.moved(weights.ids[None]))
    shape = (*lines.shape[: rank - 1], *found.shape[1:])
    ids = np.moveaxis(result.ids.reshape(shape), rank - 1, dim)
    return Value(ids, result.flows, torch.float64 if to_real else torch.complex128)
