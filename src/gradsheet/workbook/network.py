"""The network as a native chart, tied to live cells: neurons, edges, values and gradients."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from gradsheet.networks.diagram import MOST_LABELED, Diagram, Edge, Neuron, lay_out
from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet import palette
from gradsheet.spreadsheet.style import FAINT, INK, NUMBER, Style
from gradsheet.spreadsheet.writer import (
    Worksheet,
    absolute,
    cell_address,
    print_on_pages,
    write_formula,
)
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.render import plain
from gradsheet.workbook import numerals
from gradsheet.workbook.layout import NETWORK_SHEET, Plan
from gradsheet.workbook.selector import CHOSEN_EXAMPLE, Selector

_GAP, _ROW, _LOWEST = 393, 150, 600  # pixels: between layers, between neurons, in all at least
_SIDE = 0.5  # left and right of the neurons, in units of their distance
_EDGE = 80  # above and below them, in pixels
_CHART_ROW = 7
_MOST_ROWS = 8  # with more neurons in a layer they stand closer
_COLUMN_PIXELS, _ROW_PIXELS = 64, 20

_FIRST_ROW = 4

# Lines are sorted by sign and by size against the largest weight: a chart's line cannot follow a
# cell, so each class is a series, and an edge shows in that of its class only.
_WIDTHS = (1.0, 2.25, 4.0)
_SHARES = (0.35, 0.7)  # of the largest weight, where the next class begins
_CLASSES = [(color, width) for color in (palette.POSITIVE, palette.NEGATIVE) for width in _WIDTHS]


def write(plan: Plan, style: Style) -> None:
    """Add the diagram of a chosen iteration; its labels and lines follow the cells."""
    note = (
        "Choose what to see. On each edge: the weight, and below it ∂E/∂w. Blue weights are "
        "positive, red ones negative; the thicker, the larger."
    )
    sheet = style.add_sheet(NETWORK_SHEET, "The network", note)
    selector = Selector(plan, last=plan.descent.updates)
    selector.write(style, sheet)
    drawings = [lay_out(plan.graph, number) for number in range(len(plan.graph.examples))]
    _write_example_choice(plan, style, sheet)
    # To the right of the chart stand the cells that it reads.
    last = math.ceil(_width(drawings[0]) / _COLUMN_PIXELS)
    cells, texts = _write_values(plan, style, sheet, selector, drawings, last + 4)
    sheet.write_string(4, 4, "E_total", style.format(align="right", bold=True))
    loss = float(plan.descent.loss[0, 0])
    cell_format = style.format(num_format=NUMBER, align="center")
    write_formula(sheet, 4, 5, selector.value(plan.graph.loss), loss, cell_format)
    chart = _Chart(plan, style, sheet, drawings, cells, texts, last + 8)
    chart.draw()
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, 1, 11)
    sheet.set_column(5, 5, 12)
    print_on_pages(sheet, down=1)
    sheet.print_area(0, 0, _CHART_ROW + math.ceil(chart.height / _ROW_PIXELS), last)


def _write_example_choice(plan: Plan, style: Style, sheet: Worksheet) -> None:
    count = len(plan.graph.examples)
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
    plan: Plan,
    style: Style,
    sheet: Worksheet,
    selector: Selector,
    drawings: Sequence[Diagram],
    left: int,
) -> tuple[dict[Variable, str], dict[Variable, str]]:
    """What the chart shows, at the chosen iteration, weights first.

    Returns the cell of each value and the cell of its text, in columns from ``left`` on.
    """
    edges = drawings[0].edges
    shown = dict.fromkeys(edge.parameter for edge in edges)
    if len(edges) <= MOST_LABELED:
        shown |= dict.fromkeys(edge.gradient for edge in edges if edge.gradient)
        for drawing in drawings:
            shown |= dict.fromkeys(v for neuron in drawing.neurons for v in neuron.values)
    sheet.write_string(_FIRST_ROW - 1, left, "what the chart shows", style.note)
    cell_format = style.format(font_color=FAINT, italic=True, num_format=NUMBER)
    sheet.set_column(left, left + 2, 12)
    cells: dict[Variable, str] = {}
    texts: dict[Variable, str] = {}
    for row, variable in enumerate(shown, start=_FIRST_ROW):
        sheet.write_string(row, left, plain(variable.markup), style.note)
        value = float(plan.descent.values[variable][0, 0])
        formula = selector.value(variable)
        write_formula(sheet, row, left + 1, formula, value, cell_format)
        cells[variable] = absolute(row, left + 1)
        shown_as = numerals.formula(cells[variable], parentheses=False)
        text = numerals.text(value, parentheses=False)
        write_formula(sheet, row, left + 2, shown_as, text, style.note)
        texts[variable] = absolute(row, left + 2)
    return cells, texts


def _width(diagram: Diagram) -> int:
    """The width of the chart, in pixels."""
    return int(_GAP * max(3, max(neuron.x for neuron in diagram.neurons) + 1))


@dataclass
class _Chart:
    """A scatter chart that grows series by series, with the cells each series reads."""

    plan: Plan
    style: Style
    sheet: Worksheet
    drawings: Sequence[Diagram]
    cells: dict[Variable, str]
    texts: dict[Variable, str]
    points: int  # the first column of the cells that the chart reads
    row: int = field(default=_FIRST_ROW, init=False)

    def __post_init__(self) -> None:
        diagram = self.drawings[0]
        self.crowded = diagram.height > 4
        self.radius = 12 if self.crowded else 27  # of a neuron, in pixels
        self.bottom = min(neuron.y for neuron in diagram.neurons)
        columns = max(neuron.x for neuron in diagram.neurons)
        self.width = _width(diagram)
        self.height = int(max(_LOWEST, 2 * _EDGE + _ROW * min(diagram.height, _MOST_ROWS)))
        # What the axes show, in the diagram's units.
        self.span = (
            columns + 2 * _SIDE,
            max(1.0, diagram.height) * self.height / (self.height - 2 * _EDGE),
        )
        self.margin = (self.span[1] - diagram.height) / 2
        self.chart = self.style.book.add_chart({"type": "scatter", "subtype": "straight"})
        headers = ("the chart reads these cells: label", "x", "y")
        for column, header in enumerate(headers, start=self.points):
            self.sheet.write_string(_FIRST_ROW - 1, column, header, self.style.note)

    def draw(self) -> None:
        """Add everything and place the chart."""
        diagram = self.drawings[0]
        if len(diagram.edges) <= MOST_LABELED:
            self._add_sorted_edges(diagram.edges)
            for edge in diagram.edges:
                self._add_edge_label(edge)
        else:
            self._add_plain_edges(diagram.edges)
        self._add_neurons(diagram)
        self._insert()

    def _add_plain_edges(self, edges: tuple[Edge, ...]) -> None:
        """All lines as one series: an empty row lifts the pen."""
        first = self.row
        for edge in edges:
            for x, y in self._visible_ends(edge):
                self._point(x, y)
            self.row += 1
        shown = {"line": {"color": "#9CA3AF", "width": 1.0}, "marker": {"type": "none"}}
        self._series(first, self.row - 2, shown)

    def _add_sorted_edges(self, edges: tuple[Edge, ...]) -> None:
        """A series for each class of weights; an edge of another class ends where it starts."""
        first, left = self.row, self.points + 3
        weights = list(dict.fromkeys(self.cells[edge.parameter] for edge in edges))
        largest = absolute(first - 2, left)
        every = f"{weights[0]}:{weights[-1]}"
        sizes = [abs(self._value(edge.parameter)) for edge in edges]
        formula = f"MAX(MAX({every}),-MIN({every}))"
        write_formula(self.sheet, first - 2, left, formula, max(sizes), self.style.note)
        self.sheet.write_string(first - 1, left, "class", self.style.note)
        for edge in edges:
            self._write_sorted_edge(edge, largest, left, max(sizes))
            self.row += 3
        for number, (color, width) in enumerate(_CLASSES):
            x = left + 1 + 2 * number
            shown = {"line": {"color": color, "width": width}, "marker": {"type": "none"}}
            self._series(first, self.row - 2, shown, x)

    def _write_sorted_edge(self, edge: Edge, largest: str, left: int, size: float) -> None:
        weight, value = self.cells[edge.parameter], self._value(edge.parameter)
        # By more than rounding, which programs treat in ways of their own.
        above = [f"(ABS({weight})-{share}*{largest}>1E-12*{largest})" for share in _SHARES]
        sort = f"1+{'+'.join(above)}+{len(_WIDTHS)}*({weight}<0)"
        kind = 1 + sum(abs(value) - share * size > 1e-12 * size for share in _SHARES)
        kind += len(_WIDTHS) if value < 0 else 0
        write_formula(self.sheet, self.row, left, sort, kind, self.style.note)
        cell, ends = cell_address(self.row, left), self._visible_ends(edge)
        for number in range(1, len(_CLASSES) + 1):
            for axis in (0, 1):
                column = left + 2 * number - 1 + axis
                start, end = ends[0][axis], ends[1][axis]
                self.sheet.write_number(self.row, column, start, self.style.note)
                reached = end if kind == number else start
                formula = f"IF({cell}={number},{end!r},{start!r})"
                write_formula(self.sheet, self.row + 1, column, formula, reached, self.style.note)

    def _add_edge_label(self, edge: Edge) -> None:
        """The weight and, where it is trained, its gradient."""
        shown = (edge.parameter, edge.gradient) if edge.gradient else (edge.parameter,)
        formula, text = self._text([shown])
        self._label(*edge.label_place, formula, text, size=9, color=INK, fill="#FFFFFF")

    def _add_neurons(self, diagram: Diagram) -> None:
        """The circles, with names in them and values beside them where there is room."""
        labeled = len(diagram.neurons) <= MOST_LABELED and len(diagram.edges) <= MOST_LABELED
        for kind, color in palette.NEURONS.items():
            first = self.row
            members = [neuron for neuron in diagram.neurons if neuron.kind == kind]
            for neuron in members:
                self._point(neuron.x, neuron.y)
            if members:
                marker = {
                    "type": "circle",
                    "size": 18 if self.crowded else 40,
                    "fill": {"color": color},
                    "border": {"color": "#FFFFFF", "width": 1.5},
                }
                self._series(first, self.row - 1, {"line": {"none": True}, "marker": marker})
        for place, neuron in enumerate(diagram.neurons if labeled else ()):
            self._label(neuron.x, neuron.y, None, plain(neuron.markup), 12, INK)
            self._values(neuron, [drawing.neurons[place].values for drawing in self.drawings])

    def _insert(self) -> None:
        """CellIndex the finished chart, its plot filling it edge to edge."""
        hidden = {"visible": False, "major_gridlines": {"visible": False}}
        left, bottom = -_SIDE, self.bottom - self.margin
        self.chart.set_x_axis({**hidden, "min": left, "max": left + self.span[0]})
        self.chart.set_y_axis({**hidden, "min": bottom, "max": bottom + self.span[1]})
        self.chart.set_legend({"none": True})
        self.chart.set_chartarea({"border": {"none": True}})
        self.chart.set_plotarea({"layout": {"x": 0, "y": 0, "width": 1, "height": 1}})
        self.chart.set_size({"width": self.width, "height": self.height})
        self.sheet.insert_chart(_CHART_ROW, 0, self.chart)

    def _visible_ends(self, edge: Edge) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where the line leaves one circle and meets the other; some viewers draw it on top."""
        across, up = edge.end.x - edge.start.x, edge.end.y - edge.start.y
        length = math.hypot(across * self.width / self.span[0], up * self.height / self.span[1])
        hidden = min(0.5, self.radius / length)
        start = edge.start.x + hidden * across, edge.start.y + hidden * up
        return start, (edge.end.x - hidden * across, edge.end.y - hidden * up)

    def _values(self, neuron: Neuron, of_examples: list[tuple[Variable, ...]]) -> None:
        if not neuron.values:
            return
        formula, text = self._text(of_examples)
        position = "right" if neuron.kind == "output" else "below"
        below = (self.radius + 14) * self.span[1] / self.height
        drop = 0.0 if neuron.kind == "output" else below
        shift = 0.09 if neuron.kind == "output" else 0.0
        self._label(neuron.x + shift, neuron.y - drop, formula, text, 10, FAINT, position)

    def _text(self, of_examples: list[tuple[Variable, ...]]) -> tuple[str, str]:
        """A formula that names the variables with their values, one a line, and its text.

        Args:
            of_examples: the variables, for each example that can be chosen.
        """
        parts, lines = [], []
        for choices in zip(*of_examples, strict=True):
            value = self._value(choices[0])
            name = symbol_of(choices[0]).without_example().plain
            texts = [self.texts[choice] for choice in choices]
            cell = texts[0]
            if len(choices) > 1:
                cell = f"CHOOSE({absolute(*CHOSEN_EXAMPLE)},{','.join(texts)})"
            parts.append(f'"{name} = "&{cell}')
            lines.append(f"{name} = {numerals.text(value, parentheses=False)}")
        text = "#NUM!" if "#" in "".join(lines) else "\n".join(lines)
        return "&CHAR(10)&".join(parts), text

    def _value(self, variable: Variable) -> float:
        return float(self.plan.descent.values[variable][0, 0])

    def _label(
        self,
        x: float,
        y: float,
        formula: str | None,
        text: str,
        size: int,
        color: str,
        position: str = "center",
        fill: str = "",
    ) -> None:
        """A point without a marker whose series carries the label as its name."""
        if formula is None:
            self.sheet.write_string(self.row, self.points, text, self.style.note)
        else:
            write_formula(self.sheet, self.row, self.points, formula, text, self.style.note)
        self._point(x, y)
        font = {"size": size, "color": color, "bold": formula is None}
        labels: dict[str, object] = {
            "series_name": True,
            "value": False,
            "position": position,
            "font": font,
        }
        if fill:
            labels["fill"] = {"color": fill}
        shown = {"line": {"none": True}, "marker": {"type": "none"}, "data_labels": labels}
        self._series(self.row - 1, self.row - 1, shown)

    def _point(self, x: float, y: float) -> None:
        self.sheet.write_number(self.row, self.points + 1, x, self.style.note)
        self.sheet.write_number(self.row, self.points + 2, y, self.style.note)
        self.row += 1

    def _series(
        self, first: int, last: int, shown: dict[str, object], x: int | None = None
    ) -> None:
        x = self.points + 1 if x is None else x
        self.chart.add_series(
            {
                "name": [NETWORK_SHEET, first, self.points],
                "categories": [NETWORK_SHEET, first, x, last, x],
                "values": [NETWORK_SHEET, first, x + 1, last, x + 1],
                **shown,
            }
        )
