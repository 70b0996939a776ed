"""Which columns of a table are moved from row to row, as parameters are."""

import numpy as np

from gradsheet.audit.inference.column_formulas import ColumnCell, ColumnFormulas, is_above, key
from gradsheet.symbolic.expression import Apply, Expression, Variable, variables
from gradsheet.symbolic.tape import Array, Tape

_OWN, _BETWEEN = np.array([0.5, 1.5, 2.5]), np.full(3, 1.7)
_SAME = 1e-9


def find_parameters(formulas: ColumnFormulas) -> set[int]:
    """The columns that move on from their own value in the row above, or ought to."""
    used = _used(formulas)
    own = {
        column
        for column, formula in formulas.expressions.items()
        if isinstance(formula, Apply)
        and formulas.variable(ColumnCell(column, 1)) in set(variables(formula))
        and (column in used or not _is_shown(formulas, column, formula))
    }
    return own | _misled(formulas, own, used - own)


def are_moved_alike(formulas: ColumnFormulas, one: int, other: int) -> bool:
    """Whether the updates of two parameters are written alike."""
    if not {one, other} <= formulas.expressions.keys():
        return False
    forms = (_form(formulas, formulas.expressions[column], column) for column in (one, other))
    return next(forms) == next(forms)


def _used(formulas: ColumnFormulas) -> set[int]:
    """The columns that other columns use."""
    return {
        place.column
        for column, formula in formulas.expressions.items()
        for place in map(formulas.place, variables(formula))
        if isinstance(place, ColumnCell) and place.column != column
    }


def _is_shown(formulas: ColumnFormulas, column: int, formula: Expression) -> bool:
    """Whether a column counts the rows or keeps the least value so far, and moves nothing."""
    own = formulas.variable(ColumnCell(column, 1))
    inside: dict[Variable, Array] = dict.fromkeys(variables(formula), _BETWEEN)
    if len(inside) == 1:
        return True
    value = Variable("value", formula)
    values = Tape([value]).run({**inside, own: _OWN})[value]
    return bool(np.ptp(np.diff(values)) > _SAME)  # of an update it is a sum with its own


def _misled(formulas: ColumnFormulas, own: set[int], among: set[int]) -> set[int]:
    """The columns that are moved as parameters are, but from the value of another one."""
    above = {column: _above(formulas, formula) for column, formula in formulas.expressions.items()}
    steps = {read for column in own for read in above[column]}
    forms = {_form(formulas, formulas.expressions[column], column) for column in own}
    return {
        column
        for column in among & above.keys()
        if len(start := above[column] & own) == 1
        if (steps | {column}).isdisjoint(above[column] - own)
        if _form(formulas, formulas.expressions[column], *start) in forms
    }


def _above(formulas: ColumnFormulas, formula: Expression) -> set[int]:
    """The columns that a formula takes from the row above."""
    return {place.column for place in map(formulas.place, variables(formula)) if is_above(place)}


def _form(formulas: ColumnFormulas, formula: Expression, start: int) -> object:
    """The same for updates written alike, each from its parameter's value in ``start``."""
    above = {v: place for v in variables(formula) if is_above(place := formulas.place(v))}
    return key(formula, {v: "own" if p.column == start else "above" for v, p in above.items()})
