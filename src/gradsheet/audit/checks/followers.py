"""What is right by its own formula, and uses a value of the backward pass that is not."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gradsheet.audit.details import WrongFormula
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject
from gradsheet.networks.symbols import Kind, Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import references

_BACKWARD = (Kind.GRADIENT, Kind.LOCAL, Kind.OPPOSITE, Kind.CHANGE, Kind.ERROR)
"""What is computed to be used by others; all of a row follows from a wrong pre-activation."""


def with_followers(subject: Subject, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, each with the cells of its row that follow from it."""
    wrong = {cell.column for f in findings if f.is_mistake for cell in f.first_cells}
    reading = _readers(subject)
    return [_with_followers(subject, finding, reading, wrong) for finding in findings]


def _with_followers(
    subject: Subject, finding: Finding, reading: dict[int, set[int]], wrong: set[int]
) -> Finding:
    is_formula = finding.is_mistake and isinstance(finding.details, WrongFormula)
    if finding.cell is None or not is_formula or not _is_backward(finding.role):
        return finding
    columns = {cell.column for cell in finding.first_cells}
    waiting, found = set(columns), set[int]()
    while waiting:
        waiting = {
            column
            for each in waiting
            for column in reading.get(each, ())
            if _is_backward(role := subject.role(column)) or (role and role.kind is Kind.NEXT)
        } - found
        found |= waiting
    cells = (CellIndex(finding.cell.row, column) for column in sorted(found - wrong))
    return replace(finding, followers=tuple(CellRef(subject.sheet, cell) for cell in cells))


def _is_backward(role: Symbol | None) -> bool:
    return role is None or role.kind in _BACKWARD


def _readers(subject: Subject) -> dict[int, set[int]]:
    """For each column those that use it in their own row."""
    reading: dict[int, set[int]] = {}
    row = subject.table.later_rows[0]
    for column, tree in subject.table.usual.items():
        for cell in (ref.seen_from(CellIndex(row, column)) for ref in references(tree)):
            if cell.row == row and cell.column != column:
                reading.setdefault(cell.column, set()).add(column)
    return reading


def sources(findings: Iterable[Finding]) -> Iterator[tuple[int, CellIndex]]:
    """The columns that follow from a finding, with its cell."""
    for finding in findings:
        if finding.cell is not None:
            for follower in finding.followers:
                yield follower.cell.column, finding.cell
