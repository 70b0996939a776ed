"""All sheets of a model's workbook, in their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradsheet.errors import GradsheetError
from gradsheet.models.capture.scope import LOSS
from gradsheet.models.layout import Sheet
from gradsheet.models.naming import LOSS_SHEET, OUTPUT_SHEET, printable
from gradsheet.models.sheets.cells import SMALL, CellWriter, Links
from gradsheet.models.sheets.gradients import INPUT, Terms
from gradsheet.models.sheets.group import GroupWriter
from gradsheet.models.sheets.inputs import DigitInput
from gradsheet.models.sheets.loss import probability_block
from gradsheet.models.sheets.overview import (
    OVERVIEW_SHEET,
    sheet_title,
    write_losses,
    write_overview,
)
from gradsheet.models.sheets.symbols import description
from gradsheet.spreadsheet.made_by import MODEL, sign
from gradsheet.spreadsheet.writer import Worksheet

if TYPE_CHECKING:
    from gradsheet.models.build import ModelWorkbook

_DRAWN = "they were drawn once and are constants here"


@dataclass(frozen=True)
class BookWriter:
    """Writes the sheets of a workbook.

    Attributes:
        book: what they show.
        cells: the writer of its cells.
    """

    book: "ModelWorkbook"
    cells: CellWriter

    def write(self) -> None:
        """Write all of them."""
        cells = self.cells
        layout = self.book.layout
        cells.style.book.set_properties({"title": self.book.title, "comments": "Made by gradsheet"})
        sign(cells.style.book, MODEL)
        overview = cells.style.add_sheet(OVERVIEW_SHEET, f"{self.book.title}, layer by layer")
        terms = Terms(layout) if layout.backward else None
        names = [self.book.input.sheet, *(sheet.name for sheet in layout.sheets)]
        first = self.book.input.write(cells, _links(names, 0))
        self._write_input_gradients(first, terms)
        titles = []
        for number, sheet in enumerate(layout.sheets, start=1):
            title, words = self._title(sheet)
            titles.append(title)
            heading = title if sheet.group.where.path == LOSS else f"{sheet.name}: {title}"
            links = _links(names, number)
            page = cells.add_sheet(sheet.name, heading, words, links, columns=sheet.right)
            self._write_group(page, sheet, terms)
        if isinstance(self.book.input, DigitInput):
            self._write_prediction(first, self.book.input)
        row = write_overview(layout, cells, overview, self._mode(), titles)
        if self.book.after is not None and layout.grouped.loss is not None:
            loss = layout.grouped.loss
            values = [float(n.of(loss).ravel()[0]) for n in (self.book.numbers, self.book.after)]
            write_losses(cells, overview, row + 1, self.book.loss.losses, np.array(values))

    def _mode(self) -> str:
        mode = f"The model is in {'training' if self.book.train else 'evaluation'} mode."
        if self.book.drawn:
            mode += f" Random numbers are drawn in {self._places(self.book.drawn)}: {_DRAWN}."
        if self.book.decided:
            mode += (
                f" What is computed in {self._places(self.book.decided)} depends on values of the "
                "input: the formulas hold for inputs with which the same is computed."
            )
        return mode

    def _places(self, paths: Sequence[str]) -> str:
        return ", ".join(printable(path) or self.book.title for path in paths)

    def _title(self, sheet: Sheet) -> tuple[str, str]:
        if sheet.name == LOSS_SHEET:
            return self.book.loss.title()
        if sheet.name == OUTPUT_SHEET:
            return "Output and probabilities", "p = exp(z − max) / Σ exp(z − max)"
        words = description(self.book.layout, sheet)
        if "BatchNorm" in sheet.group.where.kind:
            of = "the batch: training mode" if self.book.train else "past batches: evaluation mode"
            words += f"; the statistics are those of {of}"
        if sheet.group.where.path in self.book.drawn:
            words += f"; random numbers: {_DRAWN}"
        return sheet_title(sheet), words

    def _write_group(self, page: Worksheet, sheet: Sheet, terms: Terms | None) -> None:
        step = self.book.step if self.book.layout.backward else None
        writer = GroupWriter(
            self.cells, self.book.layout, sheet, self.book.numbers, self.book.after, terms, step
        )
        writer.write(page)
        if sheet.group.where.path != LOSS:
            return
        if self.book.after is not None:
            self.book.loss.write(self.cells, page, self.book.numbers, self.book.after)
        found = probability_block(self.book.layout, sheet)
        if found is not None and len(found[0].rows.ravel()) > 1:
            chart = self.cells.bar_chart(found[0], "Probability of each class")
            page.insert_chart(sheet.tops["forward"], sheet.right + 1, chart)

    def _write_input_gradients(self, page: Worksheet, terms: Terms | None) -> None:
        """∂L/∂input, which adds up what comes from all sheets that read it."""
        if terms is None:
            return
        small = self.cells.cell_format(num_format=SMALL)
        for node in self.book.grouped.inputs:
            if self.book.grouped.home[node] >= 0 or not node.flows:
                continue
            block = self.book.layout.block(node, "backward")
            self.cells.formulas(
                page, block, terms.of(INPUT, node), self.book.numbers.loss_by(node.ids), small
            )
            self.cells.label(page, block, f"∂L/∂{node.name}")
            self.cells.color(page, block, "signed")

    def _write_prediction(self, page: Worksheet, image: DigitInput) -> None:
        found = probability_block(self.book.layout, self.book.layout.sheets[-1])
        if found is None:
            raise GradsheetError("the model ends in no vector; expected a number for each digit")
        block, node = found
        z = self.book.numbers.of(node.operands[0].ids).ravel()
        image.write_prediction(self.cells, page, block, np.exp(z - z.max()))
        image.write_digits(self.cells)


def _links(names: Sequence[str], number: int) -> Links:
    """Links to the overview and to the sheets before and after."""
    links = [("◂ Overview", OVERVIEW_SHEET)]
    if number > 0:
        links.append((f"◂ {names[number - 1]}", names[number - 1]))
    if number + 1 < len(names):
        links.append((f"{names[number + 1]} ▸", names[number + 1]))
    return links
