"""A network as named expressions: forward pass, loss, gradients and updates."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gradsheet.networks.losses import Output, loss_named
from gradsheet.networks.optimizers import Steps
from gradsheet.networks.own_units import OwnUnit
from gradsheet.networks.softmax import name_outputs, softmax_parts
from gradsheet.networks.spec import SOFTMAX, LayerSpec, NetworkSpec
from gradsheet.networks.step_units import STEP_UNITS
from gradsheet.networks.symbols import (
    LEARNING_RATE,
    LOSS,
    Kind,
    Symbol,
    name_derivative,
    named,
    symbol_of,
)
from gradsheet.networks.update_rules import UPDATE_RULES
from gradsheet.symbolic.differentiate import Backward, backpropagate
from gradsheet.symbolic.expression import Expression, Variable, apply, expand
from gradsheet.symbolic.operations import (
    ACTIVATION_NAMES,
    ACTIVATIONS,
    EXPONENTIAL,
    SQUARE,
    total,
)

_UNITS = {**ACTIVATIONS, **STEP_UNITS}


@dataclass(frozen=True)
class LayerGraph:
    """The parameters of one layer.

    Attributes:
        weights: (units, inputs).
        biases: none, one shared by all units, or one per unit.
        units: the symbol of each unit, ``h1``, which is that of its pre-activation.
        words: of each unit what it is.
    """

    weights: tuple[tuple[Variable, ...], ...]
    biases: tuple[Variable, ...]
    units: tuple[Symbol, ...]
    words: tuple[str, ...]

    @property
    def flat_weights(self) -> tuple[Variable, ...]:
        """The weights in the order of their numbers, unit after unit."""
        return tuple(weight for row in self.weights for weight in row)


@dataclass(frozen=True)
class LayerPass:
    """What one layer computes of one example.

    Attributes:
        pre_activations: of each unit the weighted sum of its inputs, ``h``.
        activations: of each unit the output ``a_h``.
        shared: of a softmax what its units share: the largest pre-activation ``m``, the sum of
            the exponentials ``S`` and its logarithm ``L``.
    """

    pre_activations: tuple[Variable, ...]
    activations: tuple[Variable, ...]
    shared: tuple[Variable, ...] = ()

    @property
    def units(self) -> tuple[tuple[Variable, Variable], ...]:
        """Of each unit its pre-activation and its activation."""
        return tuple(zip(self.pre_activations, self.activations, strict=True))

    @property
    def values(self) -> tuple[Variable, ...]:
        """Everything computed, each after what it is computed from."""
        if self.shared:
            return (*self.pre_activations, *self.shared, *self.activations)
        return tuple(value for unit in self.units for value in unit)


@dataclass(frozen=True)
class Example:
    """One training example and what the network makes of it.

    Attributes:
        inputs: its numbers.
        targets: what the outputs should be.
        layers: what each layer computes.
        errors: of each output its part of the loss, ``E1``.
        losses: its loss, where it is one of several and has several outputs, ``E^{(2)}``.
    """

    inputs: tuple[Variable, ...]
    targets: tuple[Variable, ...]
    layers: tuple[LayerPass, ...]
    errors: tuple[Variable, ...]
    losses: tuple[Variable, ...]

    @property
    def judged(self) -> tuple[Variable, ...]:
        """How far it is from its targets, output by output and in all."""
        return (*self.errors, *self.losses)


@dataclass(frozen=True)
class NetworkGraph:
    """A network's named expressions, and the numbers it starts from.

    Attributes:
        given: for each input, target, weight, bias and setting of the optimizer its value; of a
            parameter the value it starts from.
        parameters: the weights and biases that are trained, in the order of the layers.
        layers: the parameters, layer by layer.
        examples: the training examples.
        loss: what is minimized, ``E_total``.
        rate: the learning rate ``η``; it is not in ``given``.
        settings: those of the optimizer.
        regularizer: what is added to the loss of the examples, ``E_reg``, where something is.
        penalty: the weight of it, ``λ``.
    """

    spec: NetworkSpec
    given: dict[Variable, float]
    parameters: tuple[Variable, ...]
    layers: tuple[LayerGraph, ...]
    examples: tuple[Example, ...]
    loss: Variable
    rate: Variable
    settings: tuple[Variable, ...]
    regularizer: tuple[Variable, ...] = ()
    penalty: tuple[Variable, ...] = ()

    @cached_property
    def forward(self) -> tuple[Variable, ...]:
        """Every value that is computed, each after those it is computed from."""
        values: list[Variable] = []
        for example in self.examples:
            for layer in example.layers:
                values += layer.values
            values += example.judged
        return (*values, *self.regularizer, self.loss)

    @cached_property
    def backward(self) -> Backward:
        """The gradients, and the local derivatives they are made of."""
        return backpropagate(self.forward, self.loss, self.parameters, name_derivative)

    @cached_property
    def gradients(self) -> tuple[Variable, ...]:
        """The derivative of the loss with respect to each parameter, in their order."""
        return tuple(self.backward.gradients[parameter] for parameter in self.parameters)

    @cached_property
    def steps(self) -> Steps:
        """What one update does to the parameters, and what the optimizer remembers."""
        gradients = tuple(zip(self.parameters, self.gradients, strict=True))
        return UPDATE_RULES[self.spec.optimizer].step(gradients, self.rate, *self.settings)

    @cached_property
    def deltas(self) -> tuple[Variable, ...]:
        """The derivative of the loss by each pre-activation, the output layer first."""
        gradients = self.backward.gradients
        return tuple(
            gradients[value]
            for number in reversed(range(len(self.layers)))
            for example in self.examples
            for value in example.layers[number].pre_activations
            if value in gradients
        )

    def written_out(self, definition: Expression, keep: Callable[[Variable], bool]) -> Expression:
        """A definition over the variables to keep, a softmax's outputs in it by their names."""
        expression = expand(definition, keep)
        for example in self.examples:
            layer = example.layers[-1]
            if layer.shared:
                expression = name_outputs(expression, layer.units, layer.shared)
        return expression

    def table(self) -> Iterator[Variable]:
        """What one iteration shows, in the familiar order.

        Targets, inputs, then of each layer the weights, the biases and of each unit its
        pre-activation and its activation, then the errors and the loss.
        """
        for example in self.examples:
            yield from example.targets
        for example in self.examples:
            yield from example.inputs
        for number, layer in enumerate(self.layers):
            yield from layer.flat_weights
            yield from layer.biases
            for example in self.examples:
                yield from example.layers[number].values
        for example in self.examples:
            yield from example.judged
        yield from self.regularizer
        yield self.loss


