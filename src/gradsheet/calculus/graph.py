"""A network as named expressions: forward pass, loss and gradients."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gradsheet.calculus.backprop import Backward, backpropagate
from gradsheet.calculus.expression import ACTIVATIONS, Variable, total
from gradsheet.calculus.losses import LOSSES
from gradsheet.calculus.network import NetworkSpec


@dataclass(frozen=True)
class LayerGraph:
    """The names of one layer.

    Attributes:
        weights: (units, inputs).
        biases: none, one shared by all units, or one a unit.
        sums: of each unit the weighted sum ``h``.
        activations: of each unit the output ``a_h``.
    """

    weights: tuple[tuple[Variable, ...], ...]
    biases: tuple[Variable, ...]
    sums: tuple[Variable, ...]
    activations: tuple[Variable, ...]

    @property
    def flat_weights(self) -> tuple[Variable, ...]:
        """The weights in the order of their numbers, unit after unit."""
        return tuple(weight for row in self.weights for weight in row)

    @property
    def units(self) -> tuple[tuple[Variable, Variable], ...]:
        """Of each unit its sum and its activation."""
        return tuple(zip(self.sums, self.activations, strict=True))


@dataclass(frozen=True)
class NetworkGraph:
    """A network's named expressions, and the numbers it starts from.

    Attributes:
        given: for each input, target, weight and bias its initial value.
        parameters: the weights and biases that are trained, in the order of the layers.
        errors: of each output the part of the loss, ``E1`` and so on.
        loss: what is minimised, ``E_total``.
        rate: the learning rate ``η``; it is not in ``given``.
    """

    spec: NetworkSpec
    given: dict[Variable, float]
    parameters: tuple[Variable, ...]
    inputs: tuple[Variable, ...]
    targets: tuple[Variable, ...]
    layers: tuple[LayerGraph, ...]
    errors: tuple[Variable, ...]
    loss: Variable
    rate: Variable

    @cached_property
    def forward(self) -> tuple[Variable, ...]:
        """Every value that is computed, each after those it is computed from."""
        computed = [value for layer in self.layers for unit in layer.units for value in unit]
        return (*computed, *self.errors, self.loss)

    @cached_property
    def backward(self) -> Backward:
        """The gradients, and the factors they are made of."""
        return backpropagate(self.forward, self.loss, self.parameters)

    @cached_property
    def gradients(self) -> tuple[Variable, ...]:
        """The derivative of the loss with respect to each parameter, in their order."""
        return tuple(self.backward.gradients[parameter] for parameter in self.parameters)

    @cached_property
    def updates(self) -> tuple[Variable, ...]:
        """Each parameter after one step of gradient descent, ``w5'``, in their order."""
        return tuple(
            Variable(
                f"{parameter.name}'",
                parameter - self.rate * gradient,
                f"{parameter.name} after the update",
            )
            for parameter, gradient in zip(self.parameters, self.gradients, strict=True)
        )

    @cached_property
    def deltas(self) -> tuple[Variable, ...]:
        """The derivative of the loss with respect to each unit's sum, the output layer first."""
        gradients = self.backward.gradients
        return tuple(gradients[h] for layer in reversed(self.layers) for h in layer.sums)

    def table(self) -> Iterator[Variable]:
        """What one iteration shows, in the familiar order.

        Targets, inputs, then of each layer the weights, the biases and of each unit its sum and
        its activation, then the errors and the loss.
        """
        yield from self.targets
        yield from self.inputs
        for layer in self.layers:
            yield from layer.flat_weights
            yield from layer.biases
            for unit in layer.units:
                yield from unit
        yield from self.errors
        yield self.loss


def build_graph(spec: NetworkSpec) -> NetworkGraph:
    """Name every value of the network that ``spec`` describes."""
    given: dict[Variable, float] = {}
    targets = _given(given, "t", spec.targets, _numbered("target of output", spec.targets))
    inputs = _given(given, "i", spec.inputs, _numbered("input", spec.inputs))
    parameters: list[Variable] = []
    layers: list[LayerGraph] = []
    signals: Sequence[Variable] = inputs
    for number, layer in enumerate(spec.layers):
        layers.append(_layer(spec, number, signals, given))
        parameters += layers[-1].flat_weights
        parameters += layers[-1].biases if layer.train_biases else ()
        signals = layers[-1].activations
    loss = LOSSES[spec.loss]
    errors = tuple(
        Variable(f"E{number}", loss.error(target, output), f"error of output {number}")
        for number, (target, output) in enumerate(zip(targets, signals, strict=True), start=1)
    )
    total_loss = Variable("E_total", loss.total(errors), f"the loss: {loss.words}")
    rate = Variable("η", None, "learning rate")
    return NetworkGraph(
        spec, given, tuple(parameters), inputs, targets, tuple(layers), errors, total_loss, rate
    )


def _given(
    given: dict[Variable, float], letter: str, values: Sequence[float], meanings: Sequence[str]
) -> tuple[Variable, ...]:
    """Name given numbers with a letter, counting on from those named with it before."""
    start = sum(variable.name.startswith(letter) for variable in given) + 1
    named = tuple(
        Variable(f"{letter}{number}", None, meaning)
        for number, meaning in enumerate(meanings, start)
    )
    given.update(zip(named, values, strict=True))
    return named


def _numbered(words: str, values: Sequence[float]) -> list[str]:
    return [f"{words} {number}" for number in range(1, len(values) + 1)]


def _layer(
    spec: NetworkSpec, number: int, signals: Sequence[Variable], given: dict[Variable, float]
) -> LayerGraph:
    layer, width = spec.layers[number], len(signals)
    names, words = zip(
        *(_unit_name(spec, number, unit) for unit in range(layer.units)), strict=True
    )
    flat = [weight for row in layer.weights for weight in row]
    ways = [f"from {signal.name} to {name}" for name in names for signal in signals]
    weights = _given(given, "w", flat, ways)
    rows = tuple(weights[unit * width : (unit + 1) * width] for unit in range(layer.units))
    into = [f"into {name}" for name in names] if len(layer.biases) > 1 else ["into every unit"]
    biases = _given(given, "b", layer.biases, into[: len(layer.biases)])
    sums, activations = [], []
    for unit, row in enumerate(rows):
        terms = [weight * signal for weight, signal in zip(row, signals, strict=True)]
        bias = biases[unit : unit + 1] if len(biases) > 1 else biases
        weighted = total([*terms, *bias])
        sums.append(Variable(names[unit], weighted, f"weighted sum into {words[unit]}"))
        bent, meaning = ACTIVATIONS[layer.activation](sums[-1]), f"output of {words[unit]}"
        activations.append(Variable(f"a_{names[unit]}", bent, f"{layer.activation} {meaning}"))
    return LayerGraph(rows, biases, tuple(sums), tuple(activations))


def _unit_name(spec: NetworkSpec, number: int, unit: int) -> tuple[str, str]:
    """The name of a 0-based unit of a 0-based layer, and what it is in words."""
    if number == len(spec.layers) - 1:
        return f"o{unit + 1}", f"output unit {unit + 1}"
    if len(spec.layers) == 2:
        return f"h{unit + 1}", f"hidden unit {unit + 1}"
    return f"h{number + 1}_{unit + 1}", f"unit {unit + 1} of hidden layer {number + 1}"
