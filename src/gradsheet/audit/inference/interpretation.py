"""A table under one reading of it: what each formula says, and what it should say."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from gradsheet.audit.inference.hypotheses import Hypothesis, hypotheses
from gradsheet.audit.inference.reference import Truth, agree, network
from gradsheet.audit.tables.headers import is_rate
from gradsheet.audit.tables.search import Table
from gradsheet.networks.losses import LOSSES
from gradsheet.networks.spec import SOFTMAX
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import Call, Constant, Node, Reference, references, to_expression
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import (
    ACTIVATIONS,
    Expression,
    Number,
    Variable,
    variables,
)
from gradsheet.symbolic.tape import Tape

_DEEPEST = 40  # cells that a formula is followed through
_PROBES = np.linspace(-2.05, 2.35, 12)  # where activations are told apart
_ERROR = Number(math.nan)  # what a spreadsheet shows as an error

_MOST_COMBINATIONS = 40
_MOST_PAIRS = 30_000  # of mistakes tried together, in one table; about two seconds


@dataclass(frozen=True)
class Rate:
    """Where the learning rate comes from.

    Attributes:
        spot: the cell; None where it is typed into the formulas.
        column: the column of the table, where it has one.
        value: what it is, where it stands in no cell beside the table; NaN where it is unknown.
    """

    spot: CellRef | None = None
    column: int | None = None
    value: float = math.nan


class Interpretation:
    """A table, a hypothesis about its names, and the truth about that network."""

    def __init__(self, table: Table, hypothesis: Hypothesis, rate: Rate, truth: Truth) -> None:
        self.table, self.truth, self.rate = table, truth, rate
        self.names = {c: n for c, n in hypothesis.names.items() if n in truth}
        self.outside = {s: n for s, n in hypothesis.outside.items() if n in truth}
        self.shape = hypothesis.shape
        self._rows = {row: index for index, row in enumerate(table.rows)}
        self._taken: dict[CellRef, Variable] = {}
        self.pairs_left = _MOST_PAIRS
        truth.hold(name for name in self.parameters if not self.is_trained(name))

    def header(self, column: int) -> str:
        """What the table calls a column; where it has no name, what this package calls it."""
        header = " ".join(self.table.headers.get(column, "").split())
        return header or self.names.get(column, "")

    # --- What is written ---------------------------------------------------------------------

    def written(self, row: int, column: int) -> Expression:
        """What the formula of a cell computes, over the values of the network.

        Raises:
            FormulaError: it is not understood, or goes round in a circle.
        """
        return self._follow(self.table.sheet.name, CellIndex(row, column), row, 0)

    def _follow(self, sheet: str, place: CellIndex, row: int, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise FormulaError(f"it leads through more than {_DEEPEST} cells, or in a circle")
        formulas = self.table.formulas
        cell = formulas.cell(sheet, place)
        assert cell is not None
        origin = cell.anchor or place
        part = (place[0] - origin[0], place[1] - origin[1])
        return to_expression(
            formulas.tree(sheet, place),
            origin,
            lambda other, target: self._stands(other or sheet, target, row, depth + 1),
            part,
        )

    def _stands(self, sheet: str, place: CellIndex, row: int, depth: int) -> Expression:
        """What stands in a cell, for a formula in ``row`` of the table."""
        if (known := self._known(sheet, place, row)) is not None:
            return known
        cell = self.table.formulas.cell(sheet, place)
        if cell is None:
            return Number(0.0)
        if cell.formula is not None:
            return self._follow(sheet, place, row, depth)
        return Number(cell.value) if isinstance(cell.value, float) else _ERROR

    def _known(self, sheet: str, place: CellIndex, row: int) -> Variable | None:
        """The value of the network or the learning rate that a cell is taken for."""
        cell = CellRef(sheet, place)
        if (taken := self._taken.get(cell)) is not None:
            return taken
        if cell == self.rate.spot:
            return self.truth.rate
        if (name := self.outside.get(cell)) is not None:
            return self.truth[name]
        if sheet != self.table.sheet.name or place[0] not in self._rows:
            return None
        if place[1] == self.rate.column:
            return self.truth.rate
        name = self.names.get(place[1])
        if name is None:
            return None
        if self.is_given(place[1]):  # the same in every row
            return self.truth[name]
        return self.truth.moment(self._rows[row] - self._rows[place[0]]).values[name]

    # --- What should be written --------------------------------------------------------------

    def is_given(self, column: int) -> bool:
        """Whether a column is an input, a target or a parameter that is never moved."""
        name = self.names.get(column, "")
        return name[:1] in ("i", "t") or (name in self.parameters and not self.is_trained(name))

    @cached_property
    def parameters(self) -> set[str]:
        """The names of the weights and biases."""
        return {parameter.name for parameter in self.truth.moment().graph.parameters}

    def is_trained(self, name: str) -> bool:
        """Whether the table moves a parameter: weights always, biases where it asks for it."""
        return name[0] != "b" or name in self._trained

    @cached_property
    def _trained(self) -> set[str]:
        """The biases with formulas below the first row, or with a gradient."""
        usual = self.table.usual.items()
        moved = {
            self.names[column]
            for column, tree in usual
            if column in self.names and (isinstance(tree, Call) or self._is_stepped(tree, column))
        }
        gradients = {name[4:] for name in self.names.values() if name.startswith("dE/d")}
        return (moved | gradients) & self.parameters

    def _is_stepped(self, tree: Node, column: int) -> bool:
        """Whether a cell takes over what another column of the row above computed."""
        return isinstance(tree, Reference) and not tree.row_fixed and tree.column != 0

    def due(self, row: int, column: int) -> Expression | None:
        """What a cell should compute; None where it is typed in or nothing is known of it."""
        name = self.names.get(column)
        if name is None or self.is_given(column):
            return None
        if name in self.parameters:
            return None if row == self.table.rows[0] else self.truth.updated(name)
        return self.truth[name]

    # --- Whether the two agree ---------------------------------------------------------------

    def classes(self, column: int) -> dict[object, list[int]]:
        """The rows of a column that say the same, by what they say, in the order of the rows.

        Rows with one formula say the same, unless it holds fixed references into the table. The
        key of a cell without a formula is None.
        """
        found: dict[object, list[int]] = {}
        for row in self.table.rows:
            if self.due(row, column) is not None:
                found.setdefault(self._class(row, column), []).append(row)
        return found

    def _class(self, row: int, column: int) -> object:
        cell = self.table.cell(row, column)
        if cell is None or cell.formula is None:
            return None
        tree = self.table.tree(row, column)
        if isinstance(tree, Constant):
            return None  # a number behind an equals sign is a number
        if tree is None:
            return cell.formula
        fixed = self._meets_fixed_cells(tree)
        leaves = any(
            not self._inside(ref.place(row, column)[0])
            for ref in references(tree)
            if not ref.row_fixed
        )
        return (tree, row) if fixed or leaves or cell.anchor else tree

    def _meets_fixed_cells(self, tree: Node) -> bool:
        """Whether it refers to a certain row of the table, of a column that changes."""
        return any(
            ref.row_fixed and ref.row in self._rows and ref.sheet in ("", self.table.sheet.name)
            for ref in references(tree)
        )

    def _inside(self, row: int) -> bool:
        return row in self._rows

    def matches(
        self, row: int, column: int, taken: Mapping[CellRef, Variable] | None = None
    ) -> bool:
        """Whether a cell's formula is identical to what it should be.

        Args:
            row: of the cell.
            column: of the cell.
            taken: cells beside the table, and what they are to be taken for.
        """
        due = self.due(row, column)
        assert due is not None
        self._taken = dict(taken or {})
        try:
            written, right = self.truth.values([self.written(row, column), due])
        except FormulaError:
            return False
        finally:
            self._taken = {}
        return agree(written, right)

    def sliding_references(self, row: int, column: int) -> Iterator[CellRef]:
        """The cells above or below the table that a formula reads by a row that slides."""
        tree = self.table.tree(row, column)
        for ref in references(tree) if tree is not None else ():
            place = ref.place(row, column)
            beside = place[0] not in self._rows or place[1] not in self.names
            if beside and not ref.row_fixed:
                yield CellRef(ref.sheet or self.table.sheet.name, place)

    def is_pinned(self, row: int, column: int, name: str) -> bool:
        """Whether a formula reads a value of the network from a row that a $ holds."""
        tree = self.table.tree(row, column)
        return any(
            ref.row_fixed and self.names.get(ref.place(row, column)[1]) == name
            for ref in (references(tree) if tree is not None else ())
        )

    @cached_property
    def wrong_columns(self) -> list[int]:
        """The columns whose usual formula is not what it should be."""
        checked, expressions = [], []
        for column in self.table.columns:
            if (row := self._typical_row(column)) is None:
                continue
            due = self.due(row, column)
            assert due is not None
            try:
                expressions += [self.written(row, column), due]
            except FormulaError:
                expressions += [_ERROR, due]
            checked.append(column)
        values = self.truth.values(expressions)
        return [
            column
            for number, column in enumerate(checked)
            if not agree(values[2 * number], values[2 * number + 1])
        ]

    def _typical_row(self, column: int) -> int | None:
        """The first later row with the column's usual formula, where something is due."""
        usual = self.table.usual.get(column)
        for row in self.table.later_rows:
            if usual is not None and self.table.tree(row, column) == usual:
                return row if self.due(row, column) is not None else None
        return None


