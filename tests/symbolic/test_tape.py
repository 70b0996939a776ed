"""The Wengert list."""

import numpy as np

from gradsheet.symbolic import operations as table
from gradsheet.symbolic.expression import Apply, Operation, Variable, apply
from gradsheet.symbolic.operations import ACTIVATIONS
from gradsheet.symbolic.tape import Array, Tape, evaluate, random_rounding

X = Variable("x")


def test_equal_subexpressions_are_computed_once() -> None:
    calls = []

    def count(x: Array) -> Array:
        calls.append(x)
        return x

    counted = Operation("counted", count, lambda y, x: (), table.TANH.excel, table.TANH.textbook)
    first, second = Variable("a", Apply(counted, (X,))), Variable("b", Apply(counted, (X,)))
    Tape([first, second]).run({X: np.ones(3)})
    assert len(calls) == 1


def test_what_overflows_is_an_error_for_all_that_depends_on_it() -> None:
    huge = Variable("huge", apply(table.SQUARE, X))
    bent = Variable("bent", ACTIVATIONS["sigmoid"](huge))
    slope = Variable("slope", apply(table.STEP, huge))
    results = Tape([huge, bent, slope]).run({X: np.array([1e200, 2.0])})
    for variable in (huge, bent, slope):
        assert np.isnan(results[variable][0])
        assert np.isfinite(results[variable][1])


def test_random_rounding_moves_a_result_in_its_last_digits_only_while_it_lasts() -> None:
    square = Variable("square", apply(table.SQUARE, X))
    with random_rounding(0):
        moved = evaluate([square], {X: 3.0})[square]
    assert evaluate([square], {X: 3.0})[square] == 9.0
    assert 0 < abs(moved - 9.0) <= 9 * 2.0**-48
