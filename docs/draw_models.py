"""Draw sheets of models' workbooks: python docs/draw_models.py FOLDER.

Needs LibreOffice.
"""

import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image
from torch import nn

from gradsheet import write_model_workbook
from gradsheet.models.digit_classifier import open_digits
from gradsheet.spreadsheet import pictures

TOP = 0.42  # of the sheet's first page: the first channels

folder = Path(sys.argv[1])
pictures.DOTS_PER_INCH = 230
with tempfile.TemporaryDirectory() as temporary:
    book = Path(temporary) / "network.xlsx"
    open_digits(None, "3", None, backward=False, path=book)
    pictures.write_pictures(book, Path(temporary))
    (conv,) = Path(temporary).glob("*-1-conv1-1.png")
    with Image.open(conv) as image:
        image.crop((0, 0, image.width, int(TOP * image.height))).save(folder / "model-conv.png")
    torch.manual_seed(0)
    small = nn.Sequential(nn.Conv2d(2, 2, 3, stride=2, padding=1), nn.Flatten(), nn.Linear(32, 3))
    write_model_workbook(small, torch.randn(2, 8, 8), Path(temporary) / "small.xlsx", target=2)
    pictures.write_pictures(Path(temporary) / "small.xlsx", Path(temporary) / "small")
    (backward,) = (Path(temporary) / "small").glob("*conv2d.png")
    with Image.open(backward) as image:
        image.save(folder / "model-backward.png")
    for name, model, shape, sheet in (
        (
            "attention",
            nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
            (1, 5, 4),
            "self-attn",
        ),
        ("lstm", nn.LSTM(3, 4, batch_first=True), (1, 4, 3), "1-lstm-1"),
    ):
        path = Path(temporary) / f"{name}.xlsx"
        target = torch.zeros(1, shape[1], 4)
        write_model_workbook(model, torch.randn(shape), path, target, loss="mean-squared-error")
        pictures.write_pictures(path, Path(temporary) / name)
        (page,) = (Path(temporary) / name).glob(f"*{sheet}.png")
        with Image.open(page) as image:
            part = image.crop((0, 0, image.width, int(0.5 * image.height)))
            part.save(folder / f"model-{name}.png")
    (shown,) = Path(temporary).glob("*-image.png")
    with Image.open(shown) as image:
        image.save(folder / "model-image.png")
