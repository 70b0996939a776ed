"""Files that are damaged, are no workbook, or were made to take all memory or time."""

import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.limits import COLUMNS, ROWS
from gradsheet.spreadsheet.reader import read_book
from tests.spreadsheet.reader.files import (
    ods,
    refusal,
    relationships,
    sheet_xml,
    table,
    written,
    xlsx,
    xlsx_parts,
)


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
    "missing": (lambda path: None, "No such file"),
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
    with pytest.raises(GradsheetError, match=r"is not a workbook: .* \(embedded null byte\)"):
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

LONG = ("cells", "empty rows", "styled cells")
"""They go to the limit of what is read."""

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
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in LONG else ()) for n in BOMBS]
)
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
    assert "too many files" in refusal(path)


def test_two_sheets_cannot_be_one_part(tmp_path: Path) -> None:
    """A small file would hold a thousand tables that way, each to be audited."""
    parts = xlsx_parts(of_pieces(b" " * MB))
    listed = "".join(f'<sheet name="{i}" r:id="r1"/>' for i in range(900))
    parts["xl/workbook.xml"] = f"<workbook>{listed}</workbook>"
    assert "sheet '1' is another one as well" in refusal(written(tmp_path / "same.xlsx", parts))


def test_whatever_a_library_raises_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = xlsx(tmp_path / "book.xlsx", "")
    for error in (KeyError("x"), RecursionError("deep"), MemoryError(), LookupError("str")):
        monkeypatch.setattr("zipfile.ZipFile.open", raising(error))
        with pytest.raises(GradsheetError, match=r"book\.xlsx.* is "):
            read_book(path)


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail
