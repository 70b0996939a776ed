"""Each operation's faces against each other and against NumPy, torch and ironcalc."""

import math
import random
import re
import statistics

import ironcalc
import numpy as np
import pytest

from gradsheet.networks.symbols import Symbol, named
from gradsheet.symbolic import expression as table
from gradsheet.symbolic.expression import (
    ACTIVATIONS,
    Apply,
    Expression,
    Names,
    Number,
    Operation,
    Variable,
    apply,
    expand,
    partials,
    variables,
)
from gradsheet.symbolic.render import plain, runs, to_excel, to_textbook
from gradsheet.symbolic.tape import Array, Tape

OPERATIONS = [value for value in vars(table).values() if isinstance(value, Operation)]
X, Y = Variable("x"), Variable("y")


# Of any x; the others have no value below 0, or none above 709.
EVERYWHERE = [o for o in OPERATIONS if o not in (table.SQUARE_ROOT, table.LOGARITHM)]


def arity(operation: Operation) -> int:
    return 2 if {"@1", "@*"} & set(re.findall(r"@.", operation.excel.template)) else 1


def value(expression: Expression, **values: float) -> float:
    named = {variable.name: variable for variable in variables(expression)}
    result = Variable("result", expression)
    given = {named[name]: number for name, number in values.items() if name in named}
    return float(Tape([result]).run(given)[result])


def excel_value(expression: Expression, **values: float) -> float:
    model = ironcalc.create("book", "en", "UTC", "en")
    rows = {name: row for row, name in enumerate(values, start=2)}
    for name, number in values.items():
        model.update_cell_with_number(0, rows[name], 1, number)
    model.set_user_input(0, 1, 1, "=" + to_excel(expression, lambda v: f"A{rows[v.name]}"))
    model.evaluate()
    result = model.get_cell_value(0, 1, 1)
    assert isinstance(result, float), result
    return result


