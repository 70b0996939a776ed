"""The digit classifier's workbook."""

from pathlib import Path

import openpyxl
import pytest

from gradsheet.digits.data import Dataset
from gradsheet.digits.zoo import EXACT, ZOO
from gradsheet.models.digit_classifier import image_sheet, open_digits
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.recalculate import IronCalcWorkbook, without_values


def test_an_image_with_hundreds_of_ties_opens(tmp_path: Path) -> None:
    """With all gradients: 516 windows of image 2 tie."""
    path = tmp_path / "digit.xlsx"
    open_digits(None, "2", None, backward=True, path=path)
    assert path.stat().st_size > 3e6


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ZOO if name != EXACT])
def test_every_network_of_the_zoo_opens(name: str, tmp_path: Path) -> None:
    """The cells are recalculated; two with all gradients, each compared with PyTorch's."""
    backward = name in ("1k", "2k")
    open_digits(Path(name), "0", None, backward=backward, path=tmp_path / "model.xlsx")
    book = openpyxl.load_workbook(tmp_path / "model.xlsx", read_only=True)
    book.close()
    last = "Loss" if backward else "Output"
    assert {"Overview", "Image", "1 stem", last} <= {*book.sheetnames}


def test_choosing_another_digit(tmp_path: Path, mnist: Dataset) -> None:
    """From the list on Image, and a drawing of one's own."""
    workbook = tmp_path / "digit.xlsx"
    open_digits(None, "5", None, backward=False, path=workbook)
    book = IronCalcWorkbook(without_values(workbook, workbook.with_name("bare.xlsx")))
    cells = book.recalculate()
    names = [str(cells[CellRef("Digits", CellIndex(row, 1))]) for row in range(3, 24)]
    assert names[0] == "my own" and len(set(names)) == 21
    chosen = CellRef("Image", CellIndex.parse("E5"))
    assert cells[chosen] == "test image 5: 1" == names[1]
    prediction = predicted_digit(workbook)
    assert cells[prediction] == 1
    book.set(chosen, next(name for name in names if name.endswith(": 8")))
    assert book.recalculate()[prediction] == 8
    book.set(chosen, "my own")
    for row in range(28):
        for column in range(28):
            cell = CellRef("Image", CellIndex(8 + row, 33 + column))
            book.set(cell, int(mnist.test.images[0, row, column]))
    assert book.recalculate()[prediction] == 7


def predicted_digit(path: Path) -> CellRef:
    """The cell that holds the predicted digit."""
    book = openpyxl.load_workbook(path, read_only=True)
    (found,) = (
        cell.coordinate
        for row in book["Image"].iter_rows(max_row=7)
        for cell in row
        if str(cell.value).startswith("=MATCH(MAX")
    )
    book.close()
    return CellRef("Image", CellIndex.parse(str(found)))


def test_twenty_digits_to_choose_from(mnist: Dataset) -> None:
    """Also where the given one would be among them; MATCH must find each name."""
    image = mnist.test.images[0]
    for given, known in (("0", 7), ("folder/my~*?.png", None)):
        page = image_sheet(given, image, known, mnist.test)
        assert len(set(page.names)) == 20 == len(page.digits)
        assert len({digit.tobytes() for digit in page.digits}) >= 19
        assert not any(character in name for name in page.names for character in "~*?")
