"""Random augmentation of a batch of images: affine and elastic."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# An elastic displacement is a sum of bumps of random height: Gaussians of this width, half the
# image being 1, on a lattice of so many by so many that spans the image.
_BUMP, _LATTICE = 2 / 7, 7


@dataclass(frozen=True)
class Distortion:
    """Limits of random augmentation.

    The first four are drawn uniformly from [-limit, limit]. They describe the map from the
    augmented image back to the original, which first scales, rotates and shears, then translates:
    with a scale of 0.1 the ink appears between 1/1.1 and 1/0.9 of its size.

    Attributes:
        degrees: rotation.
        shear: angle by which the vertical leans, in degrees.
        pixels: translation along each axis, in pixels of the original.
        scale: relative change of lengths, 0.1 for 10%.
        elastic: standard deviation, in pixels, of a smooth random displacement of each point along
            each axis. Source of the idea: P. Y. Simard, D. Steinkraus, J. C. Platt, Best practices
            for convolutional neural networks applied to visual document analysis (2003).
    """

    degrees: float
    shear: float
    pixels: float
    scale: float
    elastic: float = 0.0


class RandomAugmentation:
    """Augments square images, each on its own: affine, and elastic if the limits say so.

    The interpolation is bilinear; pixels that come in from outside are 0.
    """

    def __init__(self, limits: Distortion, size: int, device: torch.device) -> None:
        self._limits, self._size = limits, size
        points = _pixel_centers(size).to(device)
        # A sampling point is a sum of these functions of the pixel: x, y, 1 and the bumps.
        self._basis = torch.cat([points.T, _bumps(points)]) if limits.elastic else points.T

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Augment images (N, H, H), float; ``generator``, on its own device, fixes the result."""
        return self.apply(images, self.draw(len(images), generator))

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """How ``count`` images are augmented, each by a row of numbers, on the images' device."""
        weights = _random_matrices(count, self._size, self._limits, generator)
        if self._limits.elastic:
            bumps = len(self._basis) - weights.shape[-1]
            heights = torch.randn(count, 2, bumps, generator=generator, device=generator.device)
            weights = torch.cat(
                [weights, heights * (2 * self._limits.elastic / self._size)], dim=-1
            )
        return weights.to(self._basis.device)

    def apply(self, images: Tensor, drawn: Tensor) -> Tensor:
        """Augment images (N, H, H), float, as ``draw`` says for N images."""
        # One product for all x, one for all y: two large ones instead of one for each image.
        grid = drawn.transpose(0, 1) @ self._basis  # 2, N, H H
        points = grid.permute(1, 2, 0).unsqueeze(1)  # N, 1, H H, 2
        augmented = F.grid_sample(images.unsqueeze(1), points, align_corners=False)
        return augmented.view_as(images)


def _pixel_centers(size: int) -> Tensor:
    """The points (H H, 3) that are sampled without augmentation: x, y from -1 to 1, and 1."""
    line = (torch.arange(size) * 2 + 1) / size - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y, torch.ones_like(x)], dim=-1).view(-1, 3)


def _bumps(points: Tensor) -> Tensor:
    """Height of each bump at each point, (bumps, points); the squares at a point add up to 1."""
    line = torch.linspace(-1, 1, _LATTICE, device=points.device)
    squares = torch.cdist(torch.cartesian_prod(line, line), points[:, :2]) ** 2
    bumps = torch.exp(-squares / (2 * _BUMP**2))
    return bumps / bumps.square().sum(0).sqrt()


def _random_matrices(
    count: int, size: int, limits: Distortion, generator: torch.Generator
) -> Tensor:
    """Affine maps (N, 2, 3) from augmented to original coordinates, both from -1 to 1."""
    draws = torch.rand(5, count, generator=generator, device=generator.device) * 2 - 1
    angle = draws[0] * math.radians(limits.degrees)
    shear = torch.tan(draws[1] * math.radians(limits.shear))
    stretch = 1 + draws[2] * limits.scale
    cos, sin = torch.cos(angle) * stretch, torch.sin(angle) * stretch
    shift = draws[3:] * (2 * limits.pixels / size)
    rows = [cos, cos * shear - sin, shift[0], sin, sin * shear + cos, shift[1]]
    return torch.stack(rows, dim=1).view(count, 2, 3)
