"""What ``gradsheet mark`` writes: tables, feedback, copies, the page of the class."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradsheet.audit.submissions import Submission
from gradsheet.classroom.annotate import annotated_exercise
from gradsheet.classroom.batch import by_student
from gradsheet.classroom.class_page import class_page
from gradsheet.classroom.copied import Shared, find_shared
from gradsheet.classroom.feedback import feedback_html, feedback_markdown
from gradsheet.classroom.manifest import Manifest
from gradsheet.classroom.marked import Marked
from gradsheet.classroom.roster import Student, file_stems
from gradsheet.classroom.tables import filled_canvas, filled_moodle, marks_csv
from gradsheet.classroom.uploads import People
from gradsheet.errors import GradsheetError
from gradsheet.files import is_same_file, make_folder, whole_file, write_text

_NO_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass
class Class:
    """The marks of a class.

    Attributes:
        found: a submission each, with its marks.
        students: the roster.
        manifest: of the assignment.
        rows: the submissions and the students without one, in the order of the roster.
        counting: for each student the submission that counts.
        shared: pairs of submissions that share what is rare.
    """

    found: Sequence[tuple[Submission, Marked]]
    students: Sequence[Student]
    manifest: Manifest | None
    rows: list[Marked] = field(init=False)
    counting: Mapping[str, Marked] = field(init=False)
    shared: list[Shared] = field(init=False)

    def __post_init__(self) -> None:
        marked = [marks for _, marks in self.found]
        self.rows, self.counting = by_student(marked, self.students)
        self.shared = find_shared(marked, self.manifest)

    @property
    def scored(self) -> list[Marked]:
        """The submissions that count, those of nobody known among them."""
        return [*self.counting.values(), *(row for row in self.rows if row.id not in self.counting)]

    def write(self, folder: Path) -> list[Path]:
        """Write the table, the page and the feedback of each submission; return the first two."""
        table, page = make_folder(folder) / "marks.csv", folder / "class.html"
        write_text(table, marks_csv(self.rows, self.students))
        write_text(page, class_page(self.rows, self.scored, self.shared))
        for stem, row in self._named():
            write_text(folder / "feedback" / f"{stem}.html", feedback_html(row))
            write_text(folder / "feedback" / f"{stem}.md", feedback_markdown(row))
        self._write_copies(folder / "annotated")
        return [table, page]

    def _named(self) -> list[tuple[str, Marked]]:
        """The submissions, each with a name for its files."""
        handed_in = [row for row in self.rows if row.source]
        whose = [Student(r.id or Path(r.source).stem[:80], r.name) for r in handed_in]
        return list(zip(file_stems(whose), handed_in, strict=True))

    def _write_copies(self, folder: Path) -> None:
        names = {row.source: stem for stem, row in self._named()}
        for submission, marked in self.found:
            content = _annotated(submission, marked)
            if content is not None:
                with whole_file(folder / f"{names[marked.source]}.xlsx") as temporary:
                    temporary.write_bytes(content)

    def write_moodle(self, worksheet: Path, folder: Path) -> tuple[list[Path], int]:
        """Write the worksheet filled in, and the feedback as a zip; how many rows have a grade."""
        content, count = filled_moodle(worksheet, self.counting, People(self.students))
        written = [_write(folder / worksheet.name, content, worksheet)]
        written.append(_write(folder / "moodle-feedback.zip", self.moodle_feedback(), worksheet))
        return written, count

    def moodle_feedback(self) -> bytes:
        """A zip of feedback files in the folders that Moodle's own download has."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for row in self.rows:
                if row.uploader and row.uploader.folder:
                    info = zipfile.ZipInfo(f"{row.uploader.folder}/feedback.html", _NO_DATE)
                    info.compress_type = zipfile.ZIP_DEFLATED
                    if info.filename not in archive.namelist():
                        archive.writestr(info, feedback_html(row))
        return content.getvalue()

    def write_canvas(self, export: Path, column: str | None, folder: Path) -> tuple[Path, int]:
        """Write the export filled in; how many rows have points."""
        people = People(self.students)
        content, count = filled_canvas(export, self.counting, people, column)
        return _write(folder / export.name, content, export), count


def _annotated(submission: Submission, marked: Marked) -> bytes | None:
    if marked.kind == "exercise":
        return annotated_exercise(submission.path, marked)
    if marked.kind == "free-form":
        from gradsheet.audit.pipeline import audit_workbook
        from gradsheet.audit.report.annotate import annotated_copy, can_be_annotated

        if can_be_annotated(submission.path):
            try:
                return annotated_copy(audit_workbook(submission.path))
            except GradsheetError:
                return None
    return None


def _write(path: Path, content: bytes, source: Path) -> Path:
    if is_same_file(path, source):
        raise GradsheetError(
            f"{source} lies in the folder for the results and would be overwritten; choose another "
            "folder with -o"
        )
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
    return path
