"""A run folder: what was trained, how, and how well it reads."""

import csv
import io
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from gradsheet.digits.dataset import Dataset, ImageSet
from gradsheet.digits.evaluate import Evaluation, evaluate, normalise
from gradsheet.digits.model import ACTIVATIONS, ORDERS, Architecture, DigitNet
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.train import (
    EpochRecord,
    Trainer,
    history_columns,
    multiplies_bfloat16,
    read_tensors,
)
from gradsheet.errors import GradsheetError
from gradsheet.files import make_folder, whole_file, write_text

SHIPPED = "best"
"""The name of the weights that come with the package."""

_CONFIG, _HISTORY, _WEIGHTS, _CHECKPOINT = (
    "config.json",
    "history.csv",
    "model.safetensors",
    "checkpoint.safetensors",
)
_FORMAT = "gradsheet-digits-1"


@dataclass(frozen=True)
class FinishedRun:
    """What a training run left: its history and what the last epoch's weights say.

    Attributes:
        evaluated_on: ``test`` or ``validation``: the images that history and evaluation speak of.
    """

    folder: Path
    evaluated_on: str
    history: tuple[EpochRecord, ...]
    evaluation: Evaluation


@dataclass(frozen=True)
class TrainingRun:
    """A training run that is to happen in a folder.

    Attributes:
        validate: hold the last 5,000 training images out and evaluate on them, not on the test
            set.
    """

    folder: Path
    recipe: Recipe
    seed: int
    device: torch.device
    validate: bool = False

    def execute(self, dataset: Dataset, say: Callable[[str], None]) -> FinishedRun:
        """Train, or go on where an unfinished run in the folder stopped.

        After every epoch the folder holds a checkpoint and the history so far; at the end the
        weights. What happens is told to ``say``, line by line.

        Raises:
            GradsheetError: the folder holds another run, or cannot be written.
        """
        self._refuse_finished()
        if self.validate:
            dataset = dataset.validation_split()
        trainer = Trainer(self.recipe, dataset, self.seed, self.device)
        identity = self._identity(dataset)
        checkpoint = make_folder(self.folder) / _CHECKPOINT
        if checkpoint.is_file():
            trainer.restore(checkpoint, identity)
            say(f"Resuming after epoch {len(trainer.history)} of {self.recipe.epochs}.")
        write_text(self.folder / _CONFIG, json.dumps(self._config(identity), indent=2) + "\n")
        while len(trainer.history) < self.recipe.epochs:
            say(f"Epoch {len(trainer.history) + 1}")
            trainer.run_epoch()
            trainer.save(checkpoint, identity)
            write_text(self.folder / _HISTORY, history_csv(trainer.history))
            say(self._result_line(trainer.history[-1], len(dataset.test)))
        save_model(trainer.evaluated_model, self.folder / _WEIGHTS)
        checkpoint.unlink(missing_ok=True)
        result = evaluate(trainer.evaluated_model, dataset.test)
        return FinishedRun(self.folder, self._evaluated_on, tuple(trainer.history), result)

    @property
    def _evaluated_on(self) -> str:
        return "validation" if self.validate else "test"

    def _refuse_finished(self) -> None:
        if (self.folder / _WEIGHTS).exists():
            raise GradsheetError(
                f"{self.folder} already holds a finished run; give another folder with -o"
            )

    def _identity(self, dataset: Dataset) -> dict[str, Any]:
        """What must agree for a run to be resumed."""
        return {
            "recipe": self.recipe.to_dict(),
            "seed": self.seed,
            "data": dataset.sha256,
            "trained on": len(dataset.train),
        }

    def _config(self, identity: dict[str, Any]) -> dict[str, Any]:
        packages = ("gradsheet", "torch", "numpy")
        return {
            **identity,
            "evaluated on": self._evaluated_on,
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in packages},
            },
            "machine": {
                "device": _device_name(self.device),
                "cores": os.cpu_count(),
                "threads": torch.get_num_threads(),
                "system": f"{platform.system()} {platform.machine()}",
            },
        }

    def _result_line(self, record: EpochRecord, total: int) -> str:
        """The original's line, such as ``Accuracy: 9758/10000 (97.58%)``."""
        correct = round(record.test_accuracy * total)
        return (
            f"{self._evaluated_on.capitalize()} set: Average loss: "
            f"{record.test_loss:.4f}, Accuracy: {correct}/{total} ({record.test_accuracy:.2%})\n"
        )


