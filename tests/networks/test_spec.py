"""Descriptions of networks: what is refused, and how it is said."""

import math
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.toml import load_network

ANY_LAYER: Any = LayerSpec  # of any type of argument


def test_specs_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        load_network("course").loss = "other"  # type: ignore[misc]


def test_names_of_deeper_networks_do_not_collide() -> None:
    spec = NetworkSpec(
        inputs=((1.0,),),
        targets=((1.0,),),
        layers=tuple(LayerSpec(((0.5,),)) for _ in range(4)),
    )
    names = [variable.name for variable in build_graph(spec).table()]
    assert len(set(names)) == len(names)
    assert {"h1_1", "h2_1", "h3_1", "o1", "a_h3_1"} <= set(names)


def test_targets_of_a_cross_entropy_are_shares() -> None:
    with pytest.raises(GradsheetError, match="targets: binary-cross-entropy needs targets from 0"):
        replace(load_network("and"), targets=((0.0,), (0.0,), (0.0,), (2.0,)))


def test_numbers_in_place_of_rows_are_refused() -> None:
    with pytest.raises(GradsheetError, match="inputs: expected a row of numbers for each example"):
        NetworkSpec((1.0,), ((1.0,),), (LayerSpec(((0.5,),)),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"inputs": [[1.0]]}, "inputs: expected a row of numbers for each example"),
        ({"inputs": (("1",),)}, "inputs: '1' is not a number"),
        ({"inputs": ((True,),)}, "inputs: True is not a number"),
        ({"inputs": ((math.inf,),)}, "inputs: inf is out of range; expected -1e15 to 1e15"),
        ({"targets": ((math.nan,),)}, "targets: nan is out of range"),
        ({"layers": ()}, "layers: there are none"),
        ({"layers": (1,)}, "layers: expected a LayerSpec for each layer"),
        ({"layers": (LayerSpec(((0.5,), (0.5, 0.5))),)}, "layer 1, weights: row 2 has 2 numbers"),
        ({"layers": (ANY_LAYER([[0.5]]),)}, "layer 1, weights: expected a row of numbers for"),
        ({"layers": (ANY_LAYER((("a",),)),)}, "layer 1, weights: 'a' is not a number"),
        ({"layers": (LayerSpec(((0.5,),), "tan"),)}, "layer 1, activation: 'tan' is unknown"),
        ({"layers": (ANY_LAYER(((0.5,),), None),)}, "layer 1, activation: 'None' is unknown"),
        ({"layers": (ANY_LAYER(((0.5,),), biases=0.5),)}, "layer 1, biases: 0.5 given, expected"),
        ({"layers": (ANY_LAYER(((0.5,),), biases=("b",)),)}, "layer 1, biases: 'b' is not a"),
        ({"layers": (ANY_LAYER(((0.5,),), train_biases="no"),)}, "layer 1, train_biases: 'no'"),
        ({"loss": "cubic"}, "loss: 'cubic' is unknown; choose from half-squared-error"),
        ({"loss": ["squared-error"]}, "loss: '['squared-error']' is unknown"),
        ({"optimizer": "rms"}, "optimizer: 'rms' is unknown; choose from sgd, momentum, adam"),
        ({"name": 3}, "name: expected one line"),
    ],
)
def test_a_network_checks_itself_when_it_is_made(changed: dict[str, Any], said: str) -> None:
    fields = {"inputs": ((1.0,),), "targets": ((1.0,),), "layers": (LayerSpec(((0.5,),)),)}
    with pytest.raises(GradsheetError) as caught:
        NetworkSpec(**{**fields, **changed})
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_numbers_of_numpy_are_numbers() -> None:
    layer = LayerSpec(((np.float32(0.5),),))  # type: ignore[arg-type]
    assert NetworkSpec(((np.float64(1),),), ((np.int64(1),),), (layer,)).sizes == (1, 1)  # type: ignore[arg-type]
