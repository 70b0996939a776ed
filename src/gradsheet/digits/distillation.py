"""Distillation: what the teachers say of an epoch's images, computed once for all students."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import chain
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from gradsheet.digits.batches import Batches, Lesson
from gradsheet.digits.storage import read_tensors, write_tensors
from gradsheet.digits.zoo import Network
from gradsheet.errors import GradsheetError
from gradsheet.files import exclusive

_AT_ONCE = 2_000  # images that the teachers are shown
_NAME = "teacher_probabilities"


class Lessons:
    """The epochs that teachers teach.

    An image is augmented in an epoch for every student alike, whatever its seed and its network:
    the mean teacher probabilities of each are computed by the first student and kept for the rest.

    Args:
        batches: the training images.
        teachers: the networks that teach.
        temperature: divides their logits before the softmax.
        logits: of a network for normalized images (N, 1, 28, 28), (N, 10).
        folder: where the probabilities are kept for other students; None keeps none.
        bar: whether to show a progress bar.
    """

    def __init__(
        self,
        batches: Batches,
        teachers: Sequence[Network],
        temperature: float,
        logits: Callable[[Network, Tensor], Tensor],
        folder: Path | None = None,
        bar: bool = False,
    ) -> None:
        self._batches, self._teachers, self._temperature = batches, teachers, temperature
        self._logits, self._folder, self._bar = logits, folder, bar

    def epoch(self, number: int) -> Lesson:
        """The lesson of an epoch, from 1."""
        images = self._batches.images
        draws = torch.Generator(images.images.device).manual_seed(number)
        drawn = self._batches.draw(len(images), draws)
        if self._folder is None:
            return Lesson(drawn, self._ask(drawn, number))
        path = self._folder / f"epoch-{number:03}.safetensors"
        with exclusive(self._folder, wait=True):  # another student may be asking just now
            said = self._kept(path)
            if said is None:
                said = self._ask(drawn, number)
                write_tensors(path, {_NAME: said}, {"identity": self._identity})
        return Lesson(drawn, said.to(images.images.device))

    def _kept(self, path: Path) -> Tensor | None:
        """The probabilities in a file; None where it is missing, damaged or of other teachers."""
        with suppress(GradsheetError):
            tensors, metadata = read_tensors(path)
            said = tensors.get(_NAME)
            if said is not None and metadata.get("identity") == self._identity:
                return said if said.shape == (len(self._batches.images), 10) else None
        return None

    @torch.no_grad()
    def _ask(self, drawn: Tensor | None, epoch: int) -> Tensor:
        images = self._batches.images
        numbers = torch.arange(len(images), device=images.images.device)
        parts = torch.split(numbers, _AT_ONCE)
        said = []
        for chosen in tqdm(parts, f"teachers, epoch {epoch}", leave=False, disable=not self._bar):
            inputs = self._batches.inputs(chosen, None if drawn is None else drawn[chosen])
            logits = [self._logits(teacher, inputs) for teacher in self._teachers]
            said.append(mean_probabilities(logits, self._temperature))
        return torch.cat(said)

    @cached_property
    def _identity(self) -> str:
        """SHA-256 of all that the probabilities depend on, but for the epoch."""
        digest = hashlib.sha256(f"{self._temperature} {self._batches.augmentation}".encode())
        weights = chain.from_iterable(t.state_dict().values() for t in self._teachers)
        for tensor in (self._batches.images.images, *weights):
            digest.update(tensor.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()


def mean_probabilities(teacher_logits: Sequence[Tensor], temperature: float) -> Tensor:
    """The mean over the teachers of softmax(logits / temperature), (N, 10)."""
    return torch.stack([(one / temperature).softmax(dim=1) for one in teacher_logits]).mean(dim=0)


def distillation_loss(logits: Tensor, teacher_probabilities: Tensor, temperature: float) -> Tensor:
    """Kullback-Leibler divergence of the student from the mean teacher probabilities.

    Source: G. Hinton, O. Vinyals, J. Dean, Distilling the knowledge in a neural network (2015).

    Args:
        logits: the student's logits, (N, 10).
        teacher_probabilities: of the same augmented images at the same temperature, (N, 10).
        temperature: divides the logits before the softmax.

    Returns:
        the mean over the images in nats, times the square of the temperature, which keeps the size
        of the gradient.
    """
    student = (logits / temperature).log_softmax(dim=1)
    return temperature**2 * F.kl_div(student, teacher_probabilities, reduction="batchmean")
