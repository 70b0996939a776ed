"""Which columns of a wired table are its targets, its errors and its loss."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from gradsheet.audit.inference.column_formulas import ColumnCell, Place
from gradsheet.audit.inference.shape import Shape
from gradsheet.audit.inference.wiring import Wiring, operations
from gradsheet.networks.symbols import LOSS, Kind, Symbol
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.functions import outside_conditions
from gradsheet.symbolic.expression import ZERO, Apply, Expression, Variable, expand, variables
from gradsheet.symbolic.operations import LOGARITHM
from gradsheet.symbolic.tape import Tape

_PROBES = np.array([0.3, 0.7, 1.1])
_SIZES = np.geomspace(1e-6, 1e3, 10)
_SAME = 1e-9  # relative difference
_SMALL = 1e-4
_Used = Callable[[Expression], Iterator[Variable]]
_Judged = dict[int, tuple[int, Variable | None]]
"""Of columns of an error the number of the output, and its target."""


def name_errors(wiring: Wiring, shape: Shape, symbols: dict[Place, Symbol]) -> None:
    """Add the cells of targets, errors and loss to those that have a symbol.

    Args:
        wiring: of the table.
        shape: of its network.
        symbols: of the cells of inputs, units and parameters.
    """
    naming = _Naming(wiring, shape, symbols)
    naming.name_losses()
    naming.name_targets()
    if not any(symbol == LOSS or symbol.kind is Kind.ERROR for symbol in symbols.values()):
        naming.name_whole_loss()


class _Naming:
    """Symbols for what a table's outputs are compared with, one kind after another."""

    def __init__(self, wiring: Wiring, shape: Shape, symbols: dict[Place, Symbol]) -> None:
        self._wiring, self._shape, self._symbols = wiring, shape, symbols
        self._formulas = wiring.formulas

    def name_losses(self) -> None:
        """The errors: columns of one output and one other cell; the loss: a column of errors."""
        errors: dict[Variable, Expression] = {}
        sums: dict[int, Expression] = {}
        free = self._without_part()
        judged = self._one_each(self._judged_columns(free))
        if (entropy := self._entropy_alone(judged)) is not None:
            self._name_target(*judged[entropy])
            self._symbols[ColumnCell(entropy)] = LOSS
            return
        for column, formula in free:
            own, inside = self._formulas.column(column), set(variables(formula))
            if ColumnCell(column) in self._symbols:
                continue
            if column in judged:
                if self._name_error(column, *judged[column]):
                    errors[own] = own
            elif inside <= errors.keys() and not self._is_flag(formula):
                errors[own] = sums[column] = expand(formula, lambda _: True, errors)
        if sums:
            self._symbols[ColumnCell(_loss_among(sums))] = LOSS

    def _entropy_alone(self, judged: _Judged) -> int | None:
        """The cross-entropy of the one output, where updates use another column of it."""
        if self._shape.sizes[-1] > 1 or self._used_in_steps.isdisjoint(judged):
            return None
        called = [c for c in judged if self._is_loss(c) and judged[c][1] is not None]
        formulas = self._formulas.expressions
        return next((c for c in called if LOGARITHM in operations(formulas[c])), None)

    def _without_part(self) -> list[tuple[int, Expression]]:
        """The columns of numbers that have no part in the network so far, and their formulas."""
        moved = {*self._wiring.gradients.values(), *self._wiring.parameters}
        return [
            (column, formula)
            for column, formula in sorted(self._formulas.expressions.items())
            if ColumnCell(column) not in self._symbols and column not in moved
            if any(True for _ in variables(formula)) and self._is_number(formula)
        ]

    def _judged_columns(self, free: Sequence[tuple[int, Expression]]) -> _Judged:
        """The columns of one output and one other cell, which is its target.

        Of an output without one, the column that takes it from the row above.
        """
        judged: _Judged = {}
        for outputs in (self._outputs, self._outputs_above):
            known = {number for number, _ in judged.values()}
            for column, formula in free:
                found = self._judged(set(variables(formula)), outputs)
                if found is None or found[0] in known or column in judged:
                    continue
                if not (self._is_delta(column) or self._is_count(formula, outputs)):
                    judged[column] = found
        return judged

    def _one_each(self, judged: _Judged) -> _Judged:
        """The same; where one column of all repeats another output's formula, by its place."""
        columns, outputs = sorted(judged), range(1, self._shape.sizes[-1] + 1)
        numbers = [judged[column][0] for column in columns]
        strange = [n - 1 for n in outputs if numbers[n - 1 : n] != [n]]
        if len(columns) != len(outputs) or len(strange) != 1:
            return judged
        [place] = strange
        formulas = self._formulas.expressions
        twin = columns[numbers[place] - 1]
        if not _is_same(formulas[columns[place]], formulas[twin]):
            return judged  # another measure of that output
        return judged | {columns[place]: (outputs[place], None)}

    def name_targets(self) -> None:
        """What updates use besides the network, where no error names the targets."""
        outputs = range(1, self._shape.sizes[-1] + 1)
        targets = [Symbol(Kind.TARGET, (number,)) for number in outputs]
        named = [place for place, symbol in self._symbols.items() if symbol in targets]
        if len(named) == len(targets):
            return
        known = {place for place in named if isinstance(place, ColumnCell)}
        used = map(ColumnCell, self._used_in_updates)
        free = {c for c in used if c not in self._symbols}
        typed = {c for c in free if self._is_typed(c.column)}
        computed = {c for c in free - typed if self._is_data(c.column)}
        for given in (known | typed, known | (typed & self._beside_outputs), known | computed):
            if len(given) == len(targets):
                self._symbols.update(zip(sorted(given), targets, strict=True))
                return
        if not named and len(beside := self._targets_beside()) == len(targets):
            self._symbols.update(beside)

    def _targets_beside(self) -> dict[Place, Symbol]:
        """The numbers that no row moves which a column of each output takes beside that output.

        Where two outputs take the same, the other one's is what a column of all outputs takes.
        """
        found: dict[int, Place] = {}
        rest: set[Place] = set()
        for column, formula in self._formulas.expressions.items():
            inside = set(variables(formula))
            numbers = {self._outputs[variable] for variable in inside & self._outputs.keys()}
            places = {self._formulas.place(v) for v in inside if self._formulas.is_fixed(v)}
            free = places - self._symbols.keys()
            if len(numbers) == len(free) == 1 and column in self._used_in_updates:
                found.setdefault(numbers.pop(), free.pop())
            elif len(numbers) == len(free) == self._shape.sizes[-1]:
                rest = rest if column in self._used_in_updates else free
        taken = list(found.values())
        doubtful = [number for number, place in found.items() if taken.count(place) > 1]
        if len(doubtful) == 2 and len(left := rest - set(taken)) == 1:
            both = sorted((found[doubtful[0]], left.pop()))  # as the outputs are, so are they
            found |= dict(zip(sorted(doubtful), both, strict=True))
        return {place: Symbol(Kind.TARGET, (number,)) for number, place in found.items()}

    def _is_loss(self, column: int) -> bool:
        return self._formulas.is_loss(column) and column not in self._used_in_updates

    def name_whole_loss(self) -> None:
        """The column of several outputs and their targets, where none has an error of its own."""
        targets = {p for p, symbol in self._symbols.items() if symbol.kind is Kind.TARGET}
        if len(targets) < 2:
            return
        for column, formula in self._formulas.expressions.items():
            outputs = {v for v in variables(formula) if v in self._outputs}
            rest = {self._formulas.place(v) for v in variables(formula) if v not in outputs}
            is_whole = len({self._outputs[v] for v in outputs}) == len(targets) and rest == targets
            is_free = ColumnCell(column) not in self._symbols
            if is_whole and is_free and self._formulas.is_loss(column):
                self._symbols[ColumnCell(column)] = LOSS
                return

    def _used_by(self, parameter: int, used: _Used = variables) -> set[int]:
        """The columns that an update uses, through the columns that have no name."""
        waiting, seen = [parameter], {parameter}
        while waiting:
            column = waiting.pop()
            if column == parameter or ColumnCell(column) not in self._symbols:
                formula = self._formulas.expressions.get(column, ZERO)
                places = map(self._formulas.place, used(formula))
                new = {p.column for p in places if isinstance(p, ColumnCell)} - seen
                seen |= new
                waiting += new
        return seen

    @cached_property
    def _beside_outputs(self) -> set[Place]:
        """What formulas take together with an output."""
        formulas = map(set, map(variables, self._formulas.expressions.values()))
        beside = [inside for inside in formulas if not inside.isdisjoint(self._outputs)]
        return {self._formulas.place(v) for inside in beside for v in inside}

    def _is_typed(self, column: int) -> bool:
        """Whether a column is typed in, and is not that of the learning rate."""
        return column not in self._formulas.expressions and not self._formulas.is_rate(column)

    def _is_data(self, column: int) -> bool:
        """Whether a column follows from what is typed in alone, as 1 for a class does."""
        is_computed = column in self._formulas.expressions and not self._formulas.is_rate(column)
        return is_computed and not self._wiring.is_moved(self._formulas.column(column))

    def _is_number(self, formula: Expression) -> bool:
        """Whether a formula gives numbers, and no text."""
        wanted = Variable("wanted", formula)
        with np.errstate(all="ignore"):
            value = Tape([wanted]).run(dict.fromkeys(variables(formula), _PROBES))[wanted]
        return not np.isnan(value).all()

    def _is_flag(self, formula: Expression) -> bool:
        """Whether a formula is 1 or 0, and nothing else."""
        wanted = Variable("wanted", formula)
        with np.errstate(all="ignore"):
            value = Tape([wanted]).run(dict.fromkeys(variables(formula), _SIZES))[wanted]
        return bool(np.all((value == 0) | (value == 1)))

    def _is_count(self, formula: Expression, outputs: Collection[Variable]) -> bool:
        """Whether a formula only counts: it stays the same where an output moves a little."""
        wanted = Variable("wanted", formula)
        inside = set(variables(formula))
        values = (
            Tape([wanted]).run({v: _PROBES + (step if v in outputs else 0) for v in inside})
            for step in (0, _SMALL)
        )
        before, after = (value[wanted] for value in values)
        return bool(np.all(before == after))

    def _is_delta(self, column: int) -> bool:
        """Whether updates use a column of an output and its target that is no error t − a."""
        if column not in self._used_in_steps:
            return False
        formula = self._formulas.expressions[column]
        wanted = Variable("wanted", formula)
        points = {v: _PROBES if v in self._outputs else _PROBES[:1] for v in variables(formula)}
        return bool(np.ptp(np.diff(Tape([wanted]).run(points)[wanted])) > _SAME)

    @cached_property
    def _used_in_updates(self) -> set[int]:
        """The columns that updates use, through the columns that have no name."""
        return {column for p in self._wiring.parameters for column in self._used_by(p)}

    @cached_property
    def _used_in_steps(self) -> set[int]:
        """The same, but those that only decide whether an update is made."""
        parameters = self._wiring.parameters
        return {column for p in parameters for column in self._used_by(p, outside_conditions)}

    def _judged(
        self, inside: set[Variable], outputs: Mapping[Variable, int]
    ) -> tuple[int, Variable] | None:
        """The number of the one output among some variables, and its target."""
        numbers = {outputs[variable] for variable in inside if variable in outputs}
        others = [variable for variable in inside if variable not in outputs]
        if len(numbers) == len(others) == 1 and self._is_given(others[0]):
            return numbers.pop(), others[0]
        return None

    @cached_property
    def _outputs(self) -> dict[Variable, int]:
        """The numbers of the outputs, by their activations and by their sums."""
        numbered = list(enumerate(self._wiring.layers[-1], start=1))
        outputs = {self._wiring.output(unit): number for number, unit in numbered}
        return outputs | {self._formulas.column(unit): number for number, unit in numbered}

    @cached_property
    def _outputs_above(self) -> dict[Variable, int]:
        """The same one row above."""
        places = {self._formulas.place(v): number for v, number in self._outputs.items()}
        return {
            self._formulas.variable(place._replace(rows_above=1)): number
            for place, number in places.items()
            if isinstance(place, ColumnCell)
        }

    def _name_error(self, column: int, number: int, target: Variable | None) -> bool:
        """Name the error of an output, and its target if known, unless it has one already."""
        error = Symbol(Kind.ERROR, (number,))
        if error in self._symbols.values():
            return False
        self._symbols[ColumnCell(column)] = error
        self._name_target(number, target)
        return True

    def _name_target(self, number: int, target: Variable | None) -> None:
        if target is not None:
            self._symbols.setdefault(self._formulas.place(target), Symbol(Kind.TARGET, (number,)))

    def _is_given(self, variable: Variable) -> bool:
        """Whether a cell is typed in, or a copy of something else."""
        place = self._formulas.place(variable)
        if isinstance(place, CellRef):
            return True
        return not isinstance(self._formulas.expressions.get(place.column), Apply)


