"""One sheet a learning rate: the familiar table, its chart and its formulas."""

import math
from itertools import groupby

from gradsheet.networks.optimizers import OPTIMIZERS
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import (
    PlainSheet,
    Worksheet,
    absolute,
    print_on_pages,
    write_formula,
)
from gradsheet.symbolic.expression import Variable, expand, variables
from gradsheet.symbolic.render import plain, to_excel, to_textbook
from gradsheet.workbook import numerals
from gradsheet.workbook.exercise import (
    ALLOWED,
    LONGEST_EXPECTED,
    Exercise,
    Question,
    name_of,
)
from gradsheet.workbook.layout import (
    FIRST_ROW,
    HEADER_ROW,
    RATE_CELL,
    TABLE_COLUMN,
    Column,
    Layout,
    rate_sheet,
)

_CHART_ROWS = 19
_PANEL_WIDTH, _NUMBER_WIDTH = 102, 11.5  # of the columns up to the iteration's, and of the others
_PAGE_WIDTH = 280  # characters across a page that can still be read
_LOSS_COLOUR = "#C2410C"


def write(layout: Layout, style: Style, number: int, exercise: Exercise | None = None) -> None:
    """Add the sheet of the 0-based learning rate ``number``.

    In an exercise columns are left to fill in, and on the first sheet marked at iteration 0.
    """
    rate = layout.descent.learning_rates[number]
    sheet = style.book.add_worksheet(rate_sheet(rate), PlainSheet)
    sheet.hide_gridlines(2)
    sheet.freeze_panes(FIRST_ROW, 0)
    _write_table(layout, style, sheet, number, exercise)
    _write_panel(layout, style, sheet, number, exercise)
    sheet.insert_chart(FIRST_ROW, 0, _chart(layout, style, rate), {"x_offset": 4, "y_offset": 6})
    sheet.repeat_rows(HEADER_ROW - 1, HEADER_ROW)
    width = _PANEL_WIDTH + _NUMBER_WIDTH * len(layout.columns)
    print_on_pages(sheet, across=math.ceil(width / _PAGE_WIDTH))
    if exercise:
        sheet.protect(options=ALLOWED)


def loss_range(layout: Layout, rate: float) -> tuple[str, int, int, int, int]:
    """The cells of the loss at ``rate``, iteration 0 to the last, as XlsxWriter takes them."""
    column = layout.table_columns[layout.graph.loss]
    return rate_sheet(rate), FIRST_ROW, column, FIRST_ROW + layout.descent.updates, column


def iteration_range(layout: Layout, rate: float) -> tuple[str, int, int, int, int]:
    """The cells of the iteration's number, likewise."""
    last = FIRST_ROW + layout.descent.updates
    return rate_sheet(rate), FIRST_ROW, TABLE_COLUMN, last, TABLE_COLUMN


def _write_table(
    layout: Layout, style: Style, sheet: Worksheet, number: int, exercise: Exercise | None
) -> None:
    sheet.set_column(TABLE_COLUMN, TABLE_COLUMN, 9)
    sheet.set_column(TABLE_COLUMN + 1, TABLE_COLUMN + len(layout.columns), _NUMBER_WIDTH)
    _write_headers(layout, style, sheet)
    iteration = style.format(align="center", font_color=FAINT)
    if exercise and number == 0 and exercise.asked:
        sheet.write_string(HEADER_ROW - 2, TABLE_COLUMN, "mark", style.note)
    for row in range(layout.descent.updates + 1):
        sheet.write_number(FIRST_ROW + row, TABLE_COLUMN, row, iteration)
    for offset, column in enumerate(layout.columns, start=TABLE_COLUMN + 1):
        values = layout.descent.values[column.variable][:, number].tolist()
        asked = exercise is not None and column.variable in exercise.asked
        cell_format = style.answer if asked else style.number
        if asked and exercise and number == 0:
            question = _question(layout, column, exercise)
            exercise.ask(sheet, HEADER_ROW - 2, offset, question)
        for row, value in enumerate(values, start=FIRST_ROW):
            formula = column.later if row > FIRST_ROW else column.first
            if asked and exercise and not exercise.solved:
                sheet.write_blank(row, offset, None, cell_format)
            else:
                write_formula(sheet, row, offset, formula.format(row + 1, row), value, cell_format)


def _question(layout: Layout, column: Column, exercise: Exercise) -> Question:
    """The cell of a column at iteration 0."""
    shown, variable = layout.table_columns, column.variable
    definition = variable.definition and expand(variable.definition, shown.__contains__)
    operands = {
        operand: layout.trained_cell(operand)
        for operand in (variables(definition) if definition else ())
        if operand in exercise.asked
    }

    def address(operand: Variable) -> str:
        if operand in shown:
            return layout.trained_cell(operand).absolute
        return layout.addresses[operand]

    expected = to_excel(definition, address) if definition and operands else ""
    return Question(
        layout.trained_cell(variable),
        name_of(variable),
        f"Training table, iteration 0: {column.group}",
        exercise.answers[variable],
        definition,
        operands,
        expected if len(expected) <= LONGEST_EXPECTED else "",
    )


