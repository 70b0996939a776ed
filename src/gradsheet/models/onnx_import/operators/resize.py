"""Resizing: along each axis a product with a matrix that is known."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.operators.kinds import Floats, Ints

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Resampling:
    """How a number is made of its neighbors; the attributes are those of ONNX's Resize."""

    mode: str
    coordinates: str
    nearest: str
    cubic: float
    exclude_outside: bool
    antialias: bool

    def matrix(self, size: int, wanted: int, scale: float, roi: tuple[float, float]) -> Matrix:
        """The (wanted, size) weights; a row of zeros lies outside the region of interest."""
        found = np.zeros((wanted, size))
        for row in range(wanted):
            x = self._coordinate(row, size, wanted, scale, roi)
            if self.coordinates == "tf_crop_and_resize" and not 0 <= x <= size - 1:
                continue
            taps = self._taps(x, scale)
            if self.exclude_outside:
                taps = {i: weight for i, weight in taps.items() if 0 <= i < size}
            total = sum(taps.values())
            for i, weight in taps.items():
                found[row, min(max(i, 0), size - 1)] += weight / total
        return found

    def _coordinate(
        self, row: int, size: int, wanted: int, scale: float, roi: tuple[float, float]
    ) -> float:
        """Where an output lies among the inputs."""
        length = scale * size
        half_pixel = (row + 0.5) / scale - 0.5
        if self.coordinates == "align_corners":
            return 0.0 if length == 1 else row * (size - 1) / (length - 1)
        if self.coordinates == "asymmetric":
            return row / scale
        if self.coordinates == "tf_crop_and_resize":
            start, end = roi
            if length == 1:
                return (start + end) * (size - 1) / 2
            return (start + row * (end - start) / (length - 1)) * (size - 1)
        if self.coordinates == "pytorch_half_pixel":
            return -0.5 if length == 1 else half_pixel
        if self.coordinates == "half_pixel_symmetric":
            return size / 2 * (1 - wanted / length) + half_pixel
        if self.coordinates == "half_pixel":
            return half_pixel
        raise GradsheetError(f"with the coordinates {self.coordinates}")

    def _taps(self, x: float, scale: float) -> dict[int, float]:
        """The weight of each input near x."""
        if self.mode == "nearest":
            rounding: dict[str, Callable[[float], int]] = {
                "round_prefer_floor": lambda x: ceil(x - 0.5),
                "round_prefer_ceil": lambda x: floor(x + 0.5),
                "floor": floor,
                "ceil": ceil,
            }
            return {rounding[self.nearest](x): 1.0}
        kernels = {"linear": (1, self._linear), "cubic": (2, self._cubic)}
        if self.mode not in kernels:
            raise GradsheetError(f"by the mode {self.mode}")
        radius, kernel = kernels[self.mode]
        shrink = min(scale, 1.0) if self.antialias else 1.0
        near = range(ceil(x - radius / shrink), floor(x + radius / shrink) + 1)
        return {i: kernel(abs(i - x) * shrink) for i in near}

    def _linear(self, t: float) -> float:
        return max(1 - t, 0.0)

    def _cubic(self, t: float) -> float:
        a = self.cubic
        if t <= 1:
            return ((a + 2) * t - (a + 3)) * t * t + 1
        return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a if t < 2 else 0.0


def resize(
    x: Tensor,
    roi: Floats | None = None,
    scales: Floats | None = None,
    sizes: Ints | None = None,
    *,
    antialias: int = 0,
    axes: Ints | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Tensor:
    """By scales or to sizes, for the given axes or all."""
    axes = [axis % x.ndim for axis in axes] if axes else list(range(x.ndim))
    old = [x.shape[axis] for axis in axes]
    if sizes:
        factors = [wanted / size for wanted, size in zip(sizes, old, strict=True)]
        if keep_aspect_ratio_policy != "stretch":
            choose = min if keep_aspect_ratio_policy == "not_larger" else max
            factors = [choose(factors)] * len(old)
            sizes = [floor(factors[0] * size + 0.5) for size in old]
    elif scales:
        factors = scales
        sizes = [floor(factor * size) for factor, size in zip(factors, old, strict=True)]
    else:
        raise GradsheetError("without scales or sizes")
    how = Resampling(
        mode,
        coordinate_transformation_mode,
        nearest_mode,
        cubic_coeff_a,
        bool(exclude_outside),
        bool(antialias),
    )
    regions = roi or [*[0.0] * len(axes), *[1.0] * len(axes)]
    for i, axis in enumerate(axes):
        if sizes[i] == old[i] and factors[i] == 1 and how.coordinates != "tf_crop_and_resize":
            continue
        region = regions[i], regions[i + len(axes)]
        weights = torch.from_numpy(how.matrix(old[i], sizes[i], factors[i], region)).to(x.dtype)
        x = (x.movedim(axis, -1) @ weights.T).movedim(-1, axis)
        outside = (weights == 0).all(1)
        if outside.any():
            shape = [-1, *[1] * (x.ndim - 1 - axis)]
            x = x + (extrapolation_value * outside).to(x.dtype).reshape(shape)
    return x


OPERATORS: dict[str, Callable[..., Any]] = {"Resize": resize}
