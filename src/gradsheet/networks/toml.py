"""Networks as TOML text: the presets, and files to read and to write."""

import json
import random
import re
import tomllib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from gradsheet.arguments import checked
from gradsheet.deprecation import FormerKey
from gradsheet.errors import GradsheetError, reason
from gradsheet.files import read_text
from gradsheet.networks.csv_data import Rows, read_rows
from gradsheet.networks.initial_weights import SCHEMES, draw_weights, usual_scheme
from gradsheet.networks.optimizers import OPTIMIZERS, setting_names
from gradsheet.networks.spec import FieldError, LayerSpec, NetworkSpec, check_numbers

_MOST_CHARACTERS = 2_000_000
_MOST_UNITS = 20_000  # as many numbers as a network can have
_LONGEST_WORD = 1_000  # a number, or a name without quotes
_DEEPEST = 20  # brackets within one another; a network has three

PRESETS = ("course", "course-half", "mazur", "xor", "and", "iris-mini")


@checked
def load_network(name_or_path: str | Path) -> NetworkSpec:
    """The preset of this name, or the network in this TOML file.

    Raises:
        GradsheetError: there is no such preset or file, or it does not describe a network; the
            message names the field and the line.
    """
    if isinstance(name_or_path, str) and name_or_path in PRESETS:
        text = (files("gradsheet.networks") / "presets" / f"{name_or_path}.toml").read_text("utf-8")
        return parse_network(text, name_or_path)
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.is_file():
        raise GradsheetError(
            f"no preset is called '{name_or_path}'; choose from {', '.join(PRESETS)}, or give the "
            "path of a .toml file"
        )
    text = read_text(path, "a TOML file", _MOST_CHARACTERS)
    return parse_network(text, str(path), path.parent)


def parse_network(text: str, source: str, folder: Path | None = None) -> NetworkSpec:
    """The network that ``text``, TOML, describes.

    Args:
        text: the TOML.
        source: what errors call it.
        folder: where the CSV files are that it may name; without one it may name none.
    """
    _check_form(text, source)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise GradsheetError(f"{source} is not valid TOML: {reason(error)}") from error
    _rename(table, source)
    try:
        return _network(table, folder)
    except FieldError as error:
        line = _line_of(text, error.field, error.layer)
        raise GradsheetError(f"{source}, line {line}, {error}") from error


# Texts (an unfinished one too) and comments; whatever else is brackets, words and numbers.
_TEXT = re.compile(
    r"""\"{3}(?s:.*?)(?:\"{3}|\Z)|'{3}(?s:.*?)(?:'{3}|\Z)|"(?:\\.|[^"\\\n])*+"?|'[^'\n]*+'?|\#[^\n]*+"""
)
_LONG_WORD = re.compile(rf"[\w.+-]{{{_LONGEST_WORD}}}")
_DOTTED = re.compile(r"(?:[\w-]++|\"\")(?:[ \t]*+\.[ \t]*+(?:[\w-]++|\"\")){4}")


def _check_form(text: str, source: str) -> None:
    """Refuse text on which a parser would take forever, whatever it means.

    Raises:
        GradsheetError: it is too long, its brackets lie too deep in one another, or a number or a
            name is too long.
    """
    if len(text) > _MOST_CHARACTERS:
        raise GradsheetError(f"{source} is longer than {_MOST_CHARACTERS:,} characters")
    bare = _TEXT.sub(lambda found: "" if found[0].startswith("#") else '""', text)
    if (word := _LONG_WORD.search(bare)) or (word := _DOTTED.search(bare)):
        raise GradsheetError(
            f"{source} is not valid TOML here: '{word[0][:20]}…' is no number and no field's name"
        )
    depth = 0
    for bracket in re.findall(r"[][{}]", bare):
        depth += 1 if bracket in "[{" else -1
        if depth > _DEEPEST:
            raise GradsheetError(
                f"{source} is not valid TOML here: more than {_DEEPEST} brackets are open at once"
            )


def _rename(table: dict[str, Any], source: str) -> None:
    """Put the fields of earlier versions under their present names."""
    for old, new in _OLD_FIELDS.items():
        if old in table and new not in table:
            words = f"the key '{old}' is now '{new}'; version 0.3 will not read the old one"
            warnings.warn(f"{source}: {words}", FormerKey, stacklevel=4)
            table[new] = table.pop(old)


