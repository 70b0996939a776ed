"""Gradients that stand in each other's columns."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gradsheet.audit import rules
from gradsheet.audit.details import GradientTaken, WrongFormula
from gradsheet.audit.diagnosis.consequences import change_of_loss
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.reference import agree
from gradsheet.audit.subject import Subject
from gradsheet.spreadsheet.functions import FormulaError


def swapped_gradients(subject: Subject, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with two gradients that compute each other explained as swapped."""
    wrong = {
        f.role: f
        for f in findings
        if f.role.startswith("dE/d") and isinstance(f.details, WrongFormula)
    }
    computes = {role: _computed(subject, found, wrong) for role, found in wrong.items()}
    pairs = {role: other for role, other in computes.items() if computes.get(other) == role}
    return [
        _swapped(subject, f, wrong[pairs[f.role]]) if f.role in pairs and f is wrong[f.role] else f
        for f in findings
    ]


def _computed(subject: Subject, finding: Finding, roles: Iterable[str]) -> str:
    """The other one of these gradients that a formula computes; empty if it is none of them."""
    truth, others = subject.found.truth, [role for role in roles if role != finding.role]
    assert finding.cell is not None
    try:
        written = subject.found.written(*finding.cell)
    except FormulaError:
        return ""
    value, *values = truth.values([written, *(truth[role] for role in others)])
    same = [role for role, other in zip(others, values, strict=True) if agree(value, other)]
    return same[-1] if same else ""


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
