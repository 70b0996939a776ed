"""The roster: who is in the class."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradsheet.classroom.csv_files import read_csv
from gradsheet.errors import GradsheetError, legible

_EXPECTED = "a roster: a CSV file with the columns id and name"
_LONGEST_ID = 100
_LONGEST_NAME = 1_000
_LONGEST_PART = 60  # characters of a file's name that are a person's
_MOST = 100_000  # students
_NOT_IN_NAMES = re.compile(r"[^\w .()'-]", re.UNICODE)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Student:
    """One student.

    Attributes:
        id: what the gradebook knows the student by.
        name: as it is shown.
        extra: the further columns of the roster.
    """

    id: str
    name: str
    extra: Mapping[str, str] = field(default_factory=dict)


def read_roster(path: Path) -> list[Student]:
    """The students in a CSV file, in its order.

    Raises:
        GradsheetError: it cannot be read, has no column ``id`` or ``name`` or no student, or an id
            is missing, too long or there twice.
    """
    table = read_csv(path, _EXPECTED)
    header = [name.strip() for name in table.header]
    columns = {name.lower(): number for number, name in reversed(list(enumerate(header)))}
    for wanted in ("id", "name"):
        if wanted not in columns:
            raise GradsheetError(
                f"{path} has no column '{wanted}' (its columns: {', '.join(header)[:200]}); "
                f"expected {_EXPECTED}"
            )
    if len(table.rows) > _MOST:
        raise GradsheetError(f"{path} has more than {_MOST:,} students")
    students = [_student(header, columns, row) for row in table.rows[1:]]
    _check(path, students)
    return students


def _student(header: list[str], columns: Mapping[str, int], row: tuple[str, ...]) -> Student:
    cells = [legible(cell).strip() for cell in row] + [""] * len(header)
    known = {columns["id"], columns["name"]}
    extra = {name: cells[n] for n, name in enumerate(header) if n not in known and name}
    return Student(cells[columns["id"]], cells[columns["name"]][:_LONGEST_NAME], extra)


def _check(path: Path, students: list[Student]) -> None:
    if not students:
        raise GradsheetError(f"{path} has no student; expected a row for each below the header")
    seen: dict[str, int] = {}
    for row, student in enumerate(students, start=2):
        if not student.id or len(student.id) > _LONGEST_ID:
            problem = f"is longer than {_LONGEST_ID} characters" if student.id else "is missing"
            raise GradsheetError(f"{path}, row {row}: the id {problem}")
        if student.id in seen:
            raise GradsheetError(
                f"{path}, row {row}: the id '{student.id}' is that of row {seen[student.id]}, too; "
                "each student needs an id of their own"
            )
        seen[student.id] = row


def file_stems(students: Iterable[Student]) -> list[str]:
    """A name for the files of each student: ``Ada Lovelace-4711``, fit for every file system."""
    stems: list[str] = []
    taken: set[str] = set()
    for student in students:
        parts = (_part(student.name), _part(student.id))
        stem = first = "-".join(filter(None, parts)) or "student"
        if _RESERVED.fullmatch(stem):
            stem = first = f"_{stem}"
        number = 1
        while stem.casefold() in taken:
            number += 1
            stem = f"{first}-{number}"
        taken.add(stem.casefold())
        stems.append(stem)
    return stems


def _part(text: str) -> str:
    text = _NOT_IN_NAMES.sub("_", unicodedata.normalize("NFC", text))
    text = text[:_LONGEST_PART]
    while len(text.encode()) > 2 * _LONGEST_PART:
        text = text[:-1]
    return text.strip(" .-_'") if text.strip("_ .-'") else ""
