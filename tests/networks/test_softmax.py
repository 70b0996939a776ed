"""The gradients of a softmax are written with its outputs."""

import pytest

from gradsheet.networks.graph import build_graph
from gradsheet.networks.toml import parse_network
from gradsheet.symbolic.expression import variables
from gradsheet.symbolic.render import plain, to_textbook
from gradsheet.symbolic.tape import evaluate

CLASSES = """
inputs = [0.5, -1.0]
targets = [0, 1, 0]
loss = "categorical-cross-entropy"
[[layers]]
activation = "softmax"
weights = [[0.3, -0.5], [0.7, 0.2], [-0.4, 0.6]]
"""


def test_a_delta_is_the_output_less_the_target() -> None:
    graph = build_graph(parse_network(CLASSES, "classes.toml"))
    shown = {*graph.table(), *graph.deltas}
    values = evaluate([*graph.forward, *graph.deltas], graph.given) | graph.given
    for number, delta in enumerate(graph.deltas, start=1):
        assert delta.definition is not None
        written = graph.written_out(delta.definition, shown.__contains__)
        assert plain(to_textbook(written)) == f"(t1 + t2 + t3)·a_o{number} − t{number}"
        names = {value.name: values[value] for value in variables(written)}
        found = names[f"a_o{number}"] - names[f"t{number}"]
        assert values[delta] == pytest.approx(found, rel=1e-14)