def test_the_table_is_found_whole() -> None:
    assert {operation.name for operation in OPERATIONS} == {
        "add",
        "subtract",
        "multiply",
        "divide",
        "negate",
        "square",
        "sigmoid",
        "tanh",
        "relu",
        "step",
        "leaky-relu",
        "leaky-slope",
        "softplus",
        "square-root",
        "exponential",
        "logarithm",
        "shift",
        "normal-density",
        "normal-cdf",
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("x", [-2.3, -0.4, 0.7, 3.1])
def test_derivative_is_the_slope_of_the_value(operation: Operation, x: float) -> None:
    if operation is table.SHIFT:
        return  # a constant by intention; softmax, the one that uses it, is held to autograd
    x, y = (x if operation in EVERYWHERE else abs(x)), 1.9
    arguments, place = (X, Y)[: arity(operation)], (x, y)[: arity(operation)]
    result = Variable("result", Apply(operation, arguments))
    for variable in arguments:
        found = partials(Apply(operation, arguments), result).get(variable, table.ZERO)
        slope = value(expand(found, lambda v: False), x=x, y=y)
        step = 1e-5
        moves = [step * (argument is variable) for argument in arguments]
        up = operation.value(*(v + move for v, move in zip(place, moves, strict=True)))
        down = operation.value(*(v - move for v, move in zip(place, moves, strict=True)))
        assert slope == pytest.approx((up - down) / (2 * step), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("x", [-2000.0, -2.3, 0.0, 0.7, 3.1, 2000.0])
def test_formula_computes_the_value(operation: Operation, x: float) -> None:
    if operation not in EVERYWHERE or operation is table.EXPONENTIAL:
        x = min(abs(x) + 0.1, 700)
    arguments = (X, Y)[: arity(operation)]
    expected = float(operation.value(*(x, 1.9)[: arity(operation)]))
    found = excel_value(Apply(operation, arguments), x=x, y=1.9)
    # ironcalc's own normal distribution is good to eleven digits
    absolute = 1e-11 if operation is table.NORMAL_CDF else 1e-300
    assert found == pytest.approx(expected, rel=1e-14, abs=absolute)


@pytest.mark.parametrize("x", [-30.0, -8.0, -1.0, 0.0, 0.5, 3.0, 9.0])
def test_the_normal_distribution_is_the_standard_librarys(x: float) -> None:
    normal = statistics.NormalDist()
    assert float(table.NORMAL_DENSITY.value(x)) == pytest.approx(normal.pdf(x), rel=1e-13)
    if x > -5:  # farther out the standard library rounds to 0
        assert float(table.NORMAL_CDF.value(x)) == pytest.approx(normal.cdf(x), rel=1e-12)
    else:  # Mills' ratio
        mills = normal.pdf(x) / -x * (1 - 1 / x**2 + 3 / x**4 - 15 / x**6)
        assert float(table.NORMAL_CDF.value(x)) == pytest.approx(mills, rel=1e-3)


def random_expression(draw: random.Random, depth: int) -> Expression:
    if depth == 0:
        return draw.choice([X, Y, Number(draw.choice([-2.0, -0.5, 3.0]))])
    operation = draw.choice([o for o in EVERYWHERE if o is not table.NORMAL_CDF])
    return Apply(
        operation, tuple(random_expression(draw, depth - 1) for _ in range(arity(operation)))
    )


@pytest.mark.parametrize("seed", range(200))
def test_precedence_and_signs_survive_the_formula(seed: int) -> None:
    expression = random_expression(random.Random(seed), 4)
    expected = value(expression, x=0.6, y=-1.7)
    if math.isfinite(expected):
        found = excel_value(expression, x=0.6, y=-1.7)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12), to_excel(
            expression, lambda variable: variable.name
        )


@pytest.mark.parametrize("seed", range(100))
def test_simplification_keeps_the_value(seed: int) -> None:
    def rebuild(expression: Expression) -> Expression:
        if isinstance(expression, Apply):
            return apply(expression.operation, *map(rebuild, expression.arguments))
        return expression

    expression = random_expression(random.Random(seed), 4)
    expected = value(expression, x=0.6, y=-1.7)
    if math.isfinite(expected):
        assert value(rebuild(expression), x=0.6, y=-1.7) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("expression", "excel", "textbook"),
    [
        (X + 0.5 * Y, "x+0.5*y", "x + ½·y"),
        (X - (Y - X), "x-(y-x)", "x − (y − x)"),
        (X * (Y * X), "x*y*x", "x·y·x"),
        (X * (1 - Y), "x*(1-y)", "x·(1 − y)"),
        (X + -Y, "x-y", "x − y"),
        (-(X - Y), "y-x", "y − x"),
        (X * -1.0 * Y if False else -1 * X * Y, "-(x*y)", "−x·y"),
        (0 * X + Y, "y", "y"),
        (0.5 * (2 * X), "x", "x"),
        (X / 3, "x/3", "x/3"),
        (X * (Number(1) / 3), "x/3", "x/3"),
        (apply(table.SQUARE, -X), "(-x)^2", "(−x)²"),
        (-apply(table.SQUARE, X), "-(x^2)", "−x²"),
        (apply(table.SIGMOID, -X), "1/(1+EXP(MIN(-(-x),700)))", "σ(−x)"),
        (Number(-2.0) * X, "-2*x", "-2·x"),
        (X / (X * Y), "x/(x*y)", "x/(x·y)"),
        (Number(1e-20) * X, "1E-20*x", "1E-20·x"),
        (apply(table.SHIFT, X, Y, -X), "MAX(x,y,-x)", "max(x,y,−x)"),
        (ACTIVATIONS["gelu"](X), "x*NORMSDIST(x)", "x·Φ(x)"),
        (apply(table.SQUARE, named(Symbol.parse("dE/dw1"))), "dE/dw1^2", "(∂E/∂w1)²"),
    ],
)
def test_notation(expression: Expression, excel: str, textbook: str) -> None:
    assert to_excel(expression, lambda variable: variable.name) == excel
    assert plain(to_textbook(expression)) == textbook


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_notation_of_marked_names_is_whole(operation: Operation) -> None:
    """Low and high text in the arguments must not break that of the operation."""
    names = named(Symbol.parse("a_h1_2")), named(Symbol.parse("w5"))
    markup = to_textbook(Apply(operation, names[: arity(operation)]))
    assert not set("{}") & set(plain(markup))
    assert not set("{}") & set("".join(text for text, _ in runs(markup)))
    assert ("h1,2", "subscript") in runs(markup)


def test_markup_is_cut_into_runs() -> None:
    assert runs("½·(t_{1} − a)^{2}") == [
        ("½·(t", "normal"),
        ("1", "subscript"),
        (" − a)", "normal"),
        ("2", "superscript"),
    ]


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


def test_a_variable_can_be_replaced_while_another_is_written_out() -> None:
    inner = Variable("inner", X + Y)
    outer = inner * X
    assert to_excel(expand(outer, lambda v: False), lambda v: v.name) == "(x+y)*x"
    swapped = expand(outer, lambda v: False, {inner: apply(table.SQUARE, Y), X: Y})
    assert to_excel(swapped, lambda v: v.name) == "y^2*y"


def test_a_part_with_a_name_is_found() -> None:
    named = Variable("a", apply(table.SIGMOID, X))
    names = Names([named, Variable("plain")])
    found = names.put_into(2 * apply(table.SIGMOID, X) - apply(table.SIGMOID, Y))
    assert to_excel(found, lambda v: v.name) == "2*a-1/(1+EXP(MIN(-y,700)))"


def test_what_does_not_change_has_no_slope() -> None:
    assert partials(apply(table.SHIFT, X, Y) + Y, Variable("result")).keys() == {Y}
