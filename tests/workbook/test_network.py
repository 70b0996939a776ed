"""The drawing of the network in cells."""

from pathlib import Path

import pytest

from gradsheet.networks.graph import build_graph
from gradsheet.networks.sweep import descend
from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.recalculate import (
    recalculated,
)
from tests.workbook.books import ref


def test_the_network_sheet_follows_its_choices(xor: Path) -> None:
    spec = load_network("xor")
    graph = build_graph(spec)
    chosen = {ref("Network", "B4"): 2.0, ref("Network", "B5"): 20.0, ref("Network", "F4"): 3.0}
    found = recalculated(xor, chosen, "ironcalc")
    run = descend(graph, (2.0,), 20, [*graph.parameters, *graph.examples[2].layers[-1].activations])
    output = run.values[graph.examples[2].layers[-1].activations[0]][20, 0]
    labels = [str(value) for (sheet, _), value in found.items() if sheet == "Network"]
    (label,) = [text for text in labels if text.startswith("o1 = ")]
    assert f"a_o1 = {output:.6f}".rstrip("0") in label
    assert "t1 = 1" in label
    assert found[ref("Network", "F5")] == pytest.approx(run.loss[20, 0], rel=1e-11)
