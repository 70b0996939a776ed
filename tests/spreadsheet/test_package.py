"""Parts of an .xlsx edited as text: what is not meant stays as it was, byte for byte."""

import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet import package as package_module
from gradsheet.spreadsheet.package import Text, opened_package, parsed


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as made:
        made.add_worksheet("One").write_formula("A1", "=1+1", None, 2)
        made.add_worksheet("Tab & two").insert_textbox("B2", "text")
    return path


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_copy_differs_in_what_was_changed_only(book: Path, tmp_path: Path) -> None:
    with opened_package(book) as package:
        assert list(package) == list(parts(book))
        sheet = package.sheets()["One"]
        assert package.sheets() == {"One": sheet, "Tab & two": "xl/worksheets/sheet2.xml"}
        package[sheet] = package[sheet].replace(b"<v>2</v>", b"<v>3</v>")
        package.write(tmp_path / "copy.xlsx")
    before, after = parts(book), parts(tmp_path / "copy.xlsx")
    assert list(before) == list(after)
    assert {name for name in before if before[name] != after[name]} == {sheet}
    assert openpyxl.load_workbook(tmp_path / "copy.xlsx", data_only=True)["One"]["A1"].value == 3


def test_a_new_part_is_declared_and_related(book: Path, tmp_path: Path) -> None:
    with opened_package(book) as package:
        name = package.add("xl/comments{}.xml", b"<comments/>", "application/x")
        sheet = package.sheets()["One"]
        relation = package.relate(sheet, "comments", name)
        assert package.related(sheet, "comments") == {relation: name}
        assert package.add("xl/comments{}.xml", b"<comments/>", "application/x") != name
        package.write(tmp_path / "copy.xlsx")
    assert f'PartName="/{name}"'.encode() in parts(tmp_path / "copy.xlsx")["[Content_Types].xml"]


def test_edits_are_made_where_the_elements_are() -> None:
    text = Text(b'<a:r x="1" y=\'2\'><a:b>t</a:b><!-- <b> --><a:b z=">3"/></a:r>', 2)
    first, second = text.root.all("b")
    text.change(text.root, y="5", x=None, new="6")
    text.append(second, b"in", z="4")
    text.insert(first.start, b"<a:first/>")
    assert text.edited() == (
        b'<a:r y="5" new="6"><a:first/><a:b>t</a:b><!-- <b> --><a:b z="4">in</a:b></a:r>'
    )


@pytest.mark.parametrize("content", [b"<!DOCTYPE a><a/>", b"\xff\xfe<\0a\0/\0>\0"])
def test_parts_that_are_not_edited(content: bytes) -> None:
    with pytest.raises(ValueError, match="a part"):
        parsed(content, 1)


def damaged(path: Path, offset: int, value: int) -> None:
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\1\2")
    while at >= 0:
        struct.pack_into("<H", content, at + offset, value)
        at = content.find(b"PK\1\2", at + 4)
    path.write_bytes(content)


def test_a_part_that_is_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_module, "_MOST_PARSED", 10)
    with pytest.raises(ValueError, match="a part has 14 bytes"):
        parsed(b"<a>" + b" " * 7 + b"</a>", 1)


def test_a_part_that_is_large_is_not_unpacked(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_module, "_MOST_OF_PART", 10)
    with (
        pytest.raises(GradsheetError, match=r"book\.xlsx is not a sound \.xlsx .* \(a part has"),
        opened_package(book) as package,
    ):
        package.sheets()


@pytest.mark.parametrize(("offset", "value"), [(8, 1), (16, 7), (42, 9)])
def test_what_is_damaged_or_encrypted_is_refused_in_one_line(
    book: Path, offset: int, value: int
) -> None:
    damaged(book, offset, value)
    with (
        pytest.raises(GradsheetError, match=r"book\.xlsx is not a sound \.xlsx") as caught,
        opened_package(book) as package,
    ):
        package.sheets()
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(GradsheetError, match=r"cannot read .*gone\.xlsx: No such file"),
        opened_package(tmp_path / "gone.xlsx"),
    ):
        pass
