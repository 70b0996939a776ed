"""MNIST, which comes with the package, or four files of its format, as tensors in memory."""

import gzip
import hashlib
import struct
import zlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO, Literal, Protocol

import torch
from torch import Tensor

from gradsheet.errors import GradsheetError, reason

_MOST_BYTES = 240_000_000  # of a file, unpacked: 306,000 images

CLASSES = 10
IMAGE_SIZE = 28
FILE_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

# SHA-256 of each unpacked MNIST file, in the order of FILE_NAMES.
MNIST_SHA256 = (
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)


MNIST_ID = hashlib.sha256("".join(MNIST_SHA256).encode()).hexdigest()
"""``Dataset.sha256`` of MNIST."""


class _Readable(Protocol):
    """A file, on disk or inside the installed package."""

    @property
    def name(self) -> str: ...
    def is_file(self) -> bool: ...
    def open(self, mode: Literal["rb"]) -> IO[bytes]: ...


@dataclass(frozen=True)
class ImageSet:
    """Images and their labels.

    Attributes:
        images: uint8 (N, 28, 28), 0 background to 255 ink.
        labels: int64 (N,), the true digits, 0 to 9.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, part: slice) -> "ImageSet":
        return ImageSet(self.images[part], self.labels[part])

    def to(self, device: torch.device) -> "ImageSet":
        """The same set on ``device``."""
        return ImageSet(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Dataset:
    """A training set and a set to evaluate on.

    Attributes:
        train: the training images.
        test: the images to evaluate on.
        sha256: over the digests of the four files that both were read from.
        eval_set: ``test``, or ``validation`` where ``test`` was held out of the training images.
    """

    train: ImageSet
    test: ImageSet
    sha256: str
    eval_set: str = "test"

    def hold_out(self, images: int) -> "Dataset":
        """The same data with the last ``images`` training images to evaluate on: validation.

        Recipes are chosen on the last 5,000: their writers are mostly unseen in the first 55,000,
        which makes them a harder and more honest sample than a random split.

        Raises:
            GradsheetError: there are no more training images than that.
        """
        if not 1 <= images < len(self.train):
            raise GradsheetError(
                f"{images:,} of {len(self.train):,} training images cannot be held out: some must "
                "be left to train on, and one at least to evaluate on"
            )
        head, tail = self.train[:-images], self.train[-images:]
        return Dataset(head, tail, self.sha256, "validation")


def load(folder: Path | None = None) -> Dataset:
    """Read MNIST from the package, or the four IDX files (gzip or not) in ``folder``.

    Source of the format and the data: Y. LeCun, C. Cortes, C. J. C. Burges, MNIST.

    Raises:
        GradsheetError: a file is missing, is damaged, or is not what its name says.
    """
    arrays, digests = [], []
    for name, expected in zip(FILE_NAMES, MNIST_SHA256, strict=True):
        content = _unpack(_find(folder, name))
        digests.append(hashlib.sha256(content).hexdigest())
        if folder is None and digests[-1] != expected:
            raise GradsheetError(
                f"the embedded {name}.gz is damaged: its SHA-256 is {digests[-1][:12]}…, expected "
                f"{expected[:12]}…; install gradsheet again"
            )
        arrays.append(_parse_idx(name, content))
    train_images, train_labels, test_images, test_labels = arrays
    whole = hashlib.sha256("".join(digests).encode()).hexdigest()
    train = _image_set(train_images, train_labels, "training")
    return Dataset(train, _image_set(test_images, test_labels, "test"), whole)


def first_training_images(count: int) -> Tensor:
    """The first ``count`` embedded training images, uint8 (N, 28, 28), without unpacking all."""
    header, size = 16, IMAGE_SIZE**2
    with _find(None, FILE_NAMES[0]).open("rb") as packed, gzip.GzipFile(fileobj=packed) as file:
        pixels = bytearray(file.read(header + count * size))
    whole = torch.frombuffer(pixels, dtype=torch.uint8, offset=header)
    return whole.view(count, IMAGE_SIZE, IMAGE_SIZE)


def _find(folder: Path | None, name: str) -> _Readable:
    if folder is None:
        return files("gradsheet.digits") / "mnist" / f"{name}.gz"
    # Some distributions write "-idx3" as ".idx3".
    spellings = [name, name.replace("-idx", ".idx")]
    candidates = [folder / f"{spelling}{end}" for spelling in spellings for end in ("", ".gz")]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise GradsheetError(
        f"{folder} holds no {name} or {name}.gz; expected the four files {', '.join(FILE_NAMES)}"
    )


def _unpack(file: _Readable) -> bytes:
    """The content, unpacked where it is gzip; a small file may unpack to anything."""
    try:
        with file.open("rb") as packed:
            is_gzip = packed.read(2) == b"\x1f\x8b"
            packed.seek(0)
            content = (gzip.GzipFile(fileobj=packed) if is_gzip else packed).read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise GradsheetError(
            f"{file.name} cannot be unpacked ({reason(error)}); the file is damaged, fetch it again"
        ) from error
    if len(content) > _MOST_BYTES:
        raise GradsheetError(
            f"{file.name} holds more than {_MOST_BYTES:,} bytes; give fewer images"
        )
    return content


def _parse_idx(name: str, content: bytes) -> Tensor:
    """The array in an IDX file of unsigned bytes: magic 0 0 8 rank, the sizes, the data."""
    rank = 3 if "images" in name else 1
    header = 4 + 4 * rank
    if len(content) < header or content[:4] != bytes([0, 0, 8, rank]):
        raise GradsheetError(
            f"{name} is not an IDX file of {rank} dimensions of unsigned bytes: it begins with "
            f"{content[:4].hex(' ') or 'nothing'}, expected 00 00 08 0{rank}"
        )
    shape = struct.unpack(f">{rank}I", content[4:header])
    size = 1
    for length in shape:
        size *= length
    if len(content) != header + size:
        raise GradsheetError(
            f"{name} is cut off or padded: its header announces {size:,} bytes of data, "
            f"{len(content) - header:,} follow; fetch the file again"
        )
    if size == 0:
        raise GradsheetError(f"{name} holds no data: its header announces sizes {shape}")
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=header).view(shape)


def _image_set(images: Tensor, labels: Tensor, which: str) -> ImageSet:
    if len(images) != len(labels):
        raise GradsheetError(
            f"the {which} files do not belong together: {len(images)} images, {len(labels)} labels"
        )
    if images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE):
        found = " x ".join(str(length) for length in images.shape[1:])
        raise GradsheetError(f"the {which} images are {found} pixels, expected 28 x 28")
    if int(labels.max()) >= CLASSES:
        raise GradsheetError(f"a {which} label is {int(labels.max())}, expected 0 to 9")
    return ImageSet(images, labels.long())
