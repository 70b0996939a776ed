"""Training images in memory, shuffled, augmented and cut into batches."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from gradsheet.digits.augment import Distortion, RandomAugmentation
from gradsheet.digits.data import IMAGE_SIZE, ImageSet
from gradsheet.digits.evaluation import normalize

# Several batches are augmented at once: an operation costs the same few microseconds for sixteen
# small batches as for one.
BATCHES_AT_ONCE = 16


class Batch(NamedTuple):
    """What a step is taken with.

    Attributes:
        images: inputs of the network, float (N, 1, 28, 28).
        labels: int64 (N,).
        teacher_probabilities: float (N, 10), where the network is distilled from teachers.
    """

    images: Tensor
    labels: Tensor
    teacher_probabilities: Tensor | None = None


class Lesson(NamedTuple):
    """An epoch that is the same for several runs, except for its order.

    Attributes:
        drawn: how each training image is augmented; None where none is.
        teacher_probabilities: float (images, 10), of the images so augmented.
    """

    drawn: Tensor | None
    teacher_probabilities: Tensor


class Batches:
    """The batches of an epoch, each drawn anew.

    Attributes:
        images: the training images, on the device that trains.
        batch_size: number of images in a batch; the last batch of an epoch may be smaller.
        augmentation: limits of the random augmentation, or None.
    """

    def __init__(self, images: ImageSet, batch_size: int, augmentation: Distortion | None) -> None:
        self.images, self.batch_size = images, min(len(images), batch_size)
        self.augmentation = augmentation
        self._device = images.images.device
        self._augment = (
            None
            if augmentation is None
            else RandomAugmentation(augmentation, IMAGE_SIZE, self._device)
        )

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return -(-len(self.images) // self.batch_size)

    def epoch(self, draws: torch.Generator, lesson: Lesson | None = None) -> Iterator[Batch]:
        """Every training image once, in random order; ``draws`` fixes order and augmentation.

        With a ``lesson`` the augmentation is the lesson's.
        """
        order = torch.randperm(len(self.images), generator=draws, device=self._device)
        for chosen in torch.split(order, self.batch_size * BATCHES_AT_ONCE):
            if lesson is None:
                inputs, said = self.inputs(chosen, self.draw(len(chosen), draws)), None
            else:
                drawn = None if lesson.drawn is None else lesson.drawn[chosen]
                inputs, said = self.inputs(chosen, drawn), lesson.teacher_probabilities[chosen]
            whole = Batch(inputs, self.images.labels[chosen], said)
            yield from _cut(whole, self.batch_size)

    def endless(self, draws: torch.Generator) -> Iterator[Batch]:
        """One epoch's batches after another's."""
        while True:
            yield from self.epoch(draws)

    def draw(self, count: int, draws: torch.Generator) -> Tensor | None:
        """How ``count`` images are augmented; None where none is."""
        return None if self._augment is None else self._augment.draw(count, draws)

    def inputs(self, chosen: Tensor, drawn: Tensor | None) -> Tensor:
        """The training images of these numbers, augmented as ``drawn`` and normalized."""
        images = self.images.images[chosen].float()
        if self._augment is not None and drawn is not None:
            images = self._augment.apply(images, drawn)
        return normalize(images)


def _cut(batch: Batch, size: int) -> Iterator[Batch]:
    """Batches of ``size`` images, the last one perhaps smaller."""
    for first in range(0, len(batch.labels), size):
        part = slice(first, first + size)
        said = batch.teacher_probabilities
        yield Batch(batch.images[part], batch.labels[part], None if said is None else said[part])
