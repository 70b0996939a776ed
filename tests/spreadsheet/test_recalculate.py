"""Cached values against openpyxl, and workbooks recalculated by each engine."""

import shutil
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.package import opened_package
from gradsheet.spreadsheet.recalculate import cached_values, recalculated, without_values
from tests.engines import EVERY_ENGINE


def ref(address: str, sheet: str = "It's 1") -> CellRef:
    return CellRef(sheet, CellIndex.parse(address))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Numbers, texts and errors, a comparison, a link between sheets, and a wrong cached value."""
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet, other = made.add_worksheet("It's 1"), made.add_worksheet("Two")
        sheet.write_number("A1", 0.1)
        sheet.write_formula("B1", "=A1*3", None, 0.1 * 3)
        sheet.write_formula("B2", '="a"&"b"', None, "ab")
        sheet.write_formula("B3", "=1/0", None, "#DIV/0!")
        sheet.write_formula("B4", "=A1+1", None, 77)
        sheet.write_url("C1", "internal:Two!A1")
        other.write_formula("A1", "='It''s 1'!B1+1", None, 1.3)
    return path


def test_cached_values_are_those_that_openpyxl_reads(book: Path) -> None:
    formulas, values = openpyxl.load_workbook(book), openpyxl.load_workbook(book, data_only=True)
    assert cached_values(book) == {
        ref(cell.coordinate, sheet.title): values[sheet.title][cell.coordinate].value
        for sheet in formulas
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def test_a_copy_without_values(book: Path, tmp_path: Path) -> None:
    bare = without_values(book, tmp_path / "bare.xlsx", {ref("A1"): 0.5})
    assert set(cached_values(bare).values()) == {""}
    before, after = openpyxl.load_workbook(book), openpyxl.load_workbook(bare)
    assert after["It's 1"]["A1"].value == 0.5
    assert before["Two"]["A1"].value == after["Two"]["A1"].value


@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_recalculated_with_a_number_typed_in(book: Path, engine: str) -> None:
    found = recalculated(book, {ref("A1"): 0.5}, engine)
    assert found[ref("B1")] == 1.5
    assert found[ref("B2")] == "ab"
    assert found[ref("B3")] == "#DIV/0!"
    assert found[ref("B4")] == 1.5
    if engine != "gnumeric":  # does not read the doubled apostrophe in the name of a sheet
        assert found[ref("A1", "Two")] == 2.5


def test_what_cannot_be_recalculated(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GradsheetError, match=r"no engine 'abacus'; choose from ironcalc, formual"):
        recalculated(book, {}, "abacus")
    with pytest.raises(GradsheetError, match=r"cell 'It''s 1'!B1 holds no number to change"):
        recalculated(book, {ref("B1"): 1.0}, "ironcalc")
    monkeypatch.setattr(shutil, "which", lambda program: None)
    with pytest.raises(GradsheetError, match="Gnumeric is not installed; install it so that 'ss"):
        recalculated(book, {}, "gnumeric")
    text = tmp_path / "text.xlsx"
    text.write_text("a,b\n")
    for path in (text, tmp_path / "missing.xlsx"):
        with pytest.raises(GradsheetError, match=path.name):
            recalculated(path, {}, "ironcalc")


def test_an_engine_writes_nothing_on_the_terminal(
    book: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with opened_package(book) as package:
        package["xl/theme/theme1.xml"] = b"<theme>\xff</theme>"
        package.write(tmp_path / "broken-theme.xlsx")
    recalculated(tmp_path / "broken-theme.xlsx", {}, "ironcalc")
    assert capfd.readouterr() == ("", "")
