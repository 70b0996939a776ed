"""Why a cell is wrong: the mistakes that make its formula of the right one."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from gradsheet.audit import rules
from gradsheet.audit.details import (
    Cause,
    Change,
    FilledOver,
    Formula,
    GradientTaken,
    RateTaken,
    Unreadable,
    Value,
    WeightsTaken,
)
from gradsheet.audit.diagnosis.algebra import Mutation
from gradsheet.audit.diagnosis.candidates import Candidates, numbers_in, relation
from gradsheet.audit.diagnosis.factors import (
    derivatives_in,
    is_root,
    multiplied,
    number_times,
    other_derivatives,
)
from gradsheet.audit.diagnosis.mutations import (
    Mutations,
    Substitute,
    Substitution,
    in_every_term,
    of_another_unit,
    replaced,
    single_mutations,
    structural,
)
from gradsheet.audit.diagnosis.naming import Naming
from gradsheet.audit.diagnosis.repairs import Repair, repair_of
from gradsheet.audit.diagnosis.right_formula import right_formula
from gradsheet.audit.diagnosis.values import PointValues
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.learning_rate import label_near
from gradsheet.audit.inference.lowering import CircularReferenceError
from gradsheet.audit.inference.points import agree, agreements
from gradsheet.audit.inference.row_classes import sliding_references
from gradsheet.audit.rules import Rule
from gradsheet.networks.symbols import Kind, Symbol, symbol_of
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import references
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import ONE, Expression, Variable, variables

_FEW = 2  # points, at which what differs is told apart
_MOST_SEARCHED = 12  # formulas that nothing explains, in one workbook
_MOST_FOREIGN = 2  # values in a formula that the right one does not use; more have no small cause
_MOST_REPAIRED = 2  # of them, that are searched from what is written
_LARGEST = 300  # symbols in a formula of which single parts alone are changed
_LONGEST = 60  # symbols in a formula for which pairs are tried
_TAKEN_FOR_ANOTHER = {rules.WRONG_WEIGHT, rules.PRE_ACTIVATION_FOR_ACTIVATION}
_LOSSES = {Kind.ERROR, Kind.EXAMPLE_LOSS, Kind.LOSS}
_UNLIKELY = {rules.OTHER_VALUE, rules.OTHER_ROW, rules.UPDATED}  # as one of two mistakes


@dataclass(frozen=True)
class Explanation:
    """What is wrong with a formula.

    Attributes:
        causes: the mistakes, one or two.
        written: the formula, in the table's own names.
        right: a right one.
    """

    causes: tuple[Cause, ...]
    written: Formula
    right: Formula

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of its causes, each once."""
        return tuple(dict.fromkeys(cause.rule for cause in self.causes))

    @property
    def is_read(self) -> bool:
        """Whether the written formula is understood."""
        return not any(isinstance(cause, Unreadable) for cause in self.causes)


def explain(found: Interpretation, row: int, column: int) -> Explanation:
    """The mistakes in a cell whose formula is not what it should be."""
    known, key = found.work.known, _key(found, row, column)
    if key not in known:
        known[key] = _explained(found, row, column)
    explanation = known[key]
    assert isinstance(explanation, Explanation)
    return explanation


def _key(found: Interpretation, row: int, column: int) -> object:
    """The same for cells whose explanations are: in sheets that differ in their numbers alone."""
    table, rate = found.table, found.rate
    place = rate.cell.cell if rate.cell and rate.cell.sheet == table.sheet.name else rate.cell
    tree = table.tree(row, column)
    numbers = (rate.column, place, rate.value if place is None else None, table.rows.start)
    written = tree or table.cell(row, column)
    headers = tuple(table.headers.get(c, "") for c in table.columns)
    names = frozenset(found.symbols.items())
    helpers = frozenset(item for item in table.usual.items() if item[0] not in found.symbols)
    return (
        row,
        column,
        written,
        found.reference.practice,
        found.shape,
        numbers,
        headers,
        names,
        helpers,
    )


