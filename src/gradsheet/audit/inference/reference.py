"""The truth about a network at random points, to compare formulas with."""

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np

from gradsheet.audit.inference.shape import Shape
from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.symbolic.expression import Expression, Variable
from gradsheet.symbolic.tape import Array, Tape

POINTS = 12
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


class Moment:
    """The network's values in one row of a table, every one by its name."""

    def __init__(self, spec: NetworkSpec) -> None:
        self.graph: NetworkGraph = build_graph(spec)

    @cached_property
    def values(self) -> dict[str, Variable]:
        """Given values, forward values, gradients and the factors they are made of."""
        graph = self.graph
        backward = graph.backward
        everything = (
            *backward.local_derivatives.values(),
            *backward.gradients.values(),
            *graph.given,
            *graph.forward,
        )
        values = {variable.name: variable for variable in everything}
        named = {f"dE/d{node.name}": gradient for node, gradient in backward.gradients.items()}
        return {**values, **named}


class Truth:
    """A network at random points, in a row of its table and in the rows around it."""

    def __init__(self, spec: NetworkSpec) -> None:
        self.spec = spec
        self.rate = Variable("η", None, "learning rate")
        self._moments: dict[int, Moment] = {}
        self._rows: dict[Variable, int] = {}
        self._held: set[str] = set()
        self._points: dict[Variable, Array] = {self.rate: _draw("η", 0)}

    def moment(self, before: int = 0) -> Moment:
        """The network so many rows before; negative: after."""
        if before not in self._moments:
            moment = self._moments[before] = Moment(self.spec)
            for variable in moment.graph.given:
                same = variable.name[0] in "it" or variable.name in self._held
                self._points[variable] = _draw(variable.name, 0 if same else before)
            self._rows |= dict.fromkeys(moment.values.values(), before)
        return self._moments[before]

    def hold(self, names: Iterable[str]) -> None:
        """Take some parameters, like the inputs and targets, for the same in every row."""
        self._held |= set(names)
        for moment in self._moments.values():
            for variable in moment.graph.given:
                if variable.name in self._held:
                    self._points[variable] = _draw(variable.name, 0)

    def fix_rate(self, value: float) -> None:
        """Take one learning rate in place of random ones, where formulas hold it as a number."""
        self._points[self.rate] = np.full(POINTS, value)

    def __getitem__(self, name: str) -> Variable:
        return self.moment().values[name]

    def __contains__(self, name: object) -> bool:
        return name in self.moment().values

    def moment_of(self, variable: Variable) -> int | None:
        """How many rows before a value stands; None of the learning rate."""
        return self._rows.get(variable)

    def updated(self, name: str) -> Expression:
        """The parameter after the step that the row before asks for."""
        before = self.moment(1).values
        return before[name] - self.rate * before[f"dE/d{name}"]

    @property
    def points(self) -> Mapping[Variable, Array]:
        """The numbers drawn for every given value."""
        return self._points

    def values(self, expressions: Iterable[Expression]) -> list[Array]:
        """The expressions at the points; NaN where one is no number."""
        wanted = [Variable("wanted", expression) for expression in expressions]
        found = Tape(wanted).run(self._points)
        return [np.broadcast_to(found[variable], POINTS) for variable in wanted]


def agree(first: Array, second: Array) -> bool:
    """Whether two expressions are one at all the points, but for rounding; errors never are."""
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return False
    scale = np.maximum(np.abs(first), np.abs(second))
    apart = np.abs(first - second)
    return bool(np.all(apart <= _TOLERANCE * scale + 1e-15))


def _draw(name: str, before: int) -> Array:
    """Numbers for a given value, the same in every audit."""
    seed = [before + 1000, *name.encode()]
    generator = np.random.default_rng(seed)
    if name.startswith("t"):
        return generator.uniform(0.05, 0.95, POINTS)
    if name == "η":
        return generator.uniform(0.1, 2.0, POINTS)
    signs: Array = generator.choice([-1.0, 1.0], POINTS)
    return signs * generator.uniform(0.2, 1.4, POINTS)
