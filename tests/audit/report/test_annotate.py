"""Annotated copies: the right cells colored and explained, and nothing else touched."""

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image

from gradsheet.audit.findings import Audit, Finding
from gradsheet.audit.report.annotate import annotate, copy_of
from gradsheet.audit.report.copy_mark import is_copy
from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.libreoffice import convert, libreoffice
from tests.audit import samples
from tests.audit.samples import MESSAGE, RIGHT, SLOPE, WRITTEN, audit
from tests.course_sheets import COURSE_SHEETS

RED, AMBER = "FFFF7B72", "FFFFC933"
MARK = "docProps/custom.xml"  # by which a copy is known for one
EDITED = {"[Content_Types].xml", "_rels/.rels", MARK, "xl/styles.xml"}


def mistake(cell: str, sheet: str = "One") -> Finding:
    return samples.mistake(cell, sheet=sheet)


def remark(cell: str, text: str = "odd", sheet: str = "One") -> Finding:
    return samples.remark(sheet, cell, text)


def rich(path: Path) -> Path:
    """With a chart, a text box, a picture, shared looks, an empty row and two sheets."""
    book = xlsxwriter.Workbook(str(path))
    one, two = book.add_worksheet("One"), book.add_worksheet("Tab & two")
    bold = book.add_format({"bold": True, "num_format": "0.00", "border": 1})
    one.set_column("F:F", 12, book.add_format({"italic": True}))
    one.set_row(8, None, book.add_format({"underline": True}))
    for row in (0, 1, 2, 5):
        for column in (0, 1, 3):
            one.write_formula(row, column, f"{row}+{column}", bold, row + column)
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=One!$A$1:$A$6"})
    one.insert_chart("H2", chart)
    one.insert_textbox("H20", "text in a box")
    Image.new("RGB", (8, 8), "red").save(path.with_suffix(".png"))
    one.insert_image("P2", str(path.with_suffix(".png")))
    two.write("A1", "text")
    book.close()
    return path


def noted(path: Path) -> Path:
    """The same with notes on the first sheet."""
    rich(path)
    book = openpyxl.load_workbook(path)
    book["One"]["A1"].comment = Comment("kept & whole", "Ann")
    book["One"]["B2"].comment = Comment("also kept", "Bob")
    book.save(path)
    return path


def noted_by_xlsxwriter(path: Path) -> Path:
    book = xlsxwriter.Workbook(str(path))
    one = book.add_worksheet("One")
    one.write("A1", 1)
    one.write_comment("A1", "kept & whole", {"author": "Ann"})
    one.write_comment("B2", "also kept")
    one.insert_button("D4", {"caption": "a button"})
    book.close()
    return path


def prefixed(path: Path) -> Path:
    """As some libraries write it: every name with a prefix, positions not stated."""

    def prefix(content: bytes) -> bytes:
        content = re.sub(rb"<(/?)(?=[A-Za-z])", rb"<\1x:", content)
        return content.replace(b"xmlns=", b"xmlns:x=")

    rewritten(rich(path), {"xl/worksheets/sheet1.xml": prefix, "xl/styles.xml": prefix})
    return rewritten(path, {"xl/worksheets/sheet1.xml": lambda c: re.sub(rb' r="A\d"', b"", c)})


def rewritten(path: Path, changes: Mapping[str, Callable[[bytes], bytes]]) -> Path:
    parts = parts_of(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, changes.get(name, bytes)(content))
    return path


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def annotated(path: Path, *findings: Finding) -> Path:
    target = path.with_name(f"annotated-{path.name}")
    annotate(audit(path, *findings), target)
    return target


def sheet_of(path: Path, sheet: str = "One") -> Worksheet:
    found = openpyxl.load_workbook(path)[sheet]
    assert isinstance(found, Worksheet)
    return found


def color(cell: Cell) -> object:
    return cell.fill.fgColor.rgb if cell.fill.patternType == "solid" else None


def note(cell: Cell) -> str:
    return cell.comment.text if cell.comment else ""


def marks(sheet: Worksheet) -> dict[str, object]:
    """The cells that are colored or have a note."""
    cells = [cell for row in sheet.iter_rows() for cell in row if isinstance(cell, Cell)]
    return {cell.coordinate: color(cell) for cell in cells if cell.comment or color(cell)}


def content(path: Path) -> dict[tuple[str, str], object]:
    found = {}
    for stated in (False, True):
        for sheet in openpyxl.load_workbook(path, data_only=stated).worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.value is not None:
                        value = getattr(cell.value, "text", cell.value)
                        found[f"{sheet.title}, {stated}", cell.coordinate] = value
    return found


