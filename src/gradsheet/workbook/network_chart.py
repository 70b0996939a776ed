"""The drawing of a network as a native chart: its points, lines and labels, tied to live cells."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gradsheet.networks.diagram import MOST_LABELED, Diagram, Edge, Neuron
from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet import palette
from gradsheet.spreadsheet.style import FAINT, INK, Style
from gradsheet.spreadsheet.writer import Worksheet, absolute, cell_address, write_formula
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.render import plain
from gradsheet.workbook import numerals
from gradsheet.workbook.layout import NETWORK_SHEET
from gradsheet.workbook.selector import CHOSEN_EXAMPLE

_GAP, _ROW, _LOWEST = 393, 150, 600  # pixels: between layers, between neurons, in all at least
_SIDE = 0.5  # left and right of the neurons, in units of their distance
_EDGE = 80  # above and below them, in pixels
CHART_ROW = 7
_MOST_ROWS = 8  # with more neurons in a layer they are closer
FIRST_ROW = 4  # of the cells that the chart reads

# Lines are sorted by sign and by size against the largest weight: a chart's line cannot follow a
# cell, so each class is a series, and an edge shows in that of its class only.
_WIDTHS = (1.0, 2.25, 4.0)
_SHARES = (0.35, 0.7)  # of the largest weight, where the next class begins
_CLASSES = [(color, width) for color in (palette.POSITIVE, palette.NEGATIVE) for width in _WIDTHS]


@dataclass(frozen=True)
class Geometry:
    """How the drawing of a network fills a chart, in pixels and in the drawing's units."""

    diagram: Diagram

    @property
    def crowded(self) -> bool:
        """Whether the circles are drawn small."""
        return self.diagram.height > 4

    @property
    def radius(self) -> int:
        """Of a neuron, in pixels."""
        return 12 if self.crowded else 27

    @property
    def width(self) -> int:
        """Of the chart, in pixels."""
        return int(_GAP * max(3, max(neuron.x for neuron in self.diagram.neurons) + 1))

    @property
    def height(self) -> int:
        """Of the chart, in pixels."""
        return int(max(_LOWEST, 2 * _EDGE + _ROW * min(self.diagram.height, _MOST_ROWS)))

    @cached_property
    def span(self) -> tuple[float, float]:
        """What the axes show, in the drawing's units."""
        columns = max(neuron.x for neuron in self.diagram.neurons)
        shown = max(1.0, self.diagram.height) * self.height / (self.height - 2 * _EDGE)
        return columns + 2 * _SIDE, shown

    @property
    def corner(self) -> tuple[float, float]:
        """The point at the lower left of the chart."""
        bottom = min(neuron.y for neuron in self.diagram.neurons)
        return -_SIDE, bottom - (self.span[1] - self.diagram.height) / 2

    def visible_ends(self, edge: Edge) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where the line leaves one circle and meets the other; some viewers draw it on top."""
        across, up = edge.end.x - edge.start.x, edge.end.y - edge.start.y
        length = math.hypot(across * self.width / self.span[0], up * self.height / self.span[1])
        hidden = min(0.5, self.radius / length)
        start = edge.start.x + hidden * across, edge.start.y + hidden * up
        return start, (edge.end.x - hidden * across, edge.end.y - hidden * up)


@dataclass
class Canvas:
    """A scatter chart that grows series by series, with the cells each series reads.

    Attributes:
        style: of the workbook.
        sheet: the chart's own.
        geometry: of the drawing.
        points: the first column of the cells that the chart reads.
        row: the next free row of those cells.
    """

    style: Style
    sheet: Worksheet
    geometry: Geometry
    points: int
    row: int = field(default=FIRST_ROW, init=False)

    def __post_init__(self) -> None:
        self.chart = self.style.book.add_chart({"type": "scatter", "subtype": "straight"})
        headers = ("the chart reads these cells: label", "x", "y")
        for column, header in enumerate(headers, start=self.points):
            self.sheet.write_string(FIRST_ROW - 1, column, header, self.style.note)

    def add_point(self, x: float, y: float) -> None:
        """Write a point into the next row."""
        self.sheet.write_number(self.row, self.points + 1, x, self.style.note)
        self.sheet.write_number(self.row, self.points + 2, y, self.style.note)
        self.row += 1

    def add_series(
        self, first: int, last: int, properties: dict[str, object], x: int | None = None
    ) -> None:
        """Add the points of some rows, whose coordinates are in the columns from ``x`` on."""
        x = self.points + 1 if x is None else x
        self.chart.add_series(
            {
                "name": [NETWORK_SHEET, first, self.points],
                "categories": [NETWORK_SHEET, first, x, last, x],
                "values": [NETWORK_SHEET, first, x + 1, last, x + 1],
                **properties,
            }
        )

    def add_label(
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
        self.add_point(x, y)
        font = {"size": size, "color": color, "bold": formula is None}
        labels: dict[str, object] = {
            "series_name": True,
            "value": False,
            "position": position,
            "font": font,
        }
        if fill:
            labels["fill"] = {"color": fill}
        properties = {"line": {"none": True}, "marker": {"type": "none"}, "data_labels": labels}
        self.add_series(self.row - 1, self.row - 1, properties)

    def insert(self) -> None:
        """Place the finished chart, its plot filling it edge to edge."""
        hidden = {"visible": False, "major_gridlines": {"visible": False}}
        left, bottom = self.geometry.corner
        self.chart.set_x_axis({**hidden, "min": left, "max": left + self.geometry.span[0]})
        self.chart.set_y_axis({**hidden, "min": bottom, "max": bottom + self.geometry.span[1]})
        self.chart.set_legend({"none": True})
        self.chart.set_chartarea({"border": {"none": True}})
        self.chart.set_plotarea({"layout": {"x": 0, "y": 0, "width": 1, "height": 1}})
        self.chart.set_size({"width": self.geometry.width, "height": self.geometry.height})
        self.sheet.insert_chart(CHART_ROW, 0, self.chart)


@dataclass(frozen=True)
class Shown:
    """The cells that hold what the chart shows.

    Attributes:
        cells: of each value.
        texts: of its text.
        values: each value as the workbook is written.
    """

    cells: dict[Variable, str]
    texts: dict[Variable, str]
    values: dict[Variable, float]

    def label(self, of_examples: list[tuple[Variable, ...]]) -> tuple[str, str]:
        """A formula that names the variables with their values, one a line, and its text.

        Args:
            of_examples: the variables, for each example that can be chosen.
        """
        parts, lines = [], []
        for choices in zip(*of_examples, strict=True):
            value = self.values[choices[0]]
            name = symbol_of(choices[0]).without_example().plain
            texts = [self.texts[choice] for choice in choices]
            cell = texts[0]
            if len(choices) > 1:
                cell = f"CHOOSE({absolute(*CHOSEN_EXAMPLE)},{','.join(texts)})"
            parts.append(f'"{name} = "&{cell}')
            lines.append(f"{name} = {numerals.text(value, parentheses=False)}")
        text = "#NUM!" if "#" in "".join(lines) else "\n".join(lines)
        return "&CHAR(10)&".join(parts), text


def draw(canvas: Canvas, shown: Shown, drawings: Sequence[Diagram]) -> None:
    """Add the lines, the circles and their labels.

    Args:
        canvas: the chart.
        shown: what it shows.
        drawings: the network with the values of each example.
    """
    edges = drawings[0].edges
    if len(edges) <= MOST_LABELED:
        _draw_sorted_edges(canvas, shown, edges)
        for edge in edges:
            _label_edge(canvas, shown, edge)
    else:
        _draw_plain_edges(canvas, edges)
    _draw_neurons(canvas, shown, drawings)
    canvas.insert()


def _draw_plain_edges(canvas: Canvas, edges: tuple[Edge, ...]) -> None:
    """All lines as one series: an empty row lifts the pen."""
    first = canvas.row
    for edge in edges:
        for x, y in canvas.geometry.visible_ends(edge):
            canvas.add_point(x, y)
        canvas.row += 1
    properties = {"line": {"color": "#9CA3AF", "width": 1.0}, "marker": {"type": "none"}}
    canvas.add_series(first, canvas.row - 2, properties)


def _draw_sorted_edges(canvas: Canvas, shown: Shown, edges: tuple[Edge, ...]) -> None:
    """A series for each class of weights; an edge of another class ends where it starts."""
    first, left = canvas.row, canvas.points + 3
    weights = list(dict.fromkeys(shown.cells[edge.parameter] for edge in edges))
    largest = absolute(first - 2, left)
    every = f"{weights[0]}:{weights[-1]}"
    sizes = [abs(shown.values[edge.parameter]) for edge in edges]
    formula = f"MAX(MAX({every}),-MIN({every}))"
    write_formula(canvas.sheet, first - 2, left, formula, max(sizes), canvas.style.note)
    canvas.sheet.write_string(first - 1, left, "class", canvas.style.note)
    for edge in edges:
        _write_sorted_edge(canvas, shown, edge, largest, left, max(sizes))
        canvas.row += 3
    for number, (color, width) in enumerate(_CLASSES):
        x = left + 1 + 2 * number
        properties = {"line": {"color": color, "width": width}, "marker": {"type": "none"}}
        canvas.add_series(first, canvas.row - 2, properties, x)


def _write_sorted_edge(
    canvas: Canvas, shown: Shown, edge: Edge, largest: str, left: int, size: float
) -> None:
    weight, value = shown.cells[edge.parameter], shown.values[edge.parameter]
    # By more than rounding, which programs treat in ways of their own.
    above = [f"(ABS({weight})-{share}*{largest}>0.000000000001*{largest})" for share in _SHARES]
    sort = f"1+{'+'.join(above)}+{len(_WIDTHS)}*({weight}<0)"
    kind = 1 + sum(abs(value) - share * size > 1e-12 * size for share in _SHARES)
    kind += len(_WIDTHS) if value < 0 else 0
    sheet, note = canvas.sheet, canvas.style.note
    write_formula(sheet, canvas.row, left, sort, kind, note)
    cell, ends = cell_address(canvas.row, left), canvas.geometry.visible_ends(edge)
    for number in range(1, len(_CLASSES) + 1):
        for axis in (0, 1):
            column = left + 2 * number - 1 + axis
            start, end = ends[0][axis], ends[1][axis]
            sheet.write_number(canvas.row, column, start, note)
            reached = end if kind == number else start
            formula = f"IF({cell}={number},{end!r},{start!r})"
            write_formula(sheet, canvas.row + 1, column, formula, reached, note)


def _label_edge(canvas: Canvas, shown: Shown, edge: Edge) -> None:
    """The weight and, where it is trained, its gradient."""
    named = (edge.parameter, edge.gradient) if edge.gradient else (edge.parameter,)
    formula, text = shown.label([named])
    canvas.add_label(*edge.label_place, formula, text, size=9, color=INK, fill="#FFFFFF")


def _draw_neurons(canvas: Canvas, shown: Shown, drawings: Sequence[Diagram]) -> None:
    """The circles, with names in them and values beside them where there is room."""
    diagram = drawings[0]
    labeled = len(diagram.neurons) <= MOST_LABELED and len(diagram.edges) <= MOST_LABELED
    for kind, color in palette.NEURONS.items():
        first = canvas.row
        members = [neuron for neuron in diagram.neurons if neuron.kind == kind]
        for neuron in members:
            canvas.add_point(neuron.x, neuron.y)
        if members:
            marker = {
                "type": "circle",
                "size": 18 if canvas.geometry.crowded else 40,
                "fill": {"color": color},
                "border": {"color": "#FFFFFF", "width": 1.5},
            }
            canvas.add_series(first, canvas.row - 1, {"line": {"none": True}, "marker": marker})
    for place, neuron in enumerate(diagram.neurons if labeled else ()):
        canvas.add_label(neuron.x, neuron.y, None, plain(neuron.markup), 12, INK)
        _write_values(
            canvas, shown, neuron, [drawing.neurons[place].values for drawing in drawings]
        )


def _write_values(
    canvas: Canvas, shown: Shown, neuron: Neuron, of_examples: list[tuple[Variable, ...]]
) -> None:
    if not neuron.values:
        return
    formula, text = shown.label(of_examples)
    position = "right" if neuron.kind == "output" else "below"
    below = (canvas.geometry.radius + 14) * canvas.geometry.span[1] / canvas.geometry.height
    drop = 0.0 if neuron.kind == "output" else below
    shift = 0.09 if neuron.kind == "output" else 0.0
    canvas.add_label(neuron.x + shift, neuron.y - drop, formula, text, 10, FAINT, position)
