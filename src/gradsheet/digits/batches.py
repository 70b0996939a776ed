"""Training images in memory, shuffled, augmented and cut into batches."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gradsheet.digits.augment import Distortion, RandomAugmentation
from gradsheet.digits.data import IMAGE_SIZE, ImageSet
from gradsheet.digits.evaluation import normalize

# Several batches are augmented at once: an operation costs the same few microseconds for sixteen
# small batches as for one.
BATCHES_AT_ONCE = 16

Batch = tuple[Tensor, Tensor]
"""Inputs of the network, float (N, 1, 28, 28), and their labels, int64 (N,)."""


class Batches:
    """The batches of an epoch, each drawn anew.

    Attributes:
        images: the training images, on the device that trains.
        batch_size: number of images in a batch; the last batch of an epoch may be smaller.
    """

    def __init__(self, images: ImageSet, batch_size: int, augmentation: Distortion | None) -> None:
        self.images, self.batch_size = images, min(len(images), batch_size)
        self._device = images.images.device
        self._augment = (
            None
            if augmentation is None
            else RandomAugmentation(augmentation, IMAGE_SIZE, self._device)
        )

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return -(-len(self.images) // self.batch_size)

    def epoch(self, draws: torch.Generator) -> Iterator[Batch]:
        """Every training image once, in random order; ``draws`` fixes order and augmentation."""
        order = torch.randperm(len(self.images), generator=draws, device=self._device)
        for chosen in torch.split(order, self.batch_size * BATCHES_AT_ONCE):
            inputs, labels = self._inputs(chosen, draws), self.images.labels[chosen]
            yield from zip(
                torch.split(inputs, self.batch_size),
                torch.split(labels, self.batch_size),
                strict=True,
            )

    def endless(self, draws: torch.Generator) -> Iterator[Batch]:
        """One epoch's batches after another's."""
        while True:
            yield from self.epoch(draws)

    def _inputs(self, chosen: Tensor, draws: torch.Generator) -> Tensor:
        images = self.images.images[chosen].float()
        return normalize(images if self._augment is None else self._augment(images, draws))
