"""The audit of a training that is found by its steps, at the cells of the file."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradsheet.audit import rules
from gradsheet.audit.checks.examples import with_uneven
from gradsheet.audit.details import OddCell
from gradsheet.audit.findings import ColumnAudit, Finding, TableAudit
from gradsheet.audit.inference.function import FUNCTION
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.points import agree
from gradsheet.audit.inference.ranking import interpret, wrong_columns
from gradsheet.audit.inference.rows import RowTable
from gradsheet.audit.relocation import relocated, relocated_finding
from gradsheet.audit.subject import Subject, content_of
from gradsheet.audit.tables.steps.arrangement import Arrangement
from gradsheet.audit.tables.steps.training import Kind, Training
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.functions import FormulaError


@dataclass(frozen=True)
class TrainingFound:
    """A training with what its examples are taken for.

    Attributes:
        training: where it is.
        kinds: its examples by their formulas, each kind with its table's interpretation.
    """

    training: Training
    kinds: tuple[tuple[Kind, Interpretation], ...]

    @property
    def wrong(self) -> int:
        """How many of its columns are wrong."""
        return sum(len(wrong_columns(found)) for _, found in self.kinds)

    @property
    def is_function(self) -> bool:
        """Whether it is taken for the descent of a function."""
        return self.kinds[0][1].reference.practice.loss == FUNCTION


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
    found = RowTable(kind.table).as_function
    return None if found is None else TrainingFound(training, ((kind, found),))


def audit_training(found: TrainingFound, audit: Callable[[Subject], TableAudit]) -> TableAudit:
    """The audit of all examples as one table.

    Args:
        found: the training.
        audit: of one table, at its own places.
    """
    audits = [audit(Subject(f, Evaluator(f.table.formulas))) for _, f in found.kinds]
    if found.kinds[0][0].own:
        audits[0] = with_uneven(audits[0], found.kinds[0][1].table, found.training)
    columns: dict[int, ColumnAudit] = {c.column: c for c in audits[0].columns}
    findings: dict[Finding, None] = {}
    for number in range(len(audits)):
        for finding in _Blame(found, audits, number).findings():
            where = relocated_finding(finding, _arrangement(found, number))
            findings[where] = None
            column = columns.get(finding.cell.column) if finding.cell else None
            if column is not None and finding.is_mistake and column.verdict != "wrong":
                wrong = replace(column, verdict="wrong", first_wrong=finding.cell)
                columns[column.column] = wrong
    first = replace(audits[0], columns=tuple(columns.values()), findings=())
    whole = relocated(first, _arrangement(found, 0))
    examples = found.training.count if whole.network.layers else 1
    network = replace(whole.network, examples=examples)
    return replace(whole, network=network, findings=tuple(findings))


def _arrangement(found: TrainingFound, number: int) -> Arrangement:
    arrangement = found.kinds[number][1].table.arrangement
    assert arrangement is not None
    return arrangement


class _Blame:
    """What is wrong with one kind of example, where the kind differs from others."""

    def __init__(self, found: TrainingFound, audits: list[TableAudit], number: int) -> None:
        self._kind, self._table = found.kinds[number][0], found.kinds[number][1].table
        self._others = [
            (other.table, {(f.cell, f.codes) for f in audits[n].findings})
            for n, (_, other) in enumerate(found.kinds)
            if n != number
        ]
        self._audit, self._is_first = audits[number], number == 0
        self._usual, self._own = found.kinds[0][1], found.kinds[number][1]

    def findings(self) -> Iterator[Finding]:
        """Its own findings; of those about what all share, each where its cause is."""
        seen: set[CellIndex] = set()
        for finding in self._audit.findings:
            if finding.cell is None or finding.cell.column in self._kind.own:
                yield replace(finding, cells=len(self._kind.examples) * finding.cells)
            elif (cause := self._cause(finding, finding.cell)) is not None:
                if cause not in seen:
                    seen.add(cause)
                    header = self._table.headers.get(cause.column, "")
                    yield replace(finding, cell=cause, cells=1, column=header, role=None)
            elif self._is_first:
                yield finding
        yield from (f for f in self._odd() if f.cell not in seen)

    def _odd(self) -> Iterator[Finding]:
        """The helper cells that compute something else than those of the other examples."""
        for column in sorted(self._kind.own - self._own.symbols.keys()):
            for row in self._table.rows:
                if self._differs(row, column):
                    content = content_of(self._table.cell(row, column))
                    header = self._table.headers.get(column, "")
                    cell, sheet = CellIndex(row, column), self._audit.sheet
                    yield Finding((rules.ODD_CELL,), OddCell(content), sheet, cell, column=header)
                    break

    def _differs(self, row: int, column: int) -> bool:
        """Whether a cell computes another value than that of the most frequent kind."""
        usual = self._usual.table
        trees = self._table.tree(row, column), usual.tree(row, column)
        if self._is_first or trees[0] == trees[1] or None in trees:
            return False
        try:
            one, other = (
                found.reference.values([found.written(row, column)])[0]
                for found in (self._own, self._usual)
            )
        except FormulaError:
            return False
        return bool(np.isfinite(one).all() and np.isfinite(other).all()) and not agree(one, other)

    def _cause(self, finding: Finding, cell: CellIndex) -> CellIndex | None:
        """The cell of this kind alone from which a shared one is wrong; None if it is for all."""
        for other, known in self._others:
            if (cell, finding.codes) in known:
                continue
            for row in (cell.row, cell.row - 1):
                for column in sorted(self._kind.own):
                    is_row = row in self._table.rows
                    if is_row and self._table.tree(row, column) != other.tree(row, column):
                        return CellIndex(row, column)
        return None
