"""Reading workbooks, against openpyxl and LibreOffice; and files made to do harm."""

import os
import struct
import subprocess
import sys
import time
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.chart import LineChart, Reference, ScatterChart
from openpyxl.chart import Series as OpenpyxlSeries
from openpyxl.formula.translate import Translator
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.libreoffice import convert, libreoffice
from gradsheet.spreadsheet.model import Book, Cell, Chart, Series
from gradsheet.spreadsheet.reader import read_book

PUBLISHED = Path(__file__).parents[2].parent / "shared" / "workbooks"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ROWS, COLUMNS = 1_048_576, 16_384


# Files written by hand


def relationships(*targets: tuple[str, str, str]) -> str:
    """A .rels part of identities, kinds and targets."""
    lines = (f'<Relationship Id="{i}" Type="{OFFICE}/{k}" Target="{t}"/>' for i, k, t in targets)
    return f"<Relationships>{''.join(lines)}</Relationships>"


def written(path: Path, parts: Mapping[str, str | bytes | Iterable[bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            with archive.open(name, "w") as part:
                if isinstance(content, str):
                    content = content.encode()
                for piece in [content] if isinstance(content, bytes) else content:
                    part.write(piece)
    return path


def xlsx_parts(*sheets: str | bytes | Iterable[bytes]) -> dict[str, str | bytes | Iterable[bytes]]:
    numbers = range(1, len(sheets) + 1)
    listed = "".join(f'<sheet name="Sheet{i}" sheetId="{i}" r:id="r{i}"/>' for i in numbers)
    parts: dict[str, str | bytes | Iterable[bytes]] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relationships(("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relationships(
            *((f"r{i}", "worksheet", f"worksheets/sheet{i}.xml") for i in numbers),
            ("s", "sharedStrings", "/xl/sharedStrings.xml"),
        ),
    }
    return parts | {
        f"xl/worksheets/sheet{i}.xml": sheet for i, sheet in zip(numbers, sheets, strict=True)
    }


def sheet_xml(rows: str) -> str:
    return f"<worksheet><sheetData>{rows}</sheetData></worksheet>"


def xlsx(path: Path, rows: str, **parts: str) -> Path:
    """A workbook of one sheet, Sheet1; of the other parts the names within xl/ and without .xml."""
    more = {f"xl/{name}.xml": content for name, content in parts.items()}
    return written(path, xlsx_parts(sheet_xml(rows)) | more)


ODS_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "draw", "chart")
)


def ods(path: Path, tables: str, **parts: str) -> Path:
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {ODS_NAMESPACES} '
        f'xmlns:xlink="x" xmlns:calcext="c"><office:body><office:spreadsheet>{tables}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return written(path, {"mimetype": "x", "content.xml": content} | parts)


def table(rows: str, name: str = "Sheet1") -> str:
    return f'<table:table table:name="{name}">{rows}</table:table>'


def cells(path: Path, sheet: str = "Sheet1") -> dict[str, Cell]:
    """The cells of one sheet by address."""
    found = read_book(path).sheets[sheet].cells
    return {f"{get_column_letter(column)}{row}": cell for (row, column), cell in found.items()}


def refusal(path: Path) -> str:
    """The line that refuses the file; it says which file."""
    with pytest.raises(GradsheetError) as refused:
        read_book(path)
    message = str(refused.value)
    assert message.startswith(f"cannot read {path}: ")
    assert "\n" not in message
    return message


# openpyxl as the witness


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
        name: {place: Cell(cell.value, cell.formula) for place, cell in sheet.cells.items()}
        for name, sheet in book.sheets.items()
    }


@pytest.mark.parametrize("name", ["course-sheet-a", "course-sheet-b", "course-sheet-c"])
def test_published_workbooks_agree_with_openpyxl(name: str) -> None:
    path = PUBLISHED / f"{name}.xlsx"
    if not path.is_file():
        pytest.skip("the published workbooks are not here")
    start = time.process_time()
    book = read_book(path)
    assert time.process_time() - start < 0.15
    assert without_anchors(book) == witnessed(path)
    assert book.remarks == ()


def test_published_charts() -> None:
    path = PUBLISHED / "course-sheet-b.xlsx"
    if not path.is_file():
        pytest.skip("the published workbooks are not here")
    loss, rates = read_book(path).charts
    assert loss == Chart("Sheet1", "Total Error for η= 0.5", (Series("Sheet1!$W$29:$W$90"),))
    assert rates.sheet == "Sheet2"
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
    expected["Sheet 1"] |= {place: Cell(value, "A1:A3*2") for place, value in spread.items()}
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


