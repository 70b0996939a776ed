"""Values stored in the file that its formulas do not give."""

from collections.abc import Iterator
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.details import OutOfDate
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject
from gradsheet.spreadsheet.cached import SMALLEST, TOLERANCE


def cached_value_findings(subject: Subject) -> Iterator[Finding]:
    """A remark on the cells whose cached value is out of date."""
    arrangement = subject.table.arrangement
    if subject.is_up_to_date or (arrangement is not None and arrangement.stand_ins):
        return  # sums over examples are computed from one of them
    stale = list(_stale_cells(subject))
    if stale:
        row, column, details = stale[0]
        yield replace(subject.finding(rules.OUT_OF_DATE, [row], column, details), cells=len(stale))


def _stale_cells(subject: Subject) -> Iterator[tuple[int, int, OutOfDate]]:
    for row in subject.table.rows:
        for column in subject.table.columns:
            cell = subject.table.cell(row, column)
            if cell and cell.formula and isinstance(cell.value, float):
                computed, cached = subject.value(row, column), cell.value
                scale = max(abs(computed), abs(cached), SMALLEST)
                if abs(computed - cached) > TOLERANCE * scale:
                    yield row, column, OutOfDate(cached, computed)
