"""The network as a native chart, tied to live cells: neurons, edges, values and gradients."""

import math
from decimal import ROUND_HALF_UP, Decimal

from xlsxwriter.worksheet import Worksheet

from gradsheet import palette
from gradsheet.calculus.expression import Variable
from gradsheet.calculus.notation import plain, symbol
from gradsheet.diagram import MOST_LABELLED, Diagram, Edge, Neuron, lay_out
from gradsheet.sheets.plan import FIRST_ROW, NETWORK_SHEET, Plan, rate_sheet
from gradsheet.sheets.style import FAINT, INK, Style, absolute, joined_text, write_formula

_WIDTH, _HEIGHT = 1180, 600  # pixels
_SIDE = 0.5  # left and right of the neurons, in units of their distance
_EDGE = 80  # above and below them, in pixels

_DECIMALS = 6  # of the numbers on labels

_HELPER_COLUMN = 24
_HELPER_ROW = 4


def write(plan: Plan, style: Style) -> None:
    """Add the diagram of the untouched network; its labels follow the cells."""
    sheet = style.book.add_worksheet(NETWORK_SHEET)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, "The network", style.title)
    note = "Values and gradients of iteration 0. On each edge: the weight, and below it ∂E/∂w."
    sheet.write_string(1, 0, note, style.note)
    diagram = lay_out(plan.graph)
    chart = _Chart(plan, style, sheet, diagram)
    chart.add_edges(diagram.edges)
    if len(diagram.edges) <= MOST_LABELLED:
        for edge in diagram.edges:
            chart.add_edge_label(edge)
    chart.add_neurons(diagram)
    chart.insert()
    sheet.set_landscape()
    sheet.fit_to_pages(1, 1)
    sheet.print_area(0, 0, 36, 19)


def _rounded(value: float) -> str:
    """The text of a number that a spreadsheet rounded, halves away from zero."""
    if not abs(value) < 1e15:
        return joined_text(value)
    step = Decimal(1).scaleb(-_DECIMALS)
    return joined_text(float(Decimal(repr(value)).quantize(step, ROUND_HALF_UP)) + 0.0)


