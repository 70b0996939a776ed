"""What is written above the blocks of a sheet."""

from pathlib import Path

import openpyxl
import torch
from torch import nn

from gradsheet.models.build import write_model_workbook


def labels(path: Path, sheet: str) -> list[str]:
    """The texts of a sheet."""
    rows = openpyxl.load_workbook(path)[sheet].values
    return [cell for row in rows for cell in row if isinstance(cell, str) and cell[:1] != "="]


def test_tiles_are_channels_kernels_and_heads(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(2, 2, 2, padding=1), nn.Flatten())
    write_model_workbook(model, torch.randn(1, 2, 2, 2), tmp_path / "a.xlsx", 1)
    found = labels(tmp_path / "a.xlsx", "1 0 Conv2d")
    assert {"channel 1", "channel 2", "2 ← 1"} <= set(found)
    assert found.index("channel 1") < found.index("1 ← 1")
    assert not [text for text in found if text.startswith("kernel 1")]
    attention = nn.TransformerEncoderLayer(4, 2, 4, batch_first=True)
    write_model_workbook(attention, torch.randn(1, 3, 4), tmp_path / "b.xlsx")
    found = labels(tmp_path / "b.xlsx", "1 self_attn")
    assert "head 2" in found and "channel 1" not in found


def test_the_loss_and_the_mode_are_named(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    x, path = torch.randn(4, 3), tmp_path / "a.xlsx"
    for train, words in ((False, "past batches: evaluation"), (True, "the batch: training")):
        write_model_workbook(model, x, path, [0], loss=lambda z, t: (z**3).sum(), train=train)
        assert f"the statistics are those of {words} mode" in labels(path, "2 1 BatchNorm1d")[1]
        assert labels(path, "Loss")[:2] == [
            "Loss: a function of your own",
            "L = function(output, target)",
        ]
