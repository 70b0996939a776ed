"""The sizes of networks, from the names of their values; the graph is the witness of the names."""

import pytest

from gradsheet.audit.inference.reference import Practice, network
from gradsheet.audit.inference.shape import Shape, shape_of
from gradsheet.networks.graph import build_graph
from gradsheet.networks.symbols import Symbol, symbol_of

SHAPES = [
    Shape((2, 2, 2), (0, 0)),
    Shape((2, 3, 1), (3, 1)),
    Shape((3, 2, 2), (1, 1)),
    Shape((2, 1), (0,)),
    Shape((2, 3, 4, 2), (3, 4, 2)),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_columns_are_those_of_the_graph(shape: Shape) -> None:
    practice = Practice(("tanh",) * len(shape.layers), "half-squared-error")
    graph = build_graph(network(shape, practice))
    named = {symbol_of(variable) for variable in (*graph.table(), *graph.gradients)}
    errors = {symbol for symbol in named if symbol not in {*shape.columns()}}
    assert {*shape.columns()} <= named
    assert {str(symbol) for symbol in errors} == {f"E{n + 1}" for n in range(shape.sizes[-1])}
    units = [
        [symbol_of(value) for value in layer.pre_activations] for layer in graph.examples[0].layers
    ]
    assert [shape.units(layer) for layer in shape.layers] == units


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_that_of_its_columns(shape: Shape) -> None:
    assert shape_of([*shape.columns()]) == shape


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("i1 i2 w1 w2 w3 w4 h1 h2 w5 w6 o1", Shape((2, 2, 1), (0, 0))),
        ("i1 i2 w1 w2 w3 h1 h2 w4 w5 o1", Shape((2, 2, 1), (0, 0))),  # one weight unnamed
        ("i1@1 i1@3 w1 w2 h1@2 o1@1", Shape((1, 1, 1), (0, 0), 3)),
        ("i1 w1 w2 h1 dE/dh1@2 o1", Shape((1, 1, 1), (0, 0), 2)),
        ("i1 w1 b1 o1", Shape((1, 1), (1,))),
        ("i1 i2 w1 h1 h2 o1", None),  # weights are missing
        ("w1 w2 o1", None),  # no inputs
        ("i1 w1", None),  # no outputs
        ("i1 o99 " + " ".join(f"w{n}" for n in range(1, 100)), None),  # too many units
        ("", None),
    ],
)
def test_shapes_of_names(names: str, found: Shape | None) -> None:
    assert shape_of([Symbol.parse(name) for name in names.split()]) == found
