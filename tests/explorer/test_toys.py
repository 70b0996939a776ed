"""The toy examples of backprop.html, run by Node, and the loss of those held out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradsheet.networks.sweep import sweep
from gradsheet.networks.toml import load_network
from tests.explorer.nodes import answered, bundle, needs_node

UPDATES = 3
TOYS = [
    {"kind": kind, "noise": noise, "seed": seed}
    for kind in ("circle", "xor", "gaussians", "spiral")
    for noise, seed in ((0.0, 0), (0.2, 7))
]

pytestmark = needs_node


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    script = bundle("toys-witness.ts", tmp_path_factory.mktemp("toys"))
    found = answered(script, {"toys": TOYS, "updates": UPDATES})
    assert len(found) == len(TOYS)
    return list(found)


def label(kind: str, x: float, y: float) -> float:
    """What a point without noise is."""
    if kind == "circle":
        return float(np.hypot(x, y) < 0.6)
    return float(x * y < 0)


def test_examples_are_what_their_names_say(answers: list[dict[str, Any]]) -> None:
    """Half of each label; those held out are others."""
    for toy, found in zip(TOYS, answers, strict=True):
        trained, held_out = found["spec"], found["heldOut"]
        assert (len(trained["inputs"]), len(held_out["inputs"])) == (60, 40)
        common = {*map(tuple, trained["inputs"])} & {*map(tuple, held_out["inputs"])}
        assert len(common) < 3  # at the middle of a spiral, to three digits
        for part in (trained, held_out):
            assert np.mean(part["targets"]) == 0.5
            assert np.abs(part["inputs"]).max() < 2
            if toy["kind"] in ("circle", "xor") and not toy["noise"]:
                pairs = zip(part["inputs"], part["targets"], strict=True)
                signs = {label(str(toy["kind"]), *xy) == target for xy, (target,) in pairs}
                assert len(signs) == 1  # xor may name its sides either way


def test_losses_are_the_librarys(answers: list[dict[str, Any]]) -> None:
    """That of the examples held out with the trained parameters, too; the address keeps all."""
    for toy, found in zip(TOYS, answers, strict=True):
        start = load_network("xor")
        inputs, targets = (tuple(map(tuple, found["spec"][name])) for name in ("inputs", "targets"))
        trained = replace(start, inputs=inputs, targets=targets)
        expected = sweep(trained, learning_rates=[found["rate"]], updates=UPDATES).loss[:, 0]
        np.testing.assert_allclose(found["losses"], expected, rtol=1e-12)
        inputs, targets = (tuple(map(tuple, found["heldOut"][k])) for k in ("inputs", "targets"))
        held_out = replace(
            with_parameters(start, found["parameters"]), inputs=inputs, targets=targets
        )
        loss = sweep(held_out, learning_rates=[1.0], updates=1).loss[0, 0]
        assert found["heldOutLosses"][-1] == pytest.approx(loss, rel=1e-12)
        assert found["again"] == [UPDATES, found["heldOutLosses"][-1], toy]


def with_parameters(spec: Any, numbers: list[float]) -> Any:
    """A network with other weights and biases, layer by layer: first the weights."""
    left = iter(numbers)
    layers = [
        replace(
            layer,
            weights=tuple(tuple(next(left) for _ in row) for row in layer.weights),
            biases=tuple(next(left) for _ in layer.biases),
        )
        for layer in spec.layers
    ]
    assert next(left, None) is None
    return replace(spec, layers=tuple(layers))
