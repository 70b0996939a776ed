"""The digit classifier's training and mistakes."""

import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from gradsheet.figures.paper import STYLE, new_figure
from gradsheet.spreadsheet import palette

_GAP, _CAPTION = 8, 14  # pixels between the digits of a page, and above each for its caption

Curves = Mapping[str, Sequence[float]]


def plot_epochs(title: str, y_label: str, curves: Curves) -> Figure:
    """One or more series of a training history against the epoch."""
    with mpl.rc_context(STYLE):
        figure, axes = new_figure(6.4, 4.0)
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
    with mpl.rc_context(STYLE):
        figure, axes = new_figure(7.2, 4.4)
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
    with mpl.rc_context(STYLE):
        figure, axes = new_figure(6.4, 4.0)
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
    with mpl.rc_context({**STYLE, "axes.grid": False}):
        figure, axes = new_figure(6.0, 5.6)
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
    with mpl.rc_context({**STYLE, "axes.grid": False}):
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


def _with_margin(low: float, high: float) -> tuple[float, float]:
    margin = 0.1 * (high - low) + 1e-9
    return low - margin, high + margin
