"""Sums, means, deviations, norms and extremes over dimensions."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from gradsheet.models.capture.builder import Builder, Value
from gradsheet.models.capture.pointwise import pointwise
from gradsheet.models.primitives.extremum import Extremum, Position
from gradsheet.models.primitives.linear_map import probed_map
from gradsheet.models.primitives.softmax import Softmax


def _dims(dims: int | Sequence[int] | None) -> Sequence[int] | None:
    return (dims,) if isinstance(dims, int) else dims


def op(builder: Builder, name: str, *args: Any) -> Value:
    """An elementwise operation."""
    return pointwise(name)(builder, *args)


def _reduce(name: str) -> Callable[..., Value]:
    def rule(builder: Builder, x: Value, dims: Any = None, keep: bool = False, **_: Any) -> Value:
        return builder.reduce(name, x, _dims(dims), keep)

    return rule


def dropped(found: Value, dims: Sequence[int], keep: bool) -> Value:
    """A result without the dimensions over which it was reduced, unless they are kept."""
    if keep:
        return found
    shape = tuple(n for d, n in enumerate(found.shape) if d not in dims)
    return found.moved(found.ids.reshape(shape))


def chosen_dims(x: Value, dims: Any) -> tuple[int, ...]:
    """The dimensions from 0; of none all."""
    rank = len(x.shape)
    given = _dims(dims)
    return tuple(sorted(d % rank for d in given)) if given else tuple(range(rank))


def deviation(
    builder: Builder, x: Value, dims: Any, correction: float, keep: bool
) -> tuple[Value, Value]:
    """The variance and the mean."""
    over = chosen_dims(x, dims)
    count = 1
    for d in over:
        count *= x.shape[d]
    mean = builder.reduce("mean", x, over, keep=True)
    centered = op(builder, "sub", x, mean)
    found = builder.reduce("mean of squares", centered, over, keep=True)
    if correction:
        found = op(builder, "mul", found, count / (count - correction))
    return dropped(found, over, keep), dropped(mean, over, keep)


def _given_correction(args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, float, bool]:
    """The dimensions, the correction and whether to keep, of each overload of var."""
    dims, correction, keep = None, 1.0, False
    rest = list(args)
    if rest and not isinstance(rest[0], bool):
        dims = rest.pop(0)
    if rest:
        correction = 1.0 if rest.pop(0) else 0.0
    if rest:
        keep = bool(rest.pop(0))
    if "unbiased" in kwargs:
        correction = 1.0 if kwargs["unbiased"] else 0.0
    if kwargs.get("correction") is not None:
        correction = float(kwargs["correction"])
    return dims, correction, bool(kwargs.get("keepdim", keep))


def _var(builder: Builder, x: Value, *args: Any, **kwargs: Any) -> Value:
    return deviation(builder, x, *_given_correction(args, kwargs))[0]


def _std(builder: Builder, x: Value, *args: Any, **kwargs: Any) -> Value:
    return op(builder, "sqrt", _var(builder, x, *args, **kwargs))


def _var_mean(builder: Builder, x: Value, *args: Any, **kwargs: Any) -> tuple[Value, Value]:
    return deviation(builder, x, *_given_correction(args, kwargs))


def _std_mean(builder: Builder, x: Value, *args: Any, **kwargs: Any) -> tuple[Value, Value]:
    variance, mean = _var_mean(builder, x, *args, **kwargs)
    return op(builder, "sqrt", variance), mean


def _norm(
    builder: Builder, x: Value, p: Any = 2, dims: Any = None, keep: bool = False, **_: Any
) -> Value:
    over, power = chosen_dims(x, dims), 2.0 if p is None else float(p)
    if power == 2:
        squares = builder.reduce("sum", op(builder, "square", x), over, keep)
        return op(builder, "sqrt", squares)
    size = op(builder, "abs", x)
    if power == 1:
        return builder.reduce("sum", size, over, keep)
    if power == float("inf"):
        return extremum(builder, size, over, keep, largest=True)
    total = builder.reduce("sum", op(builder, "pow", size, power), over, keep)
    return op(builder, "pow", total, 1 / power)


def extremum(
    builder: Builder, x: Value, dims: Any, keep: bool, largest: bool, stopped: bool = False
) -> Value:
    """The largest or smallest number over dimensions."""
    over = chosen_dims(x, dims)
    x = builder.whole(x)
    if stopped:
        x = Value(x.ids, False, x.dtype)
    kept = tuple(1 if d in over else n for d, n in enumerate(x.shape))
    return dropped(builder.node(Extremum.over(x.shape, over, largest), [x], kept), over, keep)


def _extreme(largest: bool) -> Callable[..., Any]:
    def rule(builder: Builder, x: Value, dims: Any = None, keep: bool = False) -> Any:
        if isinstance(dims, Value):
            return op(builder, "maximum" if largest else "minimum", x, dims)
        found = extremum(builder, x, dims, keep, largest)
        if dims is None:
            return found
        return found, position(builder, x, dims, keep, largest)

    return rule


def _amax(largest: bool) -> Callable[..., Value]:
    def rule(builder: Builder, x: Value, dims: Any = (), keep: bool = False) -> Value:
        return extremum(builder, x, dims, keep, largest)

    return rule


def position(builder: Builder, x: Value, dim: Any, keep: bool, largest: bool) -> Value:
    """Where the first largest or smallest number is, from 0."""
    x = builder.whole(x)
    if dim is None:
        x, dim = x.moved(x.ids.reshape(-1)), 0
    over = dim % max(1, len(x.shape))
    kept = tuple(1 if d == over else n for d, n in enumerate(x.shape))
    plain = Value(x.ids, False, x.dtype)
    return dropped(builder.node(Position("position", over, largest), [plain], kept), (over,), keep)


def _arg(largest: bool) -> Callable[..., Value]:
    def rule(builder: Builder, x: Value, dim: Any = None, keep: bool = False) -> Value:
        return position(builder, x, dim, keep, largest)

    return rule


def _softmax(logarithm: bool) -> Callable[..., Value]:
    def rule(builder: Builder, x: Value, dim: int, *_: Any, **__: Any) -> Value:
        return builder.node(Softmax(logarithm, dim % max(1, len(x.shape))), [x], x.shape)

    return rule


def _logsumexp(builder: Builder, x: Value, dims: Any, keep: bool = False) -> Value:
    over = chosen_dims(x, dims)
    largest = extremum(builder, x, over, True, True, stopped=True)
    powers = op(builder, "exp", op(builder, "sub", x, largest))
    total = op(builder, "log", builder.reduce("sum", powers, over, keep=True))
    return dropped(op(builder, "add", total, largest), over, keep)


def _cumulated(builder: Builder, x: Value, dim: int, **_: Any) -> Value:
    return along(builder, x, dim, "running sum", lambda t: t.cumsum(-1))


def along(builder: Builder, x: Value, dim: int, name: str, function: Callable[[Any], Any]) -> Value:
    """A linear function along one dimension."""
    x = builder.whole(x)
    moved = x.moved(np.moveaxis(x.ids, dim, -1))
    found = builder.node(probed_map(name, function, moved.shape, 1), [moved], moved.shape)
    return found.moved(np.moveaxis(found.ids, -1, dim))


def _step_by_step(name: str) -> Callable[..., Value]:
    """Each number of a line with all before it, by an operation of two numbers."""

    def rule(builder: Builder, x: Value, dim: int, **_: Any) -> Value:
        x = builder.whole(x)
        if not x.shape:
            return x
        found = [x.moved(x.ids.take([0], axis=dim))]
        for k in range(1, x.shape[dim]):
            found.append(op(builder, name, found[-1], x.moved(x.ids.take([k], axis=dim))))
        return Value(np.concatenate([part.ids for part in found], axis=dim), x.flows)

    return rule


def _largest_so_far(name: str) -> Callable[..., Any]:
    return lambda builder, x, dim: (_step_by_step(name)(builder, x, dim), None)


def _distances(builder: Builder, a: Value, b: Value, p: float = 2, *_: Any) -> Value:
    """The distance of each row of ``a`` (..., P, K) from each of ``b`` (..., R, K): (..., P, R)."""
    a, b = builder.whole(a), builder.whole(b)
    apart = op(builder, "sub", a.moved(a.ids[..., :, None, :]), b.moved(b.ids[..., None, :, :]))
    if p != 2:
        return _norm(builder, apart, p, (-1,))
    squares = builder.reduce("sum", op(builder, "square", apart), (-1,))
    if np.intersect1d(a.ids, b.ids).size == 0:
        return op(builder, "sqrt", squares)
    # Of a row from itself it is 0, and has no gradient.
    some = op(builder, "gt", squares, 0)
    some = Value(some.ids, False, torch.bool)
    above = op(builder, "where", some, squares, 1.0)
    return op(builder, "where", some, op(builder, "sqrt", above), 0.0)


def _distances_of_pairs(builder: Builder, x: Value, p: float = 2) -> Value:
    """The distance of each row from each after it."""
    x = builder.whole(x)
    first, second = np.triu_indices(len(x.ids), 1)
    apart = op(builder, "sub", x.moved(x.ids[first]), x.moved(x.ids[second]))
    return _norm(builder, apart, p, (-1,))


def _prod(builder: Builder, x: Value, dim: Any = None, keep: bool = False, **_: Any) -> Value:
    """A product, factor by factor."""
    x = builder.whole(x)
    if dim is None:
        x, dim = x.moved(x.ids.reshape(-1)), 0
    dim = dim % len(x.shape)
    parts = [x.moved(x.ids.take([k], axis=dim)) for k in range(x.shape[dim])]
    found = parts[0]
    for part in parts[1:]:
        found = op(builder, "mul", found, part)
    return dropped(found, (dim,), keep)


def _any(name: str) -> Callable[..., Value]:
    def rule(builder: Builder, x: Value, dims: Any = None, keep: bool = False) -> Value:
        truths = op(builder, "ne", x, 0)
        return extremum(builder, truths, _dims(dims), keep, largest=name == "any")

    return rule


def _glu(builder: Builder, x: Value, dim: int = -1) -> Value:
    x = builder.whole(x)
    first, second = np.split(x.ids, 2, axis=dim)
    return op(builder, "mul", x.moved(first), op(builder, "sigmoid", x.moved(second)))


def _rrelu(
    builder: Builder,
    x: Value,
    noise: Value,
    low: float = 1 / 8,
    high: float = 1 / 3,
    training: bool = False,
    *_: Any,
) -> Value:
    if training:
        raise builder.refuse("a random RReLU")
    return op(builder, "leaky_relu", x, (low + high) / 2)


def _trace(builder: Builder, x: Value) -> Value:
    x = builder.whole(x)
    return builder.reduce("sum", x.moved(x.ids.diagonal()), None)


RULES: dict[str, Callable[..., Any]] = {
    "sum": _reduce("sum"),
    "mean": _reduce("mean"),
    "var": _var,
    "std": _std,
    "var_mean": _var_mean,
    "std_mean": _std_mean,
    "norm": _norm,
    "linalg_vector_norm": _norm,
    "max": _extreme(True),
    "min": _extreme(False),
    "amax": _amax(True),
    "amin": _amax(False),
    "argmax": _arg(True),
    "argmin": _arg(False),
    "any": _any("any"),
    "all": _any("all"),
    "_softmax": _softmax(False),
    "_safe_softmax": _softmax(False),
    "_log_softmax": _softmax(True),
    "logsumexp": _logsumexp,
    "cumsum": _cumulated,
    "prod": _prod,
    "cumprod": _step_by_step("mul"),
    "logcumsumexp": _step_by_step("logaddexp"),
    "cummax": _largest_so_far("maximum"),
    "cummin": _largest_so_far("minimum"),
    "_cdist_forward": _distances,
    "_euclidean_dist": _distances,
    "_pdist_forward": _distances_of_pairs,
    "glu": _glu,
    "trace": _trace,
    "rrelu_with_noise": _rrelu,
}
