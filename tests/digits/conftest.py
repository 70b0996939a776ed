"""A small data set and a short recipe, so that training takes a moment."""

from dataclasses import replace

import pytest
import torch

from gradsheet.digits.augment import Distortion
from gradsheet.digits.data import Dataset
from gradsheet.digits.model import Architecture
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
        augmentation=Distortion(degrees=10, shear=5, pixels=2, scale=0.1),
        architecture=Architecture(activation="gelu", order="pool-norm-activation"),
    )


@pytest.fixture
def cpu() -> torch.device:
    return torch.device("cpu")
