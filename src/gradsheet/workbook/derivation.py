"""Every step from the inputs to the loss and back to every weight, one row each."""

import math
from dataclasses import dataclass
from functools import cached_property

from gradsheet.spreadsheet.addresses import CellIndex, CellRef
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
from gradsheet.symbolic.expression import Expression, Variable, expand, remarks, variables
from gradsheet.symbolic.render import plain, to_excel, to_textbook
from gradsheet.symbolic.tape import evaluate
from gradsheet.workbook import numerals, texts
from gradsheet.workbook.derivation_steps import Section, known_variables, sections
from gradsheet.workbook.exercise import (
    ALLOWED,
    HINT,
    LONGEST_EXPECTED,
    Exercise,
    Question,
    idle_steps,
    name_of,
)
from gradsheet.workbook.exercise_levels import Level
from gradsheet.workbook.layout import DERIVATION_SHEET, Check, Layout

_COLUMNS = (  # header, width, alignment
    ("", 4, "right"),
    ("step", 12, "right"),
    ("  in words", 70, "left"),
    ("formula", 46, "left"),
    ("with the numbers", 50, "left"),
    ("value", 14, "right"),
    ("  the cell's formula", 40, "left"),
    ("", 2, "left"),  # the hint in an exercise, else what sets the rest apart
    ("in a formula", 12, "left"),
)
_STEP, _WORDS, _FORMULA, _NUMBERS, _VALUE, _CELL, _HINT, _NUMERAL, _CHECK = range(1, 10)
_MARK = _CELL  # where there is a question
_FIRST_ROW = 5
_LINE, _HIGHEST = 15.5, 400.0  # the height of a line of text and of a row, in points
_BARE = 'SUBSTITUTE(SUBSTITUTE({},"(",""),")","")'
_MOST_TERMS = 30  # with more, numbers put into a formula could not be read
_LONGEST_HINT = 240  # characters; a text in a formula has at most 255
_SEARCHED_ROWS = 3

SEARCH_GROUP = "Find the mistake"


def write(layout: Layout, style: Style, exercise: Exercise | None) -> list[Check]:
    """Add the derivation: the first iteration, each local derivative in its own row."""
    notes = texts.derivation_notes(len(layout.graph.examples))
    sheet = style.add_sheet(DERIVATION_SHEET, texts.DERIVATION_TITLE, *notes)
    sheet.freeze_panes(_FIRST_ROW, 2)
    for column, (header, width, align) in enumerate(_COLUMNS):
        sheet.write_string(_FIRST_ROW - 1, column, header, style.header(align=align))
        sheet.set_column(column, column, width)
    blank: frozenset[Variable] = exercise.blank if exercise else frozenset()
    above = _SEARCHED_ROWS if exercise and exercise.level is Level.MISTAKE else 0
    derivation = _Derivation(layout, list(sections(layout.graph)), blank, _FIRST_ROW + above)
    _write_sections(derivation, style, sheet, exercise)
    if exercise:
        if above:
            _write_search(derivation, style, sheet, exercise)
        sheet.set_column(_HINT, _HINT, 8 if exercise.asked else 2)
        sheet.protect(options=ALLOWED)
    sheet.repeat_rows(_FIRST_ROW - 1)
    sheet.print_area(0, 0, max(derivation.rows.values()), _HINT if exercise else _CELL)
    print_on_pages(sheet)
    return [] if exercise else _checks(derivation, style, sheet)


@dataclass(frozen=True)
class _Derivation:
    """The steps, and the row of each."""

    layout: Layout
    sections: list[Section]
    blank: frozenset[Variable] = frozenset()  # what is not filled in
    first_row: int = _FIRST_ROW

    @cached_property
    def rows(self) -> dict[Variable, int]:
        """The 0-based row of every step; a heading precedes each section."""
        rows: dict[Variable, int] = {}
        row = self.first_row
        for _, _, steps in self.sections:
            for offset, variable in enumerate(steps, start=1):
                rows[variable] = row + offset
            row += len(steps) + 1
        return rows

    @cached_property
    def values(self) -> dict[Variable, float]:
        """The value of every step, and of what the training table adds for other examples."""
        layout = self.layout
        given = {**layout.graph.given, **layout.graph.steps.memory}
        given[layout.graph.rate] = layout.descent.learning_rates[0]
        found = evaluate([*self.rows, *layout.table_columns], given)
        if self.blank:
            updates = idle_steps(layout.graph).updates
            moved = evaluate(updates.values(), given)
            found |= dict.fromkeys(self.blank, 0.0)
            found |= {layout.graph.steps.updates[old]: moved[new] for old, new in updates.items()}
        return found

    def definition(self, variable: Variable) -> Expression | None:
        """How a step is computed: from other steps, or from columns of the training table."""
        if variable.definition is None:
            return None
        known = self.rows.keys() | self.layout.table_columns.keys()
        return expand(variable.definition, known.__contains__)

    def address(self, operand: Variable) -> str:
        """The cell of a step, or of the same value in the first training table."""
        if operand in self.rows:
            return cell_address(self.rows[operand], _VALUE)
        return self.layout.trained(operand)

    def cell(self, operand: Variable) -> CellRef:
        """The same, on any sheet."""
        if operand in self.rows:
            index = CellIndex.from_zero_based(self.rows[operand], _VALUE)
            return CellRef(DERIVATION_SHEET, index)
        return self.layout.trained_cell(operand)

    def hint_cell(self, variable: Variable) -> CellRef:
        """The cell in which a hint is asked for."""
        return CellRef(DERIVATION_SHEET, CellIndex.from_zero_based(self.rows[variable], _HINT))

    def numeral(self, operand: Variable) -> str:
        """A formula for the text of a value within another formula."""
        if operand in self.rows:
            return cell_address(self.rows[operand], _NUMERAL)
        return numerals.formula(self.layout.trained(operand))


