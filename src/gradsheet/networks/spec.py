"""What a network is: a frozen description that checks itself."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

from gradsheet.errors import GradsheetError
from gradsheet.networks.losses import LOSSES
from gradsheet.networks.optimizers import OPTIMIZERS, setting_names
from gradsheet.symbolic.operations import ACTIVATIONS

SOFTMAX = "softmax"  # of all units of an output layer together, so not among ACTIVATIONS

_LARGEST = 1e15
_LONGEST_TEXT = 200
_MOST_LAYERS = 50
_MOST_NUMBERS = 20_000


class FieldError(GradsheetError):
    """A field of a network that cannot be right.

    Attributes:
        layer: the 1-based layer the field belongs to, None for the network's own fields.
        field: the field's name.
    """

    def __init__(self, field: str, problem: str, layer: int | None = None) -> None:
        place = field if layer is None else f"layer {layer}, {field}"
        super().__init__(f"{place}: {problem}")
        self.field, self.layer = field, layer


@dataclass(frozen=True)
class LayerSpec:
    """A fully connected layer.

    Attributes:
        weights: a row for each unit, in it a number for each input: (units, inputs).
        activation: a name in ACTIVATIONS, or, in the last layer, ``softmax``.
        biases: none, one that all units share, or one for each unit.
        train_biases: whether updates change the biases.
        bias_sign: -1 of a layer that subtracts its biases, as no layer of a network file does.
    """

    bias_sign: ClassVar[int] = 1

    weights: tuple[tuple[float, ...], ...]
    activation: str = "sigmoid"
    biases: tuple[float, ...] = ()
    train_biases: bool = True

    @property
    def units(self) -> int:
        """How many outputs the layer has."""
        return len(self.weights)


@dataclass(frozen=True)
class NetworkSpec:
    """A network, its training examples, its loss and its optimizer.

    Attributes:
        inputs: a row for each example, in it a number for each input: (examples, inputs).
        targets: likewise for each unit of the last layer: (examples, outputs).
        layers: from the inputs to the outputs; the last one is the output layer.
        loss: a name in LOSSES; what is minimized is its mean over the examples.
        optimizer: a name in OPTIMIZERS.
        settings: those of the optimizer, in its order; none for the usual ones.
        l2: λ of the term ½·λ·Σ w² that is added to the loss, over all weights but no biases.
        learning_rates: those to train at, where nothing else is asked for; none for the usual ones.
        updates: how many likewise; 0 for the usual number.
        name: short; it is shown where there is no title.
        title: one line for people.

    Raises:
        GradsheetError: two fields contradict each other, or a value is not possible.
    """

    inputs: tuple[tuple[float, ...], ...]
    targets: tuple[tuple[float, ...], ...]
    layers: tuple[LayerSpec, ...]
    loss: str = "half-squared-error"
    optimizer: str = "sgd"
    settings: tuple[float, ...] = ()
    l2: float = 0.0
    learning_rates: tuple[float, ...] = ()
    updates: int = 0
    name: str = "network"
    title: str = ""

    def __post_init__(self) -> None:
        _check_line("name", self.name)
        _check_line("title", self.title)
        _check_examples("inputs", self.inputs)
        _check_examples("targets", self.targets)
        if len(self.inputs) != len(self.targets):
            raise FieldError(
                "targets", f"{len(self.targets)} rows given for {len(self.inputs)} rows of inputs"
            )
        _check_name("loss", self.loss, LOSSES)
        _check_name("optimizer", self.optimizer, OPTIMIZERS)
        _check_training(self)
        _check_layers(self)
        _check_loss(self)
        _check_size(self)

    @property
    def numbers(self) -> int:
        """How many numbers an update shows: parameters, and of each example all but gradients."""
        units = sum(layer.units for layer in self.layers)
        parameters = sum(len(row) for layer in self.layers for row in layer.weights)
        parameters += sum(len(layer.biases) for layer in self.layers)
        example = len(self.inputs[0]) + len(self.targets[0]) + 2 * units
        return parameters + len(self.inputs) * example

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of inputs, then of the units of each layer."""
        return len(self.inputs[0]), *(layer.units for layer in self.layers)

    def _repr_svg_(self) -> str:
        """Its drawing, which notebooks show."""
        from gradsheet.figures import plot_network, svg

        return svg(plot_network(self))


# --- Checks ----------------------------------------------------------------------------------


def _check_layers(spec: NetworkSpec) -> None:
    layers, width = spec.layers, len(spec.inputs[0])
    if not isinstance(layers, tuple) or not all(isinstance(layer, LayerSpec) for layer in layers):
        raise FieldError("layers", "expected a LayerSpec for each layer")
    if not layers:
        raise FieldError("layers", "there are none; a network needs at least one")
    for number, layer in enumerate(layers, start=1):
        _check_layer(number, layer, width, last=number == len(layers))
        width = layer.units
    if len(spec.targets[0]) != width:
        raise FieldError(
            "targets", f"{len(spec.targets[0])} given, but the last layer has {width} units"
        )


