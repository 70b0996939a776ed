"""What may have been taken for what in a formula: neighbors, other rows, typed numbers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from gradsheet.audit import rules
from gradsheet.audit.diagnosis.mutations import Substitute
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.row_classes import is_pinned
from gradsheet.audit.rules import Rule
from gradsheet.networks.symbols import Kind, Symbol, symbol_of
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, variables

_OF_ONE_KIND = {
    Kind.WEIGHT: rules.WRONG_WEIGHT,
    Kind.BIAS: rules.WRONG_BIAS,
    Kind.INPUT: rules.NEIGHBOR,
    Kind.HIDDEN_ACTIVATION: rules.NEIGHBOR,
    Kind.TARGET: rules.WRONG_TARGET,
    Kind.OUTPUT_ACTIVATION: rules.WRONG_OUTPUT,
    Kind.HIDDEN: rules.WRONG_PRE_ACTIVATION,
    Kind.OUTPUT: rules.WRONG_PRE_ACTIVATION,
    Kind.ERROR: rules.WRONG_ERROR,
    Kind.EXAMPLE_LOSS: rules.WRONG_ERROR,
}
"""The mistake of taking one value for another of its kind."""
_OF_UNITS = {
    Kind.OUTPUT: rules.WRONG_OUTPUT,
    Kind.OUTPUT_ACTIVATION: rules.WRONG_OUTPUT,
    Kind.TARGET: rules.WRONG_OUTPUT,
    Kind.ERROR: rules.WRONG_OUTPUT,
    Kind.HIDDEN: rules.NEIGHBOR,
    Kind.HIDDEN_ACTIVATION: rules.NEIGHBOR,
}
"""The mistake of taking all values of a unit for those of another."""


@dataclass(frozen=True)
class Together:
    """Other values taken for all weights of a formula at once."""

    rule: Rule
    others: dict[Variable, Expression]


class Candidates:
    """What may have been taken for the values of one right formula."""

    def __init__(self, found: Interpretation, row: int, column: int, right: Expression) -> None:
        self._found, self._row, self._column = found, row, column
        self._right = right
        self._inside = list(dict.fromkeys(variables(right)))

    def substitutes(self, written: Expression) -> Iterator[Substitute]:
        """For each value the others of its row, numbers that were typed, and values of other rows.

        Args:
            written: the formula, whose numbers and rows are the ones that are tried.
        """
        for variable in self._inside:
            yield from self._of_the_same_row(variable)
            yield from self._unnamed(variable, written)
        typed = numbers_in(written) - numbers_in(self._right) - {0.0, 1.0}
        for variable in self._inside:
            for number in sorted(filter(math.isfinite, typed)):
                yield Substitute(variable, Number(number), rules.TYPED_NUMBER)
        for variable in self._inside:
            yield from self._of_other_rows(variable, written)

    def _of_the_same_row(self, variable: Variable) -> Iterator[Substitute]:
        before = self._found.reference.rows_above(variable)
        if before is None:
            return
        values = self._found.reference.row(before).values
        own = symbol_of(variable)
        symbols = dict.fromkeys((*self._found.symbols.values(), *self._found.outside.values()))
        for symbol in symbols:
            if symbol != own:
                yield Substitute(variable, values[symbol], relation(own, symbol))

    def _unnamed(self, variable: Variable, written: Expression) -> Iterator[Substitute]:
        """The numbers of columns without a name that the formula reads in the row of a value."""
        before = self._found.reference.rows_above(variable)
        for other in dict.fromkeys(variables(written)):
            symbol = symbol_of(other)
            is_unnamed = symbol.kind is Kind.COUNT and symbol.numbers
            if is_unnamed and self._found.reference.rows_above(other) == before:
                yield Substitute(variable, other, rules.OTHER_VALUE)

    def _of_other_rows(self, variable: Variable, written: Expression) -> Iterator[Substitute]:
        """The same value, and others, from the rows that the formula reads."""
        before = self._found.reference.rows_above(variable)
        if variable is self._found.reference.rate:
            used = dict.fromkeys(variables(written))
            yield from (Substitute(variable, v, rules.UNUSED_RATE) for v in used if v != variable)
        for other in dict.fromkeys(variables(written)):
            row = self._found.reference.rows_above(other)
            if row is not None and before is not None and row != before:
                yield Substitute(variable, other, self._across_rows(variable, other, before, row))

    def _across_rows(self, variable: Variable, other: Variable, before: int, row: int) -> Rule:
        """The mistake of taking a value so many rows before for one of another row."""
        right, wrong = symbol_of(variable), symbol_of(other)
        if wrong != right:
            return relation(right, wrong)
        if is_pinned(self._found, self._row, self._column, wrong):
            return rules.PINNED
        is_updated = row < before and (row == -1 or wrong in self._found.roles.parameters)
        return rules.UPDATED if is_updated else rules.OTHER_ROW

    @cached_property
    def activations(self) -> dict[Variable, Variable]:
        """Of the pre-activations of the formula, and of its activations, what belongs to them."""
        pairs: dict[Variable, Variable] = {}
        reference = self._found.reference
        for variable in self._inside:
            values = reference.row(reference.rows_above(variable) or 0).values
            for symbol in values:
                if symbol.is_pre_activation and symbol_of(variable) in (symbol, symbol.activation):
                    pairs[values[symbol]] = values[symbol.activation]
        return pairs

    @cached_property
    def sums(self) -> dict[Variable, Variable]:
        """Of the same activations their pre-activations."""
        return {activation: z for z, activation in self.activations.items()}

    def all_weights(self) -> Iterator[Together]:
        """Updated, older or the first values of all weights of the formula."""
        reference = self._found.reference
        weights = {
            v: s for v in self._inside if (s := symbol_of(v)) in self._found.roles.parameters
        }
        if not weights:
            return

        def of_row(before: int) -> dict[Variable, Expression]:
            values = reference.row(before).values
            return {weight: values[symbol] for weight, symbol in weights.items()}

        yield Together(rules.UPDATED, of_row(-1))
        stepped = {
            w: w - reference.rate * reference[symbol.gradient] for w, symbol in weights.items()
        }
        yield Together(rules.UPDATED, dict(stepped))
        yield Together(rules.OTHER_ROW, of_row(1))
        yield Together(rules.PINNED, of_row(self._found.table.rows.index(self._row)))
        yield from self._of_another_unit(weights)

    def of_another_row(self, written: Expression) -> Iterator[dict[Variable, Expression]]:
        """For all values of the formula those of another row that the written one reads."""
        reference = self._found.reference
        rows = {v: row for v in self._inside if (row := reference.rows_above(v)) is not None}
        read = {reference.rows_above(v) for v in variables(written)} - {None}
        for apart in sorted({row - own for row in read if row for own in rows.values()} - {0}):
            yield {v: reference.row(row + apart).values[symbol_of(v)] for v, row in rows.items()}

    def _of_another_unit(self, weights: dict[Variable, Symbol]) -> Iterator[Together]:
        """All weights of one unit's connections taken for those of another unit."""
        reference, numbers = self._found.reference, {s.numbers[0] for s in weights.values()}
        rows = {self._found.reference.rows_above(weight) for weight in weights}
        if (
            len(weights) < 2
            or len(rows) != 1
            or any(s.kind is not Kind.WEIGHT for s in weights.values())
        ):
            return
        values = reference.row(rows.pop() or 0).values
        for apart in (n for step in range(1, max(numbers) + 8) for n in (step, -step)):
            others = {
                w: values.get(replace(s, numbers=(s.numbers[0] + apart,)))
                for w, s in weights.items()
            }
            if numbers.isdisjoint(n + apart for n in numbers) or len(numbers) > 1:
                yield Together(
                    rules.WRONG_WEIGHT, {w: o for w, o in others.items() if o is not None}
                )

    def units(self) -> Iterator[tuple[Rule, dict[Variable, Expression]]]:
        """For the values of one unit in the formula those of each other unit of its layer."""
        own = {v: s for v in self._inside if (s := symbol_of(v)).kind in _OF_UNITS}
        values = self._found.reference.row(0).values
        for rule, of in dict.fromkeys((_OF_UNITS[s.kind], s.numbers) for s in own.values()):
            mine = {v: s for v, s in own.items() if _OF_UNITS[s.kind] is rule and s.numbers == of}
            for numbers in dict.fromkeys(s.numbers for s in values if s.kind in _OF_UNITS):
                others = {v: values.get(replace(s, numbers=numbers)) for v, s in mine.items()}
                taken = {v: other for v, other in others.items() if other is not None}
                if numbers != of and len(taken) > 1:
                    yield rule, dict(taken)

    def all_activations(self) -> Iterator[Together]:
        """Pre-activations for all activations of the formula, layer by layer, or all of them."""
        reference = self._found.reference
        for kind, other in (
            (Kind.HIDDEN_ACTIVATION, Kind.HIDDEN),
            (Kind.OUTPUT_ACTIVATION, Kind.OUTPUT),
        ):
            taken = {v: s for v in self._inside if (s := symbol_of(v)).kind is kind}
            if len(taken) > 1:
                values = reference.row(reference.rows_above(next(iter(taken))) or 0).values
                others = {v: values[replace(s, kind=other)] for v, s in taken.items()}
                yield Together(rules.PRE_ACTIVATION_FOR_ACTIVATION, dict(others))


