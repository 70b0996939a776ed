"""The audit of a workbook: read it, find its tables, infer their networks, check, explain."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from gradsheet.arguments import checked
from gradsheet.audit import rules
from gradsheet.audit.checks.cached_values import cached_value_findings
from gradsheet.audit.checks.cells import missing_starts, odd_cells
from gradsheet.audit.checks.charts import chart_findings
from gradsheet.audit.checks.comparison import comparison_findings
from gradsheet.audit.checks.continued import continued_findings
from gradsheet.audit.checks.empty_data import empty_data, empty_data_beside
from gradsheet.audit.checks.folding import folded
from gradsheet.audit.checks.followers import sources, with_followers
from gradsheet.audit.checks.formulas import wrong_formulas
from gradsheet.audit.checks.gradients import swapped_gradients
from gradsheet.audit.checks.headers import header_findings
from gradsheet.audit.checks.inputs import series
from gradsheet.audit.checks.learning_rate import typed_rate, unused_rate_cell
from gradsheet.audit.checks.rounding import rounding_findings
from gradsheet.audit.checks.rows import row_findings
from gradsheet.audit.checks.sheets import folded_over_sheets
from gradsheet.audit.checks.unknown import unnamed_updates, without_unknown
from gradsheet.audit.checks.updates import other_update_rule, unchecked_columns
from gradsheet.audit.details import NotRead
from gradsheet.audit.findings import (
    Audit,
    ColumnAudit,
    Finding,
    Layer,
    Network,
    TableAudit,
    Verdict,
)
from gradsheet.audit.inference.function import FUNCTION
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.ranking import wrong_columns
from gradsheet.audit.inference.rows import RowTable
from gradsheet.audit.inference.work import Work
from gradsheet.audit.own_files import refuse_own
from gradsheet.audit.seen import what_was_seen
from gradsheet.audit.subject import Subject
from gradsheet.audit.tables.search import find_tables
from gradsheet.audit.tables.steps.search import find_trainings
from gradsheet.audit.tables.steps.training import Training
from gradsheet.audit.tables.table import Table
from gradsheet.audit.trainings import audit_training, interpret_training
from gradsheet.audit.unaudited import UnauditedError
from gradsheet.networks.step_units import is_step
from gradsheet.spreadsheet.addresses import CellIndex, CellRange, CellRef
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.made_by import sheets_without_table
from gradsheet.spreadsheet.model import Book
from gradsheet.spreadsheet.reader import read_book

_STEP_AND_UPDATE = 2  # rows
_FEWEST_VALUES = 6  # in a step of what may be a training; fewer are a count or a rate that decays


@checked
def audit_workbook(path: str | Path) -> Audit:
    """Check every training table of a workbook: .xlsx, .xlsm or .ods.

    Raises:
        GradsheetError: the file cannot be read, or there is no training table in it, or it is an
            exercise or an annotated copy that this package wrote.
    """
    return audit_book(read_book(Path(path)))


def audit_book(book: Book) -> Audit:
    """Check every training table of a workbook that was read; see ``audit_workbook``."""
    refuse_own(book)
    formulas = Formulas(book)
    rows = [RowTable(table) for table in _row_tables(formulas)]
    interpretations = _interpretations(rows)
    is_found = bool(interpretations) and not _are_pieces(interpretations)
    possible = [] if is_found else find_trainings(formulas)
    results = [(each, interpret_training(each)) for each in possible]
    trainings = [read for _, read in results if read is not None]
    unread = [each for each, read in results if read is None and each.size >= _FEWEST_VALUES]
    if not is_found and all(training.is_function for training in trainings):
        descents = [found for each in rows if (found := each.as_descent) is not None]
        wrong = sum(len(wrong_columns(found)) for found in descents)
        if descents and (not trainings or wrong <= sum(t.wrong for t in trainings)):
            interpretations, trainings = descents, []
    interpretations = [] if trainings else interpretations
    if not interpretations and not trainings:
        seen = what_was_seen(formulas, len(possible))
        raise UnauditedError("no table", book.path, f"no training table found; seen: {seen}")
    work = Work()
    for found in (*interpretations, *(f for t in trainings for _, f in t.kinds)):
        found.work = work
    evaluator = Evaluator(formulas)
    subjects = [Subject(found, evaluator) for found in interpretations]
    found_tables = [subject.table for subject in subjects]
    tables = [
        *(_audit_table(subject, found_tables) for subject in subjects),
        *(audit_training(t, _audit_table) for t in trainings),
    ]
    return Audit(
        path=book.path,
        tables=tuple(folded_over_sheets(tables)),
        findings=(
            *chart_findings(book, interpretations),
            *(found for subject in subjects[:1] for found in comparison_findings(book, subject)),
            *map(_unread, unread if trainings else ()),
            *(Finding((rules.NOT_READ,), NotRead(part)) for part in book.remarks),
        ),
    )


def _unread(training: Training) -> Finding:
    """A remark on a training beside others, of which no network and no function is known."""
    why = "numbers moved on by formulas that neither a network nor a function explains"
    sheet, cell = training.first
    return Finding((rules.NOT_READ,), NotRead(why), sheet, cell)


def _row_tables(formulas: Formulas) -> list[Table]:
    """What may be training tables with one row per step."""
    passed_over = sheets_without_table(formulas.book.properties)
    return [table for table in find_tables(formulas) if table.sheet.name not in passed_over]


def _interpretations(rows: Sequence[RowTable]) -> list[Interpretation]:
    """The training tables with one row per step."""
    found: dict[int, Interpretation] = {}
    for row_table in rows:
        table = row_table.table
        like = found.get(id(table.like))
        known = (like and like.on(table)) or row_table.found
        if known is not None:
            found[id(table)] = known
    return list(found.values())


def _are_pieces(tables: list[Interpretation]) -> bool:
    """Whether tables of a step each are one below the other: one training in alternating rows."""
    return len(tables) > 1 and all(
        len(one.table.rows) <= _STEP_AND_UPDATE
        and one.table.sheet is other.table.sheet
        and one.table.columns == other.table.columns
        for one, other in pairwise(tables)
    )


# --- One table -------------------------------------------------------------------------------


def _audit_table(subject: Subject, tables: Sequence[Table] = ()) -> TableAudit:
    """The audit of one table; ``tables`` are all that were found, one of which it may continue."""
    wrong = swapped_gradients(subject, list(_check_table(subject)))
    wrong += continued_findings(subject, tables)
    wrong = folded(subject, other_update_rule(subject, without_unknown(subject, wrong)))
    wrong = [*with_followers(subject, wrong), *unnamed_updates(subject)]
    cell = subject.found.rate.cell
    return TableAudit(
        sheet=subject.sheet,
        area=_area(subject),
        network=_network(subject.found),
        updates=subject.updates,
        rate=None if math.isnan(subject.rate) else subject.rate,
        rate_cell=subject.on_own_sheet(cell) if cell else None,
        columns=tuple(_columns(subject, wrong)),
        findings=(*wrong, *_remarks(subject)),
    )


def _check_table(subject: Subject) -> Iterator[Finding]:
    """What is wrong with the rows, the learning rate, and each column from left to right."""
    yield from row_findings(subject)
    yield from unused_rate_cell(subject)
    yield from empty_data_beside(subject)
    for column in subject.table.columns:
        is_known = column in subject.found.symbols
        if not is_known or subject.found.roles.is_given(column):
            yield from odd_cells(subject, column)
        if is_known:
            yield from series(subject, column)
            yield from empty_data(subject, column)
            yield from missing_starts(subject, column)
            yield from wrong_formulas(subject, column)


def _remarks(subject: Subject) -> Iterator[Finding]:
    yield from typed_rate(subject)
    yield from rounding_findings(subject)
    yield from header_findings(subject)
    yield from cached_value_findings(subject)


def _area(subject: Subject) -> CellRange:
    table = subject.table
    top = table.header_row or table.rows[0]
    return CellRange(CellIndex(top, table.columns[0]), CellIndex(table.rows[-1], table.columns[-1]))


def _network(found: Interpretation) -> Network:
    practice, shape = found.reference.practice, found.shape
    if practice.loss == FUNCTION:
        return Network(len(found.roles.parameters), (), 0, 1, FUNCTION)
    layers = zip(shape.sizes[1:], practice.activations, strict=True)
    return Network(
        inputs=shape.sizes[0],
        layers=tuple(Layer(units, str(activation)) for units, activation in layers),  # the name
        biases=sum(shape.biases),
        examples=shape.examples,
        loss=practice.loss,
        update_rule=_rule_in_use(found),
    )


def _rule_in_use(found: Interpretation) -> str:
    """The name of the rule that moves the weights."""
    practice = found.reference.practice
    if is_step(practice.activations[-1]) and practice.rule == "sgd":
        return "perceptron"
    return practice.rule


def _columns(subject: Subject, findings: list[Finding]) -> Iterator[ColumnAudit]:
    first_wrong: dict[int, CellIndex] = {}
    for finding in findings:
        for cell in finding.first_cells if finding.is_mistake else ():
            first_wrong.setdefault(cell.column, cell)
    unchecked = unchecked_columns(subject, findings)
    followed = {column: CellRef("", cell) for column, cell in reversed([*sources(findings)])}
    for column in subject.table.columns:
        role = subject.role(column)
        verdict: Verdict = "not checked"
        if column in first_wrong:
            verdict = "wrong"
        elif column in unchecked:
            verdict = "not read"
        elif role:
            verdict = "given" if subject.found.roles.is_given(column) else "right"
        yield ColumnAudit(
            column=column,
            header=" ".join(subject.table.headers.get(column, "").split()),
            role=role,
            meaning=subject.found.reference[role].meaning if role else "",
            verdict=verdict,
            first_wrong=first_wrong.get(column),
            follows_from=followed.get(column),
        )
