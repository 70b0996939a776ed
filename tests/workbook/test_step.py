"""The sheet of one update."""

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from gradsheet.networks.graph import build_graph
from gradsheet.networks.sweep import descend
from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.recalculate import (
    recalculated,
)
from gradsheet.workbook.build import write_workbook
from tests.workbook.books import COURSE, ref


@pytest.mark.parametrize(("rate", "iteration"), [(0.5, 0), (2.0, 17), (0.1, 31)])
def test_the_step_sheet_shows_any_iteration(rate: float, iteration: int, course: Path) -> None:
    found = recalculated(
        course, {ref("Step", "B4"): rate, ref("Step", "B5"): iteration}, "ironcalc"
    )
    graph = build_graph(COURSE)
    run = descend(graph, (rate,), iteration + 1, graph.parameters)
    for row, parameter in enumerate(graph.parameters, start=10):
        before, after = run.values[parameter][iteration : iteration + 2, 0]
        assert found[ref("Step", f"B{row}")] == pytest.approx(before, rel=1e-11)
        last = [
            c
            for c in "RSTUVWXYZ"
            if found.get(ref("Step", f"{c}{row}")) == pytest.approx(after, rel=1e-9)
        ]
        assert last
    assert found[ref("Start", "B6")] == "all checks pass"


def strings(path: Path) -> str:
    """Every text of a workbook, without its marks."""
    with zipfile.ZipFile(path) as archive:
        return re.sub(r"<[^>]+>", "", archive.read("xl/sharedStrings.xml").decode())


def test_the_loss_names_its_examples(xor: Path, tmp_path: Path) -> None:
    assert "(E1(1) + E1(2) + E1(3) + E1(4))/4" in strings(xor)
    path = tmp_path / "book.xlsx"
    spec = replace(load_network("xor"), inputs=((0.5, 1.0),) * 12, targets=((1.0,),) * 12)
    write_workbook(spec, path, learning_rates=(0.1,), updates=1)
    assert "(E1(1) + E1(2) + … + E1(12))/12" in strings(path)


def test_ten_examples_and_more_keep_their_names_apart(tmp_path: Path) -> None:
    spec = replace(load_network("xor"), inputs=((0.5, 1.0),) * 12, targets=((1.0,),) * 12)
    path = tmp_path / "book.xlsx"
    write_workbook(spec, path, learning_rates=(0.1,), updates=2)
    assert "Σ ∂E/∂h1·i1" in strings(path)
    assert "∂E/∂h10" not in strings(path)
