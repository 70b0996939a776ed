"""Gradients by central differences: a witness that uses forward passes alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradsheet.networks.graph import NetworkGraph
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import Array, Tape

NUDGE = 1e-5  # ε for inputs of at most 1
_KINKED = ("relu", "leaky-relu")


@dataclass(frozen=True)
class NudgedNetworks:
    """A network with one parameter moved up, then down, a row for each move.

    Attributes:
        graph: the network.
        parameters: those that are moved.
    """

    graph: NetworkGraph
    parameters: Sequence[Variable]

    @cached_property
    def nudge(self) -> float:
        """ε: the smaller, the larger the inputs, for the more the loss bends."""
        size = max(abs(x) for row in self.graph.spec.inputs for x in row)
        return NUDGE / math.sqrt(max(1.0, size))

    @cached_property
    def values(self) -> dict[Variable, Array]:
        """Every given and every forward value, (2 · parameters)."""
        values: dict[Variable, Array] = {
            variable: np.full(2 * len(self.parameters), value)
            for variable, value in self.graph.given.items()
        }
        for number, parameter in enumerate(self.parameters):
            values[parameter][2 * number] += self.nudge
            values[parameter][2 * number + 1] -= self.nudge
        return {**values, **Tape(self.graph.forward).run(values)}

    @cached_property
    def kinked(self) -> tuple[Variable, ...]:
        """The pre-activations whose activation has a kink at 0."""
        return tuple(
            value
            for number, layer in enumerate(self.graph.spec.layers)
            if layer.activation in _KINKED
            for example in self.graph.examples
            for value in example.layers[number].pre_activations
        )

    def kinks(self, number: int) -> int:
        """How many kinks lie between the two moves of a parameter, 0-based."""
        moves = slice(2 * number, 2 * number + 2)
        above = [self.values[value][moves] > 0 for value in self.kinked]
        return sum(bool(up != down) for up, down in above)

    def derivative(self, number: int) -> float:
        """(E(w + ε) − E(w − ε))/2ε of a parameter, 0-based; with kinks it is no derivative."""
        up, down = self.values[self.graph.loss][2 * number : 2 * number + 2].tolist()
        return float((up - down) / (2 * self.nudge))


def tolerance(gradient: float, loss: float) -> float:
    """How far a central difference may be from the gradient: it is rounded and cut off itself."""
    return 1e-9 * (1 + abs(loss)) + 1e-6 * abs(gradient)
