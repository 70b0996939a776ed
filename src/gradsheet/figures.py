"""Results as matplotlib figures: each function returns one, ``save`` writes it.

The only user of matplotlib.
"""

import math
import textwrap
import warnings
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from gradsheet.errors import GradsheetError
from gradsheet.files import whole_file
from gradsheet.networks.diagram import LINE, MOST_NAMED, Box, Diagram, Edge, Neuron, lay_out
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.sweep import Descent, descend, in_updates
from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet import palette
from gradsheet.spreadsheet.palette import GRADIENT, NEGATIVE, POSITIVE
from gradsheet.symbolic.expression import Variable

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E5E7EB",
    "axes.axisbelow": True,
    "axes.titleweight": "bold",
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read aloud
    "svg.hashsalt": "gradsheet",
}

_BLOCK = 16  # updates of many lines that are thinned together
_TALL_IN_PIXELS = 600  # at least as tall as the axes of many lines

_MANY_FILES = 60  # from here on the rows of a heat map are low
_TALLEST = 48.0  # inches for all of them
_LOWEST_ROW = 0.16  # inches that a name needs
_GAP, _CAPTION = 8, 14  # pixels between the digits of a page, and above each for its caption
_LONGEST_FILE, _KIND_LINE = 44, 32  # characters

_DIAGRAM_DPI = 100  # a drawing's pixels in an inch
_SMALL = 8.2  # points: the letters that the drawing leaves room for
_CENTERED: dict[Any, Any] = {"ha": "center", "va": "center"}

Curves = Mapping[str, Sequence[float]]


def plot_loss(descent: Descent, number: int) -> Figure:
    """The loss at the 0-based learning rate ``number`` against the updates."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(6.4, 4.0)
        rate, losses = descent.learning_rates[number], descent.loss[:, number]
        shown = _drawable(losses)
        axes.plot(shown, color=palette.of_rate(number), linewidth=2)
        _label_loss(axes, f"Loss at learning rate {rate:g}")
        axes.set_ylim(0, _top(shown))
        diverged = descent.diverged_after()[number]
        if diverged is None:
            _write_in_corner(axes, f"{losses[-1]:.6g} after {in_updates(descent.updates)}", "black")
        else:
            _write_in_corner(axes, f"diverged after {in_updates(diverged)}", NEGATIVE)
    return figure


def plot_losses(descent: Descent) -> Figure:
    """The loss at every learning rate in one picture, linear beside logarithmic."""
    rates, shown = descent.learning_rates, _drawable(descent.loss)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 4.6), layout="constrained")
        linear, logarithmic = figure.subplots(1, 2)
        linear.set_ylim(0, _top(shown))
        if np.nan_to_num(shown).max() > 0:
            logarithmic.set_yscale("log")
        if len(rates) <= len(palette.RATES) * 2:
            for axes in (linear, logarithmic):
                _draw_each_loss(axes, shown)
            names = [_rate_name(descent, number) for number in range(len(rates))]
            linear.legend(linear.get_lines(), names, frameon=False, title="learning rate")
        else:
            _draw_many_losses(figure, descent, shown)
        _label_loss(linear, "Loss by learning rate")
        _label_loss(logarithmic, "The same, logarithmic")
    return figure


def _draw_each_loss(axes: Axes, losses: NDArray[np.float64]) -> None:
    for number, series in enumerate(losses.T):
        style = "-" if number < len(palette.RATES) else "--"
        axes.plot(series, color=palette.of_rate(number), linewidth=2, linestyle=style)


def _draw_many_losses(figure: Figure, descent: Descent, losses: NDArray[np.float64]) -> None:
    """One collection of lines an axes, colored by rate: a line object each would take long."""
    linear, logarithmic = figure.axes
    rates = descent.learning_rates
    scale = LogNorm(min(rates), max(rates))
    colors = mpl.colormaps["viridis"](scale(rates))
    updates = np.arange(len(losses))
    with np.errstate(divide="ignore", invalid="ignore"):
        powers = np.log10(losses)
    finite = powers[np.isfinite(powers)]
    decades = float(np.ptp(finite)) if finite.size else 0.0
    heights = losses / linear.get_ylim()[1], powers / (decades or 1.0)
    for axes, height in zip((linear, logarithmic), heights, strict=True):
        needed = _needed(height * _TALL_IN_PIXELS)
        lines = [
            np.column_stack([updates[kept], series[kept]])
            for series, kept in zip(losses.T, needed.T, strict=True)
        ]
        axes.add_collection(LineCollection(lines, colors=colors, linewidths=0.6))
        axes.autoscale_view()
    figure.colorbar(ScalarMappable(scale, "viridis"), ax=logarithmic, label="learning rate")
    broken = sum(after is not None for after in descent.diverged_after())
    if broken:
        _write_in_corner(logarithmic, f"{broken} of {len(rates)} rates diverged", NEGATIVE)


def _needed(heights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points of lines a drawing needs.

    Not needed are those inside a block of updates where a line is straight to a tenth of a pixel.

    Args:
        heights: of the lines' points in pixels, (updates, lines).
    """
    whole = (len(heights) - 1) // _BLOCK * _BLOCK
    needed = np.ones(heights.shape, dtype=bool)
    blocks = heights[:whole].reshape(-1, _BLOCK, heights.shape[1])
    starts, ends = blocks[:, :1], heights[_BLOCK : whole + 1 : _BLOCK, np.newaxis]
    along = np.arange(_BLOCK)[:, np.newaxis] / _BLOCK
    with np.errstate(invalid="ignore"):  # of what no axis can hold; such points are needed
        straight = np.abs(blocks - starts - along * (ends - starts)).max(axis=1) < 0.1
    needed[:whole].reshape(blocks.shape)[:, 1:] &= ~straight[:, np.newaxis]
    return needed


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
    with mpl.rc_context({**_STYLE, "axes.grid": False}):
        width, height = drawing.width / _DIAGRAM_DPI, drawing.height / _DIAGRAM_DPI
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
        text = _literal("\n".join(lines))
        figure.text(*place, text, va="top", fontsize=12, fontweight="bold", linespacing=1.3)
    return figure


