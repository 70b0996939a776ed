"""What moves numbers without changing them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.operators.kinds import Ints


def reshape(x: Tensor, shape: Ints, *, allowzero: int = 0) -> Tensor:
    """Zero keeps a size, unless zeros are allowed."""
    if not allowzero:
        shape = [size or x.shape[axis] for axis, size in enumerate(shape)]
    return x.reshape(shape)


def flatten(x: Tensor, *, axis: int = 1) -> Tensor:
    """A matrix."""
    axis = axis + x.ndim if axis < 0 else axis
    rows = 1
    for size in x.shape[:axis]:
        rows *= size
    return x.reshape(rows, -1)


def transpose(x: Tensor, *, perm: Ints | None = None) -> Tensor:
    """The axes in another order, by default reversed."""
    return x.permute(perm if perm is not None else list(reversed(range(x.ndim))))


def squeeze(x: Tensor, axes: Ints | None = None) -> Tensor:
    """Without some axes of size 1, or without any."""
    axes = [axis for axis, size in enumerate(x.shape) if size == 1] if axes is None else axes
    gone = {axis % x.ndim for axis in axes}
    return x.reshape([size for axis, size in enumerate(x.shape) if axis not in gone])


def unsqueeze(x: Tensor, axes: Ints) -> Tensor:
    """With more axes of size 1."""
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


def expand(x: Tensor, shape: Ints) -> Tensor:
    """Broadcast with a shape."""
    return x.expand(np.broadcast_shapes(x.shape, tuple(shape)))


def concat(*tensors: Tensor, axis: int) -> Tensor:
    """One after the other along an axis."""
    return torch.cat(tensors, axis)


def split(
    x: Tensor,
    split: Ints | None = None,
    *,
    axis: int = 0,
    num_outputs: int | None = None,
    outputs: int,
) -> tuple[Tensor, ...]:
    """Parts of given sizes, or as equal as can be, the last one smaller."""
    size = -(-x.shape[axis] // outputs)
    return torch.split(x, split or size, axis)


def slices(
    x: Tensor, starts: Ints, ends: Ints, axes: Ints | None = None, steps: Ints | None = None
) -> Tensor:
    """Every so many numbers of a part."""
    axes = axes or list(range(len(starts)))
    for start, end, axis, step in zip(starts, ends, axes, steps or [1] * len(axes), strict=True):
        chosen = range(*slice(start, end, step).indices(x.shape[axis]))
        if step < 0:
            x = x.flip(axis)
            last = x.shape[axis] - 1
            chosen = range(last - chosen.start, last - chosen.stop, -step)
        parts = [slice(None)] * x.ndim
        parts[axis] = slice(chosen.start, max(chosen.stop, chosen.start), abs(step))
        x = x[tuple(parts)]
    return x


def pad(
    x: Tensor,
    pads: Ints,
    value: float = 0.0,
    axes: Ints | None = None,
    *,
    mode: str = "constant",
) -> Tensor:
    """More numbers around: one value, the edge, a reflection, or the other end."""
    axes = [axis % x.ndim for axis in axes] if axes else list(range(x.ndim))
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        if mode == "constant":
            x = F.pad(x, [0, 0] * (x.ndim - 1 - axis) + [before, after], value=value)
        elif before or after:
            x = torch.index_select(x, axis, _outside(x.shape[axis], before, after, mode))
    return x


def _outside(size: int, before: int, after: int, mode: str) -> Tensor:
    """The index of the number at each place of a padded axis."""
    places = torch.arange(-before, size + after)
    if mode == "edge":
        return places.clamp(0, size - 1)
    if mode == "wrap":
        return places % size
    if mode == "reflect":
        period = max(2 * size - 2, 1)
        return (size - 1) - ((places % period) - (size - 1)).abs()
    raise GradsheetError(f"by the mode {mode}")


def tile(x: Tensor, repeats: Ints) -> Tensor:
    """Copies along each axis."""
    return x.repeat(repeats)


def gather(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    """The parts at the indices; negative ones count from the end."""
    axis %= x.ndim
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    if axis == 0 and x.ndim == 2:
        return F.embedding(indices, x)
    found = torch.index_select(x, axis, indices.reshape(-1))
    return found.reshape([*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]])


def gather_elements(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    """A number for each index."""
    return torch.gather(x, axis, torch.where(indices < 0, indices + x.shape[axis], indices))


def gather_nd(x: Tensor, indices: Tensor, *, batch_dims: int = 0) -> Tensor:
    """The part at each tuple of indices."""
    if batch_dims:
        raise GradsheetError("with batch dimensions")
    return x[tuple(indices.unbind(-1))]


def scatter_elements(
    x: Tensor, indices: Tensor, updates: Tensor, *, axis: int = 0, reduction: str = "none"
) -> Tensor:
    """Other numbers at the indices, or added there."""
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    if reduction == "none":
        return torch.scatter(x, axis, indices, updates)
    if reduction == "add":
        return torch.scatter_add(x, axis, indices, updates)
    raise GradsheetError(f"with the reduction {reduction}")


def scatter_nd(x: Tensor, indices: Tensor, updates: Tensor, *, reduction: str = "none") -> Tensor:
    """Other parts at each tuple of indices, or added there."""
    if reduction not in ("none", "add"):
        raise GradsheetError(f"with the reduction {reduction}")
    return torch.index_put(x, indices.unbind(-1), updates, accumulate=reduction == "add")


def depth_to_space(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """Channels become blocks of pixels."""
    if mode == "CRD":
        return F.pixel_shuffle(x, blocksize)
    n, c, h, w = x.shape
    b = blocksize
    y = x.reshape(n, b, b, c // (b * b), h, w).permute(0, 3, 4, 1, 5, 2)
    return y.reshape(n, c // (b * b), h * b, w * b)


def space_to_depth(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """Blocks of pixels become channels."""
    if mode == "CRD":
        return F.pixel_unshuffle(x, blocksize)
    n, c, h, w = x.shape
    b = blocksize
    y = x.reshape(n, c, h // b, b, w // b, b).permute(0, 3, 5, 1, 2, 4)
    return y.reshape(n, c * b * b, h // b, w // b)


def center_crop_pad(x: Tensor, shape: Ints, *, axes: Ints | None = None) -> Tensor:
    """The middle of each axis, or zeros on both sides of it."""
    for axis, wanted in zip(axes or range(x.ndim), shape, strict=True):
        size = x.shape[axis]
        if wanted < size:
            x = x.narrow(axis, (size - wanted) // 2, wanted)
        else:
            before = (wanted - size) // 2
            trailing = [0, 0] * (x.ndim - 1 - axis % x.ndim)
            x = F.pad(x, [*trailing, before, wanted - size - before])
    return x


def non_zero(x: Tensor) -> Tensor:
    """Where numbers are not 0: a row of positions for each axis."""
    return torch.nonzero(x).T


def compress(x: Tensor, condition: Tensor, *, axis: int | None = None) -> Tensor:
    """Slices, or numbers, where a condition is true; beyond its end it is not."""
    x, axis = (x.reshape(-1), 0) if axis is None else (x, axis)
    return x.index_select(axis, torch.nonzero(condition)[:, 0])


def eye_like(x: Tensor, *, dtype: int = 1, k: int = 0) -> Tensor:
    """Ones on a diagonal."""
    rows, columns = x.shape
    return (torch.arange(rows)[:, None] + k == torch.arange(columns)).to(torch.float64)


def grid_sample(
    x: Tensor,
    grid: Tensor,
    *,
    align_corners: int = 0,
    mode: str = "linear",
    padding_mode: str = "zeros",
) -> Tensor:
    """Interpolated between pixels."""
    how = {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode)
    return F.grid_sample(x, grid, how, padding_mode, bool(align_corners))


OPERATORS: dict[str, Callable[..., Any]] = {
    "CenterCropPad": center_crop_pad,
    "Compress": compress,
    "Concat": concat,
    "DepthToSpace": depth_to_space,
    "Expand": expand,
    "EyeLike": eye_like,
    "Flatten": flatten,
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "GridSample": grid_sample,
    "NonZero": non_zero,
    "Pad": pad,
    "Reshape": reshape,
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
    "Slice": slices,
    "SpaceToDepth": space_to_depth,
    "Split": split,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
