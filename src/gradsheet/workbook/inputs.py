"""The sheet to type in: it drives every other one."""

from gradsheet.networks.optimizers import OPTIMIZERS
from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import (
    Worksheet,
    absolute,
    cell_address,
    print_in_blocks,
    span,
    write_formula,
)
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.render import plain
from gradsheet.workbook import texts
from gradsheet.workbook.inputs_layout import (
    BLOCK_ROW,
    CHOICE_CELL,
    INPUTS_SHEET,
    OWN,
    Block,
)
from gradsheet.workbook.layout import Layout

_LIST_WIDTHS, _GRID_WIDTH, _GAP = (6, 11), 9, 2  # of columns, in characters


def write(layout: Layout, style: Style, locked: bool) -> None:
    """Add the inputs sheet; ``locked`` where the answers of an exercise depend on it."""
    note = texts.INPUTS_OF_EXERCISE if locked else texts.INPUTS_NOTE
    sheet = style.add_sheet(INPUTS_SHEET, texts.INPUTS_TITLE, note, summary(layout))
    values = {
        **layout.graph.given,
        **dict(zip(layout.fields.rates, layout.descent.learning_rates, strict=True)),
    }
    for block in layout.fields.blocks:
        _write_block(sheet, style, block, values)
    for variable, (row, column) in layout.fields.typed.items():
        style.book.define_name(
            symbol_of(variable).cell_name, f"={absolute(row, column, INPUTS_SHEET)}"
        )
        rate = variable in layout.fields.rates
        sheet.data_validation(row, column, row, column, _validation(variable, rate))
    style.book.define_name("lr", f"={layout.fields.rate_addresses[0]}")
    _write_choice(layout, style, sheet, locked)
    _write_table(layout, style, sheet)
    last = max(row for row, _ in layout.fields.typed.values())
    sheet.print_area(0, 0, last, layout.fields.table_left - 2)
    lefts = [block.left for block in layout.fields.blocks]
    print_in_blocks(sheet, lefts, layout.fields.table_left - 2, down=0)
    if locked:
        sheet.protect()


def summary(layout: Layout) -> str:
    """One line that describes the network."""
    graph, spec = layout.graph, layout.graph.spec
    sizes = "-".join(map(str, spec.sizes))
    optimizer = OPTIMIZERS[spec.optimizer].words
    counts = len(graph.parameters), len(spec.inputs)
    return texts.network_summary(sizes, *counts, optimizer, graph.loss.meaning)


def _validation(variable: Variable, rate: bool) -> dict[str, object]:
    low, wanted = (0, "a number above 0") if rate else (-1e15, "a number from -1e15 to 1e15")
    title, message = texts.not_possible(plain(variable.markup), wanted)
    return {
        "validate": "decimal",
        "criteria": "between",
        "minimum": "=10^-300" if rate else low,
        "maximum": 1e15,
        "ignore_blank": False,
        "input_title": plain(variable.markup),
        "input_message": variable.meaning[:200],
        "error_title": title,
        "error_message": message,
    }


def _write_block(
    sheet: Worksheet, style: Style, block: Block, values: dict[Variable, float]
) -> None:
    cell_format = style.header(block.band)
    sheet.merge_range(
        BLOCK_ROW, block.left, BLOCK_ROW, block.left + block.width - 1, block.title, cell_format
    )
    for variable, (row, column) in block.places().items():
        sheet.write_number(row, column, values[variable], style.editable)
    if block.is_list:
        _write_list_labels(sheet, style, block)
    else:
        _write_grid_labels(sheet, style, block)
    sheet.set_column(block.left + block.width, block.left + block.width, _GAP)


def _meaning_width(block: Block) -> float:
    longest = max(len(variable.meaning) for (variable,) in block.rows)
    return max(13, 0.95 * longest + 1)


def _write_list_labels(sheet: Worksheet, style: Style, block: Block) -> None:
    for row, (variable,) in enumerate(block.rows, start=block.first_row):
        markup = variable.markup
        style.write_markup(sheet, row, block.left, markup, align="right", bold=True)
        sheet.write_string(row, block.left + 2, variable.meaning, style.aside)
    for column, width in enumerate((*_LIST_WIDTHS, _meaning_width(block)), start=block.left):
        sheet.set_column(column, column, width)


