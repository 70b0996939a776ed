"""Simplification keeps what an expression means."""

import math
import random

import pytest

from gradsheet.symbolic import operations as table
from gradsheet.symbolic.expression import ONE, Apply, Expression, Variable, apply
from gradsheet.symbolic.render import to_excel, to_textbook
from gradsheet.symbolic.simplify import Names
from tests.symbolic.check_operation import value
from tests.symbolic.test_operations import X, Y, random_expression


@pytest.mark.parametrize("seed", range(100))
def test_simplification_keeps_the_value(seed: int) -> None:
    def rebuild(expression: Expression) -> Expression:
        if isinstance(expression, Apply):
            return apply(expression.operation, *map(rebuild, expression.arguments))
        return expression

    expression = random_expression(random.Random(seed), 4)
    expected = value(expression, (X, Y), (0.6, -1.7))
    if math.isfinite(expected):
        assert value(rebuild(expression), (X, Y), (0.6, -1.7)) == pytest.approx(expected, rel=1e-12)


def test_a_part_with_a_name_is_found() -> None:
    named = Variable("a", apply(table.SIGMOID, X))
    names = Names([named, Variable("plain")])
    found = names.put_into(2 * apply(table.SIGMOID, X) - apply(table.SIGMOID, Y))
    assert to_excel(found, lambda v: v.name) == "2*a-1/(1+EXP(MIN(-y,700)))"


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        (2 * (ONE / 4 * X), "½·x"),
        (ONE / 2 * (2 * X), "x"),
        (ONE / 3 * (2 * X), "2/3·x"),
        (ONE / 4 * (ONE / 2) * X, "1/8·x"),
        (0.3 * (ONE / 3) * X, "0.3/3·x"),  # not a fraction of whole numbers
    ],
)
def test_a_product_has_one_fraction_in_front(product: Expression, expected: str) -> None:
    assert to_textbook(product) == expected