# Dialects of .xlsx


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


MASTERS = (
    "A1+$A1+A$1+$A$1",
    "SUM(A1:B2,$A:$B,A:A,1:2,$1:2)",
    "LOG10(A1)+ATAN2(B1,B2)",
    "'A1 B2'!C3+Sheet1!A1+'it''s A1'!$B2",
    '"A1""B2"&A1&"x"',
    "Table1[A1]+Table1[[#This Row],[B1]]+A1",
    "A1.5+1E5+2.5E-3*B7",
    "eta*w_1+AB12_x+A1B+XFE1+A1048577+A0",
    "1/(1+EXP(-E35))-(E35-$F$33*X35)",
    "[1]Data!A1+INDEX(A1:C3,1,2):C5",
    "TRUE+IF(A1>=B1,#N/A,-A1%)",
    "",
)


@pytest.mark.parametrize("master", MASTERS[:-1])
@pytest.mark.parametrize("place", ["D4", "D9", "AB4", "E11"])
def test_shared_formulas_move_as_openpyxl_moves_them(
    tmp_path: Path, master: str, place: str
) -> None:
    text = master.replace("&", "&amp;").replace(">", "&gt;")
    rows = (
        f'<row><c r="D4"><f t="shared" ref="D4:AB11" si="0">{text}</f></c></row>'
        f'<row><c r="{place}"><f t="shared" si="0"></f><v>1</v></c></row>'
    )
    moved = cells(xlsx(tmp_path / "shared.xlsx", rows))[place].formula
    if place != "D4" and "A1048577" not in master:  # it takes any number for a row
        assert f"={moved}" == Translator(f"={master}", "D4").translate_formula(place)


def test_names_that_look_like_cells_do_not_move(tmp_path: Path) -> None:
    rows = (
        '<row><c r="D4"><f t="shared" ref="D4:D5" si="0">XFE1+A1048577+A1B+A1.x+A1</f></c></row>'
        '<row><c r="D5"><f t="shared" si="0"/></c></row>'
    )
    assert cells(xlsx(tmp_path / "b.xlsx", rows))["D5"].formula == "XFE1+A1048577+A1B+A1.x+A2"


