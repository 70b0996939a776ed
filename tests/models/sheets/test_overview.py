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
    layers = rows[: len(book.trace.layers)]
    total = rows[len(layers)]
    assert total[2] == "total parameters"
    assert total[4] == sum(p.numel() for p in model.parameters())
    assert total[4] == sum(int(str(line[4])) for line in layers)
    for line, traced in zip(layers, book.trace.layers, strict=True):
        assert line[1] == traced.path
        assert line[0] == "no cells of its own" or line[0] in file.sheetnames
    assert {line[0] for line in layers} >= {sheet.name for sheet in book.layout.sheets.values()}