def interpret(table: Table) -> Interpretation | None:
    """The reading of a table under which the fewest columns are wrong; None if there is none."""
    best: Interpretation | None = None
    least = math.inf
    for hypothesis in hypotheses(table):
        rate = _rate(table, hypothesis)
        for found in _interpretations(table, hypothesis, rate):
            if (count := _badness(found)) < least:
                best, least = found, count
            if least == 0:
                return best
    return best if best is not None and _is_training_table(best) else None


def _badness(found: Interpretation) -> float:
    """How many columns are wrong or unexplained."""
    known = sum(1 for column in found.table.usual if column in found.names)
    return len(found.wrong_columns) + 0.9 * (len(found.table.usual) - known)


def _is_training_table(found: Interpretation) -> bool:
    """Whether enough of a network is there, and most of it as it should be."""
    names = set(found.names.values())
    sums = sum(bool(name[0] in "ho" or name.startswith("a_")) for name in names)
    gradients = sum(name.startswith("dE/d") for name in names)
    checked = [c for c in found.table.usual if c in found.names and not found.is_given(c)]
    updates = any(found.names[column] in found.parameters for column in checked)
    return bool(sums and (gradients or updates)) and 5 * len(found.wrong_columns) <= 4 * len(
        checked
    )


def _interpretations(table: Table, hypothesis: Hypothesis, rate: Rate) -> Iterator[Interpretation]:
    """The hypothesis with each kind of network that its formulas speak for."""
    layers = [_activations(table, hypothesis, layer) for layer in _layers(hypothesis)]
    combinations = [
        (activations, loss)
        for activations in product(*layers)
        for loss in LOSSES
        if LOSSES[loss].activation in ("", activations[-1])
        and (activations[-1] != SOFTMAX or loss == "categorical-cross-entropy")
    ]
    for activations, loss in combinations[:_MOST_COMBINATIONS]:
        truth = Truth(network(hypothesis.shape, activations, loss))
        if rate.spot is None and rate.column is None and not math.isnan(rate.value):
            truth.fix_rate(rate.value)
        yield Interpretation(table, hypothesis, rate, truth)


