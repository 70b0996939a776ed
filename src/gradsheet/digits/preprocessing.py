"""Preprocessing: a picture of a digit, from anywhere, as an image like those of MNIST."""

import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from gradsheet.digits.data import IMAGE_SIZE
from gradsheet.errors import GradsheetError
from gradsheet.files import reading

Grey = NDArray[np.float64]
Bytes = NDArray[np.uint8]

_BOX = 20
"""Side in pixels of the square to which MNIST's digits were scaled, keeping their shape."""

_LEAST_CONTRAST = 24  # of 255; blank paper varies less
_MOST_PIXELS = 15_000_000
_STEPS = 4  # of a shade


def preprocess(path: Path) -> Tensor:
    """Read a picture of one digit and make it an image like those of MNIST.

    Dark on light or light on dark: the border tells the background. The ink is scaled to fit a
    box of 20 by 20 pixels and placed with its center of mass in the middle, as the authors of
    MNIST did (Y. LeCun, C. Cortes, C. J. C. Burges, yann.lecun.com/exdb/mnist).

    Args:
        path: a PNG or JPEG of at most 15 million pixels.

    Returns:
        uint8 (28, 28), 0 background to 255 ink.

    Raises:
        GradsheetError: the file is not a picture, or the picture shows no ink.
    """
    ink = _ink(_open(path))
    most = int(ink.max())
    is_ink = ink > 0.2 * most
    if most < _LEAST_CONTRAST * _STEPS or np.count_nonzero(is_ink) < 2:
        raise GradsheetError(
            f"{path} shows no digit: nothing in it stands out from its border; expected ink "
            "on paper"
        )
    rows, columns = (np.flatnonzero(is_ink.any(axis=axis)) for axis in (1, 0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    shades = (np.arange(most + 1) / most * 255).astype(np.float32)
    return torch.from_numpy(_center(_fit(shades[box])))


def _open(path: Path) -> Bytes:
    """Shades of gray (H, W), 0 to 255; transparent parts are white."""
    with (
        reading(path, "a picture; expected a PNG or JPEG of a digit"),
        warnings.catch_warnings(),
        Image.open(path, formats=("PNG", "JPEG")) as picture,
    ):
        warnings.simplefilter("ignore")  # of metadata, of no use here
        if picture.width * picture.height > _MOST_PIXELS:
            raise GradsheetError(
                f"{path} has {picture.width} x {picture.height} pixels, at most "
                f"{_MOST_PIXELS // 10**6} million are read; make it smaller"
            )
        upright = ImageOps.exif_transpose(_eight_bits(picture))
        if upright.mode in ("LA", "PA", "RGBA") or "transparency" in upright.info:
            upright = upright.convert("RGBA")
            white = Image.new("RGBA", upright.size, "white")
            upright = Image.alpha_composite(white, upright)
        return np.asarray(upright.convert("RGB").convert("L"))


def _eight_bits(picture: Image.Image) -> Image.Image:
    """The picture with 8 bits a channel; deeper than 16 bits, its own range is scaled to them."""
    if not picture.mode.startswith("I"):
        return picture
    shades = np.asarray(picture)
    sixteen = picture.mode.startswith("I;16")
    low, high = (0, 65535) if sixteen else (int(shades.min()), int(shades.max()))
    return Image.fromarray(np.rint((shades - low) / ((high - low) or 1) * 255).astype(np.uint8))


def _ink(gray: Bytes) -> NDArray[np.int16]:
    """Distance of each pixel from the background in the direction of the ink, at least 0.

    In quarters of a shade: the medians are multiples of a quarter, so that nothing is rounded.
    """
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    background = float(np.median(border))
    dark_ink = background - gray.min() >= gray.max() - background
    paper = np.int16(_STEPS * background)
    ink = np.multiply(gray, _STEPS, dtype=np.int16)
    ink = paper - ink if dark_ink else ink - paper
    # The median variation of the border is that of the paper; a digit may touch the border.
    noise = np.int16(_STEPS * np.median(np.abs(border - background)))
    return np.maximum(ink - noise, np.int16(0))


def _fit(box: NDArray[np.float32]) -> Grey:
    """The box scaled to fit 20 x 20, averaged where it shrinks."""
    scale = _BOX / max(box.shape)
    height, width = (max(1, round(length * scale)) for length in box.shape)
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    picture = Image.fromarray(box).resize((width, height), method)
    return np.asarray(picture, dtype=np.float64)


def _center(box: Grey) -> NDArray[np.uint8]:
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