def build_graph(spec: NetworkSpec) -> NetworkGraph:
    """Name every value of the network that ``spec`` describes."""
    return _Builder(spec).build()


@dataclass
class _Builder:
    """Names values, counting on from those of the same kind before."""

    spec: NetworkSpec
    given: dict[Variable, float] = field(default_factory=dict)
    counts: dict[Kind, int] = field(default_factory=dict)

    def build(self) -> NetworkGraph:
        spec = self.spec
        count = len(spec.inputs)
        marks = list(range(1, count + 1)) if count > 1 else [None]
        data = [self._data(*end) for end in zip(spec.inputs, spec.targets, marks, strict=True)]
        layers = tuple(self._layer(number) for number in range(len(spec.layers)))
        examples = tuple(
            self._example(layers, inputs, targets, mark)
            for (inputs, targets), mark in zip(data, marks, strict=True)
        )
        parameters: list[Variable] = []
        for layer, described in zip(layers, spec.layers, strict=True):
            parameters += layer.flat_weights
            parameters += layer.biases if described.train_biases else ()
        settings = tuple(self._settings())
        penalty, regularizer = self._regularizer(layers)
        rate = named(LEARNING_RATE, None, "learning rate")
        loss = self._loss(examples, regularizer)
        names = (tuple(parameters), layers, examples, loss, rate, settings, regularizer, penalty)
        return NetworkGraph(spec, self.given, *names)

    def _data(
        self, inputs: Sequence[float], targets: Sequence[float], mark: int | None
    ) -> tuple[tuple[Variable, ...], tuple[Variable, ...]]:
        """The names of one example's inputs and targets."""
        where = f" of example {mark}" if mark else ""
        ends: list[tuple[Variable, ...]] = []
        for kind, words, values in (
            (Kind.TARGET, "target of output", targets),
            (Kind.INPUT, "input", inputs),
        ):
            ends.append(
                tuple(
                    named(Symbol(kind, (number,), mark), None, f"{words} {number}{where}")
                    for number in range(1, len(values) + 1)
                )
            )
            self.given.update(zip(ends[-1], values, strict=True))
        return ends[1], ends[0]

    def _layer(self, number: int) -> LayerGraph:
        layer, before = self.spec.layers[number], self.spec.sizes[number]
        units = range(layer.units)
        names, words = zip(*(_unit_name(self.spec, number, unit) for unit in units), strict=True)
        signals = [Symbol(Kind.INPUT, (k + 1,)) for k in range(before)]
        if number:
            signals = [_unit_name(self.spec, number - 1, k)[0].activation for k in range(before)]
        flat = [weight for row in layer.weights for weight in row]
        ways = [f"from {start.plain} to {end.plain}" for end in names for start in signals]
        weights = self._count(Kind.WEIGHT, flat, ways)
        rows = tuple(weights[unit * before : (unit + 1) * before] for unit in units)
        own = len(layer.biases) == layer.units
        into = [f"into {end.plain}" for end in names] if own else ["into every unit"]
        return LayerGraph(rows, self._count(Kind.BIAS, layer.biases, into), names, words)

    def _count(
        self, kind: Kind, values: Sequence[float], meanings: Sequence[str]
    ) -> tuple[Variable, ...]:
        start = self.counts.get(kind, 0) + 1
        self.counts[kind] = start + len(values) - 1
        counted = tuple(
            named(Symbol(kind, (number,)), None, meaning)
            for number, meaning in zip(range(start, start + len(values)), meanings, strict=False)
        )
        self.given.update(zip(counted, values, strict=True))
        return counted

    def _settings(self) -> Iterator[Variable]:
        usual = UPDATE_RULES[self.spec.optimizer].settings
        values = self.spec.settings or [value for _, value, _ in usual]
        for (symbol, _, meaning), value in zip(usual, values, strict=True):
            setting = named(symbol, None, meaning)
            self.given[setting] = value
            yield setting

    def _regularizer(
        self, layers: Sequence[LayerGraph]
    ) -> tuple[tuple[Variable, ...], tuple[Variable, ...]]:
        """The weight of what is added to the loss, and what is added."""
        if not self.spec.l2:
            return (), ()
        words = "regularization: how much the squares of the weights count"
        penalty = named(Symbol(Kind.PENALTY), None, words)
        self.given[penalty] = self.spec.l2
        squares = total(apply(SQUARE, w) for layer in layers for w in layer.flat_weights)
        words = "regularization term: half of λ times the squares of the weights"
        return (penalty,), (named(Symbol(Kind.REGULARIZER), 0.5 * penalty * squares, words),)

    def _example(
        self,
        layers: Sequence[LayerGraph],
        inputs: tuple[Variable, ...],
        targets: tuple[Variable, ...],
        mark: int | None,
    ) -> Example:
        passes: list[LayerPass] = []
        signals = inputs
        for layer, described in zip(layers, self.spec.layers, strict=True):
            passes.append(_layer_pass(layer, described, signals, mark))
            signals = passes[-1].activations
        last, loss = passes[-1], loss_named(self.spec.loss, len(targets))
        log_sum = last.shared[-1] if last.shared else None
        where = f", example {mark}" if mark else ""
        errors = tuple(
            named(
                Symbol(Kind.ERROR, (number,), mark),
                loss.error(target, Output(*unit, log_sum)),
                f"error of output {number}{where}",
            )
            for number, (target, unit) in enumerate(zip(targets, last.units, strict=True), start=1)
        )
        whole = loss.total(errors)
        if mark is None or isinstance(whole, Variable):
            return Example(inputs, targets, tuple(passes), errors, ())
        symbol = Symbol(Kind.EXAMPLE_LOSS, (), mark)
        own = named(symbol, whole, f"loss{where}: {loss.described(len(targets))}")
        return Example(inputs, targets, tuple(passes), errors, (own,))

    def _loss(self, examples: Sequence[Example], regularizer: Sequence[Variable]) -> Variable:
        outputs = self.spec.layers[-1].units
        loss = loss_named(self.spec.loss, outputs)
        words, more = (
            f"the loss: {loss.described(outputs)}",
            "; plus ½·λ·Σ w²" if regularizer else "",
        )
        if len(examples) == 1:
            whole = loss.total(examples[0].errors)
            return named(LOSS, total([whole, *regularizer]), f"{words}{more}")
        mean = total(example.judged[-1] for example in examples) / len(examples)
        words = f"{words}; the mean over the examples{more}"
        return named(LOSS, total([mean, *regularizer]), words)


