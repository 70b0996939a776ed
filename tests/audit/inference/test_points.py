"""Values at the points: each computed once, and the same as by a Wengert list."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from gradsheet.audit.inference.points import POINTS, Values, agree
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable
from gradsheet.symbolic.operations import (
    ADD,
    DIVIDE,
    EXPONENTIAL,
    LOGARITHM,
    MULTIPLY,
    SIGMOID,
    SUBTRACT,
    leaky_relu,
)
from gradsheet.symbolic.tape import Array, Tape

GIVEN = [Variable(name) for name in "xyz"]
POINTS_OF = {v: np.linspace(n - 2.0, n + 1.5, POINTS) for n, v in enumerate(GIVEN)}


def grown(draw: random.Random, depth: int) -> Expression:
    """A random expression, some values of which are no numbers."""
    if not depth:
        return draw.choice([*GIVEN, Number(draw.choice([0.0, 2.0, 800.0, math.nan]))])
    operation = draw.choice([ADD, SUBTRACT, MULTIPLY, DIVIDE, SIGMOID, EXPONENTIAL, LOGARITHM])
    two = operation in (ADD, SUBTRACT, MULTIPLY, DIVIDE)
    parts = tuple(grown(draw, depth - 1) for _ in range(1 + two))
    found = Apply(operation, parts)
    return Variable("named", found) if draw.random() < 0.3 else found


def by_tape(expressions: list[Expression]) -> list[Array]:
    wanted = [Variable("wanted", each) for each in expressions]
    found = Tape(wanted).run(POINTS_OF)
    return [np.broadcast_to(found[variable], POINTS) for variable in wanted]


@pytest.mark.parametrize("seed", range(20))
def test_values_are_those_of_a_wengert_list(seed: int) -> None:
    draw, values = random.Random(f"values {seed}"), Values()
    expressions = [grown(draw, draw.randint(0, 5)) for _ in range(10)]
    for _ in range(2):  # the second time all are known
        found = values.of(expressions, POINTS_OF, "drawn")
        np.testing.assert_array_equal(found, by_tape(expressions))
    for expression in expressions:
        names = dict(zip(GIVEN, reversed(GIVEN), strict=True))
        turned = {v: POINTS_OF[name] for v, name in names.items()}
        [due] = Values().of([expression], turned, "turned")
        found_there = values.of_renamed(expression, names, POINTS_OF, "drawn")
        np.testing.assert_array_equal(found_there, due)


def test_an_operation_on_the_same_values_is_done_once() -> None:
    done = []

    def multiply(a: Array, b: Array) -> Array:
        done.append(1)
        return a * b

    (x, y, _), values = GIVEN, Values()
    counted = replace(MULTIPLY, value=multiply)
    same = [Apply(counted, (x, y)), Apply(counted, (x, Variable("again", y)))]
    first, second = values.of(same, POINTS_OF, "drawn")
    assert first is second
    assert done == [1]


def test_points_that_were_drawn_otherwise_have_values_of_their_own() -> None:
    x, values = GIVEN[0], Values()
    doubled = Apply(ADD, (x, x))
    [one] = values.of([doubled], {x: np.full(POINTS, 1.0)}, "one")
    [two] = values.of([doubled], {x: np.full(POINTS, 2.0)}, "two")
    assert (one[0], two[0]) == (2.0, 4.0)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradsheet.audit.inference.points._MOST_KEPT", 50)
    draw, values = random.Random("bounded"), Values()
    for _ in range(30):
        expressions = [grown(draw, 4)]
        found = values.of(expressions, POINTS_OF, "drawn")
        np.testing.assert_array_equal(found, by_tape(expressions))
    assert len(values._results) < 100


def test_two_values_are_compared_once_and_as_always() -> None:
    draw, values = random.Random("agree"), Values()
    found = values.of([grown(draw, 2) for _ in range(15)], POINTS_OF, "drawn")
    pairs = [(one, other) for one in found for other in found]
    for _ in range(2):
        assert [values.agree(*pair) for pair in pairs] == [agree(*pair) for pair in pairs]


def test_operations_of_one_name_have_their_own_values() -> None:
    x, slopes = GIVEN[0], (0.1, 0.2)
    both: list[Expression] = [Apply(leaky_relu(slope), (x,)) for slope in slopes]
    due = [np.maximum(POINTS_OF[x], slope * POINTS_OF[x]) for slope in slopes]
    np.testing.assert_array_equal(Values().of(both, POINTS_OF, "drawn"), due)
    np.testing.assert_array_equal(by_tape(both), due)
