"""All learning rates together: who is fastest, and what too large a rate does."""

import math
from itertools import pairwise
from typing import Any

import numpy as np

from gradsheet.spreadsheet import palette
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import (
    Worksheet,
    absolute,
    cell_address,
    print_on_pages,
    span,
    write_formula,
)
from gradsheet.workbook import texts, too_large
from gradsheet.workbook.exercise import ALLOWED
from gradsheet.workbook.layout import RATES_SHEET, Layout
from gradsheet.workbook.training_panel import LOSS_CHART, loss_range, set_loss_axes

_MARKS = (1, 10, 50, 100)
_SUMMARY_ROW = 3
_CHART_ROWS = 21
_ROUNDING = 1e-16  # of numbers about 1: a smaller loss is what rounding leaves


def write(layout: Layout, style: Style, *, protected: bool = False) -> None:
    """Add the sheet with the loss at every learning rate, side by side, and their charts."""
    sheet = style.add_sheet(RATES_SHEET, texts.RATES_TITLE, texts.RATES_NOTE)
    sheets = _Rates(layout, style, sheet)
    sheets.write_summary()
    sheets.write_table()
    sheets.insert_charts()
    too_large.write(style, sheet, sheets.demo_row, layout.graph.spec.optimizer)
    sheet.set_column(0, 0, 13)
    sheet.set_column(1, max(12, len(layout.descent.learning_rates)), 12)
    sheet.print_area(0, 0, sheets.table_row - 2, 14)
    print_on_pages(sheet, down=1)
    if protected:
        sheet.protect(options=ALLOWED)


