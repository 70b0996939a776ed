"""The windows of pooling and of reductions: which numbers of a tensor each holds."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

Windows = NDArray[np.int64]
"""(results, cells): positions in a flattened tensor, −1 outside of it."""

Sizes = tuple[int, ...]


def windows_over(shape: Sizes, dims: Sizes) -> Windows:
    """Windows of whole dimensions."""
    positions = np.arange(np.prod(shape, dtype=np.int64)).reshape(shape)
    rest = [d for d in range(len(shape)) if d not in dims]
    count = int(np.prod([shape[d] for d in rest], dtype=np.int64))
    return positions.transpose(*rest, *dims).reshape(count, -1)


def adaptive_windows(shape: Sizes, result: Sizes) -> Windows:
    """The windows of adaptive pooling of the last dimensions to these sizes."""
    along = [
        [list(range(k * n // m, -(-(k + 1) * n // m))) for k in range(m)]
        for n, m in zip(shape[-len(result) :], result, strict=True)
    ]
    return windows_of(shape, along)


def pooled_sizes(
    sizes: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil: bool
) -> Sizes:
    """The number of windows along each dimension."""
    along = zip(sizes, kernel, stride, padding, dilation, strict=True)
    return tuple(_count(*given, ceil) for given in along)


def _count(n: int, k: int, s: int, p: int, d: int, ceil: bool) -> int:
    reach = n + 2 * p - d * (k - 1) - 1
    found = (reach + (s - 1 if ceil else 0)) // s + 1
    return found - 1 if ceil and (found - 1) * s >= n + p else found


def pooling_windows(
    shape: Sizes,
    result: Sizes,
    size: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
) -> Windows:
    """The windows of a pooling over the last dimensions of ``shape``, row by row."""
    starts = [
        [range_of(k, size[d], stride[d], padding[d], dilation[d], shape[-len(size) + d])
         for k in range(result[-len(size) + d])]
        for d in range(len(size))
    ]  # fmt: skip
    return windows_of(shape, starts)


def range_of(k: int, size: int, stride: int, padding: int, dilation: int, most: int) -> list[int]:
    """The positions along one dimension of window ``k``; −1 outside."""
    found = [k * stride - padding + dilation * i for i in range(size)]
    return [p if 0 <= p < most else -1 for p in found]


def windows_of(shape: Sizes, along: list[list[list[int]]]) -> Windows:
    """Windows from the positions that each takes along each of the last dimensions."""
    spatial = shape[-len(along) :]
    cells = []
    for chosen in product(*along):
        flat = []
        for place in product(*chosen):
            inside = all(p >= 0 for p in place)
            flat.append(int(np.ravel_multi_index(place, spatial)) if inside else -1)
        cells.append(flat)
    most = max(map(len, cells))
    one = np.array([row + [-1] * (most - len(row)) for row in cells], dtype=np.int64)
    count = int(np.prod(shape[: -len(along)], dtype=np.int64))
    steps = np.arange(count)[:, np.newaxis, np.newaxis] * int(np.prod(spatial))
    found: Windows = np.where(one < 0, -1, one + steps).reshape(-1, one.shape[1])
    return found


def flat_places(shape: tuple[int, ...], dim: int, index: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places in a flattened tensor of a shape that ``scatter`` along a dimension writes to."""
    grid: list[NDArray[np.int64]] = list(np.indices(index.shape))
    grid[dim % len(shape)] = index
    return np.asarray(np.ravel_multi_index(tuple(grid), shape), dtype=np.int64)


def windows_at(
    places: NDArray[np.int64], size: int, with_self: bool
) -> tuple[NDArray[np.int64], Windows]:
    """The places among ``size`` that are written to, and what comes together at each.

    Returns:
        the places in ascending order, and for each positions in the flattened tensor with the
        written numbers behind it: first the place itself, unless without it, then the numbers.
    """
    hit, counts = np.unique(places, return_counts=True)
    windows = np.full((len(hit), int(counts.max(initial=0)) + 1), -1, dtype=np.int64)
    windows[:, 0] = hit if with_self else -1
    for row, place in enumerate(hit):
        inside = np.flatnonzero(places.ravel() == place)
        windows[row, 1 : len(inside) + 1] = size + inside
    return hit, windows
