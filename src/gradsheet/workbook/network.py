"""The sheet with the network's drawing: a chosen iteration, and the cells its chart shows."""

import math
from collections.abc import Sequence

from gradsheet.networks.diagram import MOST_LABELED, Diagram, lay_out
from gradsheet.spreadsheet.style import FAINT, NUMBER, Style
from gradsheet.spreadsheet.writer import Worksheet, absolute, print_on_pages, write_formula
from gradsheet.symbolic.render import plain
from gradsheet.workbook import numerals
from gradsheet.workbook.exercise import ALLOWED
from gradsheet.workbook.layout import NETWORK_SHEET, Layout
from gradsheet.workbook.network_chart import CHART_ROW, FIRST_ROW, Canvas, Geometry, Shown, draw
from gradsheet.workbook.selector import CHOSEN_EXAMPLE, Selector

_COLUMN_PIXELS, _ROW_PIXELS = 64, 20


def write(layout: Layout, style: Style, *, protected: bool = False) -> None:
    """Add the diagram of a chosen iteration; its labels and lines follow the cells."""
    note = (
        "Choose what to see. On each edge: the weight, and below it ∂E/∂w. Blue weights are "
        "positive, red ones negative; the thicker, the larger."
    )
    sheet = style.add_sheet(NETWORK_SHEET, "The network", note)
    selector = Selector(layout, last=layout.descent.updates)
    selector.write(style, sheet)
    drawings = [lay_out(layout.graph, number) for number in range(len(layout.graph.examples))]
    _write_example_choice(layout, style, sheet)
    # The cells that the chart reads are to its right.
    geometry = Geometry(drawings[0])
    last = math.ceil(geometry.width / _COLUMN_PIXELS)
    shown = _write_values(layout, style, sheet, selector, drawings, last + 4)
    sheet.write_string(4, 4, "E_total", style.format(align="right", bold=True))
    loss = float(layout.descent.loss[0, 0])
    cell_format = style.format(num_format=NUMBER, align="center")
    write_formula(sheet, 4, 5, selector.value(layout.graph.loss), loss, cell_format)
    draw(Canvas(style, sheet, geometry, last + 8), shown, drawings)
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, 1, 11)
    sheet.set_column(5, 5, 12)
    print_on_pages(sheet, down=1)
    if protected:
        sheet.protect(options=ALLOWED)
    sheet.print_area(0, 0, CHART_ROW + math.ceil(geometry.height / _ROW_PIXELS), last)


def _write_example_choice(layout: Layout, style: Style, sheet: Worksheet) -> None:
    count = len(layout.graph.examples)
    if count == 1:
        return
    row, column = CHOSEN_EXAMPLE
    sheet.write_string(row, column - 1, "example", style.format(align="right", bold=True))
    sheet.write_number(row, column, 1, style.choice)
    message = f"An example, 1 to {count}; the gradients are of the mean over all."
    rule = {
        "validate": "integer",
        "criteria": "between",
        "minimum": 1,
        "maximum": count,
        "input_title": "example",
        "input_message": message,
        "error_title": "No such example",
        "error_message": message,
    }
    sheet.data_validation(row, column, row, column, rule)


def _write_values(
    layout: Layout,
    style: Style,
    sheet: Worksheet,
    selector: Selector,
    drawings: Sequence[Diagram],
    left: int,
) -> Shown:
    """What the chart shows, at the chosen iteration, weights first.

    In columns from ``left`` on: the name of each value, the value and its text.
    """
    edges = drawings[0].edges
    shown = dict.fromkeys(edge.parameter for edge in edges)
    if len(edges) <= MOST_LABELED:
        shown |= dict.fromkeys(edge.gradient for edge in edges if edge.gradient)
        for drawing in drawings:
            shown |= dict.fromkeys(v for neuron in drawing.neurons for v in neuron.values)
    sheet.write_string(FIRST_ROW - 1, left, "what the chart shows", style.note)
    cell_format = style.format(font_color=FAINT, italic=True, num_format=NUMBER)
    sheet.set_column(left, left + 2, 12)
    found = Shown({}, {}, {})
    for row, variable in enumerate(shown, start=FIRST_ROW):
        sheet.write_string(row, left, plain(variable.markup), style.note)
        value = found.values[variable] = float(layout.descent.values[variable][0, 0])
        formula = selector.value(variable)
        write_formula(sheet, row, left + 1, formula, value, cell_format)
        found.cells[variable] = absolute(row, left + 1)
        shown_as = numerals.formula(found.cells[variable], parentheses=False)
        text = numerals.text(value, parentheses=False)
        write_formula(sheet, row, left + 2, shown_as, text, style.note)
        found.texts[variable] = absolute(row, left + 2)
    return found
