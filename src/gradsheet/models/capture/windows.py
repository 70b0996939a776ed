"""Pooling and resampling."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from gradsheet.models.capture.builder import Builder, Value
from gradsheet.models.primitives.extremum import Extremum, PositionInImage
from gradsheet.models.primitives.linear_map import probed_map
from gradsheet.models.windows import Windows, adaptive_windows, pooled_sizes, pooling_windows


def _several(given: Any, rank: int, otherwise: Sequence[int] = ()) -> tuple[int, ...]:
    found = (given,) if isinstance(given, int) else tuple(int(size) for size in given or ())
    found = found or tuple(otherwise)
    return found * rank if len(found) == 1 else found


def _pooled(builder: Builder, x: Value, windows: Windows, shape: tuple[int, ...]) -> Any:
    x = builder.whole(x)
    name = f"MaxPool{len(shape) - 2}d" if len(shape) > 2 else "MaxPool"
    return builder.node(Extremum(windows, shape, True, name), [x], shape)


def _with_positions(
    builder: Builder, x: Value, windows: Windows, shape: tuple[int, ...], rank: int
) -> tuple[Value, Value]:
    """The maxima, and where in its image each is, counted row by row from 0."""
    x = builder.whole(x)
    found = _pooled(builder, x, windows, shape)
    inside = int(np.prod(x.shape[-rank:]))
    plain = [Value(value.ids, False) for value in (x, found)]
    return found, builder.node(PositionInImage(windows, inside, shape), plain, shape)


def _max_pool(rank: int) -> Callable[..., Any]:
    def rule(
        builder: Builder,
        x: Value,
        size: Any,
        stride: Any = (),
        padding: Any = 0,
        dilation: Any = 1,
        ceil: bool = False,
    ) -> Any:
        kernel = _several(size, rank)
        steps, pads = _several(stride, rank, kernel), _several(padding, rank, (0,))
        spread = _several(dilation, rank, (1,))
        spatial = pooled_sizes(x.shape[-rank:], kernel, steps, pads, spread, ceil)
        shape = (*x.shape[:-rank], *spatial)
        windows = pooling_windows(x.shape, shape, kernel, steps, pads, spread)
        return _with_positions(builder, x, windows, shape, rank)

    return rule


def _adaptive_max(rank: int) -> Callable[..., Any]:
    def rule(builder: Builder, x: Value, size: Any) -> Any:
        result = _several(size, rank)
        shape = (*x.shape[:-rank], *result)
        return _with_positions(builder, x, adaptive_windows(x.shape, result), shape, rank)

    return rule


def _fractional_max(rank: int) -> Callable[..., Any]:
    """Windows of one size whose places torch draws; the samples are constants.

    The largest number of a window of rising numbers is its last, and so says where it is.
    """
    packet = getattr(torch.ops.aten, f"fractional_max_pool{rank}d")

    def rule(builder: Builder, x: Value, size: Any, result: Any, samples: Value) -> Any:
        if not samples.is_constant:
            raise builder.refuse("samples that depend on the input")
        rising = torch.arange(x.ids.size, dtype=torch.float64).reshape(x.shape)
        last = packet(rising, size, result, samples.constant)[0]
        back = np.indices(_several(size, rank)).reshape(rank, -1)[:, ::-1]
        steps = np.cumprod([1, *x.shape[:-rank:-1]])[::-1]
        windows = last.numpy().astype(np.int64).reshape(-1, 1) - steps @ back
        return _with_positions(builder, x, windows, tuple(last.shape), rank)

    return rule


def _linear(name: str, operation: str, rank: int) -> Callable[..., Value]:
    """A linear function of the last ``rank`` dimensions, by torch's own operation."""
    packet = getattr(torch.ops.aten, operation)

    def rule(builder: Builder, x: Value, *args: Any, **kwargs: Any) -> Value:
        x = builder.whole(x)
        found = probed_map(name, lambda t: packet(t, *args, **kwargs), x.shape, rank)
        return builder.node(found, [x], (*x.shape[:-rank], *found.result))

    return rule


def _fold(builder: Builder, x: Value, size: Any, *args: Any) -> Value:
    """``F.fold``: (N, C·cells, L) to (N, C, H, W), whose kernel covers each channel alike."""
    x = builder.whole(x)
    cells = int(np.prod(_several(args[0], 2)))
    lead = x.shape[:-2]
    grouped = x.moved(x.ids.reshape(*lead, x.shape[-2] // cells, cells, x.shape[-1]))
    packet = torch.ops.aten.col2im
    found = probed_map("Fold", lambda t: packet(t.flatten(0, 1), size, *args), grouped.shape, 2)
    return builder.node(found, [grouped], (*grouped.shape[:-2], *found.result))


RULES: dict[str, Callable[..., Any]] = {
    "max_pool1d_with_indices": _max_pool(1),
    "max_pool2d_with_indices": _max_pool(2),
    "max_pool3d_with_indices": _max_pool(3),
    "max_pool2d": lambda *given: _max_pool(2)(*given)[0],
    "adaptive_max_pool2d": _adaptive_max(2),
    "adaptive_max_pool3d": _adaptive_max(3),
    "fractional_max_pool2d": _fractional_max(2),
    "fractional_max_pool3d": _fractional_max(3),
    "avg_pool1d": _linear("AvgPool1d", "avg_pool1d", 1),
    "avg_pool2d": _linear("AvgPool2d", "avg_pool2d", 2),
    "avg_pool3d": _linear("AvgPool3d", "avg_pool3d", 3),
    "_adaptive_avg_pool2d": _linear("AdaptiveAvgPool2d", "_adaptive_avg_pool2d", 2),
    "_adaptive_avg_pool3d": _linear("AdaptiveAvgPool3d", "_adaptive_avg_pool3d", 3),
    "upsample_linear1d": _linear("linear upsampling", "upsample_linear1d", 1),
    "upsample_bilinear2d": _linear("bilinear upsampling", "upsample_bilinear2d", 2),
    "_upsample_bilinear2d_aa": _linear("bilinear resampling", "_upsample_bilinear2d_aa", 2),
    "upsample_bicubic2d": _linear("bicubic upsampling", "upsample_bicubic2d", 2),
    "_upsample_bicubic2d_aa": _linear("bicubic resampling", "_upsample_bicubic2d_aa", 2),
    "upsample_trilinear3d": _linear("trilinear upsampling", "upsample_trilinear3d", 3),
    "col2im": _fold,
}
