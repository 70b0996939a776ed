"""The drawing of a network with its numbers."""

import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradsheet.arguments import checked
from gradsheet.figures.paper import STYLE, literal
from gradsheet.networks.diagram import LINE, MOST_NAMED, Box, Diagram, Edge, Neuron, lay_out
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.sweep import descend
from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet import palette
from gradsheet.spreadsheet.palette import GRADIENT, NEGATIVE, POSITIVE
from gradsheet.symbolic.expression import Variable

_DPI = 100  # a drawing's pixels in an inch
_SMALL = 8.2  # points: the letters that the drawing leaves room for
_CENTERED: dict[Any, Any] = {"ha": "center", "va": "center"}


@checked
def plot_network(network: NetworkSpec) -> Figure:
    """A network before training: its weights, the values of its forward pass, its gradients."""
    graph = build_graph(network)
    shown = [*graph.table(), *graph.gradients]
    start = descend(graph, learning_rates=(1.0,), updates=1, record=shown)
    values = {variable: float(start.values[variable][0, 0]) for variable in shown}
    drawing, count = lay_out(graph), len(graph.examples)
    title, loss = graph.spec.title or graph.spec.name, f"{values[graph.loss]:.9g}"
    words = [f"{title}: loss {loss}"]
    if count > 1:
        words = [f"{title}: mean loss {loss} over {count} examples", "The values are of example 1."]
    with mpl.rc_context({**STYLE, "axes.grid": False}):
        width, height = drawing.width / _DPI, drawing.height / _DPI
        lines = [line for text in words for line in textwrap.wrap(text, int(9 * width))]
        whole = height + 0.15 + 0.22 * len(lines)
        figure = Figure(figsize=(width, whole))
        axes = figure.add_axes((0, 0, 1, height / whole))
        axes.axis("off")
        axes.set_xlim(0, drawing.width)
        axes.set_ylim(0, drawing.height)
        _draw_edges(axes, drawing, values)
        _draw_neurons(axes, drawing, values)
        place = 0.15 / width, 1 - 0.1 / whole
        text = literal("\n".join(lines))
        figure.text(*place, text, va="top", fontsize=12, fontweight="bold", linespacing=1.3)
    return figure


def _draw_edges(axes: Axes, drawing: Diagram, values: Mapping[Variable, float]) -> None:
    strongest = max((abs(values[edge.parameter]) for edge in drawing.edges), default=1.0) or 1.0
    for edge in drawing.edges:
        weight = values[edge.parameter]
        color = POSITIVE if weight >= 0 else NEGATIVE
        width = 0.4 + 2.2 * abs(weight) / strongest
        ends = (edge.start.x, edge.end.x), (edge.start.y, edge.end.y)
        alpha = 0.55 if edge.label else 0.3
        axes.plot(*ends, color=color, alpha=alpha, linewidth=width, zorder=1)
        if edge.label:
            _label_edge(axes, edge, edge.label, values)


def _label_edge(axes: Axes, edge: Edge, place: Box, values: Mapping[Variable, float]) -> None:
    """The weight and, where it is trained, its gradient."""
    box = {"boxstyle": "round,pad=0.05", "facecolor": "white", "edgecolor": "none", "alpha": 0.9}
    for line, variable in enumerate(edge.named):
        y = place.y + LINE * ((len(edge.named) - 1) / 2 - line)
        text = f"{_math(variable)} = {values[variable] + 0:.5g}"
        color = GRADIENT if line else "black"
        axes.text(place.x, y, text, **_CENTERED, fontsize=_SMALL, color=color, bbox=box, zorder=3)


def _draw_neurons(axes: Axes, drawing: Diagram, values: Mapping[Variable, float]) -> None:
    size = (2 * drawing.radius * 72 / _DPI) ** 2  # points squared
    for neuron in drawing.neurons:
        color = palette.NEURONS[neuron.kind]
        axes.scatter(neuron.x, neuron.y, s=size, color=color, edgecolor="white", zorder=4)
        if len(drawing.neurons) > MOST_NAMED:
            continue
        name, font = f"${neuron.markup}$", 12 if drawing.radius > 20 else 7
        axes.text(neuron.x, neuron.y, name, **_CENTERED, fontsize=font, zorder=5)
        if neuron.label:
            names = [symbol_of(v).without_example().markup for v in neuron.values[0]]
            shown = [f"{values[variable]:.5g}" for variable in neuron.values[0]]
            lines = [f"${name}$ = {value}" for name, value in zip(names, shown, strict=True)]
            _label_neuron(axes, neuron, neuron.label, "\n".join(lines))


def _label_neuron(axes: Axes, neuron: Neuron, box: Box, text: str) -> None:
    across = {"left": "right", "right": "left"}.get(neuron.side, "center")
    shift = {"left": box.width / 2, "right": -box.width / 2}.get(neuron.side, 0.0)
    axes.text(box.x + shift, box.y, text, ha=across, va="center", fontsize=_SMALL, zorder=5)


def _math(variable: Variable) -> str:
    """A variable's symbol as matplotlib sets mathematics."""
    return f"${variable.markup.replace('∂', chr(92) + 'partial ')}$"
