"""A table under one hypothesis: what each formula computes, and what it should compute."""

from collections import Counter
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from functools import cache, cached_property
from typing import Literal

from gradsheet.audit.inference.choices import Choice, choice_of
from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.inference.learning_rate import Rate
from gradsheet.audit.inference.lowering import Lowering
from gradsheet.audit.inference.own_rates import OwnRates
from gradsheet.audit.inference.reference import ReferenceNetwork
from gradsheet.audit.inference.roles import Roles
from gradsheet.audit.inference.work import Work
from gradsheet.audit.tables.table import Table
from gradsheet.networks.spec import SOFTMAX
from gradsheet.networks.step_units import STEP_UNITS
from gradsheet.networks.symbols import LEARNING_RATE, Kind, Symbol, symbol_of
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import Expression, Number, Variable, renamed, variables
from gradsheet.symbolic.tape import Array

_What = tuple[Literal["rate", "value", "count", "number"], Symbol | int, int]
"""What a cell holds: of a value its symbol, of another number its column; how many rows above."""


class Interpretation:
    """A table, a hypothesis about its names, and that network at random points.

    Attributes:
        symbols: of each column the value of the network that it holds.
        outside: likewise of cells beside the table.
        roles: which columns are given, carried from row to row, and trained.
        rate: where the learning rate comes from.
        thresholds: of each unit that is a step, where it switches.
        settings: the cells that hold settings of the update rule.
        count: the column that numbers the updates, where the rule uses one.
        work: what the search for causes has done; the tables of a workbook share it.
        row_classes: of each column that was looked at, its rows by what they compute.
    """

    def __init__(
        self,
        table: Table,
        hypothesis: Hypothesis,
        rate: Rate,
        reference: ReferenceNetwork,
        thresholds: Mapping[Symbol, float] | None = None,
    ) -> None:
        self.table, self.reference, self.rate = table, reference, rate
        self.symbols = {c: s for c, s in hypothesis.symbols.items() if s in reference}
        self.outside = {c: s for c, s in hypothesis.outside.items() if s in reference}
        self.shape, self.hypothesis = hypothesis.shape, hypothesis
        self.roles = Roles(table, self.symbols, self.shape.sizes, reference)
        self.thresholds = thresholds or {}
        self.settings: dict[CellRef, Symbol] = {}
        self.count: int | None = None
        self.work = Work()
        self.row_classes: dict[int, dict[object, list[int]]] = {}
        self._matching: dict[tuple[int, int], bool] = {}
        self._typical: dict[int, Expression | None] = {}
        self._held_for: dict[Variable, Variable] = {}
        self._held_in: dict[int, dict[Variable, Variable]] = {}
        self._typical_with: dict[int, Symbol] = {}  # the names under which these are true
        roles = self.roles
        reference.hold(symbol for symbol in roles.parameters if not roles.is_trained(symbol))
        if roles.data_moves:
            reference.move_data()
        named = {*self.symbols.values(), *self.outside.values()}
        is_square = self.shape.sizes[0] == self.shape.sizes[-1]
        if is_square and all(symbol.kind is not Kind.TARGET for symbol in named):
            reference.tie_targets()
        if reference.practice.activations[-1:] == (SOFTMAX,) and roles.targets_are_shares:
            reference.share_targets()
        if roles.asks_for_classes:
            reference.take_classes()

    def header(self, column: int) -> str:
        """What the table calls a column; where it has no name, what this package calls it."""
        header = " ".join(self.table.headers.get(column, "").split())
        return header or (str(self.symbols[column]) if column in self.symbols else "")

    # --- What is written ---------------------------------------------------------------------

    def written(
        self, row: int, column: int, taken: Mapping[CellRef, Variable] | None = None
    ) -> Expression:
        """What the formula of a cell computes, over the values of the network.

        Args:
            row: of the cell.
            column: of the cell.
            taken: cells beside the table, and what they are to be taken for.

        Raises:
            FormulaError: it is not understood, or goes round in a circle.
        """
        cell = CellRef(self.table.sheet.name, CellIndex(row, column))
        return self.computed(cell, row, taken)

    def computed(
        self, cell: CellRef, row: int, taken: Mapping[CellRef, Variable] | None = None
    ) -> Expression:
        """What the formula of any cell computes, as a row of the table sees it.

        Raises:
            FormulaError: it is not understood, or goes round in a circle.
        """
        known = taken or {}

        def meaning(other: CellRef) -> Variable | None:
            return known.get(other) or self._meaning(other, row)

        return Lowering(self.table.formulas, meaning).expression(cell)

    def _meaning(self, cell: CellRef, row: int) -> Variable | None:
        """The value of the network or the learning rate that a cell is, as ``row`` sees it."""
        what = self._what(cell, row)
        return None if what is None else self._held(what)

    def _held(self, what: _What) -> Variable:
        """The variable of the reference for a value."""
        kind, of, above = what
        if kind == "rate":
            return self.reference.rate
        if kind == "count":
            return self.reference.count(above)
        if isinstance(of, Symbol):
            return self.reference.row(above).values[of]
        return self.reference.number_of_row(of, above)

    def _what(self, cell: CellRef, row: int) -> _What | None:
        """What a cell holds, as ``row`` sees it; None where its own formula tells."""
        if cell == self.rate.cell or cell in self.rate.others:
            return ("rate", LEARNING_RATE, 0)
        if (symbol := self.outside.get(cell) or self.settings.get(cell)) is not None:
            return ("value", symbol, 0)
        (sheet, (other_row, column)) = cell
        if sheet != self.table.sheet.name or other_row not in self.table.rows:
            return None
        if column == self.rate.column:
            above = row - other_row
            is_due = self.rate.above in (None, above)
            return ("rate", LEARNING_RATE, 0) if is_due else ("number", column, above)
        if column == self.count:
            return ("count", column, row - other_row)
        if (symbol := self.symbols.get(column)) is None:
            if column in self.roles.remembering:
                raise FormulaError("it uses what a column has gathered over the rows above")
            return ("number", column, row - other_row) if column in self.roles.varied else None
        if self.roles.is_given(column) and not (symbol.is_data and self.roles.data_moves):
            return ("value", symbol, 0)  # the same in every row
        return ("value", symbol, row - other_row)

    def typical(self, column: int) -> Expression | None:
        """What the usual formula of a column computes; None where that is not understood."""
        usual = self._usual_formula(column)
        if column not in self._typical:
            self._typical[column] = usual and renamed(usual, self._named_in(column, usual))
        return self._typical[column]

    def typical_value(self, column: int) -> Array | None:
        """The same at the points of the reference."""
        usual = self._usual_formula(column)
        if usual is None:
            return None
        return self.reference.value_of(usual, self._named_in(column, usual))

    def typically_uses(self, column: int) -> list[Symbol]:
        """The values that the usual formula of a column uses; none where it is not understood."""
        usual = self._usual_formula(column)
        used = self._named_in(column, usual) if usual is not None else {}
        return [symbol_of(variable) for variable in used.values()]

    def _usual_formula(self, column: int) -> Expression | None:
        """What the usual formula of a column computes, over values that no network holds yet."""
        if self._typical_with != self.symbols:
            self._typical, self._typical_with = {}, dict(self.symbols)
            self._held_in = {}
            self._lowered = self.table.lowered.setdefault(self._names, {})
        if column not in self._lowered:
            self._lowered[column] = self._usual(column)
        return self._lowered[column]

    def _named_in(self, column: int, usual: Expression) -> dict[Variable, Variable]:
        """The values of the network that the usual formula of a column uses."""
        if column not in self._held_in:
            known = self._held_for
            for value in (inside := dict.fromkeys(variables(usual))):
                if value not in known:
                    known[value] = self._held(_WHAT[value])
            self._held_in[column] = {value: known[value] for value in inside}
        return self._held_in[column]

    @property
    def _names(self) -> object:
        """The same for interpretations under which formulas compute the same of the same values."""
        given = frozenset(column for column in self.symbols if self.roles.is_given(column))
        places = (frozenset(self.outside.items()), frozenset(self.settings.items()))
        named = frozenset(self.symbols.items())
        return named, given, places, self.rate.cell, self.rate.column, self.rate.others, self.count

    def _usual(self, column: int) -> Expression | None:
        """The usual formula of a column over values that no network holds yet."""
        row = self.typical_row(column)
        if row is None:
            return None

        def meaning(cell: CellRef) -> Variable | None:
            held = self._what(cell, row)
            return None if held is None else _value(held)

        try:
            cell = CellRef(self.table.sheet.name, CellIndex(row, column))
            return Lowering(self.table.formulas, meaning).expression(cell)
        except FormulaError:
            return None

    def typical_row(self, column: int) -> int | None:
        """The first row with the column's usual formula, a later one if there is one."""
        usual = self.table.usual.get(column)
        if usual is None:
            return None
        rows = (*self.table.later_rows, self.table.rows[0])
        return next((row for row in rows if self.table.tree(row, column) == usual), None)

    # --- What should be written --------------------------------------------------------------

    def expected(self, row: int, column: int) -> Expression | None:
        """What a cell should compute; None where it is typed in or nothing is known of it."""
        if row not in self.roles.computed_rows(column):
            return None
        symbol = self.symbols[column]
        if symbol in self.roles.carried:
            return self.reference.updated(symbol)
        return self._unit_of.get(symbol) or self.reference[symbol]

    @cached_property
    def _unit_of(self) -> dict[Symbol, Expression]:
        """The activations that switch elsewhere than at 0."""
        make = {layer: STEP_UNITS.get(name) for layer, name in enumerate(self._activations)}
        return {
            unit.activation: function(self.reference[unit] - Number(self.thresholds[unit]))
            for layer, function in make.items()
            for unit in self.shape.units(layer)
            if function and self.thresholds.get(unit)
        }

    @property
    def _activations(self) -> tuple[str, ...]:
        return self.reference.practice.activations

    def matches(
        self, row: int, column: int, taken: Mapping[CellRef, Variable] | None = None
    ) -> bool:
        """Whether a cell's formula is identical to what it should be.

        Args:
            row: of the cell.
            column: of the cell.
            taken: cells beside the table, and what they are to be taken for.
        """
        if taken:
            return self._compare(row, column, taken)
        if (row, column) not in self._matching:
            is_right = self._compare(row, column, None)
            self._matching[row, column] = is_right and not self.rates.foreign(row, column)
        return self._matching[row, column]

    def _compare(self, row: int, column: int, taken: Mapping[CellRef, Variable] | None) -> bool:
        expected = self.expected(row, column)
        assert expected is not None
        try:
            written = self.written(row, column, taken)
            value, right = self.reference.values([written, expected])
        except FormulaError:
            return False
        return self.is_one(column, written, value, right)

    def is_one(self, column: int, written: Expression, value: Array, right: Array) -> bool:
        """Whether what is written computes what is right; of an update, wherever it moves at all.

        Args:
            column: where it is written.
            written: the formula.
            value: its values.
            right: those that are due.
        """
        choice = self.choice(column, written)
        if choice is not None and choice.step is not None:
            if choice.stops_while_large:
                return False
            [step] = self.reference.values([choice.step])
            return self.reference.agree(step, right) or self.reference.agree(value, right)
        return self.reference.agree(value, right) and self.left_out(column, written) is None

    def left_out(self, column: int, written: Expression) -> Expression | None:
        """The condition of the loss under which most other updates are made, and this one not."""
        if self._before_update(self.symbols[column]) is None or not self._conditions:
            return None
        choice = self.choice(column, written)
        is_made = choice is not None and choice.asks_for_loss
        moved = sum(map(self.roles.is_trained, self.roles.parameters))
        is_usual = 2 * len(self._conditions) > moved > 2
        return self._conditions[0] if is_usual and not is_made else None

    @cached_property
    def _conditions(self) -> list[Expression]:
        """The conditions of updates that ask for the loss."""
        updates = {
            self.roles.column_of_update(c) for c, s in self.symbols.items() if s.is_parameter
        }
        written = {column: w for column in updates if (w := self.typical(column)) is not None}
        choices = [self.choice(column, formula) for column, formula in written.items()]
        return [c.condition for c in choices if c is not None and c.step and c.asks_for_loss]

    def choice(self, column: int, written: Expression) -> Choice | None:
        """The choice that an update makes between its step and none; None where it makes none."""
        before = self._before_update(self.symbols[column])
        return choice_of(self.reference, before, written)

    def _before_update(self, symbol: Symbol) -> Variable | None:
        """The parameter before an update that a column holds."""
        if symbol in self.roles.parameters:
            return self.reference.row(1).values[symbol]
        return self.reference[symbol.of] if symbol.kind is Kind.NEXT and symbol.of else None

    # --- Rates of their own ------------------------------------------------------------------

    @cached_property
    def rates(self) -> OwnRates:
        """The cells of learning rates, by the parameters they are for."""
        uses: dict[Symbol, CellRef] = {}
        rates = OwnRates(self.table, self.rate, self.symbols, uses)
        for column, symbol in self.symbols.items() if rates.cells else ():
            update = self.roles.column_of_update(column)
            row = self.typical_row(update) if symbol in self.roles.parameters else None
            if row is not None and len(read := rates.behind(row, update, symbol)) == 1:
                uses[symbol] = read.pop()
        layers = self.reference.layer_of(list(self.roles.parameters))
        due = rates.due(uses, layers)
        missing = {p: own for p in layers.keys() - due.keys() if (own := _usual(due, layers, p))}
        return OwnRates(self.table, self.rate, self.symbols, due | missing)

    def on(self, table: Table) -> "Interpretation | None":
        """The same of a table on another sheet, with what was found out about its formulas.

        None where more typed numbers differ than the learning rate.
        """
        cell = self.rate.cell
        if cell is None or cell.sheet != self.table.sheet.name or table.different - {cell.cell}:
            return None

        def moved(place: CellRef) -> CellRef:
            return place._replace(sheet=table.sheet.name)

        other = copy(self)
        other.table = table
        vars(other).pop("rates", None)
        others = tuple(map(moved, self.rate.others))
        other.rate = replace(self.rate, cell=moved(cell), others=others)
        other.outside = {moved(place): symbol for place, symbol in self.outside.items()}
        other.settings = {moved(place): symbol for place, symbol in self.settings.items()}
        return other


def _usual(
    due: Mapping[Symbol, CellRef], layers: Mapping[Symbol, int], parameter: Symbol
) -> CellRef | None:
    """The cell of a learning rate that most parameters of the same layer are due to read."""
    own = Counter(cell for other, cell in due.items() if layers[other] == layers[parameter])
    return own.most_common(1)[0][0] if own else None


_WHAT: dict[Variable, _What] = {}
"""What the variables stand for over which formulas are kept."""


@cache
def _value(what: _What) -> Variable:
    """A variable for a value that no network holds yet."""
    value = Variable("value")
    _WHAT[value] = what
    return value
