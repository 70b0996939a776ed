"""The formulas of a column, compared with what is due in each of its cells."""

from collections.abc import Iterator, Sequence

from gradsheet.audit import rules
from gradsheet.audit.checks.cells import cells_without_formula
from gradsheet.audit.details import MoreWrongFormulas, WrongFormula
from gradsheet.audit.diagnosis.consequences import effect_of
from gradsheet.audit.diagnosis.explain import explain
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.row_classes import row_classes
from gradsheet.audit.subject import Subject
from gradsheet.spreadsheet.functions import FormulaError

_MOST_EXPLAINED = 3  # wrong formulas of one column


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
    for same in groups[:_MOST_EXPLAINED]:
        yield _wrong_formula(subject, same, column)
    yield from _more_wrong_formulas(subject, groups[_MOST_EXPLAINED:], column)
    yield from cells_without_formula(subject, column, missing, sum(map(len, classes.values())))


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
