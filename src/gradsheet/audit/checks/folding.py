"""One finding for a cause that touches several columns."""

from collections.abc import Sequence
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.details import WrongFormula
from gradsheet.audit.findings import Finding

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
    details, cell = finding.details, finding.cell
    if not isinstance(details, WrongFormula) or cell is None or len(details.causes) != 1:
        return None
    if _ACROSS_COLUMNS.isdisjoint(finding.rules):
        return None
    return (*details.causes, finding.sheet, cell.row, finding.cells)


def _whole(group: Sequence[Finding]) -> Finding:
    first, *others = group
    return replace(
        first,
        cells=sum(finding.cells for finding in group),
        elsewhere=tuple(finding.cell for finding in others if finding.cell),
    )
