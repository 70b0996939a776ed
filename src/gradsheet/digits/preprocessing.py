"""Preprocessing: a picture of digits, from anywhere, as images like those of MNIST."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from torch import Tensor

from gradsheet.digits.data import IMAGE_SIZE
from gradsheet.digits.ink import Grid, Mask, find_ink
from gradsheet.digits.pictures import Shades, open_picture
from gradsheet.digits.segmentation import find_digits

_BOX = 20
"""Side in pixels of the square to which MNIST's digits were scaled, keeping their shape."""

_FINE = 5  # pixels of a mask to one of MNIST's
_CONTOUR = 0.5  # of the ink, where a stroke ends
_NO_INK, _ALL_INK = 0.3, 0.8  # depth of what becomes 0 and 1, of that of most ink
_THINNEST, _THICKEST = 2.4, 4.5  # width of a stroke in pixels of MNIST, its mean over a digit


def preprocess(path: Path) -> list[Tensor]:
    """Read a picture and make each digit in it an image like those of MNIST.

    Dark ink on light paper or chalk on a board. MNIST's digits were black and white, then scaled
    to fit a box of 20 by 20 pixels and placed with their center of mass in the middle (Y. LeCun,
    C. Cortes, C. J. C. Burges, yann.lecun.com/exdb/mnist). The same is done here, and strokes
    that would come out thinner or thicker than a pen's are widened or narrowed.

    Args:
        path: a PNG or JPEG of at most 15 million pixels.

    Returns:
        each uint8 (28, 28), 0 background to 255 ink, row by row and from left to right; none
        where nothing stands out from the paper.

    Raises:
        GradsheetError: the file is not a picture.
    """
    return digit_images(open_picture(path))


def digit_images(shades: Shades) -> list[Tensor]:
    """The images of the digits in a picture given as shades of gray."""
    ink = find_ink(shades)
    return [] if ink is None else [_like_mnist(digit) for digit in find_digits(ink)]


def _like_mnist(depth: Grid) -> Tensor:
    """The image of one digit, given the depth of the ink in its box."""
    fine = _of_usual_width(_even(_resized(depth, _FINE * _BOX)))
    rows, columns = (np.flatnonzero((fine > _CONTOUR).any(axis=axis)) for axis in (1, 0))
    box = fine[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return torch.from_numpy(_centered(255 * _resized(box, _BOX)))


def _even(depth: Grid) -> Grid:
    """Ink from 0 to 1: what is as deep as most of the ink is 1."""
    usual = float(np.percentile(depth[depth > 0.5 * depth.max()], 60))
    even: Grid = np.clip((depth / usual - _NO_INK) / (_ALL_INK - _NO_INK), 0, 1)
    return even


def _of_usual_width(ink: Grid) -> Grid:
    """The ink with strokes as wide as those of MNIST: where they are not, by the same amount."""
    padded: Grid = np.pad(ink, 2 * _FINE)
    is_ink = padded > _CONTOUR
    # The mean distance to the nearer side is a quarter of a stroke's width.
    width = 4 * float(ndimage.distance_transform_edt(is_ink)[is_ink].mean())
    thinnest, thickest = _THINNEST * _FINE, _THICKEST * _FINE
    if width < thinnest:
        padded = ndimage.grey_dilation(padded, footprint=_disk((thinnest - width) / 2))
    elif width > thickest:
        padded = ndimage.grey_erosion(padded, footprint=_disk((width - thickest) / 2))
    return padded


def _disk(radius: float) -> Mask:
    reach = int(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk: Mask = x**2 + y**2 <= radius**2
    return disk


def _resized(values: Grid, longest: int) -> Grid:
    scale = longest / max(values.shape)
    width, height = (max(1, round(length * scale)) for length in values.shape[::-1])
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(values).resize((width, height), method), dtype=np.float32)


def _centered(box: Grid) -> NDArray[np.uint8]:
    """The box on a 28 x 28 field, its center of mass in the middle as far as it fits."""
    box = np.clip(box, 0, 255)
    field = np.zeros((IMAGE_SIZE, IMAGE_SIZE))
    corner = []
    for axis, length in enumerate(box.shape):
        weights = box.sum(axis=1 - axis)
        mass = float(weights @ (np.arange(length) + 0.5) / weights.sum())
        corner.append(min(max(round(IMAGE_SIZE / 2 - mass), 0), IMAGE_SIZE - length))
    top, left = corner
    field[top : top + box.shape[0], left : left + box.shape[1]] = box
    return np.rint(field).astype(np.uint8)
