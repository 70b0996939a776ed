"""Figures: what they draw, and the files they are saved to."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from gradsheet import figures
from gradsheet.errors import GradsheetError
from gradsheet.figures import losses, plot_mistakes, save
from gradsheet.networks.graph import build_graph
from gradsheet.networks.sweep import Descent, descend
from gradsheet.networks.toml import load_network

SLOPE, SWAPPED = "a slope is left out", "two weights are swapped"


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))


@pytest.fixture(scope="module")
def descent() -> Descent:
    return descend(build_graph(load_network("and")), np.geomspace(0.01, 10, 40).tolist(), 12)


def test_many_losses_are_one_collection_of_lines(descent: Descent) -> None:
    figure = figures.plot_losses(descent)
    linear, logarithmic, _ = figure.axes
    scale = LogNorm(0.01, 10)
    for axes in (linear, logarithmic):
        (lines,) = axes.collections
        assert isinstance(lines, LineCollection)
        assert not axes.lines
        for number, segment in enumerate(lines.get_segments()):
            np.testing.assert_array_equal(segment[:, 0], range(13))
            np.testing.assert_array_equal(segment[:, 1], descent.loss[:, number])
        shades = mpl.colormaps["viridis"](scale(descent.learning_rates))
        np.testing.assert_allclose(np.asarray(lines.get_color()), np.asarray(shades))
        assert axes.get_xlim()[0] <= 0 < 12 <= axes.get_xlim()[1]
    assert linear.get_ylim() == pytest.approx((0, 1.05 * descent.loss.max()))
    assert logarithmic.get_yscale() == "log"
    assert logarithmic.get_ylim()[0] < descent.loss.min() < descent.loss.max()
    assert logarithmic.get_ylim()[1] > descent.loss.max()


def test_few_losses_are_named(descent: Descent) -> None:
    some = Descent(descent.learning_rates[:3], {}, descent.loss[:, :3])
    linear, _ = figures.plot_losses(some).axes
    legend = linear.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        f"{r:g}" for r in some.learning_rates
    ]


def test_saving(descent: Descent, tmp_path: Path) -> None:
    for name in ("deep/a.png", "a.svg", "b.svg"):
        figure = figures.plot_loss(descent, 0)
        assert isinstance(figure, Figure)
        save(figure, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert "Loss at learning rate 0.01" in (tmp_path / "a.svg").read_text()
    assert pixels(tmp_path / "deep/a.png").shape == (600, 960)
    with pytest.raises(GradsheetError, match=r"must end in \.png or \.svg \(got .*a\.gif\)"):
        save(figure, tmp_path / "a.gif")


def test_the_heat_map_grows_with_the_files(tmp_path: Path) -> None:
    heights = []
    for count in (1, 30, 200):
        path = tmp_path / f"{count}.png"
        counts = np.arange(2 * count).reshape(count, 2) % 3
        names = [f"file {n}.xlsx" for n in range(count)]
        save(plot_mistakes(names, [SLOPE, SWAPPED], counts), path)
        heights.append(pixels(path).shape[0])
    assert heights[0] < heights[1] < heights[2]
    assert heights[2] / 200 > 20  # pixels for a name


def test_the_heat_map_draws_names_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    names = ["$x^2$.xlsx", "a_b & <c>.xlsx", "two\nlines\x07.xlsx"]
    save(plot_mistakes(names, [r"costs $5 \alpha$"], np.array([[7], [0], [0]])), path)
    drawn = path.read_text()
    for text in ("$x^2$.xlsx", "a_b &amp; &lt;c&gt;.xlsx", "two lines", r"costs $5 \alpha$", ">7<"):
        assert text in drawn
    assert ">0<" not in drawn


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (1, 1)])
def test_the_heat_map_needs_no_mistake(shape: tuple[int, int], tmp_path: Path) -> None:
    files, kinds = ["a"] * shape[0], ["b"] * shape[1]
    save(plot_mistakes(files, kinds, np.zeros(shape, np.int64)), tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 0


def test_names_of_any_length_fit_on_the_heat_map(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    save(plot_mistakes(["W" * 300], ["W" * 300], np.array([[3]])), path)
    edge = pixels(path)
    assert all(side.min() == 255 for side in (edge[0], edge[-1], edge[:, 0], edge[:, -1]))


def test_many_lines_are_thinned_by_less_than_can_be_seen() -> None:
    """Whatever is dropped lies within a tenth of a pixel of the line that is drawn."""
    updates = np.arange(150)
    heights = np.column_stack(
        [
            600 * np.exp(-updates / 20),  # steep at first
            300 + updates,  # straight
            300 + 40 * (-1.0) ** updates,  # from one side to the other
            np.where(updates < 77, 5.0 * updates, 385.0),  # a kink inside a block
            np.where(updates < 100, 5.0, np.nan),  # diverges
        ]
    )
    needed = losses._needed(heights)
    for height, kept in zip(heights.T, needed.T, strict=True):
        drawn = np.interp(updates, updates[kept], height[kept])
        assert np.nanmax(np.abs(drawn - height)) < 0.1
        assert np.isnan(height[~kept]).sum() == 0
    assert needed[[0, -1]].all()
    straight, zigzag = needed[:, 1].sum(), needed[:, 2].sum()
    assert (straight, zigzag) == (150 // 16 + 150 % 16, 150)


@pytest.mark.parametrize("updates", [1, 16, 17])
def test_few_points_are_all_drawn(updates: int) -> None:
    heights = np.random.default_rng(updates).uniform(0, 600, (updates + 1, 3))
    assert losses._needed(heights).all()