def _write_sections(
    derivation: _Derivation, style: Style, sheet: Worksheet, exercise: Exercise | None
) -> None:
    number = 0
    for title, band, steps in derivation.sections:
        heading = derivation.rows[steps[0]] - 1
        cell_format = style.header(band, align="left")
        asked = exercise is not None and not exercise.asked.isdisjoint(steps)
        sheet.merge_range(heading, 0, heading, _VALUE if asked else _CELL, title, cell_format)
        if asked:
            sheet.write_string(heading, _MARK, "  mark", cell_format)
            sheet.write_string(heading, _HINT, f"{HINT}s", cell_format)
        for variable in steps:
            number += 1
            row = derivation.rows[variable]
            sheet.write_number(row, 0, number, style.format(font_color=FAINT))
            style.write_markup(sheet, row, _STEP, variable.markup, bold=True, align="right")
            if exercise and variable in exercise.asked:
                _write_question(derivation, style, sheet, variable, title, exercise)
            else:
                _write_step(derivation, style, sheet, variable, style.number)
            numeral = numerals.formula(cell_address(row, _VALUE))
            text = numerals.text(derivation.values[variable])
            write_formula(sheet, row, _NUMERAL, numeral, text, style.note)


def _write_step(
    derivation: _Derivation, style: Style, sheet: Worksheet, variable: Variable, cell_format: Format
) -> None:
    layout, row = derivation.layout, derivation.rows[variable]
    definition = derivation.definition(variable)
    words = "; ".join([variable.meaning, *dict.fromkeys(remarks(definition))]) if definition else ""
    words = words or variable.meaning
    sheet.write_string(row, _WORDS, words, style.format(indent=1, text_wrap=True))
    shown = {_WORDS: words}
    if definition is not None:
        formula = to_excel(definition, derivation.address)
        markup = "= " + to_textbook(definition)
        style.write_markup(sheet, row, _FORMULA, markup, text_wrap=True)
        shown[_FORMULA] = plain(markup)
        shown[_NUMBERS] = _write_numbers(derivation, style, sheet, row, definition)
    elif variable is layout.graph.rate:
        formula = layout.fields.rate_addresses[0]
    elif variable in layout.addresses:
        formula = layout.addresses[variable]
    else:
        formula = layout.trained(variable)
    write_formula(sheet, row, _VALUE, formula, derivation.values[variable], cell_format)
    sheet.write_string(row, _CELL, "=" + formula, style.formula_text)
    shown[_CELL] = "=" + formula
    lines = max(_lines(column, text) for column, text in shown.items())
    sheet.set_row(row, min(_LINE * lines, _HIGHEST))


def _lines(column: int, text: str) -> int:
    """How many lines a text takes; a column's width counts digits, wider than most letters."""
    width = _COLUMNS[column][1] * (1 if column == _CELL else 1.2)
    raised = sum(character in "⁽⁾⁰¹²³⁴⁵⁶⁷⁸⁹" for character in text)
    return math.ceil((len(text) - raised / 2) / width)


def _write_numbers(
    derivation: _Derivation, style: Style, sheet: Worksheet, row: int, definition: Expression
) -> str:
    """Write the formula with the numbers put in, a formula that joins text; return the text."""
    if len(list(variables(definition))) > _MOST_TERMS:
        sheet.write_string(row, _NUMBERS, "= …", style.note)
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
        sheet.write_string(row, _NUMBERS, "= …", style.note)
        return "= …"
    if "#" in text:
        text = "#NUM!"
    write_formula(sheet, row, _NUMBERS, formula, text, style.format(text_wrap=True))
    return text


def _write_question(
    derivation: _Derivation,
    style: Style,
    sheet: Worksheet,
    variable: Variable,
    title: str,
    exercise: Exercise,
) -> None:
    """A cell to fill in, or filled in, its mark, and its hint where one is asked for."""
    row = derivation.rows[variable]
    if exercise.solved:
        _write_step(derivation, style, sheet, variable, style.answer)
    else:
        words, _, rule = variable.meaning.partition(": ")
        sheet.write_string(row, _WORDS, words, style.format(indent=1))
        sheet.write_blank(row, _VALUE, None, style.answer)
        _write_hint(derivation, style, sheet, variable, rule)
    exercise.ask(sheet, row, _MARK, _question(derivation, variable, title, exercise))


