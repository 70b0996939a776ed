"""A copy of an exercise with each answer colored and its mark as a note."""

import io
from pathlib import Path

from gradsheet.audit.report.annotate import can_be_annotated, mark_cells
from gradsheet.audit.report.copy_mark import mark_as_copy
from gradsheet.audit.report.notes import Note
from gradsheet.classroom.feedback import number
from gradsheet.classroom.marked import Answer, Marked
from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellRef, parse_cell_reference
from gradsheet.spreadsheet.package import opened_package

_RIGHT, _PARTIAL, _WRONG = "FFB7E4C7", "FFFFE08A", "FFFF9B91"


def annotated_exercise(path: Path, marked: Marked) -> bytes | None:
    """The content of the copy; None where none can be made of such a file."""
    if not can_be_annotated(path):
        return None
    content = io.BytesIO()
    try:
        with opened_package(path) as package:
            marks = {ref: mark for answer in marked.answers for ref, mark in [_mark(answer)]}
            mark_cells(package, marks)
            mark_as_copy(package)
            package.write(content)
    except GradsheetError:
        return None
    return content.getvalue()


def _mark(answer: Answer) -> tuple[CellRef, tuple[list[Note], str]]:
    ref = parse_cell_reference(answer.cell)
    assert ref is not None
    if answer.is_credited:
        return ref, ([], _RIGHT)
    note = Note(
        f"{answer.points:g} of {answer.out_of:g} points: {answer.words}",
        (f"right: {number(answer.right)}",),
    )
    return ref, ([note], _PARTIAL if answer.points else _WRONG)
