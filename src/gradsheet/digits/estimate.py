"""An estimate of the time a training run takes on this machine, from a few batches."""

import time

import torch

from gradsheet.digits.batches import BATCHES_AT_ONCE
from gradsheet.digits.data import Dataset
from gradsheet.digits.evaluation import evaluate
from gradsheet.digits.run import TrainingRun
from gradsheet.digits.training import Trainer

_SAMPLE = 1_000  # images whose evaluation is timed


def seconds_left(run: TrainingRun, dataset: Dataset) -> float:
    """Seconds of training that ``run`` still needs, at the speed measured now."""
    return run.epochs_left * _seconds_per_epoch(run, dataset) if run.epochs_left else 0.0


def _seconds_per_epoch(run: TrainingRun, dataset: Dataset) -> float:
    trainer = Trainer(run.recipe, dataset, run.seed, run.device, bar=False)
    batches = trainer.batches.endless(torch.Generator(run.device).manual_seed(run.seed))
    trainer.model.train()
    seconds = 0.0
    for _ in range(2):  # the first time warms up
        started = time.perf_counter()
        for _ in range(BATCHES_AT_ONCE):
            trainer.step(next(batches), run.recipe.learning_rate_at(0, 1_000))
        seconds = time.perf_counter() - started
    started = time.perf_counter()
    evaluate(trainer.evaluated_model, dataset.test[:_SAMPLE])
    evaluation = (time.perf_counter() - started) * len(dataset.test) / _SAMPLE
    images = trainer.batches.batch_size * BATCHES_AT_ONCE
    return seconds * len(dataset.train) / images + evaluation