def to_toml(spec: NetworkSpec) -> str:
    """The network as TOML text, which ``parse_network`` reads back to the same."""
    lines = [
        f"{field} = {json.dumps(getattr(spec, field), ensure_ascii=False)}"
        for field in _TEXTS
        if getattr(spec, field)
    ]
    lines.append(f"optimizer = {_optimizer_text(spec)}")
    lines += [f"l2 = {spec.l2!r}"] if spec.l2 else []
    lines += [f"learning_rates = {list(spec.learning_rates)}"] if spec.learning_rates else []
    lines += [f"updates = {spec.updates}"] if spec.updates else []
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


def _optimizer_text(spec: NetworkSpec) -> str:
    """The optimizer's name, or a table of it and its settings where they are not the usual ones."""
    if not spec.settings:
        return f'"{spec.optimizer}"'
    pairs = zip(setting_names(spec.optimizer), spec.settings, strict=True)
    settings = "".join(f", {name} = {value!r}" for name, value in pairs)
    return f'{{ name = "{spec.optimizer}"{settings} }}'


def _rows(field: str, rows: tuple[tuple[float, ...], ...]) -> list[str]:
    if field != "weights" and len(rows) == 1:
        return [f"{field} = {list(rows[0])}"]
    return [f"{field} = [", *(f"    {list(row)}," for row in rows), "]"]


# --- From TOML's tables ----------------------------------------------------------------------

_OLD_FIELDS = {"optimiser": "optimizer"}
_TEXTS = ("name", "title", "loss")
_NETWORK_FIELDS = (
    *("name", "title", "inputs", "targets", "loss", "l2", "optimizer", "learning_rates"),
    *("updates", "seed", "layers"),
)
_LAYER_FIELDS = ("units", "activation", "weights", "bias", "biases", "train_biases")


def _network(table: Mapping[str, Any], folder: Path | None) -> NetworkSpec:
    _check_fields(table, _NETWORK_FIELDS, required=("inputs", "layers"))
    layers = table["layers"]
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise FieldError("layers", "expected one [[layers]] table for each layer")
    inputs, targets = _data(table, folder)
    optimizer, settings = _optimizer(table.get("optimizer", NetworkSpec.optimizer))
    return NetworkSpec(
        inputs=inputs,
        targets=targets,
        layers=tuple(_layers(layers, len(inputs[0]), table.get("seed", 0))),
        loss=_text(table.get("loss", NetworkSpec.loss), "loss"),
        optimizer=optimizer,
        settings=settings,
        l2=_numbers([table.get("l2", NetworkSpec.l2)], "l2")[0],
        learning_rates=_numbers(table.get("learning_rates", []), "learning_rates"),
        updates=_updates(table.get("updates", NetworkSpec.updates)),
        name=_text(table.get("name", NetworkSpec.name), "name"),
        title=_text(table.get("title", NetworkSpec.title), "title"),
    )


def _updates(value: object) -> int:
    if type(value) is not int:
        raise FieldError("updates", f"{value!r} given, expected a whole number, at least 1")
    return value


def _optimizer(value: object) -> tuple[str, tuple[float, ...]]:
    """The name and the settings of ``"adam"`` or ``{ name = "adam", beta1 = 0.8 }``."""
    if not isinstance(value, dict):
        return _text(value, "optimizer"), ()
    name = _text(value.get("name"), "optimizer")
    if name not in OPTIMIZERS:
        return name, ()  # the network itself says what is possible
    names = setting_names(name)
    for key in value:
        if key not in ("name", *names):
            known = ", ".join(names) or "none"
            raise FieldError("optimizer", f"'{key}' is no setting of {name}, which has {known}")
    if len(value) == 1:
        return name, ()
    usual = [number for _, number, _ in OPTIMIZERS[name].settings]
    pairs = zip(names, usual, strict=True)
    return name, _numbers([value.get(key, number) for key, number in pairs], "optimizer")


# --- Examples --------------------------------------------------------------------------------


def _data(table: Mapping[str, Any], folder: Path | None) -> tuple[Rows, Rows]:
    """The inputs and the targets; of one CSV file the last columns are the targets."""
    inputs = _examples(table["inputs"], "inputs", folder)
    if "targets" in table:
        return inputs, _examples(table["targets"], "targets", folder)
    outputs = _outputs(table["layers"])
    if not isinstance(table["inputs"], str):
        raise FieldError("targets", "missing")
    if len(inputs[0]) <= outputs:
        problem = f"{len(inputs[0])} columns; expected inputs, then {outputs} for the targets"
        raise FieldError("inputs", problem)
    split = [(row[:-outputs], row[-outputs:]) for row in inputs]
    return tuple(row for row, _ in split), tuple(row for _, row in split)


