"""The first sheet: the model's input, as plain numbers or as the image of a digit."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gradsheet.models.blocks import Block, indices, matrix, row
from gradsheet.models.layout import BETWEEN, FIRST_COLUMN, TOP
from gradsheet.models.primitives.place import effective, usual
from gradsheet.models.sheets.cells import Array, CellWriter, Links
from gradsheet.spreadsheet.writer import Worksheet, cell_address

INPUT_SHEET, IMAGE_SHEET, DIGITS_SHEET = "Input", "Image", "Digits"
OWN = "my own"

_TYPE_OVER = "Change any number: every layer updates."
_FIXED = ", a constant: it decides what is computed"
_SIZE = 28
_PICK, _NUMBER = (TOP - 2, 7), (TOP - 2, 12)
_SHOWN, _OWN_COLUMN, _SEEN_COLUMN = 1, 32, 63
_COLUMNS = 120


class InputSheet(Protocol):
    """The sheet of a model's inputs."""

    @property
    def sheet(self) -> str:
        """Its name."""

    @property
    def blocks(self) -> list[Block]:
        """The block of each input, in its shape."""

    def gradients(self, flows: Sequence[bool]) -> list[Block | None]:
        """The block of ∂L/∂input for each input to which the gradient flows."""

    def write(self, cells: CellWriter, links: Links) -> Worksheet:
        """Write it."""


@dataclass(frozen=True)
class TensorInput:
    """Numbers to edit.

    Attributes:
        examples: the inputs.
        names: of them.
        fixed: which of them are constants, since they decide what is computed.
    """

    examples: Sequence[Array]
    names: Sequence[str]
    fixed: Sequence[bool]
    sheet: str = INPUT_SHEET

    @cached_property
    def blocks(self) -> list[Block]:
        """Side by side."""
        found: list[Block] = []
        left = FIRST_COLUMN
        for example in self.examples:
            found.append(_in_cells(self.sheet, TOP, left, example.shape))
            left = found[-1].right + 2
        return found

    def gradients(self, flows: Sequence[bool]) -> list[Block | None]:
        """Each below its input."""
        down = max(block.bottom for block in self.blocks) + BETWEEN - TOP
        return [
            block.moved(down) if has else None
            for block, has in zip(self.blocks, flows, strict=True)
        ]

    def write(self, cells: CellWriter, links: Links) -> Worksheet:
        """Write the numbers."""
        right = max(block.right for block in self.blocks)
        page = cells.add_sheet(
            self.sheet, "Input", _TYPE_OVER, links, columns=right, has_formulas=False
        )
        given = zip(self.examples, self.blocks, self.names, self.fixed, strict=True)
        for example, block, name, fixed in given:
            whole = bool((example == np.round(example)).all())
            style = cells.cell_format(num_format="0") if fixed else cells.editable(example, whole)
            cells.numbers(page, block, example, style)
            cells.label(page, block, f"{name}{_FIXED}" if fixed else name)
            cells.color(page, block, "input")
        return page


def _in_cells(sheet: str, top: int, left: int, shape: tuple[int, ...]) -> Block:
    """A vector as a row, all else as usual."""
    inner = effective(shape)
    if len(inner) == 1:
        return row(sheet, top + 1, left, inner[0]).reshape(shape)
    return usual(sheet, top, left, shape)


