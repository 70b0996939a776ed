"""Which cell of a max-pooling window takes the gradient when several hold its maximum.

Over blank paper all cells of a window are equal but for the last bits, which depend on the order in
which a processor adds. So that the gradient does not, the winner is the first cell, row by row,
within ``TIE`` of the maximum, relative to the largest magnitude in the window. PyTorch's own choice
never enters: its reference gradient is taken through a gather at these winners.
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

Array = NDArray[np.float64]
Pair = tuple[int, int]

TIE = 1e-9
"""How near to the maximum a cell counts as equal, relative to the window's largest magnitude."""


def windows(x: Array, size: Pair, stride: Pair, padding: Pair) -> Array:
    """The cells (..., h', w', cells) of each window of (..., h, w), row by row; padding is NaN."""
    margins = [(0, 0)] * (x.ndim - 2) + [(pad, pad) for pad in padding]
    padded = np.pad(x, margins, constant_values=np.nan)
    found = sliding_window_view(padded, size, axis=(-2, -1))[..., :: stride[0], :: stride[1], :, :]
    return found.reshape(*found.shape[:-2], -1)


def thresholds(cells: Array) -> Array:
    """The smallest number of each window that counts as its maximum."""
    found: Array = np.nanmax(cells, axis=-1) - TIE * np.nanmax(np.abs(cells), axis=-1)
    return found


def maxima(cells: Array) -> NDArray[np.bool_]:
    """Which cells of each window count as its maximum."""
    found: NDArray[np.bool_] = cells >= thresholds(cells)[..., np.newaxis]
    return found


def winners(cells: Array) -> NDArray[np.int64]:
    """The position in each window, from 0, of the cell that takes the gradient."""
    return np.asarray(maxima(cells).argmax(axis=-1), dtype=np.int64)


def max_pool2d(x: Tensor, size: Pair, stride: Pair, padding: Pair) -> Tensor:
    """Max pooling of finite (..., H, W) whose gradient goes to the winner of each window."""
    largest = F.max_pool2d(x, size, stride, padding)
    places = _places(x, size, stride, padding).flatten(-2).to(x.device)
    winning = x.flatten(-2).gather(-1, places).view_as(largest)
    return winning + (largest - winning).detach()


def _places(x: Tensor, size: Pair, stride: Pair, padding: Pair) -> Tensor:
    """The winner of each window as a position in its flattened channel."""
    cells = windows(x.detach().cpu().double().numpy(), size, stride, padding)
    down, right = np.divmod(winners(cells), size[1])
    row = np.arange(cells.shape[-3])[:, np.newaxis] * stride[0] - padding[0] + down
    column = np.arange(cells.shape[-2]) * stride[1] - padding[1] + right
    return torch.from_numpy(row * x.shape[-1] + column)


class FirstOfTies(TorchFunctionMode):
    """While it is active, every two-dimensional max pooling takes its gradient at the winners."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Replace plain max pooling; dilation, ``ceil_mode`` and indices are left to torch."""
        given = kwargs or {}
        if func in (F.max_pool2d, torch.max_pool2d):
            return _replaced(func, *args, **given)
        return func(*args, **given)


def _replaced(
    pool: Callable[..., Any],
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """What ``pool`` is called with, by torch's names."""
    size = pair(kernel_size)
    steps = size if stride is None or stride == () else pair(stride)
    if pair(dilation) != (1, 1) or ceil_mode or return_indices:
        indices = {"return_indices": True} if return_indices else {}
        return pool(input, kernel_size, steps, padding, dilation, ceil_mode, **indices)
    return max_pool2d(input, size, steps, pair(padding))


def pair(value: Any) -> Pair:
    """Down and right, from a number for both or two numbers."""
    return (value, value) if isinstance(value, int) else (value[0], value[-1])
