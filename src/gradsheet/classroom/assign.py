"""An assignment: a workbook for each student, and what the teacher keeps."""

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradsheet.audit.report.text import inert
from gradsheet.classroom.csv_files import csv_text
from gradsheet.classroom.manifest import MANIFEST, Asked, Handout, Manifest
from gradsheet.classroom.numbers import Numbers, digest, seed_of
from gradsheet.classroom.roster import Student, file_stems
from gradsheet.errors import GradsheetError
from gradsheet.files import make_folder, read_text, write_text
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.toml import to_toml
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.workbook.build import ExercisePlan, write_planned_exercise
from gradsheet.workbook.exercise import Question
from gradsheet.workbook.exercise_levels import LEVEL_WORDS, Level
from gradsheet.workbook.inputs_layout import INPUTS_SHEET, place_fields

SECRET, KEY = "secret", "answers.csv"
CODE = "Exercise code"
"""The property by which a workbook is known, and its heading on the cover."""

_SHORTEST = 16  # bytes of a secret
_LONGEST_LINE = 200  # characters of a name on the cover


@dataclass(frozen=True)
class Assignment:
    """What is handed out.

    Attributes:
        network: whose numbers are replaced.
        level: what is asked for.
        digits: the significant digits of an answer.
        learning_rate: that of the training sheet.
        updates: how many it shows.
    """

    network: NetworkSpec
    level: Level = Level.DELTAS
    digits: int = 4
    learning_rate: float = 0.5
    updates: int = 20


def assign(
    assignment: Assignment, students: Sequence[Student], folder: Path, secret: bytes | None = None
) -> Iterator[Path]:
    """Write the workbook of each student, then the teacher's files.

    Args:
        assignment: what is handed out.
        students: the class.
        folder: ``students`` and ``teacher`` are made in it.
        secret: from which all numbers follow; that of an earlier call, or a new one, if None.

    Yields:
        The workbook of each student.

    Raises:
        GradsheetError: something does not fit a workbook or cannot be written, or the folder holds
            an assignment with another secret.
    """
    _check(assignment)
    teacher = private_folder(folder / "teacher")
    secret = _kept_secret(teacher, secret)
    writer = _Writer(assignment, secret)
    handouts: list[Handout] = []
    questions: list[Question] = []
    for student, stem in zip(students, file_stems(students), strict=True):
        path = make_folder(folder / "students") / f"{stem}.xlsx"
        handout, questions = writer.write(student, path)
        handouts.append(handout)
        yield path
    manifest = _manifest(assignment, questions, handouts)
    _write_private(teacher / MANIFEST, manifest.to_json())
    _write_private(teacher / KEY, answer_key(manifest))


def _check(assignment: Assignment) -> None:
    """Refuse what no exercise can be, before anything is written: one is written elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        writer = _Writer(assignment, b"of no class")
        writer.write(Student("0", "nobody"), Path(folder) / "exercise.xlsx")


def read_secret(path: Path) -> bytes:
    """The secret in a file.

    Raises:
        GradsheetError: it cannot be read, or is too short.
    """
    secret = read_text(path, "a secret", 4_096).strip().encode()
    if len(secret) < _SHORTEST:
        raise GradsheetError(
            f"the secret in {path} has {len(secret)} characters; expected {_SHORTEST} or more"
        )
    return secret


def private_folder(path: Path) -> Path:
    """A folder that nobody else may look into."""
    make_folder(path).chmod(0o700)
    return path


def _kept_secret(teacher: Path, secret: bytes | None) -> bytes:
    """The secret of an assignment, in the teacher's folder."""
    path = teacher / SECRET
    if path.exists():
        kept = read_secret(path)
        if secret not in (None, kept):
            raise GradsheetError(
                f"{path} is another secret than the one given; choose another folder with -o"
            )
        return kept
    secret = secret or secrets.token_hex(32).encode()
    _write_private(path, secret.decode(errors="strict") + "\n")
    return secret


def _write_private(path: Path, text: str) -> None:
    write_text(path, text)
    path.chmod(0o600)


class _Writer:
    """Writes workbooks that differ in their numbers."""

    def __init__(self, assignment: Assignment, secret: bytes) -> None:
        self._assignment, self._secret = assignment, secret
        self._numbers = Numbers(assignment.network)

    def write(self, student: Student, path: Path) -> tuple[Handout, list[Question]]:
        """Write the workbook of a student; what it is, and what it asks for."""
        assignment = self._assignment
        network = self._numbers.of(seed_of(self._secret, "numbers", student.id))
        seed = seed_of(self._secret, "mistake", student.id) >> 80
        code = digest(self._secret, "file", student.id).hex()[:16]
        plan = ExercisePlan(
            assignment.level,
            assignment.digits,
            seed=seed,
            cover=cover_lines(assignment, student, code),
            properties=((CODE, code),),
        )
        questions = write_planned_exercise(
            network, path, plan, (assignment.learning_rate,), assignment.updates
        )
        answers = tuple(question.answer for question in questions)
        handout = Handout(
            student.id,
            student.name,
            dict(student.extra),
            path.name,
            code,
            seed,
            to_toml(network),
            answers,
        )
        return handout, questions


def cover_lines(assignment: Assignment, student: Student, code: str) -> tuple[tuple[str, str], ...]:
    """What the cover tells."""
    return (
        ("Name", student.name[:_LONGEST_LINE]),
        ("Id", student.id),
        (CODE, code),
        ("What is asked for", LEVEL_WORDS[assignment.level]),
        ("How", "the sheet Start explains it"),
        ("Digits", f"{assignment.digits} significant ones"),
        ("Hand in", "this file, with your answers; the numbers in it are yours alone"),
    )


def _manifest(
    assignment: Assignment, questions: Sequence[Question], handouts: Sequence[Handout]
) -> Manifest:
    asked = (Asked(str(q.cell), q.name, q.group, str(q.hint) if q.hint else "") for q in questions)
    graph = build_graph(assignment.network)
    fields = place_fields(graph, (assignment.learning_rate,), assignment.network)
    inputs = (
        str(CellRef(INPUTS_SHEET, CellIndex.from_zero_based(*fields.typed[variable])))
        for variable in graph.given
    )
    return Manifest(
        assignment.level,
        assignment.digits,
        assignment.learning_rate,
        assignment.updates,
        tuple(asked),
        tuple(inputs),
        tuple(handouts),
    )


def answer_key(manifest: Manifest) -> str:
    """A row for each answer of each student."""
    header = ("id", "name", "cell", "what", "answer")
    rows = [
        (inert(handout.id), inert(handout.name), asked.cell, asked.name, f"{answer:.10g}")
        for handout in manifest.handouts
        for asked, answer in zip(manifest.questions, handout.answers, strict=True)
    ]
    return csv_text([header, *rows])
