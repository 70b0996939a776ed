"""The first sheet: what this is, how to read it, where everything is, and whether all is well."""

import math
import textwrap
from collections.abc import Sequence

from gradsheet.networks.toml import PRESETS, to_toml
from gradsheet.spreadsheet.style import BANDS, TITLE_HEIGHT, Style
from gradsheet.spreadsheet.writer import Worksheet, cell_address, print_on_pages, write_formula
from gradsheet.workbook import texts
from gradsheet.workbook.exercise import Exercise
from gradsheet.workbook.exercise_levels import LEVEL_WORDS
from gradsheet.workbook.exercise_texts import exercise_lines, exercise_purposes
from gradsheet.workbook.inputs import summary
from gradsheet.workbook.inputs_layout import INPUTS_SHEET
from gradsheet.workbook.layout import (
    DERIVATION_SHEET,
    GRADIENT_SHEET,
    MISTAKES_SHEET,
    NETWORK_SHEET,
    RATES_SHEET,
    STEP_SHEET,
    Check,
    Layout,
    rate_sheet,
)

FILE_HEADING = texts.FILE_HEADING

# tests/documents compares it with results/engines.json.
AGREED = (
    "IronCalc, Formualizer, LibreOffice, Gnumeric and ONLYOFFICE recalculated the presets "
    f"{', '.join(PRESETS)} and 30 random networks; in all of these 36 workbooks they agree to 1E-9"
)

_LIGHT_ROW = 5
_LINE = 115  # characters across the page
_MOST_PRINTED = 110  # rows; the file of a larger network is not printed


def _bands() -> list[str]:
    """The colors that are explained."""
    shown = ("input", "target", "weight", "unit", "error", "delta", "gradient", "memory")
    return [BANDS[band] for band in shown]


_PURPOSES = dict(
    zip(
        (
            *(INPUTS_SHEET, NETWORK_SHEET, DERIVATION_SHEET, STEP_SHEET),
            *(RATES_SHEET, GRADIENT_SHEET, MISTAKES_SHEET),
        ),
        texts.PURPOSES,
        strict=True,
    )
)
_KEY = dict(
    zip(
        texts.COLORS,
        (
            {"font_color": "#0000FF", "bg_color": "#FFFBCC"},
            *({"bg_color": color} for color in _bands()),
        ),
        strict=True,
    )
)


def write(
    layout: Layout,
    style: Style,
    sheet: Worksheet,
    checks: Sequence[Check],
    exercise: Exercise | None,
) -> None:
    """Fill the start sheet, which was added first, when all others are written."""
    spec = layout.graph.spec
    sheet.hide_gridlines(2)
    sheet.set_row(0, TITLE_HEIGHT)
    if exercise:
        sheet.protect()
    sheet.set_column(0, 0, 3)
    sheet.set_column(1, 1, 26)
    sheet.set_column(2, 2, 84)
    sheet.write_string(0, 0, spec.title or spec.name, style.title)
    words = texts.start_subtitle(bool(layout.witness))
    if exercise:
        words = f"An exercise. It asks for {LEVEL_WORDS[exercise.level]}."
    sheet.write_string(1, 0, words, style.note)
    network, loss = summary(layout).split("; ", 1)
    sheet.write_string(2, 0, f"{network}.", style.note)
    sheet.write_string(3, 0, f"{loss[0].upper()}{loss[1:]}", style.note)
    _write_light(style, sheet, checks, exercise)
    row = _write_checks(style, sheet, _LIGHT_ROW + 2, checks)
    if not exercise:
        row = _write_agreement(style, sheet, row + 1)
    row = _write_reading(style, sheet, row + 1, exercise)
    row = _write_links(layout, style, sheet, row + 1, exercise)
    row = _write_key(layout, style, sheet, row + 1)
    last = _write_file(layout, style, sheet, row + 1)
    sheet.print_area(0, 0, last if last < _MOST_PRINTED else row, 2)
    print_on_pages(sheet, down=1, portrait=True)


