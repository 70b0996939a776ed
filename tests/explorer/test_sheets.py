"""The workbooks in backprop.html, recalculated by the engine in the page, against the library."""

import gzip
import io
import json
import random
import re
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from gradsheet.explorer import build
from gradsheet.explorer.sheets import RATE, UPDATES, without_values
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.sweep import sweep
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.workbook.build import write_workbook
from tests.explorer.nodes import bundle, needs_node

RUNTIME = Path(build.__file__).parent / "runtime"


def with_other_numbers(spec: NetworkSpec) -> NetworkSpec:
    """The same structure with other weights."""
    draw = random.Random(spec.name)
    return replace(
        spec,
        layers=tuple(
            replace(
                layer,
                weights=tuple(tuple(draw.uniform(-1, 1) for _ in row) for row in layer.weights),
            )
            for layer in spec.layers
        ),
    )


@needs_node
@pytest.mark.slow
def test_losses_are_the_librarys(tmp_path: Path) -> None:
    """Of each preset, with its own numbers, then with others and at another rate."""
    cases = [(load_network(name), RATE) for name in PRESETS]
    cases += [(with_other_numbers(spec), 0.3) for spec, _ in cases]
    questions = []
    for spec, rate in cases:
        graph = build_graph(spec)
        given = {variable.name: value for variable, value in graph.given.items()} | {"η": rate}
        questions.append({"preset": spec.name, "given": given, "loss": graph.loss.name})
    (tmp_path / "questions.json").write_text(json.dumps(questions))
    command = ["node", str(bundle("sheets-witness.ts", tmp_path)), str(RUNTIME)]
    done = subprocess.run(
        [*command, str(tmp_path / "questions.json")], capture_output=True, text=True, check=True
    )
    for (spec, rate), found in zip(cases, json.loads(done.stdout), strict=True):
        expected = sweep(spec, learning_rates=[rate], updates=UPDATES).loss[:, 0]
        assert found == pytest.approx(expected.tolist(), rel=1e-12, abs=1e-14), spec.name


@pytest.mark.slow
def test_the_workbooks_are_those_of_the_library(tmp_path: Path) -> None:
    """The formulas and the numbers of the sheets that the page needs."""
    write_workbook(
        load_network("and"), tmp_path / "it.xlsx", learning_rates=(RATE,), updates=UPDATES
    )
    packed = gzip.decompress((RUNTIME / "and.xlsx.gz").read_bytes())
    made = without_values((tmp_path / "it.xlsx").read_bytes())
    with zipfile.ZipFile(io.BytesIO(packed)) as kept, zipfile.ZipFile(io.BytesIO(made)) as fresh:
        for name in ("xl/worksheets/sheet2.xml", "xl/worksheets/sheet6.xml"):
            due = _CELL.findall(fresh.read(name).decode())
            assert len(due) > 50
            assert _CELL.findall(kept.read(name).decode()) == due, f"{name}: run `make sheets`"


_CELL = re.compile(r'<c r="(\w+)"(?: s="\d+")?>(<f>.*?</f>|<v>.*?</v>)')