def test_shared_formulas_wrap_at_the_edge_and_may_come_late_or_never(tmp_path: Path) -> None:
    rows = (
        '<row><c r="A1"><f t="shared" si="1"/><v>5</v></c><c r="B1"><f t="shared" si="1"/></c>'
        '<c r="C1"><f t="shared" si="9"/><v>6</v></c><c r="D1"><f t="shared" si="9"/></c></row>'
        '<row><c r="B2"><f t="shared" ref="A1:B2" si="1">A1+B$1</f><v>7</v></c></row>'
    )
    path = xlsx(tmp_path / "late.xlsx", rows)
    assert cells(path) == {
        "A1": Cell(5.0, "XFD1048576+A$1"),
        "B1": Cell(None, "A1048576+B$1"),
        "C1": Cell(6.0),
        "B2": Cell(7.0, "A1+B$1"),
    }
    assert read_book(path).remarks == (
        "cells that share a formula the file lacks, kept as values: 2",
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


# .ods


OPEN_FORMULAS = {
    "of:=[.A1]+[.$A$1]*[.$A1]/[.A$1]": "A1+$A$1*$A1/A$1",
    "of:=SUM([.A1:.B2];[$Sheet1.A1];[$'Sheet 1'.A1:.B2])": "SUM(A1:B2,Sheet1!A1,'Sheet 1'!A1:B2)",
    "oooc:=IF([.A1]>0;&quot;a;b|&quot;;[.B1])": 'IF(A1>0,"a;b|",B1)',
    "=MMULT([.A1:.B2];{1;2|3;4.5})": "MMULT(A1:B2,{1,2;3,4.5})",
    "of:=SUM({&quot;;|&quot;;2|3};[.A1]~[.B1])": 'SUM({";|",2;3},A1,B1)',
    "msoxl:=SUM(A1:B2,'Sheet 1'!A1)": "SUM(A1:B2,'Sheet 1'!A1)",
    "of:=[$'it''s'.$A$1]+['A1'.B2]+[$Ünï.A1:$Ünï.B1]": "'it''s'!$A$1+'A1'!B2+Ünï!A1:B1",
    "of:=SUM([$One.A1:$Two.B2];[.A:.B];[.1:.$2])": "SUM(One:Two!A1:B2,A:B,1:$2)",
    "of:=SUM([$One.A1:$S3.B2])": "SUM('One:S3'!A1:B2)",
    "of:=[.#REF!]+[$S.A#REF!]+#N/A": "#REF!+#REF!+#N/A",
    "of:=COM.MICROSOFT.STDEV.S([.A1:.A9])+LEGACY.NORMSDIST(1)": "STDEV.S(A1:A9)+NORMSDIST(1)",
    "of:=eta*[.a1]": "eta*A1",
    "of:=['file:///x/y.ods'#$Sheet1.A1]": "'[file:///x/y.ods]Sheet1'!A1",
    "of:=[broken;[.A1]": "[broken,A1",
    "of:=&quot;open;[.A1]": '"open,A1',
}


def test_open_formulas(tmp_path: Path) -> None:
    row = "".join(f'<table:table-cell table:formula="{text}"/>' for text in OPEN_FORMULAS)
    path = ods(tmp_path / "f.ods", table(f"<table:table-row>{row}</table:table-row>"))
    assert [cell.formula for cell in cells(path).values()] == list(OPEN_FORMULAS.values())
    assert read_book(path).remarks == ("the file links to other files: they were not opened",)


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


# Files that are no workbook, or a damaged one


def truncated(path: Path) -> None:
    xlsx(path, "<row><c><v>1</v></c></row>" * 100)
    path.write_bytes(path.read_bytes()[:-40])


def of_parts(**changes: str | bytes | None) -> Callable[[Path], None]:
    """A workbook with parts changed or, where None, left out."""

    def write(path: Path) -> None:
        parts = xlsx_parts(sheet_xml("")) | {"xl/" + k: v or "" for k, v in changes.items()}
        left_out = {"xl/" + name for name, content in changes.items() if content is None}
        written(path, {name: part for name, part in parts.items() if name not in left_out})

    return write


def of_rows(rows: str) -> Callable[[Path], None]:
    return lambda path: void(xlsx(path, rows))


def of_bytes(content: bytes) -> Callable[[Path], None]:
    return lambda path: void(path.write_bytes(content))


def of_archive(parts: Mapping[str, str | bytes | Iterable[bytes]]) -> Callable[[Path], None]:
    return lambda path: void(written(path, parts))


def void(_: object) -> None:
    """What a function returns, left alone."""


def twice(path: Path) -> None:
    xlsx(path, "")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("XL/Workbook.xml", "<workbook/>")


def patched(offset: int, value: int) -> Callable[[Path], None]:
    """Change two bytes of every entry of the archive's table of contents."""

    def write(path: Path) -> None:
        xlsx(path, "")
        content = bytearray(path.read_bytes())
        at = content.find(b"PK\1\2")
        while at >= 0:
            struct.pack_into("<H", content, at + offset, value)
            at = content.find(b"PK\1\2", at + 4)
        path.write_bytes(content)

    return write


SHEET = "worksheets/sheet1.xml"
MANIFEST = '<m:manifest xmlns:m="x"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (lambda path: None, "there is no such file"),
    "folder": (lambda path: path.mkdir(), "it is a folder"),
    "pipe": (lambda path: os.mkfifo(path), "not a regular file"),
    "empty": (of_bytes(b""), "the file is empty"),
    "csv": (of_bytes(b"a,b\n1,2\n"), "neither an .xlsx nor an .ods"),
    "xls": (of_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), "an old .xls"),
    "truncated": (truncated, "broken or cut off"),
    "two bytes": (of_bytes(b"PK"), "broken or cut off"),
    "other zip": (of_archive({"a.txt": "a"}), "a zip archive without a workbook"),
    "docx": (
        of_archive(
            {
                "_rels/.rels": relationships(("r", "officeDocument", "word/document.xml")),
                "word/document.xml": "<w:document/>",
            }
        ),
        "it is not a workbook: a part begins with 'document'",
    ),
    "xlsb": (
        of_archive({"_rels/.rels": relationships(("r", "officeDocument", "xl/workbook.bin"))}),
        "a binary .xlsb workbook",
    ),
    "no sheets": (of_parts(**{"workbook.xml": "<workbook/>"}), "no sheet with cells"),
    "odt": (lambda path: void(ods(path, "")), "no sheet with cells"),
    "ods with a password": (
        lambda path: void(ods(path, "", **{"META-INF/manifest.xml": MANIFEST})),
        "it has a password",
    ),
    "newer ods with a password": (
        of_archive({"encrypted-package": "x", "META-INF/manifest.xml": MANIFEST}),
        "it has a password",
    ),
    "password of the archive": (patched(8, 1), "it has a password"),
    "packed another way": (patched(10, 14), "packed in a way"),
    "lying size": (patched(24, 1), "is broken"),
    "no sheet part": (of_parts(**{SHEET: None}), "'/xl/worksheets/sheet1.xml' is missing"),
    "no relations": (of_parts(**{"_rels/workbook.xml.rels": None}), "sheet 'Sheet1' is missing"),
    "part twice": (twice, "the part 'xl/workbook.xml' twice"),
    "malformed": (of_parts(**{SHEET: "<worksheet><row></worksheet>"}), "mismatched tag"),
    "unfinished": (of_parts(**{SHEET: "<worksheet>"}), "no element found"),
    "no utf-8": (of_parts(**{SHEET: b"<worksheet>\xff</worksheet>"}), "invalid token"),
    "codec": (
        of_parts(**{SHEET: '<?xml version="1.0" encoding="utf-7"?><worksheet/>'}),
        "written in 'utf-7'",
    ),
    "entities": (of_parts(**{SHEET: ENTITIES}), "declares a document type"),
    "doctype": (of_parts(**{"workbook.xml": "<!DOCTYPE x><workbook/>"}), "a document type"),
    "unknown entity": (of_parts(**{SHEET: "<worksheet>&a;</worksheet>"}), "undefined entity"),
    "deep": (of_parts(**{SHEET: "<worksheet>" + "<a>" * 200}), "lie too deep"),
    "row": (
        of_rows('<row><c r="A1048577"><v>1</v></c></row>'),
        "'1048577' is not a row",
    ),
    "row zero": (of_rows('<row r="0"/>'), "'0' is not a row of a sheet"),
    "huge row": (of_rows(f'<row r="{"9" * 5000}"/>'), "is not a row of a sheet"),
    "column": (of_rows('<row><c r="XFE1"><v>1</v></c></row>'), "'XFE' is not a column"),
    "place": (
        of_rows('<row><c r="$A$1"><v>1</v></c></row>'),
        "'$A$1' is not the address",
    ),
    "array": (
        of_rows(f'<row><c><f t="array" ref="A1:XFD{ROWS}">1</f></c></row>'),
        "more than 500,000 cells",
    ),
    "missing text": (
        of_rows('<row><c t="s"><v>3</v></c></row>'),
        "cell A1 of sheet 'Sheet1' shows",
    ),
    "negative text": (of_rows('<row><c t="s"><v>-1</v></c></row>'), "a text that is missing"),
    "formula": (of_rows(f"<row><c><f>{'1+' * 4097}1</f></c></row>"), "needs 8,195 characters"),
    "sheet twice": (
        of_parts(
            **{"workbook.xml": '<workbook><sheet name="S" r:id="r1"/><sheet name="S"/></workbook>'}
        ),
        "two sheets are called 'S'",
    ),
    "thousands of sheets": (
        of_parts(
            **{
                "workbook.xml": "<workbook>"
                + "".join(f'<sheet name="{i}" r:id="r1"/>' for i in range(5000))
                + "</workbook>"
            }
        ),
        "more than 1,000 sheets",
    ),
    "full sheet": (
        lambda path: void(
            ods(
                path,
                table(
                    f'<table:table-row table:number-rows-repeated="{ROWS}"><table:table-cell '
                    f'table:number-columns-repeated="{COLUMNS}" office:value-type="float" '
                    'office:value="1"/></table:table-row>'
                ),
            )
        ),
        "more than 500,000 cells",
    ),
    "repeats": (
        lambda path: void(
            ods(path, table(f'<table:table-row table:number-rows-repeated="{"9" * 9999}"/>'))
        ),
        "table:number-rows-repeated is '999",
    ),
    "blanks": (
        lambda path: void(
            ods(
                path,
                table(
                    "<table:table-row><table:table-cell><text:p>"
                    + '<text:s text:c="999999999"/>' * 50
                    + "</text:p></table:table-cell></table:table-row>"
                ),
            )
        ),
        "characters of formulas and blanks",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_line(tmp_path: Path, name: str) -> None:
    write, reason = REFUSED[name]
    if name == "pipe" and not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes here")
    path = tmp_path / "book.xlsx"
    write(path)
    assert reason in refusal(path)


def test_a_path_that_is_none() -> None:
    with pytest.raises(GradsheetError, match="not the path of a file"):
        read_book(Path("a\0.xlsx"))


def test_names_that_lead_out_of_the_archive_touch_nothing(tmp_path: Path) -> None:
    outside = tmp_path / "outside.xml"
    outside.write_text(sheet_xml("<row><c><v>1</v></c></row>"))
    parts = xlsx_parts(sheet_xml("")) | {"../outside.xml": "x", "/etc/passwd": "x"}
    parts["xl/_rels/workbook.xml.rels"] = relationships(("r1", "worksheet", "../../outside.xml"))
    (tmp_path / "in").mkdir()
    path = written(tmp_path / "in" / "book.xlsx", parts)
    assert "is missing" in refusal(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "outside.xml"]


# Files made to take all memory or time

MB = 1 << 20


def of_pieces(*pieces: bytes) -> Iterable[bytes]:
    yield b"<worksheet><sheetData>"
    yield from pieces
    yield b"</sheetData></worksheet>"


def shared_bomb() -> Iterable[bytes]:
    long = b"+".join([b"A$1"] * 2000)
    yield b'<row><c r="A1"><f t="shared" ref="A1:A99999" si="0">' + long + b"</f></c></row>"
    for row in range(2, 9000):
        yield b'<row><c r="A%d"><f t="shared" si="0"/></c></row>' % row


BOMBS: dict[str, tuple[Callable[[], Iterable[bytes]], str]] = {
    "blank space": (lambda: of_pieces(*[b" " * MB] * 80), "more than 67,108,864 bytes of XML"),
    "one long tag": (lambda: of_pieces(b'<a b="', *[b"x" * MB] * 60), "no spreadsheet program"),
    "many words": (
        lambda: of_pieces(b"".join(b'<a%d b%d=""/>' % (i, i) for i in range(100_000))),
        "no spreadsheet program",
    ),
    "deep": (lambda: of_pieces(b"<a>" * (8 * MB)), "lie too deep"),
    "tags": (
        lambda: of_pieces(*[b"<!--" + b"<" * (MB - 99) + b"-->"] * 4),
        "more than 3,000,000 tags",
    ),
    "cells": (
        lambda: of_pieces(*[b"<row>" + b"<c><v>1</v></c>" * 10_200 + b"</row>"] * 50),
        "more than 500,000 cells",
    ),
    "shared formula": (lambda: of_pieces(*shared_bomb()), "10,000,000 characters"),
    "empty rows": (
        lambda: of_pieces(b"".join(b'<row r="%d"/>' % row for row in range(1, ROWS + 1))),
        "read 0 cells",
    ),
    "styled cells": (
        lambda: of_pieces(*[b"<row>" + b'<c s="1"/>' * 10_000 + b"</row>"] * 100),
        "read 0 cells",
    ),
}

READ_WITH_LITTLE = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
from gradsheet.spreadsheet.reader import read_book
from gradsheet.errors import GradsheetError
try:
    book = read_book(Path(sys.argv[1]))
    print("read", sum(len(sheet.cells) for sheet in book.sheets.values()), "cells")
except GradsheetError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits are set as Unix sets them")
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_soon_in_little_memory(tmp_path: Path, name: str) -> None:
    pieces, outcome = BOMBS[name]
    path = written(tmp_path / "bomb.xlsx", xlsx_parts(pieces()))
    command = [sys.executable, "-c", READ_WITH_LITTLE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert outcome in done.stdout


def test_a_table_of_contents_without_end(tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", *[0] * 16) + bytes(54)
    size = len(entry) * 60_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size, 0, 0)
    path.write_bytes(entry * 60_000 + end)
    assert "too many parts" in refusal(path)


def test_a_part_read_again_and_again_is_paid_for_each_time(tmp_path: Path) -> None:
    pieces = of_pieces(b" " * MB)
    parts = xlsx_parts(pieces)
    listed = "".join(f'<sheet name="{i}" r:id="r1"/>' for i in range(900))
    parts["xl/workbook.xml"] = f"<workbook>{listed}</workbook>"
    assert "bytes of XML" in refusal(written(tmp_path / "same.xlsx", parts))
