"""Which network a table may be about: a name for each column, by its header and by its formula."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from gradsheet.audit.tables.search import Table
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import to_expression
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import (
    ADD,
    MULTIPLY,
    Apply,
    Expression,
    Number,
    Operation,
    Variable,
    variables,
)

_MOST_UNITS = 60

"""A cell beside the table: the name of its sheet, and where it is."""


@dataclass(frozen=True)
class Shape:
    """A network's size.

    Attributes:
        sizes: inputs, then the units of each layer.
        biases: of each layer how many it has: none, one for all units, or one a unit.
        examples: how many examples stand in one row.
    """

    sizes: tuple[int, ...]
    biases: tuple[int, ...]
    examples: int = 1

    @property
    def weights(self) -> int:
        """How many weights it has."""
        return sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    def units(self, layer: int) -> list[str]:
        """The names of the units of the 0-based layer, as the graph of a network gives them."""
        count, last = self.sizes[layer + 1], len(self.sizes) - 2
        if layer == last:
            return [f"o{unit}" for unit in range(1, count + 1)]
        middle = "" if last == 1 else f"{layer + 1}_"
        return [f"h{middle}{unit}" for unit in range(1, count + 1)]


@dataclass(frozen=True)
class Hypothesis:
    """One way to read a table.

    Attributes:
        names: of each column the value of the network it is taken for.
        outside: likewise of cells beside the table.
        moved_by: for columns that an update moves, the column it is moved by.
    """

    shape: Shape
    names: dict[int, str]
    outside: dict[CellRef, str] = field(default_factory=dict)
    moved_by: dict[int, int] = field(default_factory=dict)


def hypotheses(table: Table) -> Iterator[Hypothesis]:
    """The ways to read a table, the likeliest first."""
    structure = _Structure(table).hypothesis()
    headed = _by_header(table, structure)
    if headed:
        yield headed
        if structure and (rewired := _rewired(headed, structure)) != headed:
            yield rewired
    if structure and (headed is None or structure.names != headed.names):
        yield structure


# --- By header -------------------------------------------------------------------------------


def _by_header(table: Table, structure: Hypothesis | None) -> Hypothesis | None:
    names = _ranked(_without_repetitions(table.said, structure))
    outside = structure.outside if structure else {}
    shape = _shape([*names.values(), *outside.values()])
    if shape is None:
        return None
    named = _highest(set(names.values()), r"b(\d+)")
    if structure and structure.shape.sizes == shape.sizes and named < sum(shape.sizes[1:]):
        shape = replace(shape, biases=structure.shape.biases)
    return Hypothesis(shape, _completed(table, names, shape, structure), outside)


def _without_repetitions(said: dict[int, str], structure: Hypothesis | None) -> dict[int, str]:
    """Each name once: where the structure confirms it, else where it comes first."""
    counts = Counter(said.values())
    names: dict[int, str] = {}
    for column, name in said.items():
        owners = [other for other, also in said.items() if also == name]
        confirmed = [other for other in owners if structure and structure.names.get(other) == name]
        if counts[name] == 1 or column == (confirmed or owners)[0]:
            names[column] = name
    return names


def _ranked(names: dict[int, str]) -> dict[int, str]:
    """The weights numbered from 1 without gaps: w11, w12, w21, w22 are four of them."""
    numbers = sorted({int(name[1:]) for name in names.values() if re.fullmatch(r"w\d+", name)})
    ranks = {f"w{number}": f"w{rank}" for rank, number in enumerate(numbers, start=1)}
    return {column: _renamed(name, ranks) for column, name in names.items()}


def _renamed(name: str, others: Mapping[str, str]) -> str:
    """A parameter's or a gradient's name, with the parameter called otherwise."""
    if name.startswith("dE/d"):
        return f"dE/d{others.get(name[4:], name[4:])}"
    return others.get(name, name)


def _shape(names: Iterable[str]) -> Shape | None:
    """The network whose values have these names; None where they do not make one."""
    found = set(names)
    plain = {name.split("@")[0] for name in found}
    inputs = _highest(plain, r"i(\d+)")
    outputs = max(_highest(plain, rf"{letter}(\d+)") for letter in ("a_o", "o", "t", "E"))
    hidden = _hidden(plain)
    sizes = (inputs, *hidden, outputs)
    if min(sizes) < 1 or sum(sizes) > _MOST_UNITS:
        return None
    examples = max((int(name.split("@")[1]) for name in found if "@" in name), default=1)
    biases = _bias_counts(sizes, _highest(plain, r"b(\d+)"))
    shape = Shape(sizes, biases, examples)
    named = _highest(plain, r"w(\d+)")
    return shape if named in (shape.weights, shape.weights - 1) else None


def _highest(names: set[str], pattern: str) -> int:
    return max((int(m[1]) for name in names if (m := re.fullmatch(pattern, name))), default=0)


def _hidden(names: set[str]) -> tuple[int, ...]:
    deep = [m for name in names if (m := re.fullmatch(r"(?:a_)?h(\d+)_(\d+)", name))]
    if deep:
        layers = max(int(m[1]) for m in deep)
        return tuple(
            max((int(m[2]) for m in deep if int(m[1]) == layer), default=0)
            for layer in range(1, layers + 1)
        )
    units = _highest(names, r"(?:a_)?h(\d+)")
    return (units,) if units else ()


def _bias_counts(sizes: tuple[int, ...], found: int) -> tuple[int, ...]:
    units = sizes[1:]
    if found >= sum(units):
        return units
    return (1,) * len(units) if found >= len(units) else (0,) * len(units)


def _completed(
    table: Table, names: dict[int, str], shape: Shape, structure: Hypothesis | None
) -> dict[int, str]:
    """With names for columns whose headers spell none, from the structure or by elimination."""
    names = dict(names)
    for parameter, column in (structure.moved_by if structure else {}).items():
        gradient = f"dE/d{names.get(parameter)}"
        if parameter in names and column not in names and gradient not in names.values():
            names[column] = gradient
    for column, name in (structure.names if structure else {}).items():
        if column not in names and name not in names.values():
            names[column] = name
    missing = [name for name in _expected(shape) if name not in names.values()]
    unnamed = [column for column in table.columns if column not in names]
    if len(missing) == 1 and len(unnamed) == 1:
        names[unnamed[0]] = missing[0]
    return names


def _expected(shape: Shape) -> Iterator[str]:
    """The names of a table's columns that are never left out, of a single example."""
    yield from (f"i{n}" for n in range(1, shape.sizes[0] + 1))
    yield from (f"t{n}" for n in range(1, shape.sizes[-1] + 1))
    parameters = [f"w{n}" for n in range(1, shape.weights + 1)]
    parameters += [f"b{n}" for n in range(1, sum(shape.biases) + 1)]
    yield from parameters
    for layer in range(len(shape.sizes) - 1):
        for unit in shape.units(layer):
            yield from (unit, f"a_{unit}")
    yield "E_total"
    yield from (f"dE/d{name}" for name in parameters)


