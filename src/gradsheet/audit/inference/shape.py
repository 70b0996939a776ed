"""The size of a network, and the symbols of its values."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gradsheet.networks.symbols import LOSS, Kind, Symbol

_MOST_UNITS = 60


@dataclass(frozen=True)
class Shape:
    """A network's size.

    Attributes:
        sizes: inputs, then the units of each layer.
        biases: how many each layer has: none, one for all units, or one per unit.
        examples: how many examples one row holds.
        thresholds: whether biases are subtracted, as the thresholds of a perceptron are.
    """

    sizes: tuple[int, ...]
    biases: tuple[int, ...]
    examples: int = 1
    thresholds: bool = False

    @property
    def layers(self) -> range:
        """The 0-based numbers of its layers."""
        return range(len(self.sizes) - 1)

    @property
    def weights(self) -> int:
        """How many weights it has."""
        return sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    def units(self, layer: int) -> list[Symbol]:
        """The pre-activations of the 0-based layer, named as the graph of a network names them."""
        kind = Kind.OUTPUT if layer == self.layers[-1] else Kind.HIDDEN
        is_deep = kind is Kind.HIDDEN and len(self.layers) > 2
        where = (layer + 1,) if is_deep else ()
        return [Symbol(kind, (*where, unit)) for unit in range(1, self.sizes[layer + 1] + 1)]

    def columns(self) -> Iterator[Symbol]:
        """The columns of a table that are never left out, of a single example."""
        yield from _numbered(Kind.INPUT, self.sizes[0])
        yield from _numbered(Kind.TARGET, self.sizes[-1])
        parameters = [
            *_numbered(Kind.WEIGHT, self.weights),
            *_numbered(Kind.BIAS, sum(self.biases)),
        ]
        yield from parameters
        for layer in self.layers:
            for unit in self.units(layer):
                yield from (unit, unit.activation)
        yield LOSS
        yield from (parameter.gradient for parameter in parameters)


def shape_of(symbols: Collection[Symbol]) -> Shape | None:
    """The network that has these values; None where they do not make one."""
    outputs = (Kind.OUTPUT_ACTIVATION, Kind.OUTPUT, Kind.TARGET, Kind.ERROR)
    sizes = (highest(symbols, Kind.INPUT), *_hidden(symbols), highest(symbols, *outputs))
    if min(sizes) < 1 or sum(sizes) > _MOST_UNITS:
        return None
    examples = max(map(_example, symbols), default=1)
    shape = Shape(sizes, _bias_counts(sizes, highest(symbols, Kind.BIAS)), examples)
    found = highest(symbols, Kind.WEIGHT)
    return shape if found in (shape.weights, shape.weights - 1) else None


def highest(symbols: Collection[Symbol], *kinds: Kind) -> int:
    """The highest number of symbols of some kinds that have one; 0 where there are none."""
    numbers = (symbol.numbers for symbol in symbols if symbol.kind in kinds)
    return max((number for number, *others in numbers if not others), default=0)


def _numbered(kind: Kind, count: int) -> Iterator[Symbol]:
    return (Symbol(kind, (number,)) for number in range(1, count + 1))


def _example(symbol: Symbol) -> int:
    """The example that a value or what it is a derivative of belongs to; 1 if there is one only."""
    return symbol.example or (_example(symbol.of) if symbol.of else 1)


def _hidden(symbols: Collection[Symbol]) -> tuple[int, ...]:
    """The units of each hidden layer."""
    kinds = (Kind.HIDDEN, Kind.HIDDEN_ACTIVATION)
    deep = [s.numbers for s in symbols if s.kind in kinds and len(s.numbers) == 2]
    if deep:
        layers = max(layer for layer, _ in deep)
        return tuple(
            max((unit for other, unit in deep if other == layer), default=0)
            for layer in range(1, layers + 1)
        )
    units = highest(symbols, *kinds)
    return (units,) if units else ()


def _bias_counts(sizes: tuple[int, ...], found: int) -> tuple[int, ...]:
    """Of each layer the biases, where so many are named in all."""
    units = sizes[1:]
    if found >= sum(units):
        return units
    return (1,) * len(units) if found >= len(units) else (0,) * len(units)
