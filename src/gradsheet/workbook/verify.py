"""Is a workbook right? Its cells against a second engine, the library and other gradients."""

import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gradsheet.arguments import checked
from gradsheet.deprecation import warn_renamed
from gradsheet.networks.central_differences import NudgedNetworks
from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.symbols import symbol_of
from gradsheet.networks.torch_reference import autograd, compute, is_torch_installed
from gradsheet.spreadsheet.recalculate import Cells, cached_values, recalculated
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.render import plain
from gradsheet.symbolic.tape import evaluate
from gradsheet.workbook.build import expected_workbook
from gradsheet.workbook.differences import (
    SMALL,
    Difference,
    moves_of,
    relative_difference,
    rounded_at_random,
    sheet_difference,
    worst_of,
)
from gradsheet.workbook.inputs_layout import place_fields
from gradsheet.workbook.layout import (
    FIRST_ROW,
    TABLE_COLUMN,
    rate_sheet,
    training_columns,
)
from gradsheet.workbook.made_from import MadeFrom, cell_ref, read_made_from

DIFFERENCE_TOLERANCE = 1e-6
"""Of central differences, which are rounded and cut off themselves."""
CHANGE = 0.125  # added to the first weight; a large one becomes smaller by this share

_LARGE = 1e6
_BATCH = 50  # parameters that are nudged at once


@dataclass(frozen=True)
class Verification:
    """What came of verifying a workbook.

    Attributes:
        engine: what recalculated it.
        changed: which number was changed, from what to what.
        as_made: for each sheet the difference from the library before the change.
        after_change: the same after it.
        gradients: for each other witness of the gradients the difference before and after.
        note: which witness was missing, and why; else empty.
    """

    engine: str
    changed: str
    as_made: tuple[Difference, ...]
    after_change: tuple[Difference, ...]
    gradients: tuple[tuple[Difference, Difference], ...]
    note: str

    @property
    def is_verified(self) -> bool:
        """Whether every difference is within its tolerance."""
        witnesses = [difference for pair in self.gradients for difference in pair]
        return all(d.is_small for d in (*self.as_made, *self.after_change, *witnesses))

    @property
    def sensitive(self) -> int:
        """How many cells rounding alone moves by more than the tolerance."""
        return sum(d.sensitive for d in (*self.as_made, *self.after_change))


@checked
def verify_workbook(path: str | Path, *, engine: str = "ironcalc") -> Verification:
    """Recalculate a workbook, as it was made and with the first weight changed, and compare it.

    Every formula is compared with the library, and every gradient of the first row with central
    differences and, where torch is installed, with its autograd. Numbers typed on the inputs sheet
    since it was made are put back first.

    Args:
        path: a workbook written by ``write_workbook``.
        engine: the program that recalculates it: ``ironcalc``, ``formualizer``, ``libreoffice``,
            ``gnumeric`` or ``onlyoffice``.

    Raises:
        GradsheetError: the file cannot be read, was not made by gradsheet, or is an exercise.
    """
    path = Path(path)
    made = read_made_from(path)
    graph = build_graph(made.network)
    weight = made.network.layers[0].weights[0][0]
    moved = weight + CHANGE if abs(weight) < _LARGE else weight * (1 - CHANGE)
    changed = _with_first_weight(made.network, moved)
    (as_made, before), (after_change, after) = (
        _compare(path, engine, made, network) for network in (made.network, changed)
    )
    first = plain(graph.layers[0].weights[0][0].markup)
    words = f"{first}: {weight:g} → {moved:g}"
    pairs = tuple(zip(before, after, strict=True))
    note = "" if is_torch_installed() else NO_TORCH
    return Verification(engine, words, as_made, after_change, pairs, note)


NO_TORCH = "not compared with autograd: PyTorch is not installed"


