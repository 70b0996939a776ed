"""NumPy's names, as far as the audit uses them, for arrays in plain Python.

What is computed, NaN and infinity included, is what NumPy computes. ``install`` puts these names
in NumPy's place; the tests of the audit pass on them.
"""

import math
import operator
import statistics
import sys
from collections.abc import Callable
from itertools import pairwise
from types import ModuleType
from typing import Any

from gradsheet.explorer import arrays
from gradsheet.explorer.arrays import NDArray, Shape, array, asarray, common_shape, expanded

_INF, _NAN = math.inf, math.nan

_raising = False
"""Whether a result that is not finite, of numbers that are, raises FloatingPointError."""

# --- Computing, element by element -----------------------------------------------------------


class errstate:  # noqa: N801 (NumPy's name)
    """What becomes of results that are not finite: the audit raises, or ignores them."""

    def __init__(self, **settings: str) -> None:
        self._raises = settings.get("over", settings.get("all")) == "raise"

    def __enter__(self) -> None:
        global _raising
        self._before, _raising = _raising, self._raises

    def __exit__(self, *_: object) -> None:
        global _raising
        _raising = self._before


def _elementwise(
    fast: Callable[..., Any], safe: Callable[..., Any] | None = None, checked: bool = True
) -> Callable[..., NDArray]:
    """A function of numbers as one of arrays that broadcast.

    Args:
        fast: the function where it has a value.
        safe: the same wherever ``fast`` raises an error.
        checked: whether a result that is not finite raises an error where that is asked for.
    """

    def compute(*values: Any) -> NDArray:
        shape, lists = _aligned(values)
        try:
            data = list(map(fast, *lists))
        except (ArithmeticError, ValueError):
            data = list(map(safe or fast, *lists))
        if checked and _raising and not math.isfinite(sum(data)):
            _check(data, lists)
        return NDArray(data, shape)

    return compute


def _aligned(values: tuple[Any, ...]) -> tuple[Shape, list[list[Any]]]:
    """The shape that the values broadcast to, and the elements of each in that shape."""
    first, last = values[0], values[-1]
    if type(first) is NDArray and type(last) is NDArray and len(values) < 3:
        shape = first.shape
        if shape == last.shape:  # most arrays need no broadcasting
            return shape, [one.data for one in values]
        if not last.shape:
            return shape, [first.data, last.data * len(first.data)]
        if not shape:
            return last.shape, [first.data * len(last.data), last.data]
    arrays = [value if type(value) is NDArray else asarray(value) for value in values]
    shape = common_shape(tuple([one.shape for one in arrays]))
    return shape, [one.data if one.shape == shape else expanded(one, shape) for one in arrays]


def _check(data: list[float], lists: list[list[float]]) -> None:
    """Raise for NaN that comes of no NaN, and for infinity that comes of finite numbers."""
    for result, *given in zip(data, *lists, strict=True):
        if math.isnan(result) and not any(map(math.isnan, given)):
            raise FloatingPointError("invalid value")
        if math.isinf(result) and all(map(math.isfinite, given)):
            raise FloatingPointError("overflow or division by zero")


def _safe_divide(a: float, b: float) -> float:
    if b:
        return a / b
    return _NAN if not a or math.isnan(a) else math.copysign(_INF, a) * math.copysign(1.0, b)


def _safe_power(a: float, b: float) -> float:
    is_odd = math.isfinite(b) and b % 2 == 1
    try:
        return math.pow(a, b)
    except OverflowError:
        return -_INF if a < 0 and is_odd else _INF
    except ValueError:
        return _NAN if a else math.copysign(_INF, a) if is_odd else _INF


def _safe_exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return _INF


def _finite(function: Callable[[float], float]) -> Callable[[float], float]:
    """A function that leaves alone what is not finite."""
    return lambda x: float(function(x)) if math.isfinite(x) else x


