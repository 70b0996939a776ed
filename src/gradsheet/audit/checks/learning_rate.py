"""The cell that is labeled as the learning rate, and what the updates read."""

import math
from collections.abc import Iterator

from gradsheet.audit import rules
from gradsheet.audit.details import OtherRateCell, RateCellWithoutNumber, TypedRate
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.learning_rate import label_of, labeled_cell
from gradsheet.audit.subject import Subject, content_of
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import references


def unused_rate_cell(subject: Subject) -> Iterator[Finding]:
    """A cell labeled as the learning rate near the table, and updates that use another one."""
    cell = subject.found.rate.cell
    if cell is None:
        return
    used = subject.table.formulas.cell(*cell)
    rows, column = subject.table.later_rows, _first_parameter(subject)
    shown = subject.on_own_sheet(cell)
    nearest = _nearest_rate_cell(subject)
    if used is None or isinstance(used.value, str):
        details = RateCellWithoutNumber(shown, content_of(used))
        yield subject.finding(rules.UNUSED_RATE, rows, column, details)
    elif nearest and nearest != cell.cell and not _is_used(subject, nearest):
        is_nearer = cell.sheet != subject.sheet or nearest.row > cell.cell.row
        if is_nearer or not label_of(subject.table, cell):
            details_other = OtherRateCell(nearest, shown)
            yield subject.finding(rules.UNUSED_RATE, rows, column, details_other)


def typed_rate(subject: Subject) -> Iterator[Finding]:
    """Updates that hold the learning rate as a number; a mistake where a cell states another."""
    source = subject.found.rate
    if source.cell or source.column or math.isnan(source.value):
        return
    unused = _nearest_rate_cell(subject)
    stated = subject.value(*unused) if unused else source.value
    rule = rules.RATE_WITHOUT_CELL if stated == source.value else rules.TYPED_RATE
    rows, column = subject.table.later_rows, _first_parameter(subject)
    yield subject.finding(rule, rows, column, TypedRate(source.value, unused))


def _first_parameter(subject: Subject) -> int:
    return next(c for c, s in subject.found.symbols.items() if s in subject.found.roles.parameters)


def _nearest_rate_cell(subject: Subject) -> CellIndex | None:
    cell = labeled_cell(subject.table)
    return cell.cell if cell else None


def _is_used(subject: Subject, cell: CellIndex) -> bool:
    """Whether a cell holds the rate of other layers, or an α of the activation or of the loss."""
    place = CellRef(subject.sheet, cell)
    return place in subject.found.rate.others or place in _read_beside(subject)


def _read_beside(subject: Subject) -> set[CellRef]:
    """The cells that formulas of the table read, updates left out."""
    table, found = subject.table, subject.found
    moved = {found.roles.column_of_update(c) for c, s in found.symbols.items() if s.is_parameter}
    return {
        CellRef(ref.sheet or subject.sheet, ref.seen_from(CellIndex(row, column)))
        for column, tree in table.usual.items()
        if column not in moved and (row := found.typical_row(column)) is not None
        for ref in references(tree)
    }
