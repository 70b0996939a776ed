"""How long a training run will take."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gradsheet.digits.data import Dataset, load
from gradsheet.digits.estimate import seconds_left
from gradsheet.digits.recipe import find_recipe
from gradsheet.digits.run import TrainingRun
from tests.digits.test_data import write_small


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, mnist: Dataset) -> Dataset:
    return load(write_small(tmp_path_factory.mktemp("small"), mnist))


def test_what_is_left_of_a_run(small: Dataset, tmp_path: Path) -> None:
    one = TrainingRun(tmp_path, find_recipe("fast", 1, 32), 0, torch.device("cpu"))
    three = replace(one, recipe=find_recipe("fast", 3, 32))
    assert (one.epochs_left, three.epochs_left) == (1, 3)
    assert seconds_left(one, small) > 0
    assert not list(tmp_path.iterdir())
    done = one.execute(small, lambda text: None, bar=False)
    assert one.epochs_left == 0
    assert seconds_left(one, small) == 0
    (done.folder / "model.safetensors").unlink()  # interrupted after its first epoch
    assert three.epochs_left == 2


def test_measuring_changes_nothing(small: Dataset, tmp_path: Path) -> None:
    accuracies = []
    for folder in ("measured", "unmeasured"):
        run = TrainingRun(tmp_path / folder, find_recipe("fast", 1, 32), 7, torch.device("cpu"))
        if folder == "measured":
            seconds_left(run, small)
        result = run.execute(small, lambda text: None, bar=False)
        accuracies.append(result.evaluation.log_probabilities)
    assert torch.equal(*accuracies)
