"""Updates by another rule than plain gradient descent."""

from collections.abc import Sequence
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.details import OtherUpdateRule
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject

_NOT_EVALUATED = {rules.NOT_UNDERSTOOD, rules.CIRCULAR}


def other_update_rule(subject: Subject, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with one remark in place of all updates where none could be evaluated."""
    found = subject.found
    known = set(found.symbols.values()) & found.roles.parameters
    trained = {symbol for symbol in known if found.roles.is_trained(symbol)}
    whole = [f for f in findings if 2 * f.cells > len(subject.table.later_rows)]
    odd = [f for f in whole if f.role in trained and not _NOT_EVALUATED.isdisjoint(f.rules)]
    if len(odd) < len(trained) or len(trained) < 2:
        return list(findings)
    remark = replace(odd[0], rules=(rules.OTHER_RULE,), details=OtherUpdateRule())
    return [*(f for f in findings if f.role not in found.roles.parameters), remark]


def unchecked_columns(subject: Subject, findings: Sequence[Finding]) -> set[int]:
    """The columns whose formulas are not understood, and the updates by another rule."""
    broken = {rule for found in findings for rule in found.rules}
    updates = subject.found.symbols.items() if rules.OTHER_RULE in broken else ()
    return {
        *(column for column, symbol in updates if symbol in subject.found.roles.parameters),
        *(c.column for f in findings if rules.NOT_UNDERSTOOD in f.rules for c in f.first_cells),
    }
