"""The drawing of a network as a native chart: its points, lines and labels, tied to live cells."""

from dataclasses import dataclass, field

from gradsheet.networks.diagram import MOST_NAMED, Diagram, Edge, Neuron
from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet import palette
from gradsheet.spreadsheet.style import FAINT, INK, Style
from gradsheet.spreadsheet.writer import Worksheet, absolute, cell_address, write_formula
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.render import plain
from gradsheet.workbook import numerals, texts
from gradsheet.workbook.layout import NETWORK_SHEET
from gradsheet.workbook.selector import CHOSEN_EXAMPLE

CHART_ROW = 7
FIRST_ROW = 4  # of the cells that the chart reads
DIGITS = 5  # of a number in the drawing, whose layout leaves room for them
_SMALLEST = 1e-3  # below it a number has an exponent
_LABEL_SIZE = 9  # points

# Lines are sorted by sign and by size against the largest weight: a chart's line cannot follow a
# cell, so each class is a series, and an edge shows in that of its class only.
_WIDTHS = (1.0, 2.25, 4.0)
_SHARES = (0.35, 0.7)  # of the largest weight, where the next class begins
_CLASSES = [(color, width) for color in (palette.POSITIVE, palette.NEGATIVE) for width in _WIDTHS]
_CHOSEN_COLOUR = "#F59E0B"


@dataclass
class Canvas:
    """A scatter chart that grows series by series, with the cells each series reads.

    Attributes:
        style: of the workbook.
        sheet: the chart's own.
        diagram: what is drawn; the axes are its pixels.
        points: the first column of the cells that the chart reads.
        row: the next free row of those cells.
    """

    style: Style
    sheet: Worksheet
    diagram: Diagram
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
        place: tuple[float, float],
        formula: str | None,
        text: str,
        size: int,
        color: str,
        position: str = "center",
        fill: str = "#FFFFFF",
    ) -> None:
        """A point without a marker whose series carries the label as its name."""
        if formula is None:
            self.sheet.write_string(self.row, self.points, text, self.style.note)
        else:
            write_formula(self.sheet, self.row, self.points, formula, text, self.style.note)
        self.add_point(*place)
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
        self.chart.set_x_axis({**hidden, "min": 0, "max": self.diagram.width})
        self.chart.set_y_axis({**hidden, "min": 0, "max": self.diagram.height})
        self.chart.set_legend({"none": True})
        self.chart.set_chartarea({"border": {"none": True}})
        self.chart.set_plotarea({"layout": {"x": 0, "y": 0, "width": 1, "height": 1}})
        self.chart.set_size({"width": self.diagram.width, "height": self.diagram.height})
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

    def add(self, style: Style, sheet: Worksheet, row: int, left: int, variable: Variable) -> None:
        """Write the text of a value, which is in the column before ``left``."""
        cell = self.cells[variable]
        text = numerals.formula(cell, False, DIGITS, _SMALLEST)
        write_formula(sheet, row, left, text, self.text(variable), style.note)
        self.texts[variable] = absolute(row, left)

    def text(self, variable: Variable) -> str:
        """The text of a value as the workbook is written."""
        return numerals.text(self.values[variable], False, DIGITS, _SMALLEST)

    def label(self, of_examples: tuple[tuple[Variable, ...], ...]) -> tuple[str, str]:
        """A formula that names the variables with their values, one per line, and its text.

        Args:
            of_examples: the variables, for each example that can be chosen.
        """
        parts, lines = [], []
        for choices in zip(*of_examples, strict=True):
            name = symbol_of(choices[0]).without_example().plain
            texts = [self.texts[choice] for choice in choices]
            cell = texts[0]
            if len(choices) > 1:
                cell = f"CHOOSE({absolute(*CHOSEN_EXAMPLE)},{','.join(texts)})"
            parts.append(f'"{name} = "&{cell}')
            lines.append(f"{name} = {self.text(choices[0])}")
        text = "#NUM!" if "#" in "".join(lines) else "\n".join(lines)
        return "&CHAR(10)&".join(parts), text


