"""A learning-rate trial: the loss while the learning rate rises with each step."""

import math
from dataclasses import dataclass

import torch
from tqdm import tqdm

from gradsheet.digits.data import Dataset
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.training import Trainer

_SMOOTHING = 0.95  # decay of the moving average of the loss
_EXPLODED = 4  # times the lowest smoothed loss


@dataclass(frozen=True)
class RatePoint:
    """One step of a trial.

    Attributes:
        learning_rate: the step's learning rate.
        loss: mean loss of the step's batch before the update, in nats.
        smooth_loss: exponential moving average of the losses so far, corrected for its start.
    """

    learning_rate: float
    loss: float
    smooth_loss: float


def try_rates(
    recipe: Recipe,
    dataset: Dataset,
    seed: int,
    device: torch.device,
    low: float = 1e-5,
    high: float = 10.0,
    steps: int = 300,
    *,
    bar: bool = True,
) -> list[RatePoint]:
    """Train while the learning rate rises from ``low`` to ``high``, until the loss explodes.

    Each rate is the same multiple of the one before. Source: L. N. Smith, Cyclical learning rates
    for training neural networks (2017), section 3.3.
    """
    trainer = Trainer(recipe, dataset, seed, device)
    batches = trainer.batches.endless(torch.Generator(device).manual_seed(seed))
    points: list[RatePoint] = []
    average = 0.0
    trainer.model.train()
    for step, batch in enumerate(tqdm(batches, total=steps, dynamic_ncols=True, disable=not bar)):
        rate = low * (high / low) ** (step / (steps - 1))
        loss, _ = trainer.step(batch, rate)
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        points.append(RatePoint(rate, loss, average / (1 - _SMOOTHING ** (step + 1))))
        limit = _EXPLODED * min(point.smooth_loss for point in points)
        if step + 1 == steps or not math.isfinite(loss) or points[-1].smooth_loss > limit:
            break
    return points