def _layers(hypothesis: Hypothesis) -> range:
    return range(len(hypothesis.shape.sizes) - 1)


def _activations(table: Table, hypothesis: Hypothesis, layer: int) -> list[str]:
    """The activations that a unit of a layer has been given, the most frequent first."""
    columns = {name: column for column, name in hypothesis.names.items()}
    last = layer == len(hypothesis.shape.sizes) - 2
    seen: Counter[str] = Counter()
    for unit in hypothesis.shape.units(layer):
        for mark in ("", "@1"):
            if f"a_{unit}{mark}" in columns and f"{unit}{mark}" in columns:
                name = _activation(table, columns[f"a_{unit}{mark}"], columns[f"{unit}{mark}"])
                seen.update([name] if name else [])
    if seen:
        return [name for name, _ in seen.most_common()]
    return [*ACTIVATIONS, *([SOFTMAX] if last else [])] if last else ["sigmoid", "tanh", "relu"]


def _activation(table: Table, column: int, summed: int) -> str:
    """The function by which a column is computed from another; empty if it is none we know."""
    tree = table.usual.get(column)
    if tree is None:
        return ""
    x = Variable("x")
    place = (table.later_rows[0], summed)
    others = Variable("other")
    try:
        formula = to_expression(
            tree, CellIndex(place[0], column), lambda sheet, cell: x if cell == place else others
        )
    except FormulaError:
        return ""
    inside = set(variables(formula))
    if inside != {x}:
        return SOFTMAX if inside == {x, others} else ""
    wanted = {name: Variable(name, make(x)) for name, make in ACTIVATIONS.items()}
    written = Variable("written", formula)
    values = Tape([written, *wanted.values()]).run({x: _PROBES})
    right = [name for name, variable in wanted.items() if agree(values[written], values[variable])]
    return right[0] if right else ""


