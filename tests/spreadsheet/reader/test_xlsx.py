"""Reading .xlsx files, against openpyxl: of XlsxWriter, openpyxl, Excel and others."""

import warnings
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.chart import LineChart, Reference, ScatterChart
from openpyxl.chart import Series as OpenpyxlSeries
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Chart, Series
from gradsheet.spreadsheet.reader import read_book
from tests.course_sheets import COURSE_SHEETS
from tests.spreadsheet.reader.files import (
    MAIN,
    OFFICE,
    cells,
    relationships,
    sheet_xml,
    written,
    xlsx,
    xlsx_parts,
)


def witnessed(path: Path) -> dict[str, dict[CellIndex, Cell]]:
    """Every cell as openpyxl reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about extensions that it leaves out
        formulas = openpyxl.load_workbook(path)
        values = openpyxl.load_workbook(path, data_only=True)
    return {
        sheet.title: {
            CellIndex(cell.row, cell.column): Cell(
                plain(values[sheet.title].cell(cell.row, cell.column).value),
                formula_of(cell.value) if cell.data_type == "f" else None,
            )
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }
        for sheet in formulas.worksheets
    }


def formula_of(value: object) -> str:
    text = value.text if isinstance(value, ArrayFormula) else value
    assert isinstance(text, str)
    return text.removeprefix("=")


def plain(value: object) -> float | str | None:
    if isinstance(value, bool | int | float):
        return float(value)
    return None if value is None else str(value)


def without_anchors(book: Book) -> dict[str, dict[CellIndex, Cell]]:
    return {
        name: {index: Cell(cell.value, cell.formula) for index, cell in sheet.cells.items()}
        for name, sheet in book.sheets.items()
    }


@pytest.mark.parametrize("name", COURSE_SHEETS)
def test_course_sheets_agree_with_openpyxl(name: str, course_sheets: dict[str, Path]) -> None:
    """Shared formulas, shared texts, text boxes and charts, as Excel writes them."""
    book = read_book(course_sheets[name])
    assert without_anchors(book) == witnessed(course_sheets[name])
    assert book.remarks == ()


def test_charts_of_course_sheets(course_sheets: dict[str, Path]) -> None:
    loss, rates = read_book(course_sheets["right"]).charts
    values = "'By hand'!$W$35:$W$67"
    assert loss == Chart("By hand", "Total Error for η= 0.5", (Series(values),))
    assert rates.sheet == "Learning rates"
    assert [line.name for line in rates.series] == [f"LR={n}" for n in (0.1, 0.2, 0.5, 0.8, 1, 2)]


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """A workbook of everything XlsxWriter writes that matters here."""
    path = tmp_path / "rich.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Sheet 1")
    other = book.add_worksheet("It's")
    bold = book.add_format({"bold": True})
    for row, value in enumerate((0.1, 1e-300, -3, 1 / 3, 12345678901234567890)):
        sheet.write_number(row, 0, value)
    sheet.write_string("B1", "η & <w>")
    sheet.write_rich_string("B2", "plain ", bold, "bold", " and λ")
    sheet.write_boolean("B3", True)
    sheet.write_blank("B4", None, bold)
    sheet.write_string("B5", " kept ")
    sheet.write_formula("C1", "=A1*2", None, 0.2)
    sheet.write_formula("C2", '="a"&B1', None, "aη & <w>")
    sheet.write_formula("C3", "=A1>0", None, True)
    sheet.write_formula("C4", "=1/0", None, "#DIV/0!")
    sheet.write_formula("C5", "='It''s'!A1+$A$1", None, 7.1)
    sheet.write_formula("C6", '=IF(A1>0,"","_xlfn.")', None, "")
    sheet.write_formula("D1", "=_xlfn.STDEV.S(A1:A5)", None, 1.5)
    sheet.write_array_formula("E1:E3", "{=A1:A3*2}", None, 0.2)
    sheet.write_number("E2", 2e-300)
    sheet.write_array_formula("F1:F1", "{=SUM(A1:A3*2)}", None, -5.8)
    other.write_number("A1", 7)
    other.merge_range("B2:C3", "merged")
    book.define_name("eta", "='Sheet 1'!$A$1")
    book.define_name("weights", "='Sheet 1'!$A$1:$A$5")
    book.define_name("twice", "='Sheet 1'!$A$1*2")
    book.define_name("'Sheet 1'!mine", "='It''s'!$A$1")
    other.print_area("A1:B2")
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "='Sheet 1'!$A$1:$A$5", "name": "='Sheet 1'!$B$1"})
    chart.add_series({"values": "='Sheet 1'!$C$1:$C$5", "name": "typed"})
    chart.set_title({"name": "Loss & rate"})
    chart.set_x_axis({"name": "step"})
    other.insert_chart("A5", chart)
    alone = book.add_chartsheet("Alone")
    bars = book.add_chart({"type": "bar"})
    bars.add_series({"values": "='Sheet 1'!$A$1:$A$5"})
    alone.set_chart(bars)
    book.close()
    return path


def test_xlsxwriter_agrees_with_openpyxl(rich: Path) -> None:
    book = read_book(rich)
    expected = witnessed(rich)
    ours = without_anchors(book)
    # openpyxl leaves prefixes and gives array formulas to the first cell only.
    spread = {CellIndex(1, 5): 0.2, CellIndex(2, 5): 2e-300, CellIndex(3, 5): 0.0}
    expected["Sheet 1"][CellIndex(1, 4)] = Cell(1.5, "STDEV.S(A1:A5)")
    expected["Sheet 1"] |= {index: Cell(value, "A1:A3*2") for index, value in spread.items()}
    assert ours == expected
    anchors = {p: c.anchor for p, c in book.sheets["Sheet 1"].cells.items() if c.anchor}
    assert anchors == dict.fromkeys(spread, (1, 5)) | {(1, 6): (1, 6)}


def test_names_charts_and_remarks_of_xlsxwriter(rich: Path) -> None:
    book = read_book(rich)
    assert list(book.sheets) == ["Sheet 1", "It's"]
    assert book.names == {
        "eta": "'Sheet 1'!$A$1",
        "weights": "'Sheet 1'!$A$1:$A$5",
        "mine": "'It''s'!$A$1",
    }
    # The name of the first line has no cache in this file: it is looked up in its cell.
    lines = (Series("'Sheet 1'!$A$1:$A$5", "η & <w>"), Series("'Sheet 1'!$C$1:$C$5", "typed"))
    assert book.charts == (Chart("It's", "Loss & rate", lines),)
    assert book.remarks == ("sheet 'Alone' is a chartsheet and was not read",)


def test_openpyxl_workbook_with_charts(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Ünïcode"
    for row in range(1, 6):
        sheet[f"A{row}"] = row / 7
        sheet[f"B{row}"] = f"=A{row}^2-LN($A$1)"
    sheet["C1"], sheet["C2"], sheet["C3"] = "text", True, "#N/A"
    sheet["D1"] = 0.5
    sheet["E1"] = ArrayFormula("E1:E2", "=A1:A2+1")
    book.defined_names["rate"] = DefinedName("rate", attr_text="Ünïcode!$D$1")
    book.defined_names["gone"] = DefinedName("gone", attr_text="#REF!")
    book.defined_names["list"] = DefinedName("list", attr_text="{1,2}")
    line = LineChart()
    line.title = "Line"
    line.add_data(Reference(sheet, min_col=1, min_row=1, max_row=5), titles_from_data=False)
    scatter = ScatterChart()
    places = Reference(sheet, min_col=1, min_row=1, max_row=5)
    heights = Reference(sheet, min_col=2, min_row=1, max_row=5)
    scatter.series.append(OpenpyxlSeries(heights, places, title="B"))
    sheet.add_chart(line, "G1")
    sheet.add_chart(scatter, "G20")
    book.save(path)

    found = read_book(path)
    expected = witnessed(path)["Ünïcode"]
    expected[CellIndex(2, 5)] = Cell(None, "A1:A2+1")
    assert without_anchors(found) == {"Ünïcode": expected}
    assert found.sheets["Ünïcode"].cells[CellIndex(2, 5)].anchor == (1, 5)
    assert found.names == {"rate": "Ünïcode!$D$1"}
    assert [(c.title, [s.name for s in c.series]) for c in found.charts] == [
        ("Line", [""]),
        ("", ["B"]),
    ]
    assert found.charts[1].series[0].values == "'Ünïcode'!$B$1:$B$5"


def test_cells_without_addresses_prefixes_and_inline_texts(tmp_path: Path) -> None:
    rows = (
        '<x:row><x:c t="inlineStr"><x:is><x:t>η</x:t></x:is></x:c><x:c><x:v>0.5</x:v></x:c></x:row>'
        '<x:row r="4"><x:c r="C4" t="str"><x:f>B1&amp;"_xlfn."</x:f><x:v>q</x:v></x:c>'
        "<x:c><x:f>_xlfn._xlws.SORT(_xlfn.XLOOKUP(B1,B1,B1))</x:f></x:c><x:c s='1'/>"
        '<x:c t="inlineStr"><x:is><x:r><x:t>a</x:t></x:r><x:rPh><x:t>no</x:t></x:rPh>'
        "<x:r><x:t> b</x:t></x:r></x:is></x:c></x:row><x:row><x:c><x:v>7</x:v></x:c></x:row>"
    )
    prefixed = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    assert cells(written(tmp_path / "google.xlsx", xlsx_parts(prefixed))) == {
        "A1": Cell("η"),
        "B1": Cell(0.5),
        "C4": Cell("q", 'B1&"_xlfn."'),
        "D4": Cell(None, "SORT(XLOOKUP(B1,B1,B1))"),
        "F4": Cell("a b"),
        "A5": Cell(7.0),
    }


def test_kinds_of_values(tmp_path: Path) -> None:
    strings = (
        "<sst><si><t>one</t></si><si><r><t>t</t></r><rPh><t>no</t></rPh><r><t>wo</t></r></si>"
        "<si><t/></si><si><t>a_x000A_b_x005F_x000A__x001B_</t></si></sst>"
    )
    kinds = [
        ('t="s"', "<v>0</v>", Cell("one")),
        ('t="s"', "<v>1</v>", Cell("two")),
        ('t="s"', "<v>2</v>", None),
        ('t="s"', "<v>3</v>", Cell("a\nb_x000A__x001B_")),
        ('t="b"', "<v>1</v>", Cell(1.0)),
        ('t="b"', "<f>FALSE()</f><v>0</v>", Cell(0.0, "FALSE()")),
        ('t="e"', "<f>1/0</f><v>#DIV/0!</v>", Cell("#DIV/0!", "1/0")),
        ('t="n"', "<v>1.0000000000000002E-5</v>", Cell(1.0000000000000002e-5)),
        ("", "<f>1+1</f>", Cell(None, "1+1")),
        ("", "<f>1+1</f><v></v>", Cell(None, "1+1")),
        ("", "<f> =1 +1\n</f><v>2</v>", Cell(2.0, "1 +1")),
        ('t="str"', "<f>T(A1)</f><v></v>", Cell("", "T(A1)")),
        ('t="d"', "<v>2024-01-01T12:00:00</v>", Cell(45292.5)),
        ("", '<f t="dataTable" ref="N1" r1="A1"/><v>3</v>', Cell(3.0)),
        ("", "<v>NaN</v>", Cell("NaN")),
        ("", "<v>1e999</v>", Cell("1e999")),
        ("", "<v>1_0</v>", Cell("1_0")),
        ('s="4"', "", None),
    ]
    row = "".join(f"<c {kind}>{content}</c>" for kind, content, _ in kinds)
    path = xlsx(tmp_path / "kinds.xlsx", f"<row>{row}</row>", sharedStrings=strings)
    found = read_book(path).sheets["Sheet1"].cells
    assert [found.get(CellIndex(1, i)) for i in range(1, len(kinds) + 1)] == [
        cell for *_, cell in kinds
    ]
    assert read_book(path).remarks == (
        "cells whose number is none, kept as text: 3",
        "what-if data tables, kept as values: 1",
    )


def test_array_formulas_reach_every_cell(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="B1"><f t="array" ref="B1:C2">_xlfn.SEQUENCE(2,2)</f><v>1</v></c>'
        '<c r="C1"><v>2</v></c></row><row r="2"><c r="B2"><v>3</v></c></row>'
        '<row r="3"><c r="A3"><f t="array" ref="$A$3">SUM(B1:C1*2)</f><v>6</v></c>'
        '<c r="B3"><f t="array">SUM(B1:C1)</f></c></row>'
    )
    block = "SEQUENCE(2,2)"
    assert cells(xlsx(tmp_path / "array.xlsx", rows)) == {
        "B1": Cell(1.0, block, CellIndex(1, 2)),
        "C1": Cell(2.0, block, CellIndex(1, 2)),
        "B2": Cell(3.0, block, CellIndex(1, 2)),
        "C2": Cell(None, block, CellIndex(1, 2)),
        "A3": Cell(6.0, "SUM(B1:C1*2)", CellIndex(3, 1)),
        "B3": Cell(None, "SUM(B1:C1)", CellIndex(3, 2)),
    }


def test_strict_namespaces_and_odd_paths(tmp_path: Path) -> None:
    strict = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    parts: dict[str, str | bytes | Iterable[bytes]] = {
        "[content_types].xml": "<Types/>",
        "_rels\\.rels": relationships(("x", "officeDocument", "/Doc/Book.xml")).replace(
            OFFICE, strict
        ),
        "doc/book.xml": '<w:workbook xmlns:w="x" xmlns:rel="y"><w:sheets><w:sheet name="Ä" '
        'rel:id="q"/></w:sheets><w:definedNames><w:definedName name="a" localSheetId="0">'
        "'Ä'!$A$1</w:definedName><w:definedName name=\"a\">Ä!$B$1:$B$2</w:definedName>"
        '<w:definedName name="_xlnm.Print_Area">Ä!$A$1</w:definedName><w:definedName name="h" '
        'hidden="1">Ä!$A$1</w:definedName><w:definedName name="e">[1]Ä!$A$1</w:definedName>'
        "</w:definedNames></w:workbook>",
        "doc/_rels/book.xml.rels": relationships(("q", "worksheet", "../other/./A.XML")),
        "other/a.xml": sheet_xml("<row><c><v>1</v></c></row>"),
    }
    book = read_book(written(tmp_path / "strict.dat", parts))
    assert book.sheets["Ä"].cells == {(1, 1): Cell(1.0)}
    assert book.names == {"a": "Ä!$B$1:$B$2"}


def test_chart_titles_and_names_from_cells(tmp_path: Path) -> None:
    chart = (
        "<chartSpace><chart><title><tx><strRef><f>Sheet1!$A$1</f></strRef></tx></title><plotArea>"
        "<lineChart><ser><tx><strRef><f>Sheet1!$B$1</f></strRef></tx><val><numRef><f>Sheet1!$B$2:$B$9</f>"
        "<numCache><pt><v>1</v></pt></numCache></numRef></val></ser><ser><tx><strRef><f>Sheet1!$A$1"
        "</f><strCache><pt><v>cached</v></pt></strCache></strRef></tx><val><numRef><f>(Sheet1!$A$1,"
        "Sheet1!$A$3)</f></numRef></val></ser><ser><val><numLit/></val></ser></lineChart><valAx><title>"
        "<tx><rich><p><r><t>axis</t></r></p></rich></tx></title></valAx></plotArea></chart>"
        "</chartSpace>"
    )
    parts = xlsx_parts(sheet_xml('<row><c t="str"><v>Loss</v></c><c><v>0.25</v></c></row>')) | {
        "xl/worksheets/_rels/sheet1.xml.rels": relationships(
            ("d", "drawing", "../drawings/drawing1.xml")
        ),
        "xl/drawings/drawing1.xml": '<wsDr><c:chart r:id="c"/><c:chart r:id="gone"/></wsDr>',
        "xl/drawings/_rels/drawing1.xml.rels": relationships(("c", "chart", "../charts/c.xml")),
        "xl/charts/c.xml": chart,
    }
    lines = (Series("Sheet1!$B$2:$B$9", "0.25"), Series("(Sheet1!$A$1,Sheet1!$A$3)", "cached"))
    book = read_book(written(tmp_path / "chart.xlsx", parts))
    assert book.charts == (Chart("Sheet1", "Loss", lines),)


def test_what_is_not_read_is_remarked(tmp_path: Path) -> None:
    parts = xlsx_parts(sheet_xml(""))
    parts["xl/vbaProject.bin"] = b"\0"
    parts["xl/_rels/workbook.xml.rels"] = relationships(
        ("r1", "worksheet", "worksheets/sheet1.xml"), ("e", "externalLink", "externalLinks/1.xml")
    )
    assert read_book(written(tmp_path / "macros.xlsm", parts)).remarks == (
        "the file holds macros: they were not run and not read",
        "the file links to other files (1): they were not opened",
    )
