"""Checkpoints: nothing is lost between two epochs, and a damaged one is named."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import torch

from gradsheet.digits.checkpoint import restore_checkpoint, save_checkpoint
from gradsheet.digits.data import Dataset
from gradsheet.digits.model import Architecture
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.storage import read_tensors, write_tensors
from gradsheet.digits.training import Trainer
from gradsheet.errors import GradsheetError


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon"])
def test_stopping_and_resuming_changes_no_weight(
    optimizer: Literal["sgd", "adamw", "muon"],
    tiny: Dataset,
    short: Recipe,
    cpu: torch.device,
    tmp_path: Path,
) -> None:
    architecture = Architecture("gelu", "pool-norm-activation", dropout=0.2)
    recipe = replace(short, optimizer=optimizer, batch_size=24, architecture=architecture)
    whole, first, second = (Trainer(recipe, tiny, 5, cpu, bar=False) for _ in range(3))
    for _ in range(3):
        whole.run_epoch()
    first.run_epoch()
    save_checkpoint(first, tmp_path / "state.safetensors")
    restore_checkpoint(second, tmp_path / "state.safetensors")
    for _ in range(2):
        second.run_epoch()
    expected, found = whole.evaluated_model.state_dict(), second.evaluated_model.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    losses = [[record.eval_loss for record in run.history] for run in (whole, second)]
    assert losses[0] == losses[1]


@pytest.fixture(scope="module")
def checkpoint(
    tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """After the first epoch of ``short``."""
    trainer = Trainer(short, tiny, 0, cpu, bar=False)
    trainer.run_epoch()
    path = tmp_path_factory.mktemp("checkpoint") / "checkpoint.safetensors"
    save_checkpoint(trainer, path)
    return path


Change = Callable[[dict[str, torch.Tensor], dict[str, str]], object]

DAMAGES: dict[str, Change] = {
    "no history": lambda tensors, metadata: metadata.pop("history"),
    "history is no list": lambda tensors, metadata: metadata.update(history="7"),
    "history is empty": lambda tensors, metadata: metadata.update(history="[]"),
    "history is cut": lambda tensors, metadata: metadata.update(history="[[1, 2"),
    "a row is short": lambda tensors, metadata: metadata.update(history="[[1, 2]]"),
    "a weight is missing": lambda tensors, metadata: tensors.pop("model.conv1.weight"),
    "an average is missing": lambda tensors, metadata: tensors.pop("average.conv1.weight"),
    "a moment is missing": lambda tensors, metadata: tensors.pop("optimizer.0.3.exp_avg"),
    "all moments are missing": lambda tensors, metadata: [
        tensors.pop(name) for name in list(tensors) if name.startswith("optimizer")
    ],
    "a moment has another shape": lambda tensors, metadata: tensors.update(
        {"optimizer.0.0.exp_avg": torch.ones(3)}
    ),
    "a weight has another shape": lambda tensors, metadata: tensors.update(
        {"model.conv1.weight": torch.ones(3)}
    ),
    "a weight is no number": lambda tensors, metadata: tensors.update(
        {"model.conv1.bias": torch.full((8,), math.nan)}
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_named(
    damage: str, checkpoint: Path, tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    tensors, metadata = read_tensors(checkpoint)
    DAMAGES[damage](tensors, metadata)
    path = tmp_path / "checkpoint.safetensors"
    write_tensors(path, tensors, metadata)
    with pytest.raises(GradsheetError, match=r"is damaged|is not a sound checkpoint"):
        restore_checkpoint(Trainer(short, tiny, 0, cpu), path)


def test_a_checkpoint_of_more_epochs_than_the_recipe_has_is_refused(
    checkpoint: Path, tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    tensors, metadata = read_tensors(checkpoint)
    path = tmp_path / "checkpoint.safetensors"
    record = metadata["history"].strip("[]")
    rows = ", ".join(f"[{n}{record.removeprefix('1')}]" for n in (1, 2, 3, 4))
    write_tensors(path, tensors, {"history": f"[{rows}]"})
    with pytest.raises(GradsheetError, match="its history holds 4 epochs"):
        restore_checkpoint(Trainer(short, tiny, 0, cpu), path)
