"""open: what it writes and prints."""

import re
from pathlib import Path

import openpyxl
from PIL import Image

from tests.commands import Run


def test_open(gradsheet: Run, tmp_path: Path) -> None:
    page = Image.new("L", (60, 60), 255)
    page.paste(0, (28, 10, 33, 50))
    page.save(tmp_path / "one.png")
    run = gradsheet("open", "--input", "one.png", "-o", "one.xlsx")
    assert (run.code, run.stderr) == (0, "")  # a progress bar is for terminals
    assert re.fullmatch(r"Wrote one\.xlsx \(\d\.\d MB\)\.\n", run.stdout)
    book = openpyxl.load_workbook(tmp_path / "one.xlsx", data_only=True)
    assert book.sheetnames[:3] == ["Overview", "Image", "1 conv1"]
    assert book.sheetnames[-2:] == ["Output", "Digits"]
    assert book["Image"]["E5"].value == "one.png"
