"""Is a workbook right? Its cells against a second engine, the library and other gradients."""

import math
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

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
from gradsheet.workbook.inputs_layout import place_fields
from gradsheet.workbook.layout import (
    FIRST_ROW,
    GRADIENT_SHEET,
    TABLE_COLUMN,
    rate_sheet,
    training_columns,
)
from gradsheet.workbook.made_from import MadeFrom, cell_ref, read_made_from

TOLERANCE = 1e-9
DIFFERENCE_TOLERANCE = 1e-6
"""Of central differences, which are rounded and cut off themselves."""
CHANGE = 0.125  # added to the first weight; a large one becomes smaller by this share

# Below these sizes a difference counts as absolute; that of two like numbers is mostly rounding.
_SMALL, _SMALL_DIFFERENCE = 1e-3, 1.0
_ROUNDED = 1e-6
_LARGE = 1e6
_BATCH = 50  # parameters that are nudged at once

_NUMERAL = re.compile(r"\(?(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\)?")
_NUMERAL_TOLERANCE = 2e-5  # numbers in texts have six digits


@dataclass(frozen=True)
class Difference:
    """How far the cells of a workbook are from a reference.

    Attributes:
        what: a sheet, or the reference.
        cells: how many cells were compared.
        worst: the largest relative difference; infinite where a text or an error is not the same.
        where: the cell of the worst.
        tolerance: how large it may be.
    """

    what: str
    cells: int
    worst: float
    where: str
    tolerance: float = TOLERANCE

    @property
    def is_small(self) -> bool:
        """Whether it is within the tolerance."""
        return self.worst <= self.tolerance


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
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.xlsx"
        witness = autograd(made.network) if made.has_autograd else None
        rates = made.learning_rates
        expected_workbook(made.network, network, wanted, rates, made.updates, witness)
        expected = cached_values(wanted)
    loss = abs(evaluate([graph.loss], graph.given)[graph.loss])
    sheets = dict.fromkeys(sheet for sheet, _ in expected)
    differences = tuple(sheet_difference(sheet, found, expected, loss) for sheet in sheets)
    return differences, tuple(_gradient_differences(graph, found, made, loss))


def sheet_difference(
    sheet: str, found: Cells, expected: Cells, loss: float, *, strict: bool = False
) -> Difference:
    """The largest difference of a sheet, relative to its cell or what ``docs/workbook.md`` says.

    Args:
        sheet: its name.
        found: what an engine made of the formulas.
        expected: what they should be.
        loss: of the network.
        strict: count as absolute only below 1e-6, where a difference is the rounding of numbers
            near 1; and measure the gradient check against the loss.
    """
    if sheet == GRADIENT_SHEET:
        floor = max(_ROUNDED, loss) if strict else max(_SMALL_DIFFERENCE, loss)
    else:
        floor = _ROUNDED if strict else _SMALL
    differences = {
        str(ref.cell): _relative_difference(found.get(ref, ""), value, floor)
        for ref, value in expected.items()
        if ref.sheet == sheet
    }
    return _worst(sheet, differences)


def _worst(what: str, differences: Mapping[str, float], tolerance: float = TOLERANCE) -> Difference:
    """The largest of the relative differences, by cell."""
    worst, where = 0.0, ""
    for cell, difference in differences.items():
        if difference > worst:
            worst, where = difference, cell
    return Difference(what, len(differences), worst, where, tolerance)


def _relative_difference(found: float | str, expected: float | str, floor: float) -> float:
    """Relative to ``expected``, if that is not below ``floor``; infinite where texts differ."""
    if isinstance(expected, float) and not math.isfinite(expected):
        expected = "#NUM!"  # as a cell shows it
    if isinstance(found, str) and isinstance(expected, str):
        # A number too large to hold is #NUM! in most programs, #DIV/0! in some; some notice at
        # the end of a formula only, past the IFERROR that makes it a dash.
        overflow = {found, expected} <= {"#NUM!", "#DIV/0!", "—"}
        return 0.0 if found == expected or overflow or _same_text(found, expected) else math.inf
    if isinstance(found, str) or isinstance(expected, str):
        return math.inf
    return abs(found - expected) / max(abs(expected), floor)


def _same_text(found: str, expected: str) -> bool:
    """Whether two texts differ in the last digits of numbers only."""
    if _NUMERAL.sub("0", found) != _NUMERAL.sub("0", expected):
        return False
    pairs = zip(_NUMERAL.findall(found), _NUMERAL.findall(expected), strict=True)
    return all(
        math.isclose(float(a), float(b), rel_tol=_NUMERAL_TOLERANCE, abs_tol=1e-12)
        for a, b in pairs
    )


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
            differences[cell] = far / (_SMALL * (1 + loss) + abs(derivative))
    return _worst("central differences", differences, DIFFERENCE_TOLERANCE)


def _from_autograd(graph: NetworkGraph, shown: Shown) -> Difference:
    witness = compute(graph.spec)
    pairs = zip(graph.parameters, graph.gradients, strict=True)
    wanted = {gradient: witness.gradients[symbol_of(p)] for p, gradient in pairs}
    differences = {}
    for variable, expected in {graph.loss: witness.loss, **wanted}.items():
        cell, value = shown[variable]
        differences[cell] = _relative_difference(value, expected, _SMALL)
    return _worst(f"autograd, torch {witness.version}", differences)
