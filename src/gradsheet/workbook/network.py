"""The sheet with the network's drawing: a chosen iteration, and the cells its chart shows."""

import math

from gradsheet.networks.diagram import MOST_LABELED, Diagram, Edge, lay_out
from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet.style import FAINT, NUMBER, Style
from gradsheet.spreadsheet.writer import (
    Worksheet,
    absolute,
    print_on_pages,
    span,
    write_formula,
)
from gradsheet.symbolic.render import plain
from gradsheet.workbook import texts
from gradsheet.workbook.exercise import ALLOWED
from gradsheet.workbook.layout import NETWORK_SHEET, Layout
from gradsheet.workbook.network_chart import CHART_ROW, FIRST_ROW, Canvas, Shown, draw
from gradsheet.workbook.selector import CHOSEN_EXAMPLE, Selector

_COLUMN_PIXELS, _ROW_PIXELS = 64, 20
_NOTE_COLUMNS = 14  # that the note above the drawing crosses
_MOST_SORTED = 1_000  # edges whose lines follow their weights
_CHOSEN_EDGE = (3, 11)


def write(layout: Layout, style: Style, *, protected: bool = False) -> None:
    """Add the diagram of a chosen iteration; its labels and lines follow the cells."""
    diagram, count = lay_out(layout.graph), len(layout.graph.examples)
    has_choice = MOST_LABELED < len(diagram.edges) <= _MOST_SORTED
    notes = texts.network_notes(diagram.is_labeled, has_choice)
    sheet = style.add_sheet(NETWORK_SHEET, texts.NETWORK_TITLE, *notes)
    selector = Selector(layout, last=layout.descent.updates)
    selector.write(style, sheet)
    _write_example_choice(layout, style, sheet)
    # The cells that the chart reads are to its right.
    last = max(12, math.ceil(diagram.width / _COLUMN_PIXELS))
    shown = _write_values(layout, style, sheet, selector, diagram, last + 4)
    sheet.write_string(4, 4, texts.LOSS_AXIS, style.format(align="right", bold=True))
    loss = float(layout.descent.loss[0, 0])
    cell_format = style.format(num_format=NUMBER, align="center")
    write_formula(sheet, 4, 5, selector.value(layout.graph.loss), loss, cell_format)
    sheet.write_string(5, 4, texts.network_loss(count), style.note)
    chosen = ""
    if has_choice:
        chosen = _write_edge_choice(layout, style, sheet, selector, diagram, last + 30)
    draw(Canvas(style, sheet, diagram, last + 8), shown, chosen)
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, 1, 11)
    sheet.set_column(5, 5, 12)
    print_on_pages(sheet, down=1)
    if protected:
        sheet.protect(options=ALLOWED)
    below = CHART_ROW + math.ceil(diagram.height / _ROW_PIXELS)
    sheet.print_area(0, 0, below, max(last, _NOTE_COLUMNS))


def _write_example_choice(layout: Layout, style: Style, sheet: Worksheet) -> None:
    count = len(layout.graph.examples)
    if count == 1:
        return
    row, column = CHOSEN_EXAMPLE
    sheet.write_string(row, column - 1, texts.EXAMPLE, style.format(align="right", bold=True))
    sheet.write_number(row, column, 1, style.choice)
    message = texts.network_example(count)
    rule = {
        "validate": "integer",
        "criteria": "between",
        "minimum": 1,
        "maximum": count,
        "input_title": texts.EXAMPLE,
        "input_message": message,
        "error_title": texts.NO_SUCH_EXAMPLE,
        "error_message": message,
    }
    sheet.data_validation(row, column, row, column, rule)


