"""A run folder: what was trained, how, and how well it reads."""

import csv
import hashlib
import io
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gradsheet.digits.data import Dataset
from gradsheet.digits.evaluation import Evaluation, evaluate, normalize
from gradsheet.digits.model import Architecture, DigitNet
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.storage import read_tensors, write_tensors
from gradsheet.digits.training import EpochRecord, Trainer, history_columns, multiplies_bfloat16
from gradsheet.errors import GradsheetError
from gradsheet.files import make_folder, write_text
from gradsheet.processes import free_cores

SHIPPED = "best"
"""The name of the weights that come with the package."""

_CONFIG, _HISTORY = "config.json", "history.csv"
_WEIGHTS, _BEST, _CHECKPOINT = "model.safetensors", "best.safetensors", "checkpoint.safetensors"
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
        held_out: how many of the last training images to hold out and evaluate on, in place of the
            test set; 0 evaluates on the test set.
        teachers: run folders or weights that a recipe with a temperature learns from.
    """

    folder: Path
    recipe: Recipe
    seed: int
    device: torch.device
    held_out: int = 0
    teachers: tuple[Path, ...] = ()

    @classmethod
    def of_folder(cls, folder: Path, device: torch.device) -> "TrainingRun":
        """The run that a folder says it holds, to go on with it.

        Raises:
            GradsheetError: it holds none.
        """
        config = describe(folder)
        try:
            recipe = Recipe.from_dict(config["recipe"])
            teachers = tuple(Path(teacher["run"]) for teacher in config["teachers"])
            held_out = int(config["held out"])
            return cls(folder, recipe, int(config["seed"]), device, held_out, teachers)
        except (KeyError, TypeError, ValueError) as error:
            raise GradsheetError(
                f"{folder / _CONFIG} describes no run known here ({error!r})"
            ) from error

    def execute(
        self,
        dataset: Dataset,
        say: Callable[[str], None],
        bar: bool = True,
        watch: Callable[[EpochRecord], None] | None = None,
    ) -> FinishedRun:
        """Train, or go on where this run stopped, or return what it reached when it was done.

        After every epoch the folder holds a checkpoint and the history so far; at the end the
        weights of the last epoch. A run that reads held-out images keeps the weights of its best
        epoch as well; one that reads the test set does not, since that would choose by it.

        Args:
            dataset: what to train on.
            say: told what happens, line by line.
            bar: whether to show a progress bar.
            watch: given every epoch's record.

        Raises:
            GradsheetError: the folder holds anything but this run, or cannot be written.
        """
        self._choose_threads(say)
        dataset = self.claim(dataset)
        if (self.folder / _WEIGHTS).is_file():
            say(f"The run in {self.folder} is finished already; its weights are kept.")
        else:
            self._train(dataset, say, bar, watch)
        (self.folder / _CHECKPOINT).unlink(missing_ok=True)
        result = evaluate(load_model(self.folder), dataset.test)
        return FinishedRun(self.folder, self._evaluated_on, read_history(self.folder), result)

    @property
    def epochs_left(self) -> int:
        """Number of epochs that ``execute`` would still train, by what the folder holds."""
        if (self.folder / _WEIGHTS).is_file():
            return 0
        done = len(read_history(self.folder)) if (self.folder / _HISTORY).is_file() else 0
        return max(0, self.recipe.epochs - done)

    def _train(
        self,
        dataset: Dataset,
        say: Callable[[str], None],
        bar: bool,
        watch: Callable[[EpochRecord], None] | None,
    ) -> None:
        teachers = [load_model(teacher) for teacher in self.teachers]
        trainer = Trainer(self.recipe, dataset, self.seed, self.device, bar, teachers)
        checkpoint = self.folder / _CHECKPOINT
        if checkpoint.is_file():
            trainer.restore(checkpoint)
            say(f"Resuming after epoch {len(trainer.history)} of {self.recipe.epochs}.")
        while len(trainer.history) < self.recipe.epochs:
            say(f"Epoch {len(trainer.history) + 1}")
            record = trainer.run_epoch()
            if self.held_out and record == max(trainer.history, key=_goodness):
                save_model(trainer.evaluated_model, self.folder / _BEST)
            trainer.save(checkpoint)
            write_text(self.folder / _HISTORY, history_csv(trainer.history))
            if watch is not None:
                watch(record)
            say(self._result_line(record, len(dataset.test)))
        # Once more: a run may have been stopped between its last checkpoint and its history.
        write_text(self.folder / _HISTORY, history_csv(trainer.history))
        save_model(trainer.evaluated_model, self.folder / _WEIGHTS)

    def _choose_threads(self, say: Callable[[str], None]) -> None:
        """As many as other work leaves cores free, or as the run had before it was interrupted.

        Threads that share a core wait for one another most of the time, and sums depend in their
        last bits on the number of threads. OMP_NUM_THREADS settles it.
        """
        most = torch.get_num_threads()
        if "OMP_NUM_THREADS" in os.environ or most == 1 or self.device.type != "cpu":
            return
        threads = min(most, _free_cores())
        if (self.folder / _CHECKPOINT).is_file():
            threads = _threads_of(self.folder) or threads
        if threads < most:
            say(f"Training with {threads} of {most} threads; OMP_NUM_THREADS={most} uses all.")
            torch.set_num_threads(threads)

    def claim(self, dataset: Dataset) -> Dataset:
        """Make the folder this run's own, where it is new, empty or this run's already.

        Returns:
            what the run trains on and reads: ``dataset``, cut where images are held out.

        Raises:
            GradsheetError: the folder holds anything else, or cannot be written.
        """
        dataset = dataset.hold_out(self.held_out) if self.held_out else dataset
        identity = self._identity(dataset)
        path = make_folder(self.folder) / _CONFIG
        if any(self.folder.iterdir()):
            difference = _difference(_read_config(path), identity)
            if difference:
                raise GradsheetError(
                    f"{self.folder} holds something else: {difference}; give another folder with -o"
                )
        config = {**identity, "versions": _versions(), "machine": _machine(self.device)}
        write_text(path, json.dumps(config, indent=2) + "\n")
        return dataset

    def _identity(self, dataset: Dataset) -> dict[str, Any]:
        """What must agree for a run to be this one."""
        identity = {
            "recipe": self.recipe.to_dict(),
            "seed": self.seed,
            "data": dataset.sha256,
            "trained on": len(dataset.train),
            "held out": self.held_out,
            "evaluated on": self._evaluated_on,
            "teachers": [_weights_identity(teacher) for teacher in self.teachers],
        }
        return dict(json.loads(json.dumps(identity)))  # as it comes back from a file

    @property
    def _evaluated_on(self) -> str:
        return "validation" if self.held_out else "test"

    def _result_line(self, record: EpochRecord, total: int) -> str:
        """The original's line, such as ``Accuracy: 9758/10000 (97.58%)``."""
        correct = round(record.test_accuracy * total)
        return (
            f"{self._evaluated_on.capitalize()} set: Average loss: "
            f"{record.test_loss:.4f}, Accuracy: {correct}/{total} ({record.test_accuracy:.2%})\n"
        )


