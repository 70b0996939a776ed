"""The sheet of all learning rates."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.spreadsheet.recalculate import cached_values, recalculated
from gradsheet.workbook.build import write_workbook
from tests.workbook.books import LINE, RATES, cell_of, ref

REFERENCE = json.loads((Path(__file__).parent.parent / "data" / "backprop.json").read_text())


def test_the_fastest_rate_is_marked(course: Path) -> None:
    values = cached_values(course)
    marks = {
        cell: v
        for (sheet, cell), v in values.items()
        if sheet == "Learning rates" and v == "◄ lowest"
    }
    assert [str(cell) for cell in marks] == ["G10"]  # the row of learning rate 2
    for row, rate in enumerate(RATES, start=5):
        expected = REFERENCE["course"]["loss_after_updates"][str(rate)]["32"]
        assert values[ref("Learning rates", f"E{row}")] == pytest.approx(expected, rel=1e-12)
    moved = recalculated(course, {cell_of(course, "lr_6"): 0.01}, "ironcalc")
    assert moved[ref("Learning rates", "G9")] == "◄ lowest"
    assert moved[ref("Learning rates", "G10")] == ""


def test_rates_that_have_arrived_are_alike_in_every_program(tmp_path: Path) -> None:
    """Their losses, about 1e-33, are what rounding leaves."""
    layer = LayerSpec(weights=((0.1, -0.4),), activation="tanh")
    path = tmp_path / "book.xlsx"
    network = NetworkSpec(inputs=((1.0, 0.5),), targets=((0.2,),), layers=(layer,))
    write_workbook(network, path, learning_rates=(0.5, 1.0, 2.0), updates=100)
    found, expected = recalculated(path, {}, "ironcalc"), cached_values(path)
    marks = {r: v for r, v in expected.items() if r.sheet == "Learning rates"}
    assert sum(value == "◄ lowest" for value in marks.values()) > 1
    texts = {r: v for r, v in marks.items() if isinstance(v, str)}
    assert {r: found[r] for r in texts} == texts
    rises = {r: v for r, v in marks.items() if str(r.cell) in ("G5", "G6", "G7")}
    assert {r: found[r] for r in rises} == rises


@pytest.mark.parametrize(("rate", "least"), [(0.25, ["1e-16"]), (0.1, [])])
def test_a_loss_of_zero_does_not_empty_the_logarithmic_chart(
    rate: float, least: list[str], tmp_path: Path
) -> None:
    """LibreOffice draws no curve on an axis that a 0 leaves without an end."""
    path = tmp_path / "book.xlsx"
    write_workbook(LINE, path, learning_rates=(rate,), updates=3)  # 1/4 arrives at once
    with zipfile.ZipFile(path) as book:
        charts = [
            book.read(name).decode() for name in book.namelist() if name.startswith("xl/charts/")
        ]
    axes = [axis for chart in charts for axis in chart.split("<c:valAx>")]
    (axis,) = [axis for axis in axes if "c:logBase" in axis]
    assert [value.lower() for value in re.findall(r'<c:min val="([^"]+)"', axis)] == least
