"""Random affine views of a whole batch at once."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Affine:
    """How far a random view may stray: each quantity is drawn uniformly from [-limit, limit].

    The quantities are those of the map from the view back to the image, first scaled, rotated and
    sheared, then moved: with a scale of 0.1 the ink appears between 1/1.1 and 1/0.9 of its size.

    Attributes:
        degrees: rotation.
        shear: angle by which the vertical leans, in degrees.
        pixels: translation along each axis, of the image.
        scale: relative change of lengths, 0.1 for 10%.
    """

    degrees: float
    shear: float
    pixels: float
    scale: float


def pixel_centres(size: int) -> Tensor:
    """The points (size, size, 3) at which a view is sampled: x, y from -1 to 1, and 1."""
    line = (torch.arange(size) * 2 + 1) / size - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y, torch.ones_like(x)], dim=-1)


def random_affine(
    images: Tensor, limits: Affine, generator: torch.Generator, points: Tensor
) -> Tensor:
    """Square images (N, H, H), float, each rotated, sheared, scaled and moved on its own.

    Returns (N, ...) for ``points`` (..., 3): the numbers come in the order in which the points are
    listed, so that a view can be had in any layout. Bilinear interpolation; what comes in from
    outside is 0. The draws come from ``generator``, on the generator's device, so a seed fixes
    them.
    """
    matrices = _random_matrices(len(images), images.shape[-1], limits, generator)
    grid = points.reshape(1, -1, 3) @ matrices.to(images.device).transpose(1, 2)
    views = F.grid_sample(images.unsqueeze(1), grid.unsqueeze(1), align_corners=False)
    return views.view(len(images), *points.shape[:-1])


def _random_matrices(count: int, size: int, limits: Affine, generator: torch.Generator) -> Tensor:
    """(N, 2, 3): from the view's coordinates to the image's, both running from -1 to 1."""
    draws = torch.rand(5, count, generator=generator, device=generator.device) * 2 - 1
    angle = draws[0] * math.radians(limits.degrees)
    shear = torch.tan(draws[1] * math.radians(limits.shear))
    stretch = 1 + draws[2] * limits.scale
    cos, sin = torch.cos(angle) * stretch, torch.sin(angle) * stretch
    shift = draws[3:] * (2 * limits.pixels / size)
    rows = [cos, cos * shear - sin, shift[0], sin, sin * shear + cos, shift[1]]
    return torch.stack(rows, dim=1).view(count, 2, 3)
