"""What every operation of the table must be: one suite, against witnesses that share no line."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ironcalc
import pytest
import torch

from gradsheet.networks.symbols import Symbol, named
from gradsheet.symbolic.differentiate import partials
from gradsheet.symbolic.expression import ZERO, Apply, Expression, Operation, Variable, expand
from gradsheet.symbolic.render import plain, runs, to_code, to_excel, to_textbook
from gradsheet.symbolic.tape import Tape

Point = tuple[float, ...]
NAMES = ("x", "y", "z")


@dataclass(frozen=True)
class Witness:
    """What an operation is held to.

    Attributes:
        value: the same in plain Python.
        torch: the same in torch, whose autograd differentiates it; None where it has no derivative.
        points: where all faces are compared.
        far: where value and formula are compared, because something could overflow there.
    """

    value: Callable[..., float]
    torch: Callable[..., torch.Tensor] | None
    points: tuple[Point, ...]
    far: tuple[Point, ...] = ()


def check_operation(operation: Operation, witness: Witness) -> None:
    """Hold each face of ``operation`` to its witness."""
    assert operation.name
    count = len(witness.points[0])
    arguments = tuple(map(Variable, NAMES[:count]))
    whole = Apply(operation, arguments)
    for point in (*witness.points, *witness.far):
        expected = witness.value(*point)
        assert operation.value(*point) == pytest.approx(expected, rel=1e-13, abs=1e-300), point
    for point in witness.points:
        check_derivative(operation, witness, arguments, point)
    check_formula(whole, arguments, witness)
    check_textbook(whole, arguments, witness)
    check_code(whole, arguments, witness)


def check_derivative(
    operation: Operation, witness: Witness, arguments: tuple[Variable, ...], point: Point
) -> None:
    """The derivative against central differences and torch's autograd."""
    whole = Apply(operation, arguments)
    result = Variable("result", whole)
    derivatives = partials(whole, result)
    found = [expand(derivatives.get(v, ZERO), lambda v: False) for v in arguments]
    values = [value(derivative, arguments, point) for derivative in found]
    if witness.torch is None:
        assert values == [0.0] * len(point)
        return
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    gradients = torch.autograd.grad(witness.torch(*leaves), leaves)
    step = 1e-5
    for number, derivative in enumerate(values):
        up, down = (
            witness.value(*(x + sign * step * (k == number) for k, x in enumerate(point)))
            for sign in (1, -1)
        )
        assert derivative == pytest.approx((up - down) / (2 * step), rel=1e-8, abs=1e-9), point
        assert derivative == pytest.approx(float(gradients[number]), rel=1e-13, abs=1e-15), point


def check_formula(whole: Expression, arguments: Sequence[Variable], witness: Witness) -> None:
    """The spreadsheet formula, recalculated by IronCalc, against plain Python."""
    points = [*witness.points, *witness.far]
    found = excel_values([whole] * len(points), arguments, points)
    for point, number in zip(points, found, strict=True):
        expected = witness.value(*point)
        assert number == pytest.approx(expected, rel=1e-13, abs=1e-300), point


def check_textbook(whole: Apply, arguments: Sequence[Variable], witness: Witness) -> None:
    """The textbook notation, read as a person would, and set with marked names."""
    for point in witness.points:
        expected = witness.value(*point)
        assert textbook_value(whole, arguments, point) == pytest.approx(expected, rel=1e-12), point
    marked = [named(Symbol.parse(text)) for text in ("a_h1_2", "w5", "dE/dw1")]
    markup = to_textbook(Apply(whole.operation, tuple(marked[: len(arguments)])))
    assert not set("{}") & set(plain(markup))
    assert not set("{}") & set("".join(text for text, _ in runs(markup)))
    assert ("h1,2", "subscript") in runs(markup)


def check_code(whole: Apply, arguments: Sequence[Variable], witness: Witness) -> None:
    """The code, read by Python's parser with C's functions."""
    for point in (*witness.points, *witness.far):
        expected = witness.value(*point)
        assert code_value(whole, arguments, point) == pytest.approx(expected, rel=1e-13), point


# --- Reading the faces ---------------------------------------------------------------------------


def value(expression: Expression, arguments: Sequence[Variable], point: Point) -> float:
    """The value of an expression."""
    result = Variable("result", expression)
    return float(Tape([result]).run(dict(zip(arguments, point, strict=True)))[result])


def excel_values(
    expressions: Sequence[Expression], arguments: Sequence[Variable], points: Sequence[Point]
) -> list[float]:
    """The formula of each expression at its point, all in one sheet; NaN for an error."""
    model = ironcalc.create("book", "en", "UTC", "en")
    for row, (expression, point) in enumerate(zip(expressions, points, strict=True), start=1):
        cells = {}
        for column, (variable, number) in enumerate(zip(arguments, point, strict=True), start=2):
            model.update_cell_with_number(0, row, column, number)
            cells[variable] = f"{'ABCDE'[column - 1]}{row}"
        model.set_user_input(0, row, 1, "=" + to_excel(expression, cells.__getitem__))
    model.evaluate()
    found = [model.get_cell_value(0, row, 1) for row in range(1, len(expressions) + 1)]
    return [number if isinstance(number, float) else math.nan for number in found]


def textbook_value(expression: Expression, arguments: Sequence[Variable], point: Point) -> float:
    """The value of the textbook notation, read by the rules of Python's own parser."""
    text = plain(to_textbook(expression))
    for sign, spelled in _SPELLED.items():
        text = text.replace(sign, spelled)
    names = {v.name: x for v, x in zip(arguments, point, strict=True)}
    return float(eval(text, {"__builtins__": {}}, {**_FUNCTIONS, **names}))


def code_value(expression: Expression, arguments: Sequence[Variable], point: Point) -> float:
    """The value of the code of an expression, its conditions spelled as Python's."""
    text = to_code(expression, lambda variable: variable.name)
    text = re.sub(r"\((.+?) \? (.+?) : (.+?)\)", r"(\2 if \1 else \3)", text)
    names = {v.name: x for v, x in zip(arguments, point, strict=True)}
    return float(eval(text, {"__builtins__": {}}, {**_C_FUNCTIONS, **names}))


def _exp(x: float) -> float:
    """C's, which overflows to infinity."""
    return math.exp(x) if x < 709 else math.inf


_C_FUNCTIONS = {
    "PI": math.pi,
    "square": lambda x: x * x,
    "exp": _exp,
    "fabs": abs,
    "fmax": max,
    **{name: getattr(math, name) for name in ("sqrt", "log", "log1p", "tanh", "erfc")},
}

_SPELLED = {
    "·": "*",
    "−": "-",
    "²": "**2",
    "½": "0.5",
    "√": "sqrt",
    ", else": " else",
    "[": "float(",
    "]": ")",  # Iverson's bracket
}
_FUNCTIONS = {
    "σ": lambda x: 1 / (1 + math.exp(-x)),
    "Φ": lambda x: math.erfc(-x / math.sqrt(2)) / 2,
    "φ": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "sqrt": math.sqrt,
    "ln": math.log,
    "exp": math.exp,
    "tanh": math.tanh,
    "max": max,
    "float": float,
}
