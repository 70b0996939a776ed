"""Numbers of each student's own: friendly, far from saturation, equally hard, and reproducible."""

import hashlib
import hmac
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.losses import LOSSES
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.symbols import symbol_of
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import Tape

_TRIES = 200
_WEIGHTS = [n / 100 for n in range(10, 100, 5) if n % 10 or n < 100]  # without a sign
_INPUTS = [n / 100 for n in range(15, 100, 5)]
_TARGETS = [n / 100 for n in range(5, 100, 5)]
_BIASES = [n / 100 for n in range(10, 65, 5)]
_NEGATIVE = 4  # one weight in so many
_STEEP = 0.1  # the least slope of an activation, that of a sigmoid 2 away from 0
_LEAST = 2e-4  # of a gradient
_APART = 0.01  # the least relative difference of two gradients


def seed_of(secret: bytes, purpose: str, identity: str) -> int:
    """A number that follows from a secret and a student, and from nothing else."""
    return int.from_bytes(digest(secret, purpose, identity)[:16], "big")


def digest(secret: bytes, purpose: str, identity: str) -> bytes:
    """What only those who know the secret can compute for a student."""
    return hmac.new(secret, f"{purpose}\0{identity}".encode(), hashlib.sha256).digest()


class Numbers:
    """Draws the numbers of networks that differ from one in these only."""

    def __init__(self, template: NetworkSpec) -> None:
        self._template = template
        self._graph = build_graph(template)
        backward = self._graph.backward
        self._slopes = [
            backward.local_derivatives[activation, before]
            for example in self._graph.examples
            for layer in example.layers
            for before, activation in layer.units
            if (activation, before) in backward.local_derivatives
        ]
        self._tape = Tape([*self._slopes, *self._graph.gradients])

    def of(self, seed: int) -> NetworkSpec:
        """The network with the numbers that follow from a seed."""
        drawn = random.Random(seed)
        best, fewest = self._template, 1 << 30
        for _ in range(_TRIES):
            spec = self._drawn(drawn)
            faults = self._faults(spec)
            if faults < fewest:
                best, fewest = spec, faults
            if not faults:
                break
        return best

    def _drawn(self, drawn: random.Random) -> NetworkSpec:
        template = self._template
        inputs = template.inputs
        if not _is_logical(inputs):
            inputs = tuple(
                tuple(drawn.sample(_INPUTS, len(row)))
                if len(row) <= len(_INPUTS)
                else tuple(drawn.choices(_INPUTS, k=len(row)))
                for row in inputs
            )
        targets = template.targets
        if not _is_logical(targets) and not LOSSES[template.loss].activation:
            targets = tuple(tuple(drawn.choice(_TARGETS) for _ in row) for row in targets)
        layers = tuple(_layer(layer, drawn) for layer in template.layers)
        return replace(template, inputs=inputs, targets=targets, layers=layers)

    def _faults(self, spec: NetworkSpec) -> int:
        """How much is wrong with the numbers: saturated units, tiny or equal gradients."""
        values = self._tape.run(given_of(self._graph, spec))
        slopes = [abs(float(values[slope])) for slope in self._slopes]
        gradients = [abs(float(values[gradient])) for gradient in self._graph.gradients]
        saturated = sum(not slope >= _STEEP for slope in slopes)
        tiny = sum(not gradient >= _LEAST for gradient in gradients)
        return 100 * saturated + 10 * tiny + _alike(gradients)


def given_of(graph: NetworkGraph, spec: NetworkSpec) -> dict[Variable, float]:
    """The given numbers of a network like that of ``graph``, by the variables of that."""
    numbers = build_graph(spec).given
    by_symbol = {symbol_of(variable): value for variable, value in numbers.items()}
    return {variable: by_symbol[symbol_of(variable)] for variable in graph.given}


def _alike(values: Sequence[float]) -> int:
    ordered = sorted(value for value in values if value)
    return sum(high - low < _APART * high for low, high in pairwise(ordered))


def _is_logical(rows: Sequence[Sequence[float]]) -> bool:
    """Whether the numbers are those of a table of truth or of classes, which stay."""
    return all(value in (-1, 0, 1) for row in rows for value in row)


def _layer(layer: LayerSpec, drawn: random.Random) -> LayerSpec:
    """A layer with as many negative weights as every student's."""
    count = sum(map(len, layer.weights))
    sizes = [drawn.choice(_WEIGHTS) for _ in range(count)]
    for place in drawn.sample(range(count), count // _NEGATIVE):
        sizes[place] = -sizes[place]
    numbers = iter(sizes)
    weights = tuple(tuple(next(numbers) for _ in row) for row in layer.weights)
    biases = tuple(drawn.choice(_BIASES) for _ in layer.biases)
    return replace(layer, weights=weights, biases=biases)
