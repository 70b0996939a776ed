"""Ink: where a picture is darker than its paper, or lighter than its board, and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from gradsheet.digits.pictures import Shades

Grid = NDArray[np.float32]
"""Numbers (H, W), one per pixel."""
Mask = NDArray[np.bool_]
"""Whether each pixel (H, W) is ink."""

_LONGEST = 640  # pixels that larger pictures shrink to: a digit of 1/20 of a page keeps 32
_SHORTEST = 160  # pixels that smaller pictures are enlarged to: a stroke of MNIST gets 12
_COARSE = 64  # pixels along the shorter side, for the paper's light
_WIDEST = 0.4  # of the shorter side: wider than a stroke, narrower than a shadow
_CLEAN = 0.25  # of the edge has one shade: grain varies more
_FAINTEST = 0.1  # contrast of ink with its paper; blank paper varies less
_ABOVE_NOISE = 6.0  # multiples of the paper's deviation: 1 pixel of 10⁹ by chance
_SURELY = 0.5  # fraction of the darkest ink that is ink
_PERHAPS = 0.25  # fraction that is ink where it is connected to such


@dataclass(frozen=True)
class Ink:
    """The ink of a picture.

    Attributes:
        depth: fraction of the paper's light that is missing, (H, W), about 0 on paper.
        mask: where it is ink.
    """

    depth: Grid
    mask: Mask


def find_ink(shades: Shades) -> Ink | None:
    """Tell ink from paper; None where nothing stands out from the paper."""
    picture = _in_working_size(shades)
    margin, light = _with_margin(picture)
    if _is_chalk(light):
        light = 255 - light
    paper = _paper(light)
    depth = ndimage.gaussian_filter((paper - light) / np.maximum(paper, 24), 1.0)
    noise = _noise(depth)
    darkest = float(np.percentile(depth, 100 - 100 * min(0.003, 60 / depth.size)))
    if darkest < max(_FAINTEST, _ABOVE_NOISE * noise):
        return None
    surely = depth > max(_SURELY * darkest, 4 * noise)
    perhaps = depth > max(_PERHAPS * darkest, 3 * noise)
    mask = ndimage.binary_propagation(surely, np.ones((3, 3)), perhaps)
    inside = tuple(slice(margin, margin + length) for length in picture.shape)
    return Ink(depth[inside], mask[inside])


def _in_working_size(shades: Shades) -> Grid:
    longest = max(shades.shape)
    scale = min(1.0, _LONGEST / longest) if longest > _SHORTEST else _SHORTEST / longest
    width, height = (max(1, round(length * scale)) for length in shades.shape[::-1])
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    return np.clip(_resized(shades.astype(np.float32), (width, height), method), 0, 255)


def _with_margin(light: Grid) -> tuple[int, Grid]:
    """The picture with more paper around it where its edge shows one shade, and how much.

    It may be cut to the ink.
    """
    edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    shade = float(np.argmax(np.bincount(np.rint(edge).astype(int))))
    if np.mean(abs(edge - shade) < 2) < _CLEAN:
        return 0, light
    margin = max(light.shape) // 5
    return margin, np.pad(light, margin, constant_values=shade)


def _is_chalk(light: Grid) -> bool:
    """Whether the ink is lighter than what it is on: what stands out most is lighter."""
    smooth = ndimage.gaussian_filter(light - _surface(light), 1.0)
    lighter, darker = np.percentile(smooth, (99.7, 0.3))
    return bool(lighter > -darker)


def _surface(light: Grid) -> Grid:
    """The polynomial of degree 2 that most pixels follow: least squares, repeatedly reweighted.

    Pixels at the edge count more: they are paper more often. Weights are Tukey's biweight.
    """
    rows, columns = (np.linspace(-1, 1, length, dtype=np.float32) for length in light.shape)
    take = tuple(slice(None, None, max(1, length // 40)) for length in light.shape)
    sampled = ndimage.uniform_filter(light, 3)[take]
    y, x = (axis.ravel() for axis in np.meshgrid(rows[take[0]], columns[take[1]], indexing="ij"))
    powers = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    edge = np.where(np.maximum(abs(x), abs(y)) > 0.9, 3.0, 1.0)
    values = sampled.ravel()
    surface = np.array([np.median(values[edge > 1]), 0, 0, 0, 0, 0])
    for _ in range(8):
        residual = values - powers @ surface
        spread = max(4.0, 1.4826 * float(np.median(abs(residual))))
        weights = edge * np.clip(1 - (residual / (4.7 * spread)) ** 2, 1e-6, 1) ** 2
        root = np.sqrt(weights)[:, None]
        surface = np.linalg.lstsq(powers * root, values * root[:, 0], rcond=1e-6)[0]
    a, b, c, d, e, f = surface
    x, y = columns[None, :], rows[:, None]
    polynomial: Grid = (a + b * x + c * y + d * x * x + e * x * y + f * y * y).astype(np.float32)
    return polynomial


def _paper(light: Grid) -> Grid:
    """The light that the paper would show without ink: dark strokes closed on a coarse grid.

    A shadow wider than any stroke is no ink: closing keeps it.
    """
    scale = min(1.0, _COARSE / min(light.shape))
    size = [max(1, round(length * scale)) for length in light.shape[::-1]]
    coarse = ndimage.gaussian_filter(_resized(light, size, Image.Resampling.BOX), 1.0)
    window = max(3, round(_WIDEST * min(coarse.shape)))
    # Beyond the edge the light goes on as it does before it.
    around = np.pad(coarse, window, mode="reflect", reflect_type="odd")
    closed = ndimage.grey_closing(around, (window, window))[window:-window, window:-window]
    closed = ndimage.gaussian_filter(closed, 2.0)
    paper = _resized(closed, light.shape[::-1], Image.Resampling.BILINEAR)
    # A closing follows the lightest grain; most of the picture is paper.
    near = light[::3, ::3] / np.maximum(paper[::3, ::3], 24)
    return paper * float(np.clip(np.percentile(near, 60), 0.8, 1.0))


def _noise(depth: Grid) -> float:
    """Standard deviation of the paper's grain: of what is lighter than the paper, or finer."""
    lighter = depth[::2, ::2]
    lighter = lighter[lighter < 0]
    fine = abs(depth - ndimage.uniform_filter(depth, 15))[::2, ::2]
    deviation = float(np.sqrt(np.mean(lighter**2))) if len(lighter) else 0.0
    return max(deviation, 1.4826 * float(np.median(fine)))


def _resized(values: Grid, size: Sequence[int], method: Image.Resampling) -> Grid:
    picture = Image.fromarray(values.astype(np.float32)).resize((size[0], size[1]), method)
    return np.asarray(picture, dtype=np.float32)
