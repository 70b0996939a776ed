"""Pictures from anywhere, against the MNIST images they were made of."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from gradsheet.digits.data import Dataset
from gradsheet.digits.evaluation import classify
from gradsheet.digits.model_files import load_model
from gradsheet.digits.preprocessing import preprocess
from gradsheet.errors import GradsheetError


def picture(image: torch.Tensor) -> Image.Image:
    return Image.fromarray(image.numpy())


def test_an_mnist_image_comes_back(mnist: Dataset, tmp_path: Path) -> None:
    """MNIST's own preprocessing done again moves a digit by a pixel at most."""
    worst = 0.0
    for number in range(50):
        path = tmp_path / f"{number}.png"
        picture(mnist.test.images[number]).save(path)
        again = preprocess(path).double()
        original = mnist.test.images[number].double()
        axis = torch.arange(28.0, dtype=torch.float64) + 0.5
        for digit in (again, original):
            x, y = digit.sum(dim=0) @ axis / digit.sum(), digit.sum(dim=1) @ axis / digit.sum()
            worst = max(worst, abs(float(x) - 14), abs(float(y) - 14))
    assert 0 < worst < 1.1


def drawn(image: torch.Tensor, kind: str) -> Image.Image:
    """The digit as somebody else would send it."""
    white_on_black = picture(image)
    if kind == "as it is":
        return white_on_black
    black_on_white = Image.fromarray(255 - np.asarray(white_on_black))
    large = black_on_white.resize((280, 280), Image.Resampling.BICUBIC)
    if kind == "large":
        return large
    if kind == "in a corner":
        page = Image.new("L", (900, 600), 255)
        page.paste(large, (20, 300))
        return page
    if kind == "cut to the ink":
        rows, columns = np.nonzero(255 - np.asarray(large) > 128)
        return large.crop(
            (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
        )
    if kind == "of 16 bits":
        return Image.fromarray(np.asarray(large).astype(np.uint16) * 257)
    if kind == "turned by its camera":
        turned = large.transpose(Image.Transpose.ROTATE_90)
        turned.getexif()[0x0112] = 6  # to be shown turned by 90 degrees clockwise
        return turned
    if kind == "transparent":
        ink = Image.new("RGBA", large.size, (10, 20, 90, 0))
        ink.putalpha(Image.fromarray(255 - np.asarray(large)))
        return ink
    shade = np.linspace(150, 190, 280)[None, :] + np.random.default_rng(0).normal(0, 2, (280, 280))
    gray = shade - (255 - np.asarray(large, dtype=float)) * 0.45
    return Image.fromarray(np.clip(gray, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(2)
    )


KINDS = (
    "as it is",
    "large",
    "in a corner",
    "cut to the ink",
    "of 16 bits",
    "turned by its camera",
    "transparent",
    "photographed",
)


@pytest.mark.parametrize("kind", KINDS)
def test_digits_are_classified_however_they_come(kind: str, mnist: Dataset, tmp_path: Path) -> None:
    end = "jpg" if kind == "photographed" else "png"
    digits = []
    for number in range(100):
        path = tmp_path / f"{number}.{end}"
        sent = drawn(mnist.test.images[number], kind)
        sent.save(path, exif=sent.getexif())
        digits.append(preprocess(path))
    predictions = classify(load_model(None), digits).argmax(dim=1)
    right = int((predictions == mnist.test.labels[:100]).sum())
    assert right >= 97, f"{right} of 100"


def test_it_fills_the_box_of_20_by_20(tmp_path: Path) -> None:
    stroke = np.zeros((200, 300), np.uint8)
    stroke[50:150, 140:160] = 255
    Image.fromarray(stroke).save(tmp_path / "one.png")
    digit = preprocess(tmp_path / "one.png")
    rows, columns = digit.nonzero().unbind(dim=1)
    assert (int(rows.min()), int(rows.max())) == (4, 23)
    assert (int(columns.min()), int(columns.max())) == (12, 15)
    assert set(digit.flatten().tolist()) == {0, 255}


@pytest.mark.parametrize(
    "kind", ["text", "empty", "blank", "one pixel", "missing", "folder", "cut"]
)
def test_what_is_no_picture_of_a_digit(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "digit.png"
    if kind == "text":
        path.write_text("seven")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "blank":
        Image.new("L", (50, 50), 200).save(path)
    elif kind == "one pixel":
        Image.new("L", (1, 1), 0).save(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "cut":
        Image.effect_noise((200, 200), 90).save(path)
        path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(GradsheetError) as caught:
        preprocess(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "WEBP", "PPM"])
def test_other_formats_are_refused_under_any_name(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "digit.png"
    Image.new("L", (28, 28), 255).save(path, kind)
    with pytest.raises(
        GradsheetError, match=r"digit\.png is not a picture; expected a PNG or JPEG"
    ):
        preprocess(path)


@pytest.mark.parametrize("size", [(15_000_001, 1), (1, 15_000_001), (4_000, 4_000)])
def test_a_picture_is_measured_before_it_is_read(size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    header = struct.pack(">II5B", *size, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    checked = chunk + struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\r" + checked + b"\0\0\0\x09IDAT" + bytes(99))
    with pytest.raises(GradsheetError, match="pixels, at most 15 million are read"):
        preprocess(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(GradsheetError, match="it is not a regular file"):
        preprocess(tmp_path / "pipe.png")
