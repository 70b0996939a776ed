"""The gradient check: wrong gradients fail it, right ones never."""

from pathlib import Path

import pytest
from openpyxl.utils import get_column_letter

from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.spreadsheet.recalculate import (
    cached_values,
    recalculated,
)
from gradsheet.workbook import check_texts
from gradsheet.workbook.build import write_workbook
from gradsheet.workbook.verify import verify_workbook
from tests.workbook.books import after, book, ref


def test_a_published_mistake_fails_the_gradient_check(course: Path, tmp_path: Path) -> None:
    """Off by 5.9e-8 in the first row: nobody noticed."""
    sheet = book(course)["lr 0.1"]
    headers = {str(cell.value): get_column_letter(cell.column or 1) for cell in sheet[4]}
    cell = sheet[f"{headers['∂E/∂w3']}5"]
    wrong = str(cell.value).replace(headers["a_h2"], headers["a_h1"])
    cells = after(course, tmp_path, {ref("lr 0.1", cell.coordinate): wrong})
    assert cells[ref("Gradient check", "B5")] == 1
    assert abs(float(cells[ref("Gradient check", "E13")])) == pytest.approx(5.9e-8, rel=0.02)


@pytest.mark.parametrize(
    "spec",
    [
        NetworkSpec(  # the textbook XOR: every sum stands at a kink for some example
            ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)),
            ((0.0,), (1.0,), (1.0,), (0.0,)),
            (
                LayerSpec(((1.0, 1.0), (1.0, 1.0)), "relu", (0.0, -1.0)),
                LayerSpec(((1.0, -2.0),), "identity", (0.1,)),
            ),
        ),
        NetworkSpec(  # inputs in the hundreds
            ((400.0, -250.0),),
            ((0.3,),),
            (LayerSpec(((0.004, 0.003), (-0.002, 0.005))), LayerSpec(((0.4, -0.7),))),
        ),
    ],
    ids=["kinks", "large inputs"],
)
def test_right_gradients_are_never_blamed(spec: NetworkSpec, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(spec, path, learning_rates=(0.01,), updates=2)
    assert recalculated(path, {}, "ironcalc")[ref("Start", "B6")] == "all checks pass"
    assert cached_values(path)[ref("Start", "B6")] == "all checks pass"
    assert verify_workbook(path).is_verified


def test_no_note_is_wider_than_the_printed_page() -> None:
    notes = (
        *check_texts.gradient_notes("2.13.0"),
        check_texts.tolerances(True),
        check_texts.changed_numbers(True),
    )
    assert max(map(len, notes)) <= 150
