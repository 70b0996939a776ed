"""Beside a training table: the learning rate, the loss as a chart, the formula of each column."""

import math
import textwrap

from gradsheet.networks.graph import NetworkGraph
from gradsheet.networks.optimizers import OPTIMIZERS
from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet.style import TITLE_HEIGHT, Style
from gradsheet.spreadsheet.writer import Worksheet, absolute, write_formula
from gradsheet.symbolic.expression import Expression, Variable, arguments_of, remarks
from gradsheet.symbolic.render import plain, shortened, to_textbook
from gradsheet.workbook import numerals, texts
from gradsheet.workbook.exercise import Exercise
from gradsheet.workbook.layout import (
    FIRST_ROW,
    ITERATION_COLUMN,
    RATE_CELL,
    TABLE_COLUMN,
    Layout,
    rate_sheet,
)

_CHART_ROWS = 21
_LINE = 90  # characters
_LONGEST = 100  # characters of a formula beside the table
_MOST_GRADIENTS = 12  # whose formulas are all listed
_LABELS, _TEXTS = RATE_CELL[1] - 1, RATE_CELL[1]  # the columns
_WIDTHS = {_LABELS: 12, _TEXTS: 78, TABLE_COLUMN: 6}
PANEL_WIDTH = 9 + sum(_WIDTHS.values())
"""Of the columns before the table, that of the iteration included, in characters."""
_LOSS_COLOUR = "#C2410C"


def write_panel(
    layout: Layout, style: Style, sheet: Worksheet, number: int, exercise: Exercise | None
) -> int:
    """The learning rate, the loss reached, and the formula of every column.

    Returns:
        The row below all of it.
    """
    for column, width in _WIDTHS.items():
        sheet.set_column(column, column, width)
    rate, losses = layout.descent.learning_rates[number], layout.descent.loss[:, number]
    words = texts.training_title(OPTIMIZERS[layout.graph.spec.optimizer].words)
    title = f'"{words}"&{numerals.formula(absolute(*RATE_CELL))}'
    sheet.set_row(0, TITLE_HEIGHT)
    write_formula(sheet, 0, _LABELS, title, words + numerals.text(rate), style.title)
    style.write_markup(sheet, RATE_CELL[0], _LABELS, "η", bold=True, align="right")
    cell_format = style.format(align="left", bold=True, indent=1)
    write_formula(sheet, *RATE_CELL, layout.fields.rate_addresses[number], rate, cell_format)
    _, _, column, last, _ = loss_range(layout, rate)
    style.write_markup(sheet, 2, _LABELS, layout.graph.loss.markup, bold=True, align="right")
    cell_format = style.format(
        align="left",
        indent=1,
        num_format=f'{"0.000000000"}"{texts.after_updates(layout.descent.updates)}"',
    )
    write_formula(sheet, 2, _TEXTS, absolute(last, column), float(losses[-1]), cell_format)
    explained = texts.OPTIMIZER_EXPLAINED[layout.graph.spec.optimizer]
    for row, line in enumerate(textwrap.wrap(explained, _LINE), start=FIRST_ROW + _CHART_ROWS - 4):
        sheet.write_string(row, _LABELS, line, style.note)
    place = {"x_offset": 4, "y_offset": 6}
    sheet.insert_chart(FIRST_ROW, _LABELS, _chart(layout, style, rate), place)
    return _write_formulas(layout, style, sheet, exercise)


def loss_range(layout: Layout, rate: float) -> tuple[str, int, int, int, int]:
    """The cells of the loss at ``rate``, iteration 0 to the last, as XlsxWriter takes them."""
    column = layout.table_columns[layout.graph.loss]
    return rate_sheet(rate), FIRST_ROW, column, FIRST_ROW + layout.descent.updates, column


def iteration_range(layout: Layout, rate: float) -> tuple[str, int, int, int, int]:
    """The cells of the iteration's number, likewise."""
    last = FIRST_ROW + layout.descent.updates
    return rate_sheet(rate), FIRST_ROW, ITERATION_COLUMN, last, ITERATION_COLUMN


