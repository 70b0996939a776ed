"""The first row of a table that goes on from the table above, across a note or an empty row."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.details import Change, Effect, Formula, WrongFormula
from gradsheet.audit.diagnosis.naming import Naming
from gradsheet.audit.diagnosis.right_formula import right_formula
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject
from gradsheet.audit.tables.table import Table
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import Area, Call, Node, Reference, references

_MOST_BETWEEN = 4  # rows from the end of a table to the next
_NO_EFFECT = Effect("value", math.nan, math.nan, is_error=False, updates=0)


def continued_findings(subject: Subject, tables: Sequence[Table]) -> Iterator[Finding]:
    """What is wrong with the updates that lead from the table above to this one.

    Args:
        subject: this table.
        tables: all that were found.
    """
    table = subject.table
    row = table.rows[0]
    above = next((other for other in tables if _goes_on(other, table)), None)
    for column in table.columns if above else ():
        usual, tree = table.usual.get(column), table.tree(row, column)
        is_update = subject.found.symbols.get(column) in subject.found.roles.carried
        if above and is_update and usual and tree and _moves_on(tree, table, above, column):
            moved = _across(tree, above.rows[-1] - row)
            if moved != usual:
                yield _finding(subject, column, is_other_row=_rowless(moved) == _rowless(usual))


def _goes_on(above: Table, table: Table) -> bool:
    """Whether a table is the piece before another one."""
    between = table.rows[0] - above.rows[-1]
    is_near = above.sheet is table.sheet and 1 < between <= _MOST_BETWEEN
    return is_near and above.columns == table.columns and above.usual == table.usual


def _moves_on(tree: Node, table: Table, above: Table, column: int) -> bool:
    """Whether a formula computes something of its own column in the table above.

    One that only takes a value over may start the training again.
    """
    here = CellIndex(table.rows[0], column)
    cells = [ref.seen_from(here) for ref in references(tree)]
    return isinstance(tree, Call) and any(
        cell.row in above.rows and cell.column == column for cell in cells
    )


def _across(node: Node, last: int) -> Node:
    """A formula as if there were nothing between the tables.

    Args:
        node: the formula in the first row of the lower one.
        last: how far from there the last row of the upper one is.
    """
    if isinstance(node, Reference):
        return replace(node, row=-1) if not node.row_fixed and node.row == last else node
    if isinstance(node, Area):
        first, end = (_across(corner, last) for corner in (node.first, node.last))
        assert isinstance(first, Reference)
        assert isinstance(end, Reference)
        return Area(first, end)
    if isinstance(node, Call):
        return Call(node.function, tuple(_across(part, last) for part in node.arguments))
    return node


def _rowless(node: Node) -> Node:
    """A formula whatever the rows are that it reads."""
    if isinstance(node, Reference):
        return node if node.row_fixed else replace(node, row=0)
    if isinstance(node, Call):
        return Call(node.function, tuple(map(_rowless, node.arguments)))
    return node


def _finding(subject: Subject, column: int, *, is_other_row: bool) -> Finding:
    table, row = subject.table, subject.table.rows[0]
    cell = table.cell(row, column)
    written = Formula((f"={cell.formula}",) if cell else ())
    due = right_formula(subject.found, table.rows[1], column)
    right = Naming(subject.found, column).formula(due)
    rule = rules.OTHER_ROW if is_other_row else rules.UNEXPLAINED
    cause = Change(rule, written, right) if is_other_row else Change(rule)
    details = WrongFormula(written, right, (cause,), _NO_EFFECT)
    return subject.finding(rule, [row], column, details)
