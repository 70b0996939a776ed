"""The drawing of a network: what is written on it has room."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from gradsheet.networks.diagram import MOST_LABELED, Diagram, lay_out
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.toml import PRESETS, load_network


def network(*sizes: int, biases: bool = True, examples: int = 2) -> NetworkSpec:
    layers = tuple(
        LayerSpec(((-0.123456,) * before,) * units, "tanh", (0.1,) * units if biases else ())
        for before, units in pairwise(sizes)
    )
    return NetworkSpec(((0.5,) * sizes[0],) * examples, ((0.1,) * sizes[-1],) * examples, layers)


def drawing(*sizes: int, biases: bool = True) -> Diagram:
    return lay_out(build_graph(network(*sizes, biases=biases)))


SHAPES = [
    *[(1, 1), (3, 4, 2), (4, 3, 3), (5, 10), (9, 6), (5, 9), (29, 2), (2, 20), (7, 7)],
    *[(2, 3, 3, 3, 2), (1, 6, 6), (3, 3, 3, 3, 3, 3), (5, 5, 4), (1, 15, 1), (59, 1)],
]


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_nothing_overlaps(sizes: tuple[int, ...]) -> None:
    found = drawing(*sizes)
    assert len(found.edges) <= MOST_LABELED
    assert all(edge.label for edge in found.edges)
    assert all(bool(neuron.label) == (neuron.kind != "bias") for neuron in found.neurons)
    assert [pair for pair in combinations(found.boxes, 2) if pair[0].overlaps(pair[1])] == []
    for box in found.boxes:
        assert box.width / 2 <= box.x <= found.width - box.width / 2
        assert box.height / 2 <= box.y <= found.height - box.height / 2


@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_overlaps_in_a_preset(preset: str) -> None:
    found = lay_out(build_graph(load_network(preset)))
    assert [pair for pair in combinations(found.boxes, 2) if pair[0].overlaps(pair[1])] == []
    assert found.width < 1600
    assert found.height < 1000


def test_a_label_is_centered_on_its_line() -> None:
    for edge in drawing(3, 4, 2).edges:
        assert edge.label
        share = (edge.label.x - edge.start.x) / (edge.end.x - edge.start.x)
        assert edge.label.y == pytest.approx(edge.start.y + share * (edge.end.y - edge.start.y))


@pytest.mark.parametrize("sizes", [(8, 7), (40, 20, 20)])
def test_with_more_edges_there_are_no_labels(sizes: tuple[int, ...]) -> None:
    found = drawing(*sizes)
    assert not any(edge.label for edge in found.edges)
    assert not any(neuron.label for neuron in found.neurons)
    assert [pair for pair in combinations(found.boxes, 2) if pair[0].overlaps(pair[1])] == []
    assert np.isfinite([found.width, found.height]).all()
    assert found.height < 1500