@pytest.mark.parametrize("made", [rich, noted, noted_by_xlsxwriter, prefixed])
def test_cells_are_colored_and_explained(made: Callable[[Path], Path], tmp_path: Path) -> None:
    path = made(tmp_path / "book.xlsx")
    before = sheet_of(path)
    target = annotated(path, mistake("D1"), remark("A3"), remark("C2"), mistake("C2"))
    sheet = sheet_of(target)
    expected = {"D1": RED, "A3": AMBER, "C2": RED}
    assert {**marks(before), **expected} == marks(sheet)
    for text in (MESSAGE, WRITTEN, RIGHT, SLOPE, "62 cells", "Mistake"):
        assert text in note(sheet["D1"])
    assert "odd" in note(sheet["A3"])
    assert "odd" in note(sheet["C2"])
    assert MESSAGE in note(sheet["C2"])
    assert content(target) == content(path)


@pytest.mark.parametrize("made", [rich, noted, noted_by_xlsxwriter, prefixed])
def test_all_else_stays_byte_for_byte(made: Callable[[Path], Path], tmp_path: Path) -> None:
    path = made(tmp_path / "book.xlsx")
    original = path.read_bytes()
    before, after = parts_of(path), parts_of(annotated(path, mistake("D1"), remark("A3")))
    assert path.read_bytes() == original
    assert list(after)[: len(before)] == list(before)
    changed = {name for name in before if before[name] != after[name]}
    marked = re.compile(r"xl/worksheets/(_rels/)?sheet1\.xml|xl/comments|xl/drawings/.*vml|.*\.vml")
    assert all(name in EDITED or marked.match(name) for name in changed | (after.keys() - before))


def test_looks_stay_but_for_the_fill(tmp_path: Path) -> None:
    path = rich(tmp_path / "book.xlsx")
    cell = sheet_of(annotated(path, mistake("A1")))["A1"]
    assert (cell.number_format, cell.font.b, cell.border.left.style) == ("0.00", True, "thin")
    assert sheet_of(annotated(path, mistake("A1")))["B1"].fill.patternType is None


def test_a_cell_that_is_not_there_looks_as_its_row_or_column(tmp_path: Path) -> None:
    path = rich(tmp_path / "book.xlsx")
    cells = ["F40", "F4", "F2", "C9", "XFD1048576", "B9"]
    sheet = sheet_of(annotated(path, *map(mistake, cells)))
    assert all(color(sheet[cell]) == RED and note(sheet[cell]) for cell in cells)
    assert sheet["F40"].font.i and sheet["F4"].font.i and sheet["F2"].font.i
    assert sheet["C9"].font.u == "single"
    rows = re.findall(rb'<row r="(\d+)"', parts_of(path.with_name("annotated-book.xlsx"))
                      ["xl/worksheets/sheet1.xml"])  # fmt: skip
    assert list(map(int, rows)) == sorted(map(int, rows))


def test_a_light_font_is_seen_on_the_fill(tmp_path: Path) -> None:
    path, book = tmp_path / "book.xlsx", openpyxl.Workbook()
    book.worksheets[0].title = "One"
    head = book["One"]["A1"]
    head.value, head.font = "t1", Font(color="FFFFFFFF", size=14)
    head.fill = PatternFill("solid", fgColor="FF000000")
    book.save(path)
    cell = sheet_of(annotated(path, remark("A1")))["A1"]
    assert (cell.font.color.rgb, cell.font.sz, color(cell)) == ("FF000000", 14, AMBER)


@pytest.mark.parametrize("made", [noted, noted_by_xlsxwriter])
def test_notes_that_stand_there_survive(made: Callable[[Path], Path], tmp_path: Path) -> None:
    path = made(tmp_path / "book.xlsx")
    sheet = sheet_of(annotated(path, mistake("A1"), mistake("C3"), remark("C3", "more")))
    assert note(sheet["A1"]).startswith("kept & whole")
    assert MESSAGE in note(sheet["A1"])
    assert note(sheet["B2"]) == "also kept"
    assert sheet["A1"].comment.author == "Ann"
    assert "more" in note(sheet["C3"])


