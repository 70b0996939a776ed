"""Systems of equations, determinants, inverses, Cholesky factors: by elimination, row by row.

The rows are exchanged as the example asks for; the numbers of the example say nothing else.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradsheet.models.capture.builder import FIXED, UNKNOWN, Builder, Value
from gradsheet.models.capture.pointwise import pointwise
from gradsheet.models.capture.products import RULES as PRODUCTS
from gradsheet.models.capture.products import product
from gradsheet.models.graph import Ids, Shape

_TERMS = 12
"""Of the power series of a matrix whose norm is at most a quarter: the next is below 10⁻¹⁷."""


def _constant(numbers: Tensor, shape: Shape) -> Value:
    """Numbers that depend on nothing."""
    wide = numbers.double().expand(shape)
    return Value(np.full(shape, UNKNOWN), False, torch.float64, wide)


def _numbers(a: Value) -> Tensor:
    """A tensor's numbers for the example."""
    found = a.constant if a.is_constant else a.example
    assert found is not None
    return found.detach()


def _exchanged(a: Value) -> tuple[Ids, Tensor]:
    """The order of the rows that partial pivoting takes, and the sign of that order."""
    factors, pivots = torch.linalg.lu_factor(_numbers(a))
    exchange = torch.lu_unpack(factors, pivots)[0].mT
    return exchange.argmax(-1).numpy(), torch.linalg.det(exchange).round()


def _eliminated(builder: Builder, a: Value, b: Value | None) -> tuple[Value, Value | None, Tensor]:
    """The upper triangle of a matrix (..., N, N), what is left of b (..., N, M), and the sign."""
    order, sign = _exchanged(a)
    a = builder.whole(a)
    upper = np.take_along_axis(a.ids, order[..., np.newaxis], axis=-2)
    right = None
    if b is not None:
        b = builder.whole(b)
        wide = np.broadcast_to(b.ids, (*upper.shape[:-1], b.shape[-1]))
        right = np.take_along_axis(wide, order[..., np.newaxis], axis=-2)
    flows = a.flows or (b is not None and b.flows)
    size = upper.shape[-1]
    for k in range(size - 1):
        below = Value(upper[..., k + 1 :, k].copy(), a.flows)
        factor = pointwise("div")(builder, below, Value(upper[..., k, k, None].copy(), a.flows))
        for ids, first, other in ((upper, k + 1, a.flows), (right, 0, flows)):
            if ids is None:
                continue
            left, row = ids[..., k + 1 :, first:].copy(), ids[..., k, None, first:].copy()
            rest = pointwise("addcmul")(
                builder,
                Value(left, other),
                factor.moved(factor.ids[..., np.newaxis]),
                Value(row, other),
                value=-1,
            )
            ids[..., k + 1 :, first:] = rest.ids
    return Value(upper, a.flows), None if right is None else Value(right, flows), sign


def _diagonal(upper: Value) -> Value:
    return upper.moved(np.diagonal(upper.ids, axis1=-2, axis2=-1))


def _solve(builder: Builder, a: Value, b: Value, left: bool = True, *_: Any, **__: Any) -> Any:
    """X of A·X = B, or of X·A = B."""
    is_vector = len(b.shape) == 1 or b.shape == a.shape[:-1]
    if is_vector:
        b = builder.whole(b)
        b = b.moved(b.ids[..., np.newaxis])
    if not left:
        turned = _solve(builder, _turned(builder, a), _turned(builder, b))[0]
        return turned.moved(np.swapaxes(turned.ids, -1, -2)), None, None, FIXED
    upper, rest = _eliminated(builder, a, b)[:2]
    assert rest is not None
    found = PRODUCTS["linalg_solve_triangular"](builder, upper, rest, upper=True)
    if is_vector:
        found = found.moved(found.ids[..., 0])
    return found, None, None, FIXED


def _turned(builder: Builder, a: Value) -> Value:
    numbers = _numbers(a).mT if a.example is not None or a.is_constant else None
    turned = builder.whole(a)
    return Value(np.swapaxes(turned.ids, -1, -2), a.flows, a.dtype, None, "", numbers)


def _inverse(builder: Builder, a: Value, *_: Any, **__: Any) -> Any:
    units = _constant(torch.eye(a.shape[-1]), a.shape)
    return _solve(builder, a, units)[0], FIXED


