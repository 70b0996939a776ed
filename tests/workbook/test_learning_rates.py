"""The sheet of all learning rates."""

import json
from pathlib import Path

import pytest

from gradsheet.spreadsheet.recalculate import (
    cached_values,
    recalculated,
)
from tests.workbook.books import RATES, cell_of, ref

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