def verify(path: str | Path, engine: str = "ironcalc") -> Verification:
    """``verify_workbook`` under its former name."""
    warn_renamed("verify()", "verify_workbook()")
    return verify_workbook(path, engine=engine)


def _with_first_weight(spec: NetworkSpec, value: float) -> NetworkSpec:
    layer = spec.layers[0]
    row = (value, *layer.weights[0][1:])
    moved: LayerSpec = replace(layer, weights=(row, *layer.weights[1:]))
    return replace(spec, layers=(moved, *spec.layers[1:]))


def _compare(
    path: Path, engine: str, made: MadeFrom, network: NetworkSpec
) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """The workbook with the numbers of ``network``: its sheets, then its gradients."""
    graph = build_graph(network)
    found = recalculated(path, made.typed(graph), engine)
    expected = _expected(made, network)
    loss = abs(evaluate([graph.loss], graph.given)[graph.loss])
    sheets = dict.fromkeys(sheet for sheet, _ in expected)
    differences = tuple(sheet_difference(sheet, found, expected, loss) for sheet in sheets)
    if not all(difference.is_small for difference in differences):
        moves = moves_of(expected, rounded_at_random(lambda: _expected(made, network)))
        differences = tuple(
            sheet_difference(sheet, found, expected, loss, moves=moves) for sheet in sheets
        )
    return differences, tuple(_gradient_differences(graph, found, made, loss))


def _expected(made: MadeFrom, network: NetworkSpec) -> Cells:
    """What the library has for every cell after the numbers of ``network`` were typed in."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.xlsx"
        witness = autograd(made.network) if made.has_autograd else None
        rates = made.learning_rates
        expected_workbook(made.network, network, wanted, rates, made.updates, witness)
        return cached_values(wanted)


# --- Other witnesses of the gradients --------------------------------------------------------


def _gradient_differences(
    graph: NetworkGraph, found: Cells, made: MadeFrom, loss: float
) -> Iterator[Difference]:
    """The first row of the first training table against each witness of its gradients."""
    sheet = rate_sheet(made.learning_rates[0])
    fields = place_fields(graph, made.learning_rates, made.network)
    columns = training_columns(graph, fields.addresses)
    refs = {
        column.variable: cell_ref(sheet, (FIRST_ROW, number))
        for number, column in enumerate(columns, start=TABLE_COLUMN + 1)
    }
    shown = {variable: (str(ref.cell), found.get(ref, "")) for variable, ref in refs.items()}
    yield _from_central_differences(graph, shown, loss)
    if is_torch_installed():
        yield _from_autograd(graph, shown)


Shown = Mapping[Variable, tuple[str, float | str]]
"""For each value its cell and what the cell shows."""


def _from_central_differences(graph: NetworkGraph, shown: Shown, loss: float) -> Difference:
    differences: dict[str, float] = {}
    for start in range(0, len(graph.parameters), _BATCH):
        nudged = NudgedNetworks(graph, graph.parameters[start : start + _BATCH])
        for number, gradient in enumerate(graph.gradients[start : start + _BATCH]):
            derivative = nudged.derivative(number)
            if nudged.kinks(number) or not math.isfinite(derivative):
                continue
            cell, value = shown[gradient]
            far = math.inf if isinstance(value, str) else abs(value - derivative)
            differences[cell] = far / (SMALL * (1 + loss) + abs(derivative))
    return worst_of("central differences", differences, DIFFERENCE_TOLERANCE)


def _from_autograd(graph: NetworkGraph, shown: Shown) -> Difference:
    witness = compute(graph.spec)
    pairs = zip(graph.parameters, graph.gradients, strict=True)
    wanted = {gradient: witness.gradients[symbol_of(p)] for p, gradient in pairs}
    differences = {}
    for variable, expected in {graph.loss: witness.loss, **wanted}.items():
        cell, value = shown[variable]
        differences[cell] = relative_difference(value, expected, SMALL)
    return worst_of(f"autograd, torch {witness.version}", differences)
