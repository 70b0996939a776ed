"""Numbers in order: sort, the k largest, medians, between which edges a number is."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsheet.models.capture.builder import Builder, Value
from gradsheet.models.capture.pointwise import pointwise
from gradsheet.models.primitives.lookup import Lookup
from gradsheet.models.primitives.order import AtRank, Rank


def _at_ranks(
    builder: Builder, x: Value, dim: int, descending: bool, ranks: range
) -> tuple[Value, Value]:
    """The numbers of some ranks along a dimension, and their positions."""
    x = builder.whole(x)
    if not x.shape:
        x = x.moved(x.ids.reshape(1))
    lines = x.moved(np.moveaxis(x.ids, dim, -1))
    plain = Value(lines.ids, False, lines.dtype)
    ranked = builder.node(Rank(descending), [plain], lines.shape)
    shape = (*lines.shape[:-1], len(ranks))
    places = builder.node(AtRank(tuple(ranks)), [ranked], shape)
    found = builder.node(Lookup(), [lines, places], shape)
    return tuple(part.moved(np.moveaxis(part.ids, -1, dim)) for part in (found, places))  # type: ignore[return-value]


def _sort(
    builder: Builder, x: Value, dim: int = -1, descending: bool = False, **_: Any
) -> tuple[Value, Value]:
    size = x.shape[dim] if x.shape else 1
    return _at_ranks(builder, x, dim, descending, range(size))


def _topk(
    builder: Builder, x: Value, k: int, dim: int = -1, largest: bool = True, *_: Any, **__: Any
) -> tuple[Value, Value]:
    return _at_ranks(builder, x, dim, largest, range(k))


def _kthvalue(
    builder: Builder, x: Value, k: int, dim: int = -1, keep: bool = False
) -> tuple[Value, Value]:
    found = _at_ranks(builder, x, dim, False, range(k - 1, k))
    return found if keep else tuple(p.moved(p.ids.squeeze(dim)) for p in found)  # type: ignore[return-value]


def _median(builder: Builder, x: Value, dim: int | None = None, keep: bool = False) -> Any:
    """The lower of two numbers in the middle, as torch takes it."""
    if dim is None:
        flat = x.moved(builder.whole(x).ids.reshape(-1))
        return _kthvalue(builder, flat, (flat.shape[0] + 1) // 2, 0)[0]
    return _kthvalue(builder, x, (x.shape[dim] + 1) // 2, dim, keep)


def _searchsorted(
    builder: Builder, edges: Value, x: Value, *, right: bool = False, side: Any = None, **_: Any
) -> Value:
    """How many of the edges, which are in order, are below each number, or not above it."""
    x, edges = builder.whole(x), builder.whole(edges)
    wide = edges.ids[..., np.newaxis, :] if len(edges.shape) > 1 else edges.ids
    name = "le" if right or side == "right" else "lt"
    below = pointwise(name)(builder, edges.moved(wide), x.moved(x.ids[..., np.newaxis]))
    return builder.reduce("sum", Value(below.ids, False), (-1,))


def _bucketize(builder: Builder, x: Value, edges: Value, *, right: bool = False, **_: Any) -> Value:
    return _searchsorted(builder, edges, x, right=right)


RULES: dict[str, Callable[..., Any]] = {
    "sort": _sort,
    "topk": _topk,
    "kthvalue": _kthvalue,
    "median": _median,
    "searchsorted": _searchsorted,
    "bucketize": _bucketize,
}
