"""Pictures from anywhere, against the MNIST images they were made of."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from gradsheet.digits.data import Dataset
from gradsheet.digits.model_files import load_model
from gradsheet.digits.pictures import open_picture
from gradsheet.digits.prediction import NO_DIGIT, UNSURE, predict_images
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
        (again,) = (digit.double() for digit in preprocess(path))
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
    if kind.startswith("transparent"):
        color = (235, 240, 250) if kind.endswith("chalk") else (10, 20, 90)
        ink = Image.new("RGBA", large.size, (*color, 0))
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
    "transparent, chalk",
    "photographed",
)


@pytest.mark.parametrize("kind", KINDS)
def test_digits_are_classified_however_they_come(kind: str, mnist: Dataset, tmp_path: Path) -> None:
    end = "jpg" if kind == "photographed" else "png"
    digits = []
    for number in range(30):
        path = tmp_path / f"{number}.{end}"
        sent = drawn(mnist.test.images[number], kind)
        sent.save(path, exif=sent.getexif())
        digits.append(preprocess(path))
    assert all(len(parts) == 1 for parts in digits)
    predictions = predict_images(load_model(None), digits)
    found = [prediction.digit for prediction in predictions]
    right = sum(map(int.__eq__, mnist.test.labels[:30].tolist(), found))
    assert right >= 29, f"{right} of 30"
    assert sum(not prediction.sure for prediction in predictions) <= 2


def test_it_fills_the_box_of_20_by_20(tmp_path: Path) -> None:
    stroke = np.zeros((200, 300), np.uint8)
    stroke[50:150, 140:160] = 255
    Image.fromarray(stroke).save(tmp_path / "one.png")
    (digit,) = preprocess(tmp_path / "one.png")
    rows, columns = digit.nonzero().unbind(dim=1)
    assert (int(rows.min()), int(rows.max())) == (4, 23)
    assert (int(columns.min()), int(columns.max())) == (12, 15)
    assert int(digit[10, 13]) == 255


def page_of(digits: torch.Tensor) -> NDArray[np.float64]:
    """Digits side by side, 120 pixels high each: ink from 0 to 1."""
    large = [picture(digit).resize((120, 120), Image.Resampling.BICUBIC) for digit in digits]
    return np.concatenate([np.asarray(each) / 255 for each in large], axis=1)


@pytest.mark.parametrize("lamp", ["ramp", "shadow"])
def test_several_digits_on_grainy_paper_under_uneven_light(
    lamp: str, mnist: Dataset, tmp_path: Path
) -> None:
    ink = page_of(mnist.test.images[:4])
    random = np.random.default_rng(3)
    x = np.linspace(0, 1, ink.shape[1])
    light = 1 - 0.6 * (x if lamp == "ramp" else 1 / (1 + np.exp(-(x - 0.55) / 0.02)))
    paper = light * (0.9 + random.normal(0, 0.06, ink.shape))
    pixels = np.clip(255 * paper * (1 - 0.6 * ink), 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "row.jpg")
    predictions = predict_images(load_model(None), [preprocess(tmp_path / "row.jpg")])
    assert [found.digit for found in predictions] == mnist.test.labels[:4].tolist()


def test_a_thin_pen_is_widened(tmp_path: Path) -> None:
    page = Image.new("L", (200, 260), 255)
    pen = ImageDraw.Draw(page)
    pen.line([(110, 30), (50, 150), (160, 150)], 0, 2)
    pen.line([(130, 90), (130, 230)], 0, 2)
    page.save(tmp_path / "four.png")
    (found,) = predict_images(load_model(None), [preprocess(tmp_path / "four.png")])
    assert found.digit == 4
    assert found.image is not None
    assert found.image.max() == 255


@pytest.mark.parametrize("kind", ["white", "black", "grain", "ruled", "squared", "shadow", "noise"])
def test_no_digit_is_found_on_blank_paper(kind: str, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    page = np.full((200, 260), 230.0)
    if kind == "black":
        page[:] = 0
    if kind in ("ruled", "squared"):
        page[15::40] = 170
    if kind == "squared":
        page[:, 10::40] = 170
    if kind == "shadow":
        page -= 120 / (1 + np.exp(-(np.arange(260) - 150) / 10))
    if kind in ("grain", "shadow"):
        page += random.normal(0, 12, page.shape)
    if kind == "noise":
        page = random.uniform(0, 255, page.shape)
    Image.fromarray(np.clip(page, 0, 255).astype(np.uint8)).save(tmp_path / "blank.png")
    (found,) = predict_images(load_model(None), [preprocess(tmp_path / "blank.png")])
    assert (found.digit, found.probability, found.reason) == (None, 0, NO_DIGIT)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (2, 2), (700, 3)])
def test_the_smallest_pictures(shape: tuple[int, int], tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "small.png")
    assert all(digit.shape == (28, 28) for digit in preprocess(tmp_path / "small.png"))


def test_a_letter_is_unsure(tmp_path: Path) -> None:
    page = Image.new("L", (200, 200), 255)
    pen = ImageDraw.Draw(page)
    pen.line([(40, 170), (60, 30), (100, 120), (140, 30), (160, 170)], 0, 14)
    page.save(tmp_path / "m.png")
    (found,) = predict_images(load_model(None), [preprocess(tmp_path / "m.png")])
    assert (found.sure, found.reason) == (False, UNSURE)
    assert len(found.alternatives) == 3


@pytest.mark.parametrize("kind", ["text", "empty", "missing", "folder", "cut"])
def test_what_is_no_picture(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "digit.png"
    if kind == "text":
        path.write_text("seven")
    elif kind == "empty":
        path.write_bytes(b"")
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
    with pytest.raises(GradsheetError, match=r"digit\.png is not a PNG or JPEG of a digit"):
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


def test_an_animation_that_is_none_is_read_without_a_word(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "digit.png"
    Image.new("L", (40, 40), 255).save(path)
    content = path.read_bytes()
    header = 8 + 25  # the signature, and the first chunk
    control = b"acTL" + bytes(8)  # an animation of no frame
    chunk = (8).to_bytes(4) + control + zlib.crc32(control).to_bytes(4)
    path.write_bytes(content[:header] + chunk + content[header:])
    assert open_picture(path).shape == (40, 40)
    assert not recwarn.list
