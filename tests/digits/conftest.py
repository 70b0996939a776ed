"""Small data sets and short recipes, so that training takes a moment; two runs that tests share."""

from dataclasses import dataclass, replace

import pytest
import torch

from gradsheet.digits.augment import Distortion
from gradsheet.digits.data import Dataset
from gradsheet.digits.history import EpochRecord
from gradsheet.digits.model import Architecture
from gradsheet.digits.recipe import RECIPES, Recipe
from gradsheet.digits.run import FinishedRun, TrainingRun


@pytest.fixture(scope="session")
def few(mnist: Dataset) -> Dataset:
    return Dataset(mnist.train[:400], mnist.test[:200], "few")


@pytest.fixture(scope="session")
def tiny(mnist: Dataset) -> Dataset:
    """For what does not depend on anything being learned."""
    return Dataset(mnist.train[:96], mnist.test[:50], "tiny")


@pytest.fixture(scope="session")
def short() -> Recipe:
    return replace(
        RECIPES["best"],
        epochs=3,
        batch_size=64,
        optimizer="adamw",
        learning_rate=0.02,
        ema_decay=0.998,
        recalibrate_statistics=False,
        augmentation=Distortion(degrees=10, shear=5, pixels=2, scale=0.1),
        architecture=Architecture(activation="gelu", order="pool-norm-activation"),
    )


@pytest.fixture(scope="session")
def cpu() -> torch.device:
    return torch.device("cpu")


@dataclass(frozen=True)
class Trained:
    """A finished run: tests look at its folder and change nothing in it."""

    run: TrainingRun
    finished: FinishedRun
    lines: list[str]
    watched: list[EpochRecord]


def train(run: TrainingRun, dataset: Dataset) -> Trained:
    lines: list[str] = []
    watched: list[EpochRecord] = []
    finished = run.execute(dataset, lines.append, bar=False, watch=watched.append)
    return Trained(run, finished, lines, watched)


@pytest.fixture(scope="session")
def trained(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """Evaluated on the test set."""
    return train(TrainingRun(tmp_path_factory.mktemp("runs") / "run", short, 0, cpu), few)


@pytest.fixture(scope="session")
def validated(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """Evaluated on the last 100 training images, where there is no test set at all."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    untested = replace(few, test=few.test[:0])
    return train(TrainingRun(folder, short, 0, cpu, held_out=100), untested)
