"""Do five spreadsheet engines compute the same? Every kind of workbook, from bare formulas.

pip install --target /tmp/onlyoffice document-builder==10.0.0.170  # 290 MB, AGPL
PYTHONPATH=/tmp/onlyoffice python benchmarks/engines.py -o results/engines.json

The presets, random networks, models and the digit classifier are written, the cached values are
taken out of a copy, each engine recalculates it, and every formula cell is compared with the
library (networks) or PyTorch in float64 (models). An engine agrees where no cell of a network
differs by more than 1e-9 of its value (in Gradient check of the loss; up to 1e-15, as numbers near
1 are rounded, nothing differs), and no cell of a model by more than 1e-9 of the largest number of
its block. Each result is written as soon as it is there;
when started again, what the file holds of the same version of an engine is kept. An engine that
is not installed is left out.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))  # the networks and models are those of the tests

from training import command_line, machine, versions

from gradsheet.digits.data import load
from gradsheet.digits.model_files import load_model
from gradsheet.models.agreement import differences_of
from gradsheet.models.build import ModelWorkbook
from gradsheet.models.digit_classifier import network_input
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.recalculate import ENGINES, Cells, cached_values, recalculated
from gradsheet.symbolic.tape import evaluate
from gradsheet.workbook.build import write_workbook
from gradsheet.workbook.differences import (
    TOLERANCE,
    Difference,
    moves_of,
    rounded_at_random,
    sheet_difference,
)
from tests.models.samples import Everything, Model
from tests.reference import random_network

RATES = (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)


@dataclass(frozen=True)
class Compared:
    """How far recalculated cells are from the library's.

    Attributes:
        worst: the largest relative difference of those that are held to 1e-9.
        where: it is.
        sensitive: how many differ by more, and by no more than rounding moves them.
    """

    worst: float
    where: str
    sensitive: int = 0


Compare = Callable[[Cells], Compared]


@dataclass(frozen=True)
class Subject:
    """A workbook to recalculate.

    Attributes:
        name: in the results.
        write: writes it; returns how to compare recalculated cells with it.
    """

    name: str
    write: Callable[[Path], Compare]


def _network(spec: NetworkSpec, rates: tuple[float, ...], updates: int, path: Path) -> Compare:
    write_workbook(spec, path, learning_rates=rates, updates=updates)
    graph, expected = build_graph(spec), cached_values(path)
    loss = abs(evaluate([graph.loss], graph.given)[graph.loss])
    sheets = dict.fromkeys(sheet for sheet, _ in expected)

    @cache
    def moves() -> dict[CellRef, float]:
        return moves_of(expected, rounded_at_random(written_again))

    def written_again() -> Cells:
        with tempfile.TemporaryDirectory() as folder:
            again = Path(folder) / "again.xlsx"
            write_workbook(spec, again, learning_rates=rates, updates=updates)
            return cached_values(again)

    def differences(found: Cells, **words: Any) -> list[Difference]:
        return [sheet_difference(s, found, expected, loss, strict=True, **words) for s in sheets]

    def compare(found: Cells) -> Compared:
        plain = differences(found)
        held = differences(found, moves=moves()) if not all(d.is_small for d in plain) else plain
        worst = max(held, key=lambda difference: difference.worst)
        place = f"{worst.what}!{worst.where}" if worst.where else ""
        return Compared(worst.worst, place, sum(d.sensitive for d in held))

    return compare


def _model(model: torch.nn.Module, x: torch.Tensor, target: Any, loss: Any, path: Path) -> Compare:
    expected = ModelWorkbook(model, x, target, loss=loss).write(path)
    return lambda found: Compared(
        *max(
            (difference.relative, sheet)
            for sheet, difference in differences_of(found, expected).items()
        )
    )


def subjects() -> Iterator[Subject]:
    """The presets, 30 random networks, six models, and the digit classifier."""
    for preset in PRESETS:
        spec = load_network(preset)
        yield Subject(preset, lambda path, s=spec: _network(s, RATES, 100, path))  # type: ignore[misc]
    for seed in range(30):
        spec = random_network(seed)
        yield Subject(spec.name, lambda path, s=spec: _network(s, (0.02, 0.05), 10, path))  # type: ignore[misc]
    yield Subject("every layer", _every_layer)
    for seed in range(5):
        yield Subject(f"random model {seed}", lambda path, s=seed: _random_model(s, path))  # type: ignore[misc]
    yield Subject("digit classifier, forward", lambda path: _digits(path, backward=False))
    yield Subject("digit classifier, backward", lambda path: _digits(path, backward=True))


def _every_layer(path: Path) -> Compare:
    model = Everything()
    x = torch.randn(Everything.shape, dtype=torch.float64)
    return _model(model, x, [1, -2, 0.5], "squared-error", path)


def _random_model(seed: int, path: Path) -> Compare:
    model = Model(seed)
    x = torch.randn(model.shape, dtype=torch.float64)
    return _model(model, x, seed % 3, "cross-entropy", path)


def _digits(path: Path, *, backward: bool) -> Compare:
    test = load().test
    target = int(test.labels[0]) if backward else None
    return _model(load_model(None), network_input(test.images[0]), target, "cross-entropy", path)


def measure(path: Path, engine: str, expected: Cells, compare: Compare) -> dict[str, Any]:
    """One workbook with one engine."""
    start = sum(os.times()[:4])
    found = recalculated(path, {}, engine)
    seconds, compared = sum(os.times()[:4]) - start, compare(found)
    worst = compared.worst
    wrong = [
        cell
        for cell, value in expected.items()
        if _is_error(found.get(cell, "")) and not _is_error(value)
    ]
    return {
        "worst relative difference": worst if math.isfinite(worst) else "differs",
        "where": compared.where,
        "held to how far rounding moves them": compared.sensitive,
        "agrees": worst <= TOLERANCE and not wrong,
        "error cells": len(wrong),
        "beyond 1e-9 of their own value": sum(
            isinstance(value, float)
            and not isinstance(got := found.get(cell, ""), str)
            and abs(got - value) > TOLERANCE * abs(value)
            for cell, value in expected.items()
        ),
        "processor seconds": round(seconds, 2),
    }


def _is_error(value: float | str) -> bool:
    return isinstance(value, str) and value.startswith("#")


def _results(path: Path, engines: dict[str, dict[str, str]]) -> dict[str, Any]:
    """What the file holds of these versions of the engines."""
    before = json.loads(path.read_text()) if path.is_file() else {}
    kept = {name for name in engines if before.get("engines", {}).get(name) == engines[name]}
    books = {
        name: {**book, "engines": {e: r for e, r in book["engines"].items() if e in kept}}
        for name, book in before.get("workbooks", {}).items()
    }
    return {
        "command": command_line(),
        "machine": machine(),
        "versions": versions(("torch", "numpy", "xlsxwriter")),
        "engines": engines,
        "workbooks": books,
    }


def main() -> None:
    """Measure what is missing, with the progress and an estimate of the rest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="the JSON file to write")
    options = parser.parse_args()
    engines = {
        key: {"name": engine.name, "version": engine.version()}
        for key, engine in ENGINES.items()
        if engine.is_installed()
    }
    results = _results(options.output, engines)
    todo, start = list(subjects()), time.monotonic()
    for number, subject in enumerate(todo, start=1):
        book = results["workbooks"].setdefault(subject.name, {"engines": {}})
        missing = [engine for engine in engines if engine not in book["engines"]]
        if missing:
            _measure_all(subject, missing, book)
            options.output.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        left = (time.monotonic() - start) / number * (len(todo) - number)
        print(
            f"{number} of {len(todo)}: {subject.name}, about {left / 60:.0f} min left", flush=True
        )


def _measure_all(subject: Subject, engines: list[str], book: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        compare = subject.write(path)
        expected = cached_values(path)
        book["cells"] = len(expected)
        for engine in engines:
            found = book["engines"][engine] = measure(path, engine, expected, compare)
            words = ", ".join(f"{name} {value}" for name, value in found.items())
            print(f"    {engine}: {words}", flush=True)


if __name__ == "__main__":
    main()
