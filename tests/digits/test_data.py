"""MNIST as it is embedded, and files that are not what they should be."""

import gzip
import struct
from pathlib import Path

import pytest
import torch

from gradsheet.digits import data
from gradsheet.digits.data import FILE_NAMES, Dataset, load
from gradsheet.errors import GradsheetError


def idx(*shape: int, value: int = 1) -> bytes:
    size = 1
    for length in shape:
        size *= length
    return struct.pack(f">I{len(shape)}I", 0x800 + len(shape), *shape) + bytes([value]) * size


GOOD = (idx(3, 28, 28), idx(3), idx(2, 28, 28), idx(2))


def write(folder: Path, *contents: bytes, end: str = "") -> Path:
    for name, content in zip(FILE_NAMES, contents, strict=True):
        (folder / (name + end)).write_bytes(gzip.compress(content) if end else content)
    return folder


def write_small(folder: Path, whole: Dataset) -> Path:
    """Four files of 256 and 100 images of MNIST, so that an epoch takes a moment."""
    contents = []
    for part, count in ((whole.train, 256), (whole.test, 100)):
        for array in (part.images[:count], part.labels[:count].to(torch.uint8)):
            sizes = struct.pack(f">I{array.dim()}I", 0x800 + array.dim(), *array.shape)
            contents.append(sizes + array.numpy().tobytes())
    return write(folder, *contents)


def test_the_embedded_data_is_mnist(mnist: Dataset) -> None:
    assert mnist.train.images.shape == (60_000, 28, 28)
    assert mnist.test.images.shape == (10_000, 28, 28)
    assert mnist.train.images.dtype == torch.uint8
    # Known of MNIST: the counts of each digit, and the mean and deviation of a pixel.
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.train.labels.bincount().tolist() == counts
    pixels = mnist.train.images.double() / 255
    assert float(pixels.mean()) == pytest.approx(0.1307, abs=5e-5)
    assert float(pixels.std()) == pytest.approx(0.3081, abs=5e-5)


def test_validation_takes_the_tail_of_the_training_set(mnist: Dataset) -> None:
    split = mnist.hold_out(5000)
    assert (len(split.train), len(split.test)) == (55_000, 5_000)
    assert torch.equal(split.test.images, mnist.train.images[55_000:])
    assert torch.equal(split.train.labels, mnist.train.labels[:55_000])


def test_validation_needs_more_than_it_holds_out(mnist: Dataset) -> None:
    with pytest.raises(GradsheetError, match="5,000 of 5,000 training images cannot be held out"):
        Dataset(mnist.train[:5000], mnist.test, "few").hold_out(5000)


@pytest.mark.parametrize("end", ["", ".gz"])
def test_any_four_files_are_read(end: str, tmp_path: Path) -> None:
    data = load(write(tmp_path, *GOOD, end=end))
    assert (len(data.train), len(data.test)) == (3, 2)
    assert data.sha256 != load().sha256


def test_the_spelling_with_a_dot(tmp_path: Path) -> None:
    write(tmp_path, *GOOD)
    name = "train-images-idx3-ubyte"
    (tmp_path / name).rename(tmp_path / "train-images.idx3-ubyte")
    assert len(load(tmp_path).train) == 3


@pytest.mark.parametrize(
    ("which", "content", "said"),
    [
        (0, b"PNG", "train-images-idx3-ubyte is not an IDX file of 3 dimensions"),
        (0, b"", "it begins with nothing"),
        (0, idx(3), "is not an IDX file of 3 dimensions"),
        (0, idx(3, 28, 28)[:-1], "announces 2,352 bytes of data, 2,351 follow"),
        (0, idx(4, 28, 28), "do not belong together: 4 images, 3 labels"),
        (0, idx(3, 32, 32), "training images are 32 x 32 pixels, expected 28 x 28"),
        (1, idx(3, value=10), "a training label is 10, expected 0 to 9"),
        (2, idx(0, 28, 28), "t10k-images-idx3-ubyte holds no data"),
        (3, b"\x1f\x8bnot gzip", "cannot be unpacked"),
        (3, gzip.compress(idx(2), mtime=0)[:-9], "cannot be unpacked"),
    ],
)
def test_damage_is_named(which: int, content: bytes, said: str, tmp_path: Path) -> None:
    contents = [*GOOD]
    contents[which] = content
    with pytest.raises(GradsheetError) as caught:
        load(write(tmp_path, *contents))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(GradsheetError, match="holds no train-images-idx3-ubyte"):
        load(tmp_path)


def test_damage_of_the_embedded_data_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    unpack = data._unpack

    def flip(file: data._Readable) -> bytes:
        content = bytearray(unpack(file))
        content[-1] ^= 1
        return bytes(content)

    monkeypatch.setattr(data, "_unpack", flip)
    with pytest.raises(GradsheetError, match=r"embedded train-images-idx3-ubyte\.gz is damaged"):
        load()


def test_a_small_file_that_unpacks_to_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "_MOST_BYTES", 10_000)
    write(tmp_path, *GOOD)
    (tmp_path / FILE_NAMES[0]).write_bytes(gzip.compress(bytes(1_000_000)))
    with pytest.raises(GradsheetError, match="holds more than 10,000 bytes"):
        load(tmp_path)
