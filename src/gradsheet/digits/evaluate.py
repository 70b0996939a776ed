"""How well a model reads a set of images."""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.digits.dataset import CLASSES, ImageSet

# Mean and standard deviation of a pixel of the MNIST training images, of 1.
PIXEL_MEAN, PIXEL_DEVIATION = 0.1307, 0.3081


def normalise(images: Tensor) -> Tensor:
    """Pixels (N, H, W) from 0 to 255 as the network's input: float (N, 1, H, W)."""
    return normalise_batch(images.unsqueeze(1).float())


def normalise_batch(images: Tensor) -> Tensor:
    """The same for pixels that are floats already, still from 0 to 255, in any layout."""
    return (images - 255 * PIXEL_MEAN) / (255 * PIXEL_DEVIATION)


@dataclass(frozen=True)
class Evaluation:
    """What a model says of a labelled set.

    Attributes:
        log_probabilities: (N, 10), float32, on the CPU.
        labels: (N,), the true digits.
    """

    log_probabilities: Tensor
    labels: Tensor

    @property
    def total(self) -> int:
        """How many images were read."""
        return len(self.labels)

    @cached_property
    def predictions(self) -> Tensor:
        """(N,): the most probable digit of each image."""
        return self.log_probabilities.argmax(dim=1)

    @cached_property
    def loss(self) -> float:
        """Mean cross-entropy an image, in nats."""
        return float(F.nll_loss(self.log_probabilities.double(), self.labels))

    @cached_property
    def correct(self) -> int:
        """How many images were read rightly."""
        return int((self.predictions == self.labels).sum())

    @cached_property
    def mistakes(self) -> Tensor:
        """Indices of the images read wrongly, ascending."""
        return (self.predictions != self.labels).nonzero().flatten()

    @cached_property
    def confusion(self) -> Tensor:
        """(10, 10) counts: the row is the true digit, the column the predicted one."""
        cells = self.labels * CLASSES + self.predictions
        return torch.bincount(cells, minlength=CLASSES**2).view(CLASSES, CLASSES)

    @cached_property
    def recall(self) -> list[float]:
        """Of each digit's images the fraction read rightly; NaN for a digit without images."""
        return (self.confusion.diag() / self.confusion.sum(dim=1)).tolist()


def evaluate(model: nn.Module, images: ImageSet, batch_size: int = 1_000) -> Evaluation:
    """Read every image with ``model`` in evaluation mode, in float32."""
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode():
        batches = torch.split(images.images, batch_size)
        logits = [model(normalise(batch.to(device))).float().cpu() for batch in batches]
    return Evaluation(torch.cat(logits).log_softmax(dim=1), images.labels.cpu())


def wilson_interval(correct: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95% score interval of a proportion.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    JASA 22 (1927), 209-212.
    """
    rate = correct / total
    centre = rate + z**2 / (2 * total)
    margin = z * math.sqrt(rate * (1 - rate) / total + z**2 / (4 * total**2))
    scale = 1 + z**2 / total
    return (centre - margin) / scale, (centre + margin) / scale
