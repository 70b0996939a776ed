"""Workbooks written part by part, and how they are read."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.model import Cell
from gradsheet.spreadsheet.reader import read_book

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


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
    return {str(index): cell for index, cell in read_book(path).sheets[sheet].cells.items()}


def refusal(path: Path) -> str:
    """The line that refuses the file; it says which file."""
    with pytest.raises(GradsheetError) as refused:
        read_book(path)
    message = str(refused.value)
    assert message.startswith(f"cannot read {path}: ")
    assert "\n" not in message
    return message
