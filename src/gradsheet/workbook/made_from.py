"""What a workbook was made from, read back from its cells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import NetworkGraph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.toml import parse_network
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.model import Sheet
from gradsheet.spreadsheet.reader import read_book
from gradsheet.spreadsheet.recalculate import LARGER
from gradsheet.workbook.exercise import MARKS_SHEET
from gradsheet.workbook.gradient_check import FIRST_COMPARED
from gradsheet.workbook.inputs_layout import CHOICE_CELL, INPUTS_SHEET, OWN, place_fields
from gradsheet.workbook.layout import (
    FIRST_ROW,
    GRADIENT_SHEET,
    ITERATION_COLUMN,
    NETWORK_SHEET,
    START_SHEET,
    STEP_SHEET,
    rate_sheet,
)
from gradsheet.workbook.selector import CHOSEN_EXAMPLE, CHOSEN_ITERATION, CHOSEN_RATE
from gradsheet.workbook.start import FILE_HEADING


@dataclass(frozen=True)
class MadeFrom:
    """What a workbook was made from.

    Attributes:
        network: the network.
        learning_rates: one for each training sheet.
        updates: how many times the weights are updated.
        selectors: the sheets on which an iteration is chosen.
        has_autograd: whether the Gradient check sheet shows autograd's values.
    """

    network: NetworkSpec
    learning_rates: tuple[float, ...]
    updates: int
    selectors: tuple[str, ...]
    has_autograd: bool

    def typed(self, graph: NetworkGraph) -> dict[CellRef, float]:
        """Every cell to type in with the number that ``graph`` has for it."""
        fields = place_fields(graph, self.learning_rates, self.network)
        values = {**graph.given, **dict(zip(fields.rates, self.learning_rates, strict=True))}
        typed = {
            cell_ref(INPUTS_SHEET, place): values[variable]
            for variable, place in fields.typed.items()
        }
        for sheet in self.selectors:
            typed[cell_ref(sheet, CHOSEN_RATE)] = self.learning_rates[0]
            typed[cell_ref(sheet, CHOSEN_ITERATION)] = 0.0
        if len(graph.examples) > 1:
            typed[cell_ref(NETWORK_SHEET, CHOSEN_EXAMPLE)] = 1.0
        return typed


def read_made_from(path: Path) -> MadeFrom:
    """Read what a workbook was made from.

    Raises:
        GradsheetError: the file cannot be read, was not made by gradsheet, or is an exercise.
    """
    sheets = read_book(path, LARGER).sheets
    foreign = GradsheetError(f"{path} is not a workbook that 'gradsheet workbook' wrote")
    rates = tuple(float(n[3:]) for n in sheets if re.fullmatch(r"lr \d+(\.\d+)?(e[+-]?\d+)?", n))
    if not rates or not {START_SHEET, INPUTS_SHEET, *map(rate_sheet, rates)} <= sheets.keys():
        raise foreign
    if MARKS_SHEET in sheets:
        raise GradsheetError(f"{path} is an exercise; verify the workbook without --exercise")
    chosen = sheets[INPUTS_SHEET].cells.get(CellIndex.from_zero_based(*CHOICE_CELL))
    if chosen is None or chosen.value != OWN:
        used = chosen.value if chosen else ""
        raise GradsheetError(f"{path} uses '{used}'; choose '{OWN}' on its {INPUTS_SHEET} sheet")
    text = "\n".join(_file_lines(sheets[START_SHEET]))
    rows = _table_rows(sheets[rate_sheet(rates[0])])
    if not text or rows < 2:
        raise foreign
    spec = parse_network(text, f"{path}, sheet {START_SHEET}")
    selectors = tuple(name for name in (NETWORK_SHEET, STEP_SHEET) if name in sheets)
    return MadeFrom(spec, rates, rows - 1, selectors, shows_autograd(sheets.get(GRADIENT_SHEET)))


def shows_autograd(sheet: Sheet | None) -> bool:
    """Whether the first parameter's row of a Gradient check sheet is compared with autograd."""
    cell = sheet and sheet.cells.get(CellIndex.from_zero_based(*FIRST_COMPARED))
    return bool(cell and cell.formula is not None)


def _table_rows(sheet: Sheet) -> int:
    """The number of rows of a training table: of numbers in its first column."""
    first, column = CellIndex.from_zero_based(FIRST_ROW, ITERATION_COLUMN)
    return sum(
        index.column == column and index.row >= first and isinstance(cell.value, float)
        for index, cell in sheet.cells.items()
    )


def _file_lines(sheet: Sheet) -> Iterator[str]:
    """The lines below the heading of the network's file."""
    texts = {index: str(cell.value) for index, cell in sheet.cells.items() if cell.value}
    headings = [i.row for i, text in texts.items() if i.column == 1 and text == FILE_HEADING]
    if headings:
        last = max(index.row for index in texts)
        for row in range(headings[0] + 1, last + 1):
            yield texts.get(CellIndex(row, 2), "")


def cell_ref(sheet: str, place: tuple[int, int]) -> CellRef:
    """A cell that XlsxWriter wrote."""
    return CellRef(sheet, CellIndex.from_zero_based(*place))
