"""Rows that compute nothing where the others do."""

from collections.abc import Iterator

from gradsheet.audit import rules
from gradsheet.audit.details import RowWithoutFormulas
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject


def row_findings(subject: Subject) -> Iterator[Finding]:
    """Rows of pasted numbers, and empty ones."""
    table = subject.table
    column = next(iter(table.usual), None)
    for row in sorted(subject.pasted_rows):
        assert column is not None
        is_empty = all(table.cell(row, other) is None for other in table.usual)
        rule = rules.EMPTY_ROW if is_empty else rules.PASTED_ROW
        yield subject.finding(rule, [row], column, RowWithoutFormulas(row, is_empty))
