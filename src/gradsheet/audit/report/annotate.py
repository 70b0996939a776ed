"""A copy of a workbook in which each wrong cell is colored and has a note that explains it.

The few parts that change are edited as text, and all others copied as they are: what this package
knows nothing of, such as a chart, a text box or a picture, stays what it was.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from gradsheet.audit.findings import Audit, Finding
from gradsheet.audit.report.cell_colors import ColoredCells, Styles
from gradsheet.audit.report.notes import write_notes
from gradsheet.errors import GradsheetError
from gradsheet.files import whole_file
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.package import Package, opened_package

_MISTAKE, _REMARK = "FFFF7B72", "FFFFC933"


def annotate(audit: Audit, target: Path) -> None:
    """Write a copy of the audited workbook with its mistakes marked red and its remarks amber.

    A cell that has a note keeps it, and the explanation follows. A finding without a cell is left
    out.

    Raises:
        GradsheetError: the file is no sound .xlsx, or the copy cannot be written.
    """
    path = audit.path
    if path.suffix.lower() != ".xlsx":
        kind = path.suffix or "without a suffix"
        raise GradsheetError(f"only .xlsx can be annotated and {path} is {kind}; save it as .xlsx")
    if _is_same(path, target):
        raise GradsheetError(f"{path} would be overwritten; choose another name for the copy")
    with opened_package(path) as package:
        _mark_sheets(package, audit.all_findings)
        with whole_file(target) as temporary:
            package.write(temporary)


def _is_same(path: Path, target: Path) -> bool:
    """Whether two paths lead to one file, also by way of a link or of letters in another case."""
    both_there = path.exists() and target.exists()
    return path.resolve() == target.resolve() or (both_there and path.samefile(target))


def _mark_sheets(package: Package, findings: Iterable[Finding]) -> None:
    """Color the cells of every sheet and write their notes."""
    sheets = package.sheets()
    marked: dict[str, dict[CellIndex, list[Finding]]] = {}
    for found in findings:
        if found.cell and (sheet := sheets.get(found.sheet)):
            marked.setdefault(sheet, {}).setdefault(found.cell, []).append(found)
    if not marked:
        return
    styles = Styles(package)
    for sheet, notes in marked.items():
        colors = {place: _color(found) for place, found in notes.items()}
        package[sheet] = ColoredCells(package[sheet], styles).color(colors)
        write_notes(package, sheet, dict(sorted(notes.items())))
    styles.store()


def _color(findings: Sequence[Finding]) -> str:
    return _MISTAKE if any(found.is_mistake for found in findings) else _REMARK
