"""Formulas lowered to expressions over the values of a network, through cells that have no name."""

import math
from collections.abc import Callable

import numpy as np

from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import calls, to_expression
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.functions import ROUND, FormulaError
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, variables
from gradsheet.symbolic.operations import DIVIDE
from gradsheet.symbolic.tape import Tape

ERROR = Number(math.nan)
"""What a spreadsheet shows as an error."""

_DEEPEST = 40  # cells that a formula is followed through, one after the other
_MOST = 3_000  # cells that it is followed through in all


class CircularReferenceError(FormulaError):
    """A formula that leads back to itself, or through so many cells that it may."""


class Lowering:
    """Follows formulas down to cells whose meaning is known.

    Args:
        formulas: of the workbook.
        meaning: the value that a cell is known to hold; None where its own formula is followed.
    """

    def __init__(self, formulas: Formulas, meaning: Callable[[CellRef], Variable | None]) -> None:
        self._formulas, self._meaning = formulas, meaning
        self._followed = 0

    def expression(self, cell: CellRef, depth: int = 0) -> Expression:
        """What the formula of a cell computes.

        Raises:
            FormulaError: it is not understood, or goes round in a circle.
        """
        self._followed += 1
        if self._followed > _MOST:
            raise FormulaError(f"it leads through more than {_MOST:,} cells")
        if depth > _DEEPEST:
            raise CircularReferenceError(
                f"it leads through more than {_DEEPEST} cells, or in a circle"
            )
        sheet, place = cell
        held = self._formulas.cell(sheet, place)
        if held is None:
            raise FormulaError("the cell is empty")
        origin = held.anchor or place
        part = (place.row - origin.row, place.column - origin.column)

        def operand(other: str, target: CellIndex) -> Expression:
            return self._operand(CellRef(other or sheet, target), depth + 1)

        tree = self._formulas.tree(sheet, place)
        found = to_expression(tree, origin, operand, part)
        return unrounded(found) if calls(tree, "ROUND") else found

    def _operand(self, cell: CellRef, depth: int) -> Expression:
        """What a cell holds that a formula refers to."""
        if (known := self._meaning(cell)) is not None:
            return known
        held = self._formulas.cell(*cell)
        if held is None:
            return Number(0.0)
        if held.formula is not None:
            return constant(self.expression(cell, depth))
        return Number(held.number)


def constant(expression: Expression) -> Expression:
    """An expression in which nothing varies as a number; any other, and a fraction, as it is."""
    if not isinstance(expression, Apply) or next(variables(expression), None) is not None:
        return expression
    if expression.operation is DIVIDE and all(isinstance(a, Number) for a in expression.arguments):
        return expression
    value = Variable("value", expression)
    with np.errstate(all="ignore"):
        return Number(float(Tape([value]).run({})[value]))


def unrounded(expression: Expression) -> Expression:
    """An expression without ROUND; a rounding to whole numbers may be meant, as a step is."""
    if not isinstance(expression, Apply):
        return expression
    arguments = tuple(map(unrounded, expression.arguments))
    if expression.operation is ROUND and isinstance(digits := arguments[1], Number):
        return arguments[0] if digits.value >= 1 else expression
    return Apply(expression.operation, arguments)
