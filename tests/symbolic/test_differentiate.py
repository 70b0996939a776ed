"""Gradients against torch's autograd and the published numbers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.sweep import descend
from gradsheet.networks.symbols import Symbol, name_derivative, named, symbol_of
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.networks.torch_reference import autograd, compute
from gradsheet.symbolic.differentiate import backpropagate, partials
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, apply, expand
from gradsheet.symbolic.operations import ACTIVATIONS, EXPONENTIAL, SHIFT
from gradsheet.symbolic.render import to_excel
from gradsheet.symbolic.tape import Tape
from tests.reference import random_network

CLASSIC = ("course", "course-half", "mazur")
X, Y = named(Symbol.parse("w1")), named(Symbol.parse("w2"))
REFERENCE = json.loads((Path(__file__).parent.parent / "data" / "backprop.json").read_text())


def first_pass(graph: NetworkGraph) -> dict[str, float]:
    results = Tape([*graph.forward, *graph.gradients]).run(graph.given)
    return {variable.name: float(value) for variable, value in results.items()}


@pytest.mark.parametrize("preset", CLASSIC)
def test_first_pass_of_the_presets(preset: str) -> None:
    found = first_pass(build_graph(load_network(preset)))
    expected = REFERENCE[preset]["iteration_0"]
    for name, prefix in (("h", "h"), ("a_h", "a_h"), ("o", "o"), ("a_o", "a_o"), ("E", "E")):
        for unit, value in enumerate(expected[name], start=1):
            assert found[f"{prefix}{unit}"] == pytest.approx(value, rel=1e-12)
    assert found["E_total"] == pytest.approx(expected["E_total"], rel=1e-12)
    for weight, value in expected["gradients"].items():
        assert found[f"dE/d{weight}"] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("preset", CLASSIC)
def test_loss_after_updates(preset: str) -> None:
    descent = descend(build_graph(load_network(preset)), updates=1000)
    marks = 0
    for number, rate in enumerate(descent.learning_rates):
        for updates, loss in REFERENCE[preset]["loss_after_updates"][str(rate)].items():
            assert descent.loss[int(updates), number] == pytest.approx(loss, rel=1e-12, abs=1e-15)
            marks += 1
    assert marks == 60


def test_mazur_prints_these_digits() -> None:
    graph = build_graph(load_network("mazur"))
    found = first_pass(graph)
    assert round(found["a_h1"], 9) == 0.593269992
    assert round(found["a_h2"], 9) == 0.596884378
    assert round(found["E_total"], 9) == 0.298371109
    weights = {p.name: v for p, v in descend(graph, [0.5], 1, graph.parameters).values.items()}
    printed = {"w5": 0.35891648, "w6": 0.408666186, "w7": 0.511301270, "w8": 0.561370121}
    for name, value in printed.items():
        assert weights[name][1, 0] == pytest.approx(value, abs=5e-10)


def assert_matches_torch(spec: NetworkSpec) -> None:
    witness, graph = compute(spec), build_graph(spec)
    found = first_pass(graph)
    assert found["E_total"] == pytest.approx(witness.loss, rel=1e-12, abs=1e-12)
    assert {symbol_of(parameter) for parameter in graph.parameters} == witness.gradients.keys()
    for symbol, value in witness.gradients.items():
        assert found[str(symbol.gradient)] == pytest.approx(value, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_equal_autograd(preset: str) -> None:
    assert_matches_torch(load_network(preset))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_record_of_autograd_is_what_torch_says(preset: str) -> None:
    spec = load_network(preset)
    recorded, now = autograd(spec), compute(spec)
    assert recorded is not None
    assert recorded.version == "2.13.0"
    assert recorded.loss == pytest.approx(now.loss, rel=1e-14)
    assert recorded.gradients == pytest.approx(now.gradients, rel=1e-13)


def test_a_changed_preset_is_not_taken_for_the_recorded_one() -> None:
    changed = replace(load_network("course"), targets=((0.5, 0.5),))
    now, recorded = autograd(changed), autograd(load_network("course"))
    assert now is not None
    assert recorded is not None
    assert now.loss == compute(changed).loss != recorded.loss


@pytest.mark.parametrize("seed", range(200))
def test_random_networks_equal_autograd(seed: int) -> None:
    assert_matches_torch(random_network(seed))


def evaluate(expression: Expression, values: dict[Variable, float]) -> float:
    """The value of an expression, every variable in it taken as given."""
    if isinstance(expression, Variable):
        return values[expression]
    if isinstance(expression, Number):
        return expression.value
    assert isinstance(expression, Apply)
    parts = [evaluate(argument, values) for argument in expression.arguments]
    return float(expression.operation.value(*parts))


@pytest.mark.parametrize("seed", range(20))
def test_every_local_derivative_is_a_central_difference(seed: int) -> None:
    """Each against a central difference of the value it belongs to."""
    graph = build_graph(random_network(seed))
    computed = Tape(graph.forward).run(graph.given)
    values = graph.given | {variable: float(value) for variable, value in computed.items()}
    for (node, variable), local in graph.backward.local_derivatives.items():
        assert node.definition is not None
        assert local.definition is not None
        if node.meaning.endswith(": relu") and values[variable] == 0:
            continue  # a kink has no central difference; torch's choice is tested above
        up, down = (
            evaluate(node.definition, values | {variable: values[variable] + step})
            for step in (1e-6, -1e-6)
        )
        derivative = evaluate(local.definition, values)
        assert derivative == pytest.approx((up - down) / 2e-6, rel=1e-6, abs=1e-8), local.name


def test_familiar_formulas() -> None:
    graph = build_graph(load_network("course"))
    shown = set(graph.table())
    formulas = {
        gradient.name: to_excel(expand(gradient, shown.__contains__), lambda v: v.name)
        for gradient in graph.gradients
    }
    assert formulas["dE/dw5"] == "(a_o1-t1)*a_o1*(1-a_o1)*a_h1"
    assert formulas["dE/dw8"] == "(a_o2-t2)*a_o2*(1-a_o2)*a_h2"
    assert formulas["dE/dw1"] == (
        "((a_o1-t1)*a_o1*(1-a_o1)*w5+(a_o2-t2)*a_o2*(1-a_o2)*w7)*a_h1*(1-a_h1)*i1"
    )
    assert formulas["dE/dw4"] == (
        "((a_o1-t1)*a_o1*(1-a_o1)*w6+(a_o2-t2)*a_o2*(1-a_o2)*w8)*a_h2*(1-a_h2)*i2"
    )


def test_the_table_has_the_familiar_order() -> None:
    names = [variable.name for variable in build_graph(load_network("course")).table()]
    assert " ".join(names) == (
        "t1 t2 i1 i2 w1 w2 w3 w4 h1 a_h1 h2 a_h2 w5 w6 w7 w8 o1 a_o1 o2 a_o2 E1 E2 E_total"
    )


def test_cross_entropies_come_down_to_output_less_target() -> None:
    graph = build_graph(load_network("and"))
    kept = {*graph.given, *graph.forward}
    (first, *_) = graph.deltas
    assert to_excel(expand(first, kept.__contains__), lambda v: v.name) == "1/4*(a_o1@1-t1@1)"


@pytest.mark.parametrize("loss", ["binary-cross-entropy", "categorical-cross-entropy"])
def test_cross_entropies_hold_where_an_output_rounds_to_0_or_1(loss: str) -> None:
    activation = "sigmoid" if loss.startswith("binary") else "softmax"
    layer = LayerSpec(((900.0,), (-900.0,)), activation)
    spec = NetworkSpec(((1.0,),), ((0.0, 1.0),), (layer,), loss)
    assert_matches_torch(spec)
    assert first_pass(build_graph(spec))["E_total"] >= 900


def test_examples_are_averaged() -> None:
    rows = load_network("xor")
    whole = compute(rows)
    parts = [
        compute(replace(rows, inputs=(i,), targets=(t,)))
        for i, t in zip(rows.inputs, rows.targets, strict=True)
    ]
    assert whole.loss == pytest.approx(sum(part.loss for part in parts) / 4, rel=1e-14)
    assert_matches_torch(rows)


def test_what_does_not_change_has_no_derivative() -> None:
    x, y = Variable("x"), Variable("y")
    assert partials(apply(SHIFT, x, y) + y, Variable("result")).keys() == {y}


@pytest.mark.parametrize(
    ("preset", "above", "below", "rules"),
    [
        ("course", "h1", "w1", "sum rule; constant-multiple rule"),
        ("course", "a_h1", "h1", "σ′ = σ·(1 − σ)"),
        ("course", "E_total", "E1", "sum rule"),
        (
            "course",
            "E1",
            "a_o1",
            "constant-multiple rule; power rule; chain rule; difference rule",
        ),
        (
            "and",
            "E1@1",
            "o1@1",
            "difference rule; softplus′ = σ; constant-multiple rule",
        ),
        ("iris-mini", "S@1", "o1@1", "sum rule; (eˣ)′ = eˣ; chain rule; difference rule"),
        ("iris-mini", "L@1", "S@1", "sum rule; (ln x)′ = 1/x"),
        ("xor", "a_h1@1", "h1@1", "tanh′ = 1 − tanh²"),
    ],
)
def test_a_local_derivative_names_the_rules_that_lead_to_it(
    preset: str, above: str, below: str, rules: str
) -> None:
    graph = build_graph(load_network(preset))
    (local,) = (
        local
        for (node, variable), local in graph.backward.local_derivatives.items()
        if (node.name, variable.name) == (above, below)
    )
    of, by = Symbol.parse(above).plain, Symbol.parse(below).plain
    assert local.meaning == f"local derivative of {of} with respect to {by}: {rules}"


@pytest.mark.parametrize(
    ("expression", "rules"),
    [
        (X * X, "product rule"),
        (X * apply(EXPONENTIAL, X), "product rule; (eˣ)′ = eˣ"),
        (X / 3, "constant-multiple rule"),
        (X / (X + Y), "quotient rule; sum rule"),
        (-(X * Y), "constant-multiple rule"),
        (apply(EXPONENTIAL, -X), "(eˣ)′ = eˣ; chain rule; constant-multiple rule"),
        (ACTIVATIONS["gelu"](X), "product rule; Φ′ = φ"),
    ],
)
def test_rules_of_differentiation(expression: Expression, rules: str) -> None:
    node = named(Symbol.parse("o1"), expression)
    backward = backpropagate([node], node, [X], name_derivative)
    (meaning,) = {d.meaning for d in backward.local_derivatives.values()}
    assert meaning == f"local derivative of o1 with respect to w1: {rules}"


def test_a_gradient_says_how_its_paths_are_put_together() -> None:
    graph = build_graph(load_network("course"))
    meanings = {gradient.name: gradient.meaning for gradient in graph.backward.gradients.values()}
    derivative = "derivative of the loss with respect to"
    assert meanings["dE/dw1"] == f"{derivative} w1; chain rule: multiply along the path"
    assert meanings["dE/da_h1"] == (
        f"{derivative} a_h1; chain rule: multiply along each path, then add"
    )
