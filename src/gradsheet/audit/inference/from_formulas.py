"""The network that the usual formulas of a table compute, whatever its headers say."""

from collections.abc import Iterator, Mapping
from itertools import count

from gradsheet.audit.inference.column_formulas import ColumnCell, Place, column_formulas, key
from gradsheet.audit.inference.errors import name_errors
from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.inference.shape import Shape
from gradsheet.audit.inference.wiring import Wiring
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Kind, Symbol
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.symbolic.expression import ZERO, Expression, Variable, variables


def hypothesis_from_formulas(
    table: Table, *, errors_are_gradients: bool = True
) -> Hypothesis | None:
    """The network of a table; None where its formulas do not make one.

    Args:
        table: the table.
        errors_are_gradients: whether a difference that moves a bias is taken for its gradient.
    """
    wiring = Wiring(column_formulas(table), errors_are_gradients=errors_are_gradients)
    shape = _shape(wiring)
    if shape is None:
        return None
    naming = _Naming(wiring, shape)
    symbols = naming.symbols()
    weights = sum(symbol.kind is Kind.WEIGHT for symbol in symbols.values())
    free = sum(ColumnCell(column) not in symbols for column in wiring.parameters)
    if weights + free < shape.weights:
        return None  # a weight that is nowhere was not left out: units are not joined that way
    return Hypothesis(
        shape,
        {
            place.column: symbol
            for place, symbol in symbols.items()
            if isinstance(place, ColumnCell)
        },
        {place: symbol for place, symbol in symbols.items() if isinstance(place, CellRef)},
        wiring.gradients,
        naming.functions,
        any(unit.subtracts for unit in wiring.units.values()),
    )


def _shape(wiring: Wiring) -> Shape | None:
    if not wiring.layers or _repeats_a_unit(wiring) or any(map(wiring.is_moved, wiring.inputs)):
        return None
    sizes = (len(wiring.inputs), *map(len, wiring.layers))
    widest = [max(len(wiring.units[unit].weights) for unit in layer) for layer in wiring.layers]
    if any(signals > before for signals, before in zip(widest, sizes, strict=False)):
        return None  # a unit has more than the layer before it, as a recurrent one has
    found = _numbers_of_biases(wiring)
    if any(count > units for count, units in zip(found, sizes[1:], strict=True)):
        return None
    # Where several units have biases of their own and one has none, that was left out.
    biases = (b if b in (0, 1) else units for b, units in zip(found, sizes[1:], strict=True))
    return Shape(sizes, tuple(biases))


def _numbers_of_biases(wiring: Wiring) -> list[int]:
    """How many biases each layer has.

    Where the units of a layer have one in common, one that they take from another layer is a
    mistake and none of theirs.
    """
    biases = [wiring.biases(layer) for layer in range(len(wiring.layers))]
    shared = [len(own) == 1 < len(units) for own, units in zip(biases, wiring.layers, strict=True)]
    elsewhere = {own[0] for own, is_shared in zip(biases, shared, strict=True) if is_shared}
    return [
        len(own) if is_shared else len([bias for bias in own if bias not in elsewhere]) or len(own)
        for own, is_shared in zip(biases, shared, strict=True)
    ]


def _repeats_a_unit(wiring: Wiring) -> bool:
    """Whether units have the same weights and other signals: one unit, of several examples."""
    signals: dict[tuple[frozenset[int], frozenset[Variable]], set[Variable]] = {}
    for unit in wiring.units.values():
        own = (frozenset(unit.weights.values()), frozenset(unit.biases))
        if not signals.setdefault(own, set(unit.weights)) & set(unit.weights):
            return True
    return False