def _write_headers(layout: Layout, style: Style, sheet: Worksheet) -> None:
    sheet.write_string(HEADER_ROW, TABLE_COLUMN, "iteration", style.header())
    left = TABLE_COLUMN + 1
    for (group, band), members in groupby(
        layout.columns, lambda column: (column.group, column.band)
    ):
        group_columns = list(members)
        names = [plain(column.variable.markup) for column in group_columns]
        right = left + len(names) - 1
        cell_format = style.format(bold=True, align="center", font_color=FAINT)
        if right > left:
            sheet.merge_range(HEADER_ROW - 1, left, HEADER_ROW - 1, right, group, cell_format)
        else:
            sheet.write_string(HEADER_ROW - 1, left, group, cell_format)
        for column, (name, member) in enumerate(zip(names, group_columns, strict=True), start=left):
            sheet.write_string(HEADER_ROW, column, name, style.header(band))
            _write_note(sheet, column, member.variable)
        left = right + 1


def _write_note(sheet: Worksheet, column: int, variable: Variable) -> None:
    """Say in a cell note what the symbol of a column means."""
    size = {"x_scale": 1.4, "y_scale": 0.6, "font_size": 9}
    sheet.write_comment(HEADER_ROW, column, variable.meaning, size)


def _write_panel(
    layout: Layout, style: Style, sheet: Worksheet, number: int, exercise: Exercise | None
) -> None:
    """The learning rate, the loss reached, and the formula of every column."""
    sheet.set_column(0, 0, 12)
    sheet.set_column(1, 1, 78)
    sheet.set_column(2, 2, 3)
    rate, losses = layout.descent.learning_rates[number], layout.descent.loss[:, number]
    words = OPTIMIZERS[layout.graph.spec.optimizer].words
    words = f"{words[0].upper()}{words[1:]} at learning rate "
    title = f'"{words}"&{numerals.formula(absolute(*RATE_CELL))}'
    write_formula(sheet, 0, 0, title, words + numerals.text(rate), style.title)
    style.write_markup(sheet, *RATE_CELL[:1], 0, "η", bold=True, align="right")
    cell_format = style.format(align="left", bold=True, indent=1)
    write_formula(sheet, *RATE_CELL, layout.fields.rate_addresses[number], rate, cell_format)
    _, _, column, last, _ = loss_range(layout, rate)
    style.write_markup(sheet, 2, 0, layout.graph.loss.markup, bold=True, align="right")
    cell_format = style.format(
        align="left",
        indent=1,
        num_format=f'{"0.000000000"}" after {layout.descent.updates} updates"',
    )
    write_formula(sheet, 2, 1, absolute(last, column), float(losses[-1]), cell_format)
    _write_steps(layout, style, sheet, exercise)


def _write_steps(layout: Layout, style: Style, sheet: Worksheet, exercise: Exercise | None) -> None:
    shown = {column.variable for column in layout.columns}
    asked = exercise.asked if exercise else ()
    given_away = [c for c in layout.columns if c.variable not in asked]
    computed = [column.variable for column in given_away if column.variable.definition]
    row = FIRST_ROW + _CHART_ROWS
    sheet.write_string(row - 1, 0, "column", style.header())
    sheet.write_string(row - 1, 1, "its formula, for every iteration", style.header(align="left"))
    updates = layout.graph.steps.updates.values()
    for variable in [*computed, *updates]:
        if variable.definition is None:
            continue
        style.write_markup(sheet, row, 0, variable.markup, bold=True, align="right")
        kept = expand(variable.definition, lambda v: v in shown or v in updates)
        formula = to_textbook(kept)
        style.write_markup(sheet, row, 1, "= " + formula, indent=1)
        row += 1


def _chart(layout: Layout, style: Style, rate: float) -> object:
    chart = style.book.add_chart({"type": "line"})
    chart.add_series(
        {
            "name": "E_total",
            "categories": list(iteration_range(layout, rate)),
            "values": list(loss_range(layout, rate)),
            "line": {"color": _LOSS_COLOUR, "width": 2},
        }
    )
    title = f"='{rate_sheet(rate)}'!$A$1"
    chart.set_title({"name": title, "name_font": {"size": 12}})
    set_loss_axes(layout, chart)
    chart.set_legend({"none": True})
    chart.set_size({"width": 630, "height": 330})
    return chart


def set_loss_axes(layout: Layout, chart: object, y_axis: dict[str, object] | None = None) -> None:
    """Name and space the axes of a chart of the loss over the updates."""
    spacing = max(1, round(layout.descent.updates / 10))
    chart.set_x_axis(  # type: ignore[attr-defined]  # XlsxWriter's charts share no typed base
        {
            "name": "updates",
            "interval_unit": spacing,
            "interval_tick": spacing,
            "position_axis": "on_tick",
        }
    )
    chart.set_y_axis(  # type: ignore[attr-defined]
        {
            "name": "E_total",
            "num_format": "0.00",
            "major_gridlines": {"visible": True, "line": {"color": "#E5E7EB"}},
            **(y_axis or {}),
        }
    )
