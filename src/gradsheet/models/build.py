"""Any torch model as a workbook of live formulas, forward and backward."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from gradsheet.errors import GradsheetError
from gradsheet.files import whole_file
from gradsheet.models.blocks import Block, column
from gradsheet.models.layers.joining import View
from gradsheet.models.layout import Plan, printable
from gradsheet.models.sheets.inputs import DigitInput, InputPage, TensorInput
from gradsheet.models.sheets.layer import AGREEMENT, Claim, LayerPage, Links, Pages
from gradsheet.models.sheets.loss import LOSS_SHEET, LossPage, ends_in_probabilities, probabilities
from gradsheet.models.trace import LossName, Trace, trace
from gradsheet.models.validation import check_rate, duplicate, gradients_on
from gradsheet.spreadsheet.recalculate import Cell, Cells, Engine, recalculated
from gradsheet.spreadsheet.style import Style
from gradsheet.spreadsheet.writer import print_on_pages

OVERVIEW_SHEET = "Overview"
RATE = 0.1
"""The learning rate of the step, where no other is given."""

_WRONG = 1e-6
"""A workbook that differs from PyTorch by more, relative to a block's numbers, is not published."""

_ROUNDING = 1e-6
"""Blocks of smaller numbers are taken as this large there: of a sure network the loss and its
gradients are differences of numbers near 1, and hold few digits in PyTorch as well."""


def to_workbook(
    model: nn.Module,
    example: Tensor,
    target: int | Sequence[float] | Tensor | None = None,
    path: Path | str = "model.xlsx",
    loss: LossName = "cross-entropy",
    rate: float = RATE,
    image: DigitInput | None = None,
) -> None:
    """Write ``model`` on ``example`` as a workbook; with a ``target`` its backward pass as well.

    Args:
        model: any module that ``torch.fx`` traces and whose layers have formulas here.
        example: its input without the batch: (C, H, W) or (N,).
        target: the true class for cross-entropy, a number an output for the squared error.
        path: the file.
        loss: which one.
        rate: the learning rate of the step shown after the backward pass.
        image: the sheet of a digit to draw, in place of plain numbers.

    Raises:
        GradsheetError: the model has a part without formulas, or is too large for a workbook.
    """
    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        raise GradsheetError(f"{path} does not end in .xlsx")
    with whole_file(path) as temporary:
        try:
            claims = write_model(model, example, target, temporary, loss, rate, image)
        except XlsxWriterException as error:
            raise GradsheetError(f"cannot write {path}: {error}") from error
        _state_agreement(temporary, claims)


def write_model(
    model: nn.Module,
    example: Tensor,
    target: int | Sequence[float] | Tensor | None,
    path: Path,
    loss: LossName = "cross-entropy",
    rate: float = RATE,
    image: DigitInput | None = None,
) -> list[Claim]:
    """The same, without stating how far another program is from PyTorch.

    Returns:
        what each block of formulas is said to come to, by PyTorch in float64.
    """
    check_rate(rate)
    before = trace(model, example, target, loss)
    if image is not None and before.layers[-1].output.ndim != 1:
        raise GradsheetError("the model ends in an image; expected a number for each digit")
    if target is not None and loss == "cross-entropy" and ends_in_probabilities(before):
        raise GradsheetError(
            "the model ends in a Softmax, which cross-entropy takes itself; leave it out, use a "
            "LogSoftmax, or the squared error"
        )
    after = None
    if target is not None:
        after = _after(_stepped(model, before, rate), example, target, loss, rate)
    source: InputPage = image or TensorInput(before.example)
    plan = Plan(before, source.block, backward=target is not None)
    return _write(plan, path, source, LossPage(plan, loss, rate), after)


def differences(
    path: Path,
    claims: Sequence[Claim],
    engine: Engine,
    typed: Mapping[Cell, float] | None = None,
) -> dict[str, float]:
    """For each sheet the largest difference of a cell, computed by ``engine``, from its claim.

    Relative to the largest number of the cell's block. Numbers may be ``typed`` into cells first.
    """
    return _compared(recalculated(path, typed or {}, engine), claims, 1e-30)


def _compared(found: Cells, claims: Sequence[Claim], least: float) -> dict[str, float]:
    """The largest difference of each sheet, relative to its block's or the ``least`` number."""
    worst: dict[str, float] = {}
    for claim in claims:
        sheet, scale = claim.block.sheet, max(float(np.abs(claim.values).max()), least)
        for index in np.ndindex(claim.values.shape):
            value = found.get((sheet, claim.block.cell(index)))
            far = abs(value - claim.values[index]) / scale if isinstance(value, float) else np.inf
            worst[sheet] = max(worst.get(sheet, 0.0), np.inf if np.isnan(far) else float(far))
    return worst


def _write(
    plan: Plan, path: Path, source: InputPage, loss: LossPage, after: Trace | None
) -> list[Claim]:
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(str(path), options) as book:
        book.set_properties({"title": plan.trace.title, "comments": "Made by gradsheet"})
        pages = Pages(Style(book, {}))
        overview = pages.style.add_sheet(OVERVIEW_SHEET, f"{plan.trace.title}, layer by layer")
        with_loss = plan.trace.layers[-1].output.ndim == 1
        names = [source.sheet, *(sheet.name for sheet in plan.sheets.values())]
        names += [LOSS_SHEET] if with_loss else []
        first = source.write(pages, _links(names, 0))
        backward = plan.trace.loss is not None
        for number, sheet in enumerate(plan.sheets.values(), start=1):
            gradient = loss.gradient if backward else None
            page = LayerPage(pages, plan, sheet, gradient, after, loss.rate_cell)
            page.write(_links(names, number))
        if with_loss:
            loss.write(pages, after, _links(names, len(names) - 1))
        if isinstance(source, DigitInput):
            p = probabilities(plan.trace)
            source.write_reading(pages, first, loss.probability, p)
            source.write_digits(pages)
        row = _write_table(plan, pages, overview, source.sheet)
        if plan.trace.loss is not None and after is not None and after.loss is not None:
            losses = np.array([plan.trace.loss, after.loss])
            _write_losses(pages, overview, row + 1, loss.losses, losses)
    return pages.claims