class _Chart:
    """A scatter chart that grows series by series, with the cells each series reads."""

    def __init__(self, plan: Plan, style: Style, sheet: Worksheet, diagram: Diagram) -> None:
        self.plan, self.style, self.sheet = plan, style, sheet
        self.crowded = diagram.height > 4
        self.radius = 12 if self.crowded else 27  # of a neuron, in pixels
        self.bottom = min(neuron.y for neuron in diagram.neurons)
        columns = max(neuron.x for neuron in diagram.neurons)
        # What the axes show, in the diagram's units.
        self.span = columns + 2 * _SIDE, max(1.0, diagram.height) * _HEIGHT / (_HEIGHT - 2 * _EDGE)
        self.margin = (self.span[1] - diagram.height) / 2
        self.chart = style.book.add_chart({"type": "scatter", "subtype": "straight"})
        self.row = _HELPER_ROW
        headers = ("the chart reads these cells: label", "x", "y")
        for column, header in enumerate(headers, start=_HELPER_COLUMN):
            sheet.write_string(_HELPER_ROW - 1, column, header, style.note)

    def add_edges(self, edges: tuple[Edge, ...]) -> None:
        """All lines as one series: an empty row lifts the pen."""
        first = self.row
        for edge in edges:
            for x, y in self._visible_ends(edge):
                self._point(x, y)
            self.row += 1
        look = {"line": {"color": "#9CA3AF", "width": 1.25}, "marker": {"type": "none"}}
        self._series(first, self.row - 2, look)

    def add_edge_label(self, edge: Edge) -> None:
        """The weight and, where it is trained, its gradient."""
        shown = (edge.parameter, edge.gradient) if edge.gradient else (edge.parameter,)
        self._label(*edge.label_place, *self._text(shown), size=9, colour=INK, fill="#FFFFFF")

    def add_neurons(self, diagram: Diagram) -> None:
        """The circles, with names in them and values beside them where there is room."""
        labelled = len(diagram.neurons) <= MOST_LABELLED
        for kind, colour in palette.NEURONS.items():
            first = self.row
            members = [neuron for neuron in diagram.neurons if neuron.kind == kind]
            for neuron in members:
                self._point(neuron.x, neuron.y)
            if members:
                marker = {
                    "type": "circle",
                    "size": 18 if self.crowded else 40,
                    "fill": {"color": colour},
                    "border": {"color": "#FFFFFF", "width": 1.5},
                }
                self._series(first, self.row - 1, {"line": {"none": True}, "marker": marker})
        for neuron in diagram.neurons if labelled else ():
            self._name(neuron)
            self._values(neuron)

    def insert(self) -> None:
        """Place the finished chart, its plot filling it edge to edge."""
        hidden = {"visible": False, "major_gridlines": {"visible": False}}
        left, bottom = -_SIDE, self.bottom - self.margin
        self.chart.set_x_axis({**hidden, "min": left, "max": left + self.span[0]})
        self.chart.set_y_axis({**hidden, "min": bottom, "max": bottom + self.span[1]})
        self.chart.set_legend({"none": True})
        self.chart.set_chartarea({"border": {"none": True}})
        self.chart.set_plotarea({"layout": {"x": 0, "y": 0, "width": 1, "height": 1}})
        self.chart.set_size({"width": _WIDTH, "height": _HEIGHT})
        self.sheet.insert_chart(2, 0, self.chart)

    def _visible_ends(self, edge: Edge) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where the line leaves one circle and meets the other; some viewers draw it on top."""
        across, up = edge.end.x - edge.start.x, edge.end.y - edge.start.y
        length = math.hypot(across * _WIDTH / self.span[0], up * _HEIGHT / self.span[1])
        hidden = min(0.5, self.radius / length)
        start = edge.start.x + hidden * across, edge.start.y + hidden * up
        return start, (edge.end.x - hidden * across, edge.end.y - hidden * up)

    def _name(self, neuron: Neuron) -> None:
        self._label(neuron.x, neuron.y, None, plain(symbol(neuron.name)), size=12, colour=INK)

    def _values(self, neuron: Neuron) -> None:
        if not neuron.values:
            return
        formula, text = self._text(neuron.values)
        position = "right" if neuron.kind == "output" else "below"
        below = (self.radius + 14) * self.span[1] / _HEIGHT
        drop = 0.0 if neuron.kind == "output" else below
        shift = 0.09 if neuron.kind == "output" else 0.0
        self._label(neuron.x + shift, neuron.y - drop, formula, text, 10, FAINT, position)

    def _text(self, variables: tuple[Variable, ...]) -> tuple[str, str]:
        """A formula that names the variables with their values, one a line, and its text."""
        parts, lines, numbers = [], [], []
        for variable in variables:
            value = float(self.plan.descent.values[variable][0, 0])
            name = plain(symbol(variable.name))
            # Adding 0 makes a negative zero a plain one.
            parts.append(f'"{name} = "&ROUND({self._cell(variable)},{_DECIMALS})+0')
            lines.append(f"{name} = {_rounded(value)}")
            numbers.append(value)
        text = "\n".join(lines) if all(map(math.isfinite, numbers)) else "#NUM!"
        return "&CHAR(10)&".join(parts), text

    def _cell(self, variable: Variable) -> str:
        """The cell of a variable in iteration 0 of the first training sheet."""
        cell = absolute(FIRST_ROW, self.plan.table_columns[variable])
        return f"'{rate_sheet(self.plan.descent.rates[0])}'!{cell}"

    def _label(
        self,
        x: float,
        y: float,
        formula: str | None,
        text: str,
        size: int,
        colour: str,
        position: str = "center",
        fill: str = "",
    ) -> None:
        """A point without a marker whose series carries the label as its name."""
        if formula is None:
            self.sheet.write_string(self.row, _HELPER_COLUMN, text, self.style.note)
        else:
            write_formula(self.sheet, self.row, _HELPER_COLUMN, formula, text, self.style.note)
        self._point(x, y)
        font = {"size": size, "color": colour, "bold": formula is None}
        labels: dict[str, object] = {
            "series_name": True,
            "value": False,
            "position": position,
            "font": font,
        }
        if fill:
            labels["fill"] = {"color": fill}
        look = {"line": {"none": True}, "marker": {"type": "none"}, "data_labels": labels}
        self._series(self.row - 1, self.row - 1, look)

    def _point(self, x: float, y: float) -> None:
        self.sheet.write_number(self.row, _HELPER_COLUMN + 1, x, self.style.note)
        self.sheet.write_number(self.row, _HELPER_COLUMN + 2, y, self.style.note)
        self.row += 1

    def _series(self, first: int, last: int, look: dict[str, object]) -> None:
        x, y = _HELPER_COLUMN + 1, _HELPER_COLUMN + 2
        self.chart.add_series(
            {
                "name": [NETWORK_SHEET, first, _HELPER_COLUMN],
                "categories": [NETWORK_SHEET, first, x, last, x],
                "values": [NETWORK_SHEET, first, y, last, y],
                **look,
            }
        )
