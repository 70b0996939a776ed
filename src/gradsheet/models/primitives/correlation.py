"""The blocks and ranges of correlations."""

import numpy as np

from gradsheet.models.blocks import Block, filters, matrix
from gradsheet.models.primitives.base import Ids
from gradsheet.models.primitives.place import beside_one_another
from gradsheet.models.primitives.text import Refs, span

Sizes = tuple[int, ...]
ZERO = -1
"""In place of an element, where a block holds a zero."""

KERNELS = "kernels"


def volume(ids: Ids) -> Ids:
    """(N, C, ...) as (N, C, depth, height, width)."""
    missing = 5 - ids.ndim
    return ids.reshape(*ids.shape[:2], *(1 for _ in range(missing)), *ids.shape[2:])


def channel_blocks(sheet: str, top: int, left: int, shape: Sizes, step: int = 0) -> Block:
    """Feature maps (N, C, D, H, W): a tile for each channel and depth, an example beside another.

    Those of one row are a matrix, a channel in each row.
    """
    examples, channels, depth, height, width = shape
    if height == 1 and depth == 1 and width > 1:
        parts = [
            matrix(sheet, top + 1, left + n * (width + 1), (channels, width))
            for n in range(examples)
        ]
        rows, columns = (np.stack([getattr(p, k) for p in parts]) for k in ("rows", "columns"))
        return Block(sheet, rows.reshape(shape), columns.reshape(shape))
    flat = (examples, channels * depth, height, width)
    return beside_one_another(sheet, top, left, flat, step).reshape(shape)


def kernel_blocks(sheet: str, top: int, left: int, shape: Sizes, step: int = 0) -> Block:
    """Kernels (O, I, D, h, w): a row of tiles for each output, a column for each input."""
    outputs, inputs, depth, height, width = shape
    if height == 1 and depth == 1:
        o, i, x = np.meshgrid(*map(np.arange, (outputs, inputs, width)), indexing="ij")
        return Block(
            sheet, (top + 1 + o).reshape(shape), (left + i * (width + 1) + x).reshape(shape)
        )
    flat = (outputs, inputs * depth, height, width)
    return filters(sheet, top, left, flat, step).reshape(shape)


def product_of(kernel: str, window: str) -> str:
    """The sum of products of two ranges of the same shape; for single cells the product."""
    return f"SUMPRODUCT({kernel},{window})" if ":" in kernel else f"{kernel}*{window}"


class Windows(dict[Sizes, str]):
    """The range of each window of a block, by the index of its first number."""

    def __init__(self, refs: Refs, height: int, width: int) -> None:
        super().__init__()
        self._rows, self._columns = refs.rows, refs.columns
        self._more = height - 1, width - 1

    def __missing__(self, index: Sizes) -> str:
        row, column = int(self._rows[index]), int(self._columns[index])
        self[index] = span(row, column, row + self._more[0], column + self._more[1])
        return self[index]
