"""How far two workbooks of numbers are apart, and how far that may be."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.recalculate import Cells
from gradsheet.symbolic.tape import random_rounding
from gradsheet.workbook.layout import GRADIENT_SHEET

TOLERANCE = 1e-9
# Below these sizes a difference counts as absolute; that of two like numbers is mostly rounding.
SMALL, _SMALL_DIFFERENCE = 1e-3, 1.0
_ROUNDED = 1e-6
_TIMES = 4  # that cells are rounded at random

_NUMERAL = re.compile(r"\(?(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\)?")
_NUMERAL_DIGITS = 5  # numbers in texts have that many significant ones, or one more
_NEXT_TO_NOTHING = Decimal("1e-12")  # which may be rounding, in texts


@dataclass(frozen=True)
class Difference:
    """How far the cells of a workbook are from a reference.

    Attributes:
        what: a sheet, or the reference.
        cells: how many cells were compared.
        worst: the largest relative difference; infinite where a text or an error is not the same.
        where: the cell of the worst.
        tolerance: how large it may be.
        sensitive: how many of the cells differ by more, and are held to how far rounding alone
            moves them.
    """

    what: str
    cells: int
    worst: float
    where: str
    tolerance: float = TOLERANCE
    sensitive: int = 0

    @property
    def is_small(self) -> bool:
        """Whether it is within the tolerance."""
        return self.worst <= self.tolerance


def sheet_difference(
    sheet: str,
    found: Cells,
    expected: Cells,
    loss: float,
    *,
    strict: bool = False,
    moves: Mapping[CellRef, float] | None = None,
) -> Difference:
    """The largest difference of a sheet, relative to its cell or what ``docs/workbook.md`` says.

    Args:
        sheet: its name.
        found: what an engine made of the formulas.
        expected: what they should be.
        loss: of the network.
        strict: count as absolute only below 1e-6, where a difference is the rounding of numbers
            near 1; and measure the gradient check against the loss.
        moves: how far rounding alone moves a cell; a difference up to that does not count.
    """
    if sheet == GRADIENT_SHEET:
        floor = max(_ROUNDED, loss) if strict else max(_SMALL_DIFFERENCE, loss)
    else:
        floor = _ROUNDED if strict else SMALL
    differences: dict[str, float] = {}
    sensitive = 0
    for ref, value in expected.items():
        if ref.sheet == sheet:
            shown = found.get(ref, "")
            difference = relative_difference(shown, value, floor)
            if difference > TOLERANCE and _distance(shown, value) <= (moves or {}).get(ref, 0.0):
                difference, sensitive = 0.0, sensitive + 1
            differences[str(ref.cell)] = difference
    return replace(worst_of(sheet, differences), sensitive=sensitive)


def worst_of(
    what: str, differences: Mapping[str, float], tolerance: float = TOLERANCE
) -> Difference:
    """The largest of the relative differences, by cell."""
    worst, where = 0.0, ""
    for cell, difference in differences.items():
        if difference > worst:
            worst, where = difference, cell
    return Difference(what, len(differences), worst, where, tolerance)


def relative_difference(found: float | str, expected: float | str, floor: float) -> float:
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


def _distance(found: float | str, expected: float | str) -> float:
    """Infinite where one of them is no number."""
    if isinstance(found, str) or isinstance(expected, str):
        return math.inf
    distance = abs(found - expected)
    return distance if math.isfinite(distance) else math.inf


def _same_text(found: str, expected: str) -> bool:
    """Whether two texts differ in the last shown digit of numbers only."""
    if _NUMERAL.sub("0", found) != _NUMERAL.sub("0", expected):
        return False
    pairs = zip(_NUMERAL.findall(found), _NUMERAL.findall(expected), strict=True)
    return all(_same_numeral(a, b) for a, b in pairs)


def _same_numeral(found: str, expected: str) -> bool:
    """Whether two numbers are a unit of the last shown digit apart, as about a rounding tie."""
    a, b = Decimal(found), Decimal(expected)
    # Zeros at the end are not shown: of the two numbers the longer one has the digits.
    digits = max(_NUMERAL_DIGITS, len(a.normalize().as_tuple().digits))
    digits = max(digits, len(b.normalize().as_tuple().digits))
    unit = Decimal(1).scaleb(max(a.adjusted(), b.adjusted()) + 1 - digits)
    return abs(a - b) <= max(unit, _NEXT_TO_NOTHING)


def moves_of(expected: Cells, rounded: Iterable[Cells]) -> dict[CellRef, float]:
    """How far rounding alone moves each number, from the same cells rounded at random."""
    moves = dict.fromkeys(expected, 0.0)
    for cells in rounded:
        for ref, value in expected.items():
            if math.isfinite(move := _distance(cells[ref], value)):
                moves[ref] = max(moves[ref], move)
    return moves


def rounded_at_random(cells: Callable[[], Cells]) -> Iterator[Cells]:
    """Cells as the library computes them with random rounding, several times."""
    for seed in range(_TIMES):
        with random_rounding(seed):
            yield cells()
