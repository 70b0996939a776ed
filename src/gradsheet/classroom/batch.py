"""Many submissions marked: in processes here or on a Dask cluster, and resumed where they ended."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from gradsheet.audit.submissions import Submission
from gradsheet.classroom.exercises import Marker
from gradsheet.classroom.free_form import mark_free_form
from gradsheet.classroom.manifest import Manifest
from gradsheet.classroom.marked import Marked, from_json
from gradsheet.classroom.roster import Student
from gradsheet.classroom.rubric import Rubric
from gradsheet.classroom.uploads import People, uploader_of
from gradsheet.errors import GradsheetError, legible, why
from gradsheet.files import make_folder, write_text
from gradsheet.processes import dask_workers, fresh_processes, usable_cores
from gradsheet.spreadsheet.made_by import COPY, EXERCISE, TRAINING, kind_of
from gradsheet.spreadsheet.model import Book
from gradsheet.spreadsheet.reader import read_book

_CHUNK = 8  # submissions that a process takes at once
_FEW = 8  # that are marked before other processes have started
_EXERCISE_SHEETS = {"Start", "Inputs", "Derivation"}  # where a program dropped the properties
_FORM = "2"  # of the marks that are kept


@dataclass(frozen=True)
class Settings:
    """What submissions are marked by.

    Attributes:
        manifest: of the assignment; None where there is none.
        rubric: what answers are worth.
        students: the roster; those of the manifest where there is none.
    """

    manifest: Manifest | None
    rubric: Rubric
    students: tuple[Student, ...]

    def digest(self) -> str:
        """Equal where submissions get the same marks."""
        manifest = self.manifest.to_json() if self.manifest else ""
        others = json.dumps([asdict(self.rubric), [asdict(one) for one in self.students]])
        return hashlib.sha256(f"{_FORM}\0{manifest}\0{others}".encode()).hexdigest()


class Kept:
    """Marks kept in a folder, by the content of the files, so that none is marked twice."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder, self._settings = make_folder(folder), settings.digest()

    def _path(self, submission: Submission) -> Path | None:
        try:
            content = submission.path.read_bytes()
        except OSError:
            return None
        key = f"{self._settings}\0{submission.name}\0".encode() + content
        return self._folder / f"{hashlib.sha256(key).hexdigest()[:32]}.json"

    def find(self, submission: Submission) -> Marked | None:
        """The marks of an earlier run."""
        path = self._path(submission)
        if submission.obstacle or path is None or not path.is_file():
            return None
        try:
            return from_json(json.loads(path.read_text("utf-8")))
        except (ValueError, KeyError, TypeError, OverflowError):
            return None  # of another version, or cut off: marked again

    def keep(self, submission: Submission, marked: Marked) -> None:
        """Keep the marks of a submission."""
        if path := self._path(submission):
            write_text(path, json.dumps(asdict(marked), ensure_ascii=False))


def mark_all(
    submissions: Sequence[Submission],
    settings: Settings,
    kept: Kept | None = None,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
) -> Iterator[tuple[Submission, Marked]]:
    """The marks of each submission, as they come.

    Args:
        submissions: the workbooks.
        settings: what they are marked by.
        kept: where marks are kept from one run to the next.
        jobs: how many processes; one per core if None.
        scheduler: the address of a Dask scheduler whose workers mark.

    Raises:
        GradsheetError: there is no Dask, or no such scheduler.
    """
    new: list[Submission] = []
    for submission in submissions:
        if kept and (known := kept.find(submission)):
            yield submission, known
        else:
            new.append(submission)
    for submission, marked in _marked(new, settings, jobs, scheduler):
        if kept:
            kept.keep(submission, marked)
        yield submission, marked


def _marked(
    new: Sequence[Submission], settings: Settings, jobs: int | None, scheduler: str | None
) -> Iterator[tuple[Submission, Marked]]:
    if scheduler is None and (jobs == 1 or len(new) <= _FEW):
        if new:
            desk = Desk(settings)
            yield from ((submission, desk.mark(submission)) for submission in new)
        return
    chunks = [new[start : start + _CHUNK] for start in range(0, len(new), _CHUNK)]
    with _executor(len(chunks), jobs, scheduler) as pool:
        work = [
            (settings, chunk, [_content(one) for one in chunk] if scheduler else None)
            for chunk in chunks
        ]
        for chunk, found in zip(chunks, pool.map(_mark_chunk, work), strict=True):
            yield from zip(chunk, found, strict=True)