class _Naming:
    """Symbols for the cells of a wired table, from its inputs to its gradients."""

    def __init__(self, wiring: Wiring, shape: Shape) -> None:
        self._wiring, self._shape = wiring, shape
        self._formulas = wiring.formulas
        self._symbols: dict[Place, Symbol] = {}
        self.functions: dict[Symbol, Expression] = {}
        self._left_out: list[Symbol] = []

    def symbols(self) -> dict[Place, Symbol]:
        """The symbol of each cell that has a part in the network."""
        for number, signal in enumerate(self._wiring.inputs, start=1):
            self._symbols[self._formulas.place(signal)] = Symbol(Kind.INPUT, (number,))
        self._name_layers()
        self._name_left_out()
        name_errors(self._wiring, self._shape, self._symbols)
        self._name_gradients()
        self._name_new_weights()
        return self._symbols

    def _name_gradients(self) -> None:
        """The columns that move parameters; of one that moves two, the one that is missing, too."""
        moved = self._wiring.gradients
        owners: dict[int, list[int]] = {}
        for parameter, gradient in moved.items():
            owners.setdefault(gradient, []).append(parameter)
        for gradient, parameters in owners.items():
            for parameter in parameters:
                column = gradient
                if len(parameters) > 1:
                    due = self._due_gradient(parameter, owners)
                    column = gradient if due is None or due in owners else due
                symbol = self._symbols.get(ColumnCell(parameter))
                if symbol and (column == gradient or column in self._formulas.expressions):
                    self._symbols.setdefault(ColumnCell(column), symbol.gradient)

    def _due_gradient(self, parameter: int, owners: Mapping[int, list[int]]) -> int | None:
        """Where a parameter's gradient is due: beside that of its neighbor, as elsewhere."""
        own = {parameters[0]: g for g, parameters in owners.items() if len(parameters) == 1}
        order = sorted(self._wiring.parameters)
        place = order.index(parameter)
        for near, apart in ((place - 1, 1), (place + 1, -1)):
            if 0 <= near < len(order) and order[near] in own:
                beside = own[order[near]]
                return beside + apart if self._are_alike(beside, beside + apart) else None
        return None

    def _are_alike(self, one: int, other: int) -> bool:
        """Whether two columns compute the same from other cells."""
        formulas = [self._formulas.expressions.get(column, ZERO) for column in (one, other)]
        return len({key(f, dict.fromkeys(variables(f))) for f in formulas}) == 1

    def _name_new_weights(self) -> None:
        """Columns of new weights, from which the weights of the next row are taken."""
        for parameter in self._wiring.parameters:
            new, symbol = self._formulas.copied(parameter), self._symbols.get(ColumnCell(parameter))
            if new is not None and symbol is not None:
                self._symbols.setdefault(ColumnCell(new), symbol.next)

    def _name_layers(self) -> None:
        """Units, activations, weights and biases, numbered unit after unit."""
        weights, biases = count(1), count(1)
        signals = self._wiring.inputs
        for layer, units in enumerate(self._wiring.layers):
            for unit, symbol in zip(units, self._shape.units(layer), strict=True):
                self._name_unit(unit, symbol)
                self._name_weights(unit, {signal: next(weights) for signal in signals})
            self._name_biases(units, self._shape.biases[layer], biases)
            signals = [self._wiring.output(unit) for unit in units]

    def _name_biases(self, units: list[int], count: int, numbers: Iterator[int]) -> None:
        """Name the biases of a layer; one that no unit uses is that of a unit without."""
        missing: list[Symbol] = []
        for owners in [units] if count == 1 else [[unit] for unit in units[:count]]:
            symbol = Symbol(Kind.BIAS, (next(numbers),))
            own = [bias for unit in owners for bias in self._wiring.units[unit].biases]
            used = [self._formulas.place(variable) for variable in own]
            free = [place for place in used if place not in self._symbols]
            if free:
                self._symbols[free[0]] = symbol
            else:
                missing.append(symbol)
        if len(missing) == 1:
            self._left_out.append(missing[0])

    def _name_left_out(self) -> None:
        """The one parameter without a name is the bias that was left out."""
        parameters = sorted(ColumnCell(column) for column in self._wiring.parameters)
        free = [place for place in parameters if place not in self._symbols]
        if len(free) == len(self._left_out) == 1:
            self._symbols[free[0]] = self._left_out[0]

    def _name_unit(self, unit: int, symbol: Symbol) -> None:
        if (function := self._wiring.units[unit].function) is not None:
            self.functions[symbol] = function
        else:
            self._symbols[ColumnCell(unit)] = symbol
        if unit in self._wiring.activations:
            self._symbols[ColumnCell(self._wiring.activations[unit])] = symbol.activation

    def _name_weights(self, unit: int, numbers: dict[Variable, int]) -> None:
        """Name the weights of a unit, whose numbers are given by their signals."""
        weights = self._wiring.units[unit].weights
        for signal, number in numbers.items():
            if signal in weights:
                symbol = Symbol(Kind.WEIGHT, (number,))
                self._symbols.setdefault(ColumnCell(weights[signal]), symbol)
        # A weight on a signal that comes twice, or is of no use here, is that of a missing one.
        strange = [weight for signal, weight in weights.items() if signal not in numbers]
        missing = [number for signal, number in numbers.items() if signal not in weights]
        spare = sorted((*strange, *self._wiring.units[unit].spare))
        for weight, number in zip(spare, missing, strict=False):
            self._symbols.setdefault(ColumnCell(weight), Symbol(Kind.WEIGHT, (number,)))
