"""The digit classifier from Python: load, train, evaluate, predict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradsheet.arguments import checked
from gradsheet.digits import evaluation
from gradsheet.digits.data import CLASSES, IMAGE_SIZE, ImageSet, load
from gradsheet.digits.device import find_device
from gradsheet.digits.evaluation import TEST_TIME_SHIFTS, UNSHIFTED, Evaluation
from gradsheet.digits.history import EpochRecord
from gradsheet.digits.model_files import load_model
from gradsheet.digits.prediction import Prediction, predict_images
from gradsheet.digits.preprocessing import preprocess
from gradsheet.digits.recipe import Recipe, find_recipe
from gradsheet.digits.run import TrainingRun
from gradsheet.digits.zoo import Network
from gradsheet.errors import GradsheetError

Picture = str | Path | Tensor | NDArray[np.uint8]
"""A picture file, or an image like those of MNIST: uint8 (28, 28), 0 background to 255 ink."""


@dataclass(frozen=True)
class TrainingResult:
    """A trained model, its history and its evaluation.

    Attributes:
        model: the network after the last epoch, in evaluation mode.
        history: a record for each epoch.
        evaluation: of ``model`` on the test set, or on the images held out.
    """

    model: Network
    history: tuple[EpochRecord, ...]
    evaluation: Evaluation


@checked
def load_digit_classifier(path: str | Path | None = None) -> Network:
    """A pretrained classifier, or that of a run folder or a .safetensors file.

    Args:
        path: the folder or file, or the name of a network of the zoo, such as ``1k``; by default
            the network of 17,410 parameters.

    Returns:
        the network in evaluation mode: logits (N, 10) of normalized images, float (N, 1, 28, 28).

    Raises:
        GradsheetError: there are no weights, or they belong to another network.
    """
    return load_model(None if path is None else Path(path))


@checked
def train(
    recipe: str | Recipe | None = None,
    output: str | Path | None = None,
    *,
    model: str | None = None,
    seed: int = 0,
    epochs: int | None = None,
    batch_size: int | None = None,
    data: str | Path | None = None,
    held_out: int = 0,
    teachers: Sequence[str | Path] = (),
    device: str = "auto",
    progress: bool = True,
) -> TrainingResult:
    """Train a digit classifier.

    Args:
        recipe: the name of one, such as ``fast`` (three epochs) or ``best``; by default ``fast``,
            with a small network of the zoo ``small``.
        output: the run folder; an interrupted run in it is resumed, a finished one is loaded.
            Without it nothing is kept on disk.
        model: a network of the zoo, such as ``1k``, instead of the recipe's own.
        seed: of the random number generator, 0 to 2³¹ - 1.
        epochs: overrides the recipe's value.
        batch_size: overrides the recipe's value.
        data: a folder of four IDX files, instead of the embedded MNIST.
        held_out: number of training images, the last ones, to evaluate on instead of the test set.
        teachers: run folders or weights to distill from, with a recipe that does.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        progress: whether to show a progress bar, and print the accuracy after each epoch.

    Raises:
        GradsheetError: a value is out of range, or the folder holds something else.
    """
    if not isinstance(recipe, Recipe):
        name = "fast" if recipe is None and model is None else recipe
        recipe = find_recipe(name, epochs, batch_size, model)
    elif (epochs, batch_size, model) != (None, None, None):
        raise GradsheetError(
            "epochs, batch_size and model are part of a Recipe; give one with others"
        )
    dataset = load(None if data is None else Path(data))
    runs = tuple(Path(teacher) for teacher in teachers)
    with TemporaryDirectory() as temporary:
        folder = Path(output or temporary)
        run = TrainingRun(folder, recipe, seed, find_device(device), held_out, runs)
        done = run.execute(dataset, print if progress else _keep_quiet, bar=progress)
        return TrainingResult(load_model(folder), done.history, done.evaluation)


def evaluate(
    model: Network,
    images: Tensor | NDArray[np.uint8] | None = None,
    labels: Iterable[int] | None = None,
    *,
    test_time_augmentation: bool = False,
) -> Evaluation:
    """Accuracy, loss and confusion of ``model`` on the MNIST test set or on labeled images.

    Args:
        model: the classifier.
        images: uint8 (N, 28, 28), 0 background to 255 ink; by default the test set.
        labels: the N true digits, 0 to 9.
        test_time_augmentation: whether to average the probabilities of five copies of each image,
            one as it is and four shifted by a pixel.

    Raises:
        GradsheetError: the images are not of this kind, or images and labels do not match.
    """
    shifts = TEST_TIME_SHIFTS if test_time_augmentation else UNSHIFTED
    if images is None and labels is None:
        return evaluation.evaluate(model, load().test, shifts=shifts)
    if images is None or labels is None:
        raise GradsheetError("images and labels belong together; give both or neither")
    return evaluation.evaluate(model, _labeled(images, labels), shifts=shifts)


def predict(model: Network, images: Picture | Iterable[Picture]) -> list[Prediction]:
    """Classify the digits in pictures, each a file or an array like MNIST's.

    Args:
        model: the classifier.
        images: one or many: paths of pictures (PNG or JPEG, from anywhere, with any number of
            digits that do not touch), or arrays uint8 (28, 28) of one digit each, 0 background
            to 255 ink.

    Returns:
        a prediction for each digit, row by row and from left to right, and one for each picture
        in which no digit was found: its ``digit`` is None and its ``reason`` says so.

    Raises:
        GradsheetError: a picture cannot be read, or an array has another shape or type.
    """
    if isinstance(images, str | Path) or getattr(images, "ndim", 0) == 2:
        images = [cast("Picture", images)]
    return predict_images(model, [_digits(image) for image in images])


def _digits(image: Picture) -> list[Tensor]:
    if isinstance(image, str | Path):
        return preprocess(Path(image))
    return [_checked(image, dimensions=2)]


def _labeled(images: Tensor | NDArray[np.uint8], labels: Iterable[int]) -> ImageSet:
    pixels, digits = _checked(images, dimensions=3), torch.as_tensor(labels).long()
    if digits.shape != pixels.shape[:1]:
        raise GradsheetError(f"{len(pixels)} images, labels of shape {tuple(digits.shape)}")
    if len(digits) == 0 or not 0 <= int(digits.min()) <= int(digits.max()) < CLASSES:
        raise GradsheetError(f"expected at least one label, each 0 to {CLASSES - 1}")
    return ImageSet(pixels, digits)


def _checked(images: Tensor | NDArray[np.uint8], dimensions: int) -> Tensor:
    pixels = torch.as_tensor(images)
    sides = pixels.shape[-2:] == (IMAGE_SIZE, IMAGE_SIZE)
    if pixels.ndim != dimensions or not sides or pixels.dtype != torch.uint8:
        expected = "(28, 28)" if dimensions == 2 else "(N, 28, 28)"
        kind = str(pixels.dtype).removeprefix("torch.")
        raise GradsheetError(
            f"an array of {kind} {tuple(pixels.shape)} given; expected uint8 {expected}, "
            "0 background to 255 ink"
        )
    return pixels


def _keep_quiet(text: str) -> None:
    """Print nothing."""
