"""What a network is: a frozen description, from Python, a preset or a TOML file."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from gradsheet.errors import GradsheetError
from gradsheet.networks.losses import LOSSES
from gradsheet.networks.optimizers import OPTIMIZERS
from gradsheet.symbolic.operations import ACTIVATIONS

PRESETS = ("course", "course-half", "mazur", "xor", "and", "iris-mini")
SOFTMAX = "softmax"  # of all units of an output layer together, so not among ACTIVATIONS

_LARGEST = 1e15
_OUT_OF_RANGE = "a number is out of range; expected -1e15 to 1e15"
_LONGEST_TEXT = 200


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
    """

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
        name: short; it stands where there is no title.
        title: one line for people.

    Raises:
        GradsheetError: two fields contradict each other, or a value is not possible.
    """

    inputs: tuple[tuple[float, ...], ...]
    targets: tuple[tuple[float, ...], ...]
    layers: tuple[LayerSpec, ...]
    loss: str = "half-squared-error"
    optimizer: str = "sgd"
    name: str = "network"
    title: str = ""

    def __post_init__(self) -> None:
        _check_line("name", self.name)
        _check_line("title", self.title)
        _check_rows("inputs", self.inputs)
        _check_rows("targets", self.targets)
        if len(self.inputs) != len(self.targets):
            raise FieldError(
                "targets", f"{len(self.targets)} rows given for {len(self.inputs)} rows of inputs"
            )
        if not self.layers:
            raise FieldError("layers", "there are none; a network needs at least one")
        _check_name("loss", self.loss, LOSSES)
        _check_name("optimizer", self.optimizer, OPTIMIZERS)
        width = len(self.inputs[0])
        for number, layer in enumerate(self.layers, start=1):
            _check_layer(number, layer, width, last=number == len(self.layers))
            width = layer.units
        if len(self.targets[0]) != width:
            raise FieldError(
                "targets", f"{len(self.targets[0])} given, but the last layer has {width} units"
            )
        _check_loss(self)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of inputs, then of the units of each layer."""
        return len(self.inputs[0]), *(layer.units for layer in self.layers)


