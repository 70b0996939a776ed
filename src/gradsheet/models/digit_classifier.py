"""The digit classifier as a workbook."""

import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gradsheet.digits.data import CLASSES, ImageSet, load
from gradsheet.digits.evaluation import PIXEL_DEVIATION, PIXEL_MEAN
from gradsheet.digits.model_files import load_model
from gradsheet.digits.preprocessing import preprocess
from gradsheet.errors import GradsheetError
from gradsheet.models.build import FORMULAS, LEARNING_RATE, ModelWorkbook
from gradsheet.models.onnx_import import read_onnx
from gradsheet.models.sheets.inputs import DigitInput

STORED = 20
"""The number of digits to choose from."""


def open_digits(
    run: Path | None, given: str, label: int | None, backward: bool, path: Path
) -> None:
    """Write a digit classifier as a workbook: what ``digits_book`` gives, published at ``path``."""
    digits_book(run, given, label, backward).publish(path)


def digits_book(
    run: Path | None,
    given: str,
    label: int | None,
    backward: bool,
    max_formulas: int = FORMULAS,
    learning_rate: float = LEARNING_RATE,
) -> ModelWorkbook:
    """A digit classifier as a workbook, ready to be written.

    Args:
        run: a run folder, its weights, or an ONNX file; None for the pretrained model.
        given: the index of a test image, or a picture of a digit.
        label: the true digit of a picture; for a test image it overrides the known one.
        backward: whether to write the backward pass and a step of gradient descent.
        max_formulas: a workbook of more is refused.
        learning_rate: of the step.

    Raises:
        GradsheetError: there is no such model, image or label.
    """
    test = load().test
    image, known = _image(given, test)
    model = _model(run, image)
    label = known if label is None else label
    if label is not None and not 0 <= label < CLASSES:
        raise GradsheetError(f"the label is {label}; expected 0 to {CLASSES - 1}")
    if backward and label is None:
        raise GradsheetError(
            f"the backward pass needs the true digit of {given}; give it by --label"
        )
    sheet = image_sheet(given, image, known, test)
    target = label if backward else None
    return digit_workbook(model, image, target, sheet, max_formulas, learning_rate)


def digit_workbook(
    model: nn.Module,
    image: Tensor,
    target: int | None,
    sheet: DigitInput,
    max_formulas: int = FORMULAS,
    learning_rate: float = LEARNING_RATE,
) -> ModelWorkbook:
    """The workbook of ``model`` on an image, uint8 (28, 28)."""
    return ModelWorkbook(
        model,
        network_input(image),
        target,
        image=sheet,
        max_formulas=max_formulas,
        learning_rate=learning_rate,
    )


def network_input(images: Tensor) -> Tensor:
    """Pixels (..., 28, 28) from 0 to 255, normalized in float64: (..., 1, 28, 28)."""
    return (images.double().unsqueeze(-3) / 255 - PIXEL_MEAN) / PIXEL_DEVIATION


def _model(run: Path | None, image: Tensor) -> nn.Module:
    """The classifier in a run folder or its weights, or in an ONNX file; ``image`` is its input."""
    if run is None or run.suffix.lower() != ".onnx":
        return load_model(run)
    model, example = read_onnx(run, network_input(image).unsqueeze(0))
    with torch.no_grad():
        output = model(**example)
    if output.shape != (1, CLASSES):
        found = " × ".join(map(str, output.shape[1:]))
        raise GradsheetError(
            f"{run} has an output of {found}; expected {CLASSES}, one for each digit; give any "
            "other network numbers by --input FILE.npy"
        )
    return model


def _image(given: str, test: ImageSet) -> tuple[Tensor, int | None]:
    """The image, uint8 (28, 28), and its label if known."""
    if not given.isdecimal():
        digits = preprocess(Path(given))
        if len(digits) != 1:
            found = f"{len(digits)} digits" if digits else "no digit"
            raise GradsheetError(f"{given} shows {found}; expected a picture of one")
        return digits[0], None
    number = int(given)
    if number >= len(test):
        raise GradsheetError(f"test image {number} does not exist; expected 0 to {len(test) - 1}")
    return test.images[number], int(test.labels[number])


def image_sheet(given: str, image: Tensor, known: int | None, test: ImageSet) -> DigitInput:
    """The sheet of the image, with two test images of each digit to choose from."""
    chosen = [
        int(number)
        for digit in range(CLASSES)
        for number in (test.labels == digit).nonzero().flatten()[: STORED // CLASSES]
        if known is None or int(number) != int(given)
    ]
    digits = [image, *(test.images[number] for number in chosen)][:STORED]
    # ~, * and ? have a meaning for MATCH, which finds the choice.
    shown = (
        re.sub(r"[~*?]", "-", Path(given).name) if known is None else f"test image {given}: {known}"
    )
    names = [shown, *(f"test image {n}: {int(test.labels[n])}" for n in chosen)][:STORED]
    stored = np.stack([digit.numpy() for digit in digits])
    return DigitInput(stored, names, 0, PIXEL_MEAN, PIXEL_DEVIATION)
