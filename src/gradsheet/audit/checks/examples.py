"""Means and sums over the examples of a step that leave some of them out."""

import math
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.details import Change, Effect, Formula, WrongFormula
from gradsheet.audit.findings import ColumnAudit, Finding, TableAudit
from gradsheet.audit.tables.steps.training import Training, Uneven
from gradsheet.audit.tables.table import Table
from gradsheet.spreadsheet.addresses import CellRef


def with_uneven(audit: TableAudit, table: Table, training: Training) -> TableAudit:
    """The audit with what the network needs of all examples and is computed from some.

    Args:
        audit: of the table, at its own places.
        table: of the most frequent kind of example.
        training: the table's.
    """
    columns = {column.column: column for column in audit.columns if column.role}
    found: dict[int, Finding] = {}
    for uneven in training.uneven():
        number = uneven.place.column
        if number in found:
            found[number] = replace(found[number], cells=found[number].cells + 1)
        elif number in columns:
            found[number] = _finding(uneven, columns[number], table, training.count)
    others = [f for f in audit.findings if f.cell is None or f.cell.column not in found]
    return replace(
        audit,
        columns=tuple(_judged(column, found.get(column.column)) for column in audit.columns),
        findings=(*found.values(), *others),
    )


def _judged(column: ColumnAudit, finding: Finding | None) -> ColumnAudit:
    return replace(column, verdict="wrong", first_wrong=finding.cell) if finding else column


def _finding(uneven: Uneven, column: ColumnAudit, table: Table, examples: int) -> Finding:
    arrangement, held = table.arrangement, table.cell(*uneven.place)
    assert arrangement is not None
    assert held is not None
    own = arrangement.cells[uneven.place].sheet
    missing = ", ".join(_on(own, cell) for cell in uneven.missing)
    is_gradient = column.role is not None and column.role.is_gradient
    details = WrongFormula(
        Formula((f"={held.formula}",)),
        Formula((f"the same of all {examples} examples",)),
        (Change(rules.TERM_MISSING, right=Formula((missing,))),),
        Effect("gradient" if is_gradient else "value", math.nan, math.nan, False, 0),
    )
    return Finding(
        (rules.TERM_MISSING,),
        details,
        arrangement.sheet,
        uneven.place,
        column=column.header,
        role=column.role,
    )


def _on(sheet: str, cell: CellRef) -> str:
    """A cell as a formula on a sheet writes it."""
    return str(cell._replace(sheet="") if cell.sheet == sheet else cell)