def load_network(name_or_path: str) -> NetworkSpec:
    """The preset of this name, or the network in this TOML file.

    Raises:
        GradsheetError: there is no such preset or file, or it does not describe a network; the
            message names the field and the line.
    """
    if name_or_path in PRESETS:
        text = (files("gradsheet.networks") / "presets" / f"{name_or_path}.toml").read_text("utf-8")
        return parse_network(text, name_or_path)
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.is_file():
        raise GradsheetError(
            f"no preset is called '{name_or_path}'; choose from {', '.join(PRESETS)}, or give the "
            "path of a .toml file"
        )
    try:
        return parse_network(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise GradsheetError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise GradsheetError(f"{path} is not UTF-8 text; expected a TOML file") from error


def parse_network(text: str, source: str) -> NetworkSpec:
    """The network that ``text``, TOML, describes; errors call the text ``source``."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GradsheetError(f"{source} is not valid TOML: {error}") from error
    try:
        return _network(table)
    except FieldError as error:
        line = _line_of(text, error.field, error.layer)
        raise GradsheetError(f"{source}, line {line}, {error}") from error


def to_toml(spec: NetworkSpec) -> str:
    """The network as TOML text, which ``parse_network`` reads back to the same."""
    lines = [
        f"{field} = {json.dumps(getattr(spec, field), ensure_ascii=False)}" for field in _TEXTS
    ]
    lines += [*_rows("inputs", spec.inputs), *_rows("targets", spec.targets)]
    for layer in spec.layers:
        lines += ["", "[[layers]]", f'activation = "{layer.activation}"']
        lines += _rows("weights", layer.weights)
        if len(layer.biases) == 1:
            lines.append(f"bias = {layer.biases[0]!r}")
        elif layer.biases:
            lines.append(f"biases = {list(layer.biases)}")
        lines += [] if layer.train_biases else ["train_biases = false"]
    return "\n".join(lines) + "\n"


def _rows(field: str, rows: tuple[tuple[float, ...], ...]) -> list[str]:
    if field != "weights" and len(rows) == 1:
        return [f"{field} = {list(rows[0])}"]
    return [f"{field} = [", *(f"    {list(row)}," for row in rows), "]"]


# --- From TOML's tables ----------------------------------------------------------------------

_TEXTS = ("name", "title", "loss", "optimizer")
_NETWORK_FIELDS = ("name", "title", "inputs", "targets", "loss", "optimizer", "layers")
_LAYER_FIELDS = ("units", "activation", "weights", "bias", "biases", "train_biases")


def _network(table: Mapping[str, Any]) -> NetworkSpec:
    _check_fields(table, _NETWORK_FIELDS, required=("inputs", "targets", "layers"))
    layers = table["layers"]
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise FieldError("layers", "expected one [[layers]] table for each layer")
    return NetworkSpec(
        inputs=_examples(table["inputs"], "inputs"),
        targets=_examples(table["targets"], "targets"),
        layers=tuple(_layer(layer, number) for number, layer in enumerate(layers, start=1)),
        loss=_text(table.get("loss", NetworkSpec.loss), "loss"),
        optimizer=_text(table.get("optimizer", NetworkSpec.optimizer), "optimizer"),
        name=_text(table.get("name", NetworkSpec.name), "name"),
        title=_text(table.get("title", NetworkSpec.title), "title"),
    )


def _layer(table: Mapping[str, Any], number: int) -> LayerSpec:
    _check_fields(table, _LAYER_FIELDS, required=("weights",), layer=number)
    weights = table["weights"]
    if not isinstance(weights, list):
        raise FieldError("weights", "expected a list of rows, one for each unit", number)
    rows = tuple(_numbers(row, "weights", number) for row in weights)
    if "units" in table and table["units"] != len(rows):
        raise FieldError(
            "units", f"{table['units']!r} announced, but weights has {len(rows)} rows", number
        )
    if "bias" in table and "biases" in table:
        raise FieldError(
            "biases", "bias (shared) and biases (one a unit) exclude each other", number
        )
    biases = [table["bias"]] if "bias" in table else table.get("biases", [])
    train = table.get("train_biases", LayerSpec.train_biases)
    if not isinstance(train, bool):
        raise FieldError("train_biases", f"{train!r} given, expected true or false", number)
    return LayerSpec(
        weights=rows,
        activation=_text(table.get("activation", LayerSpec.activation), "activation", number),
        biases=_numbers(biases, "bias" if "bias" in table else "biases", number),
        train_biases=train,
    )


def _examples(value: object, field: str) -> tuple[tuple[float, ...], ...]:
    """A list of rows, one an example; of a single example the numbers may stand alone."""
    if isinstance(value, list) and any(isinstance(item, list) for item in value):
        return tuple(_numbers(row, field) for row in value)
    return (_numbers(value, field),)


def _numbers(value: object, field: str, layer: int | None = None) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise FieldError(field, f"{value!r} given, expected a list of numbers", layer)
    for item in value:
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise FieldError(field, f"{item!r} is not a number", layer)
        if not -_LARGEST <= item <= _LARGEST:  # before float(), which not every integer fits
            raise FieldError(field, _OUT_OF_RANGE, layer)
    return tuple(float(item) for item in value)


def _text(value: object, field: str, layer: int | None = None) -> str:
    if not isinstance(value, str):
        raise FieldError(field, f"{value!r} given, expected text in quotes", layer)
    return value


def _check_fields(
    table: Mapping[str, Any],
    known: tuple[str, ...],
    required: tuple[str, ...],
    layer: int | None = None,
) -> None:
    for field in table:
        if field not in known:
            raise FieldError(field, f"unknown; expected one of {', '.join(known)}", layer)
    for field in required:
        if field not in table:
            raise FieldError(field, "missing", layer)


def _line_of(text: str, field: str, layer: int | None) -> int:
    """The 1-based line on which ``field`` of ``layer`` is set, else where its table begins."""
    if layer is not None and not re.search(r"^\s*\[\[\s*layers", text, re.MULTILINE):
        return _line_of(text, "layers", None)  # the layers are written in line
    begins, tables = 1, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r"\s*\[\[?\s*layers\s*\]", line):
            tables += 1
            begins = number if tables == layer else begins
        here = tables == layer if layer is not None else True
        if here and re.match(rf"\s*(\[+\s*)?[\"']?{re.escape(field)}[\"']?\s*[=\]]", line):
            return number
    return begins


# --- Checks ----------------------------------------------------------------------------------


def _check_layer(number: int, layer: LayerSpec, width: int, last: bool) -> None:
    _check_name("activation", layer.activation, (*ACTIVATIONS, SOFTMAX), number)
    if layer.activation == SOFTMAX and not last:
        raise FieldError("activation", "only the last layer can be a softmax", number)
    if not layer.weights:
        raise FieldError("weights", "there are none; a layer needs at least one unit", number)
    for row, weights in enumerate(layer.weights, start=1):
        if len(weights) != width:
            raise FieldError(
                "weights", f"row {row} has {len(weights)} numbers for {width} inputs", number
            )
        _check_numbers("weights", weights, number)
    if len(layer.biases) not in (0, 1, layer.units):
        raise FieldError(
            "biases", f"{len(layer.biases)} given for {layer.units} units; give one a unit", number
        )
    _check_numbers("biases", layer.biases, number)


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


def _check_rows(field: str, rows: tuple[tuple[float, ...], ...]) -> None:
    if not all(isinstance(row, tuple) for row in rows):
        raise FieldError(field, "expected a row of numbers for each example")
    if not rows or not rows[0]:
        raise FieldError(field, "there are none; a network needs at least one")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise FieldError(
                field, f"row {number} has {len(row)} numbers, the first has {len(rows[0])}"
            )
        _check_numbers(field, row)


def _check_numbers(field: str, numbers: Iterable[float], layer: int | None = None) -> None:
    for number in numbers:
        if not -_LARGEST <= number <= _LARGEST:
            raise FieldError(field, _OUT_OF_RANGE, layer)


def _check_line(field: str, text: str) -> None:
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        raise FieldError(
            field,
            f"expected one line of at most {_LONGEST_TEXT} characters, none of them a control",
        )


def _check_name(field: str, name: str, known: Iterable[str], layer: int | None = None) -> None:
    if name not in known:
        raise FieldError(field, f"'{name}' is unknown; choose from {', '.join(known)}", layer)
