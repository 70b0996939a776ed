"""The sheet of the loss."""

from pathlib import Path

import openpyxl
import pytest
import torch
from torch import nn

from gradsheet.models.agreement import differences
from gradsheet.models.build import ModelWorkbook, write_model_workbook
from gradsheet.models.sheets.cells import UNKNOWN_AGREEMENT


def test_a_model_that_ends_in_a_softmax(tmp_path: Path) -> None:
    """Its probabilities are its output; without a target no text mentions a loss."""
    model, x = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)), torch.randn(4)
    write_model_workbook(model, x, tmp_path / "model.xlsx")
    book = openpyxl.load_workbook(tmp_path / "model.xlsx", data_only=True)
    p = [book["Loss"].cell(11 + n, 4).value for n in range(3)]
    assert p == pytest.approx(model.double()(x.double().unsqueeze(0))[0].tolist())
    assert book["Loss"]["A1"].value == "Output and probabilities"
    texts = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not any("loss" in text.lower() for text in texts if text not in ("Loss", "Loss ▸"))
    assert book["Input"]["A3"].value is None
    assert str(UNKNOWN_AGREEMENT) not in texts


def test_gradients_are_shown_in_scientific_notation(tmp_path: Path) -> None:
    ModelWorkbook(nn.Linear(4, 3), torch.randn(4), 1).write(tmp_path / "model.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "model.xlsx")["Loss"]["F11"]
    assert "E+00" in cell.number_format


def test_one_number_is_the_target_of_one_output(tmp_path: Path) -> None:
    path = tmp_path / "model.xlsx"
    expected = ModelWorkbook(nn.Linear(4, 1), torch.randn(4), 5, loss="squared-error").write(path)
    assert max(differences(path, expected, "ironcalc").values()) < 1e-9
    assert openpyxl.load_workbook(path)["Loss"]["E11"].value == 5
