"""Every step from the inputs to the loss and back to every weight, one row each."""

import math

from gradsheet.spreadsheet.limits import FORMULA_CHARACTERS
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import (
    Format,
    Worksheet,
    absolute,
    agreement,
    cell_address,
    print_on_pages,
    write_formula,
)
from gradsheet.symbolic.expression import Expression, Variable, remarks, variables
from gradsheet.symbolic.render import plain, to_excel, to_textbook
from gradsheet.workbook import exercise_texts, numerals, texts
from gradsheet.workbook.derivation_exercise import (
    SEARCHED_ROWS,
    question_of,
    write_blank_step,
    write_search,
)
from gradsheet.workbook.derivation_layout import (
    CELL,
    CHECK,
    COLUMNS,
    FIRST_ROW,
    FORMULA,
    HINT_COLUMN,
    MARK,
    NUMBERS,
    NUMERAL,
    STEP,
    VALUE,
    WORDS,
    Derivation,
)
from gradsheet.workbook.derivation_steps import sections
from gradsheet.workbook.exercise import ALLOWED, HINT, Exercise
from gradsheet.workbook.exercise_levels import Level
from gradsheet.workbook.layout import DERIVATION_SHEET, Check, Layout

_BARE = 'SUBSTITUTE(SUBSTITUTE({},"(",""),")","")'
_MOST_TERMS = 30  # with more, numbers put into a formula could not be read
_LINE, _HIGHEST = 15.5, 400.0  # the height of a line of text and of a row, in points


def write(layout: Layout, style: Style, exercise: Exercise | None) -> list[Check]:
    """Add the derivation: the first iteration, each local derivative in its own row."""
    notes = texts.derivation_notes(len(layout.graph.examples))
    sheet = style.add_sheet(DERIVATION_SHEET, texts.DERIVATION_TITLE, *notes)
    sheet.freeze_panes(FIRST_ROW, 2)
    for column, (header, width, align) in enumerate(COLUMNS):
        sheet.write_string(FIRST_ROW - 1, column, header, style.header(align=align))
        sheet.set_column(column, column, width)
    blank: frozenset[Variable] = exercise.blank if exercise else frozenset()
    above = SEARCHED_ROWS if exercise and exercise.level is Level.MISTAKE else 0
    derivation = Derivation(layout, list(sections(layout.graph)), blank, FIRST_ROW + above)
    _write_sections(derivation, style, sheet, exercise)
    if exercise:
        if above:
            write_search(derivation, style, sheet, exercise)
        sheet.set_column(HINT_COLUMN, HINT_COLUMN, 8 if exercise.asked else 2)
        sheet.protect(options=ALLOWED)
    sheet.repeat_rows(FIRST_ROW - 1)
    sheet.print_area(0, 0, max(derivation.rows.values()), HINT_COLUMN if exercise else CELL)
    print_on_pages(sheet)
    return [] if exercise else _checks(derivation, style, sheet)


def _write_sections(
    derivation: Derivation, style: Style, sheet: Worksheet, exercise: Exercise | None
) -> None:
    number = 0
    for title, band, steps in derivation.sections:
        heading = derivation.rows[steps[0]] - 1
        cell_format = style.header(band, align="left")
        asked = exercise is not None and not exercise.asked.isdisjoint(steps)
        sheet.merge_range(heading, 0, heading, VALUE if asked else CELL, title, cell_format)
        if asked:
            sheet.write_string(heading, MARK, f"  {exercise_texts.MARK}", cell_format)
            sheet.write_string(heading, HINT_COLUMN, f"{HINT}s", cell_format)
        for variable in steps:
            number += 1
            row = derivation.rows[variable]
            sheet.write_number(row, 0, number, style.format(font_color=FAINT))
            style.write_markup(sheet, row, STEP, variable.markup, bold=True, align="right")
            is_asked = exercise is not None and variable in exercise.asked
            if exercise and is_asked and not exercise.solved:
                write_blank_step(derivation, style, sheet, variable)
            else:
                cell_format = style.answer if is_asked else style.number
                _write_step(derivation, style, sheet, variable, cell_format)
            if exercise and is_asked:
                question = question_of(derivation, variable, title, exercise)
                exercise.ask(sheet, row, MARK, question)
            numeral = numerals.formula(cell_address(row, VALUE))
            text = numerals.text(derivation.values[variable])
            write_formula(sheet, row, NUMERAL, numeral, text, style.note)