def finished_run(folder: Path, images: ImageSet) -> FinishedRun | None:
    """The run finished in ``folder``, evaluated on the test ``images``; None if there is none."""
    if not (folder / _WEIGHTS).is_file():
        return None
    return FinishedRun(folder, "test", read_history(folder), evaluate(load_model(folder), images))


def read_history(folder: Path) -> tuple[EpochRecord, ...]:
    """The history that a run left in ``folder``.

    Raises:
        GradsheetError: there is none, or it is not one.
    """
    path = folder / _HISTORY
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(EpochRecord.from_text(row) for row in csv.DictReader(file))
    except (OSError, ValueError, TypeError) as error:
        raise GradsheetError(
            f"{path} is no training history ({error}); expected the columns "
            f"{', '.join(history_columns())}"
        ) from error


def history_csv(history: list[EpochRecord]) -> str:
    """The history as CSV, a row an epoch."""
    text = io.StringIO()
    writer = csv.DictWriter(text, history_columns(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(record) for record in history)
    return text.getvalue()


def save_model(model: DigitNet, path: Path) -> None:
    """Write the weights and the architecture they belong to, as safetensors."""
    metadata = {"format": _FORMAT, "architecture": json.dumps(asdict(model.architecture))}
    tensors = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
    with whole_file(path) as temporary:
        save_file(tensors, temporary, metadata)


def load_model(run: Path | None) -> DigitNet:
    """The model of a run folder or a safetensors file; without one, the model that is shipped.

    Raises:
        GradsheetError: there are no weights, or they are another model's.
    """
    if run is None:
        with as_file(files("gradsheet.digits") / "weights" / f"{SHIPPED}.safetensors") as path:
            return _read_model(path)
    path = run / _WEIGHTS if run.is_dir() else run
    if not path.is_file():
        unfinished = (run / _CHECKPOINT).is_file()
        remedy = "its training has not finished" if unfinished else "expected a run folder"
        raise GradsheetError(f"{run} holds no {_WEIGHTS}: {remedy}; see 'gradsheet train --help'")
    return _read_model(path)


def read_images(model: DigitNet, images: Sequence[Tensor]) -> Tensor:
    """The probabilities (N, 10) of the digits in images, each uint8 (28, 28)."""
    with torch.inference_mode():
        logits: Tensor = model.eval()(normalise(torch.stack(list(images))))
        return logits.softmax(dim=1)


def _read_model(path: Path) -> DigitNet:
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != _FORMAT:
        raise GradsheetError(
            f"{path} holds another model: {len(tensors)} tensors without the mark '{_FORMAT}'; "
            "expected weights written by 'gradsheet train'"
        )
    model = DigitNet(_architecture(path, metadata))
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip()
        raise GradsheetError(
            f"{path} does not fit the 17,410-parameter network: {first}"
        ) from error
    return model.eval()


def _architecture(path: Path, metadata: dict[str, str]) -> Architecture:
    try:
        architecture = Architecture(**json.loads(metadata["architecture"]))
    except (KeyError, ValueError, TypeError) as error:
        raise GradsheetError(f"{path} does not say its architecture; train it again") from error
    if architecture.activation not in ACTIVATIONS or architecture.order not in ORDERS:
        raise GradsheetError(f"{path} has an architecture unknown here: {architecture}")
    return architecture


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type != "cpu":
        return device.type
    return "cpu with AMX" if multiplies_bfloat16(device) else "cpu"
