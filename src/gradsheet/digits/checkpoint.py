"""A checkpoint: all state of a training run between two epochs, in one file."""

import json
from dataclasses import astuple, fields
from pathlib import Path

from torch import Tensor

from gradsheet.digits.former_names import record_with_eval_set
from gradsheet.digits.history import EpochRecord, history_columns
from gradsheet.digits.optimizers import restore_optimizer
from gradsheet.digits.storage import read_tensors, write_tensors
from gradsheet.digits.training import Trainer
from gradsheet.files import reading


def save_checkpoint(trainer: Trainer, path: Path) -> None:
    """Write weights, their average, the optimizers' state and the history.

    Raises:
        GradsheetError: the file cannot be written.
    """
    tensors = {f"model.{name}": value for name, value in trainer.model.state_dict().items()}
    if trainer.average is not None:
        averages = trainer.average.model.state_dict()
        tensors |= {f"average.{name}": value for name, value in averages.items()}
    for number, optimizer in enumerate(trainer.optimizers):
        for index, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{index}.{k}": v for k, v in state.items()}
    history = [astuple(record) for record in trainer.history]
    write_tensors(path, tensors, {"history": json.dumps(history)})


def restore_checkpoint(trainer: Trainer, path: Path) -> None:
    """Give a new trainer the state in the file.

    Raises:
        GradsheetError: the file is damaged, or it belongs to a run with another recipe.
    """
    tensors, metadata = read_tensors(path)
    with reading(path, "a sound checkpoint of this run", "delete it to start again"):
        _restore(trainer, tensors, metadata)


def _restore(trainer: Trainer, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    history = _history(metadata["history"], trainer.eval_set)
    if not 1 <= len(history) <= trainer.recipe.epochs:
        raise ValueError(f"its history holds {len(history)} epochs")
    trainer.model.load_state_dict(_part(tensors, "model."))
    if trainer.average is not None:
        trainer.average.model.load_state_dict(_part(tensors, "average."))
    for number, optimizer in enumerate(trainer.optimizers):
        restore_optimizer(optimizer, _part(tensors, f"optimizer.{number}."))
    trainer.history = history


def _history(text: str, eval_set: str) -> list[EpochRecord]:
    length = len(fields(EpochRecord))
    rows = [record_with_eval_set(row, length, eval_set) for row in json.loads(text)]
    history = [
        EpochRecord.from_text(dict(zip(history_columns(), row, strict=True))) for row in rows
    ]
    epochs = [record.epoch for record in history]
    if epochs != list(range(1, len(epochs) + 1)):
        raise ValueError(f"its history holds the epochs {epochs}")
    return history


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with ``prefix``, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