def _rewired(headed: Hypothesis, structure: Hypothesis) -> Hypothesis:
    """The names of the headers, but the weights numbered as they are wired."""
    if headed.shape != structure.shape:
        return headed
    others = {
        headed.names[column]: name
        for column, name in structure.names.items()
        if re.fullmatch(r"w\d+", name) and re.fullmatch(r"w\d+", headed.names.get(column, ""))
    }
    if set(others) != set(others.values()):
        return headed
    names = {column: _renamed(name, others) for column, name in headed.names.items()}
    return replace(headed, names=names)


# --- By structure ----------------------------------------------------------------------------

Key = tuple[str, int, int] | CellRef
"""What a variable stands for: a column so many rows above, or a cell beside the table."""


@dataclass(frozen=True)
class _Unit:
    """A weighted sum: for each signal the column of its weight, and its biases."""

    column: int
    weights: dict[Variable, int]
    biases: tuple[Variable, ...]


class _Structure:
    """The network that the usual formulas of a table compute, whatever its headers say."""

    def __init__(self, table: Table) -> None:
        self._table, self._row = table, table.later_rows[0]
        self._variables: dict[Key, Variable] = {}
        self._keys: dict[Variable, Key] = {}
        self._formulas = {column: self._expression(column) for column in table.usual}

    def hypothesis(self) -> Hypothesis | None:
        """The network; None where the formulas do not make one."""
        layers = self._layers()
        if not layers:
            return None
        signals = self._inputs(layers[0])
        names: dict[Key, str] = {
            self._keys[signal]: f"i{n}" for n, signal in enumerate(signals, start=1)
        }
        shape = Shape(
            (len(signals), *map(len, layers)), tuple(len(self._biases(units)) for units in layers)
        )
        if any(b not in (0, 1, u) for b, u in zip(shape.biases, shape.sizes[1:], strict=True)):
            return None
        self._name_layers(names, shape, layers, signals)
        self._name_losses(names, layers[-1])
        for parameter, gradient in self._gradients.items():
            name = names.get(("", parameter, 0))
            if name:
                names[("", gradient, 0)] = f"dE/d{name}"
        return Hypothesis(
            shape,
            {key[1]: name for key, name in names.items() if len(key) == 3},
            {key: name for key, name in names.items() if len(key) == 2},
            self._gradients,
        )

    def _variable(self, key: Key) -> Variable:
        if key not in self._variables:
            self._variables[key] = Variable(str(key))
            self._keys[self._variables[key]] = key
        return self._variables[key]

    def _column(self, column: int) -> Variable:
        return self._variable(("", column, 0))

    def _expression(self, column: int) -> Expression:
        tree = self._table.usual[column]
        try:
            return to_expression(tree, CellIndex(self._row, column), self._cell)
        except FormulaError:
            return Number(float("nan"))

    def _cell(self, sheet: str, place: CellIndex) -> Expression:
        table = self._table
        here = sheet in ("", table.sheet.name)
        if here and place[0] in table.rows and place[1] in table.columns:
            return self._variable(("", place[1], self._row - place[0]))
        return self._variable(CellRef(sheet or table.sheet.name, place))

    @cached_property
    def _parameters(self) -> set[int]:
        """The columns that move on from their own value in the row above."""
        return {
            column
            for column, formula in self._formulas.items()
            if isinstance(formula, Apply)
            and self._variable(("", column, 1)) in set(variables(formula))
        }

    @cached_property
    def _gradients(self) -> dict[int, int]:
        """For each parameter the column it is moved by, where that is one."""
        found = {}
        for parameter in self._parameters:
            keys = {self._keys[v] for v in variables(self._formulas[parameter])}
            others = {key[1] for key in keys if len(key) == 3 and key[2] == 1} - self._parameters
            # Without a learning rate the column is a step, not a gradient.
            has_rate = len(keys) > 2 or MULTIPLY in _operations(self._formulas[parameter])
            if len(others) == 1 and has_rate:
                found[parameter] = others.pop()
        return found

    @cached_property
    def _units(self) -> dict[int, _Unit]:
        """The weighted sums, by their columns."""
        units = {}
        for column, formula in self._formulas.items():
            if column not in self._parameters and (unit := self._unit(column, formula)):
                units[column] = unit
        return units

    def _unit(self, column: int, formula: Expression) -> _Unit | None:
        is_sum = isinstance(formula, Apply) and formula.operation is ADD
        weights: dict[Variable, int] = {}
        biases: list[Variable] = []
        for term in formula.arguments if is_sum and isinstance(formula, Apply) else (formula,):
            factors = (
                term.arguments
                if isinstance(term, Apply) and term.operation is MULTIPLY
                else (term,)
            )
            mine = [p for factor in factors if (p := self._parameter(factor)) is not None]
            signals = [f for f in factors if isinstance(f, Variable) and not self._parameter(f)]
            if len(factors) == 1 and isinstance(term, Variable) and (mine or self._beside(term)):
                biases.append(term)
            elif len(mine) == 1 and len(signals) == len(factors) - 1 == 1:
                weights[signals[0]] = mine[0]
            else:
                return None
        return _Unit(column, weights, tuple(biases)) if weights else None

    def _beside(self, variable: Variable) -> bool:
        """Whether it is a cell beside the table."""
        return len(self._keys[variable]) == 2

    def _parameter(self, factor: Expression) -> int | None:
        """The column of a parameter in the same row."""
        key = self._keys.get(factor) if isinstance(factor, Variable) else None
        if key is None or len(key) != 3 or key[2] != 0:
            return None
        return key[1] if key[1] in self._parameters else None

    @cached_property
    def _activations(self) -> dict[int, int]:
        """For each weighted sum the first column that is computed from it alone."""
        found: dict[int, int] = {}
        for column, formula in sorted(self._formulas.items()):
            inside = set(variables(formula))
            for unit in self._units:
                if inside == {self._column(unit)}:
                    found.setdefault(unit, column)
        return found

    def _signal(self, unit: int) -> Variable:
        """What a unit hands on: its activation, or its sum where it has none."""
        return self._column(self._activations.get(unit, unit))

    def _layers(self) -> list[list[int]]:
        """The units layer by layer, each by its column."""
        producers = {self._signal(unit): unit for unit in self._units}
        depths: dict[int, int] = {}

        def depth(unit: int, above: tuple[int, ...] = ()) -> int:
            if unit not in depths and unit not in above:
                below = [producers[s] for s in self._units[unit].weights if s in producers]
                depths[unit] = 1 + max((depth(b, (*above, unit)) for b in below), default=-1)
            return depths.get(unit, 0)

        for unit in self._units:
            depth(unit)
        count = max(depths.values(), default=-1) + 1
        return [sorted(u for u, d in depths.items() if d == layer) for layer in range(count)]

    def _inputs(self, units: list[int]) -> list[Variable]:
        signals = {signal for unit in units for signal in self._units[unit].weights}
        return sorted(
            signals, key=lambda signal: (len(self._keys[signal]) == 2, self._keys[signal])
        )

    def _biases(self, units: list[int]) -> list[Variable]:
        return list(dict.fromkeys(bias for unit in units for bias in self._units[unit].biases))

    def _name_layers(
        self,
        names: dict[Key, str],
        shape: Shape,
        layers: list[list[int]],
        signals: list[Variable],
    ) -> None:
        weight = bias = 0
        for number, units in enumerate(layers):
            for unit, name in zip(units, shape.units(number), strict=True):
                names[("", unit, 0)] = name
                if unit in self._activations:
                    names[("", self._activations[unit], 0)] = f"a_{name}"
                for signal in signals:
                    weight += 1
                    if (column := self._units[unit].weights.get(signal)) is not None:
                        names.setdefault(("", column, 0), f"w{weight}")
            for variable in self._biases(units):
                bias += 1
                names[self._keys[variable]] = f"b{bias}"
            signals = [self._signal(unit) for unit in units]

    def _name_losses(self, names: dict[Key, str], units: list[int]) -> None:
        """The errors: columns of one output and one other cell; the loss: a column of errors."""
        outputs = {self._signal(unit): n for n, unit in enumerate(units, start=1)}
        outputs |= {self._column(unit): n for n, unit in enumerate(units, start=1)}
        moved = {*self._gradients.values(), *self._parameters}
        errors: list[Variable] = []
        for column, formula in sorted(self._formulas.items()):
            inside = set(variables(formula))
            numbers = {outputs[v] for v in inside if v in outputs}
            others = [v for v in inside if v not in outputs]
            if ("", column, 0) in names or column in moved or not inside:
                continue
            if len(numbers) == 1 and len(others) == 1 and self._is_given(others[0]):
                number = numbers.pop()
                if f"E{number}" not in names.values():
                    names[("", column, 0)] = f"E{number}"
                    names.setdefault(self._keys[others[0]], f"t{number}")
                    errors.append(self._column(column))
            elif inside <= set(errors):
                names[("", column, 0)] = "E_total"

    def _is_given(self, variable: Variable) -> bool:
        """Whether it is typed in, or a copy of something else."""
        key = self._keys[variable]
        return len(key) == 2 or not isinstance(self._formulas.get(key[1]), Apply)


def _operations(expression: Expression) -> Iterator[Operation]:
    """The operations an expression is made of."""
    if isinstance(expression, Apply):
        yield expression.operation
        for argument in expression.arguments:
            yield from _operations(argument)
