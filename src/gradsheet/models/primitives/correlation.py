"""The blocks and ranges of correlations."""

from collections.abc import Sequence

import numpy as np

from gradsheet.models.blocks import Block, filters, matrix
from gradsheet.models.primitives.base import Ids
from gradsheet.models.primitives.place import beside_one_another
from gradsheet.models.primitives.text import Refs, spans
from gradsheet.spreadsheet.filled import Filled

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


def is_in_rectangles(kernels: Refs) -> bool:
    """Whether the cells of each kernel (..., h, w) are a rectangle of the sheet, row by row."""
    height, width = kernels.rows.shape[-2:]
    down, right = np.arange(height)[:, np.newaxis], np.arange(width)
    return bool(
        (kernels.rows >= 0).all()
        and (kernels.rows == kernels.rows[..., :1, :1] + down).all()
        and (kernels.columns == kernels.columns[..., :1, :1] + right).all()
    )


def sums_of_products(pairs: Sequence[tuple[Refs, Refs]], height: int, width: int) -> Filled:
    """For each formula the sum, over pairs of ranges of one size, of the sums of their products.

    Args:
        pairs: of each the first cells of both ranges, one for each formula.
        height: of the ranges.
        width: of the ranges; of single cells the products are added.
    """
    single = height == width == 1
    start, between, end = ("", "*", "") if single else ("SUMPRODUCT(", ",", ")")
    pieces = [start]
    for _ in pairs:
        pieces += [between, f"{end}+{start}"]
    pieces[-1] = end
    found = [spans(refs, height, width) for pair in pairs for refs in pair]
    return Filled(pairs[0][0].size, tuple(pieces), tuple(found))