def draw(canvas: Canvas, shown: Shown, chosen: str = "") -> None:
    """Add the lines, the circles and their labels.

    Args:
        canvas: the chart.
        shown: what it shows; of a network too large for lines by class no weights.
        chosen: the cell with the 1-based number of the edge to mark, where edges have no labels.
    """
    edges = canvas.diagram.edges
    if shown.cells:
        _draw_sorted_edges(canvas, shown, edges)
    else:
        _draw_plain_edges(canvas, edges)
    if chosen:
        _draw_chosen_edge(canvas, edges, chosen)
    for edge in edges:
        if edge.label:
            formula, text = shown.label((edge.named,))
            place = edge.label.x, edge.label.y
            canvas.add_label(place, formula, text, size=_LABEL_SIZE, color=INK)
    _draw_neurons(canvas, shown)
    canvas.insert()


def _draw_plain_edges(canvas: Canvas, edges: tuple[Edge, ...]) -> None:
    """All lines as one series: an empty row lifts the pen."""
    first = canvas.row
    for edge in edges:
        for x, y in edge.visible_ends(canvas.diagram.radius):
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
    cell, ends = cell_address(canvas.row, left), edge.visible_ends(canvas.diagram.radius)
    for number in range(1, len(_CLASSES) + 1):
        for axis in (0, 1):
            column = left + 2 * number - 1 + axis
            start, end = round(ends[0][axis], 3), round(ends[1][axis], 3)
            sheet.write_number(canvas.row, column, start, note)
            reached = end if kind == number else start
            formula = f"IF({cell}={number},{end!r},{start!r})"
            write_formula(sheet, canvas.row + 1, column, formula, reached, note)


def _draw_chosen_edge(canvas: Canvas, edges: tuple[Edge, ...], chosen: str) -> None:
    """The chosen edge once more, wide, over all others."""
    first, note = canvas.row, canvas.style.note
    canvas.sheet.write_string(first, canvas.points, texts.CHOSEN_EDGE, note)
    table, left = first + 3, canvas.points + 1
    ends = [edge.visible_ends(canvas.diagram.radius) for edge in edges]
    for row, (start, end) in enumerate(ends, start=table):
        for column, value in enumerate((*start, *end), start=left):
            canvas.sheet.write_number(row, column, round(value, 3), note)
    for which in (0, 1):
        for axis in (0, 1):
            column = left + 2 * which + axis
            cells = f"{absolute(table, column)}:{absolute(table + len(edges) - 1, column)}"
            value = round(ends[0][which][axis], 3)
            place = first + which, left + axis
            write_formula(canvas.sheet, *place, f"INDEX({cells},{chosen})", value, note)
    properties = {"line": {"color": _CHOSEN_COLOUR, "width": 6.0}, "marker": {"type": "none"}}
    canvas.add_series(first, first + 1, properties)
    canvas.row = table + len(edges) + 1


def _draw_neurons(canvas: Canvas, shown: Shown) -> None:
    """The circles, with names in them and values beside them where there is room."""
    diagram = canvas.diagram
    for kind, color in palette.NEURONS.items():
        first = canvas.row
        members = [neuron for neuron in diagram.neurons if neuron.kind == kind]
        for neuron in members:
            canvas.add_point(neuron.x, neuron.y)
        if members:
            marker = {
                "type": "circle",
                "size": max(3, min(72, round(1.5 * diagram.radius))),
                "fill": {"color": color},
                "border": {"color": "#FFFFFF", "width": 1.5},
            }
            canvas.add_series(first, canvas.row - 1, {"line": {"none": True}, "marker": marker})
    size = 12 if diagram.radius > 20 else 7
    for neuron in diagram.neurons if len(diagram.neurons) <= MOST_NAMED else ():
        place = neuron.x, neuron.y
        canvas.add_label(place, None, plain(neuron.markup), size, INK, fill="")
        _write_values(canvas, shown, neuron)


def _write_values(canvas: Canvas, shown: Shown, neuron: Neuron) -> None:
    box = neuron.label
    if box is None:
        return
    formula, text = shown.label(neuron.values)
    aside = {"left": box.width / 2, "right": -box.width / 2}.get(neuron.side, 0.0)
    position = "center" if neuron.side == "below" else neuron.side
    place = box.x + aside, box.y
    canvas.add_label(place, formula, text, _LABEL_SIZE, FAINT, position)