def describe(run: Path) -> dict[str, Any]:
    """What a run folder says of itself.

    Raises:
        GradsheetError: it says nothing.
    """
    config = _read_config(run / _CONFIG)
    if config is None:
        raise GradsheetError(f"{run} is no run folder: it holds no readable {_CONFIG}")
    return config


@cache
def _free_cores() -> int:
    """Counted once, so that the runs of a process are alike."""
    return free_cores()


def _threads_of(run: Path) -> int | None:
    """With how many threads an interrupted run was trained, where it says so."""
    machine = (_read_config(run / _CONFIG) or {}).get("machine")
    threads = machine.get("threads") if isinstance(machine, dict) else None
    return threads if isinstance(threads, int) and threads >= 1 else None


def data_of(run: Path) -> str | None:
    """The SHA-256 of the data that a run folder was trained on, where it says so."""
    config = _read_config(run / _CONFIG)
    return config.get("data") if config else None


def read_history(folder: Path) -> tuple[EpochRecord, ...]:
    """The history that a run left in ``folder``.

    Raises:
        GradsheetError: there is none, or it is not one.
    """
    path = folder / _HISTORY
    try:
        with path.open(encoding="utf-8", newline="") as file:
            history = tuple(EpochRecord.from_text(row) for row in csv.DictReader(file))
        if [record.epoch for record in history] != list(range(1, len(history) + 1)) or not history:
            raise ValueError("its epochs are not 1, 2, 3, …")
    except (OSError, ValueError, TypeError, KeyError, OverflowError, csv.Error) as error:
        raise GradsheetError(
            f"{path} is no training history ({error}); expected the columns "
            f"{', '.join(history_columns())}"
        ) from error
    return history


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
    write_tensors(path, model.state_dict(), metadata)


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
        logits: Tensor = model.eval()(normalize(torch.stack(list(images))))
        return logits.softmax(dim=1)


def _read_model(path: Path) -> DigitNet:
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != _FORMAT:
        raise GradsheetError(
            f"{path} holds another model: {len(tensors)} tensors without the mark '{_FORMAT}'; "
            "expected weights written by 'gradsheet train'"
        )
    try:
        model = DigitNet(Architecture(**json.loads(metadata["architecture"])))
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise GradsheetError(f"{path} has no architecture known here ({error})") from error
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip()
        raise GradsheetError(
            f"{path} does not fit the 17,410-parameter network: {first}"
        ) from error
    return model.eval()


def _read_config(path: Path) -> dict[str, Any] | None:
    """What a run said of itself; None where nothing readable says so."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return config if isinstance(config, dict) else None


def _weights_identity(run: Path) -> dict[str, str]:
    """Where weights lie and what they are."""
    load_model(run)  # says what is wrong with them
    path = run / _WEIGHTS if run.is_dir() else run
    return {"run": str(run), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _goodness(record: EpochRecord) -> tuple[float, float]:
    return record.test_accuracy, -record.test_loss


def _difference(config: dict[str, Any] | None, identity: dict[str, Any]) -> str:
    """How the run in a folder differs from this one, in words; nothing where it does not."""
    if config is None or "recipe" not in config:
        return f"there are files, but no {_CONFIG} of a run"
    names = [name for name, value in identity.items() if config.get(name) != value]
    return f"a run with another {' and another '.join(names)}" if names else ""


def _versions() -> dict[str, str]:
    packages = ("gradsheet", "torch", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _machine(device: torch.device) -> dict[str, Any]:
    return {
        "device": _device_name(device),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "cpu with bfloat16" if multiplies_bfloat16(device) else device.type
