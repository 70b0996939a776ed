"""Every operation of the table, each face of it held to an independent witness."""

import math
import random
import statistics

import pytest
import torch
from torch.nn import functional as F

from gradsheet.symbolic import operations
from gradsheet.symbolic.expression import Apply, Expression, Number, Operation, Variable
from gradsheet.symbolic.render import plain, to_excel, to_textbook
from tests.symbolic.check_operation import (
    Witness,
    check_operation,
    excel_values,
    textbook_value,
    value,
)

OPERATIONS = {o.name: o for o in vars(operations).values() if isinstance(o, Operation)}
X, Y = Variable("x"), Variable("y")

PLACES = (-2.3, -0.4, 0.7, 3.1)
ONE = tuple((x,) for x in PLACES)
TWO = tuple((x, y) for x in PLACES for y in (1.9, -0.6))
THREE = tuple((*xy, z) for xy in TWO for z in (0.3, -5.0))
ABOVE_0 = tuple((abs(x),) for x in PLACES)
FAR = ((-2000.0,), (0.0,), (2000.0,))
KINKED = ((-2000.0,), (2000.0,))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-max(x, -700)))


def normal_cdf(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


WITNESSES = {
    "add": Witness(lambda *x: math.fsum(x), lambda *x: torch.stack(x).sum(), THREE),
    "subtract": Witness(lambda x, y: x - y, torch.sub, TWO, ((2000.0, -2000.0),)),
    "multiply": Witness(lambda x, y: x * y, torch.mul, TWO, ((2000.0, -2000.0),)),
    "divide": Witness(lambda x, y: x / y, torch.div, TWO, ((2000.0, -2000.0), (0.0, 2.0))),
    "negate": Witness(lambda x: -x, torch.neg, ONE, FAR),
    "square": Witness(lambda x: x**2, torch.square, ONE, FAR),
    "square-root": Witness(math.sqrt, torch.sqrt, ABOVE_0, ((0.0,), (2000.0,))),
    "exponential": Witness(math.exp, torch.exp, ONE, ((-2000.0,), (0.0,), (700.0,))),
    "logarithm": Witness(math.log, torch.log, ABOVE_0, ((1e-300,), (2000.0,))),
    # A constant by intention; softmax, the one that uses it, is held to autograd.
    "shift": Witness(max, None, THREE),
    "sigmoid": Witness(sigmoid, torch.sigmoid, ONE, FAR),
    "tanh": Witness(math.tanh, torch.tanh, ONE, FAR),
    "step": Witness(lambda x: float(x > 0), None, ONE, FAR),
    "relu": Witness(lambda x: max(x, 0.0), torch.relu, ONE, FAR),
    "leaky-slope": Witness(lambda x: 1.0 if x > 0 else 0.01, None, ONE, FAR),
    "leaky-relu": Witness(lambda x: x if x > 0 else 0.01 * x, F.leaky_relu, ONE, FAR),
    "softplus": Witness(
        lambda x: max(x, 0) + math.log1p(math.exp(-abs(x))),
        lambda x: torch.logaddexp(x, torch.zeros_like(x)),
        ONE,
        ((0.0,), (2000.0,)),
    ),
    "normal-density": Witness(
        lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
        lambda x: torch.exp(-torch.square(x) / 2) / math.sqrt(2 * math.pi),
        ONE,
        FAR,
    ),
    "normal-cdf": Witness(normal_cdf, torch.special.ndtr, ONE, ((-8.0,), *FAR)),
}


def test_the_table_is_found_whole() -> None:
    assert OPERATIONS.keys() == WITNESSES.keys()


@pytest.mark.parametrize("name", WITNESSES)
def test_an_operation_is_what_its_witnesses_say(name: str) -> None:
    check_operation(OPERATIONS[name], WITNESSES[name])


@pytest.mark.parametrize("slope", [0.0, 0.2, 1.0])
def test_a_leaky_relu_of_any_slope(slope: float) -> None:
    witness = Witness(
        lambda x: x if x > 0 else slope * x, lambda x: F.leaky_relu(x, slope), ONE, FAR
    )
    check_operation(operations.leaky_relu(slope), witness)


@pytest.mark.parametrize("x", [-30.0, -8.0, -1.0, 0.0, 0.5, 3.0, 9.0])
def test_the_normal_distribution_is_the_standard_librarys(x: float) -> None:
    normal = statistics.NormalDist()
    assert float(operations.NORMAL_DENSITY.value(x)) == pytest.approx(normal.pdf(x), rel=1e-13)
    if x > -5:  # farther out the standard library rounds to 0
        assert float(operations.NORMAL_CDF.value(x)) == pytest.approx(normal.cdf(x), rel=1e-12)
    else:  # Mills' ratio
        mills = normal.pdf(x) / -x * (1 - 1 / x**2 + 3 / x**4 - 15 / x**6)
        assert float(operations.NORMAL_CDF.value(x)) == pytest.approx(mills, rel=1e-3)


def random_expression(draw: random.Random, depth: int) -> Expression:
    """A tree of operations that have a value everywhere, not simplified."""
    if depth == 0:
        return draw.choice([X, Y, Number(draw.choice([-2.0, -0.5, 3.0]))])
    partial = {"square-root", "logarithm", "normal-cdf"}
    name = draw.choice([name for name in OPERATIONS if name not in partial])
    count = min(2, len(WITNESSES[name].points[0]))
    return Apply(OPERATIONS[name], tuple(random_expression(draw, depth - 1) for _ in range(count)))


def test_precedence_and_signs_survive_both_notations() -> None:
    point = (0.6, -1.7)
    trees = [random_expression(random.Random(seed), 4) for seed in range(200)]
    expected = [value(tree, (X, Y), point) for tree in trees]
    finite = [(t, v) for t, v in zip(trees, expected, strict=True) if math.isfinite(v)]
    assert len(finite) > 150
    formulas = excel_values([tree for tree, _ in finite], (X, Y), [point] * len(finite))
    for (tree, number), recalculated in zip(finite, formulas, strict=True):
        text = to_excel(tree, lambda variable: variable.name)
        assert recalculated == pytest.approx(number, rel=1e-12, abs=1e-12), text
        try:
            read = textbook_value(tree, (X, Y), point)
        except OverflowError:  # where the table's value is bounded and the textbook's is not
            continue
        assert read == pytest.approx(number, rel=1e-11, abs=1e-11), plain(to_textbook(tree))
