"""Evaluation: predictions for a set of images, and how many are correct."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.digits.data import CLASSES, ImageSet

PIXEL_MEAN, PIXEL_DEVIATION = 0.1307, 0.3081
"""Mean and standard deviation of the pixels of MNIST's training images, from 0 to 1."""

Shift = tuple[int, int]
"""Pixels to the right and down."""

UNSHIFTED: tuple[Shift, ...] = ((0, 0),)
TEST_TIME_SHIFTS: tuple[Shift, ...] = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
"""The copies of an image in test-time augmentation."""

# Test images of MNIST whose label at least three of five annotators reject, by their index.
# Source: C. G. Northcutt, A. Athalye, J. Mueller, Pervasive label errors in test sets destabilize
# machine learning benchmarks (2021), the repository cleanlab/label-errors.
REJECTED_LABELS = (
    *(947, 1621, 1901, 2130, 2462, 2597, 2654, 3520),
    *(3558, 5937, 6651, 6783, 8527, 9679, 9729),
)


def normalize(images: Tensor) -> Tensor:
    """Input of the network: pixels less their mean, divided by their standard deviation.

    Args:
        images: (N, H, W), 0 background to 255 ink, of any number type.

    Returns:
        float32 (N, 1, H, W), with the strides of channels last, the layout in which a CPU convolves
        fastest: PyTorch keeps it from layer to layer.
    """
    pixels = (images.float() - 255 * PIXEL_MEAN) / (255 * PIXEL_DEVIATION)
    return pixels.unsqueeze(-1).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Evaluation:
    """A model's predictions for a labeled set of N images.

    Attributes:
        log_probabilities: float32 (N, 10), on the CPU.
        labels: int64 (N,), the true digits.
    """

    log_probabilities: Tensor
    labels: Tensor

    @property
    def total(self) -> int:
        """Number of images."""
        return len(self.labels)

    @cached_property
    def predictions(self) -> Tensor:
        """Most probable digit of each image, int64 (N,)."""
        return self.log_probabilities.argmax(dim=1)

    @cached_property
    def loss(self) -> float:
        """Mean cross-entropy per image, in nats."""
        return float(F.nll_loss(self.log_probabilities.double(), self.labels))

    @cached_property
    def correct(self) -> int:
        """Number of correctly classified images."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """Fraction of correctly classified images, 0 to 1."""
        return self.correct / self.total

    @cached_property
    def mistakes(self) -> Tensor:
        """Indices of the misclassified images, int64, ascending."""
        return (self.predictions != self.labels).nonzero().flatten()

    def without(self, indices: Sequence[int]) -> "Evaluation":
        """The same evaluation with the images at ``indices`` left out."""
        kept = torch.ones(self.total, dtype=torch.bool)
        kept[list(indices)] = False
        return Evaluation(self.log_probabilities[kept], self.labels[kept])

    @cached_property
    def confusion(self) -> Tensor:
        """Counts, int64 (10, 10): the row is the true digit, the column the predicted one."""
        cells = self.labels * CLASSES + self.predictions
        return torch.bincount(cells, minlength=CLASSES**2).view(CLASSES, CLASSES)

    @cached_property
    def recall(self) -> list[float]:
        """Fraction of each digit's images classified correctly; NaN for a digit without images."""
        return (self.confusion.diag() / self.confusion.sum(dim=1)).tolist()


def evaluate(
    model: nn.Module,
    images: ImageSet,
    batch_size: int = 1_000,
    shifts: Sequence[Shift] = UNSHIFTED,
) -> Evaluation:
    """Classify every image, in evaluation mode and float32.

    Args:
        model: logits (N, 10) of normalized images; left in evaluation mode.
        images: the labeled set.
        batch_size: number of images in a forward pass.
        shifts: with several, an image's probabilities are the mean over its shifted copies
            (test-time augmentation).
    """
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode():
        batches = torch.split(images.images, batch_size)
        logits = [
            torch.cat(
                [model(normalize(shifted(batch, shift).to(device))).float() for batch in batches]
            )
            for shift in shifts
        ]
    each = [Evaluation(one.cpu().log_softmax(dim=1), images.labels.cpu()) for one in logits]
    return each[0] if len(each) == 1 else ensemble(each)


def ensemble(evaluations: Sequence[Evaluation]) -> Evaluation:
    """The evaluation of the mean probabilities of several evaluations of the same images."""
    each = torch.stack([evaluation.log_probabilities for evaluation in evaluations])
    mean = each.logsumexp(dim=0) - math.log(len(evaluations))
    return Evaluation(mean, evaluations[0].labels)


def shifted(images: Tensor, shift: Shift) -> Tensor:
    """Images (N, H, W) moved by whole pixels; the pixels that come in from outside are 0."""
    right, down = shift
    padded = F.pad(images, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))
    height, width = images.shape[1:]
    top, left = max(-down, 0), max(-right, 0)
    return padded[:, top : top + height, left : left + width]


def wilson_interval(correct: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Lower and upper end of the score interval of a proportion, 95% with the default ``z``.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    JASA 22 (1927), 209-212.
    """
    rate = correct / total
    center = rate + z**2 / (2 * total)
    margin = z * math.sqrt(rate * (1 - rate) / total + z**2 / (4 * total**2))
    scale = 1 + z**2 / total
    return (center - margin) / scale, (center + margin) / scale
