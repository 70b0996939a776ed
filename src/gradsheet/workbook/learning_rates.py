"""All learning rates together: who is fastest, and what too large a rate does."""

import math

import numpy as np

from gradsheet.spreadsheet import palette
from gradsheet.spreadsheet.addresses import column_letters
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import (
    Worksheet,
    absolute,
    cell_address,
    print_on_pages,
    span,
    write_formula,
)
from gradsheet.symbolic.tape import Array
from gradsheet.workbook.layout import RATES_SHEET, Plan
from gradsheet.workbook.training import loss_range, set_loss_axes

_RATE = '"η = "General'  # number format
_MARKS = (1, 10, 50, 100)
_SUMMARY_ROW = 3
_CHART_ROWS = 21
_TOO_LARGE = (0.5, 1.0, 1.9, 2.1)  # of a parabola whose slope changes by 1 a unit: 2 is too much
_TOO_LARGE_UPDATES = 20
_FASTEST = "◄ lowest"


def write(plan: Plan, style: Style) -> None:
    """Add the sheet with the loss at every learning rate, side by side, and their charts."""
    note = "Each curve repeats E_total of one training sheet; #N/A marks a training that diverged."
    sheet = style.add_sheet(RATES_SHEET, "The loss at each learning rate", note)
    sheets = _Rates(plan, style, sheet)
    sheets.write_summary()
    sheets.write_table()
    sheets.insert_charts()
    sheets.write_too_large()
    sheet.set_column(0, 0, 13)
    sheet.set_column(1, max(12, len(plan.descent.rates)), 12)
    sheet.print_area(0, 0, sheets.table_row - 2, 14)
    print_on_pages(sheet, down=1)


