"""Descent against a closed form, at its limits, and as CSV."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import torch

from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import build_graph
from gradsheet.networks.optimizers import OPTIMIZERS
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.sweep import descend, in_updates, losses_csv
from gradsheet.networks.toml import load_network

# One weight, no bend: w follows w' = w - η·(w·x - t)·x, so the distance to t/x shrinks by 1 - η·x².
LINE = NetworkSpec(((2.0,),), ((1.0,),), (LayerSpec(((3.0,),), "identity"),))


def test_closed_form_of_one_weight() -> None:
    rates = (0.05, 0.2, 0.4)
    descent = descend(build_graph(LINE), rates, 20)
    updates = np.arange(21)[:, None]
    distance = (3.0 - 0.5) * (1 - np.array(rates) * 4) ** updates
    assert descent.loss == pytest.approx((2 * distance) ** 2 / 2, rel=1e-9)
    assert descent.diverged_after() == (None, None, None)


def test_divergence_is_told_from_training() -> None:
    descent = descend(build_graph(LINE), (0.1, 1e6), 40)
    safe, broken = descent.diverged_after()
    assert safe is None
    assert broken is not None
    assert np.isfinite(descent.loss[:broken, 1]).all()
    assert np.isnan(descent.loss[broken:, 1]).all()
    assert np.isfinite(descent.loss[:, 0]).all()


def test_a_huge_rate_on_the_course_network_saturates_without_a_warning() -> None:
    descent = descend(build_graph(load_network("course")), (1e6,), 10)
    assert np.isfinite(descent.loss).all()


def test_rates_do_not_disturb_each_other() -> None:
    graph = build_graph(load_network("course"))
    together = descend(graph, (0.1, 0.5, 2.0), 50).loss
    alone = np.hstack([descend(graph, (rate,), 50).loss for rate in (0.1, 0.5, 2.0)])
    assert (together == alone).all()


@pytest.mark.parametrize(
    ("rates", "updates", "said"),
    [
        ((), 10, "no learning rate"),
        ((0.5, -0.1), 10, "learning rate -0.1 is not possible"),
        ((0.0,), 10, "learning rate 0 is not possible"),
        ((float("nan"),), 10, "learning rate nan is not possible"),
        ((0.5, 0.1, 0.5), 10, "learning rate 0.5 is given twice"),
        ((0.5,), 0, "0 updates asked for"),
        ((0.5,), 10**9, "1,000,000,001 numbers would have to be held"),
    ],
)
def test_impossible_orders_are_refused(rates: tuple[float, ...], updates: int, said: str) -> None:
    with pytest.raises(GradsheetError, match=said):
        descend(build_graph(LINE), rates, updates)


def test_a_number_of_updates_in_words() -> None:
    assert [in_updates(count) for count in (0, 1, 2)] == ["0 updates", "1 update", "2 updates"]


def test_csv_holds_every_number_exactly() -> None:
    descent = descend(build_graph(LINE), (0.1, 1e9), 30)
    rows = list(csv.reader(io.StringIO(losses_csv(descent))))
    assert rows[0] == ["updates", "0.1", "1000000000.0"]
    assert [float(row[1]) for row in rows[1:]] == descent.loss[:, 0].tolist()
    assert rows[-1][2] == "diverged"
    assert [row[0] for row in rows[1:]] == [str(k) for k in range(31)]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers_move_as_torchs_do(optimizer: str) -> None:
    spec = replace(load_network("xor"), optimizer=optimizer)
    graph = build_graph(spec)
    descent = descend(graph, (0.3,), 25, graph.parameters)
    weights = {p.name: torch.tensor(graph.given[p], dtype=torch.float64) for p in graph.parameters}
    for weight in weights.values():
        weight.requires_grad_()
    parameters = list(weights.values())
    stepper = {
        "sgd": torch.optim.SGD(parameters, lr=0.3),
        "momentum": torch.optim.SGD(parameters, lr=0.3, momentum=0.9),
        "adam": torch.optim.Adam(parameters, lr=0.3),
        "nesterov": torch.optim.SGD(parameters, lr=0.3, momentum=0.9, nesterov=True),
        "adagrad": torch.optim.Adagrad(parameters, lr=0.3, eps=1e-8),
        "rmsprop": torch.optim.RMSprop(parameters, lr=0.3),
        "weight-decay": torch.optim.SGD(parameters, lr=0.3, weight_decay=0.01),
    }[optimizer]
    inputs = torch.tensor(spec.inputs, dtype=torch.float64)
    targets = torch.tensor(spec.targets, dtype=torch.float64)
    for update in range(26):
        w1, w2, w3, w4, b1, b2, w5, w6, b3 = weights.values()
        sums = inputs @ torch.stack([torch.stack([w1, w3]), torch.stack([w2, w4])])
        hidden = torch.tanh(sums + torch.stack([b1, b2]))
        output = hidden @ torch.stack([w5, w6])[:, None] + b3
        loss = torch.nn.functional.binary_cross_entropy_with_logits(output, targets)
        assert descent.loss[update, 0] == pytest.approx(loss.item(), rel=1e-9)
        for parameter in graph.parameters:
            found = descent.values[parameter][update, 0]
            assert found == pytest.approx(weights[parameter.name].item(), rel=1e-9)
        stepper.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        stepper.step()


@pytest.mark.parametrize("preset", ["xor", "and", "iris-mini"])
def test_the_presets_with_several_examples_are_learnt(preset: str) -> None:
    graph = build_graph(load_network(preset))
    outputs = [value for example in graph.examples for value in example.layers[-1].activations]
    descent = descend(graph, (0.2, 2.0), 600, outputs)
    best = int(np.nanargmin(descent.loss[-1]))
    for example, targets in zip(graph.examples, graph.spec.targets, strict=True):
        found = [descent.values[v][-1, best] for v in example.layers[-1].activations]
        assert np.abs(np.array(found) - targets).max() < 0.2
