"""One finding for a cause that touches several columns."""

from collections.abc import Sequence
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.details import Change, Formula, WrongFormula
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject
from gradsheet.spreadsheet.addresses import CellIndex

_ACROSS_COLUMNS = {rules.SLIDING, rules.UNUSED_RATE, rules.FILLED_OVER}
"""What is done to several columns at once."""
_FEWEST = 3  # columns in which any other cause is taken for one


def folded(subject: Subject, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with one in place of those that share a cause, at its first column."""
    return _with_one_cause(_of_one_formula(subject, findings))


def _of_one_formula(subject: Subject, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with one for an array formula, which is wrong once in all its cells."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        is_wrong = isinstance(finding.details, WrongFormula)
        array = subject.array_of(finding.cell) if is_wrong and finding.cell else None
        groups.setdefault(array or id(finding), []).append(finding)
    return [_whole(group) if len(group) > 1 else group[0] for group in groups.values()]


def _with_one_cause(findings: Sequence[Finding]) -> list[Finding]:
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_cause(finding) or id(finding), []).append(finding)
    return [whole for group in groups.values() for whole in _told(group)]


def _cause(finding: Finding) -> object:
    """What findings of one cause have in common; None for one that stands alone."""
    details = finding.details
    if not isinstance(details, WrongFormula):
        return None
    if not _ACROSS_COLUMNS.isdisjoint(finding.rules):
        return (*details.causes, finding.sheet) if len(details.causes) == 1 else None
    if not all(isinstance(c, Change) and c.rule is not rules.UNEXPLAINED for c in details.causes):
        return None
    patterns = tuple(
        (_pattern(c.wrong), _pattern(c.right)) for c in details.causes if isinstance(c, Change)
    )
    kind = finding.role.kind if finding.role else None
    return (finding.rules, patterns, kind, finding.sheet)


def _pattern(formula: Formula | None) -> tuple[str, ...]:
    """A formula without the names in it: the same slip in other columns looks the same."""
    parts = formula.parts if formula else ()
    return tuple(part if isinstance(part, str) else "" for part in parts)


def _told(group: Sequence[Finding]) -> list[Finding]:
    """One finding for all, or each by itself where they are few that may have been made singly."""
    columns = {finding.cell.column for finding in group if finding.cell}
    at_once = not _ACROSS_COLUMNS.isdisjoint(group[0].rules)
    return [_whole(group)] if at_once or len(columns) >= _FEWEST else list(group)


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
        parts=tuple(group[1:]),
    )