@lru_cache(maxsize=16384)
def relation(right: Symbol, wrong: Symbol) -> Rule:
    """The mistake of taking one value for another, whatever their examples."""
    right, wrong = right.without_example(), wrong.without_example()
    if wrong.is_pre_activation and right == wrong.activation:
        return rules.PRE_ACTIVATION_FOR_ACTIVATION
    if right.is_pre_activation and wrong == right.activation:
        return rules.ACTIVATION_FOR_PRE_ACTIVATION
    if right.is_parameter and wrong == right.next:
        return rules.UPDATED
    if right.is_gradient and wrong.is_gradient:
        return rules.OTHER_GRADIENT if _is_of_parameters(right, wrong) else rules.OTHER_VALUE
    if right.kind is wrong.kind is Kind.NEXT and right.of and wrong.of:
        return relation(right.of, wrong.of)
    if right.kind is Kind.LOSS and wrong.kind is Kind.ERROR:
        return rules.TERM_MISSING
    if right.kind is not wrong.kind:
        return rules.OTHER_VALUE
    return _OF_ONE_KIND.get(right.kind, rules.OTHER_VALUE)


def _is_of_parameters(first: Symbol, second: Symbol) -> bool:
    """Whether two gradients are both of weights or biases."""
    if first.of is None or second.of is None:
        return False
    return first.of.is_parameter and second.of.is_parameter


def numbers_in(expression: Expression) -> set[float]:
    """The constants of an expression."""
    if isinstance(expression, Number):
        return {expression.value}
    if isinstance(expression, Apply):
        return {number for part in expression.arguments for number in numbers_in(part)}
    return set()
