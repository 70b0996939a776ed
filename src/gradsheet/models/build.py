"""Any torch model as a workbook of live formulas, forward and backward."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.files import whole_file
from gradsheet.models.agreement import write_agreement
from gradsheet.models.layout import ModelLayout
from gradsheet.models.sheets.cells import CellWriter, ExpectationsOnly, ExpectedValues, Links
from gradsheet.models.sheets.inputs import DigitInput, InputSheet, TensorInput
from gradsheet.models.sheets.layer import LayerSheetWriter
from gradsheet.models.sheets.loss import LOSS_SHEET, LossSheet, ends_in_probabilities, probabilities
from gradsheet.models.sheets.overview import OVERVIEW_SHEET, write_losses, write_overview
from gradsheet.models.trace import LossName, Trace, trace
from gradsheet.models.trace.target import Target
from gradsheet.models.validation import check_learning_rate, duplicate, gradients_on
from gradsheet.spreadsheet.made_by import MODEL, sign
from gradsheet.spreadsheet.style import Style
from gradsheet.spreadsheet.writer import Workbook, new_workbook

LEARNING_RATE = 0.1
"""The learning rate of the step, by default."""


def write_model_workbook(
    model: nn.Module,
    example: Tensor,
    path: str | Path,
    target: Target | None = None,
    *,
    loss: LossName = "cross-entropy",
    learning_rate: float = LEARNING_RATE,
) -> None:
    """Write ``model`` on ``example`` as a workbook; with a ``target`` its backward pass as well.

    Args:
        model: any module that ``torch.fx`` traces and whose layers are supported.
        example: its input without the batch dimension: (C, H, W) or (N,).
        path: the .xlsx file to write.
        target: the true class for cross-entropy, a number for each output for the squared error.
        loss: its name.
        learning_rate: of the step of gradient descent after the backward pass.

    Raises:
        GradsheetError: a layer is not supported, the model does not fit a workbook, or the
            recalculated workbook differs from PyTorch; no file is written then.
    """
    book = ModelWorkbook(model, example, target, loss=loss, learning_rate=learning_rate)
    book.publish(path)


def to_workbook(
    model: nn.Module,
    example: Tensor,
    target: Target | None = None,
    path: str | Path = "model.xlsx",
    loss: LossName = "cross-entropy",
    rate: float = LEARNING_RATE,
) -> None:
    """Deprecated: the former name and order of arguments of ``write_model_workbook``."""
    warnings.warn(
        "to_workbook is deprecated; use write_model_workbook(model, example, path, target)",
        DeprecationWarning,
        stacklevel=2,
    )
    write_model_workbook(model, example, path, target, loss=loss, learning_rate=rate)


class ModelWorkbook:
    """A model on an example, traced and laid out, ready to be written.

    The arguments are those of ``write_model_workbook``.

    Args:
        image: the sheet of a digit to draw, instead of plain numbers.

    Raises:
        GradsheetError: a layer is not supported, or the model does not fit a workbook.
    """

    def __init__(
        self,
        model: nn.Module,
        example: Tensor,
        target: Target | None = None,
        *,
        loss: LossName = "cross-entropy",
        learning_rate: float = LEARNING_RATE,
        image: DigitInput | None = None,
    ) -> None:
        check_learning_rate(learning_rate)
        self.trace = trace(model, example, target, loss)
        if image is not None and self.trace.output.ndim != 1:
            raise GradsheetError("the model ends in an image; expected a number for each digit")
        if target is not None and loss == "cross-entropy" and ends_in_probabilities(self.trace):
            raise GradsheetError(
                "the model ends in a Softmax, which cross-entropy includes; remove it, use a "
                "LogSoftmax, or choose the squared error"
            )
        self.after: Trace | None = None
        if target is not None:
            updated = _updated(model, self.trace, learning_rate)
            self.after = _trace_after(updated, example, target, loss, learning_rate)
        self.input: InputSheet = image or TensorInput(self.trace.example)
        self.layout = ModelLayout(self.trace, self.input.block, backward=target is not None)
        self.loss = LossSheet(self.layout, loss, learning_rate)

    def publish(self, path: str | Path) -> None:
        """Write the file, recalculate it and write how far it is from PyTorch.

        Raises:
            GradsheetError: it cannot be written, or differs from PyTorch; there is no file then.
        """
        path = Path(path)
        if path.suffix.lower() != ".xlsx":
            raise GradsheetError(f"the output name must end in .xlsx (got {path.name})")
        with whole_file(path) as temporary:
            expected = self.write(temporary)
            write_agreement(temporary, expected)

    def write(self, path: Path) -> list[ExpectedValues]:
        """Write the file without recalculating it; return the values of its formulas."""
        with new_workbook(path) as book:
            cells = CellWriter(Style(book, {}))
            self._write_sheets(cells)
        return cells.expected

    def expected_values(self) -> list[ExpectedValues]:
        """The values of the formulas, by PyTorch in float64, without writing a file."""
        cells = ExpectationsOnly(Style(Workbook(), {}))
        self._write_sheets(cells)
        return cells.expected

    def _write_sheets(self, cells: CellWriter) -> None:
        title = f"{self.trace.title}, layer by layer"
        properties = {"title": self.trace.title, "comments": "Made by gradsheet"}
        cells.style.book.set_properties(properties)
        sign(cells.style.book, MODEL)
        overview = cells.style.add_sheet(OVERVIEW_SHEET, title)
        sheets = self.layout.sheets.values()
        names = [self.input.sheet, *(sheet.name for sheet in sheets)]
        names += [LOSS_SHEET] if self.trace.output.ndim == 1 else []
        first = self.input.write(cells, _links(names, 0))
        gradient = None if self.trace.loss is None else self.loss.gradient
        rate = self.loss.learning_rate_cell
        for number, sheet in enumerate(sheets, start=1):
            page = LayerSheetWriter(cells, self.layout, sheet, gradient, self.after, rate)
            page.write(_links(names, number))
        if LOSS_SHEET in names:
            self.loss.write(cells, self.after, _links(names, len(names) - 1))
        if isinstance(self.input, DigitInput):
            p = probabilities(self.trace)
            self.input.write_prediction(cells, first, self.loss.probability, p)
            self.input.write_digits(cells)
        row = write_overview(self.layout, cells, overview, self.input.sheet)
        if self.after is not None:
            losses = np.array([self.trace.loss, self.after.loss], dtype=np.float64)
            write_losses(cells, overview, row + 1, self.loss.losses, losses)


def _links(names: Sequence[str], number: int) -> Links:
    """Links to the overview and to the sheets before and after."""
    links = [("◂ Overview", OVERVIEW_SHEET)]
    if number > 0:
        links.append((f"◂ {names[number - 1]}", names[number - 1]))
    if number + 1 < len(names):
        links.append((f"{names[number + 1]} ▸", names[number + 1]))
    return links


def _updated(model: nn.Module, before: Trace, learning_rate: float) -> nn.Module:
    """The model after a step of gradient descent."""
    with gradients_on():
        other = duplicate(model)
    with torch.inference_mode(False), torch.no_grad():
        for traced in before.layers:
            for name, gradient in (traced.parameter_gradients or {}).items():
                parameter = other.get_submodule(traced.path).get_parameter(name)
                parameter.sub_(learning_rate * torch.from_numpy(gradient))
    return other


def _trace_after(
    model: nn.Module, example: Tensor, target: Target, loss: LossName, learning_rate: float
) -> Trace:
    """The trace after the step."""
    try:
        return trace(model, example, target, loss)
    except GradsheetError as error:
        raise GradsheetError(
            f"after a step of gradient descent with learning rate {learning_rate}: {error}; choose "
            "a smaller learning rate"
        ) from error
