"""Gradients in each other's columns."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.details import GradientTaken, WrongFormula
from gradsheet.audit.diagnosis.consequences import change_of_loss
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.points import agree
from gradsheet.audit.subject import Subject
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.functions import FormulaError


def swapped_gradients(subject: Subject, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with two gradients that compute each other explained as swapped."""
    wrong = {role: f for f in findings if (role := _wrong_gradient(f))}
    computes = {role: _computed(subject, found, role, wrong) for role, found in wrong.items()}
    pairs = {id(wrong[r]): wrong[o] for r, o in computes.items() if o and computes.get(o) == r}
    return [_swapped(subject, f, pairs[id(f)]) if id(f) in pairs else f for f in findings]


def _wrong_gradient(finding: Finding) -> Symbol | None:
    """The gradient with a wrong formula that a finding is about; None if about something else."""
    is_gradient = finding.role is not None and finding.role.is_gradient
    return finding.role if is_gradient and isinstance(finding.details, WrongFormula) else None


def _computed(
    subject: Subject, finding: Finding, role: Symbol, gradients: Iterable[Symbol]
) -> Symbol | None:
    """The other one of these gradients that a formula computes; None if it is none of them."""
    reference, others = subject.found.reference, [other for other in gradients if other != role]
    assert finding.cell is not None
    try:
        written = subject.found.written(*finding.cell)
    except FormulaError:
        return None
    value, *values = reference.values([written, *(reference[other] for other in others)])
    same = [other for other, right in zip(others, values, strict=True) if agree(value, right)]
    return same[-1] if same else None


def _swapped(subject: Subject, finding: Finding, other: Finding) -> Finding:
    details = finding.details
    assert isinstance(details, WrongFormula)
    cells = {found.cell: found.cells for found in (finding, other) if found.cell}
    change = change_of_loss(subject, cells)
    return replace(
        finding,
        rules=(rules.SWAPPED,),
        details=replace(
            details,
            causes=(GradientTaken(rules.SWAPPED, other.column),),
            effect=replace(details.effect, loss_change=change, jointly=True),
        ),
    )
