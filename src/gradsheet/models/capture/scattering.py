"""Numbers written, added or reduced at places: scatter and its kind."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from gradsheet.models.capture.builder import UNKNOWN, Builder, Value
from gradsheet.models.capture.pointwise import pointwise
from gradsheet.models.graph import Shape
from gradsheet.models.primitives.extremum import Extremum
from gradsheet.models.primitives.lookup import SumAt
from gradsheet.models.windows import flat_places, windows_at


def written(
    builder: Builder, lines: Value, places: Value, numbers: Value, accumulate: bool
) -> Value:
    """Numbers (..., R) added to lines (..., K) at computed places, or written there."""
    size = lines.shape[-1]
    found = builder.node(SumAt(size), [places, numbers], (*numbers.shape[:-1], size))
    if accumulate:
        return pointwise("add")(builder, lines, found)
    hits = builder.node(SumAt(size), [places], (*places.shape[:-1], size))
    hit = pointwise("gt")(builder, hits, 0)
    return pointwise("where")(builder, Value(hit.ids, False, torch.bool), found, lines)


def _written_along(
    builder: Builder, x: Value, dim: int, index: Value, source: Value, accumulate: bool
) -> Value:
    """Likewise along a dimension, as scatter does."""
    dim %= len(x.shape)
    if index.shape[:dim] + index.shape[dim + 1 :] != x.shape[:dim] + x.shape[dim + 1 :]:
        raise builder.refuse("scattering to a part of a tensor")
    x, index, source = (builder.whole(part) for part in (x, index, source))
    cut = tuple(slice(n) for n in index.shape)
    lines, places, numbers = (
        part.moved(np.moveaxis(ids, dim, -1))
        for part, ids in ((x, x.ids), (index, index.ids), (source, source.ids[cut]))
    )
    found = written(builder, lines, places, numbers, accumulate)
    return found.moved(np.moveaxis(found.ids, -1, dim))


def accumulated(
    builder: Builder,
    x: Value,
    places: Any,
    values: Value,
    operation: str = "add",
    with_self: bool = True,
) -> Value:
    """The values added at flat places, one after another where a place comes again.

    Another operation of two numbers may take the addition's place; without self, what was at a
    place does not count.
    """
    x, values = builder.whole(x), builder.whole(values)
    added = np.broadcast_to(values.ids, places.shape).ravel()
    ids = x.ids.ravel().copy()
    layers: dict[int, int] = {}
    order = []
    for place in places.ravel():
        layers[place] = layers.get(int(place), 0) + 1
        order.append(layers[place])
    for layer in range(1, max(order, default=0) + 1):
        chosen = np.array(order) == layer
        at = places.ravel()[chosen]
        if layer == 1 and not with_self:
            ids[at] = added[chosen]
            continue
        so_far = Value(ids[at], x.flows or values.flows)
        total = pointwise(operation)(builder, so_far, values.moved(added[chosen]))
        ids[at] = total.ids
    return Value(ids.reshape(x.shape), x.flows or values.flows)


def _flat_places(builder: Builder, x: Value, dim: int, index: Any, source: Value) -> Any:
    """The places in a flattened tensor that ``scatter`` writes to, and what it writes there."""
    source = builder.whole(source)
    places = flat_places(x.shape, dim, index.numpy())
    return places, source.moved(source.ids[tuple(slice(n) for n in index.shape)])


def _scatter(builder: Builder, x: Value, dim: int, index: Value, source: Any, **_: Any) -> Any:
    """Numbers written along a dimension, at constant or computed positions."""
    dim %= max(1, len(x.shape))
    if index.is_constant and isinstance(source, Value):
        return _scatter_fixed(builder, x, dim, index, source)
    if isinstance(source, Value) and source.uniform() is None:
        return _written_along(builder, x, dim, index, source, False)
    found = x
    for k in range(index.shape[dim]):
        cut = tuple(slice(n) if d != dim else slice(None) for d, n in enumerate(index.shape))
        if x.ids[cut].shape != x.shape:
            raise builder.refuse("scattering to a part of a tensor")
        place = builder.whole(index)
        place = place.moved(place.ids.take([k], axis=dim))
        steps = np.arange(x.shape[dim]).reshape(
            tuple(-1 if d == dim else 1 for d in range(len(x.shape)))
        )
        numbers = torch.from_numpy(np.broadcast_to(steps, x.shape).copy())
        along = Value(np.full(x.shape, UNKNOWN), False, torch.int64, numbers)
        here = pointwise("eq")(builder, along, place)
        found = pointwise("where")(
            builder, Value(here.ids, False, torch.bool), _scalar(source), found
        )
    return found


def _scalar(source: Any) -> Value:
    if isinstance(source, Value):
        number = source.uniform()
        assert number is not None
        source = number
    numbers = torch.tensor(float(source), dtype=torch.float64)
    return Value(np.full((), UNKNOWN), False, torch.float64, numbers)


def _scatter_fixed(builder: Builder, x: Value, dim: int, index: Value, source: Value) -> Value:
    assert index.constant is not None
    ids = x.ids.copy()
    cut = tuple(slice(n) for n in index.shape)
    np.put_along_axis(ids, index.constant.numpy(), source.ids[cut], axis=dim)
    return Value(ids, x.flows or source.flows)


def _scatter_add(builder: Builder, x: Value, dim: int, index: Value, source: Value) -> Any:
    if not index.is_constant:
        return _written_along(builder, x, dim, index, source, True)
    assert index.constant is not None
    return accumulated(builder, x, *_flat_places(builder, x, dim, index.constant, source))


def _index_add(builder: Builder, x: Value, dim: int, index: Value, source: Value, **_: Any) -> Any:
    if not index.is_constant:
        index = builder.whole(index)
        dim %= len(x.shape)
        turned = index.ids.reshape(tuple(-1 if d == dim else 1 for d in range(len(x.shape))))
        everywhere = index.moved(np.broadcast_to(turned, source.shape))
        return _written_along(builder, x, dim, everywhere, source, True)
    full = _along(index.constant, dim, x.shape, source.shape)
    return _scatter_add(builder, x, dim, full, source)


def _scatter_reduce(
    builder: Builder,
    x: Value,
    dim: int,
    index: Value,
    source: Value,
    reduce: str,
    include_self: bool = True,
) -> Value:
    """The sum, product, mean or extreme of all that is written to a place."""
    if not x.shape:
        raise builder.refuse("scattering to a single number")
    given = builder.decisive(index, "scattering to places that depend on the input")
    places, values = _flat_places(builder, x, dim, given, source)
    if reduce in ("amax", "amin"):
        return _extreme_at(builder, x, places, values, reduce == "amax", include_self)
    operation = "mul" if reduce == "prod" else "add"
    found = accumulated(builder, x, places, values, operation, include_self)
    if reduce != "mean":
        return found
    counts = np.bincount(places.ravel(), minlength=x.ids.size).reshape(x.shape)
    several = torch.from_numpy(np.maximum(counts + int(include_self), 1)).double()
    shares = Value(np.full(x.shape, UNKNOWN), False, torch.float64, several)
    return pointwise("div")(builder, found, shares)


def _extreme_at(
    builder: Builder, x: Value, places: Any, values: Value, largest: bool, with_self: bool
) -> Value:
    """The extreme of all numbers at each of some flat places; elsewhere what was there."""
    x = builder.whole(x)
    ids = x.ids.ravel().copy()
    hit, windows = windows_at(places, ids.size, with_self)
    both = np.concatenate([ids, values.ids.ravel()])
    flows = x.flows or values.flows
    name = "maximum" if largest else "minimum"
    node = Extremum(windows, hit.shape, largest, name)
    ids[hit] = builder.node(node, [Value(both, flows)], hit.shape).ids
    return Value(ids.reshape(x.shape), flows)


def _index_reduce(
    builder: Builder,
    x: Value,
    dim: int,
    index: Value,
    source: Value,
    reduce: str,
    include_self: bool = True,
) -> Value:
    """Likewise for whole slices."""
    given = builder.decisive(index, "places that depend on the input")
    full = _along(given, dim, x.shape, source.shape)
    return _scatter_reduce(builder, x, dim, full, source, reduce, include_self)


def _along(index: Any, dim: int, shape: Shape, wanted: Shape) -> Value:
    """Positions along a dimension, the same for all others, as a constant of the wanted shape."""
    turned = index.reshape(tuple(-1 if d == dim % len(shape) else 1 for d in range(len(shape))))
    return Value(np.full(wanted, UNKNOWN), False, torch.int64, turned.expand(wanted))


def _masked_scatter(builder: Builder, x: Value, mask: Value, source: Value) -> Value:
    """Numbers one after another where a mask is true, which decides what is computed."""
    truths = builder.decisive(mask, "writing by a mask that depends on the input").numpy()
    x, source = builder.whole(x), builder.whole(source)
    chosen = np.broadcast_to(truths.astype(bool), x.shape)
    ids = x.ids.copy()
    ids[chosen] = source.ids.ravel()[: int(chosen.sum())]
    return Value(ids, x.flows or source.flows)


def _put(
    builder: Builder, x: Value, index: Value, source: Value, accumulate: bool = False
) -> Value:
    """Numbers written or added at places of the flattened tensor."""
    places = builder.decisive(index, "writing to places that depend on the input").numpy()
    places = places.ravel() % x.ids.size
    source = builder.whole(source)
    flat = source.moved(source.ids.ravel())
    if accumulate:
        return accumulated(builder, x, places, flat)
    x = builder.whole(x)
    ids = x.ids.ravel().copy()
    ids[places] = flat.ids
    return Value(ids.reshape(x.shape), x.flows or source.flows)


RULES: dict[str, Callable[..., Any]] = {
    "scatter": _scatter,
    "scatter_add": _scatter_add,
    "index_add": _index_add,
    "scatter_reduce": _scatter_reduce,
    "index_reduce": _index_reduce,
    "masked_scatter": _masked_scatter,
    "put": _put,
}
