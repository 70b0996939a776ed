"""Examples for a network from files: arrays, tables of numbers, pictures."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradsheet.errors import GradsheetError
from gradsheet.files import read_text, reading

Array = NDArray[Any]
Sizes = Sequence[int | None]

PICTURES = (".png", ".jpg", ".jpeg")
ARRAYS = (".npy", ".npz", ".csv")
_EXPECTED = "an array (.npy, .npz), a table of numbers (.csv) or a picture (.png, .jpg)"


def read_example(path: Path, sizes: Sizes | None = None) -> Array | dict[str, Array]:
    """The example in a file: an array, or arrays by name in an .npz file.

    Args:
        path: the file; of a table each line is an example, of a picture the shades are 0 to 1.
        sizes: what the network's input takes; None for sizes that are open. A line of a table and
            a picture become what fits.

    Raises:
        GradsheetError: it cannot be read or does not fit.
    """
    suffix = path.suffix.lower()
    if suffix in (".npy", ".npz"):
        with reading(path, "a file of arrays"):
            found = np.load(path, allow_pickle=False)
            arrays = found if isinstance(found, np.ndarray) else {**found}
        _check_numbers(path, [arrays] if isinstance(arrays, np.ndarray) else arrays.values())
        return arrays
    if suffix == ".csv":
        return _fitted(_table(path), sizes)
    if suffix in PICTURES:
        return _picture(path, sizes)
    raise GradsheetError(f"cannot read an example from {path}; expected {_EXPECTED}")


def _check_numbers(path: Path, arrays: Iterable[Array]) -> None:
    for array in arrays:
        if array.dtype.kind not in "fiub":
            kind = "text" if array.dtype.kind in "US" else str(array.dtype)
            raise GradsheetError(f"{path} holds {kind}; expected an array of numbers")


def _table(path: Path) -> Array:
    """The numbers of a table, one line per example; a first line of names is left out."""
    lines = read_text(path, "a table of numbers").lstrip("\ufeff").splitlines()
    rows = [line.replace(";", ",").split(",") for line in lines if line.strip()]
    if not rows:
        raise GradsheetError(f"{path} is empty; expected a table of numbers")
    if not all(map(_is_number, rows[0])):
        names, rows = rows[0], rows[1:]
        if not rows:
            raise GradsheetError(
                f"{path} has one line, {','.join(names)!r}, and no numbers; expected a table of "
                "numbers"
            )
    for number, row in enumerate(rows, 1):
        for text in row:
            if not _is_number(text):
                raise GradsheetError(
                    f"{path} has {text.strip()!r} in its example {number}; expected numbers"
                )
        if len(row) != len(rows[0]):
            raise GradsheetError(
                f"{path} has {len(row)} numbers in its example {number} and {len(rows[0])} in the "
                "first; expected as many in each"
            )
    return np.array([[float(text) for text in row] for row in rows])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fitted(table: Array, sizes: Sizes | None) -> Array:
    """The lines of a table in the shape of an example each, or all of them as one example."""
    if sizes is None or len(sizes) == 2:
        return table
    each = [size for size in sizes[1:] if size is not None]
    if len(each) == len(sizes) - 1 and table.shape[1] == np.prod(each):
        return table.reshape(len(table), *each)
    if len(sizes) == 1:
        return table.ravel()
    return table[np.newaxis] if len(sizes) == 3 else table


def _picture(path: Path, sizes: Sizes | None) -> Array:
    """A picture scaled to what an input takes: channels first, or last if they are there."""
    from PIL import Image

    if sizes is None or len(sizes) not in (3, 4):
        raise GradsheetError(f"the network takes no picture; give {path} as numbers in a .npy file")
    *_, first, second, third = sizes
    channels, height, width = first, second, third
    last = third in (1, 3) and first not in (1, 3)
    if last:
        height, width, channels = first, second, third
    with reading(path, "a picture"), Image.open(path, formats=("PNG", "JPEG")) as picture:
        image = picture.convert("L" if channels == 1 else "RGB")
        image = image.resize((width or image.width, height or image.height))
    shades = np.asarray(image, dtype=np.float64) / 255
    shades = shades[:, :, np.newaxis] if shades.ndim == 2 else shades
    return (shades if last else shades.transpose(2, 0, 1))[np.newaxis]
