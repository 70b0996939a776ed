"""Which columns are weighted sums of which others, layer by layer."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TypeGuard

from gradsheet.audit.inference.activations import is_activation
from gradsheet.audit.inference.clipping import unclipped
from gradsheet.audit.inference.column_formulas import (
    ColumnCell,
    ColumnFormulas,
    Place,
    is_above,
    key,
)
from gradsheet.audit.inference.hypothesis import SUM
from gradsheet.audit.inference.parameters import find_parameters
from gradsheet.audit.inference.small_steps import end
from gradsheet.audit.inference.softmax import softmax_columns
from gradsheet.audit.inference.unit import Unit, with_own_parameters
from gradsheet.symbolic.expression import (
    Apply,
    Expression,
    Operation,
    Variable,
    expand,
    variables,
)
from gradsheet.symbolic.operations import ADD, MULTIPLY, NEGATE, SUBTRACT
from gradsheet.symbolic.tape import Tape


class Wiring:
    """The weighted sums of a table, and how one feeds another.

    Args:
        formulas: of the table.
        errors_are_gradients: whether a difference that moves a bias is taken for its gradient.
    """

    def __init__(self, formulas: ColumnFormulas, *, errors_are_gradients: bool = True) -> None:
        self.formulas = formulas
        self._errors_are_gradients = errors_are_gradients

    # --- Updates -----------------------------------------------------------------------------

    @cached_property
    def parameters(self) -> set[int]:
        """The columns that move on from their own value in the row above, or ought to."""
        return find_parameters(self.formulas)

    @cached_property
    def moved(self) -> dict[int, int]:
        """For each parameter the column it is moved by, where that is one, whatever it is."""
        columns = {parameter: self._moved_by(parameter) for parameter in self.parameters}
        return {parameter: column for parameter, column in columns.items() if column is not None}

    @cached_property
    def gradients(self) -> dict[int, int]:
        """For each parameter the column it is moved by, where that may be its gradient."""
        moved = {p: c for p, c in self.moved.items() if c not in self._outputs}
        added = {p for p, column in moved.items() if self._is_added(p, column)}
        if 2 * len(added) <= len(moved):  # one that is added where others are not is a mistake
            added = {p for p in added if self._is_difference(moved[p])}
        if not self._errors_are_gradients:
            added |= {p for p, column in moved.items() if self._is_difference(column)}
        rest = {p: column for p, column in moved.items() if p not in added}
        inner = {p: unclipped(self.formulas, c, self.parameters) for p, c in rest.items()}
        clipped = [p for p, column in inner.items() if column != rest[p]]
        # The error of a bounded loss looks like the clipped gradient of a bias.
        return inner if 2 * len(clipped) > len(self.parameters) else rest

    @cached_property
    def _outputs(self) -> set[int]:
        """The columns of sums and activations."""
        return {*self.units, *self.activations.values()}

    def _is_added(self, parameter: int, column: int) -> bool:
        """Whether an update adds a multiple of a column: of t − a, of a step, of no gradient."""
        if slope := self._slope(parameter, column):
            return slope > 0
        memories = self.parameters - {parameter}
        return any(self._slope(parameter, m) * self._slope(m, column) > 0 for m in memories)

    def _slope(self, column: int, by: int) -> float:
        """How a column grows with another one, here or in the row above, where all else is 1."""
        formula = self.formulas.expressions[column]
        inside = dict.fromkeys(variables(formula), 1.0)
        moved = [self.formulas.variable(ColumnCell(by, above)) for above in (0, 1)]
        if inside.keys().isdisjoint(moved):
            return 0.0
        value = Variable("value", formula)
        more = Tape([value]).run({**inside, **dict.fromkeys(moved, 2.0)})[value]
        return float(more - Tape([value]).run(inside)[value])

    def _is_difference(self, column: int) -> bool:
        """Whether a column computes the difference of two others, as an error does."""
        formula = self.formulas.expressions.get(column)
        if formula is None or _arguments(formula, SUBTRACT) == (formula,):
            return False
        return len(set(variables(formula))) == 2

    def _moved_by(self, parameter: int) -> int | None:
        formula = self.formulas.expressions[parameter]
        places = {self.formulas.place(variable) for variable in variables(formula)}
        above = {place.column for place in places if is_above(place)} - self.parameters
        above = {column for column in above if not self.formulas.is_rate(column)}
        columns = {place.column for place in places if isinstance(place, ColumnCell)}
        if len(columns & self.parameters) > 1:  # what is remembered moves on by itself, too
            above &= self.formulas.expressions.keys()
        if not above:
            return self._remembered_gradient(parameter, places)
        if not self._inputs_beside.isdisjoint(places):
            return None  # times a signal: what moves several weights, each by its own
        # Without a learning rate the column is a step, not a gradient.
        has_rate = len(places) > 2 or MULTIPLY in operations(formula)
        return above.pop() if len(above) == 1 and has_rate else None

    @cached_property
    def _inputs_beside(self) -> set[Place]:
        """The cells beside the table that weighted sums multiply by weights."""
        signals = {signal for unit in self.units.values() for signal in unit.weights}
        return {self.formulas.place(s) for s in signals if self.formulas.is_beside(s)}

    def _remembered_gradient(self, parameter: int, places: set[Place]) -> int | None:
        """The column behind a velocity or an average that moves a parameter."""
        memories = {p.column for p in places if isinstance(p, ColumnCell)} & self.parameters
        read = {
            place.column
            for memory in memories - {parameter}
            for variable in variables(self.formulas.expressions[memory])
            if isinstance(place := self.formulas.place(variable), ColumnCell)
        }
        columns = read - self.parameters
        return columns.pop() if len(columns) == 1 else None

    # --- Weighted sums -----------------------------------------------------------------------

    @cached_property
    def units(self) -> dict[int, Unit]:
        """The weighted sums, by their columns."""
        new = {self.formulas.copied(parameter) for parameter in self.parameters}
        columns = self.formulas.expressions.keys() - self.parameters - new
        formulas = {column: self.formulas.expressions[column] for column in sorted(columns)}
        units = {column: self._unit(formula, column) for column, formula in formulas.items()}
        found = {column: unit for column, unit in units.items() if unit is not None}
        products = self._terms_of_sums(found)
        found = {column: unit for column, unit in found.items() if column not in products}
        formulas = {column: f for column, f in formulas.items() if column not in products}
        inside = {c: self._inside(f) for c, f in formulas.items() if c not in found}
        found |= {column: unit for column, unit in inside.items() if unit is not None}
        found = {c: unit for c, unit in found.items() if not self._is_backward(c, found)}
        return with_own_parameters(found, self.parameters, self.formulas)

    def _terms_of_sums(self, units: Mapping[int, Unit]) -> set[int]:
        """The columns of single products that sums of several terms add up."""
        added = {
            column
            for unit in units
            for term, _ in _terms(self.formulas.expressions[unit])
            if (column := self._product(term)) is not None
        }
        return added & units.keys()

    def _product(self, term: Expression) -> int | None:
        """The column of a signal times a weight that a term is."""
        place = self.formulas.place(term) if isinstance(term, Variable) else None
        if not isinstance(place, ColumnCell) or place.rows_above:
            return None
        formula = self.formulas.expressions.get(place.column)
        return None if formula is None or self._weighted(formula) is None else place.column

    def _is_backward(self, column: int, units: Mapping[int, Unit]) -> bool:
        """Whether a sum takes all its weights from sums that it follows, as gradients do."""
        above = self._read_by(column) & units.keys()
        known = {weight for other in above for weight in units[other].weights.values()}
        return bool(above) and known.issuperset(units[column].weights.values())

    def _read_by(self, column: int) -> set[int]:
        """The columns that a column follows from in its row, itself left out."""
        waiting, seen = [column], {column}
        while waiting:
            formula = self.formulas.expressions[waiting.pop()]
            for variable in set(variables(formula)):
                place = self.formulas.place(variable)
                if not isinstance(place, ColumnCell) or place.rows_above:
                    continue
                if place.column not in seen | self.parameters:
                    seen.add(place.column)
                    if place.column in self.formulas.expressions:
                        waiting.append(place.column)
        return seen - {column}

    def _inside(self, formula: Expression) -> Unit | None:
        """The weighted sum that a formula applies a function to, without a column for the sum."""
        for part in _parts(formula, (ADD, MULTIPLY)):
            if (unit := self._within(formula, part)) is not None:
                return unit
        for part in _parts(formula, (SUBTRACT, NEGATE)):  # of a sum with a minus on each term
            is_opposite = {sign for _, sign in _terms(part)} == {-1}
            if is_opposite and (unit := self._within(formula, part)) is not None:
                assert unit.function is not None
                function = expand(unit.function, lambda _: True, {SUM: -SUM})
                return replace(unit, function=function, subtracts=False)
        return None

    def _within(self, formula: Expression, part: Expression) -> Unit | None:
        """The weighted sum that a part of a formula is; beside it there may be a threshold."""
        unit, others = self._unit(part), set(variables(formula)) - set(variables(part))
        if unit is None or len(others) > 1 or not all(map(self.formulas.is_beside, others)):
            return None
        return replace(unit, function=self._over_sum(formula, key(part)))

    def _over_sum(self, formula: Expression, part: object, whole: Expression = SUM) -> Expression:
        """A formula with ``SUM`` in place of a part, and with the numbers beside the table."""
        if key(formula) == part:
            return SUM
        if isinstance(formula, Apply):
            arguments = (self._over_sum(argument, part) for argument in formula.arguments)
            return Apply(formula.operation, tuple(arguments))
        return self.formulas.constant(formula) if isinstance(formula, Variable) else formula

    def _unit(self, formula: Expression, column: int | None = None) -> Unit | None:
        """The weighted sum that a formula is; that it adds its own column, too, is a mistake."""
        own = None if column is None else self.formulas.column(column)
        weights: dict[Variable, int] = {}
        biases: list[Variable] = []
        spare: list[int] = []
        subtracts, signs = False, set()
        for term, sign in _terms(formula):
            if term is own:
                continue
            signs.add(sign)
            if (column_of_product := self._product(term)) is not None:
                term = self.formulas.expressions[column_of_product]
            if self._is_bias(term):
                biases.append(term)
                subtracts |= sign < 0
            elif (weighted := self._weighted(term)) is not None:
                signal, weight = weighted
                if weights.setdefault(signal, weight) != weight:
                    spare.append(weight)
            else:
                return None
        if -1 in signs and any(map(self._is_typed, biases)):
            return None  # what an output is compared with
        return Unit(weights, tuple(biases), tuple(spare), subtracts) if weights else None

    def _is_typed(self, bias: Variable) -> bool:
        """Whether a bias is in a column of the table that no row moves."""
        return self._parameter(bias) is None and not self.formulas.is_beside(bias)

    def _is_bias(self, term: Expression) -> TypeGuard[Variable]:
        """Whether a term is a parameter alone, or a number that no row moves."""
        if not isinstance(term, Variable):
            return False
        return self._parameter(term) is not None or self.formulas.is_fixed(term)

    def _weighted(self, term: Expression) -> tuple[Variable, int] | None:
        """The signal and the column of the weight that a term multiplies."""
        factors = _arguments(term, MULTIPLY)
        signals = [f for f in factors if isinstance(f, Variable) and self._parameter(f) is None]
        weights = [p for factor in factors if (p := self._parameter(factor)) is not None]
        if len(signals) == len(weights) == 1 and len(factors) == 2:
            return signals[0], weights[0]
        return None

    def _parameter(self, factor: Expression) -> int | None:
        """The column of a parameter in the same row."""
        place = self.formulas.place(factor) if isinstance(factor, Variable) else None
        if isinstance(place, ColumnCell) and place.rows_above == 0:
            return place.column if place.column in self.parameters else None
        return None

    # --- Layers ------------------------------------------------------------------------------

    @cached_property
    def activations(self) -> dict[int, int]:
        """For each weighted sum the first column that is computed from it alone."""
        found = {column: column for column, unit in self.units.items() if unit.function}
        for column, formula in sorted(self.formulas.expressions.items()):
            inside = {v for v in variables(formula) if not self.formulas.is_beside(v)}
            for unit in self.units:
                if inside == {self.formulas.column(unit)} and self._is_activation(column, unit):
                    self._pair(found, unit, column)
        signals = {signal for unit in self.units.values() for signal in unit.weights}
        found = {u: c if c == u else end(self.formulas, u, c, signals) for u, c in found.items()}
        return found | softmax_columns(self.formulas, sorted(self.units), self.parameters)

    def _is_activation(self, column: int, unit: int) -> bool:
        """Whether a column may be an activation; beside a sum it uses a slope or threshold only."""
        formula = self.formulas.expressions[column]
        if not any(map(self.formulas.is_beside, variables(formula))):
            return column not in self.parameters
        return is_activation(self._over_sum(formula, key(self.formulas.column(unit))))

    def _pair(self, found: dict[int, int], unit: int, column: int) -> None:
        """A column computed from a unit, or right of another one without: the sum may be wrong."""
        if found.setdefault(unit, column) == column:
            return
        left = column - 1
        if found[unit] - 1 in self.units and found[unit] - 1 not in found and left == unit:
            found[found[unit] - 1], found[unit] = found[unit], column
        elif left in self.units and left not in found:
            found[left] = column

    def output(self, unit: int) -> Variable:
        """The signal of a unit: its activation, or its sum where it has none."""
        return self.formulas.column(self.activations.get(unit, unit))

    @cached_property
    def layers(self) -> list[list[int]]:
        """The units layer by layer, each by its column."""
        depths = self._depths()
        count = max(depths.values(), default=-1) + 1
        return [sorted(u for u, d in depths.items() if d == layer) for layer in range(count)]

    def _depths(self) -> dict[int, int]:
        """Of each unit the 0-based number of its layer."""
        # A sum in place of its activation is a mistake, and tells the layer all the same.
        producers = {self.formulas.column(unit): unit for unit in self.units}
        producers |= {self.output(unit): unit for unit in self.units}
        depths: dict[int, int] = {}

        def depth(unit: int, above: tuple[int, ...] = ()) -> int:
            if unit not in depths and unit not in above:
                below = [producers[s] for s in self.units[unit].weights if s in producers]
                depths[unit] = 1 + max((depth(b, (*above, unit)) for b in below), default=-1)
            return depths.get(unit, 0)

        for unit in self.units:
            depth(unit)
        return depths

    @cached_property
    def inputs(self) -> list[Variable]:
        """The signals into the first layer: columns from left to right, then cells beside them."""
        signals = {signal for unit in self.layers[0] for signal in self.units[unit].weights}
        return sorted(signals, key=lambda s: (self.formulas.is_beside(s), self.formulas.place(s)))

    def is_moved(self, signal: Variable) -> bool:
        """Whether a signal follows from parameters of its row: it is no input."""
        waiting, seen = [signal], {signal}
        while waiting:
            place = self.formulas.place(waiting.pop())
            if isinstance(place, ColumnCell) and place.rows_above == 0:
                if place.column in self.parameters:
                    return True
                formula = self.formulas.expressions.get(place.column)
                new = set(variables(formula)) - seen if formula is not None else set()
                seen |= new
                waiting += new
        return False

    def biases(self, layer: int) -> list[Variable]:
        """The biases of a 0-based layer, each once."""
        units = self.layers[layer]
        return list(dict.fromkeys(bias for unit in units for bias in self.units[unit].biases))


def _arguments(expression: Expression, operation: Operation) -> tuple[Expression, ...]:
    """What an operation is applied to, as a sum's terms; of another expression itself."""
    if isinstance(expression, Apply) and expression.operation is operation:
        return expression.arguments
    return (expression,)


def _terms(expression: Expression, sign: int = 1) -> Iterator[tuple[Expression, int]]:
    """The terms of a sum, each with its sign."""
    if isinstance(expression, Apply) and expression.operation in (ADD, SUBTRACT, NEGATE):
        is_added = expression.operation is ADD
        for number, argument in enumerate(expression.arguments):
            is_first = number == 0 and expression.operation is SUBTRACT
            yield from _terms(argument, sign if is_added or is_first else -sign)
    else:
        yield expression, sign


def _parts(expression: Expression, operations: Collection[Operation]) -> Iterator[Expression]:
    """The parts of an expression that some operations make, outermost first."""
    if isinstance(expression, Apply):
        if expression.operation in operations:
            yield expression
        for argument in expression.arguments:
            yield from _parts(argument, operations)


def operations(expression: Expression) -> Iterator[Operation]:
    """The operations an expression is made of."""
    if isinstance(expression, Apply):
        yield expression.operation
        for argument in expression.arguments:
            yield from operations(argument)
