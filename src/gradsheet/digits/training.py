"""Training: epochs of steps, an average of the weights, the original's progress bar."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from gradsheet.digits import training_pass
from gradsheet.digits.averaging import WeightAverage, channels_first, recalibrate_statistics
from gradsheet.digits.batches import Batch, Batches, Lesson
from gradsheet.digits.data import Dataset
from gradsheet.digits.device import StepTimes, adjusts_threads, multiplies_bfloat16
from gradsheet.digits.distillation import Lessons, distillation_loss
from gradsheet.digits.evaluation import evaluate
from gradsheet.digits.history import EpochRecord
from gradsheet.digits.optimizers import make_optimizers, update_weights
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.small_model import SmallNet, logits_in_training
from gradsheet.digits.zoo import Network, make_network
from gradsheet.errors import GradsheetError
from gradsheet.processes import free_cores

tqdm.set_lock(RLock())  # its own is one between processes, left behind by a worker that is killed
_RECALIBRATION_IMAGES = 20_000

_TRAINED_ON = {
    True: "is trained on teacher probabilities: give at least one run folder with --teacher",
    False: "is trained on the labels: expected no --teacher",
}


def check_teachers(recipe: Recipe, count: int) -> None:
    """Raise GradsheetError if a recipe that distills has no teachers, or another one has some."""
    distills = recipe.temperature is not None
    if bool(count) != distills:
        raise GradsheetError(f"the recipe {recipe.name} {_TRAINED_ON[distills]}, {count} given")


class Trainer:
    """A training run in progress.

    The random numbers of an epoch depend on the seed and the epoch alone. A run that is stopped
    after any epoch and resumed ends with the weights of one that was not, on the same machine with
    the same number of threads. When other work takes the cores, training goes on with one thread.
    ``probabilities`` is a folder that keeps what teachers say for other runs.

    Attributes:
        model: the network that is trained, on ``device``.
        average: the moving average of its weights, or None for a recipe without one.
        optimizers: together they update all parameters.
        batches: the training images.
        history: a record for each epoch so far.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        seed: int,
        device: torch.device,
        bar: bool = True,
        teachers: Sequence[Network] = (),
        say: Callable[[str], None] | None = None,
        probabilities: Path | None = None,
    ) -> None:
        check_teachers(recipe, len(teachers))
        self.recipe, self.seed, self.device, self._bar = recipe, seed, device, bar
        self.eval_set, self._eval_images = dataset.eval_set, dataset.test
        self.batches = Batches(dataset.train.to(device), recipe.batch_size, recipe.augmentation)
        torch.manual_seed(seed)
        self.model = make_network(recipe.architecture).to(device)
        self.optimizers = make_optimizers(self.model, recipe)
        decay = recipe.ema_decay
        self.average = None if decay is None else WeightAverage(self.model, decay)
        self.history: list[EpochRecord] = []
        self._say, self._step_times = say, StepTimes()
        self._bfloat16 = recipe.mixed_precision and multiplies_bfloat16(device)
        self._lessons = None
        if recipe.temperature is not None:
            asked = [teacher.to(device).eval() for teacher in teachers]
            self._lessons = Lessons(
                self.batches, asked, recipe.temperature, self._logits, probabilities, bar
            )

    @property
    def evaluated_model(self) -> Network:
        """The network that is evaluated and saved: the moving average if there is one."""
        return self.model if self.average is None else self.average.model

    def run_epoch(self) -> EpochRecord:
        """Train for one epoch under a progress bar, evaluate, and add to the history.

        Raises:
            GradsheetError: the loss is no longer a finite number.
        """
        epoch = len(self.history) + 1
        started = time.perf_counter()
        rate, train_loss, train_accuracy = self._train_epoch(epoch)
        if self.recipe.recalibrate_statistics and epoch == self.recipe.epochs:
            images = self.batches.images.images[:_RECALIBRATION_IMAGES]
            recalibrate_statistics(self.evaluated_model, images)
        seconds = time.perf_counter() - started
        result = evaluate(self.evaluated_model, self._eval_images)
        record = EpochRecord(
            epoch,
            rate,
            train_loss,
            train_accuracy,
            self.eval_set,
            result.loss,
            result.accuracy,
            seconds,
        )
        self.history.append(record)
        return record

    def _train_epoch(self, epoch: int) -> tuple[float, float, float]:
        """The last learning rate, the mean loss and the accuracy of an epoch."""
        torch.manual_seed(self.seed * 1_000_003 + epoch)  # dropout draws from the global generator
        draws = torch.Generator(self.device).manual_seed(self.seed * 1_000_003 + epoch)
        first, steps = (epoch - 1) * len(self.batches), self.recipe.epochs * len(self.batches)
        total_loss, total_correct, rate = 0.0, 0, math.nan
        self.model.train()
        lesson = None if self._lessons is None else self._lessons.epoch(epoch)
        with self._progress(draws, lesson) as bar:
            for batch_id, batch in enumerate(bar):
                rate = self.recipe.learning_rate_at(first + batch_id, steps)
                loss, correct = self.watched_step(batch, rate)
                if not math.isfinite(loss):
                    raise GradsheetError(
                        f"the loss is {loss} in epoch {epoch}, batch {batch_id}: training "
                        "diverged; use a lower learning rate or a larger batch"
                    )
                if self.average is not None:
                    self.average.update_ema(first + batch_id + 1)
                total_loss += loss * len(batch.labels)
                total_correct += correct
                bar.set_description_str(f"loss={loss:.4f} batch_id={batch_id}", refresh=False)
                if self._bar:
                    left = self._seconds_left(
                        epoch, batch_id + 1, float(bar.format_dict["elapsed"])
                    )
                    bar.set_postfix_str(f"run: {bar.format_interval(left)} left", refresh=False)
        count = len(self.batches.images)
        return rate, total_loss / count, total_correct / count

    def _seconds_left(self, epoch: int, batches: int, elapsed: float) -> float:
        """Estimate for the rest of the run, after some batches of an epoch that took ``elapsed``.

        The whole run so far tells the speed: epochs before, and this one.
        """
        spent = elapsed + sum(record.seconds for record in self.history)
        done = epoch - 1 + batches / len(self.batches)
        return spent / done * (self.recipe.epochs - done)

    def watched_step(self, batch: Batch, rate: float) -> tuple[float, int]:
        """``step``; training goes on with one thread when other work takes the cores."""
        started = time.perf_counter()
        result = self.step(batch, rate)
        if self._step_times.crowded(time.perf_counter() - started):
            self._leave_cores()
        return result

    def _leave_cores(self) -> None:
        """Go on with one thread, if other work and not this run has made the steps slow."""
        threads = torch.get_num_threads()
        if not adjusts_threads(self.device) or free_cores() >= threads:
            return
        torch.set_num_threads(1)
        if self._say is not None:
            with tqdm.external_write_mode():
                self._say(
                    "Other work takes the cores: training goes on with 1 thread; "
                    f"OMP_NUM_THREADS={threads} keeps all."
                )

    def _progress(self, draws: torch.Generator, lesson: Lesson | None) -> "tqdm[Batch]":
        """The batches of an epoch under a progress bar."""
        return tqdm(
            self.batches.epoch(draws, lesson),
            total=len(self.batches),
            dynamic_ncols=True,
            mininterval=0.25,
            disable=not self._bar,
        )

    def step(self, batch: Batch, rate: float) -> tuple[float, int]:
        """Update the weights once, at a learning ``rate``.

        Returns:
            the batch's mean loss in nats and the number of images classified correctly, both
            before the update.
        """
        logits = self._logits(self.model, batch.images)
        loss = self._loss(logits, batch)
        self.model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        update_weights(self.optimizers, rate)
        return loss.item(), int((logits.argmax(dim=1) == batch.labels).sum())

    def _loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy with the labels, or the divergence from the teacher probabilities."""
        if self.recipe.temperature is None:
            return F.cross_entropy(logits, batch.labels)
        assert batch.teacher_probabilities is not None
        return distillation_loss(logits, batch.teacher_probabilities, self.recipe.temperature)

    def _logits(self, model: Network, images: Tensor) -> Tensor:
        """Logits (N, 10), float, of normalized images."""
        dtype = torch.bfloat16 if self._bfloat16 else torch.float32
        if isinstance(model, SmallNet):
            return logits_in_training(model, images, dtype)
        if not training_pass.applies_to(model.architecture):
            return model(channels_first(images))  # type: ignore[no-any-return]  # Module.__call__ is untyped
        layout: training_pass.Layout = "space-to-depth" if self._bfloat16 else "channels-last"
        return training_pass.logits(model, images, dtype, layout)
