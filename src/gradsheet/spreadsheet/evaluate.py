"""A workbook's own numbers, computed from its formulas and not taken from what it states."""

import math
from dataclasses import dataclass

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import Area, Call, Node, Reference, to_expression
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import Expression, Variable
from gradsheet.symbolic.tape import Tape

_DEEPEST = 200  # cells that wait for one another
_FAR = 1 << 40  # a row and a column beyond every sheet
_AFAR = CellIndex(_FAR, _FAR)


@dataclass(frozen=True)
class Program:
    """A formula compiled: what it refers to, as seen from its own cell, and what it computes."""

    tape: Tape
    result: Variable
    reads: dict[Variable, Reference]


class Evaluator:
    """The value of any cell; NaN where it is no number."""

    def __init__(self, formulas: Formulas) -> None:
        self._formulas = formulas
        self._values: dict[tuple[str, CellIndex], float] = {}
        self._unknown: set[tuple[str, CellIndex]] = set()
        self._programs: dict[object, Program | None] = {}
        self._growing: dict[int, bool] = {}
        self._waiting = 0

    def value(self, sheet: str, index: CellIndex) -> float:
        """The number in a cell; an empty one counts 0, as in a spreadsheet."""
        key = (sheet, index)
        if key not in self._values:
            self._values[key] = math.nan  # what a circle leads to
            self._waiting += 1
            self._values[key] = self._compute(sheet, index)
            self._waiting -= 1
        return self._values[key]

    def is_unknown(self, sheet: str, index: CellIndex) -> bool:
        """Whether a cell has no number because a formula that leads to it cannot be computed."""
        return math.isnan(self.value(sheet, index)) and (sheet, index) in self._unknown

    def _compute(self, sheet: str, index: CellIndex) -> float:
        cell = self._formulas.cell(sheet, index)
        if cell is None:
            return 0.0
        if cell.formula is None:
            return cell.number
        origin = cell.anchor or index
        program = self.program(sheet, index, origin) if self._waiting < _DEEPEST else None
        if program is None:
            if cell.value is None:
                self._unknown.add((sheet, index))
            return cell.number
        cells = {
            variable: (ref.sheet or sheet, ref.seen_from(origin))
            for variable, ref in program.reads.items()
        }
        numbers = {variable: self.value(*cell) for variable, cell in cells.items()}
        if not self._unknown.isdisjoint(cells.values()):
            self._unknown.add((sheet, index))
        return float(program.tape.run(numbers)[program.result])

    def program(self, sheet: str, index: CellIndex, origin: CellIndex) -> Program | None:
        """The program of a cell's formula, the same for all its copies; None if there is none."""
        part = (index.row - origin.row, index.column - origin.column)
        try:
            tree = self._formulas.tree(sheet, index)
        except FormulaError:
            return None
        # By identity: equal trees are one object, kept by the formulas, and hashing one takes long.
        if (grows := self._growing.get(id(tree))) is None:
            grows = self._growing[id(tree)] = _grows(tree)
        at = origin if grows else _AFAR
        key = (id(tree), part, at)
        if key not in self._programs:
            self._programs[key] = _compile(tree, at, part)
        return self._programs[key]


def _grows(node: Node) -> bool:
    """Whether a formula holds a range of which one end moves along and the other does not."""
    if isinstance(node, Area):
        first, last = node.first, node.last
        return first.row_fixed != last.row_fixed or first.column_fixed != last.column_fixed
    return isinstance(node, Call) and any(map(_grows, node.arguments))


def _compile(tree: Node, at: CellIndex, part: tuple[int, int]) -> Program | None:
    """The program of a formula in the cell ``at``.

    Far from every sheet no cell that moves along can be taken for one that a ``$`` holds: compiled
    there, a program serves all copies of its formula.
    """
    known: dict[Reference, Variable] = {}

    def cell(sheet: str, index: CellIndex) -> Expression:
        reference = _seen_from_afar(sheet, index)
        return known.setdefault(reference, Variable(str(reference)))

    try:
        result = Variable("result", to_expression(tree, at, cell, part))
    except FormulaError:
        return None
    return Program(Tape([result]), result, {variable: ref for ref, variable in known.items()})


def _seen_from_afar(sheet: str, index: CellIndex) -> Reference:
    """The reference that means a cell, in a formula that is far from every sheet or in any."""
    (row, row_fixed), (column, column_fixed) = (
        (number, True) if 2 * number < _FAR else (number - _FAR, False) for number in index
    )
    return Reference(sheet, row, column, row_fixed, column_fixed)
