"""The pages' arithmetic, run by Node, against the library."""

import math
import random
from dataclasses import asdict, replace
from typing import Any

import pytest

from gradsheet.explorer import table
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.sweep import sweep
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.symbolic.tape import evaluate
from tests.explorer.nodes import answered, bundle, needs_node
from tests.reference import random_network

RATE, UPDATES = 0.5, 20

pytestmark = needs_node


@pytest.fixture(scope="module")
def networks() -> list[NetworkSpec]:
    penalized = [
        replace(random_network(seed), optimizer="sgd", l2=0.3, name=f"l2-{seed}")
        for seed in (50, 51)
    ]
    return [*map(load_network, PRESETS), *map(random_network, range(50)), *penalized]


@pytest.fixture(scope="module")
def points() -> list[tuple[str, list[float]]]:
    draw = random.Random(0)
    found: list[tuple[str, list[float]]] = []
    for operation in table.table_of_operations():
        count = 2 if table.is_binary(operation) else 1
        for scale in (0.1, 1.0, 3.0, 30.0):
            numbers = [draw.uniform(-scale, scale) for _ in range(count)]
            if operation.name in ("logarithm", "square-root"):
                numbers = [abs(number) for number in numbers]
            found.append((operation.name, numbers))
    return found


@pytest.fixture(scope="module")
def answer(
    networks: list[NetworkSpec],
    points: list[tuple[str, list[float]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    script = bundle("witness.ts", tmp_path_factory.mktemp("explorer"))
    cases = [{"spec": asdict(spec), "rate": RATE, "updates": UPDATES} for spec in networks]
    return dict(answered(script, {"networks": cases, "operations": points}))


def close(found: float | None, expected: float) -> bool:
    """JSON has null for what is no finite number."""
    if found is None or not math.isfinite(expected):
        return found is None and not math.isfinite(expected)
    return found == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_every_operation(points: list[tuple[str, list[float]]], answer: dict[str, Any]) -> None:
    operations = {o.name: o for o in table.table_of_operations()}
    assert {name for name, _ in points} == operations.keys()
    for (name, numbers), found in zip(points, answer["operations"], strict=True):
        assert close(found, float(operations[name].value(*numbers))), (name, numbers)


def test_every_value_of_an_iteration(networks: list[NetworkSpec], answer: dict[str, Any]) -> None:
    for spec, found in zip(networks, answer["networks"], strict=True):
        graph = build_graph(spec)
        gradients = dict(zip(graph.parameters, graph.gradients, strict=True))
        memory = graph.steps.memory
        wanted = [*graph.forward, *gradients.values(), *graph.steps.updates.values()]
        given = graph.given | memory | {graph.rate: RATE}
        expected = evaluate(wanted, given)
        for variable in graph.forward:
            assert close(found["first"][variable.name], expected[variable]), variable.name
        for parameter, gradient in gradients.items():
            assert close(found["first"][f"dE/d{parameter.name}"], expected[gradient])
        for variable, after in graph.steps.updates.items():
            # Adam divides a gradient by its size: where terms cancel, by rounding errors.
            own = gradients.get(variable)
            tiny = own is not None and abs(expected[own]) < 1e-7
            if not (spec.optimizer in ("adam", "adagrad", "rmsprop") and tiny):
                assert close(found["first"][after.name], expected[after]), after.name


def test_the_losses_of_training(networks: list[NetworkSpec], answer: dict[str, Any]) -> None:
    """As long as the loss falls: where it jumps about, rounding errors grow without bound."""
    compared = 0
    for spec, found in zip(networks, answer["networks"], strict=True):
        losses = sweep(spec, learning_rates=[RATE], updates=UPDATES).loss[:, 0].tolist()
        assert len(losses) == len(found["losses"])
        for number, expected in zip(found["losses"], losses, strict=True):
            if spec.optimizer == "adam" or not expected <= losses[0]:
                break
            assert number == pytest.approx(expected, rel=1e-11, abs=1e-14), spec.name
            compared += 1
    assert compared > 500