def _explained(found: Interpretation, row: int, column: int) -> Explanation:
    naming = Naming(found, column)
    verbatim = _verbatim(found, row, column)
    try:
        written = found.written(row, column)
    except FormulaError as error:
        right = naming.formula(right_formula(found, row, column))
        return Explanation((_unreadable(error),), verbatim, right)
    is_finite = all(map(math.isfinite, numbers_in(written)))
    shown = naming.formula(written) if is_finite else verbatim
    choice = found.choice(column, written)
    if choice is not None and choice.stops_while_large:
        asked, opposite = map(naming.formula, (choice.condition, ONE - choice.condition))
        cause = Change(rules.OPERATOR, asked, opposite)
        right = naming.formula(right_formula(found, row, column))
        return Explanation((cause,), shown, right)
    condition = found.left_out(column, written)
    if condition is not None and _is_right(found, row, column, written):
        cause = Change(rules.FACTOR_MISSING, None, naming.formula(condition))
        return Explanation((cause,), shown, naming.formula(right_formula(found, row, column)))
    written = (choice and choice.step) or written
    used = {symbol_of(variable) for variable in variables(written)}
    right_expression = right_formula(found, row, column, used)
    if choice is not None and choice.step is None:
        right_expression = choice.mended(right_expression) or right_expression
    causes: tuple[Cause, ...] = (Unreadable(rules.CIRCULAR, "it refers to its own cell"),)
    if found.reference[found.symbols[column]] not in variables(written):
        causes = _Search(found, row, column, written, right_expression, naming).causes()
    is_unexplained = causes == (Change(rules.UNEXPLAINED),)
    if is_unexplained and found.work.unexplained <= _MOST_REPAIRED:
        repair = repair_of(found, row, column)
        if repair is not None:
            found.work.unexplained -= 1
            return _by_repair(repair, naming)
    return Explanation(causes, shown, naming.formula(right_expression))


def _is_right(found: Interpretation, row: int, column: int, written: Expression) -> bool:
    """Whether an update is right but for the condition under which others are made."""
    expected = found.expected(row, column)
    assert expected is not None
    return found.reference.agree(*found.reference.values([written, expected]))


def _by_repair(repair: Repair, naming: Naming) -> Explanation:
    """The mistake that a repair undoes."""
    undone = repair.mutation
    wrong, right = (
        naming.formula(part) if part is not None else None for part in (undone.right, undone.wrong)
    )
    cause = Change(undone.rule, wrong, right, undone.everywhere)
    return Explanation((cause,), naming.formula(repair.written), naming.formula(repair.right))


def _verbatim(found: Interpretation, row: int, column: int) -> Formula:
    """A formula as the spreadsheet shows it."""
    cell = found.table.cell(row, column)
    return Formula((f"={cell.formula}",) if cell else ())


def _unreadable(error: FormulaError) -> Unreadable:
    is_circle = isinstance(error, CircularReferenceError)
    return Unreadable(rules.CIRCULAR if is_circle else rules.NOT_UNDERSTOOD, str(error))


