"""Expressions as formulas and in textbook notation."""

import math

import pytest

from gradsheet.networks.symbols import Symbol, named
from gradsheet.symbolic import operations as table
from gradsheet.symbolic.expression import Expression, Number, Variable, apply
from gradsheet.symbolic.operations import ACTIVATIONS
from gradsheet.symbolic.render import literal, plain, runs, to_excel, to_textbook

X, Y = Variable("x"), Variable("y")


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
        (Number(1) / 2, "1/2", "½"),
        (apply(table.SQUARE, -X), "(-x)^2", "(−x)²"),
        (apply(table.SQUARE, named(Symbol.parse("a_h1@2"))), "a_h1@2^2", "(a_h1⁽²⁾)²"),
        (-apply(table.SQUARE, X), "-(x^2)", "−x²"),
        (apply(table.SIGMOID, -X), "1/(1+EXP(MIN(-(-x),700)))", "σ(−x)"),
        (X + Number(math.inf), "x+INF", "x + INF"),  # a sheet may hold 1E308*10
        (Number(-2.0) * X, "-2*x", "-2·x"),
        (X / (X * Y), "x/(x*y)", "x/(x·y)"),
        (Number(1e-20) * X, "0.00000000000000000001*x", "1E-20·x"),
        (apply(table.SHIFT, X, Y, -X), "MAX(x,y,-x)", "max(x, y, −x)"),
        (
            ACTIVATIONS["gelu"](X),
            "x*IF(x<0,CHIDIST(x^2,1)/2,1-CHIDIST(x^2,1)/2)",
            "x·Φ(x)",
        ),
        (apply(table.SQUARE, named(Symbol.parse("dE/dw1"))), "dE/dw1^2", "(∂E/∂w1)²"),
    ],
)
def test_notation(expression: Expression, excel: str, textbook: str) -> None:
    assert to_excel(expression, lambda variable: variable.name) == excel
    assert plain(to_textbook(expression)) == textbook


def test_markup_is_cut_into_runs() -> None:
    assert runs("½·(t_{1} − a)^{2}") == [
        ("½·(t", "normal"),
        ("1", "subscript"),
        (" − a)", "normal"),
        ("2", "superscript"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-5, "0.00001"),
        (-2.5e-9, "-0.0000000025"),
        (0.1 + 0.2, "0.30000000000000004"),
        (3.0, "3"),
        (1e9, "1000000000"),
        (1e300, "(1*10^300)"),
        (2.5e-300, "(2.5*10^-300)"),
        (-1.25e-100, "(-1.25*10^-100)"),
    ],
)
def test_literals_have_no_exponent(value: float, text: str) -> None:
    assert literal(value) == text
    assert float(text.strip("()").replace("*10^", "E")) == value
