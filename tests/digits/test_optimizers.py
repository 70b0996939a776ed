"""The optimizers of a recipe."""

from dataclasses import replace
from typing import Literal

import pytest
import torch

from gradsheet.digits.optimizers import make_optimizers, update_weights
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.zoo import make_network


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon"])
def test_decay_touches_weights_only(
    optimizer: Literal["sgd", "adamw", "muon"], short: Recipe
) -> None:
    weights = 200 + 3200 + 12_800 + 768 + 240
    recipe = replace(short, optimizer=optimizer, weight_decay=0.03)
    decayed = {0.03: 0, 0.0: 0}
    for part in make_optimizers(make_network(short.architecture), recipe):
        for group in part.param_groups:
            decayed[group["weight_decay"]] += sum(p.numel() for p in group["params"])
    assert decayed == {0.03: weights, 0.0: 17_410 - weights}


def test_adamw_beside_muon_has_half_the_rate(short: Recipe) -> None:
    recipe = replace(short, optimizer="muon")
    model = make_network(short.architecture)
    optimizers = make_optimizers(model, recipe)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    update_weights(optimizers, 0.25)
    rates = [[group["lr"] for group in part.param_groups] for part in optimizers]
    assert rates == [[0.25], [0.125, 0.125]]
