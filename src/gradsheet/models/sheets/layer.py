"""The sheets of a model: one a layer, the passes one below the other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from xlsxwriter.chart import Chart
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from gradsheet.models.blocks import Block, Index
from gradsheet.models.layers.base import Array, Desk
from gradsheet.models.layout import Plan, Sheet
from gradsheet.models.trace import Trace
from gradsheet.spreadsheet.limits import check_formula
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import print_on_pages

AGREEMENT = 7e-300
"""Stands for the difference from PyTorch until another program has computed the workbook."""

_AGREEMENT_ROW, _LINKS_ROW = 2, 3
_WIDTH, _SIZE = 6.5, 8
SMALL = "[=0]0;[<0]-0.0E+00;0.0E+00"  # gradients are small, and of most pixels nothing

_HEAT: dict[str, dict[str, object]] = {
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

_TYPED = {"font_color": "#0000FF"}
_IDLE = {"font_color": "#C0C4CC", "num_format": "0"}

Links = Sequence[tuple[str, str]]
"""Texts, and the sheets they lead to."""


@dataclass(frozen=True)
class Claim:
    """What cells are said to come to."""

    block: Block
    values: Array


@dataclass
class Pages:
    """Writes blocks of cells, and remembers what they are said to hold."""

    style: Style
    claims: list[Claim] = field(default_factory=list)

    def open(
        self, name: str, title: str, words: str, links: Links, *, computed: bool = True
    ) -> Worksheet:
        """A new sheet with its title, what it computes, and links to others.

        ``computed`` is False for a sheet of typed numbers, which agree with themselves.
        """
        sheet = self.style.add_sheet(name, title, words)
        sheet.set_column(0, 0, 11)
        sheet.set_column(1, 16_383, _WIDTH)
        if computed:
            self._hold_agreement(sheet)
        for number, (text, target) in enumerate(links):
            where = f"internal:'{target}'!A1"
            sheet.write_url(_LINKS_ROW, 3 * number, where, self.style.link, text)
        sheet.freeze_panes(_LINKS_ROW + 1, 1)
        print_on_pages(sheet)
        return sheet

    def _hold_agreement(self, sheet: Worksheet) -> None:
        """Write the line with the difference from PyTorch, which is found out later."""
        look = self.style.format(num_format="0.0E+00", align="left", font_color=FAINT)
        sheet.write_number(_AGREEMENT_ROW, 0, AGREEMENT, look)
        sheet.write_string(
            _AGREEMENT_ROW,
            1,
            "the largest difference between these cells, as written and computed again by "
            "IronCalc, and PyTorch in float64, relative to the largest number of its block",
            self.style.note,
        )

    def heading(self, sheet: Worksheet, row: int, text: str) -> None:
        """The name of a pass."""
        sheet.write_string(row, 0, text, self.style.format(bold=True, font_size=13))

    def numbers(
        self,
        sheet: Worksheet,
        block: Block,
        values: Array,
        typed: bool = True,
        look: Format | None = None,
    ) -> None:
        """Write numbers into a block: to type over, or zeros that only stand there."""
        if look is None:
            look = self.look(**_TYPED if typed else _IDLE)
        for index in indices(block.shape):
            row, column = int(block.rows[index]), int(block.columns[index])
            sheet.write_number(row, column, float(values[index]), look)

    def formulas(
        self,
        sheet: Worksheet,
        block: Block,
        formulas: Iterable[str],
        values: Array,
        look: Format | None = None,
    ) -> None:
        """Write a formula into each cell of a block, in row-major order."""
        look = look or self.look()
        rows, columns = block.rows.ravel().tolist(), block.columns.ravel().tolist()
        flat = np.asarray(values, dtype=float).ravel().tolist()
        subject = f"a formula of sheet '{block.sheet}'"
        for row, column, formula, value in zip(rows, columns, formulas, flat, strict=True):
            check_formula(len(formula) + 1, subject, "use a layer with fewer input channels")
            sheet.write_formula(row, column, f"={formula}", look, value)
        self.claims.append(Claim(block, np.asarray(values, dtype=float)))

    def name(self, sheet: Worksheet, block: Block, text: str, channels: bool = True) -> None:
        """Name a block, and each of its tiles."""
        bold = self.look(bold=True)
        top, left = int(block.rows.min()), int(block.columns.min())
        if block.rows.ndim < 3 or not channels:
            sheet.write_string(top - 1, left, text, bold)
            return
        sheet.write_string(top - 2, left, text, bold)
        faint = self.look(font_color=FAINT, italic=True)
        for channel in range(len(block.rows)):
            first = block.rows[channel].ravel()[0], block.columns[channel].ravel()[0]
            word = "filter" if block.rows.ndim == 4 else "channel"
            sheet.write_string(int(first[0]) - 1, int(first[1]), f"{word} {channel + 1}", faint)

    def heat(self, sheet: Worksheet, block: Block, kind: str) -> None:
        """Color a block by its numbers: ``signed``, or from pale to full, channel by channel."""
        if kind != "signed" and block.rows.ndim == 3:
            for channel in range(len(block.rows)):
                part = Block(block.sheet, block.rows[channel], block.columns[channel])
                self.heat(sheet, part, kind)
            return
        area = (
            int(block.rows.min()),
            int(block.columns.min()),
            int(block.rows.max()),
            int(block.columns.max()),
        )
        sheet.conditional_format(*area, _HEAT[kind])

    def probabilities(self, block: Block, title: str) -> Chart:
        """A bar chart of the numbers of a column, which are probabilities."""
        first, last = int(block.rows.min()), int(block.rows.max())
        place = int(block.columns.min())
        chart: Chart = self.style.book.add_chart({"type": "column"})
        names = [block.sheet, first, 0, last, 0]
        values = [block.sheet, first, place, last, place]
        chart.add_series(
            {"categories": names, "values": values, "fill": {"color": "#59A14F"}, "gap": 40}
        )
        chart.set_title({"name": title, "name_font": {"size": 12}})
        chart.set_y_axis({"min": 0, "max": 1, "major_gridlines": {"visible": False}})
        chart.set_legend({"none": True})
        chart.set_size({"width": 560, "height": 260})
        return chart

    def look(self, **properties: object) -> Format:
        """Of a small number."""
        usual: dict[str, object] = {"num_format": "0.0000", "font_size": _SIZE}
        return self.style.format(**usual | properties)


def indices(shape: Index) -> Iterable[Index]:
    """Every index of a tensor, in row-major order."""
    return product(*map(range, shape))


@dataclass(frozen=True)
class LayerPage:
    """One layer's sheet and how it is filled.

    Attributes:
        loss: the block of the loss's derivative by the model's output; None without a loss.
        after: the model on the same example after a step; likewise.
        rate: the address of the learning rate, from another sheet.
    """

    pages: Pages
    plan: Plan
    sheet: Sheet
    loss: Block | None = None
    after: Trace | None = None
    rate: str = ""

    def write(self, links: Links) -> None:
        """Write all passes."""
        layer = self.sheet.layer
        title = f"{self.sheet.name}: {layer.kind.title}"
        page = self.pages.open(self.sheet.name, title, layer.kind.words, links)
        self._forward(page, self.sheet.forward, self.plan.trace, after=False)
        if self.sheet.backward is not None and self.loss is not None:
            self._backward(page, self.sheet.backward)
        if self.sheet.after is not None and self.after is not None:
            self._forward(page, self.sheet.after, self.after, after=True)

    def _forward(self, page: Worksheet, desk: Desk, trace: Trace, after: bool) -> None:
        pages, layer = self.pages, self.sheet.layer
        values = [trace.value(source) for source in layer.sources]
        output = trace.layers[self.sheet.number].output
        self._head(page, desk, "After the step" if after else "Forward")
        self._spare(page, desk, None, values[0], output)
        for block, source, value in zip(desk.inputs, layer.sources, values, strict=True):
            read = self.plan.output(source, after)
            pages.formulas(page, block, (read.seen(i) for i in indices(block.shape)), value)
            pages.heat(page, block, "input")
        kind = trace.layers[self.sheet.number].kind
        for name, block in desk.parameters.items():
            numbers = {**kind.parameters, **kind.constants}[name]
            if after:
                pages.formulas(page, block, self._stepped(name), numbers)
            else:
                pages.numbers(page, block, numbers)
            pages.heat(page, block, "signed")
        pages.formulas(page, desk.output, layer.kind.forward(desk), output)
        pages.heat(page, desk.output, "output")

    def _stepped(self, name: str) -> Iterable[str]:
        """A parameter less the learning rate times its gradient; a constant as it was."""
        back, weight = self.sheet.backward, self.sheet.forward.parameters[name]
        assert back is not None
        if name not in back.parameters:
            return (weight.cell(index) for index in indices(weight.shape))
        gradient = back.parameters[name]
        return (
            f"{weight.cell(index)}-{self.rate}*{gradient.cell(index)}"
            for index in indices(weight.shape)
        )

    def _backward(self, page: Worksheet, back: Desk) -> None:
        pages, sheet, layer = self.pages, self.sheet, self.sheet.layer
        assert self.loss is not None and layer.gradient is not None
        self._head(page, back, "Backward: the derivatives of the loss", "∂L/∂")
        x = self.plan.trace.value(layer.sources[0])
        self._spare(page, back, back, x, layer.output)
        small = pages.look(num_format=SMALL)
        ways = list(self.plan.gradients(sheet.number, self.loss))
        arriving = ("+".join(way.seen(i) for way in ways) or "0" for i in indices(layer.shape))
        pages.formulas(page, back.output, arriving, layer.gradient, small)
        assert layer.input_gradients is not None
        for which, block in enumerate(back.inputs):
            formulas = layer.kind.input_gradient(which, sheet.forward, back)
            pages.formulas(page, block, formulas, layer.input_gradients[which], small)
            pages.heat(page, block, "signed")
        for name, block in back.parameters.items():
            formulas = layer.kind.parameter_gradient(name, sheet.forward, back)
            assert layer.parameter_gradients is not None
            pages.formulas(page, block, formulas, layer.parameter_gradients[name], small)
            pages.heat(page, block, "signed")
        pages.heat(page, back.output, "signed")

    def _spare(self, page: Worksheet, desk: Desk, back: Desk | None, x: Array, y: Array) -> None:
        for name, block in desk.spare.items():
            kind = self.sheet.layer.kind
            formulas = kind.spare_formulas(name, self.sheet.forward if back else desk, back)
            if formulas is None:
                self.pages.numbers(page, block, np.zeros(block.shape), typed=False)
            else:
                values = kind.spare_values(name, x, y)
                assert values is not None
                look = self.pages.look(num_format="0") if name in _COUNTS else None
                self.pages.formulas(page, block, formulas, values, look)
            if name not in ("padded", "spread"):
                self.pages.name(page, block, _SPARE_NAMES.get(name, name))

    def _head(self, page: Worksheet, desk: Desk, text: str, prefix: str = "") -> None:
        top = min(int(block.rows.min()) for block in desk.blocks) - 1
        self.pages.heading(page, top - 2, text)
        for number, block in enumerate(desk.inputs, start=1):
            name = "input" if len(desk.inputs) == 1 else f"input {number}"
            # The name stands above the zeros around.
            self.pages.name(page, desk.spare.get("padded", block), prefix + name)
        for name, block in desk.parameters.items():
            self.pages.name(page, block, prefix + name, channels=block.rows.ndim == 4)
        self.pages.name(page, desk.spare.get("spread", desk.output), f"{prefix}output")


_COUNTS = ("winner", "maxima", "ties")
_SPARE_NAMES = {
    "turned": "kernels, turned round",
    "threshold": "counts as the maximum from",
    "winner": "winner's place in its window",
    "maxima": "cells that count as the maximum",
    "ties": "tied windows",
    "raised": "exp(x − max)",
    "greatest": "max",
    "total": "Σ exp",
}
