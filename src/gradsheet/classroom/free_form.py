"""The marks of a free-form sheet: points off for each cause that the audit names."""

from pathlib import Path

from gradsheet.audit.findings import Finding
from gradsheet.audit.pipeline import audit_workbook
from gradsheet.audit.report.outcomes import outcome
from gradsheet.audit.report.sentences import label, message
from gradsheet.audit.report.summary import verdict
from gradsheet.audit.unaudited import UnauditedError
from gradsheet.classroom.marked import Deduction, Marked, Uploader
from gradsheet.classroom.roster import Student
from gradsheet.classroom.rubric import Rubric
from gradsheet.classroom.traces import free_form_traces
from gradsheet.spreadsheet.model import Book

_MOST_PLACES = 12


def mark_free_form(
    path: Path,
    book: Book,
    source: str,
    rubric: Rubric,
    uploader: Uploader | None,
    student: Student | None,
) -> Marked:
    """The marks of a course sheet, wherever its table is.

    Raises:
        GradsheetError: the file cannot be read.
    """
    whose = (student.id, student.name) if student else ("", "")
    try:
        audit = audit_workbook(path)
    except UnauditedError as error:
        return Marked(source, "not marked", *whose, why=error.why, uploader=uploader)
    deductions = tuple(_deduction(found, rubric) for found in audit.mistakes)
    off = sum(deduction.points for deduction in deductions)
    remarks = () if outcome(audit) in ("right", "wrong") else (verdict(audit),)
    return Marked(
        source,
        "free-form",
        *whose,
        deductions=deductions,
        points=max(0.0, rubric.free_form - off),
        out_of=rubric.free_form,
        remarks=remarks,
        uploader=uploader,
        traces=free_form_traces(book),
    )


def _deduction(found: Finding, rubric: Rubric) -> Deduction:
    points = max(rubric.rules.get(code, rubric.rule) for code in found.codes)
    places = tuple(map(str, found.first_places[:_MOST_PLACES]))
    return Deduction(found.codes, label(found.rules), message(found), places, points)
