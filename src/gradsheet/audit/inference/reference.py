"""A network at random points: what the formulas of a table are compared with."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gradsheet.audit.inference.shape import Shape
from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.symbols import LEARNING_RATE, Kind, Symbol, named, symbol_of
from gradsheet.symbolic.expression import Expression, Variable
from gradsheet.symbolic.tape import Array, Tape

POINTS = 12
_RATE = named(LEARNING_RATE, None, "learning rate")
_TOLERANCE = 1e-9


def network(shape: Shape, activations: Iterable[str], loss: str) -> NetworkSpec:
    """A network of this shape; its numbers are no one's."""
    layers = tuple(
        LayerSpec(
            weights=((0.1,) * before,) * units,
            activation=activation,
            biases=(0.1,) * biases,
        )
        for before, units, biases, activation in zip(
            shape.sizes, shape.sizes[1:], shape.biases, activations, strict=False
        )
    )
    rows = shape.examples
    return NetworkSpec(
        inputs=((0.1,) * shape.sizes[0],) * rows,
        targets=((0.5,) * shape.sizes[-1],) * rows,
        layers=layers,
        loss=loss,
    )


class NetworkRow:
    """The network's values in one row of a table, by their symbols.

    Attributes:
        graph: the network.
        values: given values, forward values, gradients, the local derivatives they are made of, and
            each parameter after the step that they ask for.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        self.graph: NetworkGraph = build_graph(spec)
        self.values = self._values()

    def _values(self) -> dict[Symbol, Variable]:
        graph, backward = self.graph, self.graph.backward
        derivatives = (*backward.local_derivatives.values(), *backward.gradients.values())
        values = {symbol_of(v): v for v in (*derivatives, *graph.given, *graph.forward)}
        # The gradient of a value that the loss depends on directly is a local derivative.
        gradients = {symbol_of(v).gradient: g for v, g in backward.gradients.items()}
        return {**values, **gradients, **self._stepped(gradients)}

    def _stepped(self, gradients: Mapping[Symbol, Variable]) -> dict[Symbol, Variable]:
        """Each parameter after the update."""
        parameters = {symbol_of(parameter): parameter for parameter in self.graph.parameters}
        return {
            symbol.next: named(
                symbol.next,
                parameter - _RATE * gradients[symbol.gradient],
                f"{symbol.plain} after the update",
            )
            for symbol, parameter in parameters.items()
        }


@lru_cache(maxsize=32)
def _network_row(spec: NetworkSpec, above: int) -> NetworkRow:
    """A network so many rows above, the same for all tables that train it."""
    return NetworkRow(spec)


class ReferenceNetwork:
    """A network at random points, in a row of its table and in the rows around it."""

    def __init__(self, spec: NetworkSpec) -> None:
        self.spec = spec
        self.rate = _RATE
        self._by_row: dict[int, NetworkRow] = {}
        self._rows_above: dict[Variable, int] = {}
        self._held: set[Symbol] = set()
        self._points: dict[Variable, Array] = {self.rate: _draw(LEARNING_RATE, 0)}

    def row(self, above: int = 0) -> NetworkRow:
        """The network so many rows above; negative: below."""
        if above not in self._by_row:
            network_row = self._by_row[above] = _network_row(self.spec, above)
            for variable in network_row.graph.given:
                symbol = symbol_of(variable)
                same = symbol.is_data or symbol in self._held
                self._points[variable] = _draw(symbol, 0 if same else above)
            self._rows_above |= dict.fromkeys(network_row.values.values(), above)
        return self._by_row[above]

    def hold(self, parameters: Iterable[Symbol]) -> None:
        """Take some parameters, like the inputs and targets, for the same in every row."""
        self._held |= set(parameters)
        for network_row in self._by_row.values():
            for variable in network_row.graph.given:
                if (symbol := symbol_of(variable)) in self._held:
                    self._points[variable] = _draw(symbol, 0)

    def fix_rate(self, value: float) -> None:
        """Take one learning rate in place of random ones, where formulas hold it as a number."""
        self._points[self.rate] = np.full(POINTS, value)

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
        wanted = [Variable("wanted", expression) for expression in expressions]
        found = Tape(wanted).run(self._points)
        return [np.broadcast_to(found[variable], POINTS) for variable in wanted]


def agree(first: Array, second: Array) -> bool:
    """Whether two expressions are one at all the points, but for rounding; errors never are."""
    with np.errstate(all="ignore"):
        return bool(agreements(first, second))


def agreements(many: Array, one: Array) -> NDArray[np.bool_]:
    """Which of many expressions (…, points) are one at all the points; see ``agree``."""
    scale = np.maximum(np.abs(many), np.abs(one))
    same = (np.abs(many - one) <= _TOLERANCE * scale + 1e-15) & np.isfinite(scale)
    return np.asarray(same.all(axis=-1))


@lru_cache(maxsize=1024)
def _draw(symbol: Symbol, above: int) -> Array:
    """Numbers for a given value, the same in every audit."""
    row = (above + 1000) % 2**32  # a seed is not negative
    generator = np.random.default_rng([row, *str(symbol).encode()])
    if symbol.kind is Kind.TARGET:
        return generator.uniform(0.05, 0.95, POINTS)
    if symbol == LEARNING_RATE:
        return generator.uniform(0.1, 2.0, POINTS)
    signs: Array = generator.choice([-1.0, 1.0], POINTS)
    return signs * generator.uniform(0.2, 1.4, POINTS)
