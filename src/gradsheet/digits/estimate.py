"""How long a training run will take on this machine, measured on a few batches."""

import time

import torch

from gradsheet.digits.data import Dataset
from gradsheet.digits.evaluation import evaluate
from gradsheet.digits.run import TrainingRun
from gradsheet.digits.training import BATCHES_AT_ONCE, Trainer

_SAMPLE = 1_000  # images whose evaluation is timed


def seconds_left(run: TrainingRun, dataset: Dataset) -> float:
    """Seconds that ``run`` still has to train, at the speed measured now."""
    return run.epochs_left * _seconds_per_epoch(run, dataset) if run.epochs_left else 0.0


def _seconds_per_epoch(run: TrainingRun, dataset: Dataset) -> float:
    trainer = Trainer(run.recipe, dataset, run.seed, run.device, bar=False)
    batches = trainer.batches_without_end(torch.Generator(run.device).manual_seed(run.seed))
    trainer.model.train()
    seconds = 0.0
    for _ in range(2):  # the first time warms up
        started = time.perf_counter()
        for _ in range(BATCHES_AT_ONCE):
            trainer.step(*next(batches), run.recipe.learning_rate_at(0, 1_000))
        seconds = time.perf_counter() - started
    started = time.perf_counter()
    evaluate(trainer.evaluated_model, dataset.test[:_SAMPLE])
    evaluation = (time.perf_counter() - started) * len(dataset.test) / _SAMPLE
    batch = min(run.recipe.batch_size, len(dataset.train))
    return seconds * len(dataset.train) / (batch * BATCHES_AT_ONCE) + evaluation
