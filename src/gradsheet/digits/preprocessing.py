"""Preprocessing: a picture of a digit, from anywhere, as an image like those of MNIST."""

import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from gradsheet.digits.data import IMAGE_SIZE
from gradsheet.errors import GradsheetError

Grey = NDArray[np.float64]

_BOX = 20
"""Side in pixels of the square to which MNIST's digits were scaled, keeping their shape."""

_LEAST_CONTRAST = 24  # of 255; blank paper varies less
_MOST_PIXELS = 50_000_000


def preprocess(path: Path) -> Tensor:
    """Read a picture of one digit and make it an image like those of MNIST.

    Dark on light or light on dark: the border tells the background. The ink is scaled to fit a
    box of 20 by 20 pixels and placed with its center of mass in the middle, as the authors of
    MNIST did (Y. LeCun, C. Cortes, C. J. C. Burges, yann.lecun.com/exdb/mnist).

    Args:
        path: a PNG, a JPEG or another format that Pillow reads, of at most 50 million pixels.

    Returns:
        uint8 (28, 28), 0 background to 255 ink.

    Raises:
        GradsheetError: the file is not a picture, or the picture shows no ink.
    """
    ink = _ink(_open(path))
    rows, columns = np.nonzero(ink > 0.2 * ink.max())
    if ink.max() < _LEAST_CONTRAST or len(rows) < 2:
        raise GradsheetError(
            f"{path} shows no digit: nothing in it stands out from its border; expected ink "
            "on paper"
        )
    box = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return torch.from_numpy(_center(_fit(box / ink.max() * 255)))


def _open(path: Path) -> Grey:
    """Shades of gray (H, W), 0 to 255; transparent parts are white."""
    try:
        with warnings.catch_warnings(), Image.open(path) as picture:
            warnings.simplefilter("ignore")  # of its size, which is checked here
            if picture.width * picture.height > _MOST_PIXELS:
                raise GradsheetError(
                    f"{path} has {picture.width} x {picture.height} pixels; at most 50 million"
                )
            upright = ImageOps.exif_transpose(_eight_bits(picture)).convert("RGBA")
    except UnidentifiedImageError as error:
        raise GradsheetError(
            f"{path} is not a picture; expected a PNG or JPEG of a digit"
        ) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise GradsheetError(f"cannot read {path}: {reason}") from error
    white = Image.new("RGBA", upright.size, "white")
    return np.asarray(Image.alpha_composite(white, upright).convert("L"), dtype=np.float64)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """The picture with 8 bits a channel; deeper than 16 bits, its own range is scaled to them."""
    if not picture.mode.startswith(("I", "F")):
        return picture
    shades = np.asarray(picture, dtype=np.float64)
    sixteen = picture.mode.startswith("I;16")
    low, high = (0.0, 65535.0) if sixteen else (float(shades.min()), float(shades.max()))
    scaled = (shades - low) / ((high - low) or 1.0) * 255
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _ink(gray: Grey) -> Grey:
    """Distance of each pixel from the background in the direction of the ink, at least 0."""
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    background = float(np.median(border))
    dark_ink = background - gray.min() >= gray.max() - background
    ink = background - gray if dark_ink else gray - background
    # The median variation of the border is that of the paper; a digit may touch the border.
    noise = float(np.median(np.abs(border - background)))
    return np.maximum(ink - noise, 0.0)


def _fit(box: Grey) -> Grey:
    """The box scaled to fit 20 x 20, averaged where it shrinks."""
    scale = _BOX / max(box.shape)
    height, width = (max(1, round(length * scale)) for length in box.shape)
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    picture = Image.fromarray(box.astype(np.float32)).resize((width, height), method)
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
