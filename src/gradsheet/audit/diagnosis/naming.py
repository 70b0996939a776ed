"""Expressions in the table's own names, as seen from one row of it."""

import math
import re

import numpy as np

from gradsheet.audit.details import Formula, Value
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.networks.symbols import Kind, Symbol, symbol_of
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable
from gradsheet.symbolic.operations import DIVIDE
from gradsheet.symbolic.render import plain, to_textbook

_FIRST_MARK = 0xF0000  # the first of the private characters that mark values in a text


class Naming:
    """The names of values in a formula of one column."""

    def __init__(self, found: Interpretation, column: int) -> None:
        self._found = found
        self._headers = {symbol: plain(found.header(c)) for c, symbol in found.symbols.items()}
        # An update takes its values from the row above, any other formula from its own row.
        self._expected_rows = (None, 1 if found.symbols[column] in found.roles.carried else 0)

    def formula(self, expression: Expression) -> Formula:
        """An expression as text and values."""
        values: list[Value] = []

        def mark(variable: Variable) -> str:
            values.append(self._value(variable))
            return chr(_FIRST_MARK + len(values) - 1)

        text = plain(to_textbook(folded(expression), mark))
        marks = f"([{chr(_FIRST_MARK)}-{chr(_FIRST_MARK + len(values))}])"
        return Formula(
            tuple(
                values[ord(part) - _FIRST_MARK] if number % 2 else part
                for number, part in enumerate(re.split(marks, text))
                if part
            )
        )

    def name(self, variable: Variable) -> str:
        """What the table calls a value."""
        return self._value(variable).name

    def _value(self, variable: Variable) -> Value:
        if variable is self._found.reference.rate:
            return Value("η")
        if not isinstance(variable.label, Symbol):
            return Value(plain(variable.name))
        symbol = symbol_of(variable)
        if symbol.is_setting:  # the same in every row
            return Value(variable.name)
        name = self._headers.get(symbol, variable.name)
        if symbol.kind is Kind.COUNT and symbol.numbers:  # a column without a name
            name = plain(self._found.header(symbol.numbers[0])) or name
        before = self._found.reference.rows_above(variable)
        return Value(name, None if before in self._expected_rows else before)


def folded(node: Expression) -> Expression:
    """An expression with the number for each part without values; a fraction stays one."""
    if isinstance(node, Number):
        return Number(_shown(node.value))
    if not isinstance(node, Apply):
        return node
    whole = Apply(node.operation, tuple(map(folded, node.arguments)))
    numbers = [number for part in whole.arguments if (number := _number(part)) is not None]
    if len(numbers) == len(whole.arguments) and not _is_fraction(whole):
        with np.errstate(all="ignore"):
            value = float(node.operation.value(*map(np.asarray, numbers)))
        if math.isfinite(value):
            return Number(_shown(value))
    return whole


def _shown(value: float) -> float:
    """A number as it is typed in; one with so many digits that it is computed, with six of them."""
    typed = float(f"{value:.12g}")
    return typed if math.isclose(typed, value, rel_tol=1e-15) else float(f"{value:.6g}")


def _number(part: Expression) -> float | None:
    """The value of a number or a fraction."""
    if isinstance(part, Apply) and _is_fraction(part):
        dividend, divisor = map(_number, part.arguments)
        return dividend / divisor if dividend is not None and divisor else None
    return part.value if isinstance(part, Number) else None


def _is_fraction(node: Apply) -> bool:
    """Whether one whole number is divided by another."""
    return node.operation is DIVIDE and all(
        isinstance(part, Number) and part.value % 1 == 0 for part in node.arguments
    )
