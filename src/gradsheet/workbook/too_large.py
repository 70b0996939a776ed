"""What too large a learning rate does: one weight on a parabola, beside the rates' own sheet."""

import numpy as np

from gradsheet.networks.optimizers import OPTIMIZERS
from gradsheet.spreadsheet import palette
from gradsheet.spreadsheet.addresses import column_letters
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import Worksheet, cell_address, write_formula
from gradsheet.symbolic.tape import Array
from gradsheet.workbook import texts
from gradsheet.workbook.layout import RATES_SHEET
from gradsheet.workbook.training_panel import LOSS_CHART, set_loss_axes

_RATES = (0.5, 1.0, 1.9, 2.1)  # E″ is 1 everywhere, so above 2 every update overshoots farther
UPDATES = 20


def write(style: Style, sheet: Worksheet, row: int, optimizer: str) -> None:
    """One weight on the parabola E = ½w²: each update multiplies it by 1 − η."""
    cell_format = style.format(bold=True, font_size=13)
    sheet.write_string(row, 0, texts.TOO_LARGE, cell_format)
    notes = texts.too_large_notes(OPTIMIZERS[optimizer].words, optimizer == "sgd")
    for down, note in enumerate(notes, start=1):
        sheet.write_string(row + down, 0, note, style.note)
    sheet.write_string(row + 4, 0, texts.UPDATES, style.header())
    values = _parabola()
    for column, rate in enumerate(_RATES, start=1):
        cell_format = style.format(bold=True, align="center", bottom=1, num_format='"η = "General')
        sheet.write_number(row + 4, column, rate, cell_format)
    iteration = style.format(align="center", font_color=FAINT)
    for update in range(UPDATES + 1):
        sheet.write_number(row + 5 + update, 0, update, iteration)
        for column in range(1, len(_RATES) + 1):
            before = cell_address(row + 4 + update, column)
            rate_cell = f"{column_letters(column + 1)}${row + 5}"
            formula = f"{before}-{rate_cell}*{before}" if update else "1"
            value = float(values[update, column - 1])
            write_formula(sheet, row + 5 + update, column, formula, value, style.number)
    _insert_chart(style, sheet, row)


def _insert_chart(style: Style, sheet: Worksheet, row: int) -> None:
    chart = style.book.add_chart(LOSS_CHART)
    for column in range(1, len(_RATES) + 1):
        first, last = row + 5, row + 5 + UPDATES
        chart.add_series(
            {
                "name": [RATES_SHEET, row + 4, column],
                "categories": [RATES_SHEET, first, 0, last, 0],
                "values": [RATES_SHEET, first, column, last, column],
                "line": {"color": palette.of_rate(column - 1), "width": 2},
            }
        )
    chart.set_title({"name": texts.TOO_LARGE_CHART, "name_font": {"size": 12}})
    axis: dict[str, object] = {"name": "w", "num_format": "0"}
    set_loss_axes(chart, UPDATES, axis)
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 620, "height": 400})
    sheet.insert_chart(row + 4, 6, chart, {"x_offset": 4, "y_offset": 4})


def _parabola() -> Array:
    """The weight after each update, at each rate."""
    values = [np.ones(len(_RATES))]
    for _ in range(UPDATES):
        values.append(values[-1] - np.array(_RATES) * values[-1])
    return np.array(values)
