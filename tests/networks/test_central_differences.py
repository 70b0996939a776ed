"""Central differences against torch's autograd, and where they are no derivative."""

import pytest

from gradsheet.networks.central_differences import NUDGE, NudgedNetworks, tolerance
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.symbols import symbol_of
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.networks.torch_reference import compute


@pytest.mark.parametrize("preset", PRESETS)
def test_they_are_autograds_gradients(preset: str) -> None:
    graph, witness = build_graph(load_network(preset)), compute(load_network(preset))
    nudged = NudgedNetworks(graph, graph.parameters)
    for number, parameter in enumerate(graph.parameters):
        expected = witness.gradients[symbol_of(parameter)]
        near = tolerance(expected, witness.loss)
        assert nudged.derivative(number) == pytest.approx(expected, rel=0, abs=near)
        assert nudged.kinks(number) == 0


def test_a_kink_between_two_moves_is_found() -> None:
    layers = (LayerSpec(((1.0,), (0.0,)), "relu"), LayerSpec(((1.0, 1.0),), "identity"))
    graph = build_graph(NetworkSpec(((1.0,),), ((0.3,),), layers))
    nudged = NudgedNetworks(graph, graph.parameters)
    assert [nudged.kinks(number) for number in range(4)] == [0, 1, 0, 0]


def test_the_larger_the_inputs_the_smaller_the_nudge() -> None:
    for size, nudge in ((0.5, NUDGE), (100.0, NUDGE / 10)):
        spec = NetworkSpec(((size,),), ((0.3,),), (LayerSpec(((0.1,),)),))
        assert NudgedNetworks(build_graph(spec), ()).nudge == pytest.approx(nudge)
