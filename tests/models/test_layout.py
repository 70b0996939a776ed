"""Names and sizes of sheets."""

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.agreement import differences
from gradsheet.models.build import ModelWorkbook, write_model_workbook


def test_nested_and_odd_names_make_valid_sheets(tmp_path: Path) -> None:
    deep: nn.Module = nn.Linear(4, 4)
    for _ in range(12):
        deep = nn.Sequential(deep)
    model = nn.Sequential(deep, nn.Identity(), nn.Linear(4, 2))
    model.add_module("a😀\x07b", nn.Tanh())
    expected = ModelWorkbook(model, torch.randn(4), 1).write(tmp_path / "deep.xlsx")
    names = {block.block.sheet for block in expected}
    assert all(len(name) <= 31 for name in names)
    assert len(names - {"Loss", "Overview", "Input"}) == 3
    assert max(differences(tmp_path / "deep.xlsx", expected, "ironcalc").values()) < 1e-9


class Idle(nn.Module):
    """Computes something that it does not use."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused, self.relu = nn.Linear(4, 2), nn.Linear(4, 2), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        self.unused(x)
        y = self.used(x)
        return self.relu(y) + self.relu(y)  # type: ignore[no-any-return]


def test_what_is_not_used_has_no_sheet() -> None:
    """And a layer without weights that is applied twice has a sheet for each time."""
    names = {
        block.block.sheet for block in ModelWorkbook(Idle(), torch.randn(4), 1).expected_values()
    }
    assert names == {"1 used", "2 relu", "3 relu", "4 add", "Loss", "Overview", "Input"}


@pytest.mark.parametrize(
    ("model", "shape", "target", "message"),
    [
        (nn.Conv2d(600, 1, 3), (600, 3, 3), None, "use a layer with fewer input channels"),
        (nn.Linear(20_000, 1), (20_000,), None, "use a model with fewer"),
        (nn.ReLU(), (17_000,), None, "the input needs 17,001 columns"),
        (nn.Linear(2_000, 2_000), (2_000,), 1, "the workbook needs about 8,0"),
    ],
    ids=["formula", "rows", "columns", "formulas"],
)
def test_what_does_not_fit_a_sheet_is_refused(
    model: nn.Module, shape: tuple[int, ...], target: int | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(GradsheetError, match=re.escape(message)):
        write_model_workbook(model, torch.randn(shape), tmp_path / "model.xlsx", target)
    assert not list(tmp_path.iterdir())


def test_more_formulas_where_they_are_asked_for(tmp_path: Path) -> None:
    model, x = nn.Linear(4, 3), torch.randn(4)
    with pytest.raises(GradsheetError, match=r"the workbook needs about \d\d formulas; at most 50"):
        write_model_workbook(model, x, tmp_path / "a.xlsx", 1, max_formulas=50)
    write_model_workbook(model, x, tmp_path / "a.xlsx", 1, max_formulas=100)
