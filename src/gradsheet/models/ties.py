"""Which cell of a window takes the gradient when several hold its maximum.

Over blank paper all cells of a window are equal but for the last bits, which depend on the order in
which a processor adds. So that the gradient does not, the winner is the first cell, row by row,
within ``TIE`` of the maximum, relative to its magnitude, or to the largest in the window up to 1: a
maximum near 0 has the rounding errors of its neighbors, but −10⁹ where a mask was says nothing of
them. PyTorch's own choice never enters: its reference gradient is taken through a gather at these
winners.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gradsheet.models.windows import (
    Sizes,
    Windows,
    adaptive_windows,
    flat_places,
    pooled_sizes,
    pooling_windows,
    windows_at,
    windows_over,
)

Array = NDArray[np.float64]
Pair = tuple[int, int]

TIE = 1e-9
"""How near to the maximum a cell counts as equal, relative to its magnitude, or to that of the
window's largest up to 1."""


def windows(x: Array, size: Pair, stride: Pair, padding: Pair) -> Array:
    """The cells (..., h', w', cells) of each window of (..., h, w), row by row; padding is NaN."""
    margins = [(0, 0)] * (x.ndim - 2) + [(pad, pad) for pad in padding]
    padded = np.pad(x, margins, constant_values=np.nan)
    found = sliding_window_view(padded, size, axis=(-2, -1))[..., :: stride[0], :: stride[1], :, :]
    return found.reshape(*found.shape[:-2], -1)


def thresholds(cells: Array) -> Array:
    """The smallest number of each window that counts as its maximum."""
    largest = np.nanmax(cells, axis=-1)
    within = np.minimum(np.nanmax(np.abs(cells), axis=-1), 1)
    found: Array = largest - TIE * np.maximum(np.abs(largest), within)
    return found


def maxima(cells: Array) -> NDArray[np.bool_]:
    """Which cells of each window count as its maximum."""
    found: NDArray[np.bool_] = cells >= thresholds(cells)[..., np.newaxis]
    return found


def winners(cells: Array) -> NDArray[np.int64]:
    """The position in each window, from 0, of the cell that takes the gradient."""
    return np.asarray(maxima(cells).argmax(axis=-1), dtype=np.int64)


def cells_of(x: Array, chosen: Windows, largest: bool = True) -> Array:
    """The numbers of windows of a flattened tensor, of a minimum with their signs changed."""
    flat = np.append(x.ravel() if largest else -x.ravel(), np.nan)
    found: Array = flat[chosen]
    return found


def extremes(x: Tensor, chosen: Windows, largest: bool = True) -> Tensor:
    """The extreme number of each window of ``x``; the gradient goes to the winners."""
    flat = x.reshape(-1)
    cells = cells_of(x.detach().cpu().double().numpy(), chosen, largest)
    row = np.arange(len(cells))
    winning = flat[torch.from_numpy(chosen[row, winners(cells)])]
    exact = flat[torch.from_numpy(chosen[row, np.nanargmax(cells, axis=-1)])]
    return winning + (exact - winning).detach()


def max_pool2d(x: Tensor, size: Pair, stride: Pair, padding: Pair) -> Tensor:
    """Max pooling of finite (..., H, W) whose gradient goes to the winner of each window."""
    return _pooled(x, size, stride, padding, (1, 1), False)


def _pooled(
    x: Tensor, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil: bool
) -> Tensor:
    shape, rank = tuple(x.shape), len(size)
    spatial = pooled_sizes(shape[-rank:], size, stride, padding, dilation, ceil)
    result = (*shape[:-rank], *spatial)
    chosen = pooling_windows(shape, result, size, stride, padding, dilation)
    return extremes(x, chosen).reshape(result)


class FirstOfTies(TorchFunctionMode):
    """While it is active, every pooling and every maximum takes its gradient at the winners."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Replace pooling, maxima and minima; what also gives indices keeps torch's."""
        replacement = _REPLACEMENTS.get(func)
        if replacement is None:
            return func(*args, **(kwargs or {}))
        return replacement(func, *args, **(kwargs or {}))


