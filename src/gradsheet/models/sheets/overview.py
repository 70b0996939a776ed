"""The overview: every sheet with what it reads and a link to it."""

from collections.abc import Sequence

import numpy as np

from gradsheet.models.blocks import Block, column
from gradsheet.models.capture.scope import LOSS
from gradsheet.models.graph import Node
from gradsheet.models.layout import ModelLayout, Sheet
from gradsheet.models.naming import operations, printable
from gradsheet.models.primitives.leaves import Parameter
from gradsheet.models.primitives.product import Product
from gradsheet.models.sheets.cells import Array, CellWriter
from gradsheet.models.sheets.flow import OTHERS, flow
from gradsheet.spreadsheet.addresses import on_sheet
from gradsheet.spreadsheet.writer import Worksheet, print_on_pages

OVERVIEW_SHEET = "Overview"

_EXPLANATION = "Every number is a live formula: change a weight or the input, and {}."
_COLUMNS = (
    ("sheet", 26),
    ("reads", 24),
    ("in the model", 24),
    ("layer", 30),
    ("output", 16),
    ("parameters", 12),
    ("data flow", 14),
)


def write_overview(
    layout: ModelLayout, cells: CellWriter, page: Worksheet, mode: str, titles: Sequence[str]
) -> int:
    """Write the sheets with links; return the row below."""
    style = cells.style
    for number, (name, width) in enumerate(_COLUMNS):
        page.set_column(number, number, width)
        page.write_string(2, number, name, style.header())
    updated = "every layer updates"
    if layout.backward:
        updated = "every layer, the loss and all gradients update"
    page.write_string(1, 0, f"{_EXPLANATION.format(updated)} {mode}", style.note)
    style.write_link(page, 3, 0, layout.input_sheet)
    inputs = [n for n in layout.grouped.inputs if layout.grouped.home[n] < 0]
    page.write_string(3, 4, ", ".join(_shape(node.shape) for node in inputs), style.general)
    row, total, last = 4, 0, layout.input_sheet
    rails = style.format(font_name="DejaVu Sans Mono", font_size=11, indent=1)
    lines = flow([[], *([index + 1 for index in s.group.reads] for s in layout.sheets)])
    names = [layout.input_sheet, *(sheet.name for sheet in layout.sheets)]
    for place, (name, line) in enumerate(zip(names, lines, strict=True), start=3):
        where = f"internal:{on_sheet(name, 'A1')}"
        page.write_url(place, len(_COLUMNS) - 1, where, rails, line)
    if any(line.startswith(OTHERS) for line in lines):
        words = f"{OTHERS} does not read the row above"
        page.write_string(row - 2, len(_COLUMNS), words, style.aside)
    for sheet, title in zip(layout.sheets, titles, strict=True):
        total += _write_sheet(layout, cells, page, row, sheet, title, last)
        row, last = row + 1, sheet.name
    page.write_string(row, 3, "total parameters", style.format(bold=True))
    page.write_number(row, 5, total, style.format(num_format="#,##0", bold=True, top=1))
    print_on_pages(page)
    return row + 1


def _write_sheet(
    layout: ModelLayout,
    cells: CellWriter,
    page: Worksheet,
    row: int,
    sheet: Sheet,
    title: str,
    last: str,
) -> int:
    """One line; the number of the sheet's parameters."""
    style = cells.style
    style.write_link(page, row, 0, sheet.name)
    names = [layout.input_sheet if n < 0 else layout.sheets[n].name for n in sheet.group.reads]
    if len(names) == 1:
        style.write_link(page, row, 1, names[0], "▴" if names[0] == last else names[0])
    elif names:
        page.write_string(row, 1, ", ".join(names), style.format())
    page.write_string(row, 2, printable(sheet.group.where.path), style.format())
    page.write_string(row, 3, title, style.format())
    computed = sheet.group.computed
    if computed:
        page.write_string(row, 4, _shape(_output_shape(sheet, computed[-1])), style.general)
    count = sum(n.size for n in sheet.group.leaves if isinstance(n.primitive, Parameter))
    page.write_number(row, 5, count, style.format(num_format="#,##0"))
    return count


def sheet_title(sheet: Sheet) -> str:
    """What a sheet computes: the class of its module, or its operations."""
    where = sheet.group.where
    if where.standard and where.kind:
        return f"{where.kind}{_sizes(sheet)}"
    return operations(sheet.group) or where.kind


def _sizes(sheet: Sheet) -> str:
    weights = [n for n in sheet.group.leaves if n.name == "weight"]
    if len(weights) != 1 or len(weights[0].shape) < 2:
        return ""
    shape = weights[0].shape
    if len(shape) == 2:
        arrow = (shape[0], shape[1]) if sheet.group.where.kind == "Embedding" else shape[::-1]
        return f", {arrow[0]} → {arrow[1]}"
    inputs = sheet.group.computed[0].operands[0].ids.shape[1] if sheet.group.computed else shape[1]
    outputs = sheet.group.computed[-1].shape[1] if sheet.group.computed else shape[0]
    return f" {_shape(shape[2:])}, {inputs} → {outputs} channels"


def write_losses(
    cells: CellWriter, page: Worksheet, row: int, losses: Block, values: Array
) -> None:
    """Write the loss before and after the step."""
    names = ("loss", "loss after the step")
    page.write_column(row, 3, names, cells.style.format(bold=True))
    block = column(OVERVIEW_SHEET, row, 4, len(names))
    scientific = cells.style.format(num_format="0.0000E+00")
    formulas = (losses.reference(i) for i in np.ndindex(*block.shape))
    cells.formulas(page, block, formulas, values, scientific)


def _output_shape(sheet: Sheet, last: Node) -> Sequence[int]:
    """The shape of the last result; a product of two matrices has one of its own in front."""
    if sheet.group.where.path == LOSS and last.size == 1:
        return ()
    is_product = isinstance(last.primitive, Product) and last.shape[0] == 1
    return last.shape[1:] if is_product else last.shape


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(str(size) for size in shape) or "one number"


Nodes = Sequence[Node]