def _check_layer(number: int, layer: LayerSpec, width: int, last: bool) -> None:
    _check_name("activation", layer.activation, (*ACTIVATIONS, SOFTMAX), number)
    if layer.activation == SOFTMAX and not last:
        raise FieldError("activation", "only the last layer can be a softmax", number)
    if not layer.weights:
        raise FieldError("weights", "there are none; a layer needs at least one unit", number)
    _check_rows("weights", layer.weights, "unit", number)
    for row, weights in enumerate(layer.weights, start=1):
        if len(weights) != width:
            raise FieldError(
                "weights", f"row {row} has {len(weights)} numbers for {width} inputs", number
            )
    check_numbers("biases", layer.biases, number)
    if len(layer.biases) not in (0, 1, layer.units):
        raise FieldError(
            "biases", f"{len(layer.biases)} given for {layer.units} units; give one each", number
        )
    if not isinstance(layer.train_biases, bool):
        problem = f"{layer.train_biases!r} given, expected true or false"
        raise FieldError("train_biases", problem, number)


def _check_size(spec: NetworkSpec) -> None:
    """Refuse at once what would take minutes and more than the memory before it fails."""
    if len(spec.layers) > _MOST_LAYERS:
        raise FieldError("layers", f"{len(spec.layers)} given, at most {_MOST_LAYERS}")
    if spec.numbers > _MOST_NUMBERS:
        raise FieldError(
            "inputs",
            f"the network has {spec.numbers:,} parameters and values over all examples, at most "
            f"{_MOST_NUMBERS:,}; use fewer examples or a smaller network",
        )


def _check_loss(spec: NetworkSpec) -> None:
    """A cross-entropy has a meaning with one kind of output only, and for shares as targets."""
    needed = LOSSES[spec.loss].activation
    if not needed:
        return
    number = len(spec.layers)
    if spec.layers[-1].activation != needed:
        raise FieldError("activation", f"{spec.loss} needs a last layer of '{needed}'", number)
    if any(not 0 <= target <= 1 for row in spec.targets for target in row):
        raise FieldError("targets", f"{spec.loss} needs targets from 0 to 1")


def _check_training(spec: NetworkSpec) -> None:
    check_numbers("settings", spec.settings)
    names = setting_names(spec.optimizer)
    if spec.settings and len(spec.settings) != len(names):
        given = f"{len(spec.settings)} given for {spec.optimizer}"
        raise FieldError("settings", f"{given}, which has {', '.join(names) or 'none'}")
    for name, value in zip(names, spec.settings, strict=False):
        most = 1.0 if name.startswith(("momentum", "beta")) else math.inf
        if not 0 <= value < most:
            below = " and below 1" if most == 1 else ""
            problem = f"{name} is {value!r}, expected a number from 0{below}"
            raise FieldError("optimizer", problem)
    check_numbers("l2", [spec.l2])
    if spec.l2 < 0:
        raise FieldError("l2", f"{spec.l2!r} given, expected 0 or more")
    if spec.l2 and spec.optimizer == "weight-decay":
        raise FieldError("l2", "weight-decay shrinks the weights already; use one of the two")
    check_numbers("learning_rates", spec.learning_rates)
    for rate in spec.learning_rates:
        if rate <= 0:
            raise FieldError("learning_rates", f"{rate!r} given, expected numbers above 0")
    if len(set(spec.learning_rates)) < len(spec.learning_rates):
        raise FieldError("learning_rates", "one is given twice; give each once")
    if type(spec.updates) is not int or spec.updates < 0:
        raise FieldError("updates", f"{spec.updates!r} given, expected a whole number, at least 1")


def _check_examples(field: str, rows: tuple[tuple[float, ...], ...]) -> None:
    _check_rows(field, rows, "example")
    if not rows or not rows[0]:
        raise FieldError(field, "there are none; a network needs at least one")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise FieldError(
                field, f"row {number} has {len(row)} numbers, the first has {len(rows[0])}"
            )


def _check_rows(
    field: str, rows: tuple[tuple[float, ...], ...], each: str, layer: int | None = None
) -> None:
    if not isinstance(rows, tuple) or not all(isinstance(row, tuple) for row in rows):
        raise FieldError(field, f"expected a row of numbers for each {each}", layer)
    for row in rows:
        check_numbers(field, row, layer)


def check_numbers(field: str, values: Iterable[Any], layer: int | None = None) -> None:
    """Refuse what is no number, is not finite or is too large to compute with.

    Raises:
        FieldError: one of ``values`` is.
    """
    if not isinstance(values, tuple | list):
        raise FieldError(field, f"{values!r} given, expected a list of numbers", layer)
    for value in values:
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not is_number:
            raise FieldError(field, f"{value!r} is not a number", layer)
        if not -_LARGEST <= value <= _LARGEST:
            # An integer can have thousands of digits.
            shown = "a number" if isinstance(value, int) and abs(value) > 1e20 else f"{value!r}"
            raise FieldError(field, f"{shown} is out of range; expected -1e15 to 1e15", layer)


def _check_line(field: str, text: str) -> None:
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT or not text.isprintable():
        raise FieldError(
            field,
            f"expected one line of at most {_LONGEST_TEXT} characters, none of them a control",
        )


def _check_name(field: str, name: str, known: Iterable[str], layer: int | None = None) -> None:
    if not isinstance(name, str) or name not in known:
        raise FieldError(field, f"'{name}' is unknown; choose from {', '.join(known)}", layer)
