"""Headers that name another value than their column holds."""

from collections.abc import Iterator

from gradsheet.audit import rules
from gradsheet.audit.details import OtherHeader
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject


def header_findings(subject: Subject) -> Iterator[Finding]:
    """A remark on each header that names something else."""
    found, table = subject.found, subject.table
    for column, symbol in found.symbols.items():
        named = table.named.get(column)
        if table.headers.get(column) and named != symbol and named in found.reference:
            row = table.header_row or table.rows[0]
            details = OtherHeader(found.header(column), symbol, found.reference[symbol].meaning)
            yield subject.finding(rules.HEADER, [row], column, details)