@dataclass(frozen=True)
class DigitInput:
    """An image of 28 x 28 pixels: one of several stored digits, or one's own drawing.

    Attributes:
        digits: (N, 28, 28), uint8, to choose from.
        names: of the digits, in the list.
        chosen: the index of the digit shown at first.
        mean, deviation: pixels are normalized by (pixel / 255 − mean) / deviation.
    """

    digits: NDArray[np.uint8]
    names: Sequence[str]
    chosen: int
    mean: float
    deviation: float
    sheet: str = IMAGE_SHEET

    shape: tuple[int, ...] = (1, 1, _SIZE, _SIZE)

    @property
    def blocks(self) -> list[Block]:
        """The normalized pixels."""
        grid = matrix(self.sheet, TOP + 1, _SEEN_COLUMN, (_SIZE, _SIZE))
        return [grid.reshape(self.shape)]

    def gradients(self, flows: Sequence[bool]) -> list[Block | None]:
        """Below the pixels."""
        return [self.blocks[0].moved(_SIZE + BETWEEN) if has else None for has in flows]

    def write(self, cells: CellWriter, links: Links) -> Worksheet:
        """Write the list of digits, the field to draw in, and the normalized image."""
        words = (
            f"Choose a digit from the list, or '{OWN}' and type or paste 28 × 28 pixels from 0 "
            "(paper) to 255 (ink) into the field 'your own': every layer updates."
        )
        page = cells.add_sheet(self.sheet, "Image", words, links, columns=_COLUMNS)
        page.set_column(1, _COLUMNS, 2.9)
        gray = {"font_size": 6, "font_color": "#7C8DA6", "align": "center"}
        whole, tenths = (
            cells.cell_format(num_format="0", **gray),
            cells.cell_format(num_format="0.0", **gray),
        )
        self._write_list(cells, page)
        image = self.digits[self.chosen].astype(float)
        shown = matrix(self.sheet, TOP + 1, _SHOWN, (_SIZE, _SIZE))
        own = matrix(self.sheet, TOP + 1, _OWN_COLUMN, (_SIZE, _SIZE))
        number = cell_address(*_NUMBER)
        formulas = (
            f"IF({number}=1,{own.cell(i)},INDEX({self._stored(i)},{number}-1))"
            for i in indices(shown.shape)
        )
        cells.formulas(page, shown, formulas, image, whole)
        cells.numbers(page, own, np.zeros((_SIZE, _SIZE)), cell_format=whole)
        seen = self.blocks[0].reshape((_SIZE, _SIZE))
        of = (
            f"({shown.cell(i)}/255-{self.mean!r})/{self.deviation!r}" for i in indices(seen.shape)
        )
        cells.formulas(page, seen, of, (image / 255 - self.mean) / self.deviation, tenths)
        for block, name in (
            (shown, "the image"),
            (own, "your own: type or paste here"),
            (seen, f"the network's input: (pixel / 255 − {self.mean}) / {self.deviation}"),
        ):
            cells.label(page, block, name)
            self._gray(page, block)
        return page

    def write_prediction(
        self, cells: CellWriter, page: Worksheet, probability: Block, p: Array
    ) -> None:
        """Write the predicted digit beside the list, and chart the probabilities."""
        column = f"{probability.sheet}!{probability.rectangle()}"
        page.write_string(_PICK[0], _OWN_COLUMN, "predicted digit", cells.style.format(bold=True))
        digit = Block(self.sheet, np.array([_PICK[0]]), np.array([_OWN_COLUMN + 6]))
        large = cells.style.format(bold=True, font_size=16, num_format="0")
        formula = f"MATCH(MAX({column}),{column},0)-1"
        cells.formulas(page, digit, [formula], np.array([float(p.argmax())]), large)
        chart = cells.bar_chart(probability, "Probability of each digit")
        page.insert_chart(TOP + _SIZE + 2, _SHOWN, chart)

    def write_digits(self, cells: CellWriter) -> None:
        """Write the hidden sheet of the stored digits, a column each."""
        page = cells.style.add_sheet(DIGITS_SHEET, "Digits to choose from, a column each")
        page.write_column(2, 0, [OWN, *self.names])
        for number, digit in enumerate(self.digits):
            page.write_column(2, number + 1, digit.ravel().tolist())
        page.hide()

    def stored_cell(self, number: int, index: tuple[int, ...]) -> str:
        """The address of a stored digit's pixel on the sheet of digits."""
        return cell_address(2 + index[0] * _SIZE + index[1], 1 + number)

    def _stored(self, index: tuple[int, ...]) -> str:
        """The range of one pixel of all stored digits."""
        first, last = (self.stored_cell(n, index) for n in (0, len(self.digits) - 1))
        return f"{DIGITS_SHEET}!{first}:{last}"

    def _write_list(self, cells: CellWriter, page: Worksheet) -> None:
        style = cells.style
        page.write_string(_PICK[0], 1, "digit", style.format(bold=True))
        page.merge_range(
            _PICK[0], _PICK[1] - 3, _PICK[0], _PICK[1], self.names[self.chosen], style.choice
        )
        cell = cell_address(_PICK[0], _PICK[1] - 3)
        names = f"{DIGITS_SHEET}!$A$3:$A${3 + len(self.names)}"
        page.data_validation(cell, {"validate": "list", "source": f"={names}"})
        number = Block(self.sheet, np.array([_NUMBER[0]]), np.array([_NUMBER[1]]))
        formula = f"MATCH({cell},{names},0)"
        hidden = cells.cell_format(num_format=";;;")
        cells.formulas(page, number, [formula], np.array([self.chosen + 2.0]), hidden)

    def _gray(self, page: Worksheet, block: Block) -> None:
        first, last = (0, 0), (_SIZE - 1, _SIZE - 1)
        colors = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#000000"}
        page.conditional_format(block.span(first, last), colors)