def _determinant(builder: Builder, a: Value) -> Any:
    upper, _, sign = _eliminated(builder, a, None)
    found = _product(builder, _diagonal(upper))
    signed = pointwise("mul")(builder, found, _constant(sign, found.shape))
    return signed, None, None


def _product(builder: Builder, x: Value) -> Value:
    found = x.moved(x.ids[..., 0])
    for k in range(1, x.shape[-1]):
        found = pointwise("mul")(builder, found, x.moved(x.ids[..., k]))
    return found


def _log_determinant(builder: Builder, a: Value) -> Any:
    """The logarithm of the magnitude; the sign before it decides what torch does with it."""
    upper, _, _ = _eliminated(builder, a, None)
    if not a.is_constant:
        builder.scope.decided.setdefault(builder.scope.where.path)
    logarithms = pointwise("log")(builder, pointwise("abs")(builder, _diagonal(upper)))
    return FIXED, builder.reduce("sum", logarithms, (-1,)), None, None


def _cholesky(builder: Builder, a: Value, upper: bool = False, **_: Any) -> Any:
    """L of L·Lᵀ = A, column by column, from the lower triangle of A."""
    a = builder.whole(a)
    left = (np.swapaxes(a.ids, -1, -2) if upper else a.ids).copy()
    found = np.full(left.shape, UNKNOWN)
    for k in range(left.shape[-1]):
        root = pointwise("sqrt")(builder, a.moved(left[..., k, k].copy()))
        found[..., k, k] = root.ids
        if k + 1 == left.shape[-1]:
            break
        below = a.moved(left[..., k + 1 :, k].copy())
        column = pointwise("div")(builder, below, root.moved(root.ids[..., None]))
        found[..., k + 1 :, k] = column.ids
        rest = pointwise("addcmul")(
            builder,
            a.moved(left[..., k + 1 :, k + 1 :].copy()),
            column.moved(column.ids[..., :, None]),
            column.moved(column.ids[..., None, :]),
            value=-1,
        )
        left[..., k + 1 :, k + 1 :] = rest.ids
    zeros = torch.zeros(found.shape, dtype=torch.float64)
    ids = np.swapaxes(found, -1, -2) if upper else found
    return Value(ids, a.flows, torch.float64, zeros), FIXED


def _cholesky_solve(builder: Builder, b: Value, factor: Value, upper: bool = False) -> Value:
    """X of L·Lᵀ·X = B, by substitution forward and back."""
    factor = builder.whole(factor)
    turned = factor.moved(np.swapaxes(factor.ids, -1, -2))
    lower, upper_one = (turned, factor) if upper else (factor, turned)
    solve = PRODUCTS["linalg_solve_triangular"]
    found: Value = solve(builder, upper_one, solve(builder, lower, b, upper=False), upper=True)
    return found


def _cholesky_inverse(builder: Builder, factor: Value, upper: bool = False) -> Value:
    units = _constant(torch.eye(factor.shape[-1]), factor.shape)
    return _cholesky_solve(builder, units, factor, upper)


def _exponential(builder: Builder, a: Value) -> Value:
    """I + A·(I + A/2·(I + A/3·(…))) of a part of A, squared as often as A was halved."""
    norm = float(torch.linalg.matrix_norm(_numbers(a), 1).max())
    halved = max(0, math.ceil(math.log2(max(norm, 1e-300))) + 2)
    shape = (int(np.prod(a.shape[:-2], dtype=np.int64)), *a.shape[-2:])
    whole = builder.whole(a)
    small = whole.moved(whole.ids.reshape(shape))
    if halved:
        small = pointwise("div")(builder, small, 2.0**halved)
    units = _constant(torch.eye(shape[-1]), shape)
    found = pointwise("add")(builder, pointwise("div")(builder, small, _TERMS), units)
    for k in range(_TERMS - 1, 0, -1):
        part = small if k == 1 else pointwise("div")(builder, small, k)
        found = product(builder, part, found, units)
    for _ in range(halved):
        found = product(builder, found, found)
    return found.moved(found.ids.reshape(a.shape))


RULES: dict[str, Callable[..., Any]] = {
    "_linalg_solve_ex": _solve,
    "linalg_inv_ex": _inverse,
    "_linalg_det": _determinant,
    "_linalg_slogdet": _log_determinant,
    "linalg_cholesky_ex": _cholesky,
    "cholesky_solve": _cholesky_solve,
    "cholesky_inverse": _cholesky_inverse,
    "linalg_matrix_exp": _exponential,
}
