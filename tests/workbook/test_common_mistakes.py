"""The sheet of common mistakes."""

import re
from pathlib import Path

import pytest

from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.spreadsheet.recalculate import cached_values
from gradsheet.workbook.build import write_workbook
from tests.workbook.books import book, ref


def test_the_mistakes_are_wrong_by_what_they_say(course: Path) -> None:
    sheet = book(course)["Common mistakes"]
    values = cached_values(course)
    titles = [row[0].value for row in sheet if re.match(r"\d   ", str(row[0].value))]
    assert len(titles) == 6
    assert values[ref("Common mistakes", "E30")] == pytest.approx(5.9e-8, rel=0.01)
    falls = [v for (name, _), v in values.items() if name == "Common mistakes" and v == "it falls"]
    assert len(falls) == 6


@pytest.mark.slow
def test_a_mistake_too_long_to_write_out_is_left_out(tmp_path: Path) -> None:
    layers = (
        LayerSpec(((0.1, 0.2),) * 8, "tanh"),
        LayerSpec(((0.1, -0.2) * 4,) * 5, "tanh"),
    )
    spec = NetworkSpec(((0.5, 1.0),) * 12, ((1.0,) * 5,) * 12, layers)
    path = tmp_path / "book.xlsx"
    write_workbook(spec, path, learning_rates=(0.1,), updates=1)
    sheet = book(path)["Common mistakes"]
    told = [str(row[0].value) for row in sheet.iter_rows(max_col=1) if row[0].value]
    assert told[-1].startswith(
        "Not made here: the network lacks what they take, or the formula is too long: weight upd"
    )
