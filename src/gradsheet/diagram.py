"""A network as a drawing: where its neurons stand and what is written on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gradsheet.calculus.expression import Variable
from gradsheet.calculus.graph import NetworkGraph

Kind = Literal["input", "bias", "hidden", "output"]


@dataclass(frozen=True)
class Neuron:
    """A circle.

    Attributes:
        name: what stands in it: a variable's name, or 1 for a bias.
        kind: which gives its colour.
        x: its layer, 0 for the inputs.
        y: its height, 0 in the middle of the drawing, 1 between neighbours of the fullest layer.
        values: the variables whose values belong to it: an input, or a unit's sum and output.
    """

    name: str
    kind: Kind
    x: float
    y: float
    values: tuple[Variable, ...]


@dataclass(frozen=True)
class Edge:
    """A line between two neurons, with the parameter it carries."""

    start: Neuron
    end: Neuron
    parameter: Variable

    @property
    def label_place(self) -> tuple[float, float]:
        """A point of the line before the middle, where edges cross."""
        along = 0.33
        x = self.start.x + along * (self.end.x - self.start.x)
        return x, self.start.y + along * (self.end.y - self.start.y)


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


def lay_out(graph: NetworkGraph) -> Diagram:
    """Place the neurons of a network, layer by layer, from left to right."""
    columns = [_column(0, "input", [(i.name, (i,)) for i in graph.inputs])]
    for number, layer in enumerate(graph.layers, start=1):
        kind: Kind = "output" if number == len(graph.layers) else "hidden"
        columns.append(_column(number, kind, [(h.name, (h, a)) for h, a in layer.units]))
    biases = {
        number: Neuron("1", "bias", number - 1, columns[number - 1][-1].y - 1, ())
        for number, layer in enumerate(graph.layers, start=1)
        if layer.biases
    }
    neurons = (*(neuron for column in columns for neuron in column), *biases.values())
    return Diagram(neurons, tuple(_edges(graph, columns, biases)))


def _column(x: int, kind: Kind, units: list[tuple[str, tuple[Variable, ...]]]) -> list[Neuron]:
    top = (len(units) - 1) / 2
    return [Neuron(name, kind, x, top - row, values) for row, (name, values) in enumerate(units)]


def _edges(
    graph: NetworkGraph, columns: list[list[Neuron]], biases: dict[int, Neuron]
) -> Iterator[Edge]:
    for number, layer in enumerate(graph.layers, start=1):
        for unit, row in enumerate(layer.weights):
            end = columns[number][unit]
            for start, weight in zip(columns[number - 1], row, strict=True):
                yield Edge(start, end, weight)
            if layer.biases:
                yield Edge(biases[number], end, layer.biases[unit % len(layer.biases)])