def plot_epochs(title: str, y_label: str, curves: Curves) -> Figure:
    """One or more series of a training history against the epoch."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(6.4, 4.0)
        for (name, series), color in zip(curves.items(), palette.RATES, strict=False):
            axes.plot(
                range(1, len(series) + 1), series, "o-", color=color, label=name, markersize=4
            )
        axes.set(xlabel="epoch", ylabel=y_label)
        axes.set_title(title, loc="left")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        # The first epoch, far from all others, would flatten them.
        later = [value for series in curves.values() for value in (series[1:] or series)]
        axes.set_ylim(*_with_margin(min(later), max(later)))
        axes.legend(frameon=False)
    return figure


def plot_seeds(title: str, y_label: str, runs: Sequence[Sequence[float]]) -> Figure:
    """Many runs' percentages by epoch: each thin, their mean thick, one deviation shaded."""
    values = np.asarray(runs)
    epoch = np.arange(1, values.shape[1] + 1)
    mean, deviation = values.mean(axis=0), values.std(axis=0, ddof=1)
    low, high = np.maximum(mean - deviation, 0), np.minimum(mean + deviation, 100)
    color = palette.RATES[0]
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(7.2, 4.4)
        axes.plot(epoch, values.T, color=color, linewidth=0.6, alpha=0.35)
        axes.fill_between(
            epoch,
            low,
            high,
            color=color,
            alpha=0.2,
            label="± one standard deviation",
        )
        axes.plot(epoch, mean, "o-", color=color, markersize=4, label=f"mean of {len(runs)} seeds")
        axes.plot(epoch, values.min(axis=0), ":", color=palette.NEGATIVE, label="worst seed")
        axes.set(xlabel="epoch", ylabel=y_label)
        axes.set_title(title, loc="left")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        shown = np.concatenate([values, [low], [high]])[:, 1 if len(epoch) > 1 else 0 :]
        axes.set_ylim(*_with_margin(float(shown.min()), float(shown.max())))
        axes.legend(frameon=False, loc="lower right")
    return figure


