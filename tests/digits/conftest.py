"""A small data set and a short recipe, so that training takes a moment."""

from dataclasses import replace

import pytest
import torch

from gradsheet.digits.dataset import Dataset
from gradsheet.digits.recipe import RECIPES, Recipe


@pytest.fixture
def few(mnist: Dataset) -> Dataset:
    return Dataset(mnist.train[:400], mnist.test[:200], "few")


@pytest.fixture
def short() -> Recipe:
    return replace(
        RECIPES["best"],
        epochs=3,
        batch_size=64,
        optimizer="adamw",
        learning_rate=0.02,
        ema_decay=0.998,
        clean_statistics=False,
    )


@pytest.fixture
def cpu() -> torch.device:
    return torch.device("cpu")
