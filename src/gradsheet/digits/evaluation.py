"""How well a model reads a set of images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.digits.data import CLASSES, ImageSet

# Mean and standard deviation of a pixel of the MNIST training images, of 1.
PIXEL_MEAN, PIXEL_DEVIATION = 0.1307, 0.3081

Shift = tuple[int, int]
FIVE_VIEWS: tuple[Shift, ...] = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))

# Test images of MNIST whose label at least three of five annotators reject, by their index.
# Source: C. G. Northcutt, A. Athalye, J. Mueller, Pervasive label errors in test sets destabilize
# machine learning benchmarks (2021), the repository cleanlab/label-errors.
REJECTED_LABELS = (
    *(947, 1621, 1901, 2130, 2462, 2597, 2654, 3520),
    *(3558, 5937, 6651, 6783, 8527, 9679, 9729),
)


def normalize(images: Tensor) -> Tensor:
    """Pixels (N, H, W) from 0 to 255 as the network's input: float (N, 1, H, W).

    Their strides say channels last, the layout in which a CPU convolves fastest: PyTorch keeps it
    from layer to layer.
    """
    pixels = (images.float() - 255 * PIXEL_MEAN) / (255 * PIXEL_DEVIATION)
    return pixels.unsqueeze(-1).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Evaluation:
    """What a model says of a labeled set.

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

    def without(self, indices: Sequence[int]) -> "Evaluation":
        """The same of all images but some."""
        kept = torch.ones(self.total, dtype=torch.bool)
        kept[list(indices)] = False
        return Evaluation(self.log_probabilities[kept], self.labels[kept])

    @cached_property
    def confusion(self) -> Tensor:
        """(10, 10) counts: the row is the true digit, the column the predicted one."""
        cells = self.labels * CLASSES + self.predictions
        return torch.bincount(cells, minlength=CLASSES**2).view(CLASSES, CLASSES)

    @cached_property
    def recall(self) -> list[float]:
        """Of each digit's images the fraction read rightly; NaN for a digit without images."""
        return (self.confusion.diag() / self.confusion.sum(dim=1)).tolist()


def evaluate(
    model: nn.Module, images: ImageSet, batch_size: int = 1_000, views: Sequence[Shift] = ((0, 0),)
) -> Evaluation:
    """Read every image with ``model`` in evaluation mode, in float32.

    With several ``views`` each image is read moved by each of them, in pixels right and down, and
    the probabilities are averaged.
    """
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode():
        batches = torch.split(images.images, batch_size)
        logits = [
            torch.cat(
                [model(normalize(moved(batch, view).to(device))).float() for batch in batches]
            )
            for view in views
        ]
    each = [Evaluation(view.cpu().log_softmax(dim=1), images.labels.cpu()) for view in logits]
    return each[0] if len(each) == 1 else together(each)


def together(evaluations: Sequence[Evaluation]) -> Evaluation:
    """What several models, or views, say of the same images together: the mean probabilities."""
    each = torch.stack([evaluation.log_probabilities for evaluation in evaluations])
    mean = each.logsumexp(dim=0) - math.log(len(evaluations))
    return Evaluation(mean, evaluations[0].labels)


def moved(images: Tensor, shift: Shift) -> Tensor:
    """Images (N, H, W) moved right and down by whole pixels; what comes in is 0."""
    right, down = shift
    padded = F.pad(images, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))
    height, width = images.shape[1:]
    top, left = max(-down, 0), max(-right, 0)
    return padded[:, top : top + height, left : left + width]


def wilson_interval(correct: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95% score interval of a proportion.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    JASA 22 (1927), 209-212.
    """
    rate = correct / total
    center = rate + z**2 / (2 * total)
    margin = z * math.sqrt(rate * (1 - rate) / total + z**2 / (4 * total**2))
    scale = 1 + z**2 / total
    return (center - margin) / scale, (center + margin) / scale
