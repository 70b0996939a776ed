"""Mistakes against what published sheets did, and against the gradients they are taken for."""

from dataclasses import replace

import numpy as np
import pytest

from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.mistakes import KINDS, Mistake, find_mistakes, gradients, steps_with
from gradsheet.networks.optimizers import OPTIMIZERS
from gradsheet.networks.sweep import descend
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.render import to_excel
from gradsheet.symbolic.tape import Tape
from tests.reference import random_network

COURSE = build_graph(load_network("course"))


def value(
    graph: NetworkGraph, mistake: Mistake | None, parameter: Variable, rate: float = 0.5
) -> float:
    wanted = Variable("wanted", gradients(graph, mistake)[parameter])
    start = {**graph.given, **graph.steps.memory, graph.rate: rate}
    return float(Tape([wanted]).run(start)[wanted])


def test_the_course_network_admits_all_six() -> None:
    assert [mistake.name for mistake in find_mistakes(COURSE)] == [kind.name for kind in KINDS]


def test_they_read_as_in_published_sheets() -> None:
    texts = {
        parameter.name: to_excel(gradients(COURSE, mistake)[parameter], lambda v: v.name)
        for mistake in find_mistakes(COURSE)
        for parameter in mistake.parameters[:1]
    }
    wrong_unit, first = find_mistakes(COURSE)[0], COURSE.layers[0].weights[1][0]
    delta = "((a_o1-t1)*a_o1*(1-a_o1)*w6+(a_o2-t2)*a_o2*(1-a_o2)*w8)"
    found = to_excel(gradients(COURSE, wrong_unit)[first], lambda v: v.name)
    assert found == f"{delta}*a_h1*(1-a_h1)*i1"
    assert texts["w7"] == "(a_o2-t2)*a_o2*(1-a_o2)*a_h2"


def test_the_mistake_of_a_published_sheet_has_its_size() -> None:
    """Off by 5.9e-8 and 1.2e-7 in the first row, as was found there."""
    mistake = find_mistakes(COURSE)[0]
    errors = [value(COURSE, mistake, p) - value(COURSE, None, p) for p in mistake.parameters]
    assert errors == pytest.approx([5.9e-8, 1.18e-7], rel=1e-2)


@pytest.mark.parametrize("mistake", find_mistakes(COURSE), ids=lambda mistake: mistake.name)
def test_each_is_wrong_and_the_loss_falls_all_the_same(mistake: Mistake) -> None:
    for parameter in mistake.parameters:
        assert value(COURSE, mistake, parameter) != pytest.approx(
            value(COURSE, None, parameter), rel=1e-6
        )
    for parameter in set(COURSE.parameters) - set(mistake.parameters):
        assert value(COURSE, mistake, parameter) == value(COURSE, None, parameter)
    losses = descend(COURSE, [0.5], 100, steps=steps_with(COURSE, mistake)).loss[:, 0]
    assert (np.diff(losses) < 0).all()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_without_a_mistake_it_is_the_networks_own_training(optimizer: str) -> None:
    graph = build_graph(replace(load_network("mazur"), optimizer=optimizer))
    plain = descend(graph, [0.5], 30, steps=steps_with(graph)).loss
    assert plain == pytest.approx(descend(graph, [0.5], 30).loss, rel=1e-13)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_mistake_moves_the_right_weights_as_the_optimizer_does(optimizer: str) -> None:
    """The first update of a weight whose gradient is right is that of the right training."""
    graph = build_graph(replace(load_network("mazur"), optimizer=optimizer))
    mistake = find_mistakes(graph)[-1]  # it uses a weight after its update
    assert mistake.name.startswith("weight updated")
    runs = [
        descend(graph, [0.5], 2, graph.parameters, steps_with(graph, made)).values
        for made in (None, mistake)
    ]
    for parameter in graph.parameters:
        right, wrong = (run[parameter][1, 0] for run in runs)
        assert (right == wrong) == (parameter not in mistake.parameters)


@pytest.mark.parametrize("preset", PRESETS)
def test_shared_deltas_change_no_value(preset: str) -> None:
    graph = build_graph(load_network(preset))
    start = {**graph.given, **graph.steps.memory, graph.rate: 0.5}
    for mistake in [None, *find_mistakes(graph)]:
        pairs = [
            [
                Variable(f"{parameter.name}", expression)
                for parameter, expression in gradients(graph, mistake, shared).items()
            ]
            for shared in ((), graph.deltas)
        ]
        results = Tape([*pairs[0], *pairs[1]]).run(start)
        for whole, shared in zip(*pairs, strict=True):
            assert results[whole] == pytest.approx(results[shared], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("seed", range(40))
def test_any_network_has_those_it_can_have(seed: int) -> None:
    graph = build_graph(random_network(seed))
    for mistake in find_mistakes(graph):
        wrong = gradients(graph, mistake)
        wanted = [Variable("wanted", wrong[parameter]) for parameter in mistake.parameters]
        results = Tape(wanted).run({**graph.given, **graph.steps.memory, graph.rate: 0.5})
        assert all(np.isfinite(results[variable]) for variable in wanted)
