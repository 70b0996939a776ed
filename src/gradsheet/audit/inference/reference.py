"""A network at random points: what the formulas of a table are compared with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

import numpy as np

from gradsheet.audit.inference.points import POINTS, Values, agree, draw
from gradsheet.audit.inference.shape import Shape
from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.step_units import has_sign, is_step
from gradsheet.networks.symbols import LEARNING_RATE, Kind, Symbol, named, symbol_of
from gradsheet.networks.update_rules import UPDATE_RULES
from gradsheet.symbolic.expression import Expression, Variable
from gradsheet.symbolic.tape import Array, Tape

RATE = named(LEARNING_RATE, None, "learning rate")
_COUNTS: Array = np.array([5.0 + number % 4 for number in range(POINTS)])  # of the updates so far


@dataclass(frozen=True)
class Practice:
    """How a network is trained, by names that need not be those of a network file.

    Attributes:
        activations: of each layer; also of units without a derivative.
        loss: a name in ``losses.conventions``.
        rule: a name in ``UPDATE_RULES``.
        variant: which way of writing that rule, 0 the usual one.
    """

    activations: tuple[str, ...]
    loss: str
    rule: str = "sgd"
    variant: int = 0


class _AnyNetwork(NetworkSpec):
    """A network as people make them: its units may be steps, its loss scaled in any way."""

    def __post_init__(self) -> None:
        """Nothing is checked: nothing comes from a user."""


class _WithThresholds(LayerSpec):
    """A layer that subtracts its biases: a unit fires where its sum is above its threshold."""

    bias_sign = -1


def network(shape: Shape, practice: Practice) -> NetworkSpec:
    """A network of this shape; its numbers are no one's."""
    layer_spec = _WithThresholds if shape.thresholds else LayerSpec
    layers = tuple(
        layer_spec(
            weights=((0.1,) * before,) * units,
            activation=activation,
            biases=(0.1,) * biases,
        )
        for before, units, biases, activation in zip(
            shape.sizes, shape.sizes[1:], shape.biases, practice.activations, strict=False
        )
    )
    rows = shape.examples
    return _AnyNetwork(
        inputs=((0.1,) * shape.sizes[0],) * rows,
        targets=((0.5,) * shape.sizes[-1],) * rows,
        layers=layers,
        loss=practice.loss,
        optimizer=practice.rule,
    )


class ReferenceRow:
    """The values of one row of a table, by their symbols.

    Attributes:
        given: those that are typed in.
        parameters: those that updates move.
        memory: what the update rule remembers, before and after the update.
        values: given values, forward values, gradients, the local derivatives they are made of,
            each parameter after the step that they ask for, and what the rule remembers.
        graph: the network; None where it is no network.
    """

    given: tuple[Variable, ...]
    parameters: tuple[Variable, ...]
    memory: Mapping[Variable, Variable]
    values: Mapping[Symbol, Variable]
    graph: NetworkGraph | None = None


class NetworkRow(ReferenceRow):
    """A network's values in one row of a table, by their symbols."""

    def __init__(self, spec: NetworkSpec, variant: int) -> None:
        self.graph: NetworkGraph = build_graph(spec)
        self.given, self.parameters = tuple(self.graph.given), self.graph.parameters
        self.values = self._values(variant)

    def _values(self, variant: int) -> dict[Symbol, Variable]:
        graph, backward = self.graph, self.graph.backward
        derivatives = (*backward.local_derivatives.values(), *backward.gradients.values())
        values = {symbol_of(v): v for v in (*derivatives, *graph.given, *graph.forward)}
        # The gradient of a value that the loss depends on directly is a local derivative.
        gradients = {symbol_of(v).gradient: g for v, g in backward.gradients.items()}
        whole = {**values, **gradients, **self._stepped(gradients, variant)}
        changes = self._changes(gradients) if self.graph.spec.optimizer == "sgd" else {}
        opposites = (_opposite(v) for v in (*gradients.values(), *changes.values()))
        return {**whole, **changes, **{symbol_of(v): v for v in opposites}}

    def _changes(self, gradients: Mapping[Symbol, Variable]) -> dict[Symbol, Variable]:
        """What plain gradient descent adds to each parameter."""
        symbols = [symbol_of(parameter) for parameter in self.graph.parameters]
        return {s.change: named(s.change, -(RATE * gradients[s.gradient])) for s in symbols}

    def _stepped(
        self, gradients: Mapping[Symbol, Variable], variant: int
    ) -> dict[Symbol, Variable]:
        """Each parameter after the update, and what is remembered."""
        rule = UPDATE_RULES[self.graph.spec.optimizer]
        step = (rule.step, *rule.variants)[variant]
        moved = [(p, gradients[symbol_of(p).gradient]) for p in self.graph.parameters]
        steps = step(moved, RATE, *self.graph.settings)
        self.memory = {memory: steps.updates[memory] for memory in steps.memory}
        return {symbol_of(v): v for v in (*steps.memory, *steps.updates.values())}


