"""The sheet of the loss."""

from pathlib import Path

import openpyxl
import pytest
import torch
from torch import nn

from gradsheet.models.agreement import differences
from gradsheet.models.build import ModelWorkbook, write_model_workbook


def test_a_model_that_ends_in_a_softmax(tmp_path: Path) -> None:
    """Its probabilities are its output; without a target no text mentions a loss."""
    model, x = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)), torch.randn(4)
    write_model_workbook(model, x, tmp_path / "model.xlsx")
    book = openpyxl.load_workbook(tmp_path / "model.xlsx", data_only=True)
    row = [cell.value for line in book["2 1 Softmax"].iter_rows() for cell in line]
    wanted = model.double()(x.double().unsqueeze(0))[0].tolist()
    assert all(any(value == pytest.approx(p) for value in row) for p in wanted)
    texts = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not any("loss" in text.lower() for text in texts if text not in ("Loss", "Loss ▸"))
    assert book["Input"]["A3"].value is None


def test_gradients_are_shown_in_scientific_notation(tmp_path: Path) -> None:
    book = ModelWorkbook(nn.Linear(4, 3), torch.randn(4), 1)
    book.write(tmp_path / "model.xlsx")
    node = book.grouped.parameters["weight"]
    cell = book.layout.block(node, "backward").cell((0, 0))
    sheet = openpyxl.load_workbook(tmp_path / "model.xlsx")[book.layout.sheet_name(node)]
    assert "E+00" in sheet[cell].number_format


def test_one_number_is_the_target_of_one_output(tmp_path: Path) -> None:
    path = tmp_path / "model.xlsx"
    book = ModelWorkbook(nn.Linear(4, 1), torch.randn(4), 5, loss="squared-error")
    expected = book.write(path)
    assert max(differences(path, expected, "ironcalc").values()) < 1e-9
    (cell,) = book.loss.target_block.addresses()
    assert openpyxl.load_workbook(path)["Loss"][cell].value == 5
