"""CSV files from elsewhere: read with the separator they have, and changed in single fields only.

What is not changed stays as it was, byte for byte: a gradebook takes back what it gave.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradsheet.errors import GradsheetError
from gradsheet.files import read_bytes

_MOST_BYTES = 20_000_000
_SEPARATORS = (",", ";", "\t")
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class CsvFile:
    """A table in a CSV file.

    Attributes:
        path: the file.
        rows: the fields of each row, the header first; without empty lines.
        fields: of each field of these rows where its text begins and ends.
        text: the whole file.
        encoding: that of the file.
        separator: what stands between the fields.
    """

    path: Path
    rows: tuple[tuple[str, ...], ...]
    fields: tuple[tuple[tuple[int, int], ...], ...]
    text: str
    encoding: str
    separator: str

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.rows[0]

    def changed(self, new: Mapping[tuple[int, int], str]) -> bytes:
        """The file with other texts in some fields, by row and column; the rest as it was."""
        pieces, done = [], 0
        places = {self.fields[row][column]: text for (row, column), text in new.items()}
        for (start, end), text in sorted(places.items()):
            pieces += [self.text[done:start], self._written(text)]
            done = end
        return "".join([*pieces, self.text[done:]]).encode(self.encoding, errors="replace")

    def _written(self, text: str) -> str:
        if any(character in text for character in (self.separator, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text


def read_csv(path: Path, expected: str) -> CsvFile:
    """The table in a CSV file, in UTF-8 (or, as an old Excel writes it, in Windows-1252).

    Args:
        path: the file.
        expected: what it should be, for the message.

    Raises:
        GradsheetError: it cannot be read, is no such table, or is empty.
    """
    content = read_bytes(path, expected, _MOST_BYTES)
    encoding = "utf-8-sig" if content.startswith(_MARK) else "utf-8"
    if b"\0" in content:
        raise GradsheetError(f"{path} is not {expected}; save it as CSV UTF-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252"
        text = content.decode(encoding, errors="replace")
    first = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first.count)
    rows, fields = [], []
    for spans in _spans(text, separator):
        row = tuple(_value(text[start:end]) for start, end in spans)
        if any(field.strip() for field in row):
            rows.append(row)
            fields.append(tuple(spans))
    if not rows:
        raise GradsheetError(f"{path} is empty; expected {expected}")
    return CsvFile(path, tuple(rows), tuple(fields), text, encoding, separator)


def _spans(text: str, separator: str) -> list[list[tuple[int, int]]]:
    """Of each row where its fields begin and end."""
    rows: list[list[tuple[int, int]]] = []
    row: list[tuple[int, int]] = []
    start, place, end = 0, 0, len(text)
    while place <= end:
        if place == start and text[place : place + 1] == '"':
            place = _after_quote(text, place + 1)
        character = text[place : place + 1]
        if character == separator:
            row.append((start, place))
            start = place = place + 1
        elif character in ("\n", "\r", ""):
            row.append((start, place))
            rows.append(row)
            row = []
            place += 2 if text[place : place + 2] == "\r\n" else 1
            start = place
            if place >= end:
                break
        else:
            place += 1
    return rows


def _after_quote(text: str, place: int) -> int:
    """Where a quoted field that began before ``place`` ends."""
    while True:
        closing = text.find('"', place)
        if closing < 0:
            return len(text)
        if text[closing + 1 : closing + 2] != '"':
            return closing + 1
        place = closing + 2


def _value(field: str) -> str:
    if field.startswith('"'):
        inside = field[1:-1] if field.endswith('"') and len(field) > 1 else field[1:]
        return inside.replace('""', '"')
    return field


def csv_text(rows: Sequence[Sequence[object]]) -> str:
    """A table as CSV with a byte order mark, by which Excel knows UTF-8."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return f"\ufeff{written.getvalue()}"
