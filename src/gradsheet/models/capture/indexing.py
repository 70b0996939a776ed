"""Numbers chosen by whole numbers: embeddings, gather, index."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from gradsheet.models.capture import scattering
from gradsheet.models.capture.builder import UNKNOWN, Builder, Value
from gradsheet.models.capture.moves import indexed
from gradsheet.models.capture.pointwise import pointwise
from gradsheet.models.capture.reductions import extremum
from gradsheet.models.capture.scattering import accumulated, written
from gradsheet.models.primitives.lookup import Lookup, SumAt


def _lines(builder: Builder, table: Value, positions: Value, padding: int | None = None) -> Value:
    """The rows of a table (K, ...) at positions, in the shape (positions..., ...)."""
    table, positions = builder.whole(table), builder.whole(positions)
    rest = table.shape[1:]
    lines = table.moved(table.ids.reshape(len(table.ids), -1).T)
    flat = positions.moved(positions.ids.reshape(1, -1))
    shape = (lines.shape[0], flat.shape[1])
    found = builder.node(Lookup(padding=padding), [lines, flat], shape)
    return found.moved(found.ids.T.reshape(*positions.shape, *rest))


def _embedding(
    builder: Builder, table: Value, positions: Value, padding: int = -1, *_: Any, **__: Any
) -> Value:
    if positions.is_constant and padding < 0:
        assert positions.constant is not None
        table = builder.whole(table)
        return table.moved(table.ids[positions.constant.numpy()])
    return _lines(builder, table, positions, padding if padding >= 0 else None)


def _embedding_bag(
    builder: Builder,
    table: Value,
    positions: Value,
    offsets: Value,
    scale: bool = False,
    mode: int = 0,
    sparse: bool = False,
    weights: Value | None = None,
    last: bool = False,
    *_: Any,
) -> Any:
    """The sum (mode 0), mean (1) or maximum (2) of the rows of each bag."""
    rows = _embedding(builder, table, positions)
    if weights is not None:
        weights = builder.whole(weights)
        rows = pointwise("mul")(builder, rows, weights.moved(weights.ids[:, None]))
    starts = builder.decisive(offsets, "bags that depend on the input").tolist()
    ends = starts[1:] if last else [*starts[1:], rows.shape[0]]
    bags = []
    for start, end in zip(starts, ends, strict=False):
        bag = rows.moved(rows.ids[start:end])
        if mode == 2:
            bags.append(extremum(builder, bag, 0, True, largest=True).ids)
        else:
            bags.append(builder.reduce("mean" if mode else "sum", bag, (0,), keep=True).ids)
    return Value(np.concatenate(bags), rows.flows), None, None, None


def _gather(builder: Builder, x: Value, dim: int, index: Value, *_: Any, **__: Any) -> Any:
    if index.is_constant:
        return indexed("gather")(builder, x, dim, index)
    x, index = builder.whole(x), builder.whole(index)
    dim %= max(1, len(x.shape))
    cut = tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape))
    lines = x.moved(np.moveaxis(x.ids[cut], dim, -1))
    places = index.moved(np.moveaxis(index.ids, dim, -1))
    found = builder.node(Lookup(), [lines, places], places.shape)
    return found.moved(np.moveaxis(found.ids, -1, dim))


def _fixed_mask(builder: Builder, mask: Value) -> Value:
    """A mask as a constant: how many numbers it selects must not change."""
    truths = builder.decisive(mask, "a selection by a mask that depends on the input")
    return Value(np.full(mask.shape, UNKNOWN), False, torch.bool, truths)


def _index(builder: Builder, x: Value, indices: Sequence[Any], *_: Any) -> Any:
    indices = [
        _fixed_mask(builder, part) if part is not None and part.dtype == torch.bool else part
        for part in indices
    ]
    if all(part is None or part.is_constant for part in indices):
        return indexed("index")(builder, x, indices)
    indices = _without_masks(indices)
    x = builder.whole(x)
    given = [k for k, part in enumerate(indices) if part is not None]
    if given != list(range(given[0], given[0] + len(given))):
        raise builder.refuse("an index of dimensions that are not beside one another")
    flat = _flat_index(builder, x, [(k, indices[k]) for k in given])
    first, count = given[0], len(given)
    joined = x.ids.reshape(*x.shape[:first], -1, *x.shape[first + count :])
    found = _lines(builder, x.moved(np.moveaxis(joined, first, 0)), flat)
    rank = len(flat.shape)
    back = list(range(rank, rank + first)), list(range(first))
    return found.moved(np.moveaxis(found.ids, *back))


def _without_masks(indices: Sequence[Any]) -> list[Any]:
    """Indices with the positions where a constant mask is true in place of the mask."""
    found: list[Any] = []
    for part in indices:
        if part is None or part.dtype != torch.bool:
            found.append(part)
            continue
        for places in part.constant.nonzero(as_tuple=True):
            ids = np.full(tuple(places.shape), UNKNOWN)
            found.append(Value(ids, False, torch.int64, places))
    return found


def _flat_index(builder: Builder, x: Value, parts: Sequence[tuple[int, Value]]) -> Value:
    """Several indices as one, of the dimensions joined; negative ones count from the end."""
    found: Value | None = None
    for dim, part in parts:
        inside = pointwise("remainder")(builder, part, x.shape[dim])
        if found is None:
            found = inside
        else:
            scaled = pointwise("mul")(builder, found, x.shape[dim])
            found = pointwise("add")(builder, scaled, inside)
    assert found is not None
    return found


def _index_select(builder: Builder, x: Value, dim: int, index: Value) -> Any:
    if index.is_constant:
        return indexed("index_select")(builder, x, dim, index)
    x = builder.whole(x)
    found = _lines(builder, x.moved(np.moveaxis(x.ids, dim, 0)), index)
    return found.moved(np.moveaxis(found.ids, 0, dim))


def _index_put(
    builder: Builder, x: Value, indices: Sequence[Any], values: Value, accumulate: bool = False
) -> Any:
    given = [(k, part) for k, part in enumerate(indices) if part is not None]
    if any(not part.is_constant for _, part in given):
        return _put_at_computed(builder, x, given, values, accumulate)
    if not accumulate:
        return indexed("index_put")(builder, x, indices, values)
    positions = torch.arange(x.ids.size).reshape(x.shape)
    places = positions[tuple(slice(None) if p is None else p.constant for p in indices)]
    return accumulated(builder, x, places.numpy(), values)


def _put_at_computed(
    builder: Builder,
    x: Value,
    given: Sequence[tuple[int, Value]],
    values: Value,
    accumulate: bool,
) -> Any:
    """Values written or added at indices of the first dimensions that the model computes."""
    x, values = builder.whole(x), builder.whole(values)
    first = given[0][1]
    if len(given) == 1 and first.dtype == torch.bool and values.ids.size == 1 and not accumulate:
        mask = builder.whole(first)
        wide = mask.ids.reshape(*mask.shape, *([1] * (len(x.shape) - len(mask.shape))))
        found: Value = _where(builder, Value(wide, False, torch.bool), values, x)
        return found
    if any(part.dtype == torch.bool for _, part in given):
        fixed = {k: _fixed_mask(builder, p) if p.dtype == torch.bool else p for k, p in given}
        indices = _without_masks([fixed.get(k) for k in range(max(fixed) + 1)])
        return _index_put(builder, x, indices, values, accumulate)
    if [k for k, _ in given] != list(range(len(given))):
        raise builder.refuse("writing to places that depend on the input")
    places = builder.whole(_flat_index(builder, x, given))
    rest = x.shape[len(given) :]
    lines = x.moved(x.ids.reshape(-1, int(np.prod(rest, dtype=np.int64))).T)
    wide = np.broadcast_to(values.ids, (*places.shape, *rest))
    numbers = values.moved(wide.reshape(places.ids.size, -1).T)
    flat = places.moved(places.ids.reshape(1, -1))
    put = written(builder, lines, flat, numbers, accumulate)
    return put.moved(put.ids.T.reshape(x.shape))


def _where(builder: Builder, condition: Value, a: Any, b: Any) -> Any:
    """A movement where the condition is a constant."""
    if not condition.is_constant or not all(isinstance(part, Value) for part in (a, b)):
        return pointwise("where")(builder, condition, a, b)
    assert condition.constant is not None
    shape = np.broadcast_shapes(condition.shape, a.shape, b.shape)
    chosen = np.broadcast_to(condition.constant.numpy().astype(bool), shape)
    ids = np.where(chosen, np.broadcast_to(a.ids, shape), np.broadcast_to(b.ids, shape))
    return Value(ids, a.flows or b.flows)


def _masked_fill(builder: Builder, x: Value, mask: Value, value: Any) -> Any:
    constant = not isinstance(value, Value) or value.is_constant
    if not mask.is_constant or not constant:
        return pointwise("masked_fill")(builder, x, mask, value)
    assert mask.constant is not None
    shape = np.broadcast_shapes(x.shape, mask.shape)
    chosen = np.broadcast_to(mask.constant.numpy().astype(bool), shape)
    return Value(np.where(chosen, UNKNOWN, np.broadcast_to(x.ids, shape)), x.flows)


def _one_hot(builder: Builder, index: Value, classes: int = -1) -> Any:
    if classes < 0:
        raise builder.refuse("one_hot without the number of classes")
    index = builder.whole(index)
    steps = torch.arange(classes)
    along = Value(np.full(classes, UNKNOWN), False, torch.int64, steps)
    return pointwise("eq")(builder, index.moved(index.ids[..., None]), along)


def _bincount(
    builder: Builder, index: Value, weights: Value | None = None, minlength: int = 0
) -> Any:
    """How often each whole number from 0 to K − 1 comes, or the sum of its weights."""
    size = minlength
    if index.example is not None and index.example.numel():
        size = max(size, int(index.example.max()) + 1)
    if size > minlength:
        raise builder.refuse("bincount without a minlength above every number")
    index = builder.whole(index)
    if weights is None:
        return builder.node(SumAt(size), [index], (size,))
    return builder.node(SumAt(size), [index, builder.whole(weights)], (size,))


def _take(builder: Builder, x: Value, index: Value) -> Any:
    if not index.is_constant:
        raise builder.refuse("taking numbers from places that depend on the input")
    return indexed("take")(builder, x, index)


def _masked_select(builder: Builder, x: Value, mask: Value) -> Any:
    return indexed("masked_select")(builder, x, _fixed_mask(builder, mask))


RULES: dict[str, Callable[..., Any]] = {
    **scattering.RULES,
    "embedding": _embedding,
    "gather": _gather,
    "_embedding_bag": _embedding_bag,
    "index": _index,
    "_unsafe_index": _index,
    "index_select": _index_select,
    "index_put": _index_put,
    "_unsafe_index_put": _index_put,
    "_index_put_impl": _index_put,
    "where": _where,
    "masked_fill": _masked_fill,
    "one_hot": _one_hot,
    "bincount": _bincount,
    "masked_select": _masked_select,
    "take": _take,
}
