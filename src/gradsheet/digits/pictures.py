"""Picture files as shades of gray."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from gradsheet.errors import GradsheetError
from gradsheet.files import reading, whole_file

Shades = NDArray[np.uint8]
"""Shades of gray (H, W), 0 black to 255 white."""

_MOST_PIXELS = 15_000_000


def open_picture(path: Path) -> Shades:
    """Read a picture as shades of gray, upright.

    Transparent parts are white, or black where they surround light ink.

    Args:
        path: a PNG or JPEG of at most 15 million pixels.

    Raises:
        GradsheetError: the file is not a picture, or has more pixels.
    """
    with (
        reading(path, "a PNG or JPEG of a digit"),
        warnings.catch_warnings(action="ignore"),  # of metadata, of no use here
        Image.open(path, formats=("PNG", "JPEG")) as picture,
    ):
        if picture.width * picture.height > _MOST_PIXELS:
            raise GradsheetError(
                f"{path} has {picture.width} x {picture.height} pixels, at most "
                f"{_MOST_PIXELS // 10**6} million are read; make it smaller"
            )
        upright = ImageOps.exif_transpose(_eight_bits(picture))
        if upright.mode in ("LA", "PA", "RGBA") or "transparency" in upright.info:
            upright = upright.convert("RGBA")
            paper = Image.new("RGBA", upright.size, _paper_of(upright))
            upright = Image.alpha_composite(paper, upright)
        return np.asarray(upright.convert("RGB").convert("L"))


def _paper_of(picture: Image.Image) -> str:
    """What is behind an RGBA picture: black where most of it is transparent and the rest light."""
    shades, opaque = np.asarray(picture.convert("L")), np.asarray(picture.getchannel("A")) / 255
    share = float(opaque.mean())
    is_chalk = 0 < share < 0.5 and float((shades * opaque).mean()) > 127.5 * share
    return "black" if is_chalk else "white"


def write_picture(path: Path, shades: Shades) -> None:
    """Write a PNG, whole or not at all."""
    with whole_file(path) as temporary:
        Image.fromarray(shades).save(temporary, "PNG")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """The picture with 8 bits a channel; deeper than 16 bits, its own range is scaled to them."""
    if not picture.mode.startswith("I"):
        return picture
    shades = np.asarray(picture)
    sixteen = picture.mode.startswith("I;16")
    low, high = (0, 65535) if sixteen else (int(shades.min()), int(shades.max()))
    return Image.fromarray(np.rint((shades - low) / ((high - low) or 1) * 255).astype(np.uint8))
