"""What a workbook states about its agreement with PyTorch."""

from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.agreement import compared
from gradsheet.models.blocks import column
from gradsheet.models.build import write_model_workbook
from gradsheet.models.sheets.cells import ExpectedValues
from gradsheet.spreadsheet.recalculate import IronCalcWorkbook


def test_every_sheet_states_its_difference(tmp_path: Path) -> None:
    path = tmp_path / "model.xlsx"
    model = nn.Sequential(nn.Linear(4, 5), nn.GELU(), nn.Linear(5, 3))
    write_model_workbook(model, torch.randn(4), path, 0)
    book = openpyxl.load_workbook(path, data_only=True)
    stated = [sheet["A3"].value for sheet in book if sheet.title not in ("Overview", "Input")]
    assert len(stated) == 4
    assert all(0 <= number < 1e-9 for number in stated)


@pytest.mark.parametrize("wrong", [1.001, float("nan"), None])
def test_a_workbook_that_differs_is_not_published(
    wrong: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong, not a number, or no number at all."""

    values = IronCalcWorkbook.values

    def changed(*given: Any) -> Any:
        return ("#REF!" if wrong is None else wrong * float(v) for v in values(*given))

    monkeypatch.setattr(IronCalcWorkbook, "values", changed)
    with pytest.raises(GradsheetError, match=r"sheet '(Input|1 Linear)' differs from PyTorch by"):
        write_model_workbook(nn.Linear(4, 3), torch.randn(4), tmp_path / "model.xlsx", 1)
    assert not list(tmp_path.iterdir())


def test_a_very_confident_model_is_published(tmp_path: Path) -> None:
    """Its loss and gradients are rounding errors of numbers near 1, in PyTorch as well."""
    model = nn.Linear(2, 3)
    with torch.no_grad():
        model.weight.mul_(0)[1] = 15
    write_model_workbook(model, torch.ones(2), tmp_path / "confident.xlsx", 1)


def test_a_wrong_tiny_gradient_is_found() -> None:
    """Also where nothing on its sheet is larger, down to rounding errors of numbers near 1."""
    values = np.array([1e-12, -3e-12])
    expected = [ExpectedValues(column("1 fc", 4, 1, 2), values)]
    (wrong,) = compared(expected, lambda _: [2e-12, -6e-12]).values()
    (right,) = compared(expected, lambda _: [1e-12 + 1e-16, -3e-12]).values()
    assert wrong.tolerated > 1e-6 > right.tolerated


@pytest.mark.parametrize("filled", [-float(np.finfo(np.float32).max), -1e300])
def test_what_a_mask_fills_in_hides_no_difference(filled: float) -> None:
    values = np.array([0.5, filled])
    expected = [ExpectedValues(column("1 fc", 4, 1, 2), values)]
    (wrong,) = compared(expected, lambda _: [0.6, filled]).values()
    (right,) = compared(expected, lambda _: [0.5, filled * (1 + 1e-12)]).values()
    assert wrong.tolerated > 1e-6 > right.tolerated


def test_a_model_that_is_stateful_beside_a_mask(tmp_path: Path) -> None:
    """Its output changes from run to run; the number beside it is as large as float32 has them."""

    class Stateful(nn.Module):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            Stateful.calls += 1
            least = torch.finfo(torch.float32).min
            return torch.cat([x * Stateful.calls, torch.full((1, 1), least)], 1)

    with pytest.raises(GradsheetError, match="another output than the model"):
        write_model_workbook(Stateful(), torch.ones(1, 2), tmp_path / "a.xlsx")


def test_gradients_that_cancel_to_nothing(tmp_path: Path) -> None:
    """Probabilities add up to 1: what is left of each gradient is a rounding error."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4), nn.Softmax(-1))
    write_model_workbook(model, torch.randn(2, 3), tmp_path / "a.xlsx", loss="sum")
