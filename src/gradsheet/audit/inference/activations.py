"""Which activations the units of a table have been given."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from gradsheet.audit.inference.hypothesis import SUM, Hypothesis
from gradsheet.audit.inference.points import agree
from gradsheet.audit.tables.table import Table
from gradsheet.networks.own_units import OwnUnit
from gradsheet.networks.spec import SOFTMAX
from gradsheet.networks.step_units import STEP_UNITS, three_levels
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import to_expression
from gradsheet.spreadsheet.functions import FormulaError, NotDifferentiableError
from gradsheet.symbolic.differentiate import partials
from gradsheet.symbolic.expression import Expression, Number, Variable, variables
from gradsheet.symbolic.operations import ACTIVATIONS
from gradsheet.symbolic.tape import Array, Tape

_PROBES = np.linspace(-2.05, 2.35, 12)  # where activations are told apart
_WIDE = np.sort(np.concatenate([sign * np.geomspace(1e-3, 1e4, 57) for sign in (-1, 1)]))
_LEVELS = {"step": {0.0, 1.0}, "sign": {-1.0, 1.0}}
_HALVINGS = 60
_DEEPEST = 3  # columns from an activation to its sum
_UNEVEN = 1e-6  # difference of the steps of a function that is not linear
_USUAL = ("sigmoid", "tanh", "relu")  # of hidden units


def likely_activations(table: Table, hypothesis: Hypothesis, layer: int) -> list[str]:
    """The activations of the units of a 0-based layer, the most frequent first.

    Where none is recognized, those that the layer may have, and the function in its columns.
    """
    units = hypothesis.shape.units(layer)
    functions = [f for unit in units for f in _functions(table, hypothesis, unit)]
    seen = Counter(name for name in map(_name, functions) if name)
    if seen:
        return [name for name, _ in seen.most_common()]
    if steps := [unit for f in functions if f is not None and (unit := _three_levels(f))]:
        return list(dict.fromkeys(steps))
    own = list(dict.fromkeys(unit for f in functions if (unit := _own(f))))
    likely = [unit for unit in own if is_activation(unit.function)]
    own = [unit for unit in own if unit not in likely]
    outputs = {unit.activation.without_example() for unit in units}
    is_shown = not outputs.isdisjoint(s.without_example() for s in hypothesis.symbols.values())
    if layer != hypothesis.shape.layers[-1]:
        return [*likely, *_USUAL, *own] if is_shown else [*likely, *_USUAL, *own, "identity"]
    if not is_shown:
        return ["identity"]
    # The softmax of one unit is 1.
    known = [*likely, *ACTIVATIONS, *own]
    return [*known, SOFTMAX] if len(units) > 1 else known


def is_activation(function: Expression) -> bool:
    """Whether a function over ``SUM`` may be an activation with numbers of the sheet in it.

    It grows, and not evenly: t − a is an error, and so is its square.
    """
    if set(variables(function)) != {SUM}:
        return False
    values = _values(function, _PROBES)
    steps = np.diff(values)
    is_step = bool(step_unit(function) or _three_levels(function))
    return bool(np.all(steps >= 0) and np.ptp(steps) > _UNEVEN) or is_step


def _own(function: Expression | None) -> OwnUnit | None:
    """The function as an activation without a name; None where it has no derivative."""
    if function is None or set(variables(function)) != {SUM}:
        return None
    try:
        partials(function, function)
    except NotDifferentiableError:
        return None
    return OwnUnit(function, SUM)


def thresholds(table: Table, hypothesis: Hypothesis) -> dict[Symbol, float]:
    """Of each unit that is a step, where it switches."""
    return {
        unit: _threshold(function)
        for layer in hypothesis.shape.layers
        for unit in hypothesis.shape.units(layer)
        for function in _functions(table, hypothesis, unit)
        if function and _name(function) in STEP_UNITS
    }


def _functions(table: Table, hypothesis: Hypothesis, unit: Symbol) -> Iterator[Expression | None]:
    """What the columns of a unit compute of its sum, where that is alone in them."""
    columns = {symbol: column for column, symbol in hypothesis.symbols.items()}
    for one in (unit, unit.in_example(1)):
        if one in hypothesis.functions:
            yield hypothesis.functions[one]
        elif {one, one.activation} <= columns.keys():
            yield _function(table, hypothesis, columns[one.activation], columns[one])


def _function(
    table: Table, hypothesis: Hypothesis, column: int, summed: int, depth: int = _DEEPEST
) -> Expression | None:
    """What a column computes of another, through columns without a name.

    Of numbers beside the table it takes their values.
    """
    tree = table.usual.get(column)
    if tree is None or not depth:
        return None
    argument = CellIndex(table.later_rows[0], summed)

    def operand(sheet: str, cell: CellIndex) -> Expression:
        if cell == argument:
            return SUM
        if (number := _constant(table, sheet, cell)) is not None:
            return number
        is_helper = cell.row == argument.row and cell.column not in hypothesis.symbols
        followed = is_helper and _function(table, hypothesis, cell.column, summed, depth - 1)
        return followed or Variable("other")

    try:
        return to_expression(tree, CellIndex(argument.row, column), operand)
    except FormulaError:
        return None


def _constant(table: Table, sheet: str, cell: CellIndex) -> Number | None:
    """The number in a cell beside the table."""
    own = sheet in ("", table.sheet.name)
    if own and cell.row in table.rows and cell.column in table.columns:
        return None
    held = table.formulas.cell(sheet or table.sheet.name, cell)
    if held is None or held.formula is not None or not isinstance(held.value, float):
        return None
    return Number(held.value)


def _name(function: Expression | None) -> str:
    """The activation that a function is; empty if it is none we know."""
    inside = set() if function is None else set(variables(function))
    if function is None or SUM not in inside:
        return ""
    return SOFTMAX if inside != {SUM} else _named_function(function)


def _named_function(function: Expression) -> str:
    written = Variable("written", function)
    known = {name: Variable(name, make(SUM)) for name, make in ACTIVATIONS.items()}
    values = Tape([written, *known.values()]).run({SUM: _PROBES})
    right = (name for name, variable in known.items() if agree(values[written], values[variable]))
    return next(right, "") or step_unit(function)


def step_unit(function: Expression) -> str:
    """The step that a function is, wherever it switches from its lower to its upper value."""
    values = _values(function, _WIDE)
    if np.any(np.diff(values) < 0):
        return ""
    levels = set(np.unique(values).tolist())
    return next((name for name, known in _LEVELS.items() if levels == known), "")


def _three_levels(function: Expression) -> OwnUnit | None:
    """The step of three levels that a function is; None where it is another one."""
    if set(variables(function)) != {SUM}:
        return None
    values = _values(function, _WIDE)
    if np.any(np.diff(values) < 0) or set(np.unique(values).tolist()) != {-1.0, 0.0, 1.0}:
        return None
    return three_levels(_threshold(function), _threshold(function, above=0.0))


def _threshold(function: Expression, above: float | None = None) -> float:
    """Where a step switches from its lowest value, or from one above that."""
    low, high = float(_WIDE[0]), float(_WIDE[-1])
    lowest = _values(function, _WIDE)[0] if above is None else above
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _values(function, np.array([middle]))[0] <= lowest:
            low = middle
        else:
            high = middle
    return 0.0 if abs(high) < 1e-9 else high


def _values(function: Expression, at: Array) -> Array:
    wanted = Variable("wanted", function)
    return np.broadcast_to(Tape([wanted]).run({SUM: at})[wanted], at.shape)