def _pool(rank: int) -> Callable[..., Any]:
    """Max pooling over ``rank`` dimensions, by torch's names of its arguments."""

    def pool(
        func: Callable[..., Any],
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        size = sizes(kernel_size, rank)
        steps = size if stride is None or stride in ((), []) else sizes(stride, rank)
        if return_indices:
            return func(input, size, steps, padding, dilation, ceil_mode, return_indices=True)
        return _pooled(input, size, steps, sizes(padding, rank), sizes(dilation, rank), ceil_mode)

    return pool


def _adaptive(rank: int) -> Callable[..., Any]:
    def pool(
        func: Callable[..., Any], input: Tensor, output_size: Any, return_indices: bool = False
    ) -> Any:
        if return_indices:
            return func(input, output_size, True)
        spatial = tuple(input.shape[-rank:])
        given = output_size if isinstance(output_size, tuple | list) else (output_size,) * rank
        result = tuple(n if m is None else m for n, m in zip(spatial, given, strict=True))
        chosen = adaptive_windows(tuple(input.shape), result)
        return extremes(input, chosen).reshape(*input.shape[:-rank], *result)

    return pool


def _over(largest: bool, with_positions: bool) -> Callable[..., Any]:
    """A maximum or minimum over dimensions."""

    def extreme(func: Callable[..., Any], input: Tensor, *args: Any, **kwargs: Any) -> Any:
        found = func(input, *args, **kwargs)
        dim = args[0] if args else kwargs.get("dim", kwargs.get("axis"))
        if isinstance(dim, Tensor) or not input.is_floating_point() or "other" in kwargs:
            return found
        chosen = (dim,) if isinstance(dim, int) else tuple(dim or range(input.dim()))
        over = tuple(sorted(d % max(1, input.dim()) for d in chosen)) if input.dim() else ()
        values = extremes(input, windows_over(tuple(input.shape), over), largest)
        if with_positions and dim is not None:
            return type(found)((values.reshape(found[0].shape), found[1]))
        return values.reshape(found.shape)

    return extreme


def _scattered(by_index: bool, in_place: bool) -> Callable[..., Any]:
    """The extreme of all numbers that come to a place."""

    def scatter(
        func: Callable[..., Any],
        input: Tensor,
        dim: int,
        index: Tensor,
        src: Tensor | None = None,
        reduce: str = "",
        *,
        include_self: bool = True,
        source: Tensor | None = None,
    ) -> Any:
        numbers = source if src is None else src
        assert numbers is not None
        if reduce not in ("amax", "amin") or not input.dim():
            return func(input, dim, index, numbers, reduce, include_self=include_self)
        if by_index:
            turned = [-1 if d == dim % input.dim() else 1 for d in range(input.dim())]
            index = index.reshape(turned).expand(numbers.shape)
        places = flat_places(tuple(input.shape), dim, index.numpy())
        hit, chosen = windows_at(places, input.numel(), include_self)
        written = numbers[tuple(slice(n) for n in index.shape)]
        both = torch.cat([input.reshape(-1), written.reshape(-1)])
        values = extremes(both, chosen, reduce == "amax")
        found = input.reshape(-1).index_put((torch.from_numpy(hit),), values).reshape(input.shape)
        return input.copy_(found) if in_place else found

    return scatter


_REPLACEMENTS: dict[Callable[..., Any], Callable[..., Any]] = {
    **{f: _scattered(False, False) for f in (torch.scatter_reduce, Tensor.scatter_reduce)},
    **{f: _scattered(True, False) for f in (torch.index_reduce, Tensor.index_reduce)},
    Tensor.scatter_reduce_: _scattered(False, True),
    Tensor.index_reduce_: _scattered(True, True),
    **{f: _pool(1) for f in (F.max_pool1d, torch.max_pool1d)},
    **{f: _pool(2) for f in (F.max_pool2d, torch.max_pool2d)},
    **{f: _pool(3) for f in (F.max_pool3d, torch.max_pool3d)},
    F.adaptive_max_pool1d: _adaptive(1),
    F.adaptive_max_pool2d: _adaptive(2),
    F.adaptive_max_pool3d: _adaptive(3),
    **{f: _over(True, True) for f in (torch.max, Tensor.max)},
    **{f: _over(False, True) for f in (torch.min, Tensor.min)},
    **{f: _over(True, False) for f in (torch.amax, Tensor.amax)},
    **{f: _over(False, False) for f in (torch.amin, Tensor.amin)},
}


def sizes(value: Any, rank: int) -> Sizes:
    """A number for each dimension, from one for all or one for each."""
    given = (value,) if isinstance(value, int) else tuple(value)
    return given * rank if len(given) == 1 else given
