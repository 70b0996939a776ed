"""The overview: every layer with its size and a link to its sheet."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradsheet.models.blocks import Block, column
from gradsheet.models.layers.base import indices
from gradsheet.models.layout import ModelLayout, printable
from gradsheet.models.sheets.cells import CellWriter
from gradsheet.models.sheets.loss import LOSS_SHEET
from gradsheet.spreadsheet.writer import Worksheet, print_on_pages

OVERVIEW_SHEET = "Overview"

_EXPLANATION = "Every number is a live formula: change a weight or the input, and {} update."
_COLUMNS = (("sheet", 26), ("in the model", 22), ("layer", 34), ("output", 14), ("parameters", 12))


def write_overview(
    layout: ModelLayout, cells: CellWriter, sheet: Worksheet, input_sheet: str
) -> int:
    """Write the layers with links to their sheets; return the row below."""
    style, trace = cells.style, layout.trace
    for number, (name, width) in enumerate(_COLUMNS):
        sheet.set_column(number, number, width)
        sheet.write_string(2, number, name, style.header())
    sheet.set_row(1, 30)
    updated = "every layer" if trace.loss is None else "every layer, the loss and all gradients"
    sheet.write_string(1, 0, _EXPLANATION.format(updated), style.note)
    _write_link(cells, sheet, 3, input_sheet)
    sheet.write_string(3, 3, _shape(trace.example.shape), style.general)
    row, total = 4, 0
    for index, traced in enumerate(trace.layers):
        count = sum(values.size for values in traced.parameters.values())
        total += count
        if index in layout.sheets:
            _write_link(cells, sheet, row, layout.sheets[index].name)
        else:
            sheet.write_string(row, 0, "no cells of its own", style.note)
        sheet.write_string(row, 1, printable(traced.path), style.format())
        sheet.write_string(row, 2, traced.layer.title, style.format())
        sheet.write_string(row, 3, _shape(traced.shape), style.general)
        sheet.write_number(row, 4, count, style.format(num_format="#,##0"))
        row += 1
    if trace.output.ndim == 1:
        _write_link(cells, sheet, row, LOSS_SHEET)
    sheet.write_string(row, 2, "total parameters", style.format(bold=True))
    sheet.write_number(row, 4, total, style.format(num_format="#,##0", bold=True, top=1))
    print_on_pages(sheet)
    return row + 1


def write_losses(
    cells: CellWriter, sheet: Worksheet, row: int, losses: Block, values: NDArray[np.float64]
) -> None:
    """Write the loss before and after the step."""
    names = ("loss", "loss after a step of gradient descent")
    sheet.write_column(row, 2, names, cells.style.format(bold=True))
    block = column(OVERVIEW_SHEET, row, 3, len(names))
    scientific = cells.style.format(num_format="0.0000E+00")
    formulas = (losses.reference(i) for i in indices(block.shape))
    cells.formulas(sheet, block, formulas, values, scientific)


def _write_link(cells: CellWriter, sheet: Worksheet, row: int, name: str) -> None:
    cells.style.write_link(sheet, row, 0, name)


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(str(size) for size in shape)