def plot_rate_trial(
    rates: Sequence[float],
    losses: Sequence[float],
    smooth: Sequence[float],
    used: float,
) -> Figure:
    """The loss, raw and smoothed, while the learning rate rises, and the rate a recipe uses."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(6.4, 4.0)
        axes.plot(rates, losses, color="#9CA3AF", linewidth=0.6)
        axes.plot(rates, smooth, color=palette.RATES[0], label="loss, smoothed")
        axes.axvline(used, color=palette.NEGATIVE, linestyle=":", label=f"the recipe's {used:g}")
        axes.set(xlabel="learning rate", ylabel="cross-entropy, nats", xscale="log")
        axes.set_ylim(0, 1.3 * smooth[0])
        axes.set_title("Loss while the learning rate rises", loc="left")
        axes.legend(frameon=False)
    return figure


def plot_confusion(counts: NDArray[np.int64]) -> Figure:
    """Number of images of each digit (row) classified as each digit (column)."""
    with mpl.rc_context({**_STYLE, "axes.grid": False}):
        figure, axes = _figure(6.0, 5.6)
        wrong = counts.astype(float)
        np.fill_diagonal(wrong, np.nan)
        axes.imshow(wrong, cmap="Reds", vmin=0, vmax=max(1.0, np.nanmax(wrong)))
        for row, column in np.ndindex(*counts.shape):
            if count := int(counts[row, column]):
                dark = row != column and count > 0.6 * np.nanmax(wrong)
                shade = "#9CA3AF" if row == column else "white" if dark else "black"
                axes.text(
                    column, row, f"{count}", ha="center", va="center", fontsize=8, color=shade
                )
        axes.set(xlabel="predicted digit", ylabel="true digit", xticks=range(10), yticks=range(10))
        axes.set_title("Confusion matrix", loc="left")
    return figure


def plot_misclassified(
    images: NDArray[np.uint8], labels: Sequence[int], predictions: Sequence[int]
) -> Figure:
    """Misclassified digits, each under ``true → predicted``; at most the first hundred."""
    shown = min(len(images), 100)
    columns = min(10, max(1, shown))
    rows = max(1, math.ceil(shown / columns))
    # One image of all: a hundred axes would take seconds to lay out.
    down, right = (images.shape[1] + _CAPTION, images.shape[2] + _GAP) if shown else (1, 1)
    page = np.zeros((rows * down, columns * right), np.uint8)
    with mpl.rc_context({**_STYLE, "axes.grid": False}):
        figure = Figure(figsize=(max(4.0, 0.95 * columns), 1.15 * rows + 0.5), layout="constrained")
        axes = figure.subplots()
        axes.axis("off")
        for place, image in enumerate(images[:shown]):
            top, left = place // columns * down + _CAPTION, place % columns * right
            page[top : top + len(image), left : left + image.shape[1]] = image
            caption = f"{labels[place]} → {predictions[place]}"
            middle = left + image.shape[1] / 2
            axes.text(middle, top - 1, caption, fontsize=9, ha="center", va="bottom")
        axes.imshow(page, cmap="gray_r", vmin=0, vmax=255)
        more = f", the first {shown} shown" if shown < len(images) else ""
        figure.suptitle(f"{len(images)} misclassified (true → predicted){more}", fontweight="bold")
    return figure


def plot_mistakes(files: Sequence[str], kinds: Sequence[str], counts: NDArray[np.int64]) -> Figure:
    """How many mistakes of each kind each file has.

    Args:
        files: what to call each; beyond 300 there is no room for that.
        kinds: of mistakes, in a few words.
        counts: (files, kinds).
    """
    rows, columns = max(1, len(files)), max(1, len(kinds))
    row_height = 0.24 if rows <= _MANY_FILES else min(0.16, _TALLEST / rows)
    shown = np.full((rows, columns), np.nan)
    shown[: len(files), : len(kinds)] = np.where(counts > 0, counts, np.nan)
    most = float(np.nanmax(shown, initial=1.0))
    # The names around the cells are of any length, and the paper grows with them.
    with mpl.rc_context({**_STYLE, "axes.grid": False}):
        figure = Figure(figsize=(0.55 * columns, row_height * rows))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.imshow(shown, cmap="Reds", vmin=0, vmax=1.3 * most, aspect="auto")
        legible = row_height >= _LOWEST_ROW
        if legible:
            _number_mistakes(axes, counts, most)
        _label_mistakes(axes, files if legible else (), kinds, rows)
        axes.set_title("Mistakes by file and kind", loc="left")
    return figure


def _number_mistakes(axes: Axes, counts: NDArray[np.int64], most: float) -> None:
    for row, column in np.argwhere(counts > 0).tolist():
        count = int(counts[row, column])
        color = "white" if count > 0.8 * most else "black"
        axes.text(column, row, f"{count}", ha="center", va="center", fontsize=7, color=color)


def _label_mistakes(axes: Axes, files: Sequence[str], kinds: Sequence[str], rows: int) -> None:
    """Files at the left, kinds above, and lines between the cells to follow with the eye."""
    small = 8 if rows <= _MANY_FILES else 7
    names = [_literal(_shortened(name, _LONGEST_FILE)) for name in files]
    axes.set_yticks(range(len(names)), names, fontsize=small)
    above = [_literal(textwrap.fill(_shortened(kind, 90), _KIND_LINE)) for kind in kinds]
    axes.set_xticks(range(len(above)), above, fontsize=8, rotation=50, ha="left", va="bottom")
    axes.tick_params(top=False, labeltop=True, bottom=False, labelbottom=False, left=False)
    axes.tick_params(axis="x", pad=1)
    axes.set_xticks(np.arange(0.5, max(1, len(kinds)) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, rows - 1), minor=True)
    axes.tick_params(which="minor", length=0)
    axes.grid(which="minor", color="#E5E7EB", linewidth=0.6)


def _shortened(name: str, most: int) -> str:
    """A name in one line; of a long one the middle is left out, its ends tell more."""
    name = " ".join(name.split())
    half = (most - 1) // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


# --- The diagram -----------------------------------------------------------------------------


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
    size = (2 * drawing.radius * 72 / _DIAGRAM_DPI) ** 2  # points squared
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


def _literal(text: str) -> str:
    """Text in which a dollar sign is a dollar sign."""
    return text.replace("$", r"\$")


# --- Shared ----------------------------------------------------------------------------------


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _label_loss(axes: Axes, title: str) -> None:
    axes.set(xlabel="updates", ylabel="loss $E_{total}$")
    axes.set_title(title, loc="left")
    axes.margins(x=0.01)


def _drawable(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Losses without those that no axis can hold."""
    return np.where(losses < 1e30, losses, np.nan)


