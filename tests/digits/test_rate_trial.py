"""The learning-rate trial."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from gradsheet.digits.data import Dataset
from gradsheet.digits.rate_trial import try_rates
from gradsheet.digits.recipe import Recipe


def test_a_trial_of_rates_rises_until_it_explodes(
    mnist: Dataset, short: Recipe, cpu: torch.device
) -> None:
    dataset = Dataset(mnist.train[:2000], mnist.test[:10], "some")
    recipe = replace(short, optimizer="sgd", ema_decay=None)
    trial = try_rates(recipe, dataset, 0, cpu, low=1e-4, high=1e3, steps=100)
    rates = [point.learning_rate for point in trial]
    assert rates[0] == pytest.approx(1e-4)
    assert all(b / a == pytest.approx(10 ** (7 / 99)) for a, b in pairwise(rates))
    assert len(trial) < 100
    assert min(point.smooth_loss for point in trial) < 2 < trial[0].loss < trial[-1].smooth_loss
