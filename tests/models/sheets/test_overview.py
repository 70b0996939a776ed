"""The overview of a model workbook."""

from pathlib import Path

import openpyxl
import torch

from gradsheet.models.build import ModelWorkbook
from tests.models.samples import Everything


def test_it_lists_every_layer_and_adds_up(tmp_path: Path) -> None:
    model = Everything()
    book = ModelWorkbook(model, torch.randn(model.shape), 1)
    book.write(tmp_path / "model.xlsx")
    file = openpyxl.load_workbook(tmp_path / "model.xlsx", data_only=True)
    rows = list(file["Overview"].iter_rows(min_row=5, values_only=True))
    layers = rows[: len(book.layout.sheets)]
    total = rows[len(layers)]
    assert total[3] == "total parameters"
    assert total[5] == sum(p.numel() for p in model.parameters())
    assert total[5] == sum(int(str(line[5])) for line in layers)
    for line, sheet in zip(layers, book.layout.sheets, strict=True):
        assert line[0] == sheet.name in file.sheetnames
        assert (line[2] or "") == sheet.group.where.path
        assert all(name in file.sheetnames or name == "▴" for name in str(line[1]).split(", "))
