"""Marks as tables: a CSV file of the class, and the gradebooks of Moodle and Canvas filled in."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradsheet.audit.report.text import inert
from gradsheet.classroom.csv_files import CsvFile, csv_text, read_csv
from gradsheet.classroom.marked import Marked
from gradsheet.classroom.roster import Student
from gradsheet.classroom.uploads import People
from gradsheet.errors import GradsheetError, legible

_STANDARD = ("student", "id", "sis user id", "sis login id", "integration id", "root account")
_PARTICIPANT = re.compile(r"\D*(\d+)")


def marks_csv(rows: Sequence[Marked], students: Sequence[Student]) -> str:
    """A row for each submission, and for each student without one."""
    groups = list(dict.fromkeys(group for row in rows for group in row.groups))
    extra = list(dict.fromkeys(name for student in students for name in student.extra))
    known = {student.id: student for student in students}
    head = ["id", "name", *extra, "file", "outcome", "points", "out of", "percent", "hints used"]
    table: list[Sequence[object]] = [[*map(inert, head), *map(inert, groups), "remarks"]]
    for row in rows:
        own = known[row.id].extra if row.id in known else {}
        cells: list[object] = [inert(row.id), inert(row.name)]
        cells += [inert(own.get(name, "")) for name in extra]
        cells += [inert(row.source), row.kind]
        if row.is_marked:
            cells += [f"{row.points:g}", f"{row.out_of:g}", f"{100 * row.share:.1f}"]
            cells.append(row.hints if row.kind == "exercise" else "")
        else:
            cells += [""] * 4
        by_group = row.groups
        cells += [f"{by_group[group][0]:g}" if group in by_group else "" for group in groups]
        cells.append(inert("; ".join(filter(None, (row.why, *row.remarks)))))
        table.append(cells)
    return csv_text(table)


def short_feedback(row: Marked) -> str:
    """One line for a gradebook."""
    if row.kind == "free-form":
        titles = "; ".join(dict.fromkeys(one.title for one in row.deductions))
        return f"{row.points:g} of {row.out_of:g} points" + (f": {titles}" if titles else "")
    right = sum(answer.is_credited for answer in row.answers)
    hints = f", {row.hints} hints used" if row.hints else ""
    return f"{right} of {len(row.answers)} right{hints}; {row.points:g} of {row.out_of:g} points"


# --- Moodle ----------------------------------------------------------------------------------


def filled_moodle(path: Path, counting: Mapping[str, Marked], people: People) -> tuple[bytes, int]:
    """Moodle's offline grading worksheet with grades and comments, and how many rows have one.

    Raises:
        GradsheetError: it is no such worksheet.
    """
    table = read_csv(path, "an offline grading worksheet of Moodle")
    columns = _columns(table)
    for wanted in ("identifier", "grade"):
        if wanted not in columns:
            raise GradsheetError(
                f"{path} has no column '{wanted.capitalize()}'; export the offline grading "
                "worksheet from Moodle"
            )
    participants = {
        row.uploader.id: row
        for row in counting.values()
        if row.uploader and row.uploader.system == "moodle"
    }
    new: dict[tuple[int, int], str] = {}
    count = 0
    for number, cells in enumerate(table.rows[1:], start=1):
        row = _moodle_row(cells, columns, participants, counting, people)
        if row is None or not row.is_marked:
            continue
        count += 1
        _put(
            new, cells, number, columns["grade"], _scaled(row, _at(cells, columns, "maximum grade"))
        )
        if "feedback comments" in columns:
            comment = inert(legible(short_feedback(row)))
            _put(new, cells, number, columns["feedback comments"], comment)
    return table.changed(new), count


def _moodle_row(
    cells: Sequence[str],
    columns: Mapping[str, int],
    participants: Mapping[str, Marked],
    counting: Mapping[str, Marked],
    people: People,
) -> Marked | None:
    found = _PARTICIPANT.match(_at(cells, columns, "identifier"))
    if found and found[1] in participants:
        return participants[found[1]]
    for column in ("id number", "email address", "username"):
        if (student := people.by_id(_at(cells, columns, column))) is not None:
            return counting.get(student.id)
    student = people.by_name(_at(cells, columns, "full name"))
    return counting.get(student.id) if student else None


# --- Canvas ----------------------------------------------------------------------------------


def filled_canvas(
    path: Path, counting: Mapping[str, Marked], people: People, column: str | None
) -> tuple[bytes, int]:
    """An export of Canvas' gradebook with the points of one assignment, and how many rows have one.

    Raises:
        GradsheetError: it is no such export, or it is not clear which column is the assignment's.
    """
    table = read_csv(path, "an export of Canvas' gradebook")
    columns = _columns(table)
    for wanted in ("student", "id"):
        if wanted not in columns:
            raise GradsheetError(
                f"{path} has no column '{wanted}'; export the gradebook from Canvas"
            )
    place = _assignment_column(table, column)
    possible = next((r for r in table.rows[1:3] if "points possible" in r[0].lower()), None)
    most = possible[place] if possible and place < len(possible) else ""
    users = {
        row.uploader.id: row
        for row in counting.values()
        if row.uploader and row.uploader.system == "canvas"
    }
    new: dict[tuple[int, int], str] = {}
    count = 0
    for number, cells in enumerate(table.rows[1:], start=1):
        if cells is possible:
            continue
        row = users.get(_at(cells, columns, "id").strip())
        if row is None:
            row = _by_school_id(cells, columns, counting, people)
        if row is not None and row.is_marked and place < len(cells):
            new[number, place] = _scaled(row, most)
            count += 1
    return table.changed(new), count


def _by_school_id(
    cells: Sequence[str],
    columns: Mapping[str, int],
    counting: Mapping[str, Marked],
    people: People,
) -> Marked | None:
    for column in ("sis user id", "sis login id"):
        if (student := people.by_id(_at(cells, columns, column))) is not None:
            return counting.get(student.id)
    student = people.by_name(_at(cells, columns, "student"))
    return counting.get(student.id) if student else None


def _assignment_column(table: CsvFile, wanted: str | None) -> int:
    names = [name.strip() for name in table.header]
    if wanted is not None:
        found = [
            n for n, name in enumerate(names) if name == wanted or name.startswith(f"{wanted} (")
        ]
    else:
        found = [
            n
            for n, name in enumerate(names)
            if name and name.lower() not in (*_STANDARD, "section") and not _is_read_only(table, n)
        ]
    if len(found) != 1:
        several = ", ".join(names[n] for n in found) or "none"
        raise GradsheetError(
            f"{table.path}: which column is the assignment's? (candidates: {several[:300]}); name "
            "it with --canvas-column"
        )
    return found[0]


def _is_read_only(table: CsvFile, column: int) -> bool:
    """Whether Canvas computes a column itself."""
    return any("read only" in row[column].lower() for row in table.rows[1:3] if column < len(row))


# --- Both ------------------------------------------------------------------------------------


def _columns(table: CsvFile) -> dict[str, int]:
    return {name.strip().lower(): number for number, name in enumerate(table.header)}


def _at(cells: Sequence[str], columns: Mapping[str, int], name: str) -> str:
    place = columns.get(name)
    return cells[place] if place is not None and place < len(cells) else ""


def _put(
    new: dict[tuple[int, int], str], cells: Sequence[str], row: int, column: int, text: str
) -> None:
    if column < len(cells):
        new[row, column] = text


def _scaled(row: Marked, most: str) -> str:
    """The score out of as many points as the gradebook gives; with a comma where that has one."""
    try:
        points = row.share * float(most.strip().replace(",", "."))
    except ValueError:
        points = row.points
    text = f"{points:.2f}"
    return text.replace(".", ",") if "," in most else text
