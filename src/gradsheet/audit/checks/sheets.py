"""The same finding on several sheets, as with one sheet per learning rate: reported once."""

from collections.abc import Sequence
from dataclasses import replace

from gradsheet.audit.details import OutOfDate, TypedRate, WrongFormula
from gradsheet.audit.findings import Finding, TableAudit
from gradsheet.spreadsheet.addresses import CellRef


def folded_over_sheets(tables: Sequence[TableAudit]) -> list[TableAudit]:
    """The tables, each finding only in the first one of those on different sheets that show it."""
    groups: dict[object, list[Finding]] = {}
    for table in tables:
        for finding in table.findings:
            groups.setdefault(_shared(finding), []).append(finding)
    firsts = {
        id(group[0]): _whole(group)
        for group in groups.values()
        if len({finding.sheet for finding in group}) == len(group)
    }
    others = {id(f) for group in groups.values() if id(group[0]) in firsts for f in group[1:]}
    return [
        replace(
            table,
            findings=tuple(firsts.get(id(f), f) for f in table.findings if id(f) not in others),
        )
        for table in tables
    ]


def _shared(finding: Finding) -> object:
    """What findings have in common that are the same on different sheets.

    The numbers that follow from each sheet's own learning rate may differ.
    """
    details: object = finding.details
    if isinstance(details, WrongFormula):
        details = (details.causes, details.written, details.right)
    elif isinstance(details, OutOfDate | TypedRate):
        details = type(details)
    columns = tuple(cell.column for cell in finding.first_cells)
    return finding.rules, finding.column, finding.role, columns, details


def _whole(group: Sequence[Finding]) -> Finding:
    """The first finding, with its places on the other sheets."""
    first, *others = group
    places = (CellRef(found.sheet, cell) for found in others for cell in found.first_cells)
    cells = sum(found.cells for found in group)
    parts = (part for found in others for part in (replace(found, parts=()), *found.parts))
    whole = (*first.parts, *parts)
    return replace(first, cells=cells, on_sheets=tuple(places), parts=whole)