def _write_hint(
    derivation: _Derivation, style: Style, sheet: Worksheet, variable: Variable, rule: str
) -> None:
    """A list to ask for a hint from, and the hint, which appears when it is asked for."""
    row, definition = derivation.rows[variable], derivation.definition(variable)
    formula = f"= {plain(to_textbook(definition))}" if definition else ""
    hint = "; ".join(filter(None, (rule, formula)))
    if len(hint) > _LONGEST_HINT:
        hint = rule or f"{hint[:_LONGEST_HINT]}…"
    sheet.write_blank(row, _HINT, None, style.hint)
    sheet.data_validation(
        row,
        _HINT,
        row,
        _HINT,
        {
            "validate": "list",
            "source": [HINT],
            "input_title": "Hint",
            "input_message": "Choose hint: it appears in the column formula, and is counted.",
            "error_title": "Not in the list",
            "error_message": "Choose hint, or leave the cell empty.",
        },
    )
    shown = f'IF({cell_address(row, _HINT)}="{HINT}","{hint}","")'
    cell_format = style.format(text_wrap=True, hidden=True, font_color=FAINT)
    write_formula(sheet, row, _FORMULA, shown, "", cell_format)


def _question(
    derivation: _Derivation, variable: Variable, title: str, exercise: Exercise
) -> Question:
    definition = derivation.definition(variable)
    operands = {}
    for operand in variables(definition) if definition else ():
        if operand in exercise.asked:
            operands[operand] = derivation.cell(operand)
    expected = ""
    if definition and operands:
        expected = to_excel(definition, lambda v: derivation.cell(v).absolute)
    return Question(
        derivation.cell(variable),
        name_of(variable),
        title,
        exercise.answers[variable],
        definition,
        operands,
        expected if len(expected) <= LONGEST_EXPECTED else "",
        hint=derivation.hint_cell(variable),
    )


# --- The planted mistake -----------------------------------------------------------------------


def _write_search(
    derivation: _Derivation, style: Style, sheet: Worksheet, exercise: Exercise
) -> None:
    """Two cells to fill in: which step is wrong, and what it should be."""
    heading = _FIRST_ROW
    cell_format = style.header("gradient", align="left")
    sheet.merge_range(heading, 0, heading, _VALUE, SEARCH_GROUP, cell_format)
    sheet.write_string(heading, _MARK, "  mark", cell_format)
    (wrong, right), *_ = exercise.answers.items()
    place = list(derivation.rows).index(wrong) + 1
    for row, words, name, answer, exact in (
        (
            heading + 1,
            "The first step with a wrong formula: its number, in column A",
            "step",
            place,
            True,
        ),
        (heading + 2, "The right value of that step", "value", right, False),
    ):
        sheet.write_string(row, _WORDS, words, style.format(indent=1))
        if exercise.solved:
            sheet.write_number(row, _VALUE, answer, style.answer)
        else:
            sheet.write_blank(row, _VALUE, None, style.answer)
        ref = CellRef(DERIVATION_SHEET, CellIndex.from_zero_based(row, _VALUE))
        question = Question(ref, name, SEARCH_GROUP, float(answer), exact=exact)
        exercise.ask(sheet, row, _MARK, question)


def known_numbers(layout: Layout, level: Level) -> dict[str, tuple[str, float]]:
    """The cells, the names and the values from which factors are recognized."""
    derivation = _Derivation(layout, list(sections(layout.graph)))
    return {
        derivation.cell(variable).absolute: (name_of(variable), derivation.values[variable])
        for variable in known_variables(layout.graph, level)
    }


def _checks(derivation: _Derivation, style: Style, sheet: Worksheet) -> list[Check]:
    """The update, derived step by step, must be what the training table has after one."""
    layout, updates = derivation.layout, derivation.layout.graph.steps.updates
    failures = 0.0
    for parameter in layout.graph.parameters:
        row, found = derivation.rows[updates[parameter]], derivation.address(updates[parameter])
        close = f"ABS({found}-{layout.trained(parameter, row=1)})<=0.000000001*(1+ABS({found}))"
        value = agreement(derivation.values[updates[parameter]])
        failures += value
        write_formula(sheet, row, _CHECK, f"IF({close},0,1)", value, style.note)
    sheet.write_string(_FIRST_ROW - 1, _CHECK, "differs from the table", style.note)
    cells = f"{absolute(_FIRST_ROW, _CHECK)}:{absolute(max(derivation.rows.values()), _CHECK)}"
    sheet.write_string(3, 0, "updates that differ from the training table:", style.note)
    write_formula(sheet, 3, _FORMULA, f"SUM({cells})", failures, style.format(align="left"))
    words = "the updates, derived step by step, equal the training table's next row"
    place = absolute(3, _FORMULA, DERIVATION_SHEET)
    return [Check(words, place, DERIVATION_SHEET, failures)]
