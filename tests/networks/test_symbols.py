"""Symbols: parsed and written in one place, and what they are written as."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.symbols import Kind, Symbol, name_derivative, named, symbol_of
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.symbolic.expression import Variable
from tests.reference import random_network


def symbols(graph: NetworkGraph) -> Iterator[Symbol]:
    """Every symbol of a network: of what is given, computed, differentiated and remembered."""
    variables = (
        *(graph.rate, *graph.given, *graph.forward),
        *(*graph.backward.local_derivatives.values(), *graph.backward.gradients.values()),
        *(*graph.steps.memory, *graph.steps.updates.values()),
    )
    for variable in variables:
        assert variable.name == str(symbol_of(variable))
        yield symbol_of(variable)
    for node in graph.backward.gradients:
        yield symbol_of(node).gradient
    for layer in graph.layers:
        yield from layer.units


def round_trips(graph: NetworkGraph) -> set[Kind]:
    """Check that the text of every symbol leads back to it, and that no two are written alike."""
    found = set(symbols(graph))
    for symbol in found:
        assert Symbol.parse(str(symbol)) == symbol
        assert hash(Symbol.parse(str(symbol))) == hash(symbol)
    assert len({str(symbol) for symbol in found}) == len(found)
    return {symbol.kind for symbol in found}


@pytest.mark.parametrize("preset", PRESETS)
def test_every_symbol_of_a_preset_is_parsed_back(preset: str) -> None:
    assert len(round_trips(build_graph(load_network(preset)))) >= 12


def test_every_symbol_of_random_networks_is_parsed_back() -> None:
    kinds = [round_trips(build_graph(random_network(seed))) for seed in range(60)]
    regularized = replace(load_network("xor"), l2=0.1)
    kinds.append(round_trips(build_graph(regularized)))
    # They belong to update rules and to columns that no network file has.
    others = {Kind.COUNT, Kind.CHANGE, Kind.OPPOSITE, Kind.BOUND}
    assert set.union(*kinds) == set(Kind) - others


@pytest.mark.parametrize("text", ["Δw5", "−dE/do1", "−Δb1"])
def test_changes_and_opposites_are_parsed_back(text: str) -> None:
    assert str(Symbol.parse(text)) == text
    assert Symbol.parse(text).plain == text.replace("dE/d", "∂E/∂")


@pytest.mark.parametrize(
    ("text", "markup", "plain"),
    [
        ("w5", "w_{5}", "w5"),
        ("a_h1", "a_{h1}", "a_h1"),
        ("h1_2", "h_{1,2}", "h1,2"),
        ("a_h1_2", "a_{h1,2}", "a_h1,2"),
        ("E_total", "E_{total}", "E_total"),
        ("λ", "λ", "λ"),
        ("n", "n", "n"),
        ("E@2", "E^{(2)}", "E⁽²⁾"),
        ("E1@2", "E_{1}^{(2)}", "E1⁽²⁾"),
        ("dE/dw5", "∂E/∂w_{5}", "∂E/∂w5"),
        ("da_h1/dh1", "∂a_{h1}/∂h_{1}", "∂a_h1/∂h1"),
        ("dE_total/dE1", "∂E_{total}/∂E_{1}", "∂E_total/∂E1"),
        ("w5'", "w_{5}′", "w5′"),
        ("h1@3", "h_{1}^{(3)}", "h1⁽³⁾"),
        ("dE/da_h1@12", "∂E/∂a_{h1}^{(12)}", "∂E/∂a_h1⁽¹²⁾"),
        ("v_w1'", "v_{w1}′", "v_w1′"),
        ("m_b3", "m_{b3}", "m_b3"),
        ("m@2", "m^{(2)}", "m⁽²⁾"),
        ("β1", "β_{1}", "β1"),
        ("η", "η", "η"),
    ],
)
def test_symbols_are_written(text: str, markup: str, plain: str) -> None:
    symbol = Symbol.parse(text)
    assert (str(symbol), symbol.markup, symbol.plain) == (text, markup, plain)
    assert named(symbol).markup == markup


NO_SYMBOLS = (
    *("", "x", "w", "w0", "w05", "w1_2", "w5@2", "h", "h1_2_3", "a_w1", "a_h", "E", "E_total@2"),
    *("d/d", "dE/d", "dE/dx", "dw5", "m_", "m_x", "'", "i1@", "i1@0", "i@1", "i1 ", "η@1", "β"),
    *("m_h1", "v_dE/dw1", "w5''", "h1'", "dE/dE/dw1"),
)
CELL_NAMES = {
    "w1": "w_1",
    "i1@2": "i_1_2",
    "η1": "lr_1",
    "β2": "beta_2",
    "μ": "mu",
    "ε": "epsilon",
    "b3": "b_3",
    "t2": "t_2",
}


@pytest.mark.parametrize("text", NO_SYMBOLS)
def test_other_text_is_no_symbol(text: str) -> None:
    with pytest.raises(ValueError, match="no symbol"):
        Symbol.parse(text)


@pytest.mark.parametrize("text", CELL_NAMES)
def test_cells_are_named(text: str) -> None:
    assert Symbol.parse(text).cell_name == CELL_NAMES[text]


def test_relatives_of_a_symbol() -> None:
    pre_activation = Symbol.parse("h1_2@3")
    assert str(pre_activation.activation) == "a_h1_2@3"
    assert str(pre_activation.gradient) == "dE/dh1_2@3"
    assert str(pre_activation.in_example(4)) == "h1_2@4"
    assert str(pre_activation.activation.derivative(pre_activation)) == "da_h1_2@3/dh1_2@3"
    assert str(Symbol.parse("do1@2/da_h1@2").without_example()) == "do1/da_h1"
    assert str(Symbol.parse("w5").next) == "w5'"


def test_a_symbol_knows_its_example() -> None:
    assert Symbol.parse("E1@2").concerns(2)
    assert Symbol.parse("dE_total/dE1@2").concerns(2)
    assert not Symbol.parse("h1@12").concerns(2)
    assert not Symbol.parse("w2").concerns(2)


def test_a_symbol_knows_what_it_is() -> None:
    found = {text: Symbol.parse(text) for text in ("i1", "t1", "w1", "b1", "h1", "a_o1", "dE/dw1")}
    assert [text for text, symbol in found.items() if symbol.is_data] == ["i1", "t1"]
    assert [text for text, symbol in found.items() if symbol.is_parameter] == ["w1", "b1"]
    assert [text for text, symbol in found.items() if symbol.is_pre_activation] == ["h1"]
    assert [text for text, symbol in found.items() if symbol.is_activation] == ["a_o1"]
    assert [text for text, symbol in found.items() if symbol.is_gradient] == ["dE/dw1"]


def test_a_variable_of_no_network_has_no_symbol() -> None:
    with pytest.raises(ValueError, match="x is no value of a network"):
        symbol_of(Variable("x"))
    assert str(name_derivative(None, named(Symbol.parse("o1")))) == "dE/do1"