def _top(losses: NDArray[np.float64]) -> float:
    """Where a linear axis ends: a loss that runs away leaves the picture."""
    highest, first = (np.nan_to_num(part).max() for part in (losses, losses[0]))
    return float(1.05 * min(highest, 3 * first)) or 1.0


def _rate_name(descent: Descent, number: int) -> str:
    diverged = descent.diverged_after()[number]
    name = f"{descent.learning_rates[number]:g}"
    return name if diverged is None else f"{name}: diverged after {diverged}"


def _write_in_corner(axes: Axes, text: str, color: str) -> None:
    axes.text(0.98, 0.96, text, color=color, ha="right", va="top", transform=axes.transAxes)


def _with_margin(low: float, high: float) -> tuple[float, float]:
    margin = 0.1 * (high - low) + 1e-9
    return low - margin, high + margin


def svg(figure: Figure) -> str:
    """A figure as the text of an SVG file."""
    with StringIO() as text, mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(text, format="svg", metadata={"Date": None})
        return text.getvalue()


def check_format(path: Path) -> None:
    """Refuse a picture's path before long work for it is done.

    Raises:
        GradsheetError: it ends in neither .png nor .svg.
    """
    if path.suffix.lower() not in (".png", ".svg"):
        raise GradsheetError(f"the picture's name must end in .png or .svg (got {path})")


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure whole or not at all; the suffix, .svg or .png, chooses the format.

    Raises:
        GradsheetError: the suffix is another, or the file cannot be written.
    """
    path = Path(path)
    check_format(path)
    metadata = {"Date": None} if path.suffix.lower() == ".svg" else {}
    # What is laid out by hand may reach beyond the paper, which then grows.
    box = None if figure.get_layout_engine() else "tight"
    with whole_file(path) as temporary, mpl.rc_context(_STYLE), warnings.catch_warnings():
        # The font may lack the script of a title; boxes are drawn instead.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(temporary, dpi=150, metadata=metadata, bbox_inches=box)
