"""All learning rates together."""

import math

from xlsxwriter.utility import xl_rowcol_to_cell

from gradsheet import palette
from gradsheet.sheets.plan import RATES_SHEET, Plan
from gradsheet.sheets.style import FAINT, Style, write_formula
from gradsheet.sheets.training import loss_range, set_loss_axes

_HEADER_ROW = 3


def write(plan: Plan, style: Style) -> None:
    """Add the sheet with the loss at every learning rate, side by side, and their chart."""
    sheet = style.book.add_worksheet(RATES_SHEET)
    sheet.hide_gridlines(2)
    sheet.freeze_panes(_HEADER_ROW + 1, 1)
    sheet.write_string(0, 0, "The loss at each learning rate", style.title)
    note = "Each column repeats E_total of one training sheet; #N/A marks a training that diverged."
    sheet.write_string(1, 0, note, style.note)
    sheet.write_string(_HEADER_ROW, 0, "updates", style.header())
    iteration = style.format(align="center", font_color=FAINT)
    for row in range(plan.descent.updates + 1):
        sheet.write_number(_HEADER_ROW + 1 + row, 0, row, iteration)
    for column, rate in enumerate(plan.descent.rates, start=1):
        look = style.format(bold=True, align="center", bottom=1, num_format='"η = "General')
        write_formula(sheet, _HEADER_ROW, column, plan.rate_addresses[column - 1], rate, look)
        name, first, source, *_ = loss_range(plan, rate)
        for row, loss in enumerate(plan.descent.loss[:, column - 1].tolist()):
            formula = f"IFERROR('{name}'!{xl_rowcol_to_cell(first + row, source)},NA())"
            value = loss if math.isfinite(loss) else "#N/A"
            write_formula(sheet, _HEADER_ROW + 1 + row, column, formula, value, style.number)
    sheet.set_column(0, 0, 9)
    sheet.set_column(1, len(plan.descent.rates), 12)
    place = (_HEADER_ROW, len(plan.descent.rates) + 2)
    sheet.insert_chart(*place, _chart(plan, style))
    sheet.set_landscape()
    sheet.repeat_rows(_HEADER_ROW)
    sheet.fit_to_pages(1, 0)


def _chart(plan: Plan, style: Style) -> object:
    chart = style.book.add_chart({"type": "line"})
    first, last = _HEADER_ROW + 1, _HEADER_ROW + 1 + plan.descent.updates
    for column in range(1, len(plan.descent.rates) + 1):
        chart.add_series(
            {
                "name": [RATES_SHEET, _HEADER_ROW, column],
                "categories": [RATES_SHEET, first, 0, last, 0],
                "values": [RATES_SHEET, first, column, last, column],
                "line": {"color": palette.of_rate(column - 1), "width": 2},
            }
        )
    chart.set_title({"name": "Loss against updates, by learning rate", "name_font": {"size": 13}})
    set_loss_axes(plan, chart)
    chart.set_legend({"position": "right"})
    chart.set_size({"width": 860, "height": 480})
    return chart
