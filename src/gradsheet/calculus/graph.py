"""A network as named expressions: forward pass, loss and gradients."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gradsheet.calculus.backprop import Backward, backpropagate
from gradsheet.calculus.expression import ACTIVATIONS, Expression, Variable, total
from gradsheet.calculus.losses import LOSSES
from gradsheet.calculus.network import LayerSpec, NetworkSpec


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
        units = [unit for layer in self.layers for unit in zip(layer.sums, layer.activations, strict=True)]
        return (*(value for unit in units for value in unit), *self.errors, self.loss)

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
            Variable(f"{parameter.name}'", parameter - self.rate * gradient, "the new weight")
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
            yield from (weight for row in layer.weights for weight in row)
            yield from layer.biases
            for unit in zip(layer.sums, layer.activations, strict=True):
                yield from unit
        yield from self.errors
        yield self.loss


def build_graph(spec: NetworkSpec) -> NetworkGraph:
    """Name every value of the network that ``spec`` describes."""
    given: dict[Variable, float] = {}
    targets = _given(given, "t", spec.targets, "target of output")
    inputs = _given(given, "i", spec.inputs, "input")
    parameters: list[Variable] = []
    layers: list[LayerGraph] = []
    signals: Sequence[Variable] = inputs
    for number, layer in enumerate(spec.layers):
        weights = _given(given, "w", [w for row in layer.weights for w in row], "weight")
        biases = _given(given, "b", layer.biases, "bias")
        parameters += (*weights, *(biases if layer.train_biases else ()))
        layers.append(_layer(spec, number, weights, biases, signals))
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
    given: dict[Variable, float], letter: str, values: Sequence[float], meaning: str
) -> tuple[Variable, ...]:
    """Name given numbers with a letter, counting on from those named with it before."""
    start = sum(variable.name.startswith(letter) for variable in given) + 1
    named = tuple(
        Variable(f"{letter}{number}", None, f"{meaning} {number}")
        for number in range(start, start + len(values))
    )
    given.update(zip(named, values, strict=True))
    return named


def _layer(
    spec: NetworkSpec,
    number: int,
    weights: tuple[Variable, ...],
    biases: tuple[Variable, ...],
    signals: Sequence[Variable],
) -> LayerGraph:
    layer, width = spec.layers[number], len(signals)
    rows = tuple(weights[unit * width : (unit + 1) * width] for unit in range(layer.units))
    sums, activations = [], []
    for unit, row in enumerate(rows):
        name, words = _unit_name(spec, number, unit)
        terms = [weight * signal for weight, signal in zip(row, signals, strict=True)]
        bias = biases[unit : unit + 1] if len(biases) > 1 else biases
        sums.append(Variable(name, total([*terms, *bias]), f"weighted sum into {words}"))
        bent = ACTIVATIONS[layer.activation](sums[-1])
        activations.append(Variable(f"a_{name}", bent, f"{layer.activation} output of {words}"))
    return LayerGraph(rows, biases, tuple(sums), tuple(activations))


def _unit_name(spec: NetworkSpec, number: int, unit: int) -> tuple[str, str]:
    """The name of a 0-based unit of a 0-based layer, and what it is in words."""
    if number == len(spec.layers) - 1:
        return f"o{unit + 1}", f"output unit {unit + 1}"
    if len(spec.layers) == 2:
        return f"h{unit + 1}", f"hidden unit {unit + 1}"
    return f"h{number + 1}_{unit + 1}", f"unit {unit + 1} of hidden layer {number + 1}"
