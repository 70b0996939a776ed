"""A study: one recipe, many seeds, and the distribution of their accuracy."""

import json
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from scipy import stats

from gradsheet.digits.data import Dataset, load
from gradsheet.digits.history import read_history
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.run import TrainingRun
from gradsheet.digits.run_folder import describe
from gradsheet.digits.summary import size
from gradsheet.digits.zoo import EXACT, make_network, name_of
from gradsheet.errors import GradsheetError
from gradsheet.files import exclusive, read_json, reading, write_text

_SUMMARY = "summary.json"
_PROBABILITIES = "teacher-probabilities"  # of the augmented images, which all seeds share
_IDENTITY = ("recipe", "evaluated on", "trained on", "data")  # what all seeds share
_CONFIG = (*_IDENTITY, "versions", "machine")  # what a record states beside the results
_TRIES = 3  # of a seed whose worker was killed
_LOOK = 1.0  # seconds between two looks at the progress of the workers


@dataclass(frozen=True)
class Study:
    """One recipe trained with the seeds 0, 1, 2, … in the folders ``seed-000``, ``seed-001``, ….

    Attributes:
        folder: the study's folder.
        recipe: the recipe of all runs.
        seeds: number of seeds, at least 2: one has no distribution.
        held_out: number of training images, the last ones, to evaluate on instead of the test set;
            0 evaluates on the test set.
        data: a folder of four IDX files instead of MNIST.
        threads: number of threads of each worker.
        device: where the workers train.
        teachers: runs to distill from, for a recipe that does.
    """

    folder: Path
    recipe: Recipe
    seeds: int
    held_out: int = 0
    data: Path | None = None
    threads: int = 1
    device: str = "cpu"
    teachers: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.seeds < 2:
            raise GradsheetError(
                f"a study of {self.seeds} seeds has no distribution; expected 2 or more"
            )

    def execute(self, start: Callable[[], Executor], look: Callable[[int], None]) -> dict[str, Any]:
        """Train every seed that is not finished yet, and summarize all of them.

        A worker that is killed takes its executor along: a new one is started, and unfinished
        seeds go on from their last epoch.

        Args:
            start: makes an executor of the ``concurrent.futures`` interface; its workers must see
                the study's folder.
            look: told now and then the number of epochs done in all.

        Returns:
            the content of ``summary.json``.

        Raises:
            GradsheetError: the folder holds another study, or a worker failed.
        """
        dataset = load(self.data)
        self.run(0).check(dataset)
        with exclusive(self.folder):
            return self._execute(dataset, start, look)

    def _execute(
        self, dataset: Dataset, start: Callable[[], Executor], look: Callable[[int], None]
    ) -> dict[str, Any]:
        for seed in range(self.seeds):
            self.run(seed).claim(dataset)
        self._check_records()
        for _ in range(_TRIES):
            todo = [seed for seed in range(self.seeds) if self._read_record(seed) is None]
            if not todo or self._train(todo, start, look):
                break
        else:
            raise GradsheetError(
                f"workers were killed {_TRIES} times, perhaps for want of memory; the same "
                "command goes on with fewer --jobs"
            )
        look(self.epochs_done())
        summary = self._summarize()
        write_text(self.folder / _SUMMARY, json.dumps(summary, indent=1) + "\n")
        return summary

    def _check_records(self) -> None:
        """Raise GradsheetError if a finished seed's record is that of another study."""
        for seed in range(self.seeds):
            record, config = self._read_record(seed), describe(self._run_folder(seed))
            for name in _IDENTITY if record else ():
                if record and record.get(name, config[name]) != config[name]:
                    raise GradsheetError(
                        f"{self._record(seed)} records a run with another {name}; give another "
                        "folder with -o"
                    )

    def epochs_done(self) -> int:
        """Number of epochs trained so far, over all seeds; a record may be all that is kept."""
        return sum(map(self._epochs_of, range(self.seeds)))

    def _epochs_of(self, seed: int) -> int:
        if record := self._read_record(seed):
            return len(record["history"])
        with suppress(GradsheetError):
            return len(read_history(self._run_folder(seed)))
        return 0

    def _train(
        self, seeds: Sequence[int], start: Callable[[], Executor], look: Callable[[int], None]
    ) -> bool:
        """Train ``seeds``; False where workers were lost on the way."""
        executor, futures = start(), []
        try:
            futures += [executor.submit(train_seed, self, seed) for seed in seeds]
            for future in _as_finished(futures, lambda: look(self.epochs_done())):
                future.result()
        except (BrokenExecutor, CancelledError):
            return False
        finally:
            with suppress(Exception):  # a cluster that is gone cancels nothing
                for future in futures:
                    future.cancel()
                executor.shutdown(wait=False)
        return True

    def _summarize(self) -> dict[str, Any]:
        runs = [record for seed in range(self.seeds) if (record := self._read_record(seed))]
        first = {**describe(self._run_folder(0)), **runs[0]}
        return {
            **{name: first[name] for name in _IDENTITY},
            **size(make_network(self.recipe.architecture)),
            "command": self._command,
            "versions": first["versions"],
            "machine": first["machine"],
            **distribution([run["accuracy"] for run in runs]),
            "mean loss": round(statistics.mean(run["loss"] for run in runs), 6),
            "runs": [{k: v for k, v in run.items() if k not in _CONFIG} for run in runs],
        }

    @property
    def _command(self) -> str:
        held_out = f" --validation {self.held_out}" if self.held_out else ""
        name = name_of(self.recipe.architecture)
        model = "" if name in (None, EXACT) else f" --model {name}"
        recipe = self.recipe.name
        return f"gradsheet study --recipe {recipe}{model} --seeds {self.seeds}{held_out}"

    def run(self, seed: int) -> TrainingRun:
        """The training run of one seed."""
        return TrainingRun(
            self._run_folder(seed),
            self.recipe,
            seed,
            torch.device(self.device),
            self.held_out,
            self.teachers,
            self.folder / _PROBABILITIES if self.teachers else None,
        )

    def _run_folder(self, seed: int) -> Path:
        return self.folder / f"seed-{seed:03}"

    def _record(self, seed: int) -> Path:
        return self.folder / f"seed-{seed:03}.json"

    def _read_record(self, seed: int) -> dict[str, Any] | None:
        """What a finished seed left; None where that is missing or damaged: it is made again."""
        path = self._record(seed)
        try:
            with reading(path, "the record of a run"):
                record = read_json(path, "the record of a run")
                if "recipe" in record:
                    record["recipe"] = Recipe.completed(record["recipe"])
                accuracies = [record["accuracy"], *record["history"]]
                if record["seed"] == seed and record["history"]:
                    sound = isinstance(record["loss"], float) and all(map(_is_share, accuracies))
                    return dict(record) if sound else None
        except GradsheetError:
            pass
        return None


