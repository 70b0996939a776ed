"""Is a workbook right? Other programs, the library and autograd, cell by cell."""

import math
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.symbols import symbol_of
from gradsheet.networks.toml import parse_network
from gradsheet.networks.torch_reference import Autograd, compute
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.model import Sheet
from gradsheet.spreadsheet.reader import read_book
from gradsheet.spreadsheet.recalculate import LARGER, Cells, cached_values, recalculated
from gradsheet.symbolic.render import plain
from gradsheet.workbook.build import write_changed
from gradsheet.workbook.exercise import MARKS_SHEET
from gradsheet.workbook.inputs_layout import CHOICE_CELL, INPUTS_SHEET, OWN, place_fields
from gradsheet.workbook.layout import (
    FIRST_ROW,
    GRADIENT_SHEET,
    NETWORK_SHEET,
    START_SHEET,
    STEP_SHEET,
    TABLE_COLUMN,
    rate_sheet,
    training_columns,
)
from gradsheet.workbook.selector import CHOSEN_EXAMPLE, CHOSEN_ITERATION, CHOSEN_RATE
from gradsheet.workbook.start import FILE_HEADING

TOLERANCE = 1e-9
CHANGE = 0.125  # added to the first weight; a large one becomes smaller by this share

# Below these sizes a difference counts as absolute; that of two like numbers is mostly rounding.
_SMALL, _SMALL_DIFFERENCE = 1e-3, 1.0
_LARGE = 1e6

_NUMERAL = re.compile(r"\(?(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\)?")
_NUMERAL_TOLERANCE = 2e-5  # numbers in texts have six digits


@dataclass(frozen=True)
class Difference:
    """How far two witnesses are apart.

    Attributes:
        what: a sheet, or what was compared with autograd.
        cells: how many cells were compared.
        worst: the largest relative difference; infinite where a text or an error is not the same.
        where: the cell of the worst.
    """

    what: str
    cells: int
    worst: float
    where: str

    @property
    def holds(self) -> bool:
        """Whether it is within the tolerance."""
        return self.worst <= TOLERANCE


@dataclass(frozen=True)
class Verification:
    """What came of verifying a workbook.

    Attributes:
        engine: what computed it again.
        changed: which number was changed, from what to what.
        as_made: for each sheet the difference from the library before the change.
        after_change: the same after it.
        autograd: the same of the loss and the gradients from torch, before and after.
    """

    engine: str
    changed: str
    as_made: tuple[Difference, ...]
    after_change: tuple[Difference, ...]
    autograd: tuple[Difference, Difference]

    @property
    def holds(self) -> bool:
        """Whether every difference is within the tolerance."""
        return all(d.holds for d in (*self.as_made, *self.after_change, *self.autograd))


@dataclass(frozen=True)
class _Made:
    """What a workbook was made from."""

    spec: NetworkSpec
    rates: tuple[float, ...]
    updates: int
    selectors: tuple[str, ...]  # the sheets on which an iteration is chosen


def verify(path: Path, engine: str = "ironcalc") -> Verification:
    """Have ``engine`` compute the workbook again, as it was made and with the first weight changed.

    Numbers typed on the inputs sheet since it was made are put back first.

    Raises:
        GradsheetError: the file cannot be read, was not made by gradsheet, or is an exercise.
    """
    made = _read(path)
    if engine == "ironcalc" and any(layer.activation == "gelu" for layer in made.spec.layers):
        raise GradsheetError(
            f"{path} has a GELU, whose normal distribution IronCalc computes to eleven digits "
            "only; use --engine libreoffice"
        )
    graph = build_graph(made.spec)
    weight = made.spec.layers[0].weights[0][0]
    moved = weight + CHANGE if abs(weight) < _LARGE else weight * (1 - CHANGE)
    changed = _with_first_weight(made.spec, moved)
    results = [_compare(path, engine, made, spec) for spec in (made.spec, changed)]
    first = plain(graph.layers[0].weights[0][0].markup)
    words = f"{first}: {weight:g} → {moved:g}"
    (as_made, before), (after_change, after) = results
    return Verification(engine, words, as_made, after_change, (before, after))


def _with_first_weight(spec: NetworkSpec, value: float) -> NetworkSpec:
    layer = spec.layers[0]
    row = (value, *layer.weights[0][1:])
    moved: LayerSpec = replace(layer, weights=(row, *layer.weights[1:]))
    return replace(spec, layers=(moved, *spec.layers[1:]))


# --- Reading what it was made from -----------------------------------------------------------


