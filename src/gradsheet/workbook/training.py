"""One sheet a learning rate: the familiar table, its chart and its formulas."""

import math
from itertools import groupby, pairwise

from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import (
    PAGE_WIDTH,
    PlainSheet,
    Worksheet,
    print_in_blocks,
    write_formula,
)
from gradsheet.symbolic.expression import Variable, expand, remarks, variables
from gradsheet.symbolic.render import plain, to_excel
from gradsheet.workbook import exercise_texts, texts
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
    ITERATION_COLUMN,
    TABLE_COLUMN,
    Column,
    Layout,
    rate_sheet,
)
from gradsheet.workbook.training_panel import PANEL_WIDTH, write_panel

_NUMBER_WIDTH = 11.5
_HEADING_COLUMNS = 8  # after which a heading is repeated: a printed page or a window may end there
_PAGE_ROWS, _PORTRAIT_ROWS = 75, 106  # that can still be read
_ROW_WIDTH, _PORTRAIT_ROW_WIDTH = 3.8, 1.8  # characters across for each row that a page holds
_PORTRAIT_WIDTH = 226  # characters across that can still be read


def write(layout: Layout, style: Style, number: int, exercise: Exercise | None = None) -> None:
    """Add the sheet of the 0-based learning rate ``number``.

    In an exercise columns are left to fill in, and on the first sheet marked at iteration 0.
    """
    rate = layout.descent.learning_rates[number]
    sheet = style.book.add_worksheet(rate_sheet(rate), PlainSheet)
    sheet.hide_gridlines(2)
    sheet.freeze_panes(FIRST_ROW, ITERATION_COLUMN + 1)
    lefts = _write_table(layout, style, sheet, number, exercise)
    rows = max(
        FIRST_ROW + layout.descent.updates + 1, write_panel(layout, style, sheet, number, exercise)
    )
    sheet.repeat_rows(HEADER_ROW - 1, HEADER_ROW)
    sheet.repeat_columns(ITERATION_COLUMN)
    sheet.print_area(0, 0, rows - 1, TABLE_COLUMN + len(layout.columns))
    width = PANEL_WIDTH + _NUMBER_WIDTH * len(layout.columns)
    across, down = _pages(rows, width)
    print_in_blocks(
        sheet,
        [0, *lefts],
        TABLE_COLUMN + len(layout.columns),
        pages=across,
        rows=rows,
        down=down,
        repeated=ITERATION_COLUMN + 1,
        portrait=rows > _PAGE_ROWS,
    )
    if exercise:
        sheet.protect(options=ALLOWED)


def _pages(rows: int, width: float) -> tuple[int, int]:
    """How many pages across and down fill well; what is too long for one lies upright."""
    if rows <= _PAGE_ROWS:
        return max(1, round(width / (_ROW_WIDTH * rows)), math.ceil(width / PAGE_WIDTH)), 1
    down = math.ceil(rows / _PORTRAIT_ROWS)
    across = math.ceil(width / (_PORTRAIT_ROW_WIDTH * rows / down))
    return max(across, math.ceil(width / _PORTRAIT_WIDTH)), down


def _write_table(
    layout: Layout, style: Style, sheet: Worksheet, number: int, exercise: Exercise | None
) -> list[int]:
    """Write the table; the columns with a heading."""
    sheet.set_column(ITERATION_COLUMN, ITERATION_COLUMN, 9)
    sheet.set_column(TABLE_COLUMN + 1, TABLE_COLUMN + len(layout.columns), _NUMBER_WIDTH)
    lefts = _write_headers(layout, style, sheet)
    iteration = style.format(align="center", font_color=FAINT)
    if exercise and number == 0 and exercise.asked:
        sheet.write_string(HEADER_ROW - 2, TABLE_COLUMN, exercise_texts.MARK, style.note)
    for row in range(layout.descent.updates + 1):
        sheet.write_number(FIRST_ROW + row, ITERATION_COLUMN, row, iteration)
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
    return lefts


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


def _write_headers(layout: Layout, style: Style, sheet: Worksheet) -> list[int]:
    lefts: list[int] = []
    sheet.write_string(HEADER_ROW, ITERATION_COLUMN, texts.ITERATION, style.header())
    left = TABLE_COLUMN + 1
    for (group, band), members in groupby(
        layout.columns, lambda column: (column.group, column.band)
    ):
        group_columns = list(members)
        lefts += _write_heading(style, sheet, left, len(group_columns), group)
        for column, member in enumerate(group_columns, start=left):
            name = plain(member.variable.markup)
            sheet.write_string(HEADER_ROW, column, name, style.header(band))
            _write_note(sheet, column, member.variable)
        left += len(group_columns)
    return lefts


def _write_heading(style: Style, sheet: Worksheet, left: int, count: int, group: str) -> list[int]:
    """Write what so many columns are, above the first and again where there are many; where."""
    parts = math.ceil(count / _HEADING_COLUMNS)
    starts = [left + count * part // parts for part in range(parts + 1)]
    cell_format = style.format(bold=True, align="left", font_color=FAINT, shrink=True)
    for first, after in pairwise(starts):
        if after - first > 1:
            sheet.merge_range(HEADER_ROW - 1, first, HEADER_ROW - 1, after - 1, group, cell_format)
        else:
            sheet.write_string(HEADER_ROW - 1, first, group, cell_format)
    return starts[:-1]


def _write_note(sheet: Worksheet, column: int, variable: Variable) -> None:
    """Say in a cell note what the symbol of a column means."""
    size = {"x_scale": 1.4, "y_scale": 0.6, "font_size": 9}
    said = dict.fromkeys(remarks(variable.definition) if variable.definition else ())
    sheet.write_comment(HEADER_ROW, column, "; ".join([variable.meaning, *said]), size)
