"""The digit classifier's workbook."""

from pathlib import Path

import openpyxl
import pytest

from gradsheet.digits.data import Dataset
from gradsheet.models.digit_classifier import _image_sheet, open_digits
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.recalculate import IronCalcWorkbook, without_values


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The forward pass on test image 5, a 1."""
    path = tmp_path_factory.mktemp("digit") / "digit.xlsx"
    open_digits(None, "5", None, backward=False, path=path)
    return path


def test_choosing_another_digit(workbook: Path, mnist: Dataset) -> None:
    """From the list on Image, and a drawing of one's own."""
    book = IronCalcWorkbook(without_values(workbook, workbook.with_name("bare.xlsx")))
    cells = book.recalculate()
    names = [str(cells["Digits", f"A{row}"]) for row in range(3, 24)]
    assert names[0] == "my own" and len(set(names)) == 21
    assert cells["Image", "E5"] == "test image 5: 1" == names[1]
    prediction = predicted_digit(workbook)
    assert cells["Image", prediction] == 1
    book.set("Image", "E5", next(name for name in names if name.endswith(": 8")))
    assert book.recalculate()["Image", prediction] == 8
    book.set("Image", "E5", "my own")
    for row in range(28):
        for column in range(28):
            cell = str(CellIndex(8 + row, 33 + column))
            book.set("Image", cell, int(mnist.test.images[0, row, column]))
    assert book.recalculate()["Image", prediction] == 7


def predicted_digit(path: Path) -> str:
    """The cell that holds the predicted digit."""
    sheet = openpyxl.load_workbook(path, read_only=True)["Image"]
    (found,) = (
        cell.coordinate
        for row in sheet.iter_rows(max_row=7)
        for cell in row
        if str(cell.value).startswith("=MATCH(MAX")
    )
    return str(found)


def test_twenty_digits_to_choose_from(mnist: Dataset) -> None:
    """Also where the given one would be among them; MATCH must find each name."""
    image = mnist.test.images[0]
    for given, known in (("0", 7), ("folder/my~*?.png", None)):
        page = _image_sheet(given, image, known, mnist.test)
        assert len(set(page.names)) == 20 == len(page.digits)
        assert len({digit.tobytes() for digit in page.digits}) >= 19
        assert not any(character in name for name in page.names for character in "~*?")
