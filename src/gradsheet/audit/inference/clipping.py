"""Gradients that are clipped in a column of their own before they move anything."""

from collections.abc import Collection

import numpy as np

from gradsheet.audit.inference.column_formulas import ColumnCell, ColumnFormulas
from gradsheet.symbolic.expression import Variable, variables
from gradsheet.symbolic.tape import Tape

_TINY, _SAME = 1e-6, 1e-9
_SIDES = np.array([-1.0, 1.0, 0.5])
_ONES = np.ones(3)


def unclipped(formulas: ColumnFormulas, column: int, parameters: Collection[int]) -> int:
    """The column of which one is what is left after clipping; any other is itself.

    Clipped, small numbers stay and large ones become smaller, each by itself or all together.

    Args:
        formulas: of the table.
        column: the one that moves a parameter.
        parameters: the columns of all of them.
    """
    formula = formulas.expressions.get(column)
    inside = [] if formula is None else list(dict.fromkeys(variables(formula)))
    cells = {v: p for v in inside if isinstance(p := formulas.place(v), ColumnCell)}
    own = [v for v, p in cells.items() if not p.rows_above and p.column not in parameters]
    if formula is None or not own or len(own) < len(cells):
        return column
    wanted = Variable("wanted", formulas.with_numbers(formula))
    rest = {v: _ONES for v in inside if v not in own}
    for gradient in own:
        small, large = (
            Tape([wanted]).run(
                {**rest, **dict.fromkeys(own, size * _ONES), gradient: size * _SIDES}
            )
            for size in (_TINY, 1 / _TINY)
        )
        stays = np.allclose(small[wanted], _TINY * _SIDES, rtol=_SAME, atol=0)
        if stays and np.all(np.abs(large[wanted]) < 0.4 / _TINY):
            return cells[gradient].column
    return column
