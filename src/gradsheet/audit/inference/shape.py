"""The size of a network, and the names of its values."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MOST_UNITS = 60


@dataclass(frozen=True)
class Shape:
    """A network's size.

    Attributes:
        sizes: inputs, then the units of each layer.
        biases: of each layer how many it has: none, one for all units, or one a unit.
        examples: how many examples one row holds.
    """

    sizes: tuple[int, ...]
    biases: tuple[int, ...]
    examples: int = 1

    @property
    def layers(self) -> range:
        """The 0-based numbers of its layers."""
        return range(len(self.sizes) - 1)

    @property
    def weights(self) -> int:
        """How many weights it has."""
        return sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    def units(self, layer: int) -> list[str]:
        """The names of the units of the 0-based layer, as the graph of a network gives them."""
        count, last = self.sizes[layer + 1], len(self.sizes) - 2
        if layer == last:
            return [f"o{unit}" for unit in range(1, count + 1)]
        middle = "" if last == 1 else f"{layer + 1}_"
        return [f"h{middle}{unit}" for unit in range(1, count + 1)]

    def columns(self) -> Iterator[str]:
        """The names of a table's columns that are never left out, of a single example."""
        yield from (f"i{n}" for n in range(1, self.sizes[0] + 1))
        yield from (f"t{n}" for n in range(1, self.sizes[-1] + 1))
        parameters = [f"w{n}" for n in range(1, self.weights + 1)]
        parameters += [f"b{n}" for n in range(1, sum(self.biases) + 1)]
        yield from parameters
        for layer in self.layers:
            for unit in self.units(layer):
                yield from (unit, f"a_{unit}")
        yield "E_total"
        yield from (f"dE/d{name}" for name in parameters)


def shape_of(names: Iterable[str]) -> Shape | None:
    """The network whose values have these names; None where they do not make one."""
    found = set(names)
    plain = {name.split("@")[0] for name in found}
    outputs = max(_highest(plain, rf"{letter}(\d+)") for letter in ("a_o", "o", "t", "E"))
    sizes = (_highest(plain, r"i(\d+)"), *_hidden(plain), outputs)
    if min(sizes) < 1 or sum(sizes) > _MOST_UNITS:
        return None
    examples = max((int(name.split("@")[1]) for name in found if "@" in name), default=1)
    shape = Shape(sizes, _bias_counts(sizes, highest_bias(plain)), examples)
    named = _highest(plain, r"w(\d+)")
    return shape if named in (shape.weights, shape.weights - 1) else None


def highest_bias(names: Iterable[str]) -> int:
    """The highest number of a bias; 0 where there is none."""
    return _highest(names, r"b(\d+)")


def _highest(names: Iterable[str], pattern: str) -> int:
    return max((int(m[1]) for name in names if (m := re.fullmatch(pattern, name))), default=0)


def _hidden(names: set[str]) -> tuple[int, ...]:
    """The units of each hidden layer."""
    deep = [m for name in names if (m := re.fullmatch(r"(?:a_)?h(\d+)_(\d+)", name))]
    if deep:
        layers = max(int(m[1]) for m in deep)
        return tuple(
            max((int(m[2]) for m in deep if int(m[1]) == layer), default=0)
            for layer in range(1, layers + 1)
        )
    units = _highest(names, r"(?:a_)?h(\d+)")
    return (units,) if units else ()


def _bias_counts(sizes: tuple[int, ...], found: int) -> tuple[int, ...]:
    """Of each layer the biases, where so many are named in all."""
    units = sizes[1:]
    if found >= sum(units):
        return units
    return (1,) * len(units) if found >= len(units) else (0,) * len(units)
