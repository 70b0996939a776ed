"""Any network as a workbook, from files alone: what ``gradsheet open`` does."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.build import FORMULAS, LEARNING_RATE, ModelWorkbook, Progress
from gradsheet.models.digit_classifier import digits_book
from gradsheet.models.example_files import ARRAYS, read_example
from gradsheet.models.exported_programs import read_exported
from gradsheet.models.module_files import read_module
from gradsheet.models.objective import LOSSES, LossFunction, LossName
from gradsheet.models.onnx_import import declared_sizes, read_onnx

DIGIT = (1, 28, 28)


@dataclass(frozen=True)
class Request:
    """What is to be opened.

    Attributes:
        source: a run folder, its weights, an .onnx or .pt2 file, ``FILE.py:NAME``; None for the
            pretrained digit classifier.
        given: an example's file, or the index of a test image.
        label: the true class.
        target: a file of numbers, for a loss of numbers.
        backward: whether to write the backward pass and a step.
        loss: its name; by default cross-entropy for a class, the mean squared error for numbers.
        output: the name of one of several outputs.
        max_formulas: a workbook of more is refused.
        learning_rate: of the step after the backward pass.
    """

    source: str | None
    given: str | None = None
    label: int | None = None
    target: Path | None = None
    backward: bool = False
    loss: str | None = None
    output: str | None = None
    max_formulas: int = FORMULAS
    learning_rate: float = LEARNING_RATE


def open_network(
    request: Request, path: Path, follow: Callable[[int, float], Progress] | None = None
) -> None:
    """Write the network as a workbook.

    Args:
        request: what is to be opened.
        path: the .xlsx file to write.
        follow: given the formulas and about how many seconds they take, what is told the progress.

    Raises:
        GradsheetError: as ``write_model_workbook``, or what is given does not fit together.
    """
    try:
        _open(request, path, follow)
    except SystemExit as ended:  # the model is the user's program
        raise GradsheetError(
            f"{request.source} ends the program (exit code {ended.code}) while it runs; remove its "
            "call of sys.exit"
        ) from ended


def _open(
    request: Request, path: Path, follow: Callable[[int, float], Progress] | None = None
) -> None:
    if _is_digit_classifier(request):
        _check_digits(request)
        run = None if request.source is None else Path(request.source)
        book = digits_book(
            run,
            request.given or "0",
            request.label,
            request.backward,
            request.max_formulas,
            request.learning_rate,
        )
    else:
        model, example = _read(request)
        target, loss = _target(request, model, example)
        book = ModelWorkbook(
            model,
            example,
            target,
            loss=loss,
            output=request.output if _is_program(request.source) else None,
            max_formulas=request.max_formulas,
            learning_rate=request.learning_rate,
        )
    if follow is None:
        book.publish(path)
    else:
        book.publish(path, follow(book.formulas, book.seconds))


def _check_digits(request: Request) -> None:
    """Refuse what a digit classifier does not take: it has one output, and one loss."""
    given = {"--target": request.target, "--loss": request.loss, "--choose": request.output}
    for option, value in given.items():
        if value not in (None, "cross-entropy"):
            raise GradsheetError(
                f"{option} is not for digit classifiers, whose one output has a cross-entropy; "
                "leave it out"
            )


def is_module(source: str | None) -> bool:
    """Whether a source is a Python file, with a name in it or without the one it needs."""
    return source is not None and (".py:" in source or source.endswith(".py"))


def is_exported(source: str | None) -> bool:
    """Whether a source is an exported program."""
    return source is not None and source.lower().endswith(".pt2")


def _is_program(source: str | None) -> bool:
    return is_module(source) or is_exported(source)


def _is_digit_classifier(request: Request) -> bool:
    """Whether digits are what the network takes: run folders, and ONNX files of such an input."""
    source = request.source
    if source is None or not (_is_program(source) or source.lower().endswith(".onnx")):
        return True
    if _is_program(source) or Path(request.given or "").suffix.lower() in ARRAYS or request.target:
        return False
    sizes = declared_sizes(Path(source))
    return len(sizes) == 1 and sizes[0] is not None and tuple(sizes[0][1:]) == DIGIT


def _read(request: Request) -> tuple[nn.Module, Any]:
    """The network and its example."""
    source = request.source or ""
    if is_module(source):
        model, example = read_module(source)
        if request.given is not None:
            example = _given(Path(request.given))
        if example is None:
            raise GradsheetError(f"{source} needs an example of its input; give a file by --input")
        return model, example
    path = Path(source)
    if is_exported(source):
        program, inputs = read_exported(path)
        return program, inputs.call(None if request.given is None else _given(Path(request.given)))
    sizes = declared_sizes(path)
    given = None
    if request.given is not None:
        given = read_example(Path(request.given), sizes[0] if sizes else None)
    return read_onnx(path, given, request.output)


def _given(path: Path) -> Any:
    """The example in a file: a tensor, or tensors by their names."""
    found = read_example(path)
    if isinstance(found, dict):
        return {name: _tensor(value) for name, value in found.items()}
    return _tensor(found)


def _tensor(value: Any) -> Tensor:
    if np.asarray(value).dtype.kind not in "fiub":
        raise GradsheetError(f"the example holds {np.asarray(value).dtype}; expected numbers")
    return torch.from_numpy(np.asarray(value))


def _target(
    request: Request, model: nn.Module, example: Any
) -> tuple[Any, LossName | LossFunction]:
    """The target of the loss, and the loss."""
    if not request.backward:
        return None, "cross-entropy"
    if request.target is not None:
        found = read_example(request.target)
        if isinstance(found, dict):
            raise GradsheetError(f"{request.target} holds several arrays; expected one")
        return _tensor(found), _named(request, "mean-squared-error")
    if request.loss == "sum":
        return None, "sum"
    if request.label is None:
        raise GradsheetError(
            "the backward pass needs a target; give the true class by --label, or numbers by "
            "--target"
        )
    if request.loss is None and not _is_program(request.source):
        with torch.no_grad():
            output = model(**example)
        if _holds_probabilities(output):
            return torch.full(output.shape[:1], request.label), negative_log_probability
    return request.label, _named(request, "cross-entropy")


def _named(request: Request, otherwise: LossName) -> LossName:
    name = request.loss or otherwise
    if name not in LOSSES:
        raise GradsheetError(f"the loss is {name}; expected one of {', '.join(LOSSES)}")
    return cast(LossName, name)


def _holds_probabilities(output: Tensor) -> bool:
    """Whether each row is not negative and sums to 1."""
    if output.ndim != 2 or output.shape[1] < 2:
        return False
    return bool((output >= 0).all() and ((output.sum(1) - 1).abs() < 1e-6).all())


def negative_log_probability(probabilities: Tensor, classes: Tensor) -> Tensor:
    """The loss of a network that ends in probabilities: −ln p of the true class."""
    return F.nll_loss(torch.log(probabilities), classes)
