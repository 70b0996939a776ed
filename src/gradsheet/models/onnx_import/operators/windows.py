"""Convolutions and pooling: a window that moves over one to three axes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.operators.kinds import Ints

_CONV = (F.conv1d, F.conv2d, F.conv3d)
_CONV_TRANSPOSE = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
_MAX_POOL = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
_AVERAGE_POOL = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)


@dataclass(frozen=True)
class Windows:
    """A window and the padding that it needs, a number for each spatial axis.

    Attributes:
        before: the zeros before the first number.
        after: those after the last, as declared.
        reached: those after the last that windows reach; negative if they leave numbers out.
    """

    kernel: Ints
    strides: Ints
    dilations: Ints
    before: Ints
    after: Ints
    reached: Ints

    @property
    def as_torch_pads(self) -> bool:
        """Whether padding both sides alike, as torch's functions do, is the same."""
        return self.before == self.after and all(
            reached <= after for reached, after in zip(self.reached, self.after, strict=True)
        )

    def pad(self, x: Tensor, value: float = 0.0) -> Tensor:
        """The input with all that windows reach, and no more."""
        return F.pad(x, torch_pads(self.before, self.reached), value=value)


def windows(
    x: Tensor,
    kernel: Ints,
    strides: Ints | None,
    dilations: Ints | None,
    given: Ints | None,
    auto_pad: str,
    ceil_mode: int = 0,
) -> Windows:
    """The windows over x (N, C, spatial axes)."""
    rank = len(kernel)
    if not 1 <= rank <= 3:
        raise GradsheetError(f"over {rank} spatial axes")
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    given = [0] * 2 * rank if given is None or auto_pad == "VALID" else given
    before, after = given[:rank], given[rank:]
    reached = []
    for axis, size in enumerate(x.shape[2:]):
        extent = (kernel[axis] - 1) * dilations[axis] + 1
        stride = strides[axis]
        if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            total = max((-(-size // stride) - 1) * stride + extent - size, 0)
            small, large = total // 2, total - total // 2
            before[axis], after[axis] = (
                (small, large) if auto_pad == "SAME_UPPER" else (large, small)
            )
        room = size + before[axis] + after[axis] - extent
        count = (-(-room // stride) if ceil_mode else room // stride) + 1
        if (count - 1) * stride >= size + before[axis]:
            count -= 1  # no window starts behind the last number
        reached.append((count - 1) * stride + extent - size - before[axis])
    return Windows(kernel, strides, dilations, before, after, reached)


def torch_pads(before: Ints, after: Ints) -> Ints:
    """Padding in torch's order: the last axis first."""
    pairs = zip(reversed(before), reversed(after), strict=True)
    return [size for pair in pairs for size in pair]


def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """A convolution of one to three dimensions."""
    w = windows(x, list(weight.shape[2:]), strides, dilations, pads, auto_pad)
    function, padding = _CONV[len(w.kernel) - 1], w.before
    if not w.as_torch_pads:
        x, padding = w.pad(x), [0] * len(w.kernel)
    return function(x, weight, bias, w.strides, padding, w.dilations, group)


def conv_transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    output_padding: Ints | None = None,
    output_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """A transposed convolution of one to three dimensions."""
    rank = weight.ndim - 2
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    extra = output_padding or [0] * rank
    before, after = (pads or [0] * 2 * rank)[:rank], (pads or [0] * 2 * rank)[rank:]
    for axis, size in enumerate(x.shape[2:]):
        extent = (weight.shape[axis + 2] - 1) * dilations[axis] + 1
        whole = (size - 1) * strides[axis] + extra[axis] + extent
        same = auto_pad in ("SAME_UPPER", "SAME_LOWER")
        if output_shape or same:
            wanted = output_shape[axis] if output_shape else size * strides[axis]
            total = whole - wanted
            small, large = total // 2, total - total // 2
            before[axis], after[axis] = (
                (small, large) if auto_pad == "SAME_UPPER" else (large, small)
            )
    function = _CONV_TRANSPOSE[rank - 1]
    if before == after and min(before) >= 0:
        return function(x, weight, bias, strides, before, extra, group, dilations)
    y = function(x, weight, None, strides, 0, 0, group, dilations)
    y = _cropped(y, before, [end - more for end, more in zip(after, extra, strict=True)])
    return y if bias is None else y + bias.reshape(-1, *[1] * rank)


def _cropped(y: Tensor, before: Ints, after: Ints) -> Tensor:
    return F.pad(y, torch_pads([-size for size in before], [-size for size in after]))


def max_pool(
    x: Tensor,
    *,
    kernel_shape: Ints,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    storage_order: int = 0,
    strides: Ints | None = None,
    outputs: int = 1,
) -> Tensor:
    """The largest number of each window."""
    if outputs > 1:
        raise GradsheetError("with its second output, the indices,")
    w = windows(x, kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)
    function, padding = _MAX_POOL[len(w.kernel) - 1], w.before
    if not _fits(w):
        x, padding = w.pad(x, -torch.inf), [0] * len(w.kernel)
    return function(x, w.kernel, w.strides, padding, w.dilations)


def _fits(w: Windows) -> bool:
    """Whether torch pads a pooling so."""
    return w.as_torch_pads and all(2 * p <= k for p, k in zip(w.before, w.kernel, strict=True))


def average_pool(
    x: Tensor,
    *,
    kernel_shape: Ints,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """The mean of each window, without the padding unless that is counted."""
    w = windows(x, kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)
    if _fits(w) and set(w.dilations) == {1}:
        function = _AVERAGE_POOL[len(w.kernel) - 1]
        return function(x, w.kernel, w.strides, w.before, False, bool(count_include_pad))
    counted = torch.ones_like(x[:1, :1])
    if count_include_pad:
        after = [min(pair) for pair in zip(w.after, w.reached, strict=True)]
        counted = F.pad(counted, torch_pads(w.before, after), value=1.0)
        beyond = [r - a for r, a in zip(w.reached, after, strict=True)]
        counted = F.pad(counted, torch_pads([0] * len(beyond), beyond))
    else:
        counted = w.pad(counted)
    return _sums(w.pad(x), w) / _sums(counted, w)


def _sums(x: Tensor, w: Windows) -> Tensor:
    """The sum of each window of what is already padded: a convolution with ones."""
    batch, channels, *size = x.shape
    ones = torch.ones(1, 1, *w.kernel, dtype=x.dtype)
    y = _CONV[len(w.kernel) - 1](
        x.reshape(batch * channels, 1, *size), ones, None, w.strides, 0, w.dilations
    )
    return y.reshape(batch, channels, *y.shape[2:])


def lp_pool(
    x: Tensor,
    *,
    kernel_shape: Ints,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    p: int = 2,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """The p-norm of each window."""
    w = windows(x, kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)
    return _sums(w.pad(x.abs() ** p), w) ** (1 / p)


def _spatial(x: Tensor) -> Ints:
    return list(range(2, x.ndim))


def global_lp_pool(x: Tensor, *, p: int = 2) -> Tensor:
    """The p-norm of each channel."""
    return torch.sum(x.abs() ** p, _spatial(x), keepdim=True) ** (1 / p)


OPERATORS: dict[str, Callable[..., Any]] = {
    "AveragePool": average_pool,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "GlobalAveragePool": lambda x: torch.mean(x, _spatial(x), keepdim=True),
    "GlobalLpPool": global_lp_pool,
    "GlobalMaxPool": lambda x: torch.amax(x, _spatial(x), keepdim=True),
    "LpPool": lp_pool,
    "MaxPool": max_pool,
}
