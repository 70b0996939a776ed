"""The mistakes of many workbooks."""

import textwrap
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradsheet.figures.paper import STYLE, literal

_MANY_FILES = 60  # from here on the rows of a heat map are low
_TALLEST = 48.0  # inches for all of them
_LOWEST_ROW = 0.16  # inches that a name needs
_LONGEST_FILE, _KIND_LINE = 44, 32  # characters


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
    with mpl.rc_context({**STYLE, "axes.grid": False}):
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
    names = [literal(_shortened(name, _LONGEST_FILE)) for name in files]
    axes.set_yticks(range(len(names)), names, fontsize=small)
    above = [literal(textwrap.fill(_shortened(kind, 90), _KIND_LINE)) for kind in kinds]
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
