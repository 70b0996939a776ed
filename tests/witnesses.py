"""Independent witnesses: torch's autograd, ironcalc, LibreOffice, and raw XML."""

import random
import re
import shutil
import subprocess
import zipfile
from itertools import pairwise
from pathlib import Path

import ironcalc
import openpyxl
import torch
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import coordinate_from_string

from gradsheet.calculus.network import LayerSpec, NetworkSpec

Cells = dict[tuple[str, str], float | str]

_ACTIVATIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky-relu": torch.nn.functional.leaky_relu,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "identity": lambda x: x,
}


def torch_pass(spec: NetworkSpec) -> tuple[float, dict[str, float]]:
    """The loss and the gradient of every trained parameter, by autograd in float64."""
    parameters: dict[str, torch.Tensor] = {}
    weights = biases = 0
    signal = torch.tensor(spec.inputs, dtype=torch.float64)
    for layer in spec.layers:
        rows = []
        for row in layer.weights:
            names = [f"w{weights + k + 1}" for k in range(len(row))]
            weights += len(row)
            parameters |= {n: _leaf(value) for n, value in zip(names, row, strict=True)}
            rows.append(torch.stack([parameters[n] for n in names]))
        signal = torch.stack(rows) @ signal
        if layer.biases:
            names = [f"b{biases + k + 1}" for k in range(len(layer.biases))]
            biases += len(names)
            trained = layer.train_biases
            parameters |= {n: _leaf(v, trained) for n, v in zip(names, layer.biases, strict=True)}
            signal = signal + torch.stack([parameters[n] for n in names])
        signal = _ACTIVATIONS[layer.activation](signal)  # type: ignore[no-untyped-call]
    squares = (torch.tensor(spec.targets, dtype=torch.float64) - signal) ** 2
    loss = squares.sum() / 2 if spec.loss == "half-squared-error" else squares.mean()
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = {n: float(p.grad) for n, p in parameters.items() if p.grad is not None}
    return loss.item(), gradients


def _leaf(value: float, trained: bool = True) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64, requires_grad=trained)


def random_network(seed: int) -> NetworkSpec:
    """1 to 4 layers of 1 to 6 units, of any activation, loss and kind of bias."""
    draw = random.Random(seed)
    sizes = [draw.randint(1, 6) for _ in range(draw.randint(2, 5))]
    layers = []
    for inputs, units in pairwise(sizes):
        biases = draw.choice((0, 1, units))
        layers.append(
            LayerSpec(
                weights=tuple(
                    tuple(draw.uniform(-1.5, 1.5) for _ in range(inputs)) for _ in range(units)
                ),
                activation=draw.choice(sorted(_ACTIVATIONS)),
                biases=tuple(draw.uniform(-1, 1) for _ in range(biases)),
                train_biases=draw.random() < 0.7,
            )
        )
    return NetworkSpec(
        inputs=tuple(draw.uniform(-2, 2) for _ in range(sizes[0])),
        targets=tuple(draw.uniform(-1, 1) for _ in range(sizes[-1])),
        layers=tuple(layers),
        loss=draw.choice(("half-squared-error", "mean-squared-error")),
        name=f"random-{seed}",
    )


def cached_cells(path: Path) -> Cells:
    """The value that the file itself states for every formula cell."""
    formulas = openpyxl.load_workbook(path)
    values = openpyxl.load_workbook(path, data_only=True)
    return {
        (sheet.title, cell.coordinate): values[sheet.title][cell.coordinate].value
        for sheet in formulas
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def without_caches(path: Path, target: Path) -> Path:
    """A copy of the workbook whose formula cells state no value."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                stated = rb'(?: t="\w+")?>(<f>[^<]*</f>)<v>[^<]*</v>'
                content = re.sub(stated, rb">\1", content)
            copy.writestr(name, content)
    return target


def ironcalc_cells(path: Path, typed: dict[tuple[str, str], float] | None = None) -> Cells:
    """Every cell as ironcalc computes it, after typing numbers into some."""
    model = ironcalc.load_from_xlsx(str(path))
    names = [sheet["name"] for sheet in model.get_worksheets_properties()]
    for (sheet, cell), value in (typed or {}).items():
        column, row = coordinate_from_string(cell)
        place = column_index_from_string(column)
        model.update_cell_with_number(names.index(sheet), row, place, value)
    model.evaluate()
    return {
        (names[sheet], f"{get_column_letter(column)}{row}"): model.get_cell_value(
            sheet, row, column
        )  # type: ignore[misc]  # an empty cell would be None
        for sheet, row, column in model.get_all_cells()
    }


LIBREOFFICE = shutil.which("soffice") or shutil.which("libreoffice")

_RECALCULATE_ON_LOAD = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"""


def libreoffice_cells(path: Path, folder: Path) -> Cells:
    """Every formula cell as LibreOffice computes it."""
    assert LIBREOFFICE
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_RECALCULATE_ON_LOAD)
    out = folder / "out"
    command = [LIBREOFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless"]
    command += ["--convert-to", "xlsx", "--outdir", str(out), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return cached_cells(out / path.name)
