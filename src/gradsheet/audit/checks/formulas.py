"""The formulas of a column, compared with what is due in each of its cells."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.checks.cells import cells_without_formula
from gradsheet.audit.details import Change, MoreWrongFormulas, WrongFormula
from gradsheet.audit.diagnosis.consequences import effect_of
from gradsheet.audit.diagnosis.explain import explain
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.row_classes import row_classes
from gradsheet.audit.subject import Subject
from gradsheet.spreadsheet.functions import FormulaError

_MOST_EXPLAINED = 3  # wrong formulas of one column
_MOST_ALIKE = 20  # more of them, where those had one cause
_OF_OTHER_ROWS = {rules.OTHER_ROW, rules.PINNED, rules.SLIDING}


def wrong_formulas(subject: Subject, column: int) -> Iterator[Finding]:
    """Each wrong formula of a column with its explanation, then the cells without one."""
    found, table = subject.found, subject.table
    missing: list[int] = []
    wrong: dict[object, list[list[int]]] = {}
    classes = row_classes(found, column)
    for key, rows in classes.items():
        if key is None:
            missing = [row for row in rows if row not in subject.pasted_rows]
        elif not found.matches(rows[0], column):
            wrong.setdefault(table.tree(rows[0], column) or key, []).append(rows)
    groups = list(wrong.values())
    explained = [_wrong_formula(subject, same, column) for same in groups[:_MOST_EXPLAINED]]
    rest = groups[_MOST_EXPLAINED:]
    causes = {id(f): _cause(f) for f in explained}
    if rest and len({*causes.values()}) == 1 and causes[id(explained[0])] is not None:
        more = [_wrong_formula(subject, same, column) for same in rest[:_MOST_ALIKE]]
        alike = [f for f in more if _cause(f) == _cause(explained[0])]
        if len(alike) == len(more):
            explained, rest = [*explained, *more], rest[_MOST_ALIKE:]
    yield from _told_once(explained)
    yield from _more_wrong_formulas(subject, rest, column)
    yield from cells_without_formula(subject, column, missing, sum(map(len, classes.values())))


def _cause(finding: Finding) -> object:
    """What makes two findings in one column one; None where that is not known."""
    details = finding.details
    if not isinstance(details, WrongFormula) or rules.UNEXPLAINED in finding.rules:
        return None
    changes = [c for c in details.causes if isinstance(c, Change) and c.rule in _OF_OTHER_ROWS]
    return (finding.rules, tuple(c.right for c in changes)) if changes else None


def _told_once(findings: Sequence[Finding]) -> Iterator[Finding]:
    """One finding for all formulas of a column with one cause, at the first of them."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_cause(finding) or id(finding), []).append(finding)
    for first, *others in groups.values():
        yield replace(first, cells=first.cells + sum(other.cells for other in others))


def _more_wrong_formulas(
    subject: Subject, groups: Sequence[list[list[int]]], column: int
) -> Iterator[Finding]:
    """What is left of a column with many wrong formulas: those that are understood, and others."""
    rows: dict[bool, list[int]] = {True: [], False: []}
    for same in groups:
        is_read = _is_read(subject, same[0][0], column)
        rows[is_read] += [row for group in same for row in group]
    for is_read, rule in ((True, rules.UNEXPLAINED), (False, rules.NOT_UNDERSTOOD)):
        if found := sorted(rows[is_read]):
            yield subject.finding(rule, found, column, MoreWrongFormulas(len(found), is_read))


def _is_read(subject: Subject, row: int, column: int) -> bool:
    """Whether a formula is understood."""
    try:
        subject.found.written(row, column)
    except FormulaError:
        return False
    return True


def _wrong_formula(subject: Subject, groups: Sequence[list[int]], column: int) -> Finding:
    """The finding on one formula, from the groups of rows in which it computes the same."""
    why = explain(subject.found, groups[0][0], column)
    if why.rules == (rules.UNEXPLAINED,) and len(groups) > 1:
        # The first row may only reach into the header.
        why = explain(subject.found, groups[1][0], column)
    rows = sorted(row for group in groups for row in group)
    effect = effect_of(subject, rows, column, is_read=why.is_read)
    details = WrongFormula(why.written, why.right, why.causes, effect)
    return subject.finding(why.rules, rows, column, details)
