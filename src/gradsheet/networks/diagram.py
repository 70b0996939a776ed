"""A network as a drawing: where its neurons are and where what is written on them fits.

Lengths are pixels, x from left to right and y from below to above.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np

from gradsheet.networks.graph import NetworkGraph
from gradsheet.networks.symbols import Symbol, symbol_of
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import Array

MOST_LABELED = 60
"""With more edges than these none has a label; thickness and color show its weight."""

MOST_NAMED = 48
"""With more neurons than these none has its name written into its circle."""

CHARACTER, LINE = 7.0, 15.0
"""The width of a letter, at most on average, and the height of a line, in a font of 12 pixels."""

_NUMERAL = 10  # characters of a number
_RADIUS, _SMALL_RADIUS, _TALLEST = 27.0, 13.0, 1400.0
_LARGE_COLUMN = 8  # with more neurons in a column the circles are small
_MARGIN, _SPACE = 20.0, 5.0  # around the drawing; between labels
_HEIGHT = 380.0  # where few neurons leave a choice
_GAP, _WIDER, _TALLER, _TRIES = 240.0, 1.12, 1.06, 60
_PATIENCE = 4  # tries for labels that cover the middle of no other's line
_MIDDLE = 100.0  # the cost of a line through the middle of a label
_PLACES = np.linspace(0.04, 0.96, 93)  # of a label along its edge

Kind = Literal["input", "bias", "hidden", "output"]
Side = Literal["left", "below", "right"]


@dataclass(frozen=True)
class Box:
    """What a text takes: its center and its size."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: "Box") -> bool:
        """Whether the two have a point in common."""
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2
            and abs(self.y - other.y) < (self.height + other.height) / 2
        )


@dataclass(frozen=True)
class Neuron:
    """A circle.

    Attributes:
        symbol: what is written in it, whatever the example; none in a bias, which holds a 1.
        kind: which gives its color.
        values: for each example the variables whose values are written beside it: an input; a
            unit's pre-activation and activation; of an output unit its target and error, too.
        x: of its center.
        y: of its center.
        label: where the values are written; None where there is no room.
    """

    symbol: Symbol | None
    kind: Kind
    values: tuple[tuple[Variable, ...], ...]
    x: float = 0.0
    y: float = 0.0
    label: Box | None = None

    @property
    def markup(self) -> str:
        """What is written in it, in textbook notation."""
        return self.symbol.markup if self.symbol else "1"

    @property
    def side(self) -> Side:
        """On which side of it its values are."""
        return {"input": "left", "output": "right"}.get(self.kind, "below")  # type: ignore[return-value]

    @property
    def label_size(self) -> tuple[float, float]:
        """Width and height of the values, one per line; 0 without values."""
        if not self.values:
            return 0.0, 0.0
        return _text_size([symbol_of(v).without_example() for v in self.values[0]])


