"""The sheet to type in: it drives every other one."""

from xlsxwriter.worksheet import Worksheet

from gradsheet.calculus.notation import symbol
from gradsheet.sheets.plan import BLOCK_ROW, BLOCK_WIDTH, INPUTS_SHEET, Plan, rate_sheet
from gradsheet.sheets.style import Style


def write(plan: Plan, style: Style) -> None:
    """Add the inputs sheet."""
    sheet = style.book.add_worksheet(INPUTS_SHEET)
    sheet.hide_gridlines(2)
    spec = plan.graph.spec
    sheet.write_string(0, 0, spec.title or spec.name, style.title)
    sheet.write_string(1, 0, "Type in the yellow cells; every other sheet follows.", style.note)
    sheet.write_string(2, 0, _summary(plan), style.note)
    for number, block in enumerate(plan.blocks):
        rows = [
            (symbol(variable.name), plan.graph.given[variable], variable.meaning)
            for variable in block.variables
        ]
        _write_block(sheet, style, number, block.title, block.band, rows)
    rates = [
        (symbol(f"η{number}"), rate, f"sheet {rate_sheet(rate)}")
        for number, rate in enumerate(plan.descent.rates, start=1)
    ]
    _write_block(sheet, style, len(plan.blocks), "Learning rates", "gradient", rates)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _summary(plan: Plan) -> str:
    spec = plan.graph.spec
    sizes = "-".join(str(size) for size in (len(spec.inputs), *(x.units for x in spec.layers)))
    return (
        f"A {sizes} network with {len(plan.graph.parameters)} trained parameters; "
        f"{plan.graph.loss.meaning}."
    )


def _write_block(
    sheet: Worksheet,
    style: Style,
    number: int,
    title: str,
    band: str,
    rows: list[tuple[str, float, str]],
) -> None:
    left = number * BLOCK_WIDTH
    sheet.merge_range(BLOCK_ROW, left, BLOCK_ROW, left + 2, title, style.header(band))
    for row, (markup, value, meaning) in enumerate(rows, start=BLOCK_ROW + 1):
        style.write_markup(sheet, row, left, markup, align="right", bold=True)
        sheet.write_number(row, left + 1, value, style.editable)
        sheet.write_string(row, left + 2, meaning, style.aside)
    sheet.set_column(left, left, 6)
    sheet.set_column(left + 1, left + 1, 11)
    sheet.set_column(left + 2, left + 2, max(13, *(len(meaning) for *_, meaning in rows)))
    sheet.set_column(left + 3, left + 3, 2)