def _write_light(
    style: Style, sheet: Worksheet, checks: Sequence[Check], exercise: Exercise | None
) -> None:
    cell_format = style.format(bold=True, font_size=13, align="center")
    if exercise:
        formula, text = exercise.score()
        all_right = exercise.all_right()
    else:
        count = "+".join(f"IFERROR({check.failures},1)" for check in checks) or "0"
        formula = (
            f'IF({count}=0,"all checks pass",({count})&IF({count}=1," check fails"," checks fail"))'
        )
        failing, all_right = sum(check.fails for check in checks), "all checks pass"
        text = f"{failing} check{'s fail' if failing > 1 else ' fails'}" if failing else all_right
    write_formula(sheet, _LIGHT_ROW, 1, formula, text, cell_format)
    cell = cell_address(_LIGHT_ROW, 1)
    style.light(sheet, _LIGHT_ROW, 1, f'LEFT({cell},{len(all_right)})="{all_right}"')
    sheet.set_row(_LIGHT_ROW, 24)


def _heading(style: Style, sheet: Worksheet, row: int, text: str) -> int:
    sheet.write_string(row, 0, text, style.format(bold=True, font_size=13))
    return row + 1


def _write_checks(style: Style, sheet: Worksheet, row: int, checks: Sequence[Check]) -> int:
    if not checks:
        return row - 1
    row = _heading(style, sheet, row, texts.CHECKED)
    for check in checks:
        formula = (
            f'IF(IFERROR({check.failures},1)=0,"right",IFERROR({check.failures},"error")&" wrong")'
        )
        wrong = f"{check.fails if math.isfinite(check.count) else 'error'} wrong"
        text = wrong if check.fails else "right"
        write_formula(sheet, row, 1, formula, text, style.format(align="center"))
        style.light(sheet, row, 1, f'{cell_address(row, 1)}="right"')
        style.write_link(sheet, row, 2, check.sheet, check.words)
        row += 1
    return row


def _write_agreement(style: Style, sheet: Worksheet, row: int) -> int:
    """Which workbooks other programs recalculated, and how to have this one recalculated."""
    row = _heading(style, sheet, row, texts.RECALCULATED)
    for line in (*textwrap.wrap(f"{AGREED}.", _LINE), texts.HOW_TO_VERIFY):
        sheet.write_string(row, 1, line, style.format())
        row += 1
    return row


def _write_reading(style: Style, sheet: Worksheet, row: int, exercise: Exercise | None) -> int:
    row = _heading(style, sheet, row, texts.WHAT_TO_DO if exercise else texts.HOW_TO_READ)
    lines = list(texts.READING)
    if exercise:
        lines = exercise_lines(exercise)
    for line in lines:
        sheet.write_string(row, 1, line, style.format())
        row += 1
    return row


def _write_links(
    layout: Layout, style: Style, sheet: Worksheet, row: int, exercise: Exercise | None
) -> int:
    row = _heading(style, sheet, row, texts.THE_SHEETS)
    rates = {
        rate_sheet(rate): texts.training_purpose(layout.descent.updates, n)
        for n, rate in enumerate(layout.descent.learning_rates, start=1)
    }
    names = [worksheet.get_name() for worksheet in style.book.worksheets()]
    purposes = {**_PURPOSES, **rates, **(exercise_purposes(exercise) if exercise else {})}
    for name in names:
        purpose = purposes.get(name)
        if purpose:
            style.write_link(sheet, row, 1, name)
            sheet.write_string(row, 2, purpose, style.format())
            row += 1
    if STEP_SHEET not in names:
        words = texts.LEFT_OUT_OF_EXERCISES if exercise else texts.LEFT_OUT
        sheet.write_string(row, 1, words, style.note)
        row += 1
    elif MISTAKES_SHEET not in names:
        sheet.write_string(row, 1, texts.NO_MISTAKES, style.note)
        row += 1
    return row


def _write_key(layout: Layout, style: Style, sheet: Worksheet, row: int) -> int:
    row = _heading(style, sheet, row, texts.THE_COLORS)
    shown = list(_KEY.items())
    for words, properties in shown if layout.graph.steps.memory else shown[:-1]:
        sheet.write_string(row, 1, words, style.format(**properties))
        row += 1
    return row


def _write_file(layout: Layout, style: Style, sheet: Worksheet, row: int) -> int:
    """The description that the workbook was made from; ``verify`` reads it here."""
    row = _heading(style, sheet, row, FILE_HEADING)
    for line in to_toml(layout.made_from).splitlines():
        sheet.write_string(row, 1, line, style.format(font_name="Consolas", font_size=10, indent=1))
        row += 1
    return row