def _write_step(
    derivation: Derivation, style: Style, sheet: Worksheet, variable: Variable, cell_format: Format
) -> None:
    layout, row = derivation.layout, derivation.rows[variable]
    definition = derivation.definition(variable)
    words = "; ".join([variable.meaning, *dict.fromkeys(remarks(definition))]) if definition else ""
    words = words or variable.meaning
    sheet.write_string(row, WORDS, words, style.format(indent=1, text_wrap=True))
    shown = {WORDS: words}
    if definition is not None:
        formula = to_excel(definition, derivation.address)
        markup = "= " + to_textbook(definition)
        style.write_markup(sheet, row, FORMULA, markup, indent=1, text_wrap=True)
        shown[FORMULA] = plain(markup)
        shown[NUMBERS] = _write_numbers(derivation, style, sheet, row, definition)
    elif variable is layout.graph.rate:
        formula = layout.fields.rate_addresses[0]
    elif variable in layout.addresses:
        formula = layout.addresses[variable]
    else:
        formula = layout.trained(variable)
    write_formula(sheet, row, VALUE, formula, derivation.values[variable], cell_format)
    sheet.write_string(row, CELL, "=" + formula, style.formula_text)
    shown[CELL] = "=" + formula
    lines = max(_lines(column, text) for column, text in shown.items())
    sheet.set_row(row, min(_LINE * lines, _HIGHEST))


def _lines(column: int, text: str) -> int:
    """How many lines a text takes; a column's width counts digits, wider than most letters."""
    width = COLUMNS[column][1] * (1 if column == CELL else 1.2)
    raised = sum(character in "⁽⁾⁰¹²³⁴⁵⁶⁷⁸⁹" for character in text)
    return math.ceil((len(text) - raised / 2) / width)


def _write_numbers(
    derivation: Derivation, style: Style, sheet: Worksheet, row: int, definition: Expression
) -> str:
    """Write the formula with the numbers put in, a formula that joins text; return the text."""
    if len(list(variables(definition))) > _MOST_TERMS:
        sheet.write_string(row, NUMBERS, "= …", style.note)
        return "= …"
    operands = list(dict.fromkeys(variables(definition)))
    marks = {variable: f"\x00{number}\x00" for number, variable in enumerate(operands)}
    pieces = plain(to_textbook(definition, lambda v: marks[v])).split("\x00")
    parts, text = ['"= "'], "= "
    for place, piece in enumerate(pieces):
        if place % 2:
            operand = operands[int(piece)]
            numeral, shown = derivation.numeral(operand), numerals.text(derivation.values[operand])
            alone = len(pieces) == 3 and not pieces[0] and not pieces[2]
            if alone or (pieces[place - 1].endswith("(") and pieces[place + 1].startswith(")")):
                numeral, shown = _BARE.format(numeral), shown.strip("()")
            parts.append(numeral)
            text += shown
        elif piece:
            parts.append(f'"{piece}"')
            text += piece
    formula = "&".join(parts)
    if len(formula) >= FORMULA_CHARACTERS:
        sheet.write_string(row, NUMBERS, "= …", style.note)
        return "= …"
    if "#" in text:
        text = "#NUM!"
    write_formula(sheet, row, NUMBERS, formula, text, style.format(text_wrap=True))
    return text


def _checks(derivation: Derivation, style: Style, sheet: Worksheet) -> list[Check]:
    """The update, derived step by step, must be what the training table has after one."""
    layout, updates = derivation.layout, derivation.layout.graph.steps.updates
    failures = 0.0
    for parameter in layout.graph.parameters:
        row, found = derivation.rows[updates[parameter]], derivation.address(updates[parameter])
        close = f"ABS({found}-{layout.trained(parameter, row=1)})<=0.000000001*(1+ABS({found}))"
        value = agreement(derivation.values[updates[parameter]])
        failures += value
        write_formula(sheet, row, CHECK, f"IF({close},0,1)", value, style.note)
    sheet.write_string(FIRST_ROW - 1, CHECK, texts.DIFFERS, style.note)
    cells = f"{absolute(FIRST_ROW, CHECK)}:{absolute(max(derivation.rows.values()), CHECK)}"
    sheet.write_string(3, 0, texts.UPDATES_THAT_DIFFER, style.note)
    write_formula(sheet, 3, FORMULA, f"SUM({cells})", failures, style.format(align="left"))
    place = absolute(3, FORMULA, DERIVATION_SHEET)
    return [Check(texts.DERIVATION_CHECK, place, DERIVATION_SHEET, failures)]
