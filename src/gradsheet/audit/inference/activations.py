"""Which activations the units of a table have been given."""

from collections import Counter

import numpy as np

from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.inference.reference import agree
from gradsheet.audit.tables.table import Table
from gradsheet.networks.spec import SOFTMAX
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import to_expression
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import Expression, Variable, variables
from gradsheet.symbolic.operations import ACTIVATIONS
from gradsheet.symbolic.tape import Tape

_PROBES = np.linspace(-2.05, 2.35, 12)  # where activations are told apart
_USUAL = ("sigmoid", "tanh", "relu")  # of hidden units


def likely_activations(table: Table, hypothesis: Hypothesis, layer: int) -> list[str]:
    """The activations of the units of a 0-based layer, the most frequent first.

    Where none is recognized, those that the layer may have.
    """
    found = (_of_unit(table, hypothesis, unit) for unit in hypothesis.shape.units(layer))
    seen = Counter(name for names in found for name in names)
    if seen:
        return [name for name, _ in seen.most_common()]
    is_last = layer == hypothesis.shape.layers[-1]
    return [*ACTIVATIONS, SOFTMAX] if is_last else [*_USUAL]


def _of_unit(table: Table, hypothesis: Hypothesis, unit: Symbol) -> list[str]:
    """The activations by which the columns of a unit are computed, where they are known ones."""
    columns = {symbol: column for column, symbol in hypothesis.symbols.items()}
    units = [u for u in (unit, unit.in_example(1)) if {u, u.activation} <= columns.keys()]
    names = [_activation(table, columns[u.activation], columns[u]) for u in units]
    return [name for name in names if name]


def _activation(table: Table, column: int, summed: int) -> str:
    """The function by which a column is computed from another; empty if it is none we know."""
    tree = table.usual.get(column)
    if tree is None:
        return ""
    x, other = Variable("x"), Variable("other")
    argument = CellIndex(table.later_rows[0], summed)
    try:
        formula = to_expression(
            tree,
            CellIndex(argument.row, column),
            lambda sheet, cell: x if cell == argument else other,
        )
    except FormulaError:
        return ""
    inside = set(variables(formula))
    if inside == {x, other}:
        return SOFTMAX
    return _named_function(formula, x) if inside == {x} else ""


def _named_function(formula: Expression, x: Variable) -> str:
    """The activation that a formula computes from x; empty if it is none we know."""
    written = Variable("written", formula)
    known = {name: Variable(name, make(x)) for name, make in ACTIVATIONS.items()}
    values = Tape([written, *known.values()]).run({x: _PROBES})
    right = (name for name, variable in known.items() if agree(values[written], values[variable]))
    return next(right, "")