class _Rates:
    """The parts of the sheet, one below the other, and the losses they read."""

    def __init__(self, plan: Plan, style: Style, sheet: Worksheet) -> None:
        self.plan, self.style, self.sheet = plan, style, sheet
        self.count = len(plan.descent.rates)
        last = plan.descent.updates
        self.marks = [*(mark for mark in _MARKS if mark < last), last]
        self.chart_row = _SUMMARY_ROW + self.count + 3
        self.demo_row = self.chart_row + _CHART_ROWS
        self.table_row = self.demo_row + _TOO_LARGE_UPDATES + 7
        self.first = self.table_row + 2

    def _column(self, number: int) -> str:
        """The losses at the 0-based learning rate ``number``."""
        last = self.first + self.plan.descent.updates
        return str(span(self.first, number + 1, last, number + 1))

    def write_summary(self) -> None:
        """A row a learning rate: the loss after some updates, and whether it ever rose."""
        sheet, style, row = self.sheet, self.style, _SUMMARY_ROW
        marks = [f"after {mark}" for mark in self.marks]
        for column, name in enumerate(["η", "at first", *marks, "rises", ""]):
            sheet.write_string(row, column, name, style.header(align="right"))
        losses = self.plan.descent.loss
        for number, rate in enumerate(self.plan.descent.rates):
            row = _SUMMARY_ROW + 1 + number
            address = self.plan.fields.rate_addresses[number]
            cell_format = style.format(bold=True, align="right", num_format="General")
            write_formula(sheet, row, 0, address, rate, cell_format)
            for column, mark in enumerate([0, *self.marks], start=1):
                cell = cell_address(self.first + mark, number + 1)
                value = float(losses[mark, number])
                write_formula(sheet, row, column, cell, _or_missing(value), style.number)
            self._write_rises(row, len(self.marks) + 2, number)
            self._write_fastest(row, len(self.marks) + 3, number)
        note = "rises: updates after which the loss was higher than before; — where it diverged."
        sheet.write_string(_SUMMARY_ROW + 1 + self.count, 0, note, style.note)

    def _write_rises(self, row: int, column: int, number: int) -> None:
        last = self.first + self.plan.descent.updates
        later = span(self.first + 1, number + 1, last, number + 1)
        before = span(self.first, number + 1, last - 1, number + 1)
        formula = f'IFERROR(SUMPRODUCT(--({later}>{before}*(1+1E-9))),"—")'
        losses = self.plan.descent.loss[:, number]
        rises: float | str = float((losses[1:] > losses[:-1] * (1 + 1e-9)).sum())
        value = rises if np.isfinite(losses).all() else "—"
        cell_format = self.style.format(align="right")
        write_formula(self.sheet, row, column, formula, value, cell_format)

    def _write_fastest(self, row: int, column: int, number: int) -> None:
        """Mark the lowest loss of the last mark that all can be compared at."""
        first, last = _SUMMARY_ROW + 1, _SUMMARY_ROW + self.count
        at = len(self.marks) + 1
        cell = cell_address(row, at)
        every = [cell_address(other, at) for other in range(first, last + 1)]
        lowest = f"MIN({','.join(f'IFERROR({other},1E+300)' for other in every)})"
        formula = f'IFERROR(IF({cell}<={lowest}*(1+1E-9),"{_FASTEST}",""),"")'
        losses = self.plan.descent.loss[self.marks[-1]]
        fastest = np.isfinite(losses[number]) and losses[number] <= np.nanmin(losses) * (1 + 1e-9)
        cell_format = self.style.format(bold=True, font_color="#166534")
        write_formula(self.sheet, row, column, formula, _FASTEST if fastest else "", cell_format)

    def write_table(self) -> None:
        """The losses themselves."""
        sheet, style, plan = self.sheet, self.style, self.plan
        sheet.write_string(self.table_row, 0, "Every loss", style.format(bold=True, font_size=13))
        sheet.write_string(self.first - 1, 0, "updates", style.header())
        iteration = style.format(align="center", font_color=FAINT)
        for row in range(plan.descent.updates + 1):
            sheet.write_number(self.first + row, 0, row, iteration)
        heading = style.format(bold=True, align="center", bottom=1, num_format=_RATE)
        for column, rate in enumerate(plan.descent.rates, start=1):
            address = plan.fields.rate_addresses[column - 1]
            write_formula(sheet, self.first - 1, column, address, rate, heading)
            name, first, source, *_ = loss_range(plan, rate)
            for row, loss in enumerate(plan.descent.loss[:, column - 1].tolist()):
                cell = absolute(first + row, source, name)
                value = _or_missing(loss)
                formula = f"IFERROR({cell},NA())"
                write_formula(sheet, self.first + row, column, formula, value, style.number)

    def insert_charts(self) -> None:
        """The curves on a linear and on a logarithmic axis."""
        for place, (title, scale) in enumerate(
            (("Loss", {}), ("Loss, logarithmic", {"log_base": 10}))
        ):
            chart = self.style.book.add_chart({"type": "line"})
            last = self.first + self.plan.descent.updates
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
            low = {"crossing": "min", "num_format": "0.0E+00"} if scale else {}
            set_loss_axes(self.plan, chart, {**scale, **low})
            chart.set_legend({"position": "bottom" if self.count <= 8 else "none"})
            chart.set_size({"width": 620, "height": 400})
            self.sheet.insert_chart(
                self.chart_row, 0, chart, {"x_offset": 4 + place * 634, "y_offset": 4}
            )

    # --- What too large a rate does ----------------------------------------------------------

    def write_too_large(self) -> None:
        """One weight on the parabola E = ½w²: each update multiplies it by 1 − η."""
        sheet, style, row = self.sheet, self.style, self.demo_row
        cell_format = style.format(bold=True, font_size=13)
        sheet.write_string(row, 0, "What too large a rate does", cell_format)
        note = (
            "One weight, E = ½w². The gradient is w, so an update makes w − η·w = (1 − η)·w of "
            "it. Below 1 it creeps to 0, at 1 it is there at once,"
        )
        sheet.write_string(row + 1, 0, note, style.note)
        note = (
            "up to 2 it overshoots and still arrives, above 2 every step leads farther away: a "
            "network does the same where its loss bends more sharply."
        )
        sheet.write_string(row + 2, 0, note, style.note)
        sheet.write_string(row + 4, 0, "updates", style.header())
        values = _parabola()
        heading = style.format(bold=True, align="center", bottom=1, num_format=_RATE)
        for column, rate in enumerate(_TOO_LARGE, start=1):
            sheet.write_number(row + 4, column, rate, heading)
        iteration = style.format(align="center", font_color=FAINT)
        for update in range(_TOO_LARGE_UPDATES + 1):
            sheet.write_number(row + 5 + update, 0, update, iteration)
            for column in range(1, len(_TOO_LARGE) + 1):
                before = cell_address(row + 4 + update, column)
                rate_cell = f"{column_letters(column + 1)}${row + 5}"
                formula = f"{before}-{rate_cell}*{before}" if update else "1"
                value = float(values[update, column - 1])
                write_formula(sheet, row + 5 + update, column, formula, value, style.number)
        self._insert_parabola_chart()

    def _insert_parabola_chart(self) -> None:
        chart, row = self.style.book.add_chart({"type": "line"}), self.demo_row
        for column in range(1, len(_TOO_LARGE) + 1):
            first, last = row + 5, row + 5 + _TOO_LARGE_UPDATES
            chart.add_series(
                {
                    "name": [RATES_SHEET, row + 4, column],
                    "categories": [RATES_SHEET, first, 0, last, 0],
                    "values": [RATES_SHEET, first, column, last, column],
                    "line": {"color": palette.of_rate(column - 1), "width": 2},
                }
            )
        chart.set_title({"name": "The weight w, update after update", "name_font": {"size": 12}})
        chart.set_x_axis({"name": "updates", "label_position": "low", "interval_unit": 2})
        chart.set_y_axis({"num_format": "0", "major_gridlines": {"visible": False}})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 620, "height": 400})
        self.sheet.insert_chart(row + 4, 6, chart, {"x_offset": 4, "y_offset": 4})


def _or_missing(loss: float) -> float | str:
    return loss if math.isfinite(loss) else "#N/A"


def _parabola() -> Array:
    """The weight after each update, at each rate."""
    values = [np.ones(len(_TOO_LARGE))]
    for _ in range(_TOO_LARGE_UPDATES):
        values.append(values[-1] - np.array(_TOO_LARGE) * values[-1])
    return np.array(values)
