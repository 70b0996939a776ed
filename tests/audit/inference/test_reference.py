"""Networks at random points: what is the same in every row, and what agrees."""

import numpy as np
import pytest

from gradsheet.audit.inference.points import agree
from gradsheet.audit.inference.reference import Practice, ReferenceNetwork
from gradsheet.audit.inference.shape import Shape
from gradsheet.networks.symbols import LEARNING_RATE, Symbol
from gradsheet.symbolic.tape import Array

W1, B1, T1, H1, LOSS = map(Symbol.parse, ("w1", "b1", "t1", "h1", "E_total"))


SHAPE = Shape((2, 2, 1), (2, 1))
PRACTICE = Practice(("tanh", "sigmoid"), "half-squared-error")


@pytest.fixture
def reference() -> ReferenceNetwork:
    return ReferenceNetwork(SHAPE, PRACTICE)


def numbers(reference: ReferenceNetwork, symbol: Symbol, above: int = 0) -> Array:
    [found] = reference.values([reference.row(above).values[symbol]])
    return found


@pytest.mark.parametrize("above", [1, -1, 7, -5_000, 5_000])
def test_other_rows_have_other_weights_and_the_same_data(
    reference: ReferenceNetwork, above: int
) -> None:
    assert agree(numbers(reference, T1), numbers(reference, T1, above))
    for symbol in (W1, B1, H1, LOSS):
        assert not agree(numbers(reference, symbol), numbers(reference, symbol, above))
    assert reference.rows_above(reference.row(above).values[W1]) == above
    assert reference.rows_above(reference.rate) is None


def test_parameters_that_are_held_are_the_same_in_every_row(reference: ReferenceNetwork) -> None:
    reference.row(1)
    reference.hold([B1])
    for above in (1, 2):
        assert agree(numbers(reference, B1), numbers(reference, B1, above))
        assert not agree(numbers(reference, W1), numbers(reference, W1, above))


def test_an_update_steps_from_the_row_above(reference: ReferenceNetwork) -> None:
    reference.fix(LEARNING_RATE, 0.25)
    [updated] = reference.values([reference.updated(W1)])
    step = numbers(reference, W1, 1) - 0.25 * numbers(reference, W1.gradient, 1)
    np.testing.assert_allclose(updated, step, rtol=1e-15)


def test_two_of_a_kind_draw_the_same_numbers(reference: ReferenceNetwork) -> None:
    other = ReferenceNetwork(SHAPE, PRACTICE)
    for symbol in (W1, T1, LOSS, W1.gradient):
        np.testing.assert_array_equal(numbers(reference, symbol), numbers(other, symbol))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ([1.0, 2.0], [1.0, 2.0], True),
        ([1.0, 2.0], [1.0 + 1e-12, 2.0], True),
        ([1.0, 2.0], [1.0, 2.0 + 1e-6], False),
        ([1e300, 1.0], [1e300, 1.0], True),
        ([np.nan, 1.0], [np.nan, 1.0], False),
        ([np.inf, 1.0], [np.inf, 1.0], False),
    ],
)
def test_agreement(first: list[float], second: list[float], same: bool) -> None:
    assert agree(np.array(first), np.array(second)) is same
