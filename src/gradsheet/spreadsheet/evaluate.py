"""A workbook's own numbers, computed from its formulas and not taken from what it states."""

import math
from dataclasses import dataclass

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import Formulas, Node, references, to_expression
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import Expression, Variable
from gradsheet.symbolic.tape import Tape

_DEEPEST = 200  # cells that wait for one another


@dataclass(frozen=True)
class _Program:
    """A formula compiled: the cells it reads, as seen from its own, and what it makes of them."""

    tape: Tape
    result: Variable
    reads: dict[Variable, tuple[str, tuple[int, int]]]


class Evaluator:
    """The value of any cell; NaN where it is no number."""

    def __init__(self, formulas: Formulas) -> None:
        self._formulas = formulas
        self._values: dict[tuple[str, CellIndex], float] = {}
        self._programs: dict[object, _Program | None] = {}
        self._waiting = 0

    def value(self, sheet: str, place: CellIndex) -> float:
        """The number in a cell; an empty one counts 0, as in a spreadsheet."""
        key = (sheet, place)
        if key not in self._values:
            self._values[key] = math.nan  # what a circle leads to
            self._waiting += 1
            self._values[key] = self._compute(sheet, place)
            self._waiting -= 1
        return self._values[key]

    def _compute(self, sheet: str, place: CellIndex) -> float:
        cell = self._formulas.cell(sheet, place)
        if cell is None:
            return 0.0
        if cell.formula is None:
            return cell.value if isinstance(cell.value, float) else math.nan
        program = self._program(sheet, place) if self._waiting < _DEEPEST else None
        if program is None:
            return cell.value if isinstance(cell.value, float) else math.nan
        # What a program reads is kept as seen from the formula's cell.
        row, column = cell.anchor or place
        numbers = {
            variable: self.value(target or sheet, CellIndex(row + down, column + right))
            for variable, (target, (down, right)) in program.reads.items()
        }
        return float(program.tape.run(numbers)[program.result])

    def _program(self, sheet: str, place: CellIndex) -> _Program | None:
        cell = self._formulas.cell(sheet, place)
        assert cell is not None
        origin = cell.anchor or place
        part = (place[0] - origin[0], place[1] - origin[1])
        try:
            tree = self._formulas.tree(sheet, place)
        except FormulaError:
            return None
        key = (tree, part, origin if _has_fixed(tree) else None)
        if key not in self._programs:
            self._programs[key] = _compile(tree, origin, part)
        return self._programs[key]


def _has_fixed(tree: Node) -> bool:
    return any(ref.row_fixed or ref.column_fixed for ref in references(tree))


def _compile(tree: Node, origin: CellIndex, part: tuple[int, int]) -> _Program | None:
    known: dict[tuple[str, tuple[int, int]], Variable] = {}

    def cell(sheet: str, place: CellIndex) -> Expression:
        offset = (place[0] - origin[0], place[1] - origin[1])
        return known.setdefault((sheet, offset), Variable(f"{sheet}{offset}"))

    try:
        result = Variable("result", to_expression(tree, origin, cell, part))
    except FormulaError:
        return None
    return _Program(Tape([result]), result, {variable: key for key, variable in known.items()})
