"""How far a recalculated workbook is from PyTorch, sheet by sheet."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from gradsheet.errors import GradsheetError
from gradsheet.models.sheets.cells import UNKNOWN_AGREEMENT, ExpectedValues
from gradsheet.spreadsheet.recalculate import Cell, Cells, Engine, recalculated

_MOST = 1e-6
"""The largest difference, relative to the numbers of a block, with which a workbook is written."""

_SMALLEST = 1e-6
"""What smaller numbers of a block count as there: the loss and the gradients of a confident network
are differences of numbers near 1, and have few correct digits in PyTorch as well."""


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
    engine: Engine,
    typed: Mapping[Cell, float] | None = None,
) -> dict[str, float]:
    """For each sheet the largest difference of a recalculated cell from its expected value.

    Args:
        path: the workbook.
        expected: what ``write_model`` returned.
        engine: recalculates it.
        typed: numbers to type into cells first.

    Returns:
        the differences, relative to the largest number of the cell's block.
    """
    found = differences_of(recalculated(path, typed or {}, engine), expected)
    return {sheet: difference.relative for sheet, difference in found.items()}


def differences_of(found: Cells, expected: Sequence[ExpectedValues]) -> dict[str, Difference]:
    """For each sheet the largest difference of ``found`` cells; of a missing one infinity."""
    worst: dict[str, Difference] = {}
    for block in expected:
        sheet = block.block.sheet
        values = block.values.ravel()
        cells = (found.get((sheet, cell)) for cell in block.block.cells())
        numbers = np.array([v if isinstance(v, float) else np.inf for v in cells])
        far = float(np.nan_to_num(np.abs(numbers - values), nan=np.inf, posinf=np.inf).max())
        scale = float(np.abs(values).max())
        difference = worst.setdefault(sheet, Difference())
        difference.relative = max(difference.relative, far / max(scale, 1e-30))
        difference.tolerated = max(difference.tolerated, far / max(scale, _SMALLEST))
    return worst


def write_agreement(path: Path, expected: Sequence[ExpectedValues]) -> None:
    """Recalculate the workbook with IronCalc and write the differences into it.

    Raises:
        GradsheetError: a sheet differs from PyTorch.
    """
    found = differences_of(recalculated(path, {}, "ironcalc"), expected)
    for sheet, difference in found.items():
        if not difference.tolerated < _MOST:
            raise GradsheetError(
                f"sheet '{sheet}' differs from PyTorch by {difference.tolerated:.1E} when "
                f"IronCalc recalculates it (at most {_MOST:.0E} is accepted), so no workbook is "
                "written; scale very large inputs or weights down, or report the model"
            )
    mark = f"<v>{UNKNOWN_AGREEMENT:.16G}</v>".encode()
    with zipfile.ZipFile(path) as archive:
        names = _sheet_names(archive)
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if name in names and names[name] in found:
                number = f"<v>{found[names[name]].relative:.3G}</v>".encode()
                content = content.replace(mark, number)
            archive.writestr(name, content)


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """The name of the sheet in each file of the archive, in XlsxWriter's order."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    sheets = [element.get("name", "") for element in book.iter() if element.tag.endswith("}sheet")]
    return {f"xl/worksheets/sheet{n}.xml": name for n, name in enumerate(sheets, start=1)}
