"""A weighted sum of a table, and whose weights it ought to use."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from gradsheet.audit.inference.column_formulas import ColumnCell, ColumnFormulas
from gradsheet.audit.inference.parameters import are_moved_alike
from gradsheet.symbolic.expression import Expression, Variable


@dataclass(frozen=True)
class Unit:
    """A weighted sum.

    Attributes:
        weights: for each signal the column of its weight.
        biases: its biases.
        spare: the columns of weights on signals that have one already, as where one comes twice.
        subtracts: whether a bias is subtracted, as a threshold is.
        function: what is applied to it in its own column, over ``SUM``; None where nothing is.
    """

    weights: dict[Variable, int]
    biases: tuple[Variable, ...]
    spare: tuple[int, ...] = ()
    subtracts: bool = False
    function: Expression | None = None


def with_own_parameters(
    units: Mapping[int, Unit], parameters: Collection[int], formulas: ColumnFormulas
) -> dict[int, Unit]:
    """The weighted sums, one of them with the parameters that it ought to use and no sum uses.

    Args:
        units: by their columns.
        parameters: the columns of weights and biases.
        formulas: of the table.
    """
    columns = {column: _columns(unit, formulas) for column, unit in units.items()}
    free = sorted(set(parameters).difference(*columns.values()))
    if not free:
        return dict(units)
    mended = _with_a_bias(units, free, formulas) or _with_others(units, columns, free, formulas)
    return {**units, **mended}


def _with_a_bias(
    units: Mapping[int, Unit], free: list[int], formulas: ColumnFormulas
) -> dict[int, Unit]:
    """The one unit without a bias with the one that is free and moved as weights are."""
    without = [column for column, unit in units.items() if not unit.biases]
    if len(without) != 1 or len(free) != 1 or len(units) == 1:
        return {}
    [column] = without
    unit = units[column]
    if not are_moved_alike(formulas, free[0], min(unit.weights.values())):
        return {}
    return {column: replace(unit, biases=(formulas.column(free[0]),))}


def _with_others(
    units: Mapping[int, Unit],
    columns: Mapping[int, set[int]],
    free: list[int],
    formulas: ColumnFormulas,
) -> dict[int, Unit]:
    """The unit that uses another's parameters with the free ones in their place.

    Parameters stand in the order of the sums: which of the two is misled follows.
    """
    users = Counter(column for own in columns.values() for column in own)
    twins = [
        (first, second, own)
        for first, second in combinations(sorted(units), 2)
        if (own := sorted(c for c in columns[first] & columns[second] if users[c] == 2))
    ]
    if len(twins) != 1 or len(twins[0][-1]) != len(free):
        return {}
    [(first, second, own)] = twins
    exchanged = dict(zip(own, free, strict=True))
    if not all(are_moved_alike(formulas, *pair) for pair in exchanged.items()):
        return {}  # what an update remembers is no parameter
    misled = first if free[0] < own[0] else second
    return {misled: _with(units[misled], exchanged, formulas)}


def _columns(unit: Unit, formulas: ColumnFormulas) -> set[int]:
    """The columns of a unit's weights and biases."""
    places = map(formulas.place, unit.biases)
    biases = {place.column for place in places if isinstance(place, ColumnCell)}
    return {*unit.weights.values(), *biases}


def _with(unit: Unit, exchanged: Mapping[int, int], formulas: ColumnFormulas) -> Unit:
    """A unit with other columns in place of some of its own."""

    def bias(variable: Variable) -> Variable:
        place = formulas.place(variable)
        if isinstance(place, ColumnCell) and place.column in exchanged:
            return formulas.column(exchanged[place.column])
        return variable

    weights = {signal: exchanged.get(column, column) for signal, column in unit.weights.items()}
    return replace(unit, weights=weights, biases=tuple(map(bias, unit.biases)))
