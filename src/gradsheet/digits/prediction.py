"""Predictions for pictures: a digit, or the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradsheet.digits.data import first_training_images
from gradsheet.digits.evaluation import normalize

NO_DIGIT = "no digit found"
UNSURE = "unsure: it may be no digit"

_SHOWN = 3
_TYPICAL_IMAGES = 500
_LEAST_ENERGY = 0.5
"""Fraction of the typical energy below which a prediction is unsure.

Chosen on rendered pictures of the last 5,000 training images, letters and noise, with weights
trained on the other 55,000 (``benchmarks/pictures.py``, results/pictures.json).
"""


@dataclass(frozen=True)
class Prediction:
    """A model's prediction for a digit in a picture, or for a picture without one.

    Attributes:
        digit: the most probable digit, 0 to 9; None where no digit was found.
        probabilities: probabilities of the digits 0 to 9; none where no digit was found.
        picture: index of the picture among those given.
        image: what the network saw, uint8 (28, 28), 0 background to 255 ink.
        reason: why there is no digit, or why it is unsure; empty where it is sure.
    """

    digit: int | None
    probabilities: tuple[float, ...]
    picture: int = 0
    image: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)
    reason: str = ""

    @property
    def sure(self) -> bool:
        """Whether a digit was found and looks like those that the network was trained on."""
        return not self.reason

    @property
    def probability(self) -> float:
        """Probability of the most probable digit; 0 where no digit was found."""
        return max(self.probabilities, default=0.0)

    @property
    def alternatives(self) -> tuple[tuple[int, float], ...]:
        """The three most probable digits and their probabilities, the most probable first."""
        ranked = sorted(enumerate(self.probabilities), key=lambda pair: -pair[1])
        return tuple(ranked[:_SHOWN])


def predict_images(model: nn.Module, pictures: Sequence[Sequence[Tensor]]) -> list[Prediction]:
    """Predictions for the digits of each picture, in order; one for a picture without any.

    A network trained on digits alone is sure of letters and noise too: its probabilities compare
    digits with one another only. What tells them apart is the energy, the logarithm of the sum of
    the exponentials of all logits, which is high for what the network was trained on (W. Liu,
    X. Wang, J. Owens, Y. Li, Energy-based out-of-distribution detection, NeurIPS 2020).

    Args:
        model: logits (N, 10) of normalized images.
        pictures: the images of the digits in each, uint8 (28, 28).
    """
    images = [image for digits in pictures for image in digits]
    logits = iter(_logits(model, torch.stack(images)) if images else ())
    least = _LEAST_ENERGY * _typical_energy(model) if images else 0.0
    predictions = []
    for number, digits in enumerate(pictures):
        predictions += [_prediction(next(logits), least, number, image) for image in digits]
        if not digits:
            predictions.append(Prediction(None, (), number, reason=NO_DIGIT))
    return predictions


def _prediction(logits: Tensor, least: float, picture: int, image: Tensor) -> Prediction:
    probabilities = tuple(logits.softmax(dim=0).tolist())
    reason = "" if float(logits.logsumexp(dim=0)) >= least else UNSURE
    return Prediction(int(logits.argmax()), probabilities, picture, image.numpy(), reason)


def _logits(model: nn.Module, images: Tensor) -> Tensor:
    """Logits (N, 10) of images (N, 28, 28), on the CPU."""
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode():
        batches = torch.split(images, 1_000)
        return torch.cat([model(normalize(batch).to(device)).float().cpu() for batch in batches])


def _typical_energy(model: nn.Module) -> float:
    """Median energy of the first training images of MNIST."""
    return float(_logits(model, _typical_images()).logsumexp(dim=1).median())


@lru_cache(maxsize=1)
def _typical_images() -> Tensor:
    return first_training_images(_TYPICAL_IMAGES)
