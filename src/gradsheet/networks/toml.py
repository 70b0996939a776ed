"""Networks as TOML text: the presets, and files to read and to write."""

import json
import re
import tomllib
import warnings
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from gradsheet.deprecation import FormerKey
from gradsheet.errors import GradsheetError, reason
from gradsheet.files import read_text
from gradsheet.networks.spec import FieldError, LayerSpec, NetworkSpec, check_numbers

_MOST_CHARACTERS = 2_000_000
_LONGEST_WORD = 1_000  # a number, or a name without quotes
_DEEPEST = 20  # brackets within one another; a network has three

PRESETS = ("course", "course-half", "mazur", "xor", "and", "iris-mini")


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
    return parse_network(read_text(path, "a TOML file", _MOST_CHARACTERS), str(path))


def parse_network(text: str, source: str) -> NetworkSpec:
    """The network that ``text``, TOML, describes; errors call the text ``source``."""
    _check_form(text, source)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise GradsheetError(f"{source} is not valid TOML: {reason(error)}") from error
    _rename(table, source)
    try:
        return _network(table)
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

_OLD_FIELDS = {"optimiser": "optimizer"}
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
    """A list of rows, one an example; a single example may be a plain list of numbers."""
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
