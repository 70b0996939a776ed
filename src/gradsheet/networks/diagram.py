"""A network as a drawing: where its neurons are and what is written on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gradsheet.networks.graph import NetworkGraph
from gradsheet.networks.symbols import Symbol, symbol_of
from gradsheet.symbolic.expression import Variable

MOST_LABELED = 48
"""With more edges, or more neurons, than these the labels could not be read."""

Kind = Literal["input", "bias", "hidden", "output"]


@dataclass(frozen=True)
class Neuron:
    """A circle.

    Attributes:
        symbol: what is written in it, whatever the example; none in a bias, which holds a 1.
        kind: which gives its color.
        x: its layer, 0 for the inputs.
        y: its height, 0 in the middle of the drawing, 1 between neighbors of the fullest layer.
        values: the variables whose values are written beside it: an input; a unit's
            pre-activation and activation; of an output unit its target and error, too.
    """

    symbol: Symbol | None
    kind: Kind
    x: float
    y: float
    values: tuple[Variable, ...]

    @property
    def markup(self) -> str:
        """What is written in it, in textbook notation."""
        return self.symbol.markup if self.symbol else "1"


@dataclass(frozen=True)
class Edge:
    """A line between two neurons.

    Attributes:
        parameter: what the signal is multiplied by.
        gradient: the derivative of the loss with respect to it, where it is trained.
        label_place: the point of the line where its label is centered.
    """

    start: Neuron
    end: Neuron
    parameter: Variable
    gradient: Variable | None
    label_place: tuple[float, float]


@dataclass(frozen=True)
class Diagram:
    """The drawing of a network."""

    neurons: tuple[Neuron, ...]
    edges: tuple[Edge, ...]

    @property
    def height(self) -> float:
        """From the lowest neuron to the highest."""
        heights = [neuron.y for neuron in self.neurons]
        return max(heights) - min(heights)


def lay_out(graph: NetworkGraph, number: int = 0) -> Diagram:
    """Place the neurons of a network, layer by layer, from left to right.

    Args:
        graph: the network.
        number: of the example, 0-based, whose values are written beside the neurons.
    """
    example = graph.examples[number]
    columns = [_column(0, "input", [(variable,) for variable in example.inputs])]
    for place, layer in enumerate(example.layers, start=1):
        kind: Kind = "output" if place == len(graph.layers) else "hidden"
        units: list[tuple[Variable, ...]] = list(layer.units)
        if kind == "output":
            judged = zip(units, example.targets, example.errors, strict=True)
            units = [(*values, target, error) for values, target, error in judged]
        columns.append(_column(place, kind, units))
    biases = {
        number: Neuron(None, "bias", number - 1, columns[number - 1][-1].y - 1, ())
        for number, layer in enumerate(graph.layers, start=1)
        if layer.biases
    }
    neurons = (*(neuron for column in columns for neuron in column), *biases.values())
    edges: list[Edge] = []
    for start, end, parameter in _connections(graph, columns, biases):
        gradient = graph.backward.gradients.get(parameter)
        spot = _label_place(start, end, edges)
        edges.append(Edge(start, end, parameter, gradient, spot))
    return Diagram(neurons, tuple(edges))


def _column(x: int, kind: Kind, units: list[tuple[Variable, ...]]) -> list[Neuron]:
    """A neuron for each unit's values, of which the first gives it its symbol."""
    top = (len(units) - 1) / 2
    return [
        Neuron(symbol_of(values[0]).without_example(), kind, x, top - row, values)
        for row, values in enumerate(units)
    ]


def _connections(
    graph: NetworkGraph, columns: list[list[Neuron]], biases: dict[int, Neuron]
) -> Iterator[tuple[Neuron, Neuron, Variable]]:
    for number, layer in enumerate(graph.layers, start=1):
        for unit, row in enumerate(layer.weights):
            end = columns[number][unit]
            for start, weight in zip(columns[number - 1], row, strict=True):
                yield start, end, weight
            if layer.biases:
                yield biases[number], end, layer.biases[unit % len(layer.biases)]


def _label_place(start: Neuron, end: Neuron, placed: list[Edge]) -> tuple[float, float]:
    """A point of the line free of other labels, before the middle where there is room."""
    places = [
        (start.x + along * (end.x - start.x), start.y + along * (end.y - start.y))
        for along in (0.33, 0.4, 0.6, 0.67, 0.53, 0.46, 0.28, 0.72)
    ]
    recent = placed[-MOST_LABELED:]  # with more edges than these none has a label
    return max(places, key=lambda place: min((_room(place, e) for e in recent), default=1.0))


def _room(place: tuple[float, float], other: Edge) -> float:
    """How far a label is from another, 1 where they do not touch."""
    across = abs(place[0] - other.label_place[0]) / 0.4
    up = abs(place[1] - other.label_place[1]) / 0.18
    return min(1.0, max(across, up))
