"""Formulas of one pattern: each copy means the cells that its own text names."""

from pathlib import Path

import numpy as np
import openpyxl
import pytest

from gradsheet.spreadsheet.filled import Filled, Spans
from gradsheet.spreadsheet.reader import read_book
from gradsheet.spreadsheet.style import Style
from gradsheet.spreadsheet.writer import BookInMemory


def outer(height: int, width: int) -> tuple[np.ndarray, np.ndarray, Filled]:
    """The cells of a matrix of products of a column and a row, and its formulas."""
    i, j = (axis.ravel() for axis in np.indices((height, width)))
    down = Spans(i + 2, np.zeros_like(i))
    right = Spans(np.zeros_like(j), j + 1)
    return i + 2, j + 1, Filled(height * width, ("", "*", ""), (down, right))


def test_a_run_keeps_what_stays_and_moves_what_moves() -> None:
    rows, columns, products = outer(3, 4)
    runs = products.runs(rows, columns)
    assert runs is not None
    assert [(run.first, run.last, run.text) for run in runs] == [(0, 12, "$A3*B$1")]
    assert list(products)[:2] == ["A3*B1", "A3*C1"]


def test_tiles_are_runs_of_their_own() -> None:
    """A window of each tile moves along, its kernel stays."""
    tile, y, x = (axis.ravel() for axis in np.indices((2, 3, 3)))
    rows, columns = 10 * tile + y, 20 + x
    kernel = Spans(10 * tile, np.full_like(x, 10), 2, 2)
    window = Spans(y, x, 2, 2)
    runs = Filled(18, ("SUMPRODUCT(", ",", ")"), (kernel, window)).runs(rows, columns)
    assert runs is not None
    assert [run.text for run in runs] == [
        "SUMPRODUCT($K$1:$L$2,A1:B2)",
        "SUMPRODUCT($K$11:$L$12,A1:B2)",
    ]


def test_formulas_that_are_not_alike_have_no_runs() -> None:
    """Every other cell, as of a convolution with stride 2."""
    x = np.arange(1000)
    assert Filled(1000, ("", ""), (Spans(np.zeros_like(x), 2 * x),)).runs(x * 0 + 1, x) is None


@pytest.mark.parametrize("turned", [False, True])
def test_copies_in_a_file_are_the_formulas(turned: bool, tmp_path: Path) -> None:
    """As openpyxl and the reader here see them; with other cells in between."""
    rows, columns, products = outer(3, 4)
    if turned:
        order = np.arange(12)[::-1]
        rows, columns, products = rows[order], columns[order], products.taken(order)
    book = BookInMemory()
    sheet = Style(book.workbook, {}).add_sheet("One", "title")
    sheet.blocks.filled(rows, columns, products, np.arange(12.0), 0)
    sheet.cover(rows, columns)
    sheet.write_string(3, 7, "a text")
    sheet.write_string(8, 2, "below")
    book.close()
    book.save(tmp_path / "a.xlsx")
    cells = openpyxl.load_workbook(tmp_path / "a.xlsx")["One"]
    ours = read_book(tmp_path / "a.xlsx").sheets["One"].cells
    for row, column, text in zip(rows, columns, products, strict=True):
        cell = cells.cell(int(row) + 1, int(column) + 1)
        assert str(cell.value).replace("$", "") == f"={text}"
        formula = ours[(int(row) + 1, int(column) + 1)].formula  # type: ignore[index]
        assert formula is not None and formula.replace("$", "") == text
    assert cells["H4"].value == "a text" and cells["C9"].value == "below"
    assert cells["A1"].value == "title"
