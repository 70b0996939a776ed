"""Reading .ods files, against LibreOffice."""

from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.libreoffice import convert, libreoffice
from gradsheet.spreadsheet.model import Cell, Chart, Series
from gradsheet.spreadsheet.reader import read_book
from tests.spreadsheet.reader.files import ODS_NAMESPACES, cells, ods, table

ODS_VALUES = """
<table:table-row table:number-rows-repeated="3"/>
<table:table-row table:number-rows-repeated="2">
<table:table-cell table:number-columns-repeated="2"/>
<table:table-cell office:value-type="float" office:value="0.1" table:number-columns-repeated="2"/>
<table:covered-table-cell/><table:table-cell office:value-type="boolean"
office:boolean-value="true"/></table:table-row>
<table:table-row-group><table:table-row>
<table:table-cell office:value-type="percentage" office:value="0.25"><text:p>25%</text:p>
</table:table-cell>
<table:table-cell office:value-type="currency" office:value="3"/>
<table:table-cell office:value-type="date" office:date-value="2024-01-01"/>
<table:table-cell office:value-type="time" office:time-value="PT36H30M00S"/>
<table:table-cell office:value-type="string"><office:annotation><text:p>note</text:p>
</office:annotation><text:p>one<text:s text:c="2"/><text:span>two</text:span></text:p>
<text:p>three<office:annotation><text:p>note</text:p></office:annotation><text:line-break/>x
</text:p></table:table-cell>
<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value=""
calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>
<table:table-cell table:formula="of:=&quot;&quot;" office:value-type="string"
office:string-value=""/>
<table:table-cell table:formula="of:=1+1"/>
</table:table-row></table:table-row-group>
<table:table-row table:number-rows-repeated="1048570"><table:table-cell
table:number-columns-repeated="16384"/></table:table-row>
"""


def test_values_of_ods(tmp_path: Path) -> None:
    found = cells(ods(tmp_path / "values.ods", table(ODS_VALUES.replace("x\n", "x"))))
    repeated = {f"{column}{row}": Cell(0.1) for column in "CD" for row in (4, 5)}
    assert found == repeated | {
        "F4": Cell(1.0),
        "F5": Cell(1.0),
        "A6": Cell(0.25),
        "B6": Cell(3.0),
        "C6": Cell(45292.0),
        "D6": Cell(36.5 / 24),
        "E6": Cell("one  two\nthree\nx"),
        "F6": Cell("#DIV/0!", "1/0"),
        "G6": Cell("", '""'),
        "H6": Cell(None, "1+1"),
    }


def test_arrays_names_and_charts_of_ods(tmp_path: Path) -> None:
    rows = (
        '<table:table-row><table:table-cell table:formula="of:=[.C1:.D2]*2" '
        'table:number-matrix-columns-spanned="2" table:number-matrix-rows-spanned="2" '
        'office:value-type="float" office:value="1"/><table:table-cell office:value-type="float" '
        'office:value="2"/></table:table-row><table:table-row><table:table-cell '
        'office:value-type="string"><text:p>Loss</text:p><draw:frame><draw:object '
        'xlink:href="./Object 1"/></draw:frame></table:table-cell></table:table-row>'
    )
    names = (
        '<table:named-expressions><table:named-range table:name="eta" '
        'table:cell-range-address="$Sheet1.$A$1"/><table:named-range table:name="w" '
        "table:cell-range-address=\"$'a b'.$A$1:.$B$2\"/><table:named-expression "
        'table:name="no" table:expression="of:=1"/></table:named-expressions>'
    )
    elsewhere = "<table:table table:name=\"'file:///x.ods'#S\"><table:table-source/></table:table>"
    chart = (
        f"<office:document-content {ODS_NAMESPACES}><office:body><office:chart><chart:chart>"
        "<chart:title><text:p>The</text:p><text:p>title</text:p></chart:title><chart:plot-area>"
        "<chart:axis><chart:title><text:p>axis</text:p></chart:title></chart:axis><chart:series "
        'chart:values-cell-range-address="Sheet1.A1:Sheet1.A9" '
        'chart:label-cell-address="Sheet1.A2:Sheet1.A2"/>'
        "</chart:plot-area></chart:chart></office:chart></office:body></office:document-content>"
    )
    path = ods(
        tmp_path / "a.ods",
        table(rows) + elsewhere + names,
        **{"Object 1/content.xml": chart, "Basic/script-lc.xml": "<x/>"},
    )
    book = read_book(path)
    block = "C1:D2*2"
    assert cells(path) == {
        "A1": Cell(1.0, block, CellIndex(1, 1)),
        "B1": Cell(2.0, block, CellIndex(1, 1)),
        "A2": Cell("Loss", block, CellIndex(1, 1)),
        "B2": Cell(None, block, CellIndex(1, 1)),
    }
    assert list(book.sheets) == ["Sheet1"]
    assert book.names == {"eta": "Sheet1!$A$1", "w": "'a b'!$A$1:$B$2"}
    assert book.charts == (Chart("Sheet1", "The title", (Series("Sheet1!$A$1:$A$9", "Loss"),)),)
    assert book.remarks == (
        "the file links to other files: they were not opened",
        "the file holds macros: they were not run and not read",
    )


@pytest.mark.skipif(libreoffice() is None, reason="LibreOffice is not installed")
def test_libreoffice_saves_the_same_book_as_ods(tmp_path: Path) -> None:
    path = tmp_path / "lr.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("lr 0.5")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row("A1", ["x", "λ; |", 1, 0.125])
    sheet.write_datetime("E1", date(2024, 1, 1), day)
    for row in range(1, 40):
        sheet.write_number(row, 0, row / 8)
        sheet.write_formula(row, 1, f"=1/(1+EXP(-A{row + 1}))-$D$1*A{row}", None, 0)
        sheet.write_formula(row, 2, f'=IF(B{row + 1}>0,"a;b",MAX(A$2:A{row + 1},2))', None, 0)
    sheet.write_array_formula("F2:F4", "{=MMULT(A2:C4,{1;2;3})}", None, 0)
    sheet.write_formula("G1", "=1/0", None, "#DIV/0!")
    sheet.write_formula("G2", "=Two!A1+SUM(Two!$A$1:$A$2)", None, 0)
    sheet.write_formula("G3", "=_xlfn.STDEV.S(A2:A9)+eta", None, 0)
    book.add_worksheet("Two").write_column("A1", [2, 3])
    book.define_name("eta", "='lr 0.5'!$D$1")
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "='lr 0.5'!$B$2:$B$40", "name": "='lr 0.5'!$B$1"})
    chart.set_title({"name": "Loss"})
    sheet.insert_chart("I2", chart)
    book.close()

    excel, office = read_book(path), read_book(convert(path, "ods", tmp_path))
    assert list(office.sheets) == ["lr 0.5", "Two"]
    assert office.names == excel.names
    assert office.charts == excel.charts
    assert office.remarks == ()
    theirs = office.sheets["lr 0.5"].cells
    for place, cell in excel.sheets["lr 0.5"].cells.items():
        assert (theirs[place].formula, theirs[place].anchor) == (cell.formula, cell.anchor), place
        if cell.formula is None:
            assert theirs[place].value == cell.value, place
    assert theirs.keys() == excel.sheets["lr 0.5"].cells.keys()
    assert theirs[CellIndex(1, 7)].value == "#DIV/0!"
    assert theirs[CellIndex(2, 7)].value == 7.0