def _outputs(layers: Sequence[Mapping[str, Any]]) -> int:
    """The number of units of the last layer."""
    last = layers[-1] if layers else {}
    weights = last.get("weights")
    units = len(weights) if isinstance(weights, list) else last.get("units")
    if type(units) is not int or not 0 < units <= _MOST_UNITS:
        raise FieldError("units", f"{units!r} given, expected a whole number", len(layers))
    return units


# --- Layers ----------------------------------------------------------------------------------


def _layers(tables: Sequence[Mapping[str, Any]], width: int, seed: object) -> Iterator[LayerSpec]:
    if type(seed) is not int:
        raise FieldError("seed", f"{seed!r} given, expected a whole number")
    draw = random.Random(seed)
    for number, table in enumerate(tables, start=1):
        layer = _layer(table, number, width, draw)
        width = layer.units
        yield layer


def _layer(table: Mapping[str, Any], number: int, width: int, draw: random.Random) -> LayerSpec:
    _check_fields(table, _LAYER_FIELDS, required=(), layer=number)
    activation = _text(table.get("activation", LayerSpec.activation), "activation", number)
    weights = table.get("weights", usual_scheme(activation))
    if isinstance(weights, str):
        rows = _drawn(weights, table, number, width, draw)
    elif isinstance(weights, list):
        rows = tuple(_numbers(row, "weights", number) for row in weights)
    else:
        raise FieldError("weights", "expected a list of rows, one for each unit", number)
    if "units" in table and table["units"] != len(rows):
        raise FieldError(
            "units", f"{table['units']!r} announced, but weights has {len(rows)} rows", number
        )
    if "bias" in table and "biases" in table:
        raise FieldError(
            "biases", "bias (shared) and biases (one per unit) exclude each other", number
        )
    biases = [table["bias"]] if "bias" in table else table.get("biases", [])
    train = table.get("train_biases", LayerSpec.train_biases)
    if not isinstance(train, bool):
        raise FieldError("train_biases", f"{train!r} given, expected true or false", number)
    return LayerSpec(
        weights=rows,
        activation=activation,
        biases=_numbers(biases, "bias" if "bias" in table else "biases", number),
        train_biases=train,
    )


def _drawn(
    scheme: str, table: Mapping[str, Any], number: int, width: int, draw: random.Random
) -> Rows:
    """Random weights of a layer whose number of units is given."""
    if scheme not in SCHEMES:
        known = " or ".join(f'"{name}"' for name in SCHEMES)
        raise FieldError(
            "weights", f"{scheme!r} given, expected rows of numbers or {known}", number
        )
    units = table.get("units")
    if units is None:
        raise FieldError("weights", "missing; give rows of numbers, or units to draw them", number)
    if type(units) is not int or not 0 < units * max(1, width) <= _MOST_UNITS:
        most = f"a whole number, and at most {_MOST_UNITS:,} weights"
        raise FieldError("units", f"{units!r} given, expected {most}", number)
    return draw_weights(scheme, width, units, draw)


def _examples(value: object, field: str, folder: Path | None) -> Rows:
    """A list of rows, one per example, or a CSV file; a single example may be a list of numbers."""
    if isinstance(value, str):
        if folder is None:
            raise FieldError(field, f"{value[:80]!r} given; only a file can name a CSV file")
        try:
            rows = read_rows(folder, value)
        except GradsheetError as error:
            raise FieldError(field, str(error)) from error
        return tuple(_numbers(list(row), field) for row in rows)
    if isinstance(value, list) and any(isinstance(item, list) for item in value):
        return tuple(_numbers(row, field) for row in value)
    return (_numbers(value, field),)


def _numbers(value: object, field: str, layer: int | None = None) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise FieldError(field, f"{value!r} given, expected a list of numbers", layer)
    check_numbers(field, value, layer)  # before float(), which not every integer fits
    return tuple(map(float, value))


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
    if layer is not None and not re.search(r"^[ \t]*\[\[[ \t]*layers", text, re.MULTILINE):
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
