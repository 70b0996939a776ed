"""A training run in a folder: started, interrupted, resumed, finished."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from gradsheet.digits import run_folder
from gradsheet.digits.checkpoint import restore_checkpoint, save_checkpoint
from gradsheet.digits.data import Dataset
from gradsheet.digits.device import chosen_threads
from gradsheet.digits.evaluation import Evaluation, evaluate
from gradsheet.digits.history import HISTORY, EpochRecord, read_history, write_history
from gradsheet.digits.model_files import CHECKPOINT, WEIGHTS, load_model, save_model
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.training import Trainer, check_teachers
from gradsheet.errors import GradsheetError
from gradsheet.files import exclusive, reading

_BEST = "best.safetensors"


@dataclass(frozen=True)
class FinishedRun:
    """The results of a training run.

    Attributes:
        folder: the run folder.
        evaluated_on: ``test`` or ``validation``, the images of history and evaluation.
        history: a record for each epoch.
        evaluation: of the weights after the last epoch.
    """

    folder: Path
    evaluated_on: str
    history: tuple[EpochRecord, ...]
    evaluation: Evaluation


@dataclass(frozen=True)
class TrainingRun:
    """A training run and its folder.

    Attributes:
        folder: the run folder.
        recipe: what to train and how.
        seed: seed of all random numbers.
        device: where to train.
        held_out: number of training images, the last ones, to hold out and evaluate on instead of
            the test set; 0 evaluates on the test set.
        teachers: run folders or weights to distill from, with a recipe that has a temperature.
        probabilities: a folder that keeps the teacher probabilities for runs that differ in seed or
            network alone; None computes them for this run only.
    """

    folder: Path
    recipe: Recipe
    seed: int
    device: torch.device
    held_out: int = 0
    teachers: tuple[Path, ...] = ()
    probabilities: Path | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**31:
            raise GradsheetError(f"the seed is {self.seed}; expected 0 to {2**31 - 1:,}")

    @classmethod
    def of_folder(cls, folder: Path, device: torch.device) -> "TrainingRun":
        """The run that a folder holds, to resume it.

        Raises:
            GradsheetError: the folder holds no run.
        """
        config = run_folder.describe(folder)
        with reading(folder / run_folder.CONFIG, "the description of a run known here"):
            recipe = Recipe.from_dict(config["recipe"])
            teachers = tuple(Path(teacher["run"]) for teacher in config["teachers"])
            for name in ("seed", "held out"):
                if type(config[name]) is not int or config[name] < 0:
                    raise ValueError(f"{name} is {config[name]!r}")
            return cls(folder, recipe, config["seed"], device, config["held out"], teachers)

    def execute(
        self,
        dataset: Dataset,
        say: Callable[[str], None],
        bar: bool = True,
        watch: Callable[[EpochRecord], None] | None = None,
        wait: bool = False,
    ) -> FinishedRun:
        """Train, or resume an interrupted run, or return the results of a finished one.

        After every epoch the folder holds a checkpoint and the history so far; at the end the
        weights of the last epoch. A run that evaluates held-out images keeps the weights of its
        best epoch as well. One that evaluates the test set does not: that would be a choice by it.

        Args:
            dataset: training and test images.
            say: told what happens, line by line.
            bar: whether to show a progress bar.
            watch: given every epoch's record.
            wait: whether to wait for another command that works in the folder.

        Raises:
            GradsheetError: the folder holds something else, cannot be written, or another command
                works in it.
        """
        self.check(dataset)
        with (
            exclusive(self.folder, wait),
            chosen_threads(self.device, self._former_threads(), say),
        ):
            return self._execute(dataset, say, bar, watch)

    def _former_threads(self) -> int | None:
        """Number of threads of an interrupted run; None of any other."""
        interrupted = (self.folder / CHECKPOINT).is_file()
        return run_folder.threads_of(self.folder) if interrupted else None

    def _execute(
        self,
        dataset: Dataset,
        say: Callable[[str], None],
        bar: bool,
        watch: Callable[[EpochRecord], None] | None,
    ) -> FinishedRun:
        dataset = self.claim(dataset)
        if (self.folder / WEIGHTS).is_file():
            say(f"The run in {self.folder} is finished already; its weights are kept.")
        else:
            self._train(dataset, say, bar, watch)
        (self.folder / CHECKPOINT).unlink(missing_ok=True)
        result = evaluate(load_model(self.folder), dataset.test)
        history = read_history(self.folder, dataset.eval_set)
        return FinishedRun(self.folder, dataset.eval_set, history, result)

    @property
    def epochs_left(self) -> int:
        """Number of epochs that ``execute`` would still train, by what the folder holds."""
        if (self.folder / WEIGHTS).is_file():
            return 0
        done = len(read_history(self.folder)) if (self.folder / HISTORY).is_file() else 0
        return max(0, self.recipe.epochs - done)

    def _train(
        self,
        dataset: Dataset,
        say: Callable[[str], None],
        bar: bool,
        watch: Callable[[EpochRecord], None] | None,
    ) -> None:
        teachers = [load_model(teacher) for teacher in self.teachers]
        trainer = Trainer(
            self.recipe, dataset, self.seed, self.device, bar, teachers, say, self.probabilities
        )
        checkpoint = self.folder / CHECKPOINT
        if checkpoint.is_file():
            restore_checkpoint(trainer, checkpoint)
            say(
                f"Resuming from the last finished epoch, {len(trainer.history)} of "
                f"{self.recipe.epochs}."
            )
        threads = torch.get_num_threads()
        while len(trainer.history) < self.recipe.epochs:
            say(f"Epoch {len(trainer.history) + 1}/{self.recipe.epochs}")
            record = trainer.run_epoch()
            if torch.get_num_threads() != threads:
                threads = torch.get_num_threads()
                run_folder.record_machine(self.folder, self.device)
            if self.held_out and record == max(trainer.history, key=_goodness):
                save_model(trainer.evaluated_model, self.folder / _BEST)
            save_checkpoint(trainer, checkpoint)
            write_history(self.folder, trainer.history)
            if watch is not None:
                watch(record)
            say(_result_line(record, len(dataset.test)))
        # Once more: a run may have been stopped between its last checkpoint and its history.
        write_history(self.folder, trainer.history)
        save_model(trainer.evaluated_model, self.folder / WEIGHTS)

    def claim(self, dataset: Dataset) -> Dataset:
        """Make the folder this run's own if it is new, empty or this run's already.

        Returns:
            what the run trains and evaluates on: ``dataset``, split if images are held out.

        Raises:
            GradsheetError: the folder holds something else, or cannot be written.
        """
        dataset = self._split(dataset)
        run_folder.claim(self.folder, self._identity(dataset), self.device)
        return dataset

    def check(self, dataset: Dataset) -> None:
        """Raise GradsheetError if there are too few images to hold out, or not the teachers due."""
        self._identity(self._split(dataset))
        check_teachers(self.recipe, len(self.teachers))

    def _split(self, dataset: Dataset) -> Dataset:
        return dataset.hold_out(self.held_out) if self.held_out else dataset

    def _identity(self, dataset: Dataset) -> dict[str, Any]:
        """Everything that decides the results, as ``config.json`` holds it."""
        return {
            "recipe": self.recipe.to_dict(),
            "seed": self.seed,
            "data": dataset.sha256,
            "trained on": len(dataset.train),
            "held out": self.held_out,
            "evaluated on": dataset.eval_set,
            "teachers": [run_folder.weights_identity(teacher) for teacher in self.teachers],
        }


def _result_line(record: EpochRecord, total: int) -> str:
    """The original's line, such as ``Accuracy: 9758/10000 (97.58%)``."""
    correct = round(record.eval_accuracy * total)
    return (
        f"{record.eval_set.capitalize()} set: Average loss: "
        f"{record.eval_loss:.4f}, Accuracy: {correct}/{total} ({record.eval_accuracy:.2%})\n"
    )


def _goodness(record: EpochRecord) -> tuple[float, float]:
    """Key by which the best epoch is the greatest."""
    return record.eval_accuracy, -record.eval_loss
