"""A class whose mistakes are known gets the marks that they deserve, to the point."""

import csv
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gradsheet.audit.submissions import Submission
from gradsheet.classroom.batch import Desk, Settings
from gradsheet.classroom.manifest import Manifest
from gradsheet.classroom.marked import Marked
from gradsheet.classroom.roster import Student
from gradsheet.classroom.rubric import Rubric
from gradsheet.spreadsheet.libreoffice import convert, libreoffice
from gradsheet.workbook.exercise import Question
from tests.classroom.simulated import (
    Typed,
    expected_points,
    handed_out,
    questions_of,
    type_in,
    typed_by,
)
from tests.commands import Run
from tests.workbook.books import with_cells


class Room:
    """An assignment, and what its students hand in."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.manifest = handed_out(folder, count)
        self.questions = questions_of(self.manifest, folder)
        self.desk = Desk(settings(self.manifest))

    def source(self, number: int) -> Path:
        return self.folder / "students" / self.manifest.handouts[number].file

    def typed(self, number: int) -> Typed:
        return typed_by(number, self.manifest.handouts[number], self.questions)

    def handed_in(self, number: int) -> Path:
        target = self.folder / "in" / f"{number}.xlsx"
        return type_in(self.source(number), target, self.typed(number).cells)

    def with_stale_values(self, number: int, folder: Path) -> Path:
        """Typed by a program that keeps the cells' old values."""
        cells = {r: c for r, c in self.typed(number).cells.items() if c is not None}
        return with_cells(self.source(number), folder / f"stale-{number}.xlsx", cells)

    def mark(self, path: Path) -> Marked:
        return self.desk.mark(Submission(path, path))


def settings(manifest: Manifest) -> Settings:
    students = tuple(Student(h.id, h.name, h.extra) for h in manifest.handouts)
    return Settings(manifest, Rubric(), students)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return Room(tmp_path_factory.mktemp("class"), 4)


def check(room: Room, number: int, marked: Marked) -> None:
    typed = room.typed(number)
    assert marked.kind == "exercise", marked.why
    assert marked.id == room.manifest.handouts[number].id
    found = [answer.verdict for answer in marked.answers]
    differ = [
        (answer.cell, answer.name, answer.typed, answer.right, answer.words, str(verdict))
        for answer, verdict in zip(marked.answers, typed.verdicts, strict=True)
        if answer.verdict is not verdict
    ]
    assert not differ
    assert len(found) == 44
    assert (marked.points, marked.out_of) == (expected_points(typed.verdicts), 44)
    assert not marked.remarks


@pytest.mark.parametrize("number", range(4))
def test_typed_through_openpyxl(number: int, room: Room) -> None:
    check(room, number, room.mark(room.handed_in(number)))


def test_cached_values_are_not_believed(room: Room, tmp_path: Path) -> None:
    """The formulas keep their cells' old values, and those are wrong."""
    check(room, 3, room.mark(room.with_stale_values(3, tmp_path)))


@pytest.mark.slow
@pytest.mark.skipif(libreoffice() is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("target", ["xlsx", "ods"])
@pytest.mark.parametrize("number", [0, 3])
def test_saved_by_libreoffice(number: int, target: str, room: Room) -> None:
    with TemporaryDirectory() as folder:
        path = convert(room.handed_in(number), target, Path(folder))
        check(room, number, room.mark(path))


@pytest.mark.slow
def test_a_class_of_40(tmp_path: Path) -> None:
    room = Room(tmp_path, 40)
    for number in range(40):
        through_openpyxl = number % 5 == 0
        typed = (
            room.handed_in(number) if through_openpyxl else room.with_stale_values(number, tmp_path)
        )
        check(room, number, room.mark(typed))


def test_from_roster_to_gradebook(room: Room, gradsheet: Run, tmp_path: Path) -> None:
    """A Moodle zip goes in; marks, feedback, copies and the worksheet come out."""
    handouts = room.manifest.handouts
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for number in (0, 3):
            folder = f"{handouts[number].name}_{650 + number}_assignsubmission_file_"
            archive.write(room.handed_in(number), f"{folder}/answers.xlsx")
        archive.writestr("First1 Last1_651_assignsubmission_file_/answers.xlsx", b"PK broken")
    (tmp_path / "sheet.csv").write_bytes(
        b'\xef\xbb\xbfIdentifier,"Full name",Grade,"Maximum Grade","Feedback comments"\r\n'
        b'"Participant 650",First0 Last0,,100.00,\r\n'
        b'"Participant 651",First1 Last1,"kept, too",100.00,<p>old</p>\r\n'
        b'"Participant 653",First3 Last3,,100.00,\r\n'
    )
    run = gradsheet(
        *("mark", "class.zip", "--assignment", room.folder / "teacher", "-o", "marks"),
        *("--moodle", "sheet.csv"),
    )
    assert run.code == 0, run.stderr
    assert "Moodle: 2 rows have a grade." in run.stdout
    out = tmp_path / "marks"
    with (out / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    outcomes = [rows[h.id]["outcome"] for h in handouts]
    assert outcomes == ["exercise", "unreadable", "missing", "exercise"]
    points = [expected_points(room.typed(number).verdicts) for number in (0, 3)]
    assert [float(rows[handouts[n].id]["points"]) for n in (0, 3)] == points
    filled = (out / "sheet.csv").read_bytes().split(b"\r\n")
    original = (tmp_path / "sheet.csv").read_bytes().split(b"\r\n")
    assert filled[0] == original[0]
    assert filled[2] == original[2]
    assert filled[1].startswith(
        f'"Participant 650",First0 Last0,{points[0] / 44 * 100:.2f},100.00,'.encode()
    )
    with zipfile.ZipFile(out / "moodle-feedback.zip") as archive:
        assert "First0 Last0_650_assignsubmission_file_/feedback.html" in archive.namelist()
    feedback = (out / "feedback" / "First3 Last3-s003.md").read_text("utf-8")
    assert "right from your own values" in feedback
    assert "<h2>" in (out / "class.html").read_text("utf-8")
    assert (out / "annotated" / "First0 Last0-s000.xlsx").is_file()


def test_the_questions_know_what_they_are_computed_from(room: Room) -> None:
    questions: list[Question] = room.questions
    assert sum(bool(question.expected) for question in questions) > 10
