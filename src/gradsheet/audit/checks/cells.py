"""Cells that differ from the rest of their column: numbers, texts and gaps among formulas."""

import math
from collections.abc import Iterator, Sequence

from gradsheet.audit import rules
from gradsheet.audit.details import (
    CellWithoutFormula,
    ColumnWithoutFormulas,
    Content,
    NoStart,
    OddCell,
)
from gradsheet.audit.findings import Finding
from gradsheet.audit.rules import Rule
from gradsheet.audit.subject import Subject
from gradsheet.spreadsheet.addresses import CellIndex


def odd_cells(subject: Subject, column: int) -> Iterator[Finding]:
    """The cells of a helper column, or of copies, that differ from the others."""
    table, usual = subject.table, subject.table.usual.get(column)
    rows = [row for row in table.later_rows if row not in subject.pasted_rows]
    odd = [row for row in rows if table.tree(row, column) != usual]
    if usual is not None and odd and 2 * len(odd) < len(rows):
        held = subject.content(odd[0], column)
        yield subject.finding(rules.ODD_CELL, odd, column, OddCell(held))


def missing_starts(subject: Subject, column: int) -> Iterator[Finding]:
    """A weight whose first cell is empty, or shows a text or an error.

    A formula that is not understood, such as RAND(), gives a number in the spreadsheet.
    """
    row = subject.table.rows[0]
    cell = subject.table.cell(row, column)
    is_drawn = cell is not None and cell.formula is not None and not isinstance(cell.value, str)
    is_empty = cell is None or math.isnan(subject.value(row, column))
    is_missing = is_empty and not is_drawn
    if subject.role(column) in subject.found.roles.parameters and is_missing:
        held = subject.content(row, column)
        yield subject.finding(rules.NO_START, [row], column, NoStart(held))


def cells_without_formula(
    subject: Subject, column: int, rows: Sequence[int], due: int
) -> Iterator[Finding]:
    """Numbers, texts and gaps where a formula is due.

    Args:
        subject: the table.
        column: the column.
        rows: its rows without a formula.
        due: in how many rows a formula is due.
    """
    if 2 * len(rows) > due > 1:
        yield subject.finding(rules.PASTED_COLUMN, rows, column, ColumnWithoutFormulas())
        return
    for row in rows:
        held = subject.content(row, column)
        rule = _rule_for(held)
        pattern = CellIndex(row - 1, column) if rule is rules.EMPTY_CELL else None
        yield subject.finding(rule, [row], column, CellWithoutFormula(held, pattern))


def _rule_for(held: Content) -> Rule:
    if held.value is None:
        return rules.EMPTY_CELL
    return rules.TEXT if isinstance(held.value, str) else rules.PASTED_NUMBER
