"""Every step from the inputs to the loss and back to every weight, one row each."""

from collections.abc import Iterator

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from gradsheet.calculus.expression import Variable
from gradsheet.calculus.graph import LayerGraph, NetworkGraph
from gradsheet.calculus.notation import symbol, to_excel, to_textbook
from gradsheet.calculus.tape import Tape
from gradsheet.sheets.plan import DERIVATION_SHEET, Plan
from gradsheet.sheets.style import FAINT, Style, write_formula

_HEADERS = ("", "step", "  in words", "formula", "value", "  the cell's formula")
_WIDTHS = (4, 13, 58, 46, 15, 60)
_VALUE_COLUMN = 4
_FIRST_ROW = 4

Section = tuple[str, str, list[Variable]]


def write(plan: Plan, style: Style) -> None:
    """Add the derivation: the first iteration, each factor of the chain rule in its own row."""
    sheet = style.book.add_worksheet(DERIVATION_SHEET)
    sheet.hide_gridlines(2)
    sheet.freeze_panes(_FIRST_ROW, 0)
    sheet.write_string(0, 0, "One iteration, step by step", style.title)
    note = "The untouched network of the Inputs sheet: forward to the loss, back to every weight."
    sheet.write_string(1, 0, note, style.note)
    for column, (header, width) in enumerate(zip(_HEADERS, _WIDTHS, strict=True)):
        align = "right" if header in ("step", "value") else "left"
        sheet.write_string(_FIRST_ROW - 1, column, header, style.header(align=align))
        sheet.set_column(column, column, width)
    sections = list(_sections(plan.graph))
    rows = _rows(sections)
    values = _values(plan, rows)
    number = 0
    for title, band, variables in sections:
        heading = rows[variables[0]] - 1
        look = style.header(band, align="left")
        sheet.merge_range(heading, 0, heading, len(_HEADERS) - 1, title, look)
        for variable in variables:
            number += 1
            sheet.write_number(rows[variable], 0, number, style.format(font_color=FAINT))
            _write_step(plan, style, sheet, rows, variable, values[variable])
    sheet.set_landscape()
    sheet.repeat_rows(_FIRST_ROW - 1)
    sheet.fit_to_pages(1, 0)


def _sections(graph: NetworkGraph) -> Iterator[Section]:
    """The steps in the order a person takes them, under headings."""
    yield "Given on the Inputs sheet", "input", [*graph.given, graph.rate]
    for number, layer in enumerate(graph.layers, start=1):
        values = [value for unit in layer.units for value in unit]
        yield f"Forward: layer {number}", "unit", values
    yield "Forward: the loss", "error", [*graph.errors, graph.loss]
    gradients, factors_of = graph.backward.gradients, graph.backward.factors_of
    start = [gradients[error] for error in graph.errors if error in gradients]
    if start:
        yield "Backward: from the loss to each error", "error", start
    for number, layer in reversed(list(enumerate(graph.layers, start=1))):
        units = [step for unit in _units(graph, layer) for step in unit]
        if units:
            yield f"Backward: the units of layer {number}", "delta", units
        parameters = [p for p in (*layer.flat_weights, *layer.biases) if p in gradients]
        if parameters:
            steps = [s for p in parameters for s in (*factors_of[p], gradients[p])]
            yield f"Backward: the weights of layer {number}", "gradient", steps
    yield "Update: one step down the gradient", "weight", list(graph.updates)


def _units(graph: NetworkGraph, layer: LayerGraph) -> Iterator[list[Variable]]:
    """For each unit the way back through its output and its sum, factors before their product."""
    gradients, factors_of = graph.backward.gradients, graph.backward.factors_of
    for unit in zip(layer.activations, layer.sums, strict=True):
        for value in unit:
            if value in gradients:
                yield [*factors_of[value], gradients[value]]


def _rows(sections: list[Section]) -> dict[Variable, int]:
    """The 0-based row of every step; a heading stands above each section."""
    rows: dict[Variable, int] = {}
    row = _FIRST_ROW
    for _, _, variables in sections:
        for offset, variable in enumerate(variables, start=1):
            rows[variable] = row + offset
        row += len(variables) + 1
    return rows


def _values(plan: Plan, rows: dict[Variable, int]) -> dict[Variable, float]:
    given = {**plan.graph.given, plan.graph.rate: plan.descent.rates[0]}
    return {variable: float(value) for variable, value in Tape(rows).run(given).items()}


def _write_step(
    plan: Plan,
    style: Style,
    sheet: Worksheet,
    rows: dict[Variable, int],
    variable: Variable,
    value: float,
) -> None:
    def address(operand: Variable) -> str:
        return str(xl_rowcol_to_cell(rows[operand], _VALUE_COLUMN))

    row = rows[variable]
    if variable.definition is not None:
        formula = to_excel(variable.definition, address)
        style.write_markup(sheet, row, 3, "= " + to_textbook(variable.definition))
    elif variable is plan.graph.rate:
        formula = plan.rate_addresses[0]
    else:
        formula = plan.addresses[variable]
    style.write_markup(sheet, row, 1, symbol(variable.name), bold=True, align="right")
    sheet.write_string(row, 2, variable.meaning, style.format(indent=1))
    write_formula(sheet, row, _VALUE_COLUMN, formula, value, style.number)
    sheet.write_string(
        row, 5, "=" + formula, style.format(font_name="Consolas", font_size=10, indent=1)
    )
