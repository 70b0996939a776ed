"""The drawing of the network in cells."""

from pathlib import Path

import pytest

from gradsheet.networks.diagram import lay_out
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.sweep import descend
from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.recalculate import (
    recalculated,
)
from gradsheet.workbook.build import write_workbook
from tests.workbook.books import after, ref


def test_one_edge_of_many_can_be_chosen(tmp_path: Path) -> None:
    layer = LayerSpec(tuple(tuple(0.01 * (8 * k + n) for n in range(8)) for k in range(8)))
    spec = NetworkSpec((tuple(0.1 * n for n in range(8)),), ((0.5,) * 8,), (layer,))
    path = tmp_path / "book.xlsx"
    write_workbook(spec, path, learning_rates=(0.5,), updates=1)
    chosen: dict[CellRef, float | str] = {ref("Network", "L4"): "w11: i3 → o2"}
    found = after(path, tmp_path, {**chosen, ref("Network", "B5"): 1.0})
    graph = build_graph(spec)
    shown = [graph.parameters[10], graph.gradients[10]]
    run = descend(graph, (0.5,), 1, shown)
    for cell, variable in zip(("L5", "L6"), shown, strict=True):
        assert found[ref("Network", cell)] == pytest.approx(run.values[variable][1, 0], rel=1e-11)
    diagram = lay_out(graph)
    ends = [value for end in diagram.edges[10].visible_ends(diagram.radius) for value in end]
    numbers = [v for k, v in found.items() if k.sheet == "Network" and isinstance(v, float)]
    assert {round(value, 1) for value in ends} <= {round(number, 1) for number in numbers}


def test_the_network_sheet_follows_its_choices(xor: Path) -> None:
    spec = load_network("xor")
    graph = build_graph(spec)
    chosen = {ref("Network", "B4"): 2.0, ref("Network", "B5"): 20.0, ref("Network", "F4"): 3.0}
    found = recalculated(xor, chosen, "ironcalc")
    run = descend(graph, (2.0,), 20, [*graph.parameters, *graph.examples[2].layers[-1].activations])
    output = run.values[graph.examples[2].layers[-1].activations[0]][20, 0]
    labels = [str(value) for (sheet, _), value in found.items() if sheet == "Network"]
    (label,) = [text for text in labels if text.startswith("o1 = ")]
    assert f"a_o1 = {output:.5g}" in label
    assert "t1 = 1" in label
    assert found[ref("Network", "F5")] == pytest.approx(run.loss[20, 0], rel=1e-11)