def _opposite(value: Variable) -> Variable:
    return named(symbol_of(value).opposite, -value)


@lru_cache(maxsize=128)
def _network_row(spec: NetworkSpec, variant: int, above: int) -> NetworkRow:
    """A network so many rows above, the same for all tables that train it."""
    return NetworkRow(spec, variant)


class ReferenceNetwork:
    """A network at random points, in a row of its table and in the rows around it.

    Args:
        shape: its size.
        practice: how it is trained.
        known: what is known of values; those of its own alone where it is left out.
    """

    def __init__(self, shape: Shape, practice: Practice, known: Values | None = None) -> None:
        self.shape, self.practice, self._known = shape, practice, known or Values()
        self.rate = RATE
        self._by_row: dict[int, ReferenceRow] = {}
        self._rows_above: dict[Variable, int] = {}
        self._held: set[Symbol] = set()
        self._moving_data = self._shares = self._ties = self._are_classes = False
        self._fixed: dict[Symbol, float] = {}
        self._first_count: int | None = None
        self._counts: dict[int, Variable] = {}
        self._numbers: dict[tuple[int, int], Variable] = {}
        self._points: dict[Variable, Array] = {self.rate: draw(LEARNING_RATE, 0)}
        self._place()

    def row(self, above: int = 0) -> ReferenceRow:
        """The network so many rows above; negative: below."""
        if above not in self._by_row:
            network_row = self._new_row(above)
            self._by_row[above] = network_row
            self._rows_above |= dict.fromkeys(network_row.values.values(), above)
            self._place(above)
        return self._by_row[above]

    def under(self, practice: Practice) -> "ReferenceNetwork":
        """The same network, trained in another way."""
        return ReferenceNetwork(self.shape, practice, self._known)

    def ways(self, rule: str) -> int:
        """In how many ways an update by a rule may be written."""
        return 1 + len(UPDATE_RULES[rule].variants)

    def _new_row(self, above: int) -> ReferenceRow:
        return _network_row(network(self.shape, self.practice), self.practice.variant, above)

    def layer_of(self, parameters: Sequence[Symbol]) -> dict[Symbol, int]:
        """The layer that each parameter is in."""
        shape = self.shape
        sizes = zip(shape.sizes, shape.sizes[1:], strict=False)
        ends = {
            Kind.WEIGHT: list(accumulate(before * units for before, units in sizes)),
            Kind.BIAS: list(accumulate(shape.biases)),
        }
        return {p: sum(p.numbers[0] > end for end in ends[p.kind]) for p in parameters}

    # --- Points ------------------------------------------------------------------------------

    def hold(self, parameters: Iterable[Symbol]) -> None:
        """Take some parameters, like the inputs and targets, for the same in every row."""
        self._held |= set(parameters)
        self._place(*self._by_row)

    def move_data(self) -> None:
        """Take inputs and targets for others in every row: each row is another example."""
        self._moving_data = True
        self._place(*self._by_row)

    def share_targets(self) -> None:
        """Take targets that sum to 1 in each example, with which a − t is a softmax's gradient."""
        self._shares = True
        self._place(*self._by_row)

    def take_classes(self) -> None:
        """Take targets that are 0 or 1, as formulas do that ask which of both they are."""
        self._are_classes = True
        self._place(*self._by_row)

    def tie_targets(self) -> None:
        """Take the inputs for the targets, as an autoencoder does."""
        self._ties = True
        self._place(*self._by_row)

    def fix(self, setting: Symbol, value: float) -> None:
        """Take one value for the rate or a setting, where formulas hold it as a number."""
        if setting == LEARNING_RATE:
            self._points[self.rate] = np.full(POINTS, value)
        self._fixed[setting] = value
        self._place(*self._by_row)

    def count_from(self, first: int) -> None:
        """Tie the powers of decay rates to a column that numbers the updates.

        Args:
            first: how many updates come before the first row, by that column's numbers, less 1.
        """
        self._first_count = first
        self._place(*self._by_row)

    def count(self, above: int) -> Variable:
        """The number of a row, so many rows above."""
        if above not in self._counts:
            self._counts[above] = named(Symbol(Kind.COUNT), None, "number of the update")
            self._points[self._counts[above]] = _COUNTS - above
            self._rows_above[self._counts[above]] = above
        return self._counts[above]

    def number_of_row(self, column: int, above: int) -> Variable:
        """A number of no known meaning that differs from row to row, so many rows above."""
        key = (column, above)
        if key not in self._numbers:
            symbol = Symbol(Kind.COUNT, (column,))
            self._numbers[key] = named(symbol, None, "number of the row")
            self._points[self._numbers[key]] = draw(symbol, above)
            self._rows_above[self._numbers[key]] = above
        return self._numbers[key]

    def _place(self, *rows: int) -> None:
        """Give the values of some rows their points."""
        targets = (self._shares, self._ties, self._are_classes)
        is_otherwise = (self._moving_data, targets, self._first_count)
        fixed = frozenset(self._fixed.items())
        self._drawing = (self.shape, self.practice, frozenset(self._held), is_otherwise, fixed)
        for above in rows:
            network_row = self._by_row[above]
            for variable in (*network_row.given, *network_row.memory):
                self._points[variable] = self._drawn(symbol_of(variable), above)
            if self._shares:
                self._points.update(self._shared(network_row))
        if 0 in rows:
            # What a row remembers before its update is what the row above did after its own.
            memories = list(self._by_row[0].memory)
            after = [self.row(1).values[symbol_of(memory).next] for memory in memories]
            self._points.update(zip(memories, self.values(after), strict=True))

    def _shared(self, row: ReferenceRow) -> dict[Variable, Array]:
        """The targets of a row as shares of their example's."""
        examples: dict[int | None, list[Variable]] = {}
        for variable in row.given:
            if (symbol := symbol_of(variable)).kind is Kind.TARGET:
                examples.setdefault(symbol.example, []).append(variable)
        return {
            target: self._points[target] / sum(self._points[other] for other in targets)
            for targets in examples.values()
            for target in targets
        }

    def _drawn(self, symbol: Symbol, above: int) -> Array:
        if symbol.kind is Kind.POWER and self._first_count is not None:
            decay = self._drawn(Symbol(Kind.DECAY, symbol.numbers), above)
            return np.power(decay, _COUNTS - above - self._first_count)
        if self._ties and symbol.kind is Kind.TARGET:
            symbol = replace(symbol, kind=Kind.INPUT)
        if symbol in self._fixed:
            return np.full(POINTS, self._fixed[symbol])
        is_fixed = symbol.is_data and not self._moving_data
        same = is_fixed or symbol in self._held or symbol.is_setting
        points = draw(symbol, 0 if same else above)
        last = self.practice.activations[-1:]
        is_of_step = any(map(is_step, last))
        if symbol.kind is Kind.TARGET and (is_of_step or self._are_classes):
            lower = -1.0 if any(map(has_sign, last)) else 0.0
            points = np.where(points > 0.5, 1.0, lower)
        return points

    def __getitem__(self, symbol: Symbol) -> Variable:
        return self.row().values[symbol]

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.row().values

    def rows_above(self, variable: Variable) -> int | None:
        """How many rows above a value is; None for the learning rate."""
        return self._rows_above.get(variable)

    def updated(self, parameter: Symbol) -> Expression:
        """The parameter after the step that the row above asks for."""
        step = self.row(1).values[parameter.next].definition
        assert step is not None
        return step

    def values(self, expressions: Iterable[Expression]) -> list[Array]:
        """The expressions at the points; NaN where one is no number."""
        return self._known.of(expressions, self._points, self._drawing)

    def agree(self, one: Array, other: Array) -> bool:
        """Whether two values at the points are one."""
        return self._known.agree(one, other)

    def value_of(self, formula: Expression, names: Mapping[Variable, Variable]) -> Array:
        """A formula at the points, over other variables in place of its own."""
        return self._known.of_renamed(formula, names, self._points, self._drawing)

    def agreeing(
        self,
        pairs: Sequence[tuple[Expression, Expression]],
        unknown: Mapping[int, Variable],
        symbols: Iterable[Symbol],
    ) -> Iterator[Symbol]:
        """The values that, taken for an unknown one, make both expressions of each pair agree.

        Args:
            pairs: what is written, and what is due.
            unknown: by how many rows above it is.
            symbols: of the values that are tried.
        """
        tried = list(symbols)
        tape = Tape([Variable("wanted", part) for pair in pairs for part in pair])
        by_row = {
            variable: self.values(self.row(above).values[symbol] for symbol in tried)
            for above, variable in unknown.items()
        }
        for number, symbol in enumerate(tried):
            points = {variable: values[number] for variable, values in by_row.items()}
            found = [*tape.run({**self._points, **points}).values()]
            whole = [np.broadcast_to(each, POINTS) for each in found]
            if all(agree(*pair) for pair in zip(whole[::2], whole[1::2], strict=True)):
                yield symbol
