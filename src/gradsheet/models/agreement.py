"""How far a recalculated workbook is from PyTorch, sheet by sheet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradsheet.errors import GradsheetError
from gradsheet.models.blocks import Block
from gradsheet.models.sheets.cells import ExpectedValues
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.recalculate import Cells, IronCalcWorkbook, recalculated

Array = NDArray[np.float64]

_MOST = 1e-6
"""The largest difference, relative to the numbers of a block, with which a workbook is written."""

_SMALLEST = 1e-8
"""What smaller numbers of a block count as there, times the largest number of the sheet if that is
above 1: the loss and the gradients of a confident network are differences of numbers near 1, and
have few correct digits in PyTorch as well. A wrong gradient is found down to 1E-14."""


_ROUNDING = 1e-6
"""Numbers of a block so much smaller than the largest of their sheet are compared with that: a sum
of gradients that cancel is a rounding error."""

_HUGE = 1e30
"""Larger numbers stand for infinity, as a mask fills them in, and say nothing of those beside."""


@dataclass
class Difference:
    """The largest difference of a sheet's cells from their expected values.

    Attributes:
        relative: to the largest number of the cell's block.
        tolerated: likewise, with small numbers counted as ``_SMALLEST``.
    """

    relative: float = 0.0
    tolerated: float = 0.0


def differences(
    path: Path,
    expected: Sequence[ExpectedValues],
    engine: str,
    typed: Mapping[CellRef, float] | None = None,
) -> dict[str, float]:
    """For each sheet the largest difference of a recalculated cell from its expected value.

    Args:
        path: the workbook.
        expected: what ``ModelWorkbook.write`` returned.
        engine: recalculates it.
        typed: numbers to type into cells first.

    Returns:
        the differences, relative to the largest number of the cell's block.
    """
    found = differences_of(recalculated(path, typed or {}, engine), expected)
    return {sheet: difference.relative for sheet, difference in found.items()}


def differences_of(found: Cells, expected: Sequence[ExpectedValues]) -> dict[str, Difference]:
    """For each sheet the largest difference of ``found`` cells; of a missing one infinity."""
    return compared(expected, lambda block: map(found.get, block.cells()))


def compared(
    expected: Sequence[ExpectedValues], found: Callable[[Block], Iterable[object]]
) -> dict[str, Difference]:
    """For each sheet the largest difference of the cells ``found`` of each block."""
    worst: dict[str, Difference] = {}
    largest: dict[str, float] = {}
    for block in expected:
        top = _largest(np.abs(block.values))
        largest[block.block.sheet] = max(largest.get(block.block.sheet, 0.0), top)
    for block in expected:
        sheet = block.block.sheet
        values = block.values.ravel()
        cells = found(block.block)
        numbers = np.array([v if isinstance(v, float) else np.inf for v in cells])
        apart = np.abs(numbers - values)
        far = float(
            np.nan_to_num(apart, nan=np.inf, posinf=np.inf)[np.abs(values) < _HUGE].max(initial=0)
        )
        scale = _largest(np.abs(values))
        far = max(far, _far_of_huge(numbers, values))
        difference = worst.setdefault(sheet, Difference())
        least = max(_ROUNDING * largest[sheet], 1e-30)
        difference.relative = max(difference.relative, far / max(scale, least))
        smallest = _SMALLEST * max(1.0, largest[sheet])
        difference.tolerated = max(difference.tolerated, far / max(scale, smallest))
    return worst


def _largest(sizes: Array) -> float:
    """The largest number that does not stand for infinity."""
    return float(sizes[sizes < _HUGE].max(initial=0))


def _far_of_huge(numbers: Array, values: Array) -> float:
    """The difference of the numbers in place of infinity, relative to them."""
    huge = np.abs(values) >= _HUGE
    if not huge.any():
        return 0.0
    apart = np.abs(numbers[huge] / values[huge] - 1)
    return float(np.nan_to_num(apart, nan=np.inf, posinf=np.inf).max())


def check_agreement(path: Path, expected: Sequence[ExpectedValues]) -> dict[str, Difference]:
    """For each sheet the largest difference when IronCalc computes a workbook of formulas alone.

    Raises:
        GradsheetError: a sheet differs from PyTorch.
    """
    book = IronCalcWorkbook(path)
    book.evaluate()
    found = compared(
        expected,
        lambda block: book.values(
            block.sheet, block.rows.ravel().tolist(), block.columns.ravel().tolist()
        ),
    )
    for sheet, difference in found.items():
        if not difference.tolerated < _MOST:
            raise GradsheetError(
                f"sheet '{sheet}' differs from PyTorch by {difference.tolerated:.1E} when "
                f"IronCalc recalculates it (at most {_MOST:.0E} is accepted), so no workbook is "
                "written; scale very large inputs or weights down, or report the model"
            )
    return found
