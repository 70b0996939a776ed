"""Activations computed in several columns, such as exp(−z), 1 + exp(−z) and 1/(1 + exp(−z))."""

from collections.abc import Collection

from gradsheet.audit.inference.activations import is_activation
from gradsheet.audit.inference.column_formulas import ColumnFormulas
from gradsheet.audit.inference.hypothesis import SUM
from gradsheet.symbolic.expression import Expression, Variable, expand, variables

_MOST_STEPS = 4


def end(formulas: ColumnFormulas, unit: int, column: int, signals: Collection[Variable]) -> int:
    """The column of an activation, of which another one may be a step towards it.

    Args:
        formulas: of the table.
        unit: the column of the weighted sum.
        column: one that is computed from it alone.
        signals: what weights are multiplied by.
    """
    if formulas.column(column) in signals:
        return column
    reached = _following(formulas, unit, column)
    used = [c for c in reached if formulas.column(c) in signals]
    if used or is_activation(reached[column]):
        return used[0] if used else column
    return next((c for c, function in reached.items() if is_activation(function)), column)


def _following(formulas: ColumnFormulas, unit: int, column: int) -> dict[int, Expression]:
    """What follows from a sum through a column of it, over ``SUM``."""
    known: dict[Variable, Expression] = {formulas.column(unit): SUM}
    reached: dict[int, Expression] = {}
    new = {column}
    for _ in range(_MOST_STEPS):
        for each in sorted(new):
            function = expand(formulas.expressions[each], lambda _: True, known)
            reached[each] = known[formulas.column(each)] = formulas.with_numbers(function)
        through = {formulas.column(each) for each in reached}
        new = {
            other
            for other, formula in formulas.expressions.items()
            if other not in reached
            and not through.isdisjoint(inside := set(variables(formula)))
            and inside <= known.keys()
        }
    return reached