def test_annotating_a_copy_again_adds_to_it(tmp_path: Path) -> None:
    first = annotated(rich(tmp_path / "book.xlsx"), mistake("A1"))
    sheet = sheet_of(annotated(first, remark("A1", "second"), remark("B1", "third")))
    assert MESSAGE in note(sheet["A1"]) and "second" in note(sheet["A1"])
    assert "third" in note(sheet["B1"]).splitlines()
    assert len(re.findall(rb"<v:shape ", parts_of(tmp_path / "annotated-annotated-book.xlsx")
                          ["xl/drawings/vmlDrawing1.vml"])) == 2  # fmt: skip


def test_two_sheets_have_notes_of_their_own(tmp_path: Path) -> None:
    path = noted(tmp_path / "book.xlsx")
    target = annotated(path, mistake("A2"), remark("A1", sheet="Tab & two"))
    assert "\nodd\n" in note(sheet_of(target, "Tab & two")["A1"])
    assert MESSAGE in note(sheet_of(target)["A2"])


@pytest.mark.parametrize(
    "text", ["=1+1", 'a <b> & "c" ]]>', "</t></r></text>", "x\x00\x07\x1b\ud800\ufffey", "𝑥 ∂ü"]
)
def test_text_stays_text(text: str, tmp_path: Path) -> None:
    found = samples.mistake("A1", used=text, sheet="One", written=text, right=text)
    target = annotated(rich(tmp_path / "book.xlsx"), found)
    plain = (
        re.sub("[\x00-\x1f]+", " ", text).replace("\ud800", "\ufffd").replace("\ufffe", "\ufffd")
    )
    told = note(sheet_of(target)["A1"])
    assert told.startswith(f"Mistake: {SLOPE}\nuses {plain} instead of ")
    assert f"\nwritten: {plain}\nright: {plain}\n" in told
    assert content(target) == content(tmp_path / "book.xlsx")


def test_a_note_stays_short_enough_to_be_kept(tmp_path: Path) -> None:
    long = samples.mistake("A1", used="long " * 20_000, sheet="One", written="1+" * 9_000)
    for count in (1, 20):
        text = note(sheet_of(annotated(rich(tmp_path / "book.xlsx"), *[long] * count))["A1"])
        assert len(text) < 32_767
        assert text.count("long long") > text.count("Mistake") == count


def test_a_finding_without_a_cell_is_left_out(tmp_path: Path) -> None:
    path = rich(tmp_path / "book.xlsx")
    findings = remark(""), remark("A1", sheet="no such sheet")
    before, after = parts_of(path), parts_of(annotated(path, *findings))
    assert after.keys() - before.keys() == {MARK}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"[Content_Types].xml", "_rels/.rels"}


def test_the_same_findings_make_the_same_file(tmp_path: Path) -> None:
    path = rich(tmp_path / "book.xlsx")
    assert (
        annotated(path, mistake("A1")).read_bytes() == annotated(path, mistake("A1")).read_bytes()
    )


# --- What is refused -------------------------------------------------------------------------


def refusal(path: Path, target: Path) -> str:
    with pytest.raises(GradsheetError) as error:
        annotate(Audit(path, (), (mistake("A1"),)), target)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["book.ods", "book.xlsm", "book.xls", "book"])
def test_only_xlsx_is_annotated(name: str, tmp_path: Path) -> None:
    assert "save it as .xlsx" in refusal(tmp_path / name, tmp_path / "copy.xlsx")


def test_the_original_is_never_overwritten(tmp_path: Path) -> None:
    path = rich(tmp_path / "book.xlsx")
    (tmp_path / "link.xlsx").hardlink_to(path)
    for target in ("book.xlsx", "x/../book.xlsx", "link.xlsx"):
        assert "overwritten" in refusal(path, tmp_path / target)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot read" in refusal(tmp_path / "none.xlsx", tmp_path / "copy.xlsx")


def damaged(tmp_path: Path, part: str, change: Callable[[bytes], bytes]) -> str:
    path = rewritten(rich(tmp_path / "book.xlsx"), {part: change})
    said = refusal(path, tmp_path / "copy.xlsx")
    assert not (tmp_path / "copy.xlsx").exists()
    return said


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"])
def test_a_damaged_file_is_refused(part: str, tmp_path: Path) -> None:
    assert "not a sound .xlsx" in damaged(tmp_path, part, lambda content: content[:-20])


def test_a_file_that_unpacks_to_too_much_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("gradsheet.spreadsheet.package._MOST_BYTES", 1000)
    assert "unpacks to more" in refusal(rich(tmp_path / "book.xlsx"), tmp_path / "copy.xlsx")


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb">]>'
    said = damaged(
        tmp_path, "xl/styles.xml", lambda c: c.replace(b"<styleSheet", bomb + b"<styleSheet")
    )
    assert "not a sound .xlsx" in said


