"""What may have been taken for what in a formula: neighbors, other rows, typed numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gradsheet.audit import rules
from gradsheet.audit.diagnosis.mutations import Substitute
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.row_classes import is_pinned
from gradsheet.audit.rules import Rule
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, variables

_OF_A_FAMILY = {
    "w": rules.WRONG_WEIGHT,
    "b": rules.WRONG_BIAS,
    "i": rules.NEIGHBOR,
    "a_h": rules.NEIGHBOR,
    "t": rules.WRONG_TARGET,
    "a_o": rules.WRONG_OUTPUT,
    "h": rules.WRONG_SUM,
    "o": rules.WRONG_SUM,
    "E": rules.WRONG_ERROR,
    "dE/dw": rules.OTHER_GRADIENT,
    "dE/db": rules.OTHER_GRADIENT,
}


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
        typed = numbers_in(written) - numbers_in(self._right) - {0.0, 1.0}
        for variable in self._inside:
            for number in sorted(n for n in typed if n == n):
                yield Substitute(variable, Number(number), rules.TYPED_NUMBER)
        for variable in self._inside:
            yield from self._of_other_rows(variable, written)

    def _of_the_same_row(self, variable: Variable) -> Iterator[Substitute]:
        before = self._found.truth.moment_of(variable)
        if before is None:
            return
        values = self._found.truth.moment(before).values
        names = dict.fromkeys((*self._found.names.values(), *self._found.outside.values()))
        for name in names:
            if name != variable.name:
                yield Substitute(variable, values[name], relation(variable.name, name))

    def _of_other_rows(self, variable: Variable, written: Expression) -> Iterator[Substitute]:
        """The same value, and others, from the rows that the formula reads."""
        before = self._found.truth.moment_of(variable)
        for other in dict.fromkeys(variables(written)):
            row = self._found.truth.moment_of(other)
            if row is not None and before is not None and row != before:
                yield Substitute(variable, other, self._across_rows(variable, other, before, row))

    def _across_rows(self, variable: Variable, other: Variable, before: int, row: int) -> Rule:
        """The mistake of taking a value so many rows before for one of another row."""
        if other.name != variable.name:
            return relation(variable.name, other.name)
        if is_pinned(self._found, self._row, self._column, other.name):
            return rules.PINNED
        return rules.UPDATED if row == -1 < before else rules.OTHER_ROW

    def all_weights(self) -> Iterator[Together]:
        """Updated, older or the first values of all weights of the formula."""
        truth = self._found.truth
        weights = [v for v in self._inside if v.name in self._found.parameters]
        if not weights:
            return

        def of_row(before: int) -> dict[Variable, Expression]:
            values = truth.moment(before).values
            return {w: values[w.name] for w in weights}

        yield Together(rules.UPDATED, of_row(-1))
        stepped = {w: w - truth.rate * truth[f"dE/d{w.name}"] for w in weights}
        yield Together(rules.UPDATED, dict(stepped))
        yield Together(rules.OTHER_ROW, of_row(1))
        yield Together(rules.PINNED, of_row(self._found.table.rows.index(self._row)))


def relation(right: str, wrong: str) -> Rule:
    """The mistake of taking one value for another, by their names."""
    right, wrong = (name.split("@")[0] for name in (right, wrong))
    if right == f"a_{wrong}":
        return rules.SUM_FOR_ACTIVATION
    if wrong == f"a_{right}":
        return rules.ACTIVATION_FOR_SUM
    families = {_family(name) for name in (right, wrong)}
    if len(families) > 1:
        return rules.OTHER_VALUE
    return _OF_A_FAMILY.get(families.pop(), rules.OTHER_VALUE)


def _family(name: str) -> str:
    return re.sub(r"[\d_]+$", "", name)


def numbers_in(expression: Expression) -> set[float]:
    """The constants of an expression."""
    if isinstance(expression, Number):
        return {expression.value}
    if isinstance(expression, Apply):
        return {number for part in expression.arguments for number in numbers_in(part)}
    return set()
