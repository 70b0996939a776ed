"""One finding for a cause that touches several columns."""

from collections.abc import Sequence
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.details import WrongFormula
from gradsheet.audit.findings import Finding
from gradsheet.spreadsheet.addresses import CellIndex

_ACROSS_COLUMNS = {rules.SLIDING, rules.UNUSED_RATE, rules.FILLED_OVER}
"""What is done to several columns at once."""


def folded(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with one in place of those that share a cause, at its first column."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_cause(finding) or id(finding), []).append(finding)
    return [_whole(group) for group in groups.values()]


def _cause(finding: Finding) -> object:
    """What findings of one cause have in common; None for one that stands alone."""
    details = finding.details
    if not isinstance(details, WrongFormula) or len(details.causes) != 1:
        return None
    if _ACROSS_COLUMNS.isdisjoint(finding.rules):
        return None
    return (*details.causes, finding.sheet)


def _whole(group: Sequence[Finding]) -> Finding:
    """The first finding, with the first cell of each other column that has one."""
    first_cells: dict[int, CellIndex] = {}
    for finding in group:
        if finding.cell:
            first_cells.setdefault(finding.cell.column, finding.cell)
    return replace(
        group[0],
        cells=sum(finding.cells for finding in group),
        elsewhere=tuple(first_cells.values())[1:],
    )