def _links(names: Sequence[str], number: int) -> Links:
    links = [("◂ Overview", OVERVIEW_SHEET)]
    if number > 0:
        links.append((f"◂ {names[number - 1]}", names[number - 1]))
    if number + 1 < len(names):
        links.append((f"{names[number + 1]} ▸", names[number + 1]))
    return links


def _write_table(plan: Plan, pages: Pages, sheet: Worksheet, source: str) -> int:
    """Write the layers with links to their sheets; the row below."""
    style = pages.style
    for number, (name, width) in enumerate(_COLUMNS):
        sheet.set_column(number, number, width)
        sheet.write_string(2, number, name, style.header())
    sheet.set_row(1, 30)
    following = (
        "every layer" if plan.trace.loss is None else "every layer, the loss and all gradients"
    )
    sheet.write_string(1, 0, _EXPLANATION.format(following), style.note)
    sheet.write_url(3, 0, f"internal:'{source}'!A1", style.link, source)
    sheet.write_string(3, 3, _shape(plan.trace.example.shape), style.general)
    row, total = 4, 0
    for number, layer in enumerate(plan.trace.layers):
        count = sum(values.size for values in layer.kind.parameters.values())
        total += count
        if isinstance(layer.kind, View):
            sheet.write_string(row, 0, "no cells of its own", style.note)
        else:
            name = plan.sheets[number].name
            sheet.write_url(row, 0, f"internal:'{name}'!A1", style.link, name)
        sheet.write_string(row, 1, printable(layer.path), style.format())
        sheet.write_string(row, 2, layer.kind.title, style.format())
        sheet.write_string(row, 3, _shape(layer.shape), style.general)
        sheet.write_number(row, 4, count, style.format(num_format="#,##0"))
        row += 1
    if plan.trace.layers[-1].output.ndim == 1:
        sheet.write_url(row, 0, f"internal:'{LOSS_SHEET}'!A1", style.link, LOSS_SHEET)
    sheet.write_string(row, 2, "parameters in all", style.format(bold=True))
    sheet.write_number(row, 4, total, style.format(num_format="#,##0", bold=True, top=1))
    print_on_pages(sheet)
    return row + 1


def _write_losses(
    pages: Pages, sheet: Worksheet, row: int, losses: Block, values: NDArray[np.float64]
) -> None:
    """Write the loss before and after the step once more."""
    names = ("loss", "loss after a step of gradient descent")
    sheet.write_column(row, 2, names, pages.style.format(bold=True))
    cells = column(OVERVIEW_SHEET, row, 3, len(names))
    look = pages.style.format(num_format="0.0000E+00")
    pages.formulas(sheet, cells, (losses.seen((n,)) for n in range(len(names))), values, look)


_EXPLANATION = "Every number is a formula over cells: change a weight or the input, and {} follow."
_COLUMNS = (("sheet", 26), ("in the model", 22), ("layer", 34), ("output", 14), ("parameters", 12))


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(str(size) for size in shape)


def _after(
    model: nn.Module,
    example: Tensor,
    target: int | Sequence[float] | Tensor,
    loss: LossName,
    rate: float,
) -> Trace:
    """The trace after the step."""
    try:
        return trace(model, example, target, loss)
    except GradsheetError as error:
        raise GradsheetError(
            f"after a step of gradient descent with learning rate {rate}: {error}; choose a "
            "smaller rate"
        ) from error


def _stepped(model: nn.Module, before: Trace, rate: float) -> nn.Module:
    """The model after a step of gradient descent."""
    with gradients_on():
        other = duplicate(model)
    with torch.inference_mode(False), torch.no_grad():
        for layer in before.layers:
            for name, gradient in (layer.parameter_gradients or {}).items():
                parameter = other.get_submodule(layer.path).get_parameter(name)
                parameter.sub_(rate * torch.from_numpy(gradient))
    return other


def _state_agreement(path: Path, claims: Sequence[Claim]) -> None:
    """Put the differences that IronCalc finds into the file, a number a sheet.

    Raises:
        GradsheetError: a sheet computes something else than PyTorch.
    """
    found = recalculated(path, {}, "ironcalc")
    for sheet, difference in _compared(found, claims, _ROUNDING).items():
        if not difference < _WRONG:
            raise GradsheetError(
                f"sheet '{sheet}' differs from PyTorch by {difference:.1E} when IronCalc computes "
                "it, so no workbook is written; are numbers very large? If not, please report the "
                "model"
            )
    worst = _compared(found, claims, 1e-30)
    mark = f"<v>{AGREEMENT:.16G}</v>".encode()
    with zipfile.ZipFile(path) as archive:
        names = _sheet_names(archive)
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if name in names and names[name] in worst:
                stated = f"<v>{worst[names[name]]:.3G}</v>".encode()
                content = content.replace(mark, stated)
            archive.writestr(name, content)


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """The name of the sheet in each file of the archive, in XlsxWriter's order."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    sheets = [element.get("name", "") for element in book.iter() if element.tag.endswith("}sheet")]
    return {f"xl/worksheets/sheet{n}.xml": name for n, name in enumerate(sheets, start=1)}
