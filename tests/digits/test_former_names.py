"""Run folders of version 0.1 are read, resumed and evaluated by this version."""

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest
import torch

from gradsheet.deprecation import FormerKey
from gradsheet.digits.checkpoint import restore_checkpoint, save_checkpoint
from gradsheet.digits.data import Dataset
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.run import TrainingRun
from gradsheet.digits.storage import read_tensors, write_tensors
from gradsheet.digits.training import Trainer
from tests.digits.conftest import Trained


@pytest.fixture
def former(validated: Trained, tmp_path: Path) -> Path:
    """A run folder as version 0.1 wrote it."""
    folder = tmp_path / "former"
    copytree(validated.run.folder, folder)
    config = (folder / "config.json").read_text()
    config = config.replace('"recalibrate_statistics"', '"clean_statistics"')
    (folder / "config.json").write_text(config.replace('"elastic"', '"bend"'))
    rows = [line.split(",") for line in (folder / "history.csv").read_text().splitlines()]
    names = [*rows[0][:4], "test_loss", "test_accuracy", "seconds"]
    kept = [names] + [row[:4] + row[5:] for row in rows[1:]]
    (folder / "history.csv").write_text("".join(",".join(row) + "\n" for row in kept))
    return folder


def test_a_run_of_version_0_2_is_the_same_run(
    former: Path, validated: Trained, few: Dataset, cpu: torch.device
) -> None:
    with pytest.warns(FormerKey) as warned:
        run = TrainingRun.of_folder(former, cpu)
        assert run == replace(validated.run, folder=former)
        finished = run.execute(few, lambda line: None, bar=False)
    assert finished.history == validated.finished.history
    told = {str(warning.message).removeprefix(f"{former}/") for warning in warned}
    assert told == {
        f"{file}: '{old}' is now '{new}'; version 0.3 will not read the old name"
        for file, old, new in (
            ("config.json", "bend", "elastic"),
            ("config.json", "clean_statistics", "recalibrate_statistics"),
            ("history.csv", "test_accuracy", "eval_accuracy"),
            ("history.csv", "test_loss", "eval_loss"),
        )
    }
    config = json.loads((former / "config.json").read_text())
    assert "recalibrate_statistics" in config["recipe"]


def test_a_checkpoint_of_version_0_2_is_resumed(
    tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    split = tiny.hold_out(20)
    trainer, resumed = (Trainer(short, split, 0, cpu, bar=False) for _ in range(2))
    trainer.run_epoch()
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(trainer, path)
    tensors, metadata = read_tensors(path)
    rows = [row[:4] + row[5:] for row in json.loads(metadata["history"])]
    write_tensors(path, tensors, {"history": json.dumps(rows)})
    restore_checkpoint(resumed, path)
    assert resumed.history == trainer.history
    assert resumed.history[0].eval_set == "validation"
