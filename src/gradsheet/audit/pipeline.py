"""The audit of a workbook: every row and column of every training table in it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from gradsheet.audit.checks.charts import chart_findings
from gradsheet.audit.checks.comparison import comparison_findings
from gradsheet.audit.diagnosis.explain import (
    CIRCLE,
    UNKNOWN,
    UNREADABLE,
    Explanation,
    explain,
    right_formula,
)
from gradsheet.audit.diagnosis.simulation import losses, number, rate
from gradsheet.audit.findings import Audit, ColumnAudit, Finding, TableAudit, Verdict
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.learning_rate import label_of
from gradsheet.audit.inference.ranking import interpret
from gradsheet.audit.inference.reference import Truth, agree
from gradsheet.audit.inference.row_classes import row_classes
from gradsheet.audit.tables.search import find_tables
from gradsheet.errors import GradsheetError
from gradsheet.networks.losses import LOSSES
from gradsheet.networks.mistakes import SWAPPED
from gradsheet.spreadsheet.addresses import CellIndex, CellRange, CellRef, column_letters
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.model import Book, Cell
from gradsheet.spreadsheet.reader import read_book
from gradsheet.symbolic.expression import Expression, Variable, expand, variables
from gradsheet.symbolic.tape import Array, Tape

PASTED = "a number pasted over a formula"
PASTED_COLUMN = "a column of pasted numbers"
EMPTY = "a cell left empty"
TEXT = "a text in place of a formula"
PASTED_ROW = "a row of pasted numbers"
EMPTY_ROW = "a row left empty"
ODD = "a cell unlike the rest of its column"
NO_START = "a weight without a number to start from"
UNUSED_RATE = "the learning-rate cell is not used"
SERIES = "an input dragged into a series"
TYPED_RATE = "the learning rate typed into the formulas"
HEADER = "a header that says something else"
OTHER_RULE = "another rule than plain gradient descent"
STALE = "stated values that are out of date"

_MOST_EXPLAINED = 3  # wrong formulas of one column
_STALE = 1e-6  # relative; far more than any two programs differ by


def audit(path: Path) -> Audit:
    """Check every training table of a workbook.

    Raises:
        GradsheetError: the file cannot be read, or there is no training table in it.
    """
    return audit_book(read_book(path))


def audit_book(book: Book) -> Audit:
    """Check every training table of a workbook that was read; see ``audit``."""
    found = [known for table in find_tables(book) if (known := interpret(table)) is not None]
    if not found:
        raise GradsheetError(
            f"no training table found in {book.path}; expected rows of formulas under headers such "
            "as w1, h1, a_h1, E_total, dE/dw1"
        )
    evaluator = Evaluator(found[0].table.formulas)
    tables = tuple(_Check(known, evaluator).audit() for known in found)
    remarks = (Finding("", "", "", "", "not read", text, False) for text in book.remarks)
    others = (*chart_findings(book, found), *comparison_findings(book, found, evaluator), *remarks)
    return Audit(book.path, tables, others)


class _Check:
    """One table."""

    def __init__(self, found: Interpretation, evaluator: Evaluator) -> None:
        self._found, self._table, self._evaluator = found, found.table, evaluator
        self._sheet = found.table.sheet.name
        self._rate = rate(found, evaluator)

    def audit(self) -> TableAudit:
        wrong = self._named_swaps(list(self._mistakes()))
        other_rule = self._moved_otherwise(wrong)
        if other_rule:
            wrong = [finding for finding in wrong if finding.role not in self._found.parameters]
        findings = (*wrong, *other_rule, *self._remarks())
        first_wrong: dict[str, str] = {}
        for finding in (found for found in wrong if found.is_mistake):
            first_wrong.setdefault(_letters(finding.cell), finding.cell)
        spot = self._found.rate.spot
        return TableAudit(
            sheet=self._sheet,
            area=self._area(),
            network=network_in_words(self._found),
            updates=len(self._table.rows) - 1,
            rate=None if math.isnan(self._rate) else self._rate,
            rate_cell=str(spot.cell) if spot else "",
            columns=tuple(
                self._column(column, first_wrong, bool(other_rule))
                for column in self._table.columns
            ),
            findings=findings,
        )

    def _area(self) -> str:
        table = self._table
        top = table.header_row or table.rows[0]
        first = CellIndex(top, table.columns[0])
        return str(CellRange(first, CellIndex(table.rows[-1], table.columns[-1])))

    def _column(self, column: int, first_wrong: dict[str, str], unchecked: bool) -> ColumnAudit:
        name = self._found.names.get(column, "")
        letter = column_letters(column)
        verdict: Verdict = "not checked"
        if letter in first_wrong:
            verdict = "wrong"
        elif name and not (name in self._found.parameters and unchecked):
            verdict = "given" if self._found.is_given(column) else "right"
        meaning = self._found.truth[name].meaning if name else ""
        header = " ".join(self._table.headers.get(column, "").split())
        return ColumnAudit(letter, header, name, meaning, verdict, first_wrong.get(letter, ""))

    # --- Mistakes ----------------------------------------------------------------------------

    def _mistakes(self) -> Iterator[Finding]:
        yield from self._rows_without()
        yield from self._wrong_rate_cell()
        for column in self._table.columns:
            if column not in self._found.names or self._found.is_given(column):
                yield from self._odd_cells(column)
            if column in self._found.names:
                yield from self._series(column)
                yield from self._start(column)
                yield from self._column_mistakes(column)

    @cached_property
    def _pasted_rows(self) -> list[int]:
        """The rows in which most of what is computed elsewhere is not computed."""
        columns = [c for c in self._table.usual if c in self._found.names]
        return [
            row
            for row in self._table.rows
            if 2 * sum(self._table.tree(row, column) is None for column in columns) > len(columns)
        ]

    def _rows_without(self) -> Iterator[Finding]:
        for row in self._pasted_rows:
            column = next(iter(self._table.usual))
            empty = all(self._table.cell(row, other) is None for other in self._table.usual)
            kind = EMPTY_ROW if empty else PASTED_ROW
            message = f"row {row} holds {'nothing' if empty else 'numbers'} where others compute"
            yield self._finding([row], column, kind, message)

    def _wrong_rate_cell(self) -> Iterator[Finding]:
        """A cell called the learning rate near the table, and updates that use another one."""
        spot = self._found.rate.spot
        nearest = self._nearest_rate_cell()
        if spot is None:
            return
        used = self._table.formulas.cell(*spot)
        where = str(spot.cell if spot.sheet == self._sheet else spot)
        column = next(c for c, n in self._found.names.items() if n in self._found.parameters)
        rows = [*self._table.later_rows]
        if used is None or isinstance(used.value, str):
            held = "nothing" if used is None else "a text"
            message = f"the updates take {where} for the learning rate, which holds {held}"
            yield self._finding(rows, column, UNUSED_RATE, message)
        elif nearest and nearest != spot.cell:
            nearer = spot.sheet != self._sheet or nearest.row > spot.cell.row
            if nearer or not label_of(self._table, spot):
                message = f"{nearest} is called the learning rate; the updates use {where}"
                yield self._finding(rows, column, UNUSED_RATE, message)

    def _odd_cells(self, column: int) -> Iterator[Finding]:
        """The cells of a column of one's own, or of copies, that differ from the others."""
        usual = self._table.usual.get(column)
        rows = [row for row in self._table.later_rows if row not in self._pasted_rows]
        odd = [row for row in rows if self._table.tree(row, column) != usual]
        if usual is not None and odd and 2 * len(odd) < len(rows):
            cell = self._table.cell(odd[0], column)
            shown = f"={cell.formula}" if cell and cell.formula else _shown(cell)
            message = f"{shown} stands where the column goes on in another way"
            yield self._finding(odd, column, ODD, message)

    def _start(self, column: int) -> Iterator[Finding]:
        """A weight whose first cell is empty or a text."""
        row = self._table.rows[0]
        value = self._evaluator.value(self._sheet, CellIndex(row, column))
        cell = self._table.cell(row, column)
        if self._found.names[column] in self._found.parameters and (
            cell is None or math.isnan(value)
        ):
            yield self._finding([row], column, NO_START, f"it starts from {_shown(cell)}")

    def _column_mistakes(self, column: int) -> Iterator[Finding]:
        without: list[int] = []
        wrong: dict[object, list[list[int]]] = {}
        classes = row_classes(self._found, column)
        for key, rows in classes.items():
            if key is None:
                without = [row for row in rows if row not in self._pasted_rows]
            elif not self._found.matches(rows[0], column):
                wrong.setdefault(self._table.tree(rows[0], column) or key, []).append(rows)
        explained = [*wrong.values()]
        for groups in explained[:_MOST_EXPLAINED]:
            yield self._wrong_formula(groups, column)
        if others := [row for groups in explained[_MOST_EXPLAINED:] for row in groups[0]]:
            message = f"{len(others)} more cells of the column hold other wrong formulas"
            yield self._finding(others, column, UNKNOWN, message)
        yield from self._without_formula(column, without, sum(map(len, classes.values())))

    def _wrong_formula(self, groups: list[list[int]], column: int) -> Finding:
        """The finding on one formula, from the groups of rows in which it says the same."""
        rows = sorted(row for group in groups for row in group)
        why = explain(self._found, groups[0][0], column)
        if why.kind == UNKNOWN and len(groups) > 1:  # the first row may only reach into the header
            why = explain(self._found, groups[1][0], column)
        effects = "; ".join(self._effects(rows, column))
        message = f"{why.words}; {effects}" if effects else why.words
        finding = self._finding(rows, column, why.kind, message, why)
        # What is not understood may well be right.
        return replace(finding, is_mistake=why.kind != UNREADABLE or CIRCLE in why.words)

    def _finding(
        self,
        rows: list[int],
        column: int,
        kind: str,
        message: str,
        why: Explanation | None = None,
    ) -> Finding:
        return Finding(
            sheet=self._sheet,
            cell=str(CellIndex(rows[0], column)),
            column=self._found.header(column),
            role=self._found.names.get(column, ""),
            kind=kind,
            message=message,
            written=why.written if why else "",
            right=why.right if why else "",
            cells=len(rows),
        )

    def _without_formula(self, column: int, rows: list[int], due: int) -> Iterator[Finding]:
        """Numbers, texts and gaps where a formula belongs; ``due`` rows of the column want one."""
        if rows and 2 * len(rows) > due:
            message = "holds numbers, not formulas: it follows nothing that changes"
            yield self._finding(rows, column, PASTED_COLUMN, message)
            return
        for row in rows:
            cell = self._table.cell(row, column)
            kind = _what_is_there(cell)
            above = f"; {CellIndex(row - 1, column)} shows how it goes on" if kind == EMPTY else ""
            message = f"{_shown(cell)} stands where the other rows compute"
            yield self._finding([row], column, kind, message + above)

    def _values(self, rows: Sequence[int], column: int) -> list[float]:
        """The computed values of a column in some rows."""
        return [self._evaluator.value(self._sheet, CellIndex(row, column)) for row in rows]

    def _series(self, column: int) -> Iterator[Finding]:
        """Inputs and targets that grow by the same step from row to row."""
        if not self._found.is_given(column):
            return
        rows = self._table.rows
        numbers = np.array(self._values(rows, column))
        steps = np.diff(numbers)
        if len(steps) > 1 and steps[0] != 0 and np.allclose(steps, steps[0], rtol=1e-6, atol=0):
            message = (
                f"grows by {steps[0]:g} from row to row: {numbers[0]:g}, {numbers[1]:g}, "
                f"{numbers[2]:g}, …; it was filled down as a series and not copied"
            )
            # A series of whole numbers may be meant: 0, 1, 2, 3.
            meant = not math.isclose(steps[0], 1) or float(numbers[0]).is_integer()
            finding = self._finding([*rows[1:]], column, SERIES, message)
            yield replace(finding, is_mistake=not meant)

    def _named_swaps(self, findings: list[Finding]) -> list[Finding]:
        """With gradients that stand in each other's columns called swapped."""
        truth, whole = self._found.truth, {}
        for finding in findings:
            if finding.role.startswith("dE/d") and finding.written:
                whole[finding.role] = finding
        swapped: dict[str, str] = {}
        values = {role: self._written_values(finding) for role, finding in whole.items()}
        for first, value in values.items():
            for second in values:
                if first != second and _same(value, truth, second):
                    swapped[first] = second
        pairs = {role: other for role, other in swapped.items() if swapped.get(other) == role}
        return [
            replace(f, kind=SWAPPED, message=self._swap_message(f, whole[pairs[f.role]]))
            if f.role in pairs and whole[f.role] is f
            else f
            for f in findings
        ]

    def _swap_message(self, finding: Finding, other: Finding) -> str:
        size = finding.message.partition("; ")[2].partition("; the loss after")[0]
        message = f"computes {other.column}, and that column computes this one; {size}"
        cells = [CellIndex.parse(found.cell) for found in (finding, other)]
        change = self._change_of_loss([finding.cells, other.cells], cells)
        return message if change is None else f"{message}; {self._loss_in_words(change)} by both"

    def _written_values(self, finding: Finding) -> Array:
        row, column = CellIndex.parse(finding.cell)
        try:
            return self._found.truth.values([self._found.written(row, column)])[0]
        except FormulaError:
            return np.full(1, np.nan)

    def _moved_otherwise(self, findings: list[Finding]) -> list[Finding]:
        """One remark in place of all updates, where none is that of plain gradient descent."""
        names = set(self._found.names.values()) & self._found.parameters
        trained = {name for name in names if self._found.is_trained(name)}
        whole = [f for f in findings if 2 * f.cells > len(self._table.later_rows)]
        odd = [f for f in whole if f.role in trained and f.kind == UNREADABLE]
        if len(odd) < len(trained) or len(trained) < 2:
            return []
        message = "the weights move by another rule than w − η·gradient; updates were not checked"
        return [replace(odd[0], kind=OTHER_RULE, message=message, is_mistake=False)]

    # --- What follows from a mistake ----------------------------------------------------------

    def _effects(self, rows: list[int], column: int) -> Iterator[str]:
        """How far the cells are off, and what becomes of the loss."""
        apart = self._apart(rows, column)
        known = apart[np.isfinite(apart)]
        if len(known):
            yield self._size(known, column)
        elif all(math.isnan(value) for value in self._values(rows, column)):
            yield "it shows an error, no number"
        change = self._change_of_loss([len(rows)], [CellIndex(rows[0], column)])
        if change is not None:
            yield self._loss_in_words(change)

    def _loss_in_words(self, change: float) -> str:
        return f"the loss after {len(self._table.rows) - 1} updates comes out {_too(change)}"

    def _size(self, apart: Array, column: int) -> str:
        name, first, most = self._found.names[column], apart[0], np.abs(apart).max()
        what = "the gradient" if name.startswith("dE/") else "the value"
        size = f"{_too(first)} in this row" if first else "happens to be right in this row"
        later = f", up to {most:.2g} off later" if most > abs(first) else ""
        return f"{what} is {size}{later}" if first else f"{what} {size}{later}"

    def _apart(self, rows: list[int], column: int) -> Array:
        """Of each row what is written less what is right for the numbers that the row holds."""
        right = right_formula(self._found, rows[0], column)
        inside = list(dict.fromkeys(variables(right)))
        free = {variable: Variable(variable.name) for variable in inside}
        wanted = Variable("right", expand(right, lambda _: True, free))
        numbers = {
            free[v]: np.array([number(self._found, self._evaluator, v, row) for row in rows])
            for v in inside
        }
        return np.array(self._values(rows, column)) - Tape([wanted]).run(numbers)[wanted]

    def _change_of_loss(self, counts: Sequence[int], cells: Sequence[CellIndex]) -> float | None:
        """The change of the last loss by some wrong gradients alone; None where it is no gradient.

        Args:
            counts: of each gradient in how many rows it is wrong.
            cells: of each the first of them.
        """
        updates = len(self._table.rows) - 1
        if not 1 <= updates <= min(counts):
            return None
        wrong: dict[str, Expression] = {}
        for row, column in cells:
            name = self._found.names[column][4:]
            try:
                written = self._found.written(row, column)
            except FormulaError:
                return None
            if name not in self._found.parameters or self._reaches_out(written):
                return None
            wrong[name] = written
        right, changed = (
            losses(self._found, self._evaluator, [self._rate], updates, replaced)
            for replaced in ({}, wrong)
        )
        if right is None or changed is None:
            return None
        change = float(changed[-1, 0] - right[-1, 0])
        return change if math.isfinite(change) else None

    def _reaches_out(self, written: Expression) -> bool:
        """Whether a formula reads other rows, or nothing of the network."""
        return any(self._found.truth.moment_of(variable) != 0 for variable in variables(written))

    # --- Remarks -----------------------------------------------------------------------------

    def _remarks(self) -> Iterator[Finding]:
        yield from self._typed_rate()
        for column, name in self._found.names.items():
            said = self._table.said.get(column, "")
            header = self._table.headers.get(column, "")
            if header and said != name and said in self._found.truth:
                yield self._remark(
                    HEADER,
                    column,
                    f"is called {self._found.header(column)}, but holds {name}: "
                    f"{self._found.truth[name].meaning}",
                )
        yield from self._stale()

    def _remark(self, kind: str, column: int, message: str) -> Finding:
        row = self._table.header_row or self._table.rows[0]
        return replace(self._finding([row], column, kind, message), is_mistake=False)

    def _typed_rate(self) -> Iterator[Finding]:
        """Updates that hold the learning rate as a number; a mistake where a cell states it."""
        source = self._found.rate
        if source.spot or source.column or math.isnan(source.value):
            return
        unused = self._nearest_rate_cell()
        column = next(c for c, n in self._found.names.items() if n in self._found.parameters)
        message = f"the updates hold {source.value:g} as a number"
        if unused:
            message += f"; the learning-rate cell {unused} is not used"
        finding = self._finding([*self._table.later_rows], column, TYPED_RATE, message)
        yield replace(finding, is_mistake=unused is not None)

    def _nearest_rate_cell(self) -> CellIndex | None:
        """The lowest cell above the table that a label calls the learning rate."""
        places = [
            place
            for place, cell in self._table.sheet.cells.items()
            if isinstance(cell.value, float)
            and place[0] < self._table.rows[0]
            and label_of(self._table, CellRef(self._sheet, place))
        ]
        return max(places, default=None)

    def _stale(self) -> Iterator[Finding]:
        """Values stated in the file that its formulas do not give."""
        stale = []
        for row in self._table.rows:
            for column in self._table.columns:
                cell = self._table.cell(row, column)
                if cell and cell.formula and isinstance(cell.value, float):
                    value = self._evaluator.value(self._sheet, CellIndex(row, column))
                    if abs(value - cell.value) > _STALE * max(abs(value), abs(cell.value), 1e-9):
                        stale.append((row, column))
        if stale:
            row, column = stale[0]
            message = (
                "the value the file states is not what the formula gives; have it recalculated"
            )
            finding = self._finding([row], column, STALE, message)
            yield replace(finding, is_mistake=False, cells=len(stale))