def train_seed(study: Study, seed: int) -> None:
    """Train one seed of a study, or go on with it, and leave its record beside its folder."""
    torch.set_num_threads(study.threads)
    run, data = study.run(seed), load(study.data)
    finished = run.execute(data, say=lambda line: None, bar=False, wait=True)
    result = finished.evaluation
    config = describe(run.folder)
    record = {
        **{name: config[name] for name in _CONFIG},
        "seed": seed,
        "accuracy": result.accuracy,
        "loss": round(result.loss, 6),
        "epochs": len(finished.history),
        "seconds of training": round(sum(epoch.seconds for epoch in finished.history), 1),
        "load": _load(),
        "history": [epoch.eval_accuracy for epoch in finished.history],
        "mistakes": result.mistakes.tolist(),
    }
    write_text(study._record(seed), json.dumps(record) + "\n")


def _load() -> float | None:
    """Processes that ran or waited for a core, over the last 15 minutes; None on Windows."""
    return round(os.getloadavg()[2], 1) if hasattr(os, "getloadavg") else None


def distribution(values: Sequence[float]) -> dict[str, Any]:
    """Number, mean, standard deviation, worst, best and 95% interval of the mean.

    Student's t (Student, The probable error of a mean, Biometrika 6, 1908, 1-25), cut off at 0 and
    1: a mean accuracy lies between them, so that the cut interval covers it as often.
    """
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    margin = float(stats.t.ppf(0.975, len(values) - 1)) * deviation / len(values) ** 0.5
    interval = max(0.0, mean - margin), min(1.0, mean + margin)
    return {
        "n": len(values),
        "mean": round(mean, 6),
        "standard deviation": round(deviation, 6),
        "worst": min(values),
        "best": max(values),
        "95% interval of the mean": [round(end, 6) for end in interval],
    }


def read_summary(path: Path) -> dict[str, Any] | None:
    """The summary in a study's folder or in a file of its own; None where there is none.

    Raises:
        GradsheetError: it is damaged.
    """
    file = path / _SUMMARY if path.is_dir() else path
    if file.suffix != ".json" or not file.is_file():
        return None
    expected = "the summary of a study of two runs or more"
    with reading(file, expected):
        summary = read_json(file, expected)
        accuracies = [run["accuracy"] for run in summary["runs"]]
        if len(accuracies) < 2 or not all(map(_is_share, accuracies)):
            raise ValueError(f"{len(accuracies)} runs")
        return dict(summary)


def _is_share(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= 1  # type: ignore[operator]  # it is a number


def _as_finished(
    futures: Sequence["Future[None]"], look: Callable[[], None]
) -> Iterator["Future[None]"]:
    """The futures as they finish, with a look at the progress every second."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=_LOOK)
        look()
        yield from done
