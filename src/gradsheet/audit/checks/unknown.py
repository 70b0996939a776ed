"""Parts of a table that compute something else than any network the audit knows.

A formula that no mistake explains may be right, and the network another one. Where that is so of
all activations of a layer, of all gradients or of all updates, they count as not read.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.details import Effect, Formula, Unreadable, WrongFormula
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.roles import goes_on
from gradsheet.audit.subject import Subject
from gradsheet.networks.symbols import LOSS, Kind, Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import Call, references

_REASONS = {
    "sums": "this is not a sum of a network that the audit knows",
    "activations": "this is not an activation that the audit knows",
    "losses": "this is not a loss that the audit knows",
    "gradients": "this is not a gradient of a network that the audit knows",
    "updates": "this update follows no rule that the audit knows",
    "unnamed": "what this moves is no part of the network that was recognized",
}
_NO_EFFECT = Effect("value", math.nan, math.nan, is_error=False, updates=0)
_Group = tuple[str, tuple[int, ...]]


def without_unknown(subject: Subject, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with remarks in place of those on a part that nothing explains.

    Args:
        subject: the table.
        findings: about it, one for each column.
    """
    unexplained = {
        finding.cell.column: finding
        for finding in findings
        if finding.cell is not None and _is_unexplained(subject, finding)
    }
    unknown = set(_unknown(subject, set(unexplained)))
    kinds = {kind for kind, _ in unknown}
    return [
        _remark(finding, group[0])
        if finding in unexplained.values()
        and (group := _group(finding.role)) is not None
        and (group in unknown or _follows(group[0], kinds))
        else finding
        for finding in findings
    ]


def unnamed_updates(subject: Subject) -> Iterator[Finding]:
    """Remarks on columns that a learning rate moves on, and that are no part of the network."""
    found, table = subject.found, subject.table
    for column, tree in table.usual.items():
        is_moved = isinstance(tree, Call) and goes_on(table, column) and column != found.rate.column
        if is_moved and column not in found.symbols and _uses_rate(subject, column):
            cell = table.cell(table.rows[-1], column)
            written = Formula((f"={cell.formula}",) if cell else ())
            cause = Unreadable(rules.NOT_UNDERSTOOD, _REASONS["unnamed"])
            details = WrongFormula(written, Formula(()), (cause,), _NO_EFFECT)
            yield subject.finding(rules.NOT_UNDERSTOOD, table.later_rows, column, details)


def _uses_rate(subject: Subject, column: int) -> bool:
    """Whether the usual formula of a column refers to the learning rate."""
    rate, sheet = subject.found.rate, subject.sheet
    here = CellIndex(subject.table.rows[-1], column)
    for ref in references(subject.table.usual[column]):
        place = ref.seen_from(here)
        if rate.column == place.column or rate.cell == CellRef(ref.sheet or sheet, place):
            return True
    return False


def _is_unexplained(subject: Subject, finding: Finding) -> bool:
    """Whether most of a column holds a formula of other cells that no mistake explains."""
    rows, cell = subject.table.later_rows, finding.cell
    if not isinstance(finding.details, WrongFormula) or finding.rules != (rules.UNEXPLAINED,):
        return False
    tree = subject.table.tree(*cell) if cell is not None else None
    return tree is not None and bool(references(tree)) and 2 * finding.cells > len(rows)


def _unknown(subject: Subject, unexplained: set[int]) -> Iterator[_Group]:
    """The groups of columns of which none is as it should be, or wrong in a way that is known."""
    groups: dict[_Group, set[int]] = {}
    for column, symbol in subject.found.symbols.items():
        if subject.found.roles.computed_rows(column) and (group := _group(symbol)) is not None:
            groups.setdefault(group, set()).add(column)
    for group, columns in groups.items():
        if columns <= unexplained and (len(columns) > 1 or group[0] == "activations"):
            yield group


def _follows(kind: str, unknown: set[str]) -> bool:
    """Whether what is unexplained of a kind may be right where other kinds are unknown."""
    return bool(unknown) and kind in ("gradients", "losses", "updates")


def _group(symbol: Symbol | None) -> _Group | None:
    """What a value has in common with those of its layer, or with all of its kind."""
    if symbol is None:
        return None
    if symbol.is_parameter or symbol.kind is Kind.NEXT:
        return "updates", ()
    if symbol.is_gradient and symbol.of and symbol.of.is_parameter:
        return "gradients", ()
    if symbol == LOSS or symbol.kind is Kind.ERROR:
        return "losses", ()
    if symbol.is_pre_activation or symbol.is_activation:
        is_output = symbol.kind in (Kind.OUTPUT, Kind.OUTPUT_ACTIVATION)
        layer = (0,) if is_output else (1, *symbol.numbers[:-1])
        return ("sums" if symbol.is_pre_activation else "activations"), layer
    return None


def _remark(finding: Finding, kind: str) -> Finding:
    details = finding.details
    assert isinstance(details, WrongFormula)
    cause = Unreadable(rules.NOT_UNDERSTOOD, _REASONS[kind])
    unread = WrongFormula(details.written, Formula(()), (cause,), _NO_EFFECT)
    return replace(finding, rules=(rules.NOT_UNDERSTOOD,), details=unread)
