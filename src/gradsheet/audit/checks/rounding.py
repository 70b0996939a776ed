"""Formulas that round what they compute."""

from collections.abc import Iterator

from gradsheet.audit import rules
from gradsheet.audit.details import Rounded
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject
from gradsheet.spreadsheet.formula import calls


def rounding_findings(subject: Subject) -> Iterator[Finding]:
    """One remark on the columns whose formulas round, at the first of them."""
    found, table = subject.found, subject.table
    columns = [
        column
        for column, tree in table.usual.items()
        if column in found.symbols and calls(tree, "ROUND") and found.typical(column) is not None
    ]
    if columns:
        row = found.typical_row(columns[0]) or table.rows[0]
        details = Rounded(tuple(map(found.header, columns)))
        yield subject.finding(rules.ROUNDED, [row], columns[0], details)
