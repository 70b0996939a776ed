"""The audit of a training that is found by its steps, at the cells of the file."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from gradsheet.audit.checks.examples import with_uneven
from gradsheet.audit.findings import Finding, TableAudit
from gradsheet.audit.inference.descent import interpret_descent
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.ranking import interpret, wrong_columns
from gradsheet.audit.relocation import relocated
from gradsheet.audit.subject import Subject
from gradsheet.audit.tables.steps.training import Kind, Training
from gradsheet.spreadsheet.evaluate import Evaluator


@dataclass(frozen=True)
class TrainingFound:
    """A training with what its examples are taken for.

    Attributes:
        training: where it is.
        kinds: its examples by their formulas, each kind with its table's interpretation.
    """

    training: Training
    kinds: tuple[tuple[Kind, Interpretation], ...]


def interpret_training(training: Training) -> TrainingFound | None:
    """The interpretation under which the fewest values are wrong; None where there is none."""
    return _as_network(training) or _as_function(training)


def _as_network(training: Training) -> TrainingFound | None:
    """The network that it trains: with means over the examples, or with sums."""
    best: TrainingFound | None = None
    least = math.inf
    for is_sum in (False, True)[: training.count]:
        kinds = [(kind, interpret(kind.table)) for kind in training.kinds(is_sum)]
        read = tuple((kind, found) for kind, found in kinds if found is not None)
        if read and read[0][0] is kinds[0][0] and least:
            wrong = len(wrong_columns(read[0][1]))
            if wrong < least:
                best, least = TrainingFound(training, read), wrong
        if not least:
            break
    return best


def _as_function(training: Training) -> TrainingFound | None:
    """The function that it makes small, all examples in it."""
    kind = training.whole()
    found = interpret_descent(kind.table)
    return None if isinstance(found, str) else TrainingFound(training, ((kind, found),))


def audit_training(found: TrainingFound, audit: Callable[[Subject], TableAudit]) -> TableAudit:
    """The audit of all examples as one table.

    Args:
        found: the training.
        audit: of one table, at its own places.
    """
    audits: list[TableAudit] = []
    for number, (kind, interpretation) in enumerate(found.kinds):
        evaluator = Evaluator(interpretation.table.formulas)
        one = audit(Subject(interpretation, evaluator))
        if not number:
            one = with_uneven(one, interpretation.table, found.training)
        findings = [_counted(kind, f) for f in one.findings if not number or _is_own(kind, f)]
        arrangement = interpretation.table.arrangement
        assert arrangement is not None
        audits.append(relocated(replace(one, findings=tuple(findings)), arrangement))
    first, *others = audits
    more = [f for other in others for f in other.findings if f not in first.findings]
    return replace(
        first,
        network=replace(first.network, examples=found.training.count)
        if first.network.layers
        else first.network,
        findings=(*first.findings, *more),
    )


def _is_own(kind: Kind, finding: Finding) -> bool:
    """Whether a finding is about a value that each example has for itself."""
    return finding.cell is not None and finding.cell.column in kind.own


def _counted(kind: Kind, finding: Finding) -> Finding:
    """The finding with the cells of all examples of the kind."""
    count = len(kind.examples) if _is_own(kind, finding) else 1
    return replace(finding, cells=count * finding.cells)