class _Rates:
    """The parts of the sheet, one below the other, and the losses they read."""

    def __init__(self, layout: Layout, style: Style, sheet: Worksheet) -> None:
        self.layout, self.style, self.sheet = layout, style, sheet
        self.count = len(layout.descent.learning_rates)
        last = layout.descent.updates
        self.marks = [*(mark for mark in _MARKS if mark < last), last]
        self.chart_row = _SUMMARY_ROW + self.count + 3
        self.demo_row = self.chart_row + _CHART_ROWS
        self.table_row = self.demo_row + too_large.UPDATES + 7
        self.first = self.table_row + 2

    def _column(self, number: int) -> str:
        """The losses at the 0-based learning rate ``number``."""
        last = self.first + self.layout.descent.updates
        return str(span(self.first, number + 1, last, number + 1))

    def _flags(self, number: int) -> int:
        """The column that flags each update after which the loss was higher."""
        return self.count + 2 + number

    def write_summary(self) -> None:
        """A row a learning rate: the loss after some updates, and whether it ever rose."""
        sheet, style, row = self.sheet, self.style, _SUMMARY_ROW
        for column, name in enumerate(texts.rates_headings(self.marks)):
            sheet.write_string(row, column, name, style.header(align="right"))
        losses = self.layout.descent.loss
        for number, rate in enumerate(self.layout.descent.learning_rates):
            row = _SUMMARY_ROW + 1 + number
            address = self.layout.fields.rate_addresses[number]
            cell_format = style.format(bold=True, align="right", num_format="General")
            write_formula(sheet, row, 0, address, rate, cell_format)
            for column, mark in enumerate([0, *self.marks], start=1):
                cell = cell_address(self.first + mark, number + 1)
                value = float(losses[mark, number])
                write_formula(sheet, row, column, cell, _or_missing(value), style.number)
            self._write_rises(row, len(self.marks) + 2, number)
            if self.count > 1:
                self._write_fastest(row, len(self.marks) + 3, number)
        sheet.write_string(_SUMMARY_ROW + 1 + self.count, 0, texts.RATES_RISES, style.note)

    def _write_rises(self, row: int, column: int, number: int) -> None:
        last = self.first + self.layout.descent.updates
        flags = self._flags(number)
        formula = f'IFERROR(SUM({span(self.first + 1, flags, last, flags)}),"—")'
        losses = self.layout.descent.loss[:, number]
        rises: float | str = float(_is_higher(losses[1:], losses[:-1]).sum())
        value = rises if np.isfinite(losses).all() else "—"
        cell_format = self.style.format(align="right")
        write_formula(self.sheet, row, column, formula, value, cell_format)

    def _write_fastest(self, row: int, column: int, number: int) -> None:
        """Mark the lowest loss of the last mark that all can be compared at."""
        first, last = _SUMMARY_ROW + 1, _SUMMARY_ROW + self.count
        at = len(self.marks) + 1
        cell = cell_address(row, at)
        every = [cell_address(other, at) for other in range(first, last + 1)]
        lowest = f"MIN({','.join(f'IFERROR({other},10^300)' for other in every)})"
        formula = f'IFERROR(IF({cell}<={_with_margin(lowest)},"{texts.LOWEST}",""),"")'
        losses = self.layout.descent.loss[self.marks[-1]]
        fastest = np.isfinite(losses[number]) and not _is_higher(losses[number], np.nanmin(losses))
        cell_format = self.style.format(bold=True, font_color="#166534", indent=1)
        write_formula(
            self.sheet, row, column, formula, texts.LOWEST if fastest else "", cell_format
        )

    def write_table(self) -> None:
        """The losses themselves."""
        sheet, style, layout = self.sheet, self.style, self.layout
        sheet.write_string(
            self.table_row, 0, texts.RATES_TABLE, style.format(bold=True, font_size=13)
        )
        sheet.write_string(self.first - 1, 0, texts.UPDATES, style.header())
        iteration = style.format(align="center", font_color=FAINT)
        for row in range(layout.descent.updates + 1):
            sheet.write_number(self.first + row, 0, row, iteration)
        for column, rate in enumerate(layout.descent.learning_rates, start=1):
            cell_format = style.format(
                bold=True, align="center", bottom=1, num_format='"η = "General'
            )
            address = layout.fields.rate_addresses[column - 1]
            write_formula(sheet, self.first - 1, column, address, rate, cell_format)
            name, first, source, *_ = loss_range(layout, rate)
            for row, loss in enumerate(layout.descent.loss[:, column - 1].tolist()):
                cell = absolute(first + row, source, name)
                value = _or_missing(loss)
                formula = f"IFERROR({cell},NA())"
                write_formula(sheet, self.first + row, column, formula, value, style.number)
            self._write_flags(column - 1)

    def _write_flags(self, number: int) -> None:
        """Flag each update after which the loss was higher than before."""
        column, losses = self._flags(number), self.layout.descent.loss[:, number].tolist()
        self.sheet.write_string(self.first - 1, column, f"η{number + 1} rises", self.style.note)
        for row, (before, after) in enumerate(pairwise(losses), start=self.first + 1):
            old, new = (cell_address(at, number + 1) for at in (row - 1, row))
            formula = f"IF({new}>{_with_margin(old)},1,0)"
            missing = not (math.isfinite(before) and math.isfinite(after))
            value = "#N/A" if missing else float(_is_higher(after, before))
            write_formula(self.sheet, row, column, formula, value, self.style.general)

    def insert_charts(self) -> None:
        """The curves on a linear and on a logarithmic axis."""
        for place, (title, scale) in enumerate(
            zip(texts.RATES_CHARTS, ({}, {"log_base": 10}), strict=True)
        ):
            chart = self.style.book.add_chart(LOSS_CHART)
            last = self.first + self.layout.descent.updates
            for column in range(1, self.count + 1):
                chart.add_series(
                    {
                        "name": [RATES_SHEET, self.first - 1, column],
                        "categories": [RATES_SHEET, self.first, 0, last, 0],
                        "values": [RATES_SHEET, self.first, column, last, column],
                        "line": {"color": palette.of_rate(column - 1), "width": 2},
                    }
                )
            chart.set_title({"name": title, "name_font": {"size": 12}})
            low = {"crossing": "min", "num_format": "0E+00", **self._floor()} if scale else {}
            set_loss_axes(chart, self.layout.descent.updates, {**scale, **low})
            chart.set_legend({"position": "bottom" if self.count <= 8 else "none"})
            chart.set_size({"width": 620, "height": 400})
            self.sheet.insert_chart(
                self.chart_row, 0, chart, {"x_offset": 4 + place * 634, "y_offset": 4}
            )

    def _floor(self) -> dict[str, float]:
        """The least of the logarithmic axis where a loss reaches 0, which has no logarithm."""
        return {"min": _ROUNDING} if (self.layout.descent.loss == 0).any() else {}


def _with_margin(loss: str) -> str:
    """What a loss must exceed to be higher than ``loss`` by more than rounding.

    Where training has arrived, the loss is what rounding leaves, another number in each program.
    """
    return f"{loss}*(1+0.000000001)+0.000000000001"


def _is_higher(loss: Any, other: Any) -> Any:
    """The same of numbers or arrays of them."""
    return loss > other * (1 + 1e-9) + 1e-12


def _or_missing(loss: float) -> float | str:
    return loss if math.isfinite(loss) else "#N/A"
