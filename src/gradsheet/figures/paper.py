"""What all figures share: style, corners, files."""

import warnings
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradsheet.errors import GradsheetError
from gradsheet.files import whole_file

STYLE: dict[Any, Any] = {
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


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of that many inches with one pair of axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def write_in_corner(axes: Axes, text: str, color: str) -> None:
    """Write a few words at the top right."""
    axes.text(0.98, 0.96, text, color=color, ha="right", va="top", transform=axes.transAxes)


def literal(text: str) -> str:
    """Text in which a dollar sign is a dollar sign."""
    return text.replace("$", r"\$")


def svg(figure: Figure) -> str:
    """A figure as the text of an SVG file."""
    with StringIO() as text, mpl.rc_context(STYLE), warnings.catch_warnings():
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
    with whole_file(path) as temporary, mpl.rc_context(STYLE), warnings.catch_warnings():
        # The font may lack the script of a title; boxes are drawn instead.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(temporary, dpi=150, metadata=metadata, bbox_inches=box)