def _write_grid_labels(sheet: Worksheet, style: Style, block: Block) -> None:
    sheet.write_string(block.first_row - 1, block.left, texts.EXAMPLE, style.note)
    for column, variable in enumerate(block.rows[0], start=block.left + 1):
        markup = symbol_of(variable).without_example().markup
        style.write_markup(sheet, block.first_row - 1, column, markup, bold=True, align="center")
    for number, _ in enumerate(block.rows, start=1):
        cell_format = style.format(align="center", font_color=FAINT)
        sheet.write_number(block.first_row + number - 1, block.left, number, cell_format)
    sheet.set_column(block.left, block.left + block.width - 1, _GRID_WIDTH)


def _write_choice(layout: Layout, style: Style, sheet: Worksheet, locked: bool) -> None:
    """The set of numbers in use: those typed, those of the start, or a preset's."""
    row, column = CHOICE_CELL
    sheet.write_string(row, 0, f"{texts.NUMBERS_TO_USE}:", style.format(bold=True))
    names = [name for name, _ in layout.fields.choices]
    choice = style.choice_of(locked=locked)
    sheet.merge_range(row, column, row, column + 1, OWN, choice)
    left = layout.fields.table_left + 2
    source = span(BLOCK_ROW, left, BLOCK_ROW, left + len(names) - 1)
    sheet.data_validation(
        row,
        column,
        row,
        column,
        {
            "validate": "list",
            "source": f"={source}",
            "input_title": texts.NUMBERS_TO_USE,
            "input_message": texts.NUMBERS_CHOICE,
            "error_title": texts.NOT_IN_LIST,
            "error_message": texts.CHOOSE_FROM_LIST,
        },
    )
    chosen = absolute(row, column)
    formula = f'IF({chosen}="{OWN}","","{texts.YELLOW_RESTING}")'
    write_formula(sheet, row, column + 2, formula, "", style.warning)
    cell_format = style.book.add_format({"font_color": "#9CA3AF", "bg_color": "#F3F4F6"})
    for block in layout.fields.blocks[:-1]:
        sheet.conditional_format(
            block.first_row,
            block.left + 1,
            block.first_row + len(block.rows) - 1,
            block.left + (1 if block.is_list else len(block.rows[0])),
            {"type": "formula", "criteria": f'={chosen}<>"{OWN}"', "format": cell_format},
        )


def _write_table(layout: Layout, style: Style, sheet: Worksheet) -> None:
    """The numbers in use, and the sets they are taken from."""
    left, choices = layout.fields.table_left, layout.fields.choices
    sheet.write_string(BLOCK_ROW - 1, left, texts.NUMBERS_IN_USE, style.note)
    sheet.write_string(BLOCK_ROW, left, texts.NUMBERS_HEADINGS[0], style.header())
    sheet.write_string(BLOCK_ROW, left + 1, texts.NUMBERS_HEADINGS[1], style.header())
    for column, (name, _) in enumerate(choices, start=left + 2):
        sheet.write_string(BLOCK_ROW, column, name, style.header())
    sheet.write_string(BLOCK_ROW, layout.fields.flags, texts.CHANGED, style.header())
    sheet.write_string(BLOCK_ROW - 2, left, texts.SET_NUMBER, style.note)
    names = span(BLOCK_ROW, left + 2, BLOCK_ROW, left + 1 + len(choices))
    number = absolute(BLOCK_ROW - 2, left + 1)
    formula = f"IFERROR(MATCH({absolute(*CHOICE_CELL)},{names},0),1)"
    write_formula(sheet, BLOCK_ROW - 2, left + 1, formula, 1, style.format(align="center"))
    for row, (variable, value) in enumerate(layout.graph.given.items(), start=BLOCK_ROW + 1):
        style.write_markup(sheet, row, left, variable.markup, align="right")
        sets = span(row, left + 2, row, left + 1 + len(choices))
        write_formula(sheet, row, left + 1, f"INDEX({sets},{number})", value, style.general)
        typed = absolute(*layout.fields.typed[variable])
        write_formula(sheet, row, left + 2, typed, value, style.general)
        for column, (_, numbers) in enumerate(choices[1:], start=left + 3):
            sheet.write_number(row, column, numbers[variable], style.general)
        flag = f"IF({cell_address(row, left + 1)}<>{cell_address(row, left + 3)},1,0)"
        changed = float(value != choices[1][1][variable])
        write_formula(sheet, row, layout.fields.flags, flag, changed, style.general)
    sheet.set_column(left, left, 8)
    sheet.set_column(left + 1, left + 1 + len(choices), 16)