def _write_formulas(
    layout: Layout, style: Style, sheet: Worksheet, exercise: Exercise | None
) -> int:
    shown = {column.variable for column in layout.columns}
    row = FIRST_ROW + _CHART_ROWS
    sheet.write_string(row - 1, _LABELS, texts.COLUMN, style.header())
    sheet.write_string(row - 1, _TEXTS, texts.ITS_FORMULA, style.header(align="left"))
    updates, told = layout.graph.steps.updates.values(), list[str]()
    for variable in _explained(layout, exercise):
        if variable.definition is None:
            continue
        style.write_markup(sheet, row, _LABELS, variable.markup, bold=True, align="right")
        kept = layout.graph.written_out(variable.definition, lambda v: v in shown or v in updates)
        said = [remark for remark in dict.fromkeys(remarks(kept)) if remark not in told]
        told += said
        for line in _lines(kept, said):
            style.write_markup(sheet, row, _TEXTS, line, indent=1)
            row += 1
    parameters, listed = len(layout.graph.parameters), len(layout.graph.parameters)
    if parameters > _MOST_GRADIENTS:
        listed -= len(_alike(layout.graph))
    for note in texts.formulas_notes(len(layout.graph.examples), parameters, listed):
        sheet.write_string(row, _TEXTS, note, style.aside)
        row += 1
    return row


def _lines(definition: Expression, said: list[str]) -> list[str]:
    """A formula and its explanation; a long formula has one term per line."""
    text = to_textbook(definition)
    if len(plain(text)) > _LONGEST:
        definition = shortened(definition)
        text = to_textbook(definition)
    terms = arguments_of(definition, "add")
    if len(plain(text)) > _LONGEST and terms:
        first, *rest = map(to_textbook, terms)
        return ["; ".join([f"= {first}", *said]), *(f"+ {term}" for term in rest)]
    return ["; ".join([f"= {text}", *said])]


def _explained(layout: Layout, exercise: Exercise | None) -> list[Variable]:
    """Every column that is computed, of the first example, and how the first parameter moves."""
    graph, asked = layout.graph, exercise.asked if exercise else ()
    others = range(2, len(graph.examples) + 1)
    alike = _alike(graph) if len(graph.gradients) > _MOST_GRADIENTS else set()
    columns = [
        column.variable
        for column in layout.columns
        if column.variable not in (*asked, *alike)
        and column.variable.definition
        and not any(symbol_of(column.variable).concerns(number) for number in others)
    ]
    first = graph.parameters[0]
    moved = [
        after
        for before, after in graph.steps.updates.items()
        if before is first
        or (symbol_of(before).of in (None, symbol_of(first)) and not symbol_of(before).is_parameter)
    ]
    return [*columns, *moved]


def _alike(graph: NetworkGraph) -> set[Variable]:
    """The gradients of all weights and biases but the first of each layer."""
    later = [p for layer in graph.layers for p in (*layer.flat_weights[1:], *layer.biases[1:])]
    return {graph.backward.gradients[p] for p in later if p in graph.backward.gradients}


def _chart(layout: Layout, style: Style, rate: float) -> object:
    chart = style.book.add_chart(LOSS_CHART)
    chart.add_series(
        {
            "name": texts.LOSS_AXIS,
            "categories": list(iteration_range(layout, rate)),
            "values": list(loss_range(layout, rate)),
            "line": {"color": _LOSS_COLOUR, "width": 2},
        }
    )
    title = f"='{rate_sheet(rate)}'!{absolute(0, _LABELS)}"
    chart.set_title({"name": title, "name_font": {"size": 12}})
    set_loss_axes(chart, layout.descent.updates)
    chart.set_legend({"none": True})
    chart.set_size({"width": 630, "height": 330})
    return chart


LOSS_CHART = {"type": "scatter", "subtype": "straight"}
"""A chart over the number of updates. Not every program spaces the labels of a line chart."""


def set_loss_axes(chart: object, updates: int, y_axis: dict[str, object] | None = None) -> None:
    """Name and space the axes of a chart of the loss over the updates."""
    chart.set_x_axis(  # type: ignore[attr-defined]  # XlsxWriter's charts share no typed base
        {
            "name": texts.UPDATES,
            "min": 0,
            "max": updates,
            "major_unit": spacing(updates),
            "num_format": "0",
            "major_gridlines": {"visible": False},
            "label_position": "low",
        }
    )
    chart.set_y_axis(  # type: ignore[attr-defined]
        {
            "name": texts.LOSS_AXIS,
            "num_format": "General",
            "major_gridlines": {"visible": True, "line": {"color": "#E5E7EB"}},
            **(y_axis or {}),
        }
    )


def spacing(updates: int) -> int:
    """The distance of labels on an axis of updates: 1, 2 or 5 times a power of ten."""
    least = max(1, updates) / 10
    power = 10 ** max(0, math.floor(math.log10(least)))
    return next(int(n * power) for n in (1, 2, 5, 10) if n * power >= least)