def _read(path: Path) -> _Made:
    sheets = read_book(path, LARGER).sheets
    foreign = GradsheetError(f"{path} is not a workbook that 'gradsheet workbook' wrote")
    rates = tuple(float(n[3:]) for n in sheets if re.fullmatch(r"lr \d+(\.\d+)?(e[+-]?\d+)?", n))
    if not rates or not {START_SHEET, INPUTS_SHEET, *map(rate_sheet, rates)} <= sheets.keys():
        raise foreign
    if MARKS_SHEET in sheets:
        raise GradsheetError(f"{path} is an exercise; verify the workbook without --exercise")
    chosen = sheets[INPUTS_SHEET].cells.get(CellIndex.from_zero_based(*CHOICE_CELL))
    if chosen is None or chosen.value != OWN:
        used = chosen.value if chosen else ""
        raise GradsheetError(f"{path} uses '{used}'; choose '{OWN}' on its {INPUTS_SHEET} sheet")
    text = "\n".join(_file_lines(sheets[START_SHEET]))
    rows = _table_rows(sheets[rate_sheet(rates[0])])
    if not text or rows < 2:
        raise foreign
    spec = parse_network(text, f"{path}, sheet {START_SHEET}")
    selectors = tuple(name for name in (NETWORK_SHEET, STEP_SHEET) if name in sheets)
    return _Made(spec, rates, rows - 1, selectors)


def _table_rows(sheet: Sheet) -> int:
    """The number of rows of a training table: of numbers in its first column."""
    first, column = CellIndex.from_zero_based(FIRST_ROW, TABLE_COLUMN)
    return sum(
        index.column == column and index.row >= first and isinstance(cell.value, float)
        for index, cell in sheet.cells.items()
    )


def _file_lines(sheet: Sheet) -> Iterator[str]:
    """The lines below the heading of the network's file."""
    texts = {index: str(cell.value) for index, cell in sheet.cells.items() if cell.value}
    headings = [i.row for i, text in texts.items() if i.column == 1 and text == FILE_HEADING]
    if headings:
        last = max(index.row for index in texts)
        for row in range(headings[0] + 1, last + 1):
            yield texts.get(CellIndex(row, 2), "")


# --- Comparing -------------------------------------------------------------------------------


def _compare(
    path: Path, engine: str, made: _Made, spec: NetworkSpec
) -> tuple[tuple[Difference, ...], Difference]:
    """The workbook with the numbers of ``spec``: engine against library, and against autograd."""
    graph = build_graph(spec)
    found = recalculated(path, _typed(graph, made), engine)
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.xlsx"
        write_changed(made.spec, spec, wanted, made.rates, made.updates)
        expected = cached_values(wanted)
    witness = compute(spec)
    sheets = dict.fromkeys(sheet for sheet, _ in expected)
    differences = tuple(
        _sheet_difference(sheet, found, expected, abs(witness.loss)) for sheet in sheets
    )
    return differences, _autograd_difference(graph, found, made, witness)


def _typed(graph: NetworkGraph, made: _Made) -> dict[CellRef, float]:
    """Every cell to type in with the number it was made with."""
    fields = place_fields(graph, made.rates, made.spec)
    values = {**graph.given, **dict(zip(fields.rates, made.rates, strict=True))}
    typed = {
        _ref(INPUTS_SHEET, place): values[variable] for variable, place in fields.typed.items()
    }
    for sheet in made.selectors:
        typed[_ref(sheet, CHOSEN_RATE)] = made.rates[0]
        typed[_ref(sheet, CHOSEN_ITERATION)] = 0.0
    if len(graph.examples) > 1:
        typed[_ref(NETWORK_SHEET, CHOSEN_EXAMPLE)] = 1.0
    return typed


def _ref(sheet: str, place: tuple[int, int]) -> CellRef:
    """A cell that XlsxWriter wrote."""
    return CellRef(sheet, CellIndex.from_zero_based(*place))


def _sheet_difference(sheet: str, found: Cells, expected: Cells, loss: float) -> Difference:
    worst, where, count = 0.0, "", 0
    floor = max(_SMALL_DIFFERENCE, loss) if sheet == GRADIENT_SHEET else _SMALL
    for ref, value in expected.items():
        if ref.sheet != sheet:
            continue
        count += 1
        apart = _apart(found.get(ref, ""), value, floor)
        if apart > worst:
            worst, where = apart, str(ref.cell)
    return Difference(sheet, count, worst, where)


def _apart(found: float | str, expected: float | str, floor: float) -> float:
    """The relative difference; infinite where texts differ."""
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


def _autograd_difference(
    graph: NetworkGraph, found: Cells, made: _Made, witness: Autograd
) -> Difference:
    """The loss and every gradient of the first row against torch."""
    sheet = rate_sheet(made.rates[0])
    columns = training_columns(graph, place_fields(graph, made.rates, made.spec).addresses)
    wanted = {graph.loss: witness.loss}
    wanted |= {
        graph.backward.gradients[p]: witness.gradients[symbol_of(p)] for p in graph.parameters
    }
    worst, where = 0.0, ""
    for number, column in enumerate(columns, start=TABLE_COLUMN + 1):
        if column.variable in wanted:
            ref = _ref(sheet, (FIRST_ROW, number))
            apart = _apart(found.get(ref, ""), wanted[column.variable], _SMALL)
            if apart > worst:
                worst, where = apart, str(ref.cell)
    return Difference(f"autograd, torch {witness.version}", len(wanted), worst, where)
