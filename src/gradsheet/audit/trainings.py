"""The audit of a training that is found by its steps, at the cells of the file."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gradsheet.audit.findings import Finding, TableAudit
from gradsheet.audit.inference.descent import interpret_descent
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.ranking import interpret, wrong_columns
from gradsheet.audit.relocation import relocated
from gradsheet.audit.subject import Subject
from gradsheet.audit.tables.steps.training import Kind, Training
from gradsheet.audit.tables.table import Table
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
    found = [_interpreted(training, is_sum) for is_sum in (False, True)[: training.count]]
    read = [(wrong, one) for wrong, one in found if one is not None]
    return min(read, key=lambda pair: pair[0])[1] if read else None


def _interpreted(training: Training, is_sum: bool) -> tuple[int, TrainingFound | None]:
    kinds = [(kind, _read(kind.table)) for kind in training.kinds(is_sum)]
    read = tuple((kind, found) for kind, found in kinds if found is not None)
    if not read or read[0][0] is not kinds[0][0]:
        return 0, None
    return len(wrong_columns(read[0][1])), TrainingFound(training, read)


def _read(table: Table) -> Interpretation | None:
    """The table as the training of a network, else as the descent of a function."""
    found = interpret(table) or interpret_descent(table)
    return None if isinstance(found, str) else found


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
        findings = [_counted(kind, f) for f in one.findings if not number or _is_own(kind, f)]
        arrangement = interpretation.table.arrangement
        assert arrangement is not None
        audits.append(relocated(replace(one, findings=tuple(findings)), arrangement))
    first, *others = audits
    more = [f for other in others for f in other.findings if f not in first.findings]
    return replace(
        first,
        network=replace(first.network, examples=found.training.count),
        findings=(*first.findings, *more),
    )


def _is_own(kind: Kind, finding: Finding) -> bool:
    """Whether a finding is about a value that each example has for itself."""
    return finding.cell is not None and finding.cell.column in kind.own


def _counted(kind: Kind, finding: Finding) -> Finding:
    """The finding with the cells of all examples of the kind."""
    count = len(kind.examples) if _is_own(kind, finding) else 1
    return replace(finding, cells=count * finding.cells)