def _write_values(
    layout: Layout,
    style: Style,
    sheet: Worksheet,
    selector: Selector,
    diagram: Diagram,
    left: int,
) -> Shown:
    """What the chart shows, at the chosen iteration, weights first.

    In columns from ``left`` on: the name of each value, the value and its text.
    """
    found = Shown({}, {}, {})
    if len(diagram.edges) > _MOST_SORTED:
        return found
    shown = dict.fromkeys(edge.parameter for edge in diagram.edges)
    if diagram.is_labeled:
        shown |= dict.fromkeys(edge.gradient for edge in diagram.edges if edge.gradient)
        values = [values for neuron in diagram.neurons for values in neuron.values]
        shown |= dict.fromkeys(v for variables in values for v in variables)
    sheet.write_string(FIRST_ROW - 1, left, texts.NETWORK_VALUES, style.note)
    cell_format = style.format(font_color=FAINT, italic=True, num_format=NUMBER)
    sheet.set_column(left, left + 2, 12)
    for row, variable in enumerate(shown, start=FIRST_ROW):
        sheet.write_string(row, left, plain(variable.markup), style.note)
        value = found.values[variable] = float(layout.descent.values[variable][0, 0])
        formula = selector.value(variable)
        write_formula(sheet, row, left + 1, formula, value, cell_format)
        found.cells[variable] = absolute(row, left + 1)
        if diagram.is_labeled:
            found.add(style, sheet, row, left + 2, variable)
    return found


def _write_edge_choice(
    layout: Layout,
    style: Style,
    sheet: Worksheet,
    selector: Selector,
    diagram: Diagram,
    left: int,
) -> str:
    """A list of the edges to choose one from, its weight and its gradient.

    Returns:
        The cell with the 1-based number of the chosen edge.
    """
    sheet.write_string(FIRST_ROW - 1, left, texts.EDGE, style.note)
    cell_format = style.format(font_color=FAINT, italic=True, num_format=NUMBER)
    values = layout.descent.values
    for row, edge in enumerate(diagram.edges, start=FIRST_ROW):
        sheet.write_string(row, left, _edge_name(edge), style.note)
        for column, variable in enumerate(edge.named, start=left + 1):
            formula, value = selector.value(variable), float(values[variable][0, 0])
            write_formula(sheet, row, column, formula, value, cell_format)
        if edge.gradient is None:
            sheet.write_string(row, left + 2, texts.NONE, cell_format)
    sheet.set_column(left, left, 20)
    sheet.set_column(left + 1, left + 2, 12)
    last = FIRST_ROW + len(diagram.edges) - 1
    names = span(FIRST_ROW, left, last, left)
    row, column = _CHOSEN_EDGE
    right = style.format(align="right", bold=True)
    sheet.write_string(row, column - 1, texts.EDGE, right)
    sheet.merge_range(row, column, row, column + 1, _edge_name(diagram.edges[0]), style.choice)
    rule = {
        "validate": "list",
        "source": f"={names}",
        "input_title": texts.EDGE,
        "input_message": texts.NETWORK_EDGE,
        "error_title": texts.NOT_IN_LIST,
        "error_message": texts.NETWORK_EDGE,
    }
    sheet.data_validation(row, column, row, column, rule)
    number = absolute(row, column + 2)
    formula = f"IFERROR(MATCH({absolute(row, column)},{names},0),1)"
    write_formula(sheet, row, column + 2, formula, 1, style.format(num_format=";;;"))
    shown = style.format(num_format=NUMBER, align="center")
    for down, (name, variable) in enumerate(
        zip(("w", "∂E/∂w"), diagram.edges[0].named, strict=False), start=1
    ):
        sheet.write_string(row + down, column - 1, name, right)
        cells = span(FIRST_ROW, left + down, last, left + down)
        value = float(values[variable][0, 0])
        # Two columns wide, as the number would not fit one.
        sheet.merge_range(row + down, column, row + down, column + 1, "", shown)
        write_formula(sheet, row + down, column, f"INDEX({cells},{number})", value, shown)
    return number


def _edge_name(edge: Edge) -> str:
    """``w5: h1 → o1``; a bias that several units share has several lines."""
    ends = (plain(edge.start.markup), plain(edge.end.markup))
    return f"{symbol_of(edge.parameter).plain}: {ends[0]} → {ends[1]}"
