"""What must not come out wrong: refused with a message, or equal to PyTorch by the engine."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from xlsxwriter.exceptions import FileCreateError

from gradsheet import to_workbook
from gradsheet.errors import GradsheetError
from gradsheet.models import build
from gradsheet.models.build import differences, write_model
from gradsheet.models.sheets.layer import AGREEMENT
from gradsheet.models.trace import trace
from gradsheet.spreadsheet.recalculate import recalculated


class Calls(nn.Module):
    """A layer, and a function of its output."""

    def __init__(self, function: Callable[[Any], Any], first: nn.Module | None = None) -> None:
        super().__init__()
        self.function, self.first = function, first or nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.first(x))  # type: ignore[no-any-return]


def changed(h: Tensor) -> Tensor:
    F.relu_(h)
    return F.silu(h)


def doubled(h: Tensor) -> Tensor:
    other = F.silu(h)
    other += h
    return other


EQUAL = {
    "in-place modules": nn.Sequential(nn.Linear(4, 5), nn.ReLU(inplace=True), nn.Linear(5, 3)),
    "in-place argument of a module": nn.Sequential(nn.Linear(4, 3), nn.SiLU(True)),
    "h + h": Calls(lambda h: h + h),
    "cat of h and h": Calls(lambda h: torch.cat([h, h], 1)),
    "h += x": Calls(doubled),
    "evaluated dropout": Calls(lambda h: F.dropout(h, 0.5, False)),
    "frozen": nn.Sequential(nn.Linear(4, 3)).requires_grad_(False),
    "emoji": nn.Sequential(),
}
EQUAL["emoji"].add_module("a😀\x07b", nn.Linear(4, 3))


@pytest.mark.parametrize("name", EQUAL)
def test_equal_to_pytorch(name: str, tmp_path: Path) -> None:
    model, x = EQUAL[name], torch.randn(4)
    claims = write_model(model, x, 1, tmp_path / "model.xlsx")
    assert max(differences(tmp_path / "model.xlsx", claims, "ironcalc").values()) < 1e-9
    given = x.double().clone().requires_grad_()
    output = trace(model, x).layers[-1].output
    with torch.enable_grad():
        other = model.double().eval()(given.unsqueeze(0))
        F.cross_entropy(other, torch.tensor([1])).backward()  # type: ignore[no-untyped-call]
    assert torch.allclose(torch.from_numpy(output), other[0])
    found = trace(model, x, 1).layers[0].input_gradients
    assert found is not None and given.grad is not None
    assert torch.allclose(torch.from_numpy(found[0]), given.grad)


def tied() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    return model


def below_zero() -> nn.Module:
    model = nn.Linear(4, 4)
    nn.init.zeros_(model.weight)
    nn.init.constant_(model.bias, -1)
    return model


def hooked() -> nn.Module:
    model = nn.Linear(4, 4)
    model.register_forward_hook(lambda module, given, output: 2 * output)
    return model


def infinite(value: float) -> nn.Module:
    model = nn.Linear(4, 4).double()
    nn.init.constant_(model.weight, value)
    return model


def negative_variance() -> nn.Module:
    model = nn.BatchNorm1d(4)
    assert model.running_var is not None
    model.running_var.fill_(-1)
    return model


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Calls(changed, below_zero()), "compute something else than the model"),
        (Calls(lambda h: F.relu_(h)), "relu_, which works in place, has no formulas"),
        (Calls(lambda h: F.relu(h, True)), "relu, which works in place, has no formulas"),
        (Calls(lambda h: F.dropout(h, 0.5)), "dropout without training=self.training"),
        (Calls(lambda h: h.view(2, 2)), "what mixes the batch"),
        (Calls(lambda h: F.avg_pool2d(h, 3)), "cannot be run on an example of shape 4"),
        (tied(), "1: a weight that 0 has as well"),
        (hooked(), "it has a hook"),
        (nn.LeakyReLU(2.0), "a LeakyReLU of slope 2.0, not between 0 and 1"),
        (infinite(float("nan")), "0: its weight holds NaN or infinity"),
        (infinite(1e308), "holds NaN or infinity"),
        (negative_variance(), "0: its output holds NaN or infinity"),
        (nn.Sequential(nn.ReLU(), nn.Linear(5, 4)), "1: it cannot be run on an example of shape 4"),
        (len, "the model is a builtin_function_or_method; expected a torch.nn.Module"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_models(model: nn.Module, said: str, tmp_path: Path) -> None:
    with pytest.raises(GradsheetError, match=re.escape(said)):
        to_workbook(model, 100 * torch.rand(4) + 1, 1, tmp_path / "model.xlsx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"example": [1, 2]}, "the example is a list; expected a torch.Tensor"),
        ({"example": torch.full((4,), torch.nan)}, "the example: it holds NaN"),
        ({"loss": "hinge"}, "the loss is 'hinge'; expected cross-entropy or squared-error"),
        ({"rate": float("inf")}, "the learning rate is inf; expected a positive finite number"),
        ({"rate": "0.1"}, "the learning rate is '0.1'"),
        ({"target": [0, 0, torch.inf], "loss": "squared-error"}, "the target: it holds NaN"),
        ({"rate": 1e308}, "after a step of gradient descent with learning rate 1e+308"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_arguments(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    usual: dict[str, Any] = {"example": 100 * torch.rand(4), "target": 1}
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    with pytest.raises(GradsheetError, match=re.escape(said)):
        to_workbook(model, **usual | given, path=tmp_path / "model.xlsx")
    assert not list(tmp_path.iterdir())


def test_a_workbook_that_differs_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = recalculated

    def wrong(*given: Any) -> Any:
        return {
            cell: 1.001 * value if isinstance(value, float) else value
            for cell, value in real(*given).items()
        }

    monkeypatch.setattr(build, "recalculated", wrong)
    with pytest.raises(GradsheetError, match=r"sheet '1 0 Linear' differs from PyTorch by"):
        to_workbook(nn.Linear(4, 3), torch.randn(4), 1, tmp_path / "model.xlsx")
    assert not list(tmp_path.iterdir())


def test_a_very_sure_model_is_published(tmp_path: Path) -> None:
    """Its loss and gradients are rounding errors of numbers near 1, in PyTorch as well."""
    model = nn.Linear(2, 3)
    with torch.no_grad():
        model.weight.mul_(0)[1] = 15
    to_workbook(model, torch.ones(2), 1, tmp_path / "sure.xlsx")


@pytest.mark.parametrize("switch", [torch.no_grad, torch.inference_mode])
def test_gradients_are_taken_where_they_are_switched_off(
    switch: Callable[[], Any], tmp_path: Path
) -> None:
    with switch():
        to_workbook(nn.Linear(4, 3), torch.randn(4), 1, tmp_path / "model.xlsx")


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any) -> Any:
        raise FileCreateError("no space left on device")

    monkeypatch.setattr(build, "write_model", full)
    with pytest.raises(GradsheetError, match=r"cannot write .*model\.xlsx: .*no space left"):
        to_workbook(nn.Linear(4, 3), torch.randn(4), 1, tmp_path / "model.xlsx")


def test_a_model_that_ends_in_a_softmax(tmp_path: Path) -> None:
    """Its probabilities are its output; without a target no text speaks of a loss."""
    model, x = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)), torch.randn(4)
    to_workbook(model, x, path=tmp_path / "model.xlsx")
    book = openpyxl.load_workbook(tmp_path / "model.xlsx", data_only=True)
    p = [book["Loss"].cell(11 + n, 4).value for n in range(3)]
    assert p == pytest.approx(model.double()(x.double().unsqueeze(0))[0].tolist())
    assert book["Loss"]["A1"].value == "Output and probabilities"
    texts = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not any("loss" in text.lower() for text in texts if text not in ("Loss", "Loss ▸"))
    assert book["Input"]["A3"].value is None
    assert str(AGREEMENT) not in texts


def test_the_gradient_of_the_loss_is_shown_as_small_numbers_are(tmp_path: Path) -> None:
    write_model(nn.Linear(4, 3), torch.randn(4), 1, tmp_path / "model.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "model.xlsx")["Loss"]["F11"]
    assert "E+00" in cell.number_format


def test_mean_with_dimensions_kept() -> None:
    model = Calls(lambda h: h.mean((2, 3), True), nn.Conv2d(1, 2, 1))
    assert trace(model, torch.randn(1, 3, 3)).layers[-1].shape == (2, 1, 1)


def test_one_number_is_the_target_of_one_output(tmp_path: Path) -> None:
    model, x = nn.Linear(4, 1), torch.randn(4)
    claims = write_model(model, x, 5, tmp_path / "model.xlsx", "squared-error")
    assert max(differences(tmp_path / "model.xlsx", claims, "ironcalc").values()) < 1e-9
    assert openpyxl.load_workbook(tmp_path / "model.xlsx")["Loss"]["E11"].value == 5


def test_keyword_tensors() -> None:
    class Keyword(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(input=x)  # type: ignore[no-any-return]

    assert trace(Keyword(), torch.randn(4), 1).layers[0].shape == (3,)


def test_too_wide_an_input_is_said(tmp_path: Path) -> None:
    with pytest.raises(GradsheetError, match=r"the input needs 8 rows and 17,001 columns"):
        to_workbook(nn.ReLU(), torch.randn(17_000), path=tmp_path / "model.xlsx")


def test_windows_too_large_for_excel_are_said(tmp_path: Path) -> None:
    model = nn.Sequential(nn.MaxPool2d(9), nn.Flatten(), nn.Linear(1, 2))
    to_workbook(model, torch.randn(1, 9, 9), path=tmp_path / "forward.xlsx")
    with pytest.raises(GradsheetError, match="needs more than 64 IFs in one another"):
        to_workbook(model, torch.randn(1, 9, 9), 1, tmp_path / "model.xlsx")


@pytest.mark.parametrize("way", ["size", "shape", "whole"])
def test_sizes_that_a_model_asks_for_are_numbers(way: str) -> None:
    class Sized(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(1, 2, 3), nn.Linear(32, 3)

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x)
            if way == "size":
                return self.fc(x.view(x.size(0), -1))  # type: ignore[no-any-return]
            if way == "shape":
                return self.fc(x.reshape(x.shape[0], -1))  # type: ignore[no-any-return]
            batch, channels, height, width = x.shape
            flat = x.view(batch, channels * height * width)
            return self.fc(flat)  # type: ignore[no-any-return]

    found = trace(Sized(), torch.randn(1, 6, 6), 1)
    assert [layer.shape for layer in found.layers if layer.kind.parameters] == [(2, 4, 4), (3,)]