class _Search:
    """The search for the mistakes that make one written formula of the right one."""

    def __init__(
        self,
        found: Interpretation,
        row: int,
        column: int,
        written: Expression,
        right: Expression,
        naming: Naming,
    ) -> None:
        self._found, self._row, self._column = found, row, column
        self._written, self._right, self._naming = written, right, naming
        self._candidates = Candidates(found, row, column, right)
        self._values = PointValues(found.reference, [written, right])
        self._few = PointValues(found.reference, [written, right], _FEW)

    def causes(self) -> tuple[Cause, ...]:
        """One cause or two, the simplest first; if none is found, that it is unexplained."""
        if self._slides():
            return (Change(rules.SLIDING),)
        if (taken := self._other_rate_cell()) is not None:
            return (taken,)
        if self._found.work.unexplained >= _MOST_SEARCHED:
            return (Change(rules.UNEXPLAINED),)
        with np.errstate(all="ignore"):  # a mutation may divide by zero
            self._wanted = self._values.of(self._written)
            is_far = self._foreign > _MOST_FOREIGN
            substitutes = list(self._candidates.substitutes(self._written))
            one = None if is_far else self._single(substitutes)
            if one is None and not self._found.work.is_hopeless:
                one = self._all_weights()
            one = one or self._other_gradient() or self._filled_over() or self._another_row()
            if one is not None:
                return (one,)
            if not is_far and (by_factors := self._by_factors()):
                return by_factors
            if not (is_far or self._found.work.is_hopeless or self._is_large) and (
                two := self._pair(substitutes)
            ):
                return two
            self._found.work.unexplained += 1
            return (self._other_value() or Change(rules.UNEXPLAINED),)

    @cached_property
    def _foreign(self) -> int:
        """How many values are written that the right formula does not use; a mistake brings one."""
        written, right = (
            {symbol_of(v) for v in variables(part)} for part in (self._written, self._right)
        )
        return len(written - right)  # a value of another row is the same

    @cached_property
    def _is_large(self) -> bool:
        """Whether the right formula is too large for the mistakes that touch many of its parts."""
        return sum(1 for _ in variables(self._right)) > _LARGEST

    def _is_written(self, expression: Expression) -> bool:
        return agree(self._values.of(expression), self._wanted)

    def _slides(self) -> bool:
        """Whether the cell would be right with the learning rate held by a $."""
        found, row, column = self._found, self._row, self._column
        return found.rate.cell is not None and any(
            found.matches(row, column, {other: found.reference.rate})
            for other in sliding_references(found, row, column)
        )

    def _other_rate_cell(self) -> Cause | None:
        """Another cell beside the table, held by a $, from which the learning rate is taken."""
        found, rate, here = self._found, self._found.rate, CellIndex(self._row, self._column)
        own, tree = found.table.sheet.name, found.table.tree(self._row, self._column)
        if rate.cell is None and rate.column is None:
            return None
        for cell in sorted(found.rates.foreign(self._row, self._column)):
            return self._rate_from(cell)
        if rate.above is not None and (taken := self._rate_of_other_row()) is not None:
            return taken
        for ref in references(tree) if tree is not None else ():
            cell = CellRef(ref.sheet or own, ref.seen_from(here))
            is_beside = cell.sheet != own or cell.cell.row not in found.table.rows
            if (
                is_beside
                and ref.row_fixed
                and cell != rate.cell
                and found.matches(self._row, self._column, {cell: found.reference.rate})
            ):
                return self._rate_from(cell)
        return None

    def _rate_of_other_row(self) -> Cause | None:
        """The rate of another step, where each step has its own."""
        found, row, rate = self._found, self._row, self._found.rate
        tree, here = found.table.tree(row, self._column), CellIndex(row, self._column)
        if rate.column is None or rate.above is None or tree is None:
            return None
        due = CellRef("", CellIndex(row - rate.above, rate.column))
        for index in (ref.seen_from(here) for ref in references(tree)):
            cell = CellRef(found.table.sheet.name, index)
            taken = {cell: found.reference.rate}
            if index.column == rate.column and found.matches(row, self._column, taken):
                name = found.header(rate.column)
                return RateTaken(rules.OTHER_ROW, str(index), name, due)
        return None

    def _rate_from(self, cell: CellRef) -> RateTaken:
        """The learning rate taken from a cell."""
        name = label_near(self._found.table, cell)
        return RateTaken(rules.UNUSED_RATE, self._shown(cell).absolute, name, self._due_cell())

    def _due_cell(self) -> CellRef | None:
        """The cell from which the learning rate is due."""
        right = self._found.rates.cell(self._column)
        return self._shown(right) if right else None

    def _shown(self, cell: CellRef) -> CellRef:
        """A cell without its sheet's name where that is the table's own."""
        own = self._found.table.sheet.name
        return cell._replace(sheet="") if cell.sheet == own else cell

    def _single(self, substitutes: Sequence[Substitute]) -> Cause | None:
        short = self._found.work.is_hopeless or self._is_large
        found = self._first_match(single_mutations(self._right, substitutes, short=short))
        return self._change(found) if found else None

    def _first_match(self, candidates: Iterable[Mutations]) -> Mutation | None:
        """The first mutation that computes what is written, at a few points and then at all."""
        for site, mutations in candidates:
            if self._few.may_agree(site, mutations, self._written):
                same = agreements(self._values.of_whole(site, mutations), self._wanted)
                if same.any():
                    return mutations[int(same.argmax())]
        return None

    def _all_weights(self) -> Cause | None:
        """Other values taken for all weights, or all activations, at once."""
        candidates = self._candidates
        for together in chain(candidates.all_weights(), candidates.all_activations()):
            if self._is_written(replaced(self._right, together.others)):
                if together.rule in _TAKEN_FOR_ANOTHER:
                    (right, wrong), *_ = together.others.items()
                    taken, due = (self._naming.formula(part) for part in (wrong, right))
                    return Change(together.rule, taken, due, everywhere=True)
                names = tuple(map(self._naming.name, together.others))
                return WeightsTaken(together.rule, names)
        return None

    def _other_gradient(self) -> Cause | None:
        """The gradient of another parameter."""
        own = self._found.symbols[self._column]
        if not own.is_gradient:
            return None
        others = (parameter.gradient for parameter in self._found.roles.parameters)
        return self._first_of(sorted((other for other in others if other != own), key=str))

    def _other_value(self) -> Cause | None:
        """A value that is due in another column of the kind; of a loss also a single error."""
        own = self._found.symbols[self._column]
        if own in self._found.roles.parameters:
            return None
        kinds = {own.kind, Kind.ERROR} if own.kind is Kind.LOSS else {own.kind}
        same = (s for s in self._found.symbols.values() if s.kind in kinds)
        return self._first_of(other for other in same if other != own)

    def _first_of(self, symbols: Iterable[Symbol]) -> Cause | None:
        """That the formula computes one of these values."""
        own, reference = self._found.symbols[self._column], self._found.reference
        others = [reference[symbol] for symbol in symbols]
        for other, value in zip(others, reference.values(others), strict=True):
            if agree(value, self._wanted):
                return GradientTaken(relation(own, symbol_of(other)), self._naming.name(other))
        return None

    def _filled_over(self) -> Cause | None:
        """The formula of another column that was filled across this one."""
        found, table = self._found, self._found.table
        tree, own = table.tree(self._row, self._column), found.symbols[self._column]
        for column in reversed(table.columns):
            other = found.symbols.get(column)
            if other is None or other.kind is own.kind or (other.is_parameter and own.is_parameter):
                continue
            is_computed = self._row in found.roles.computed_rows(column)
            if is_computed and tree == table.usual.get(column) and found.matches(self._row, column):
                return FilledOver(rules.FILLED_OVER, found.header(column))
        return None

    def _another_row(self) -> Cause | None:
        """The right formula of another row."""
        for others in self._candidates.of_another_row(self._written):
            if self._is_written(replaced(self._right, others)):
                written, right = map(self._naming.formula, (self._written, self._right))
                return Change(rules.OTHER_ROW, written, right)
        return None

    def _by_factors(self) -> tuple[Cause, ...]:
        """A factor that does not belong there, or is another activation's, or a number left out."""
        typed = numbers_in(self._written) - numbers_in(self._right)
        if numbers := number_times(self._values.of(self._right), self._wanted, typed):
            return tuple(map(self._change, numbers))
        own = self._found.symbols[self._column]
        if own.kind in _LOSSES and is_root(self._wanted, self._values.of(self._right)):
            written, right = map(self._naming.formula, (self._written, self._right))
            return (Change(rules.FUNCTION, written, right),)
        used, inside = dict.fromkeys(variables(self._written)), set(variables(self._right))
        factors = [*(v for v in used if v not in inside), *derivatives_in(used)]
        sums, values = self._candidates.sums, self._candidates.activations
        found = self._first_match(
            chain(
                other_derivatives(self._right, sums, values, typed),
                multiplied(self._right, factors),
                of_another_unit(self._right, list(self._candidates.units())),
            )
        )
        return (self._change(found),) if found else ()

    def _pair(self, substitutes: Sequence[Substitute]) -> tuple[Cause, ...]:
        """Two mistakes at once: one of structure or a weight, and another symbol."""
        if sum(1 for _ in variables(self._right)) > _LONGEST:
            return ()
        second_mistakes = Substitution(s for s in substitutes if s.rule not in _UNLIKELY)
        neighbors = Substitution(s for s in substitutes if s.rule is rules.NEIGHBOR)
        for whole, first in self._first_mistakes(substitutes):
            if self._found.work.pairs_left <= 0:
                break
            second_candidates = chain(
                second_mistakes.of_one_occurrence(whole), neighbors.of_all_in_a_part(whole)
            )
            seconds = self._within_budget(second_candidates)
            if second := self._first_match(seconds):
                return self._change(first), self._change(second)
        return ()

    def _first_mistakes(
        self, substitutes: Sequence[Substitute]
    ) -> Iterator[tuple[Expression, Mutation]]:
        """What may be the first of two mistakes, and the expression that it makes."""
        weights = Substitution(s for s in substitutes if s.rule is rules.WRONG_WEIGHT)
        structures = chain(structural(self._right), in_every_term(self._right))
        candidates = (structures, weights.of_one_occurrence(self._right))
        for site, mutations in chain.from_iterable(candidates):
            for mutation in mutations:
                if mutation.rule is not rules.SIGN or mutation.wrong is not None:
                    yield site.put(mutation.result), mutation

    def _within_budget(self, candidates: Iterable[Mutations]) -> Iterator[Mutations]:
        """The candidates, until so many pairs have been tried on this table."""
        for site, mutations in candidates:
            allowed = mutations[: self._found.work.pairs_left]
            if not allowed:
                return
            self._found.work.pairs_left -= len(allowed)
            yield site, mutations if len(allowed) == len(mutations) else allowed

    def _change(self, mutation: Mutation) -> Cause:
        if mutation.rule is rules.UNUSED_RATE and isinstance(mutation.wrong, Variable):
            return self._rate_taken(mutation.wrong)
        wrong, right = (
            self._naming.formula(part) if part is not None else None
            for part in (mutation.wrong, mutation.right)
        )
        return Change(mutation.rule, wrong, right, mutation.everywhere)

    def _rate_taken(self, taken: Variable) -> Cause:
        """The cell from which an update takes a value of the network for the learning rate."""
        found, here = self._found, CellIndex(self._row, self._column)
        tree = found.table.tree(self._row, self._column)
        for reference in references(tree) if tree is not None else ():
            cell = reference.seen_from(here)
            if reference.row_fixed and found.symbols.get(cell.column) == symbol_of(taken):
                name = found.header(cell.column)
                return RateTaken(rules.UNUSED_RATE, cell.absolute, name, self._due_cell())
        return Change(rules.UNUSED_RATE, self._naming.formula(taken), Formula((Value("η"),)))
