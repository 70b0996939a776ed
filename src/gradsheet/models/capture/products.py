"""Products of matrices and convolutions."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradsheet.models.capture.builder import Builder, Value
from gradsheet.models.capture.pointwise import pointwise
from gradsheet.models.primitives.convolution import Convolution
from gradsheet.models.primitives.product import Product


def product(builder: Builder, a: Value, b: Value, added: Value | None = None) -> Value:
    """(B, M, K) times (B, K, N), plus what is added, broadcast to (B, M, N)."""
    a, b = builder.whole(a), builder.whole(b)
    turned = b.moved(b.ids.transpose(0, 2, 1))
    shape = (a.shape[0], a.shape[1], b.shape[2])
    values = [a, turned]
    if added is not None:
        added = builder.whole(added)
        values.append(added.moved(np.broadcast_to(added.ids, shape)))
    return builder.node(Product(), values, shape)


def _mm(builder: Builder, a: Value, b: Value, **_: Any) -> Value:
    a, b = builder.whole(a), builder.whole(b)
    found = product(builder, a.moved(a.ids[None]), b.moved(b.ids[None]))
    return found.moved(found.ids[0])


def _bmm(builder: Builder, a: Value, b: Value, **_: Any) -> Value:
    return product(builder, a, b)


def _added(builder: Builder, added: Value, a: Value, b: Value, beta: float, alpha: float) -> Value:
    """The product plus what is added, in one node where nothing is scaled."""
    if beta == 1 and alpha == 1:
        return product(builder, a, b, added)
    found = pointwise("mul")(builder, product(builder, a, b), alpha)
    if beta == 0:
        return found
    return pointwise("add")(builder, found, pointwise("mul")(builder, added, beta))


def _addmm(
    builder: Builder, added: Value, a: Value, b: Value, beta: float = 1, alpha: float = 1
) -> Value:
    a, b = builder.whole(a), builder.whole(b)
    found = _added(builder, added, a.moved(a.ids[None]), b.moved(b.ids[None]), beta, alpha)
    return found.moved(found.ids[0])


def _baddbmm(
    builder: Builder, added: Value, a: Value, b: Value, beta: float = 1, alpha: float = 1
) -> Value:
    return _added(builder, added, a, b, beta, alpha)


def _addbmm(
    builder: Builder, added: Value, a: Value, b: Value, beta: float = 1, alpha: float = 1
) -> Value:
    """The products of a batch added up: one product of the matrices side by side."""
    a, b = builder.whole(a), builder.whole(b)
    wide = a.moved(a.ids.transpose(1, 0, 2).reshape(a.shape[1], -1))
    tall = b.moved(b.ids.reshape(-1, b.shape[2]))
    return _addmm(builder, added, wide, tall, beta, alpha)


def _mv(builder: Builder, a: Value, b: Value) -> Value:
    b = builder.whole(b)
    found = _mm(builder, a, b.moved(b.ids[:, None]))
    return found.moved(found.ids[:, 0])


def _dot(builder: Builder, a: Value, b: Value) -> Value:
    a = builder.whole(a)
    found = _mv(builder, a.moved(a.ids[None]), b)
    return found.moved(found.ids.reshape(()))


def _addmv(
    builder: Builder, added: Value, a: Value, b: Value, beta: float = 1, alpha: float = 1
) -> Value:
    b, added = builder.whole(b), builder.whole(added)
    column = added.moved(np.broadcast_to(added.ids, a.shape[:1])[:, None])
    found = _addmm(builder, column, a, b.moved(b.ids[:, None]), beta, alpha)
    return found.moved(found.ids[:, 0])


def _linear(builder: Builder, x: Value, weight: Value, bias: Value | None = None) -> Value:
    x, weight = builder.whole(x), builder.whole(weight)
    flat = x.moved(x.ids.reshape(1, -1, x.shape[-1]))
    found = product(builder, flat, weight.moved(weight.ids.T[None]), bias)
    return found.moved(found.ids.reshape(*x.shape[:-1], weight.shape[0]))


def _trilinear(
    builder: Builder,
    a: Value,
    b: Value,
    c: Value,
    expand_a: Sequence[int],
    expand_b: Sequence[int],
    expand_c: Sequence[int],
    summed: Sequence[int],
    unroll: int = 1,
) -> Value:
    parts = []
    for value, dims in ((a, expand_a), (b, expand_b), (c, expand_c)):
        whole = builder.whole(value)
        ids = whole.ids
        for dim in sorted(dims):
            ids = np.expand_dims(ids, dim)
        parts.append(whole.moved(ids))
    multiply = pointwise("mul")
    return builder.reduce(
        "sum", multiply(builder, multiply(builder, parts[0], parts[1]), parts[2]), summed
    )


def _sizes(given: Any, rank: int) -> tuple[int, ...]:
    found = tuple(int(size) for size in given)
    return found * rank if len(found) == 1 else found


def convolution(
    builder: Builder,
    x: Value,
    weight: Value,
    bias: Value | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    *_: Any,
) -> Value:
    """A convolution with or without a batch."""
    x, weight, rank = builder.whole(x), builder.in_cells(weight), len(weight.shape) - 2
    batched = x if len(x.shape) == rank + 2 else x.moved(x.ids[None])
    steps, pads, spread, more = (
        _sizes(given, rank) for given in (stride, padding, dilation, output_padding)
    )
    primitive = Convolution(steps, pads, spread, bool(transposed), more, int(groups))
    shape = primitive.result(batched.shape, weight.shape)
    values = [batched, weight, *([] if bias is None else [bias])]
    found = builder.node(primitive, values, shape)
    return found if batched is x else found.moved(found.ids[0])


def _solve_triangular(
    builder: Builder,
    a: Value,
    b: Value,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> Value:
    """X of A·X = B (or of X·A = B), row by row, by substitution."""
    a, b = builder.whole(a), builder.whole(b)
    if not left:
        a, b = (part.moved(np.swapaxes(part.ids, -1, -2)) for part in (a, b))
        upper = not upper
    size = a.shape[-1]
    order = range(size - 1, -1, -1) if upper else range(size)
    rows: dict[int, Value] = {}
    for i in order:
        total = b.moved(b.ids[..., i, :])
        for j, known in rows.items():
            part = pointwise("mul")(builder, a.moved(a.ids[..., i, j, None]), known)
            total = pointwise("sub")(builder, total, part)
        if not unitriangular:
            total = pointwise("div")(builder, total, a.moved(a.ids[..., i, i, None]))
        rows[i] = total
    found = np.stack([rows[i].ids for i in range(size)], axis=-2)
    value = Value(found, a.flows or b.flows)
    return value if left else value.moved(np.swapaxes(found, -1, -2))


RULES: dict[str, Callable[..., Any]] = {
    "linalg_solve_triangular": _solve_triangular,
    "mm": _mm,
    "bmm": _bmm,
    "addmm": _addmm,
    "baddbmm": _baddbmm,
    "addbmm": _addbmm,
    "mv": _mv,
    "dot": _dot,
    "vdot": _dot,
    "addmv": _addmv,
    "linear": _linear,
    "_trilinear": _trilinear,
    "convolution": convolution,
    "_convolution": convolution,
}
