"""Writes blocks of cells and records the values that their formulas must have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradsheet.models.blocks import Block
from gradsheet.models.primitives.place import effective
from gradsheet.spreadsheet.addresses import on_sheet
from gradsheet.spreadsheet.filled import Filled, Places
from gradsheet.spreadsheet.limits import check_formula
from gradsheet.spreadsheet.recalculate import ENGINES
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import (
    Chart,
    Format,
    Worksheet,
    cell_address,
    print_on_pages,
)

_AGREEMENT = (
    "largest difference between these cells, recalculated with IronCalc {version}, and PyTorch in "
    "float64, relative to the largest number of the block"
)
_AGREEMENT_ROW, _LINKS_ROW = 2, 3
_APART = 5  # columns from one link to the next
_WIDTH, _SIZE = 6.5, 8
_FEWEST_COLUMNS = 30  # the lines of text above the numbers run over these
SMALL = "[=0]0;[<0]-0.0E+00;0.0E+00"  # gradients are small, and most pixels' are 0

_NUMBER = "[>=99.99995]0.0E+00;[<0]-0.0000;0.0000"
"""LibreOffice shows no minus of its own in any but the first part: a negative number needs one."""

_WIDE_NUMBER = "[>=99.99995]0.0E+00;[<0]-0.0E+00;0.0000"
"""For blocks in which a negative number would otherwise be too wide for its cell."""

_WIDEST = -99.99995

_COLORS: dict[str, dict[str, object]] = {
    "input": {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#9DC3E6"},
    "output": {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#8FD19E"},
    "signed": {
        "type": "3_color_scale",
        "min_color": "#E58F8F",
        "mid_color": "#FFFFFF",
        "max_color": "#8FB3E5",
        "mid_type": "num",
        "mid_value": 0,
    },
}

_EDITABLE = {"font_color": "#0000FF"}
_PADDING = {"font_color": "#C0C4CC", "num_format": "0"}

Array = NDArray[np.float64]
Links = Sequence[tuple[str, str]]
"""Texts, and the sheets they lead to."""


@dataclass(frozen=True)
class ExpectedValues:
    """The values of a block of formulas, by PyTorch in float64."""

    block: Block
    values: Array


@dataclass
class CellWriter:
    """Writes sheets and blocks of cells.

    Attributes:
        style: the workbook's formats.
        expected: of every block of formulas so far.
    """

    style: Style
    expected: list[ExpectedValues] = field(default_factory=list)
    _stated: dict[str, tuple[Worksheet, int]] = field(default_factory=dict)

    def add_sheet(
        self,
        name: str,
        title: str,
        description: str,
        links: Links,
        *,
        columns: int,
        has_formulas: bool = True,
    ) -> Worksheet:
        """A new sheet with its title, what it computes, its agreement and links to others.

        Only its first ``columns`` become narrow: XlsxWriter takes its time over each.
        """
        sheet = self.style.add_sheet(name, title, description)
        sheet.set_column(0, 0, 11)
        sheet.set_column(1, max(columns, _FEWEST_COLUMNS), _WIDTH)
        if has_formulas:
            faint = self.style.format(num_format="0.0E+00", align="left", font_color=FAINT)
            self._stated[name] = sheet, faint._get_xf_index()
            words = _AGREEMENT.format(version=ENGINES["ironcalc"].version())
            sheet.write_string(_AGREEMENT_ROW, 1, words, self.style.note)
        for number, (text, target) in enumerate(links):
            self.style.write_link(sheet, _LINKS_ROW, _APART * number, target, text)
        sheet.freeze_panes(_LINKS_ROW + 1, 1)
        print_on_pages(sheet)
        return sheet

    def state(self, sheet: str, difference: float) -> None:
        """Write how far a sheet is from PyTorch, if it says so, also after the end of the book."""
        if sheet in self._stated:
            page, style = self._stated[sheet]
            value = np.array([float(f"{difference:.3G}")])
            page.blocks.numbers(np.array([_AGREEMENT_ROW]), np.array([0]), value, style)

    def jumps(self, sheet: Worksheet, after: int, targets: Mapping[str, int]) -> None:
        """Write links to rows of the same sheet, behind so many others."""
        for number, (text, row) in enumerate(targets.items(), start=after):
            where = f"internal:{on_sheet(sheet.get_name(), cell_address(row, 0))}"
            sheet.write_url(_LINKS_ROW, _APART * number, where, self.style.link, text)

    def heading(self, sheet: Worksheet, row: int, text: str) -> None:
        """Write the name of a pass."""
        sheet.write_string(row, 0, text, self.style.format(bold=True, font_size=13))

    def numbers(
        self, sheet: Worksheet, block: Block, values: Array, cell_format: Format | None = None
    ) -> None:
        """Write numbers to edit into a block."""
        cell_format = cell_format or self.editable(values)
        numbers = np.broadcast_to(np.asarray(values, dtype=np.float64), block.shape).ravel()
        rows, columns, style = _covered(sheet, block, cell_format)
        sheet.blocks.numbers(rows, columns, numbers, style)

    def zeros(self, sheet: Worksheet, block: Block) -> None:
        """Write the zeros around a tensor and between its numbers."""
        self.numbers(sheet, block, np.zeros(block.shape), self.cell_format(**_PADDING))

    def formulas(
        self,
        sheet: Worksheet,
        block: Block,
        formulas: Iterable[str],
        values: NDArray[Any],
        cell_format: Format | None = None,
    ) -> None:
        """Write formulas with their values into a block, in row-major order.

        Raises:
            LimitError: a formula is longer than a spreadsheet can hold.
        """
        numbers = np.asarray(values, dtype=np.float64)
        rows, columns, style = _covered(sheet, block, cell_format or self.number_format(numbers))
        if isinstance(formulas, Filled):
            longest = sheet.blocks.filled(rows, columns, formulas, numbers.ravel(), style)
        else:
            texts = list(formulas)
            longest = max(map(len, texts), default=0)
            sheet.blocks.texts(rows, columns, texts, numbers.ravel(), style)
        subject = f"a formula of sheet '{block.sheet}'"
        check_formula(longest + 1, subject, "use a layer with fewer input channels")
        self.expected.append(ExpectedValues(block, numbers))

    def label(self, sheet: Worksheet, block: Block, text: str, tile: str = "channel") -> None:
        """Write a label above a block, and number its tiles."""
        bold = self.cell_format(bold=True)
        top, left = int(block.rows.min()), int(block.columns.min())
        size = block.shape
        if len(size) == 5 and size[2] == 1:  # images (N, C, D, H, W) without depth
            size = size[:2] + size[3:]
        shape = effective(size)
        first = block.reshape(shape) if shape else block
        tiled = len(shape) > 2 and int(first.rows[(0,) * (len(shape) - 2)].min()) == top
        apart = tiled and first.rows.reshape(-1, *shape[-2:])[:, 0, 0]
        if not tiled or len(set(np.diff(apart))) == 0 or int(np.diff(apart).min()) == 1:
            sheet.write_string(top - 1, left, text, bold)
            return
        sheet.write_string(top - 2, left, text, bold)
        faint = self.cell_format(font_color=FAINT, italic=True)
        for index in np.ndindex(*shape[:-2]):
            row, column = int(first.rows[index][0, 0]), int(first.columns[index][0, 0])
            numbers = ", ".join(str(n + 1) for n in index)
            if tile == "kernel" and len(index) > 1:
                numbers = f"{index[0] + 1} ← {', '.join(str(n + 1) for n in index[1:])}"
            word = f"{tile} {numbers}" if len(index) == 1 else numbers
            sheet.write_string(row - 1, column, word, faint)

    def color(self, sheet: Worksheet, block: Block, scale: str) -> None:
        """Color a block by its numbers: ``signed``, or from pale to full, channel by channel."""
        shape = effective(block.shape)
        if scale != "signed" and len(shape) > 2:
            inner = block.reshape((-1, *shape[-2:]))
            for tile in range(len(inner.rows)):
                part = Block(block.sheet, inner.rows[tile], inner.columns[tile])
                sheet.conditional_format(part.rectangle(), _COLORS[scale])
            return
        sheet.conditional_format(block.rectangle(), _COLORS[scale])

    def bar_chart(self, block: Block, title: str) -> Chart:
        """A bar chart of a column of probabilities."""
        first, last = int(block.rows.min()), int(block.rows.max())
        column = int(block.columns.min())
        chart: Chart = self.style.book.add_chart({"type": "column"})
        names = [block.sheet, first, 0, last, 0]
        values = [block.sheet, first, column, last, column]
        chart.add_series(
            {"categories": names, "values": values, "fill": {"color": "#59A14F"}, "gap": 40}
        )
        chart.set_title({"name": title, "name_font": {"size": 12}})
        chart.set_y_axis({"min": 0, "max": 1, "major_gridlines": {"visible": False}})
        chart.set_legend({"none": True})
        chart.set_size({"width": 560, "height": 260})
        return chart

    def editable(self, values: Array, whole: bool = False) -> Format:
        """The format of numbers to edit."""
        return self.number_format(values, whole, **_EDITABLE)

    def number_format(self, values: Array, whole: bool = False, **properties: object) -> Format:
        """The format in which each of these numbers fits its cell."""
        wide = bool((np.asarray(values) <= _WIDEST).any())
        usual = _WIDE_NUMBER if wide else _NUMBER
        return self.cell_format(**{"num_format": "0" if whole else usual} | properties)

    def cell_format(self, **properties: object) -> Format:
        """The format of a small number, with these XlsxWriter properties."""
        usual: dict[str, object] = {"num_format": _NUMBER, "font_size": _SIZE}
        return self.style.format(**usual | properties)


def _covered(sheet: Worksheet, block: Block, cell_format: Format) -> tuple[Places, Places, int]:
    """The cells of a block, one after another, and their format's index; the sheet counts them."""
    rows, columns = block.rows.ravel(), block.columns.ravel()
    if rows.size:
        sheet.cover(rows, columns)
    return rows, columns, cell_format._get_xf_index()


class ExpectationsOnly(CellWriter):
    """Records expected values and leaves every block of cells unwritten."""

    def numbers(
        self, sheet: Worksheet, block: Block, values: Array, cell_format: Format | None = None
    ) -> None:
        """Write nothing."""

    def formulas(
        self,
        sheet: Worksheet,
        block: Block,
        formulas: Iterable[str],
        values: NDArray[Any],
        cell_format: Format | None = None,
    ) -> None:
        """Record the values; the formulas are not even made where they come lazily."""
        self.expected.append(ExpectedValues(block, np.asarray(values, dtype=np.float64)))
