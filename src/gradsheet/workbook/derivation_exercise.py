"""The questions of the Derivation sheet, and of the mistake to be found on it."""

from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.style import FAINT, Style
from gradsheet.spreadsheet.writer import Worksheet, cell_address, write_formula
from gradsheet.symbolic.expression import Variable, variables
from gradsheet.symbolic.render import plain, to_excel, to_textbook
from gradsheet.workbook import exercise_texts, texts
from gradsheet.workbook.derivation_layout import (
    FIRST_ROW,
    FORMULA,
    HINT_COLUMN,
    MARK,
    VALUE,
    WORDS,
    Derivation,
)
from gradsheet.workbook.derivation_steps import known_variables, sections
from gradsheet.workbook.exercise import HINT, LONGEST_EXPECTED, Exercise, Question, name_of
from gradsheet.workbook.exercise_levels import Level
from gradsheet.workbook.layout import DERIVATION_SHEET, Layout

_LONGEST_HINT = 240  # characters; a text in a formula has at most 255
SEARCHED_ROWS = 3
"""Those above the steps in which the mistake's number and value are filled in."""


def write_blank_step(
    derivation: Derivation, style: Style, sheet: Worksheet, variable: Variable
) -> None:
    """A cell to fill in, and its hint where one is asked for."""
    row = derivation.rows[variable]
    words, _, rule = variable.meaning.partition(": ")
    sheet.write_string(row, WORDS, words, style.format(indent=1))
    sheet.write_blank(row, VALUE, None, style.answer)
    _write_hint(derivation, style, sheet, variable, rule)


def _write_hint(
    derivation: Derivation, style: Style, sheet: Worksheet, variable: Variable, rule: str
) -> None:
    """A list to ask for a hint from, and the hint, which appears when it is asked for."""
    row, definition = derivation.rows[variable], derivation.definition(variable)
    formula = f"= {plain(to_textbook(definition))}" if definition else ""
    hint = "; ".join(filter(None, (rule, formula)))
    if len(hint) > _LONGEST_HINT:
        hint = rule or f"{hint[:_LONGEST_HINT]}…"
    sheet.write_blank(row, HINT_COLUMN, None, style.hint)
    sheet.data_validation(
        row,
        HINT_COLUMN,
        row,
        HINT_COLUMN,
        {
            "validate": "list",
            "source": [HINT],
            "input_title": exercise_texts.HINT_TITLE,
            "input_message": exercise_texts.HINT_MESSAGE,
            "error_title": texts.NOT_IN_LIST,
            "error_message": exercise_texts.NO_SUCH_HINT,
        },
    )
    shown = f'IF({cell_address(row, HINT_COLUMN)}="{HINT}","{hint}","")'
    cell_format = style.format(text_wrap=True, hidden=True, font_color=FAINT)
    write_formula(sheet, row, FORMULA, shown, "", cell_format)


def question_of(
    derivation: Derivation, variable: Variable, title: str, exercise: Exercise
) -> Question:
    """What is asked for by the cell of a step."""
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


def write_search(
    derivation: Derivation, style: Style, sheet: Worksheet, exercise: Exercise
) -> None:
    """Two cells to fill in: which step is wrong, and what it should be."""
    heading = FIRST_ROW
    cell_format = style.header("gradient", align="left")
    group = exercise_texts.SEARCH_GROUP
    sheet.merge_range(heading, 0, heading, VALUE, group, cell_format)
    sheet.write_string(heading, MARK, f"  {exercise_texts.MARK}", cell_format)
    (wrong, right), *_ = exercise.answers.items()
    place = list(derivation.rows).index(wrong) + 1
    for row, words, name, answer, exact in (
        (heading + 1, exercise_texts.SEARCHED_STEP, "step", place, True),
        (heading + 2, exercise_texts.SEARCHED_VALUE, "value", right, False),
    ):
        sheet.write_string(row, WORDS, words, style.format(indent=1))
        if exercise.solved:
            sheet.write_number(row, VALUE, answer, style.answer)
        else:
            sheet.write_blank(row, VALUE, None, style.answer)
        ref = CellRef(DERIVATION_SHEET, CellIndex.from_zero_based(row, VALUE))
        question = Question(ref, name, group, float(answer), exact=exact)
        exercise.ask(sheet, row, MARK, question)


def known_numbers(layout: Layout, level: Level) -> dict[str, tuple[str, float]]:
    """The cells, the names and the values from which factors are recognized."""
    derivation = Derivation(layout, list(sections(layout.graph)))
    return {
        derivation.cell(variable).absolute: (name_of(variable), derivation.values[variable])
        for variable in known_variables(layout.graph, level)
    }
