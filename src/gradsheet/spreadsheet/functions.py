"""The functions and operators of a spreadsheet, made of the one table of operations."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradsheet.symbolic.expression import (
    ONE,
    ZERO,
    Apply,
    Binding,
    Expression,
    Notation,
    Number,
    Operation,
    Variable,
    apply,
)
from gradsheet.symbolic.operations import (
    ADD,
    DIVIDE,
    EXPONENTIAL,
    LOGARITHM,
    MULTIPLY,
    NEGATE,
    NORMAL_CDF,
    NORMAL_DENSITY,
    SHIFT,
    SQUARE,
    SQUARE_ROOT,
    STEP,
    SUBTRACT,
    TANH,
    total,
)

Matrix = list[list[Expression]]

_TEN = Number(10.0)
_MOST_PRODUCTS = 100_000  # of a matrix product


class FormulaError(Exception):
    """A formula that is none, or that uses what is not understood; the message says which."""


class NotDifferentiableError(Exception):
    """An operation that has no derivative worth the name, such as ROUND."""


def _not_differentiated(*parts: Expression) -> tuple[Expression, ...]:
    raise NotDifferentiableError


def _partials_of_largest(y: Expression, *terms: Expression) -> tuple[Expression, ...]:
    """1 for the largest term, else 0; of several that are largest, for the first."""
    is_largest: list[Expression] = []
    for place, term in enumerate(terms):
        before = [_greater(term, other) for other in terms[:place]]
        after = [_not(_greater(other, term)) for other in terms[place + 1 :]]
        is_largest.append(_product([*before, *after]))
    return tuple(is_largest)


# What people write and networks are not made of.
POWER = Operation(
    "power",
    value=np.power,
    partials=lambda y, a, b: (
        b * _power(a, Number(b.value - 1) if isinstance(b, Number) else b - ONE),
        y * apply(LOGARITHM, a) if not isinstance(b, Number) else ZERO,
    ),
    excel=Notation("@0^@1", Binding.POWER, (Binding.POWER, Binding.SIGN)),
    textbook=Notation("@0^@1", Binding.POWER, (Binding.ATOM, Binding.ATOM)),
)
CHOICE: Operation = Operation(
    "choice",
    value=lambda condition, yes, no: np.where(np.asarray(condition) != 0, yes, no),
    partials=lambda y, condition, yes, no: (
        ZERO,
        apply(CHOICE, condition, ONE, ZERO),
        apply(CHOICE, condition, ZERO, ONE),
    ),
    excel=Notation("IF(@*)"),
    textbook=Notation("if(@*)"),
)


def outside_conditions(expression: Expression) -> Iterator[Variable]:
    """The variables in an expression, with repetitions, but those that only decide between ways."""
    if isinstance(expression, Apply):
        is_choice = expression.operation is CHOICE
        for part in expression.arguments[1:] if is_choice else expression.arguments:
            yield from outside_conditions(part)
    elif isinstance(expression, Variable):
        yield expression


LARGEST = Operation(
    "largest",
    value=SHIFT.value,
    partials=_partials_of_largest,
    excel=SHIFT.excel,
    textbook=SHIFT.textbook,
)
SINE: Operation = Operation(
    "sine",
    value=np.sin,
    partials=lambda y, x: (apply(COSINE, x),),
    excel=Notation("SIN(@0)"),
    textbook=Notation("sin(@0)"),
)
COSINE: Operation = Operation(
    "cosine",
    value=np.cos,
    partials=lambda y, x: (-apply(SINE, x),),
    excel=Notation("COS(@0)"),
    textbook=Notation("cos(@0)"),
)
ROUND = Operation(
    "round",
    # Halves go away from zero, as in a spreadsheet.
    value=lambda x, digits: np.sign(x) * np.floor(np.abs(x) * 10.0**digits + 0.5) / 10.0**digits,
    partials=_not_differentiated,
    excel=Notation("ROUND(@*)"),
    textbook=Notation("round(@*)"),
)


def _power(base: Expression, exponent: Expression) -> Expression:
    if isinstance(exponent, Number) and exponent.value == 2:
        return apply(SQUARE, base)
    if isinstance(exponent, Number) and isinstance(base, Number):
        with np.errstate(all="ignore"):
            power = float(np.power(base.value, exponent.value))
        return Number(power if math.isfinite(power) else math.nan)
    return apply(POWER, base, exponent)


def _greater(a: Expression, b: Expression) -> Expression:
    return apply(STEP, a - b)


def _not(x: Expression) -> Expression:
    return ONE - x


def _equal(a: Expression, b: Expression) -> Expression:
    return ONE - _greater(a, b) - _greater(b, a)


def _largest(terms: Sequence[Expression]) -> Expression:
    return apply(LARGEST, *terms) if terms else ZERO


def _smallest(terms: Sequence[Expression]) -> Expression:
    return -_largest([-term for term in terms])


def _mean(terms: Sequence[Expression]) -> Expression:
    return total(terms) / len(terms)


def _deviations(terms: Sequence[Expression]) -> Expression:
    """The sum of the squared differences from the mean."""
    mean = _mean(terms)
    return total(_square(term - mean) for term in terms)


def _variance(terms: Sequence[Expression]) -> Expression:
    return _deviations(terms) / len(terms)


def _sample_variance(terms: Sequence[Expression]) -> Expression:
    return _deviations(terms) / Number(len(terms) - 1.0)


def _product(terms: Sequence[Expression]) -> Expression:
    product: Expression = ONE
    for term in terms:
        product = product * term
    return product


def _all(terms: Sequence[Expression]) -> Expression:
    return _product([_true(term) for term in terms])


def _any(terms: Sequence[Expression]) -> Expression:
    return _not(_product([_not(_true(term)) for term in terms]))


def _true(x: Expression) -> Expression:
    """1 where a condition holds, and 0 where it does not."""
    return _not(_equal(x, ZERO))


def _first_that_holds(*pairs: Expression) -> Expression:
    """The value after the first condition that holds; an error where none does."""
    if len(pairs) % 2:
        raise FormulaError("IFS needs a value after each condition")
    result: Expression = Number(math.nan)
    for condition, value in reversed(list(zip(pairs[::2], pairs[1::2], strict=True))):
        result = apply(CHOICE, condition, value, result)
    return result


def _chosen(number: Expression, *values: Expression) -> Expression:
    """The value of this number, from 1."""
    if isinstance(number, Number):
        known = {float(place): value for place, value in enumerate(values, start=1)}
        return known.get(float(np.floor(number.value)), Number(math.nan))
    pairs = [(_equal(number, Number(float(n))), v) for n, v in enumerate(values, start=1)]
    return _first_that_holds(*(part for pair in pairs for part in pair))


def _square(x: Expression) -> Expression:
    return apply(SQUARE, x)


def _exp(x: Expression) -> Expression:
    return apply(EXPONENTIAL, x)


def _chi_square_tail(x: Expression, degrees: Expression) -> Expression:
    """How probable a square of a normal number above x is."""
    if not (isinstance(degrees, Number) and degrees.value == 1):
        raise FormulaError("a chi-square distribution with several degrees of freedom")
    return 2 * apply(NORMAL_CDF, -apply(SQUARE_ROOT, x))


ELEMENTWISE: dict[str, Callable[..., Expression]] = {
    "+": lambda a, b: apply(ADD, a, b),
    "-": lambda a, b: apply(SUBTRACT, a, b),
    "*": lambda a, b: apply(MULTIPLY, a, b),
    "/": lambda a, b: apply(DIVIDE, a, b),
    "^": _power,
    "POWER": _power,
    "u-": lambda x: apply(NEGATE, x),
    "u+": lambda x: x,
    "%": lambda x: x / 100,
    ">": _greater,
    "<": lambda a, b: _greater(b, a),
    ">=": lambda a, b: _not(_greater(b, a)),
    "<=": lambda a, b: _not(_greater(a, b)),
    "=": _equal,
    "<>": lambda a, b: _not(_equal(a, b)),
    "NOT": _not,
    "IF": lambda condition, yes, no=ZERO: apply(CHOICE, condition, yes, no),
    "IFS": _first_that_holds,
    "CHOOSE": _chosen,
    "IFERROR": lambda x, instead=ZERO: x,
    "N": lambda x: x,
    "EXP": _exp,
    "LN": lambda x: apply(LOGARITHM, x),
    "LOG": lambda x, base=_TEN: apply(LOGARITHM, x) / apply(LOGARITHM, base),
    "LOG10": lambda x: apply(LOGARITHM, x) / math.log(10),
    "SQRT": lambda x: apply(SQUARE_ROOT, x),
    "ABS": lambda x: apply(LARGEST, x, -x),
    "SIGN": lambda x: apply(STEP, x) - apply(STEP, -x),
    "TANH": lambda x: apply(TANH, x),
    "SIN": lambda x: apply(SINE, x),
    "COS": lambda x: apply(COSINE, x),
    "TAN": lambda x: apply(SINE, x) / apply(COSINE, x),
    "SINH": lambda x: (_exp(x) - _exp(-x)) / 2,
    "COSH": lambda x: (_exp(x) + _exp(-x)) / 2,
    "PI": lambda: Number(math.pi),
    "ROUND": lambda x, digits=ZERO: apply(ROUND, x, digits),
    "NORMSDIST": lambda x: apply(NORMAL_CDF, x),
    "CHIDIST": _chi_square_tail,
    "CHISQ.DIST.RT": _chi_square_tail,
    "NORM.S.DIST": lambda x, whole: apply(
        CHOICE, whole, apply(NORMAL_CDF, x), apply(NORMAL_DENSITY, x)
    ),
    "ERF": lambda x: 2 * apply(NORMAL_CDF, x * Number(math.sqrt(2))) - ONE,
}

# Google Sheets writes its operators as functions too.
ELEMENTWISE |= {
    name: ELEMENTWISE[operator]
    for name, operator in {
        "ADD": "+",
        "MINUS": "-",
        "MULTIPLY": "*",
        "DIVIDE": "/",
        "POW": "^",
        "UMINUS": "u-",
        "UPLUS": "u+",
        "UNARY_PERCENT": "%",
        "EQ": "=",
        "NE": "<>",
        "GT": ">",
        "GTE": ">=",
        "LT": "<",
        "LTE": "<=",
    }.items()
}

GATHERING: dict[str, Callable[[list[Expression]], Expression]] = {
    "SUM": total,
    "AVERAGE": _mean,
    "PRODUCT": _product,
    "MAX": _largest,
    "MIN": _smallest,
    "AND": _all,
    "OR": _any,
    **dict.fromkeys(("VARP", "VAR.P"), _variance),
    **dict.fromkeys(("VAR", "VAR.S"), _sample_variance),
    **dict.fromkeys(("STDEVP", "STDEV.P"), lambda terms: apply(SQUARE_ROOT, _variance(terms))),
    **dict.fromkeys(
        ("STDEV", "STDEV.S"), lambda terms: apply(SQUARE_ROOT, _sample_variance(terms))
    ),
    "DEVSQ": _deviations,
    "SUMSQ": lambda terms: total(_square(term) for term in terms),
    "COUNT": lambda terms: Number(float(len(terms))),
    "COUNTA": lambda terms: Number(float(len(terms))),
}


def _flat(matrix: Matrix) -> list[Expression]:
    return [item for row in matrix for item in row]


def _sum_of_products(*matrices: Matrix) -> Matrix:
    columns = [_flat(matrix) for matrix in matrices]
    if len({(len(matrix), len(matrix[0])) for matrix in matrices}) != 1:
        raise FormulaError("the ranges of SUMPRODUCT do not fit together")
    return [[total(_product(row) for row in zip(*columns, strict=True))]]


def _sum_of_squared_differences(first: Matrix, second: Matrix) -> Matrix:
    pairs = zip(_flat(first), _flat(second), strict=False)
    return [[total(_square(a - b) for a, b in pairs)]]


def _transposed(matrix: Matrix) -> Matrix:
    """Columns as rows."""
    return [list(column) for column in zip(*matrix, strict=True)]


def _matrix_product(first: Matrix, second: Matrix) -> Matrix:
    if len(first[0]) != len(second):
        raise FormulaError("the ranges of MMULT do not fit together")
    columns = _transposed(second)
    if len(first) * len(second) * len(columns) > _MOST_PRODUCTS:
        raise FormulaError(f"MMULT computes more than {_MOST_PRODUCTS:,} products")
    return [
        [total(a * b for a, b in zip(row, column, strict=True)) for column in columns]
        for row in first
    ]


def _indexed(matrix: Matrix, *numbers: Matrix) -> Matrix:
    """One cell of a range, or a whole row or column of it where a number is 0."""
    if not numbers:
        raise FormulaError("INDEX needs the number of a row or a column")
    one: Matrix = [[ONE]]
    if len(matrix) == 1 and len(numbers) == 1:
        numbers = (one, numbers[0])
    row, column = [_place(number) for number in (*numbers, one)[:2]]
    try:
        rows = matrix if row == 0 else [matrix[row - 1]]
        return [cells if column == 0 else [cells[column - 1]] for cells in rows]
    except IndexError:
        raise FormulaError("INDEX leads out of its range") from None


def _place(number: Matrix) -> int:
    (value,) = _flat(number)[:1]
    if not isinstance(value, Number) or not 0 <= value.value < math.inf:
        raise FormulaError("INDEX is understood with numbers that are typed in it")
    return int(value.value)


ARRAYS: dict[str, Callable[..., Matrix]] = {
    "ROWS": lambda matrix: [[Number(float(len(matrix)))]],
    "COLUMNS": lambda matrix: [[Number(float(len(matrix[0])))]],
    "SUMPRODUCT": _sum_of_products,
    "SUMXMY2": _sum_of_squared_differences,
    "INDEX": _indexed,
    "ARRAYFORMULA": lambda matrix: matrix,
    "TRANSPOSE": _transposed,
    "MMULT": _matrix_product,
}