# --- The learning rate -----------------------------------------------------------------------


def _rate(table: Table, hypothesis: Hypothesis) -> Rate:
    """The cell that most updates use; else the number most updates hold."""
    cells: Counter[CellRef] = Counter()
    numbers: Counter[float] = Counter()
    columns: Counter[int] = Counter()
    for column, name in hypothesis.names.items():
        if column in table.usual and name[0] in "wb":
            for tree, place in _update_trees(table, hypothesis, column):
                for ref in references(tree):
                    spot = CellRef(ref.sheet or table.sheet.name, ref.place(*place))
                    if spot.sheet != table.sheet.name or spot.cell.row not in table.rows:
                        cells[spot] += 1
                    elif hypothesis.names.get(spot.cell.column, "η") == "η":
                        columns[spot.cell.column] += 1
                numbers.update(value for value in _numbers(tree) if abs(value) not in (0.0, 1.0))
    for column in [*columns]:
        if column in table.usual and isinstance(table.usual[column], Call):
            del columns[column]  # a column of somebody's own, which was followed
    if columns and columns.most_common(1)[0][1] > sum(cells.values()):
        column = columns.most_common(1)[0][0]
        return Rate(column=column, value=table.number(table.rows[0], column))
    if cells:
        spot = _labeled(table, cells) or cells.most_common(1)[0][0]
        return Rate(spot)
    if numbers:
        return Rate(value=abs(numbers.most_common(1)[0][0]))
    return Rate()


def _update_trees(
    table: Table, hypothesis: Hypothesis, column: int
) -> Iterator[tuple[Node, CellIndex]]:
    """The formula of an update, and those of the columns without a name that it reads."""
    row = table.later_rows[0]
    waiting, seen = [(table.usual[column], CellIndex(row, column))], {column}
    while waiting:
        tree, place = waiting.pop()
        yield tree, place
        for ref in references(tree):
            other = ref.place(*place)
            known = other[1] in hypothesis.names or other[1] in seen
            if not known and other[1] in table.usual and other[0] in table.rows:
                seen.add(other[1])
                waiting.append((table.usual[other[1]], other))


def _labeled(table: Table, cells: Counter[CellRef]) -> CellRef | None:
    """A cell that updates use and whose label says that it is the learning rate."""
    for spot, _ in cells.most_common():
        if label_of(table, spot):
            return spot
    return None


def label_of(table: Table, spot: CellRef) -> str:
    """The label beside or above a cell that announces a learning rate, if there is one."""
    sheet, (row, column) = spot
    for place in ((row, column - 1), (row - 1, column), (row, column - 2), (row, column + 1)):
        cell = table.formulas.cell(sheet, CellIndex(*place))
        if cell and isinstance(cell.value, str) and is_rate(cell.value):
            return cell.value
    return ""


def _numbers(tree: Node) -> Iterator[float]:
    if isinstance(tree, Constant) and isinstance(tree.value, float):
        yield tree.value
    elif isinstance(tree, Call):
        for argument in tree.arguments:
            yield from _numbers(argument)