def network_in_words(found: Interpretation) -> str:
    """The network a table trains: ``2 inputs, 2 sigmoid hidden units, 2 sigmoid outputs, …``."""
    spec, shape = found.truth.spec, found.shape
    parts = [_count(shape.sizes[0], "input")]
    for layer, units in zip(spec.layers[:-1], shape.sizes[1:-1], strict=True):
        parts.append(_count(units, f"{layer.activation} hidden unit"))
    parts.append(_count(shape.sizes[-1], f"{spec.layers[-1].activation} output"))
    parts.append(_count(sum(shape.biases), "bias", "es") if any(shape.biases) else "no biases")
    if shape.examples > 1:
        parts.append(f"{shape.examples} examples")
    return f"{', '.join(parts)}; loss: {LOSSES[spec.loss].words}"


def _count(number: int, what: str, plural: str = "s") -> str:
    return f"{number} {what}{'' if number == 1 else plural}"


def _what_is_there(cell: Cell | None) -> str:
    if cell is None or cell.value is None:
        return EMPTY
    return TEXT if isinstance(cell.value, str) else PASTED


def _shown(cell: Cell | None) -> str:
    if cell is None or cell.value is None:
        return "nothing"
    return (
        f"the text '{cell.value[:30]}'"
        if isinstance(cell.value, str)
        else f"the number {cell.value:g}"
    )


def _too(difference: float) -> str:
    return f"{abs(difference):.2g} too {'large' if difference > 0 else 'small'}"


def _same(value: Array, truth: Truth, name: str) -> bool:
    return agree(value, truth.values([truth[name]])[0])


def _letters(address: str) -> str:
    return address.rstrip("0123456789")
