"""Which columns are the softmax of weighted sums, through columns of exponentials and their sum."""

from collections.abc import Collection, Sequence

import numpy as np

from gradsheet.audit.inference.column_formulas import ColumnCell, ColumnFormulas
from gradsheet.audit.inference.points import agree, draw
from gradsheet.networks.symbols import Kind, Symbol
from gradsheet.symbolic.expression import Variable, variables
from gradsheet.symbolic.tape import Array, Tape


def softmax_columns(
    formulas: ColumnFormulas, sums: Sequence[int], parameters: Collection[int]
) -> dict[int, int]:
    """For each of several weighted sums the column of its softmax.

    Where one is right, the columns beside it are those of the other sums, right or not.

    Args:
        formulas: of the table.
        sums: the columns of weighted sums.
        parameters: the columns of weights and biases.
    """
    return _Softmax(formulas, sums, parameters).found()


class _Softmax:
    def __init__(
        self, formulas: ColumnFormulas, sums: Sequence[int], parameters: Collection[int]
    ) -> None:
        self._formulas, self._parameters = formulas, parameters
        self._points = {c: draw(Symbol(Kind.OUTPUT, (c,)), 0) for c in sums}
        self._read: dict[int, frozenset[int] | None] = {c: frozenset({c}) for c in sums}

    def found(self) -> dict[int, int]:
        made_of: dict[frozenset[int], list[int]] = {}
        for column in sorted(self._formulas.expressions.keys() - self._points.keys()):
            sums = self._sums_of(column)
            if sums is not None and len(sums) > 1 and column not in self._parameters:
                made_of.setdefault(sums, []).append(column)
        found: dict[int, int] = {}
        for sums, columns in made_of.items():
            found |= self._paired(sorted(sums), columns)
        return found

    def _sums_of(self, column: int) -> frozenset[int] | None:
        """The weighted sums that a column is computed from; None where it is from others, too."""
        if column not in self._read:
            self._read[column] = None  # where it goes round in a circle
            self._read[column] = self._sums_in(column)
        return self._read[column]

    def _sums_in(self, column: int) -> frozenset[int] | None:
        formula = self._formulas.expressions.get(column)
        places = () if formula is None else map(self._formulas.place, variables(formula))
        found: frozenset[int] = frozenset()
        for place in places:
            if not isinstance(place, ColumnCell) or place.rows_above:
                return None
            if (sums := self._sums_of(place.column)) is None:
                return None
            found |= sums
        return found or None

    def _paired(self, sums: list[int], columns: list[int]) -> dict[int, int]:
        """The sums with their columns, from the first that is right."""
        exponentials = [np.exp(self._points[column]) for column in sums]
        for place, column in enumerate(columns):
            value = self._value(column)
            for number, exponential in enumerate(exponentials):
                if agree(value, exponential / sum(exponentials)):
                    return dict(zip(sums, columns[max(place - number, 0) :], strict=False))
        return {}

    def _value(self, column: int) -> Array:
        """What a column computes where the sums are random numbers."""
        if column not in self._points:
            formula = self._formulas.expressions[column]
            places = {v: self._formulas.place(v) for v in variables(formula)}
            values = {
                variable: self._value(place.column)
                for variable, place in places.items()
                if isinstance(place, ColumnCell)
            }
            wanted = Variable("wanted", formula)
            self._points[column] = Tape([wanted]).run(values)[wanted]
        return self._points[column]