def _layer_pass(
    layer: LayerGraph, described: LayerSpec, signals: Sequence[Variable], mark: int | None
) -> LayerPass:
    where = f", example {mark}" if mark else ""
    pre_activations: list[Variable] = []
    for unit, (symbol, words) in enumerate(zip(layer.units, layer.words, strict=True)):
        terms = [
            weight * signal for weight, signal in zip(layer.weights[unit], signals, strict=True)
        ]
        bias = layer.biases[unit : unit + 1] if len(layer.biases) > 1 else layer.biases
        weighted = total([*terms, *(b if described.bias_sign > 0 else -b for b in bias)])
        meaning = f"pre-activation of {words}{where}"
        pre_activations.append(named(symbol.in_example(mark), weighted, meaning))
    shared = softmax_parts(pre_activations, mark) if described.activation == SOFTMAX else ()

    def activation(value: Variable) -> Expression:
        if shared:
            return apply(EXPONENTIAL, value - shared[-1])
        unit = described.activation
        return unit(value) if isinstance(unit, OwnUnit) else _UNITS[unit](value)

    kind = ACTIVATION_NAMES.get(described.activation, described.activation)
    activations = tuple(
        named(
            symbol_of(value).activation,
            activation(value),
            f"activation of {words}{where}: {kind}",
        )
        for value, words in zip(pre_activations, layer.words, strict=True)
    )
    return LayerPass(tuple(pre_activations), activations, shared)


def _unit_name(spec: NetworkSpec, number: int, unit: int) -> tuple[Symbol, str]:
    """The symbol of a 0-based unit of a 0-based layer, and what it is in words."""
    if number == len(spec.layers) - 1:
        return Symbol(Kind.OUTPUT, (unit + 1,)), f"output unit {unit + 1}"
    if len(spec.layers) == 2:
        return Symbol(Kind.HIDDEN, (unit + 1,)), f"hidden unit {unit + 1}"
    numbers = (number + 1, unit + 1)
    return Symbol(Kind.HIDDEN, numbers), f"unit {unit + 1} of hidden layer {number + 1}"
