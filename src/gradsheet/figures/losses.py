"""Losses against the updates, a curve for each learning rate."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradsheet.arguments import checked
from gradsheet.figures.paper import STYLE, new_figure, write_in_corner
from gradsheet.networks.sweep import Descent, in_updates
from gradsheet.spreadsheet import palette
from gradsheet.spreadsheet.palette import NEGATIVE

_BLOCK = 16  # updates of many lines that are thinned together
_TALL_IN_PIXELS = 600  # at least as tall as the axes of many lines


def plot_loss(descent: Descent, number: int) -> Figure:
    """The loss at the 0-based learning rate ``number`` against the updates."""
    with mpl.rc_context(STYLE):
        figure, axes = new_figure(6.4, 4.0)
        rate, losses = descent.learning_rates[number], descent.loss[:, number]
        shown = _drawable(losses)
        axes.plot(shown, color=palette.of_rate(number), linewidth=2)
        _label_loss(axes, f"Loss at learning rate {rate:g}")
        axes.set_ylim(0, _top(shown))
        diverged = descent.diverged_after()[number]
        if diverged is None:
            write_in_corner(axes, f"{losses[-1]:.6g} after {in_updates(descent.updates)}", "black")
        else:
            write_in_corner(axes, f"diverged after {in_updates(diverged)}", NEGATIVE)
    return figure


@checked
def plot_losses(descent: Descent) -> Figure:
    """The loss at every learning rate in one picture, linear beside logarithmic."""
    rates, shown = descent.learning_rates, _drawable(descent.loss)
    with mpl.rc_context(STYLE):
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
        write_in_corner(logarithmic, f"{broken} of {len(rates)} rates diverged", NEGATIVE)


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
