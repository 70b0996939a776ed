"""Which function a table goes down, or up, by its own derivative."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np

from gradsheet.audit.inference.column_formulas import column_formulas
from gradsheet.audit.inference.differences import STEP, by_differences, possible_steps
from gradsheet.audit.inference.from_formulas import hypothesis_from_formulas
from gradsheet.audit.inference.function import Function, ReferenceFunction, Step
from gradsheet.audit.inference.helpers import name_gradients
from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.learning_rate import Rate, find_rate, possible_rates
from gradsheet.audit.inference.lowering import Lowering
from gradsheet.audit.inference.memories import Memories
from gradsheet.audit.inference.points import agree
from gradsheet.audit.inference.ranking import by_its_rule, wrong_columns
from gradsheet.audit.inference.shape import Shape
from gradsheet.audit.inference.wiring import Wiring
from gradsheet.audit.tables.headers import is_about_descent, is_derivative, is_loss
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import LEARNING_RATE, LOSS, Kind, Symbol, named, symbol_of
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import references
from gradsheet.spreadsheet.functions import FormulaError, NotDifferentiableError
from gradsheet.symbolic.differentiate import partials
from gradsheet.symbolic.expression import ZERO, Apply, Expression, Variable, variables
from gradsheet.symbolic.tape import Array, Tape

_TINY = 1e-12
_APART = np.array([0.2, 0.5, 0.7])
_MOST_PARTS = 20_000  # of a function
_MOST_ROWS = 5  # that are tried
_MOST_WRONG = 3  # updates, the first ones, of which one is right where the rest are tried
_MOST_SETS = 3  # of columns that may be the parameters, where others remember
_SHAPE = Shape((1, 1), (0,))


def interpret_descent(table: Table) -> Interpretation | str:
    """The table as the descent of a function; else why it is none, in a few words."""
    wiring = Wiring(column_formulas(table))
    first = _Search(table, wiring.parameters, wiring.moved, wiring)
    found = first.found()
    if first.climbs:
        return found
    if isinstance(found, str) or not wiring.parameters.isdisjoint(wrong_columns(found)):
        memories = Memories(table, wiring.parameters)
        for parameters in islice(memories.parameters(), _MOST_SETS):
            search = _Search(table, parameters, memories.gradients(parameters), wiring)
            search.among = memories.functions_of(parameters)
            found = min(found, search.found(), key=_badness)
            if not isinstance(found, str) and not wrong_columns(found):
                break
    return found


def _badness(found: Interpretation | str) -> float:
    """How many columns are wrong; infinite where there is no interpretation."""
    return math.inf if isinstance(found, str) else len(wrong_columns(found))


@dataclass(frozen=True)
class _Candidate:
    """A column that may compute the function; ``fitting`` derivatives are in the table."""

    column: int
    function: Function
    fitting: int
    proportional: int


class _Search:
    """The search for a function that moves some columns.

    Attributes:
        among: the columns that may compute it.
        climbs: whether the parameters are moved along its derivative, where it ought to go down.

    Args:
        table: the table.
        parameters: the columns that hold them.
        moved: for parameters the column that moves each.
        wiring: of the table's columns.
    """

    def __init__(
        self, table: Table, parameters: Collection[int], moved: Mapping[int, int], wiring: Wiring
    ) -> None:
        self._table, formulas = table, wiring.formulas
        self.among: Collection[int] = table.usual
        self.climbs = False
        columns = sorted(parameters)
        weights = [Symbol(Kind.WEIGHT, (n,)) for n in range(1, len(columns) + 1)]
        self._parameters = dict(zip(columns, weights, strict=True))
        self._moved_by: dict[int, list[Symbol]] = {}
        for parameter, column in sorted(moved.items()):
            self._moved_by.setdefault(column, []).append(self._parameters[parameter].gradient)
        self._gradients = {column: symbols[0] for column, symbols in self._moved_by.items()}
        copied = ((formulas.copied(column), column) for column in columns)
        self._new = {new: self._parameters[c].next for new, c in copied if new is not None}

    def found(self) -> Interpretation | str:
        """The descent of the column that fits best; else why there is none."""
        if not self._parameters:
            return "no formula moves a number on"
        candidates = list(self._candidates())
        if not candidates:
            return "no column computes the function whose derivative moves the numbers"
        best = max(candidates, key=self._rank)
        if not self._is_likely(best) and not self._is_said(best, len(candidates)):
            return "no column computes a function of which the gradients are derivatives"
        found = self._moving(best)
        if found is None:
            return "the numbers are moved by another rule than rate times derivative"
        name_gradients(found, wrong_columns(found))
        return found

    def _rank(self, candidate: _Candidate) -> tuple[int, int, bool, int]:
        """More for a likelier function: of two that explain as much the one called a loss."""
        is_named = is_loss(self._table.headers.get(candidate.column, ""))
        return candidate.fitting, candidate.proportional, is_named, -candidate.column

    # --- The function ------------------------------------------------------------------------

    def _candidates(self) -> Iterator[_Candidate]:
        known = {*self._parameters, *self._gradients, *self._new}
        for column in self.among:
            if column not in known and (function := self._function(column)) is not None:
                yield self._best_of(column, function)

    def _best_of(self, column: int, function: Function) -> _Candidate:
        """The function with its derivatives, or with the difference quotients that fit better."""
        best = self._compared(column, function)
        for step in self._steps if best.fitting < len(self._gradients) else ():
            for other in by_differences(function, step):
                if (candidate := self._compared(column, other)).fitting > best.fitting:
                    best = candidate
        return best

    @cached_property
    def _steps(self) -> list[Step]:
        """What may be the step of difference quotients."""
        return possible_steps(self._table, self._gradients)

    def _function(self, column: int) -> Function | None:
        """What a column computes of the parameters of its own row, with its derivatives."""
        try:
            value = self._lowered(column)
            inside = set(variables(value))
            parameters = tuple(v for v in self._own.values() if v.label in self._weights)
            if self._other in inside or inside.isdisjoint(parameters) or _is_large(value):
                return None
            found = partials(value, value)
            if any(map(_is_large, found.values())):
                return None
        except (FormulaError, NotDifferentiableError):
            return None
        data = tuple(v for v in inside if v not in parameters)
        derivatives = tuple(found.get(parameter, ZERO) for parameter in parameters)
        return Function(parameters, data, value, derivatives)

    @cached_property
    def _weights(self) -> set[Symbol]:
        return set(self._parameters.values())

    @cached_property
    def _own(self) -> dict[int, Variable]:
        """The parameters, and the numbers that differ from row to row, by their columns."""
        varied = [c for c in self._table.columns if self._is_varied(c)]
        data = {c: Symbol(Kind.INPUT, (n,)) for n, c in enumerate(varied, start=1)}
        return {column: named(symbol) for column, symbol in {**self._parameters, **data}.items()}

    def _is_varied(self, column: int) -> bool:
        """Whether a column holds other numbers in other rows."""
        numbers = {self._table.number(row, column) for row in self._table.rows}
        return column not in self._table.usual and len(numbers) > 1

    @cached_property
    def _other(self) -> Variable:
        """What stands for a cell of another row."""
        return Variable("other")

    def _lowered(self, column: int) -> Expression:
        """The usual formula of a column over the parameters of its row."""
        table, usual = self._table, self._table.usual[column]
        row = next(r for r in (*table.later_rows, *table.rows) if table.tree(r, column) == usual)

        def meaning(cell: CellRef) -> Variable | None:
            if cell.sheet != table.sheet.name or cell.cell.row not in table.rows:
                return None
            if cell.cell.row != row:
                return self._other
            return self._own.get(cell.cell.column)

        lowering = Lowering(table.formulas, meaning)
        return lowering.expression(CellRef(table.sheet.name, CellIndex(row, column)))

    def _compared(self, column: int, function: Function) -> _Candidate:
        """The candidate with how many of the gradients are its derivatives."""
        found = self._interpretation(column, function, Rate())
        fitting = proportional = 0
        for gradient, symbols in self._moved_by.items():
            if (written := found.typical(gradient)) is not None:
                due = [found.reference[symbol] for symbol in symbols]
                value, *values = found.reference.values([written, *due])
                fitting += any(agree(abs(value), abs(right)) for right in values)
                proportional += any(_is_multiple(value, right) for right in values)
        candidate = _Candidate(column, function, fitting, proportional)
        if not self._gradients and self._moving(candidate) is not None:
            return replace(candidate, fitting=1, proportional=1)  # inside the updates
        return candidate

    def _is_likely(self, best: _Candidate) -> bool:
        """Whether all gradients are its derivatives, or half of them and nothing else reads it."""
        due, found = max(len(self._gradients), 1), best.proportional
        if found >= due:
            return True
        row = self._table.later_rows[0]
        readers = (
            column
            for column, tree in self._table.usual.items()
            for ref in references(tree)
            if ref.seen_from(CellIndex(row, column)) == (row, best.column)
        )
        return 2 * found >= due and next(readers, None) is None

    def _is_said(self, candidate: _Candidate, candidates: int) -> bool:
        """Whether headers call columns the derivatives of this one, or of what else is small."""
        headers = self._table.headers
        derivatives = [is_derivative(headers.get(column, "")) for column in self._gradients]
        is_named = candidates == 1 or is_loss(headers.get(candidate.column, ""))
        return bool(derivatives) and all(derivatives) and is_named

    # --- The updates -------------------------------------------------------------------------

    def _moving(self, candidate: _Candidate) -> Interpretation | None:
        """The table with the rate by which the most updates are right; None where none is."""
        best: Interpretation | None = None
        most, is_uphill, self.climbs = 0, False, False
        uphill = replace(candidate.function, is_uphill=True)
        for function in (candidate.function, uphill):
            for rate in possible_rates(self._table, self._hypothesis(candidate.column)):
                found = self._interpretation(candidate.column, function, rate)
                if not any(self._moves(found, column) for column in self._updates[:_MOST_WRONG]):
                    continue  # most are wrong: another rate, or another function
                count = sum(self._moves(found, column) for column in self._updates)
                if count > most:
                    best, most = found, count
                    is_uphill = function.is_uphill
            if best is not None:
                break
        if best is None:
            return self._by_another_rule(candidate)
        self.climbs = is_uphill and self._goes_down(candidate.column)
        if self.climbs:
            return self._interpretation(candidate.column, candidate.function, best.rate)
        return best

    def _by_another_rule(self, candidate: _Candidate) -> Interpretation | None:
        """The table under another rule, where most updates are right under it."""
        if not self._may_be_made_small(candidate.column):
            return None
        self._name_unused(candidate)
        rate = find_rate(self._table, self._hypothesis(candidate.column))
        plain = self._interpretation(candidate.column, candidate.function, rate)
        found = by_its_rule(self._table, plain)
        wrong = set(wrong_columns(found))
        if found is plain or (wrong and self._gradients.keys() <= wrong):
            return None
        right = [column for column in self._updates if self._moves(found, column)]
        return found if 2 * len(right) >= len(self._updates) else None

    def _may_be_made_small(self, column: int) -> bool:
        """Whether a column is called a loss, or no other column reads it."""
        row = self._table.later_rows[0]
        readers = (
            other
            for other, tree in self._table.usual.items()
            for ref in references(tree)
            if other != column and ref.seen_from(CellIndex(row, other)) == (row, column)
        )
        is_named = is_loss(self._table.headers.get(column, ""))
        return is_named or next(readers, None) is None

    def _name_unused(self, candidate: _Candidate) -> None:
        """Name the derivatives by which nothing is moved, as where another is taken twice."""
        found = self._interpretation(candidate.column, candidate.function, Rate())
        wrong = {c for c in wrong_columns(found) if c in self._gradients}
        held = {s for c, s in self._gradients.items() if c not in wrong}
        free = [s.gradient for s in self._parameters.values() if s.gradient not in held]
        columns = [c for c in self._table.usual if c not in found.symbols] if free else []
        written = {c: w for c in columns if (w := found.typical(c)) is not None}
        due = found.reference.values(found.reference[symbol] for symbol in free)
        for column, value in zip(written, found.reference.values(written.values()), strict=True):
            for symbol, right in zip(free, due, strict=True):
                if symbol not in held and agree(value, right):
                    others = {c: s for c, s in self._gradients.items() if s != symbol}
                    self._gradients = {**others, column: symbol}
                    held.add(symbol)

    @property
    def _updates(self) -> list[int]:
        """The columns that hold new numbers."""
        copied = {symbol.of for symbol in self._new.values()}
        return [*self._new, *(c for c, s in self._parameters.items() if s not in copied)]

    def _moves(self, found: Interpretation, column: int) -> bool:
        """Whether one of the first updates in a column is right."""
        return any(
            found.matches(row, column) for row in found.roles.computed_rows(column)[:_MOST_ROWS]
        )

    def _goes_down(self, column: int) -> bool:
        """Whether the sheet says that the function is made small."""
        cells = self._table.formulas.book.sheets.values()
        texts = [
            c.value for sheet in cells for c in sheet.cells.values() if isinstance(c.value, str)
        ]
        is_named = is_loss(self._table.headers.get(column, "")) or any(map(is_about_descent, texts))
        return is_named or self._is_made_of_errors(column)

    def _is_made_of_errors(self, column: int) -> bool:
        """Whether a column is an error or a sum of them, 0 where outputs are their targets."""
        network = hypothesis_from_formulas(self._table)
        symbol = network.symbols.get(column) if network is not None else None
        if network is None or symbol is None or symbol.kind not in (Kind.LOSS, Kind.ERROR):
            return False
        formulas = column_formulas(self._table).expressions
        errors = [formulas[c] for c, s in network.symbols.items() if s.kind is Kind.ERROR]
        return bool(errors) and all(map(_measures_a_distance, errors))

    def _hypothesis(self, column: int) -> Hypothesis:
        own = {c: v.label for c, v in self._own.items() if isinstance(v.label, Symbol)}
        symbols = {**own, **self._gradients, **self._new, column: LOSS}
        return Hypothesis(_SHAPE, dict(sorted(symbols.items())))

    def _interpretation(self, column: int, function: Function, rate: Rate) -> Interpretation:
        reference = ReferenceFunction(function)
        if rate.cell is None and rate.column is None and not math.isnan(rate.value):
            reference.fix(LEARNING_RATE, rate.value)
        found = Interpretation(self._table, self._hypothesis(column), rate, reference)
        if isinstance(function.step, CellRef):
            found.settings[function.step] = symbol_of(STEP)
        _turn(found)
        return found


def _turn(found: Interpretation) -> None:
    """Take columns of gradients for their opposites, where most of them are that."""
    gradients = {c: s for c, s in found.symbols.items() if s.is_gradient}
    written = {c: w for c in gradients if (w := found.typical(c)) is not None}
    due = [found.reference[gradients[column].opposite] for column in written]
    values = found.reference.values([*written.values(), *due])
    pairs = zip(values[: len(due)], values[len(due) :], strict=True)
    if 2 * sum(agree(value, right) for value, right in pairs) > len(gradients):
        found.symbols |= {column: symbol.opposite for column, symbol in gradients.items()}


def _is_multiple(written: Array, right: Array) -> bool:
    """Whether values are a number other than 0 times others."""
    both = (written == 0) & (right == 0)  # where a unit is switched off
    with np.errstate(all="ignore"):
        ratio = written[~both] / right[~both]
    if not len(ratio) or not np.isfinite(ratio).all():
        return False
    middle = float(np.median(ratio))
    return bool(middle and np.ptp(ratio) <= 1e-9 * abs(middle))


def _is_large(expression: Expression) -> bool:
    """Whether an expression has very many parts, however often each is one and the same."""
    waiting, count = [expression], 0
    while waiting and count <= _MOST_PARTS:
        part = waiting.pop()
        count += 1
        if isinstance(part, Apply):
            waiting += part.arguments
    return count > _MOST_PARTS


def _measures_a_distance(error: Expression) -> bool:
    """Whether a formula is 0 where all that it uses is the same, and above 0 elsewhere."""
    wanted = Variable("wanted", error)
    inside = list(dict.fromkeys(variables(error)))
    with np.errstate(all="ignore"):
        same = Tape([wanted]).run(dict.fromkeys(inside, _APART))[wanted]
        apart = Tape([wanted]).run({v: _APART / 2**n for n, v in enumerate(inside)})[wanted]
    return bool(np.all(abs(same) < _TINY) and np.all(apart > 0))
