"""References to tables with names: the cells that they mean."""

import pytest
from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Book
from gradsheet.spreadsheet.reader import read_book

MEANT = {
    "T1[[#This Row],[w 1]]": "B4",
    "T1[@[w 1]]": "B4",
    "[@x]*2": "C4*2",
    "SUM(T1[[#This Row],[w 1]:[x]])": "SUM(B4:C4)",
    "SUM(T1[x])": "SUM($C$3:$C$5)",
    "SUM(T1[[w 1]:[x]])": "SUM($B$3:$C$5)",
    "SUM(T1[#All])": "SUM($B$2:$D$5)",
    "T1[[#Headers],[x]]": "$C$2:$C$2",
    "SUM(T1[[#Data],[a'[b]])": "SUM($D$3:$D$5)",
    'T1[[#This Row],[x]]&"T1[x]"': 'C4&"T1[x]"',
    "T1[none]": "T1[none]",
    "Gone[x]": "Gone[x]",
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A sheet with a table in B2:D5, the formulas in column D and further right of row 4."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for column, header in enumerate(("w 1", "x", "a[b"), start=2):
        sheet.cell(2, column, header)
        for row in (3, 4, 5):
            sheet.cell(row, column, row * column)
    table = Table(displayName="T1", ref="B2:D5")
    sheet.add_table(table)
    for place, formula in enumerate(MEANT):
        sheet.cell(4, 10 + place).value = f"={formula}"
    sheet["D4"] = "=[@x]*2"
    sheet["D3"] = "=_xlfn.ANCHOR(T1[@x])"
    other = made.create_sheet("Other")
    other["A1"] = "=SUM(T1[x])+SUM(T1)"
    other["A2"] = "=T1[[#This Row],[x]]"
    other["A3"] = "=TWICE(rate)+TWICE(TWICE(1))"
    made.defined_names["rate"] = DefinedName("rate", attr_text="0.5")
    double = "_xlfn.LAMBDA(_xlpm.x,2*_xlpm.x)"
    made.defined_names["TWICE"] = DefinedName("TWICE", attr_text=double)
    path = tmp_path_factory.mktemp("tables") / "tables.xlsx"
    made.save(path)
    return read_book(path)


@pytest.mark.parametrize("place", range(len(MEANT)), ids=list(MEANT))
def test_a_reference_to_a_table_is_written_as_cells(written: Book, place: int) -> None:
    formula = list(MEANT)[place]
    cell = written.sheets["Sheet"].cells[CellIndex(4, 10 + place)]
    outside = formula.startswith("[")  # without a name it means the table around the cell
    assert cell.formula == (formula if outside else MEANT[formula])
    assert written.sheets["Sheet"].cells[CellIndex(4, 4)].formula == "C4*2"


def test_tables_numbers_and_functions_have_names(written: Book) -> None:
    evaluator = Evaluator(Formulas(written))
    values = [evaluator.value("Other", CellIndex(row, 1)) for row in (1, 3)]
    assert values[1] == 1 + 4
    cells = written.sheets["Other"].cells
    assert cells[CellIndex(1, 1)].formula == "SUM(Sheet!$C$3:$C$5)+SUM(T1)"
    assert cells[CellIndex(2, 1)].formula == "T1[[#This Row],[x]]"
    assert written.names["T1"] == "Sheet!$B$3:$D$5"