def _loss_among(sums: Mapping[int, Expression]) -> int:
    """Of columns made of errors the last that sums them, or their squares, and all of them."""
    whole = {variable for formula in sums.values() for variable in variables(formula)}
    complete = [c for c, f in sums.items() if set(variables(f)) == whole and _is_sum(f)]
    return complete[-1] if complete else max(sums, key=lambda c: len(set(variables(sums[c]))))


def _is_sum(formula: Expression) -> bool:
    """Whether a formula is a multiple of the sum of its variables, or of their squares."""
    inside = list(dict.fromkeys(variables(formula)))
    wanted = Variable("wanted", formula)
    numbers = {v: _PROBES * (n + 1) + n for n, v in enumerate(inside)}
    value = np.broadcast_to(Tape([wanted]).run(numbers)[wanted], _PROBES.shape)
    for power in (1, 2):
        ratio = value / sum(number**power for number in numbers.values())
        if np.ptp(ratio) <= _SAME * np.abs(ratio).max():
            return True
    return False


def _is_same(one: Expression, other: Expression) -> bool:
    """Whether two formulas compute the same of the same cells."""
    inside = list(dict.fromkeys(variables(one)))
    wanted = [Variable("one", one), Variable("other", other)]
    if set(inside) != set(variables(other)):
        return False
    values = Tape(wanted).run({v: _PROBES * (n + 1) + n for n, v in enumerate(inside)})
    return bool(np.allclose(values[wanted[0]], values[wanted[1]], rtol=_SAME, atol=0.0))
