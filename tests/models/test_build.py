"""Models as workbooks: recalculated with other engines, and compared with PyTorch in float64."""

import copy
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradsheet.digits.data import Dataset
from gradsheet.digits.model_files import load_model
from gradsheet.errors import GradsheetError
from gradsheet.models.agreement import differences
from gradsheet.models.build import ModelWorkbook, to_workbook, write_model_workbook
from gradsheet.models.digit_classifier import network_input
from gradsheet.models.ties import FirstOfTies
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.libreoffice import libreoffice
from gradsheet.spreadsheet.writer import BookInMemory
from tests.engines import EVERY_ENGINE
from tests.models.samples import Everything, Model


@pytest.mark.parametrize("seed", range(6))
def test_random_models(seed: int, tmp_path: Path) -> None:
    """Forward, every gradient, and the forward pass after a step."""
    model = Model(seed)
    book = ModelWorkbook(model, torch.randn(model.shape, dtype=torch.float64), seed % 3)
    expected = book.write(tmp_path / "model.xlsx")
    assert max(differences(tmp_path / "model.xlsx", expected, "ironcalc").values()) < 1e-9


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_the_cells_are_live(engine: str, tmp_path: Path) -> None:
    """Another pixel and another weight, typed in, give what PyTorch gives for them.

    The model has every layer, with a loss of its own: log-probabilities and the squared error.
    """
    model, x, target = (
        Everything(),
        torch.randn(Everything.shape, dtype=torch.float64),
        [1, -2, 0.5],
    )
    changed, y = copy.deepcopy(model), x.clone()
    y[1, 2, 3] += 0.5
    with torch.no_grad():
        weight = changed.get_parameter("body.0.weight")
        weight[0, 0, 0, 0] -= 0.25
    book = ModelWorkbook(model, x, target, loss="squared-error")
    other = ModelWorkbook(changed, y, target, loss="squared-error")
    before = book.write(tmp_path / "model.xlsx")
    after = other.expected_values()
    assert any(not np.allclose(a.values, b.values) for a, b in zip(before, after, strict=True))
    first = book.layout.sheets[0]
    pixel = book.input.blocks[0].cell((0, 1, 2, 3))
    number = book.layout.block(book.grouped.parameters["body.0.weight"], "forward")
    typed = {
        CellRef("Input", CellIndex.parse(pixel)): float(y[1, 2, 3]),
        CellRef(first.name, CellIndex.parse(number.cell((0, 0, 0, 0)))): float(
            weight.detach()[0, 0, 0, 0]
        ),
    }
    if engine == "ironcalc":
        assert max(differences(tmp_path / "model.xlsx", before, engine).values()) < 1e-9
    assert max(differences(tmp_path / "model.xlsx", after, engine, typed).values()) < 1e-9


def test_expected_values_are_those_of_the_file(tmp_path: Path) -> None:
    model = Model(1)
    book = ModelWorkbook(model, torch.randn(model.shape), 1)
    written, expected = book.write(tmp_path / "model.xlsx"), book.expected_values()
    for one, other in zip(written, expected, strict=True):
        assert one.block.sheet == other.block.sheet
        assert list(one.block.cells()) == list(other.block.cells())
        assert np.array_equal(one.values, other.values)


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_large_numbers_do_not_overflow(engine: str, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 3), nn.SiLU())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2000)
    expected = ModelWorkbook(model, torch.tensor([3.0, -5.0]), 2).write(tmp_path / "large.xlsx")
    assert max(differences(tmp_path / "large.xlsx", expected, engine).values()) < 1e-9


@pytest.mark.slow
def test_the_digit_classifier_on_two_digits(mnist: Dataset, tmp_path: Path) -> None:
    """17,410 parameters, forward, every gradient and a step; on a hundred digits in
    `benchmarks/opening.py`."""
    model = load_model(None)
    for number in (0, 4):
        path = tmp_path / f"{number}.xlsx"
        book = ModelWorkbook(
            model, network_input(mnist.test.images[number]), int(mnist.test.labels[number])
        )
        expected = book.write(path)
        assert sum(block.values.size for block in expected) > 200_000
        assert max(differences(path, expected, "ironcalc").values()) < 1e-9
        assert path.stat().st_size < 8e6
    if libreoffice() is not None:
        assert max(differences(path, expected, "libreoffice").values()) < 1e-9


def test_the_expected_values_are_torchs(mnist: Dataset) -> None:
    """The trace's gradients against the model's own; only ties are broken as in the sheet."""
    model = load_model(None).double()
    image = network_input(mnist.test.images[7])
    x = image.unsqueeze(0).requires_grad_()
    with FirstOfTies():
        loss = F.cross_entropy(model(x), torch.tensor([3]))
    loss.backward()  # type: ignore[no-untyped-call]
    found = ModelWorkbook(load_model(None), image, 3)
    assert found.grouped.loss is not None
    assert float(found.numbers.of(found.grouped.loss)) == pytest.approx(float(loss.detach()))
    assert x.grad is not None
    inputs = found.numbers.loss_by(found.grouped.inputs[0].ids)
    assert torch.allclose(torch.from_numpy(inputs), x.grad)
    for name, parameter in model.named_parameters():
        gradient = found.numbers.loss_by(found.grouped.parameters[name].ids)
        assert parameter.grad is not None
        assert torch.allclose(torch.from_numpy(gradient), parameter.grad), name


@pytest.mark.parametrize("switch", [torch.no_grad, torch.inference_mode])
def test_gradients_are_taken_where_they_are_disabled(
    switch: Callable[[], Any], tmp_path: Path
) -> None:
    with switch():
        write_model_workbook(nn.Linear(4, 3), torch.randn(4), tmp_path / "model.xlsx", 1)


def test_a_path_may_be_text(tmp_path: Path) -> None:
    write_model_workbook(nn.Linear(4, 3), torch.randn(4), str(tmp_path / "model.xlsx"))
    assert (tmp_path / "model.xlsx").exists()
    with pytest.raises(GradsheetError, match=r"must end in \.xlsx \(got .*model\.xls\)"):
        write_model_workbook(nn.Linear(4, 3), torch.randn(4), tmp_path / "model.xls")


def test_the_former_name_still_works(tmp_path: Path) -> None:
    path = tmp_path / "model.xlsx"
    with pytest.warns(DeprecationWarning, match="use write_model_workbook"):
        to_workbook(nn.Linear(4, 3), torch.randn(4), 1, path, rate=0.5)
    assert openpyxl.load_workbook(path)["Loss"]["C7"].value == 0.5


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any, **named: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(BookInMemory, "save", full)
    with pytest.raises(GradsheetError, match=r"cannot write .*model\.xlsx: [Nn]o space left"):
        write_model_workbook(nn.Linear(4, 3), torch.randn(4), tmp_path / "model.xlsx")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("model", "target", "message"),
    [
        (nn.Linear(4, 3), 3, "the class is 3; expected 0 to 2"),
        (nn.Linear(4, 3), [0, 1], "the target has 2 classes; expected 1"),
    ],
    ids=["class", "classes"],
)
def test_what_cannot_have_a_loss_is_refused(
    model: nn.Module, target: Any, message: str, tmp_path: Path
) -> None:
    with pytest.raises(GradsheetError, match=message):
        write_model_workbook(model, torch.randn(4), tmp_path / "model.xlsx", target)
    assert not list(tmp_path.iterdir())
