"""A copy of a workbook in which each wrong cell is colored and has a note that explains it.

The few parts that change are edited as text, and all others copied as they are: what this package
knows nothing of, such as a chart, a text box or a picture, stays what it was.
"""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradsheet.audit.findings import Audit, Finding
from gradsheet.audit.report.cell_colors import ColoredCells, Styles
from gradsheet.audit.report.copy_mark import is_copy, mark_as_copy
from gradsheet.audit.report.notes import Note, follower_note, note_of, write_notes
from gradsheet.errors import GradsheetError
from gradsheet.files import is_same_file, whole_file
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.package import Package, opened_package

_MISTAKE, _REMARK, _FOLLOWER = "FFFF7B72", "FFFFC933", "FFFFD9D4"


def copy_of(path: Path) -> Path:
    """Where the annotated copy of a workbook goes: beside it, whatever its suffix."""
    name = path.stem if path.suffix == ".xlsx" else path.name
    return path.with_name(f"{name}-audited.xlsx")


def check_copies(paths: Sequence[Path]) -> None:
    """Refuse to annotate workbooks where a copy would take the place of anything but such a copy.

    Raises:
        GradsheetError: no copy can be made of any, or one would replace one of ``paths`` or another
            file.
    """
    if not any(map(can_be_annotated, paths)):
        _check_format(paths[0])
    for path in filter(can_be_annotated, paths):
        target = copy_of(path)
        if not os.path.lexists(target) or is_copy(target):
            continue
        for other in paths:
            if is_same_file(target, other):
                raise GradsheetError(
                    f"--annotate would write the copy of {path} over {other}, one of the "
                    "workbooks to audit; rename that"
                )
        _check_replaceable(target)


def annotate(audit: Audit, target: Path) -> None:
    """Write a copy of the audited workbook with its mistakes marked red and its remarks amber.

    A cell that only uses a wrong value is pale red and names its source.

    A cell that has a note keeps it, and the explanation follows. A finding without a cell is left
    out. The copy has a property by which it is known for one.

    Raises:
        GradsheetError: the file is no sound .xlsx, ``target`` is there and no such copy, or the
            copy cannot be written.
    """
    if is_same_file(audit.path, target):
        raise GradsheetError(f"{audit.path} would be overwritten; choose another name for the copy")
    write_copy(annotated_copy(audit), target)


def annotated_copy(audit: Audit) -> bytes:
    """The content of such a copy.

    Raises:
        GradsheetError: the file is no sound .xlsx.
    """
    _check_format(audit.path)
    content = io.BytesIO()
    with opened_package(audit.path) as package:
        _mark_sheets(package, audit.all_findings)
        mark_as_copy(package)
        package.write(content)
    return content.getvalue()


def write_copy(content: bytes, target: Path) -> None:
    """Write a copy, whole or not at all.

    Raises:
        GradsheetError: ``target`` is there and no such copy, or cannot be written.
    """
    _check_replaceable(target)
    with whole_file(target) as temporary:
        temporary.write_bytes(content)


def can_be_annotated(path: Path) -> bool:
    """Whether copies are made of files of this format."""
    return path.suffix.lower() == ".xlsx"


def _check_format(path: Path) -> None:
    if not can_be_annotated(path):
        kind = path.suffix or "without a suffix"
        raise GradsheetError(f"only .xlsx can be annotated and {path} is {kind}; save it as .xlsx")


def _check_replaceable(target: Path) -> None:
    if os.path.lexists(target) and not is_copy(target):
        raise GradsheetError(
            f"{target} is there and no annotated copy; rename it, for the copy takes this name"
        )


def _mark_sheets(package: Package, findings: Sequence[Finding]) -> None:
    """Color the cells of every sheet and write their notes."""
    found_at: dict[CellRef, list[Finding]] = {}
    for found in findings:
        for place in found.first_places:
            found_at.setdefault(place, []).append(found.at(place))
    marks = {p: (list(map(note_of, found)), _color(found)) for p, found in found_at.items()}
    for followed, found in ((place, f) for f in findings for place in f.followers):
        marks.setdefault(followed, ([follower_note(found)], _FOLLOWER))
    mark_cells(package, marks)


def mark_cells(package: Package, marks: Mapping[CellRef, tuple[Sequence[Note], str]]) -> None:
    """Give cells notes and a color each, as ARGB; those on a sheet that is not there are left out.

    Raises:
        ValueError: the package is no sound workbook.
    """
    sheets = package.sheets()
    by_sheet: dict[str, dict[CellIndex, tuple[Sequence[Note], str]]] = {}
    for place, mark in marks.items():
        if sheet := sheets.get(place.sheet):
            by_sheet.setdefault(sheet, {})[place.cell] = mark
    if not by_sheet:
        return
    styles = Styles(package)
    for sheet, marked in by_sheet.items():
        colors = {index: color for index, (_, color) in marked.items()}
        rows = {index.row for index in colors}
        package[sheet] = ColoredCells(package[sheet], styles, rows).color(colors)
        notes = {index: notes for index, (notes, _) in sorted(marked.items()) if notes}
        if notes:
            write_notes(package, sheet, notes)
    styles.store()


def _color(findings: Sequence[Finding]) -> str:
    return _MISTAKE if any(found.is_mistake for found in findings) else _REMARK