@dataclass(frozen=True)
class Edge:
    """A line between two neurons.

    Attributes:
        parameter: what the signal is multiplied by.
        gradient: the derivative of the loss with respect to it, where it is trained.
        label: where both are written, centered on the line; None where there is no room.
    """

    start: Neuron
    end: Neuron
    parameter: Variable
    gradient: Variable | None
    label: Box | None = None

    @property
    def named(self) -> tuple[Variable, ...]:
        """What is written on it, one per line."""
        return (self.parameter, self.gradient) if self.gradient else (self.parameter,)

    def visible_ends(self, radius: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where the line leaves one circle and meets the other; some viewers draw it on top."""
        across, up = self.end.x - self.start.x, self.end.y - self.start.y
        hidden = min(0.5, radius / float(np.hypot(across, up)))
        start = self.start.x + hidden * across, self.start.y + hidden * up
        return start, (self.end.x - hidden * across, self.end.y - hidden * up)


@dataclass(frozen=True)
class Diagram:
    """The drawing of a network.

    Attributes:
        width: of the whole.
        height: of the whole.
        radius: of a neuron.
    """

    neurons: tuple[Neuron, ...]
    edges: tuple[Edge, ...]
    width: float
    height: float
    radius: float

    @property
    def is_labeled(self) -> bool:
        """Whether weights and values are written into it."""
        return len(self.edges) <= MOST_LABELED

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Everything that may not overlap: labels and circles."""
        circles = [Box(n.x, n.y, 2 * self.radius, 2 * self.radius) for n in self.neurons]
        labels = (*(n.label for n in self.neurons), *(e.label for e in self.edges))
        return (*circles, *(box for box in labels if box))


def lay_out(graph: NetworkGraph) -> Diagram:
    """Place the neurons of a network, layer by layer, from left to right, and what is written.

    The drawing grows until all labels of at most ``MOST_LABELED`` edges fit.
    """
    columns = _columns(graph)
    counts = [len(layer.flat_weights) for layer in graph.layers]
    counts += [len(layer.units) for layer in graph.layers if layer.biases]
    labeled = sum(counts) <= MOST_LABELED
    gaps, stretch = [_GAP] * len(graph.layers), 1.0
    if labeled:  # a small one would be flat, and LibreOffice wraps labels in a flat chart
        _, height = _Sketch(graph, columns, gaps, 1.0, True).place_neurons()
        stretch = max(1.0, _HEIGHT / height)
    for attempt in range(_TRIES):
        sketch = _Sketch(graph, columns, gaps, stretch, labeled)
        diagram, crowded = sketch.draw()
        complete = not labeled or all(edge.label for edge in diagram.edges)
        if complete and (attempt >= _PATIENCE or not crowded):
            break
        gaps = [gap * (_WIDER if n in crowded else 1.0) for n, gap in enumerate(gaps)]
        stretch *= _TALLER
    return diagram


def _columns(graph: NetworkGraph) -> list[list[Neuron]]:
    """The neurons of each layer, the inputs first; a bias is the last of the layer below."""
    inputs = zip(*(example.inputs for example in graph.examples), strict=True)
    columns = [[_neuron("input", [(v,) for v in values]) for values in inputs]]
    for number, layer in enumerate(graph.layers):
        kind: Kind = "output" if number == len(graph.layers) - 1 else "hidden"
        units = []
        for unit in range(len(layer.units)):
            values: list[tuple[Variable, ...]] = []
            for example in graph.examples:
                shown = example.layers[number].units[unit]
                judged = (example.targets[unit], example.errors[unit]) if kind == "output" else ()
                values.append((*shown, *judged))
            units.append(_neuron(kind, values))
        if layer.biases:
            columns[-1].append(Neuron(None, "bias", ()))
        columns.append(units)
    return columns


def _neuron(kind: Kind, values: list[tuple[Variable, ...]]) -> Neuron:
    """The neuron of these values, of which the first gives it its symbol."""
    return Neuron(symbol_of(values[0][0]).without_example(), kind, tuple(values))


def _text_size(symbols: Sequence[Symbol]) -> tuple[float, float]:
    """The size of lines ``w5 = -0.12345``."""
    longest = max(len(symbol.plain) for symbol in symbols) + len(" = ") + _NUMERAL
    return CHARACTER * longest, LINE * len(symbols)


@dataclass(frozen=True)
class _Sketch:
    """One try at a drawing.

    Attributes:
        gaps: the room between neighboring columns, from circle to circle.
        stretch: how much farther apart than needed neurons are.
        labeled: whether there are labels.
    """

    graph: NetworkGraph
    columns: list[list[Neuron]]
    gaps: list[float]
    stretch: float
    labeled: bool

    @property
    def _radius(self) -> float:
        largest = max(map(len, self.columns))
        radius = _RADIUS if largest <= _LARGE_COLUMN else _SMALL_RADIUS
        return radius if self.labeled else min(radius, _TALLEST / largest / 2.4)

    def draw(self) -> tuple[Diagram, set[int]]:
        """The drawing, and the numbers of the gaps with a label without room, or on two lines."""
        placed, height = self.place_neurons()
        links = list(self._links(placed))
        crowded: set[int] = set()
        edges: list[Edge] = []
        neurons = [neuron for column in placed for neuron in column]
        for number, members in enumerate(links):
            if self.labeled:
                obstacles = [n.label for n in neurons if n.label]
                members, is_clear = _label(members, obstacles, self._radius)
                crowded |= set() if is_clear else {number}
            edges += members
        right = max(n.x + self._radius for n in placed[-1])
        right = max([right, *(n.label.x + n.label.width / 2 for n in placed[-1] if n.label)])
        units = [n for n in neurons if n.kind != "bias"]
        biases = [n for n in neurons if n.kind == "bias"]
        diagram = Diagram(
            (*units, *biases), tuple(edges), right + _MARGIN, height + 2 * _MARGIN, self._radius
        )
        return diagram, crowded

    def _pitch(self, column: list[Neuron]) -> float:
        """The least distance of neurons in a column."""
        if not self.labeled:
            return 2.4 * self._radius
        tallest = max(neuron.label_size[1] for neuron in column)
        below = any(neuron.side == "below" and neuron.values for neuron in column)
        needed = 2 * self._radius + tallest if below else max(2 * self._radius, tallest)
        return (needed + 2 * _SPACE) * self.stretch

    def place_neurons(self) -> tuple[list[list[Neuron]], float]:
        """The neurons at their places, column by column, and the height that they take."""
        pitches = [self._pitch(column) for column in self.columns]
        height = max(len(c) * pitch for c, pitch in zip(self.columns, pitches, strict=True))
        widest = max(neuron.label_size[0] for neuron in self.columns[0]) if self.labeled else 0.0
        left = _MARGIN + widest + _SPACE + self._radius
        places = accumulate((gap + 2 * self._radius for gap in self.gaps), initial=left)
        placed = []
        for column, pitch, x in zip(self.columns, pitches, places, strict=True):
            room = max(pitch, min(height / len(column), 2 * pitch))
            top = _MARGIN + height / 2 + room * (len(column) - 1) / 2
            placed.append(
                [self._at(neuron, x, top - row * room) for row, neuron in enumerate(column)]
            )
        return placed, height

    def _at(self, neuron: Neuron, x: float, y: float) -> Neuron:
        """A neuron at its place, with its label."""
        width, high = neuron.label_size
        if not (self.labeled and neuron.values):
            return replace(neuron, x=x, y=y)
        aside = self._radius + _SPACE + width / 2
        shift = {"left": (-aside, 0.0), "right": (aside, 0.0)}
        across, up = shift.get(neuron.side, (0.0, -self._radius - high / 2 - 1))
        # A circle with its label below is centered as a whole.
        raised = high / 2 if neuron.side == "below" else 0.0
        box = Box(x + across, y + raised + up, width, high)
        return replace(neuron, x=x, y=y + raised, label=box)

    def _links(self, placed: list[list[Neuron]]) -> Iterator[list[Edge]]:
        """The lines from each column to the next, without their labels."""
        gradients = self.graph.backward.gradients
        for layer, (below, above) in zip(self.graph.layers, pairwise(placed), strict=True):
            edges = []
            for unit, row in enumerate(layer.weights):
                biases = [layer.biases[unit % len(layer.biases)]] if layer.biases else []
                for start, parameter in zip(below, (*row, *biases), strict=True):
                    edges.append(Edge(start, above[unit], parameter, gradients.get(parameter)))
            yield edges


def _label(edges: list[Edge], obstacles: list[Box], radius: float) -> tuple[list[Edge], bool]:
    """The edges of one gap with their labels, and whether it is clear whose each is.

    Each label is centered on its line, where it covers as few other lines as possible.
    """
    boxes: list[Box | None] = [None] * len(edges)
    lines = np.array([(e.start.x, e.start.y, e.end.x, e.end.y) for e in edges])
    order = sorted(range(len(edges)), key=lambda n: -abs(lines[n, 1] - lines[n, 3]))
    clear = [False] * len(edges)
    for number in (*order, *order):  # once more, now that the others have their places
        others = [box for n, box in enumerate(boxes) if box and n != number]
        found = _best_place(lines, number, edges[number], [*obstacles, *others], radius)
        if found:
            boxes[number], clear[number] = found
    labeled = [replace(edge, label=box) for edge, box in zip(edges, boxes, strict=True)]
    return labeled, all(clear)


def _best_place(
    lines: Array, number: int, edge: Edge, taken: list[Box], radius: float
) -> tuple[Box, bool] | None:
    """The free place of a label that covers the fewest other lines; None where there is none.

    With it whether no other line crosses its middle.
    """
    width, height = _text_size([symbol_of(v) for v in edge.named])
    x0, y0, x1, y1 = lines[number]
    x, y = x0 + _PLACES * (x1 - x0), y0 + _PLACES * (y1 - y0)
    free = (x - width / 2 > x0 + radius + _SPACE) & (x + width / 2 < x1 - radius - _SPACE)
    if taken:
        boxes = np.array([(box.x, box.y, box.width, box.height) for box in taken]).T
        across = np.abs(x[:, np.newaxis] - boxes[0]) < (width + boxes[2]) / 2 + _SPACE
        up = np.abs(y[:, np.newaxis] - boxes[1]) < (height + boxes[3]) / 2 + 1
        free &= ~(across & up).any(axis=1)
    if not free.any():
        return None
    cost = _covered(lines, number, x, y, width, height) + 0.2 * np.abs(_PLACES - 0.5)
    best = int(np.where(free, cost, np.inf).argmin())
    box = Box(float(x[best]), float(y[best]), width, height)
    return box, bool(cost[best] < _MIDDLE)


def _covered(lines: Array, number: int, x: Array, y: Array, width: float, height: float) -> Array:
    """How many other lines a label at each of some places covers; the nearer, the worse."""
    others = np.delete(lines, number, axis=0)
    slopes = (others[:, 3] - others[:, 1]) / (others[:, 2] - others[:, 0])
    ends = [
        others[:, 1] + slopes * (x[:, np.newaxis] + side - others[:, 0])
        for side in (-width / 2, width / 2)
    ]
    low, high = np.minimum(*ends), np.maximum(*ends)
    middle = y[:, np.newaxis]
    crossed = (high > middle - height / 2) & (low < middle + height / 2)
    distance = np.abs((ends[0] + ends[1]) / 2 - middle) / height  # of the lines at its middle
    near = 2 * np.maximum(1 - distance / 1.5, 0) + _MIDDLE * (distance < 0.6)
    result: Array = 0.1 * crossed.sum(axis=1) + near.sum(axis=1)
    return result