def _or_nan(function: Callable[[float], float]) -> Callable[[float], float]:
    """A function that is NaN where it has no value."""

    def safe(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return _NAN

    return safe


_BY_ELEMENTS: dict[str, Callable[..., NDArray]] = {
    "add": _elementwise(operator.add),
    "subtract": _elementwise(operator.sub),
    "multiply": _elementwise(operator.mul),
    "divide": _elementwise(operator.truediv, _safe_divide),
    "power": _elementwise(math.pow, _safe_power),
    "negative": _elementwise(operator.neg),
    "square": _elementwise(lambda x: x * x),
    "abs": _elementwise(abs),
    "sign": _elementwise(lambda x: x if x != x else float((x > 0) - (x < 0))),
    **{
        name: _elementwise(function, _or_nan(function))
        for name, function in {
            "sqrt": math.sqrt,
            "tanh": math.tanh,
            "sin": math.sin,
            "cos": math.cos,
            "arctan": math.atan,
            "arcsin": math.asin,
        }.items()
    },
    "arctan2": _elementwise(math.atan2),
    "exp": _elementwise(math.exp, _safe_exp),
    "log": _elementwise(math.log, lambda x: math.log(x) if x > 0 else -_INF if x == 0 else _NAN),
    "floor": _elementwise(_finite(math.floor)),
    "round": _elementwise(_finite(round)),
    "maximum": _elementwise(lambda a, b: a if a >= b or a != a else b),
    "minimum": _elementwise(lambda a, b: a if a <= b or a != a else b),
    "heaviside": _elementwise(lambda x, at_0: x if x != x else at_0 if x == 0 else float(x > 0)),
    "where": _elementwise(lambda condition, a, b: a if condition else b, checked=False),
    "isfinite": _elementwise(math.isfinite, checked=False),
    "isnan": _elementwise(math.isnan, checked=False),
    "isinf": _elementwise(math.isinf, checked=False),
    "equal": _elementwise(operator.eq, checked=False),
    "not_equal": _elementwise(operator.ne, checked=False),
    "less": _elementwise(operator.lt, checked=False),
    "less_equal": _elementwise(operator.le, checked=False),
    "greater": _elementwise(operator.gt, checked=False),
    "greater_equal": _elementwise(operator.ge, checked=False),
    "logical_not": _elementwise(operator.not_, checked=False),
    "logical_and": _elementwise(lambda a, b: a and b, checked=False),
    "logical_or": _elementwise(lambda a, b: a or b, checked=False),
}

_OPERATORS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "pow": "power",
    "and": "logical_and",
    "or": "logical_or",
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "neg": "negative",
    "abs": "abs",
    "invert": "logical_not",
}


def _reflected(function: Callable[..., NDArray]) -> Callable[..., NDArray]:
    return lambda self, other: function(other, self)


for _sign, _name in _OPERATORS.items():
    setattr(NDArray, f"__{_sign}__", _BY_ELEMENTS[_name])
    if _sign in ("add", "sub", "mul", "truediv", "pow"):
        setattr(NDArray, f"__r{_sign}__", _reflected(_BY_ELEMENTS[_name]))


# --- Computing, of a whole array -------------------------------------------------------------


def diff(values: NDArray) -> NDArray:
    """Each element less the one before."""
    return array([after - before for before, after in pairwise(values.data)])


def unique(values: NDArray) -> NDArray:
    """The different elements, sorted."""
    return array(sorted(set(values.data)))


def isin(values: NDArray, among: NDArray) -> NDArray:
    """Which elements are among others."""
    known = set(among.data)
    return NDArray([x in known for x in values.data], values.shape)


def ptp(values: Any) -> float:
    """The largest element less the smallest."""
    given = asarray(values)
    return float(given.max() - given.min())


def median(values: Any) -> float:
    """The element in the middle; NaN where one is NaN."""
    data = asarray(values).data
    return _NAN if any(map(math.isnan, data)) else float(statistics.median(data))


def nanmax(values: Any) -> float:
    """The largest element that is a number."""
    return max((x for x in asarray(values).data if x == x), default=_NAN)


def nanmin(values: Any) -> float:
    """The smallest element that is a number."""
    return min((x for x in asarray(values).data if x == x), default=_NAN)


def allclose(values: Any, other: Any, rtol: float, atol: float) -> bool:
    """Whether all elements are near others."""
    near, far = _BY_ELEMENTS["subtract"](values, other), _BY_ELEMENTS["abs"](other)
    bound = _BY_ELEMENTS["add"](atol, _BY_ELEMENTS["multiply"](rtol, far))
    return bool(_BY_ELEMENTS["less_equal"](_BY_ELEMENTS["abs"](near), bound).all())


_MAKING = (
    *("array", "asarray", "stack", "concatenate", "full", "full_like", "empty", "empty_like"),
    *("zeros_like", "ones", "linspace", "geomspace", "broadcast_to"),
)


def as_module() -> ModuleType:
    """A module with NumPy's names."""
    module = ModuleType("numpy", __doc__)
    whole = (errstate, diff, unique, isin, ptp, median, nanmax, nanmin, allclose)
    vars(module).update(
        {name: vars(arrays)[name] for name in _MAKING}
        | {function.__name__: function for function in whole}
        | _BY_ELEMENTS
        | {"float64": float, "int64": int, "bool_": bool, "inf": _INF, "nan": _NAN}
        | {"ndarray": NDArray, "newaxis": None, "absolute": _BY_ELEMENTS["abs"]}
        | {
            "vectorize": lambda function, otypes=None: _elementwise(function),
            "sort": lambda values: array(sorted(values.data)),
            "all": lambda values: asarray(values).all(),
            "max": lambda values: asarray(values).max(),
            "min": lambda values: asarray(values).min(),
            "any": lambda values: asarray(values).any(),
        }
    )
    module.typing = ModuleType("numpy.typing")  # type: ignore[attr-defined]
    module.typing.NDArray = NDArray
    return module


def install() -> None:
    """Let ``import numpy`` find this module."""
    module = as_module()
    sys.modules |= {"numpy": module, "numpy.typing": module.typing}