@pytest.mark.parametrize("content", [b"", b"text", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99])
def test_what_is_no_zip_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(content)
    assert "not a sound .xlsx" in refusal(tmp_path / "book.xlsx", tmp_path / "copy.xlsx")


# --- Other programs, other people's files ----------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(libreoffice() is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("made", [rich, noted])
def test_libreoffice_reads_it(made: Callable[[Path], Path], tmp_path: Path) -> None:
    path = made(tmp_path / "book.xlsx")
    target = annotated(path, mistake("D1"), remark("A1"), mistake("F4"))
    saved = sheet_of(convert(target, "xlsx", tmp_path / "libreoffice"))
    assert [color(saved[cell]) for cell in ("D1", "A1", "F4")] == [RED, AMBER, RED]
    assert MESSAGE in note(saved["D1"]) and MESSAGE in note(saved["F4"])
    assert "\nodd\n" in note(saved["A1"])
    assert ("kept & whole" in note(saved["A1"])) == (made is noted)


@pytest.mark.parametrize("name", COURSE_SHEETS)
def test_course_sheets(name: str, course_sheets: dict[str, Path], tmp_path: Path) -> None:
    path, sheet, row = course_sheets[name], COURSE_SHEETS[name].sheet, COURSE_SHEETS[name].first
    findings = [mistake(f"AA{row}", sheet=sheet), remark(f"E{row - 1}", sheet=sheet)]
    target = tmp_path / "copy.xlsx"
    annotate(Audit(path, (), tuple(findings)), target)
    before, after = parts_of(path), parts_of(target)
    changed = {name for name in before if before[name] != after[name]}
    sheet_parts = {"xl/worksheets/sheet1.xml", "xl/worksheets/_rels/sheet1.xml.rels"}
    assert changed == EDITED - {MARK} | sheet_parts
    assert content(target) == content(path)
    copy = sheet_of(target, sheet)
    assert (color(copy[f"AA{row}"]), color(copy[f"E{row - 1}"])) == (RED, AMBER)
    assert MESSAGE in note(copy[f"AA{row}"])


# --- What a copy may replace -----------------------------------------------------------------


def properties_of(path: Path) -> dict[str, object]:
    """The custom properties, which openpyxl knows and its types do not."""
    found: Any = openpyxl.load_workbook(path)
    listed = [(one.name, one.value) for one in found.custom_doc_props.props]
    assert len(listed) == len(dict(listed))
    return dict(listed)


def test_a_copy_is_known_by_its_property_whatever_its_name(tmp_path: Path) -> None:
    path = rich(tmp_path / "a-audited.xlsx")
    copy = annotated(path, mistake("A1"))
    assert (is_copy(path), is_copy(copy)) == (False, True)
    assert properties_of(copy) == {"Annotated by gradsheet": True}
    again = annotated(copy, mistake("A1"))  # the copy of a copy has it once
    assert properties_of(again) == {"Annotated by gradsheet": True}


def test_properties_that_are_there_stay(tmp_path: Path) -> None:
    book: Any = openpyxl.Workbook()
    book.custom_doc_props.append(StringProperty(name="Class", value="7b"))
    book.active.title = "One"
    book.save(tmp_path / "a.xlsx")
    copy = annotated(tmp_path / "a.xlsx", mistake("A1"))
    assert properties_of(copy) == {"Class": "7b", "Annotated by gradsheet": True}


@pytest.mark.parametrize("content", [b"", b"precious", b"PK\x03\x04precious"])
def test_what_is_no_copy_is_not_replaced(content: bytes, tmp_path: Path) -> None:
    path, target = rich(tmp_path / "a.xlsx"), tmp_path / "a-audited.xlsx"
    target.write_bytes(content)
    with pytest.raises(GradsheetError, match=r"a-audited\.xlsx is there and no annotated copy"):
        annotate(audit(path, mistake("A1")), target)
    assert target.read_bytes() == content
    target.unlink()
    annotate(audit(path, mistake("A1")), target)
    annotate(audit(path, mistake("B1")), target)  # a copy is


def test_each_workbook_has_a_copy_of_its_own() -> None:
    names = [copy_of(Path("x") / name).name for name in ("a.xlsx", "a.ods", "a.xlsm", "a.XLSX")]
    assert names[0] == "a-audited.xlsx"
    assert len({*names}) == 4