def _executor(
    count: int, jobs: int | None, scheduler: str | None
) -> AbstractContextManager[Executor]:
    if scheduler is not None:
        return dask_workers(scheduler)
    return fresh_processes(min(jobs or usable_cores(), max(1, count)))


_desks: dict[str, "Desk"] = {}  # of this process


def _mark_chunk(
    work: tuple[Settings, Sequence[Submission], Sequence[bytes] | None],
) -> list[Marked]:
    settings, submissions, contents = work
    key = settings.digest()
    if key not in _desks:
        _desks.clear()
        _desks[key] = Desk(settings)
    desk = _desks[key]
    if contents is None:
        return [desk.mark(submission) for submission in submissions]
    with TemporaryDirectory() as folder:
        found = []
        for number, (one, content) in enumerate(zip(submissions, contents, strict=True)):
            path = Path(folder, f"{number}{one.path.suffix}")
            path.write_bytes(content)
            found.append(desk.mark(replace(one, path=path)))
        return found


def _content(submission: Submission) -> bytes:
    try:
        return submission.path.read_bytes()
    except OSError:
        return b""


class Desk:
    """Marks one submission after the other."""

    def __init__(self, settings: Settings) -> None:
        self._rubric = settings.rubric
        self._marker = Marker(settings.manifest, settings.rubric) if settings.manifest else None
        self._people = People(settings.students)

    def mark(self, submission: Submission) -> Marked:
        """The marks of a submission; where there are none, why. Nothing is raised."""
        source = legible(str(submission.name))
        uploader = uploader_of(submission.name)
        student = self._people.of_upload(uploader) if uploader else None
        student = student or self._people.of_file(submission.name)
        whose = (student.id, student.name) if student else ("", "")
        if submission.obstacle:
            said = submission.obstacle.why
            return Marked(source, "unreadable", *whose, why=said, uploader=uploader)
        try:
            book = read_book(submission.path)
            return self._mark(submission, book, source, student)
        except GradsheetError as error:
            said = legible(why(error, submission.path))
        except Exception as error:  # one file, whatever is wrong with it, must not cost the others
            said = f"marking failed ({type(error).__name__}: {legible(str(error))[:150]})"
        return Marked(source, "unreadable", *whose, why=said, uploader=uploader)

    def _mark(
        self, submission: Submission, book: Book, source: str, student: Student | None
    ) -> Marked:
        uploader = uploader_of(submission.name)
        whose = (student.id, student.name) if student else ("", "")
        if COPY in book.properties:
            said = "an annotated copy that gradsheet wrote; mark the original"
            return Marked(source, "not marked", *whose, why=said, uploader=uploader)
        if kind_of(book.properties) == EXERCISE or book.sheets.keys() >= _EXERCISE_SHEETS:
            if kind_of(book.properties) == TRAINING:
                said = "a full workbook that gradsheet wrote, with every value; no exercise"
                return Marked(source, "not marked", *whose, why=said, uploader=uploader)
            if self._marker is None:
                said = "an exercise; give --assignment DIR/teacher to mark it"
                return Marked(source, "not marked", *whose, why=said, uploader=uploader)
            return self._marker.mark(book, source, uploader)
        path = submission.path
        return mark_free_form(path, book, source, self._rubric, uploader, student)


def by_student(
    found: Sequence[Marked], students: Sequence[Student]
) -> tuple[list[Marked], Mapping[str, Marked]]:
    """Every row, those of the roster first, and for each student the submission that counts.

    Of several submissions of a student the best counts. A student without one has a row, too.
    """
    rows: list[Marked] = []
    counting: dict[str, Marked] = {}
    for student in students:
        own = [one for one in found if one.id == student.id]
        best = max(own, key=lambda one: (one.is_marked, one.share), default=None)
        if best is None:
            best = Marked("", "missing", student.id, student.name, why="nothing handed in")
            own = [best]
        elif len(own) > 1:
            many = f"{len(own)} submissions; the best counts"
            own = [one.with_remarks(many) for one in own]
            best = max(own, key=lambda one: (one.is_marked, one.share))
        counting[student.id] = best
        rows += own
    known = {student.id for student in students}
    return rows + [one for one in found if one.id not in known], counting
