"""Tensors in cells: where each number of a tensor is."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gradsheet.spreadsheet.addresses import CellIndex, CellRef, on_sheet
from gradsheet.spreadsheet.writer import cell_address

Places = NDArray[np.int64]
Index = tuple[int, ...]

LABEL = 1  # the row above each tile, with its name
GAP = 1  # the empty row below it


@dataclass(frozen=True, eq=False)
class Block:
    """The cells of a tensor on a sheet.

    Attributes:
        sheet: its name.
        rows, columns: 0-based, of the tensor's shape.
    """

    sheet: str
    rows: Places
    columns: Places

    @property
    def shape(self) -> Index:
        """Of the tensor."""
        return self.rows.shape

    def cell(self, index: Index) -> str:
        """The address of a number on its own sheet: ``C5``."""
        return cell_address(int(self.rows[index]), int(self.columns[index]))

    def cells(self) -> Iterator[CellRef]:
        """The cells of all numbers, in row-major order."""
        rows, columns = self.rows.ravel().tolist(), self.columns.ravel().tolist()
        indices = map(CellIndex.from_zero_based, rows, columns)
        return (CellRef(self.sheet, index) for index in indices)

    def addresses(self) -> Iterator[str]:
        """The addresses of all numbers on their own sheet, in row-major order."""
        return map(cell_address, self.rows.ravel().tolist(), self.columns.ravel().tolist())

    def reference(self, index: Index) -> str:
        """The address for formulas of other sheets: ``'3 conv2'!C5``."""
        return on_sheet(self.sheet, self.cell(index))

    def span(self, first: Index, last: Index) -> str:
        """The cells from ``first`` to ``last``, which must be one rectangle: ``C5:G9``."""
        return f"{self.cell(first)}:{self.cell(last)}"

    def whole(self, *leading: int) -> str:
        """The range of the part that ``leading`` indices choose."""
        rest = self.shape[len(leading) :]
        return self.span((*leading, *(0 for _ in rest)), (*leading, *(n - 1 for n in rest)))

    def rectangle(self) -> str:
        """The smallest range with all cells; it includes what is between channels."""
        first = cell_address(int(self.rows.min()), int(self.columns.min()))
        return f"{first}:{cell_address(int(self.rows.max()), int(self.columns.max()))}"

    def reshape(self, shape: Index) -> "Block":
        """The same cells as a tensor of another shape, in row-major order."""
        return Block(self.sheet, self.rows.reshape(shape), self.columns.reshape(shape))

    def moved(self, down: int, right: int = 0) -> "Block":
        """A block of the same shape further down and to the right."""
        return Block(self.sheet, self.rows + down, self.columns + right)

    @property
    def bottom(self) -> int:
        """The row below the last."""
        return int(self.rows.max()) + 1

    @property
    def right(self) -> int:
        """The column beside the last."""
        return int(self.columns.max()) + 1


def tiles(sheet: str, top: int, left: int, shape: Index, step: int = 0) -> Block:
    """Channels (C, H, W) one below the other, each under a label.

    Args:
        sheet: the sheet's name.
        top: the row of the first label.
        left: the first column.
        shape: of the tensor.
        step: rows from one channel to the next, where it is more than the tiles need.
    """
    channels, height, width = shape
    down = max(step, height + LABEL + GAP)
    channel, y, x = np.meshgrid(*map(np.arange, (channels, height, width)), indexing="ij")
    return Block(sheet, top + LABEL + channel * down + y, left + x)


def filters(sheet: str, top: int, left: int, shape: Index, step: int = 0) -> Block:
    """Kernels (O, I, h, w): a row of tiles for each output, a column for each input."""
    outputs, inputs, height, width = shape
    down = max(step, height + LABEL + GAP)
    o, i, y, x = np.meshgrid(*map(np.arange, (outputs, inputs, height, width)), indexing="ij")
    return Block(sheet, top + LABEL + o * down + y, left + i * (width + 1) + x)


def matrix(sheet: str, top: int, left: int, shape: Index) -> Block:
    """Numbers (rows, columns), without labels."""
    y, x = np.meshgrid(*map(np.arange, shape), indexing="ij")
    return Block(sheet, top + y, left + x)


def column(sheet: str, top: int, left: int, count: int) -> Block:
    """A vector (count,) from top to bottom."""
    return matrix(sheet, top, left, (count, 1)).reshape((count,))


def row(sheet: str, top: int, left: int, count: int) -> Block:
    """A vector (count,) from left to right."""
    return matrix(sheet, top, left, (1, count)).reshape((count,))


def indices(shape: Index) -> Iterator[Index]:
    """Every index of a tensor, in row-major order."""
    return product(*map(range, shape))
