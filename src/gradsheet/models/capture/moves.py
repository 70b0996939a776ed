"""Operations that only move numbers: they are run on the numbers of the elements themselves."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from gradsheet.models.capture.builder import FIXED, UNKNOWN, Builder, Value
from gradsheet.models.graph import Ids

Move = Callable[..., Any]

_PLAIN = (
    *("clone", "cat", "stack", "flip", "roll", "rot90", "repeat"),
    *("constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d"),
    *("replication_pad1d", "replication_pad2d", "replication_pad3d", "pixel_shuffle"),
    *("pixel_unshuffle", "channel_shuffle", "native_channel_shuffle", "upsample_nearest1d"),
    *("upsample_nearest2d", "upsample_nearest3d", "_upsample_nearest_exact1d"),
    *("_upsample_nearest_exact2d", "_upsample_nearest_exact3d", "tril", "triu", "diag_embed"),
    *("slice_scatter", "select_scatter", "diagonal_scatter", "im2col", "unsafe_split"),
    *("split_copy", "split_with_sizes_copy", "unbind_copy", "expand_copy", "view_copy"),
    *("_reshape_copy", "_reshape_alias", "_unsafe_view", "permute_copy", "transpose_copy"),
    *("diagonal_copy", "alias_copy", "narrow_copy", "slice_copy", "select_copy"),
    *("squeeze_copy", "unsqueeze_copy", "unfold_copy"),
    *("unsafe_split_with_sizes", "lift_fresh_copy", "lift", "block_diag"),
    *("resolve_conj", "resolve_neg"),
)


def _numbers(value: Value) -> Tensor:
    """The elements from 1, so that 0 is what torch fills in, as float64, which all of it takes."""
    return torch.from_numpy(np.asarray(value.ids - UNKNOWN, dtype=np.float64))


def _ids(found: Any, builder: Builder, flows: bool) -> Any:
    if isinstance(found, tuple | list):
        return [_ids(part, builder, flows) for part in found]
    ids: Ids = np.asarray(np.round(found.numpy()) + UNKNOWN, dtype=np.int64)
    return Value(ids, flows)


def _run(name: str, builder: Builder, args: Any, kwargs: Any) -> Any:
    flows: list[bool] = []

    def replaced(value: Value) -> Tensor:
        flows.append(value.flows)
        return _numbers(value)

    args, kwargs = tree_map_only(Value, replaced, (args, kwargs))
    return _ids(getattr(torch.ops.aten, name)(*args, **kwargs), builder, any(flows))


def _plain(name: str) -> Move:
    def move(builder: Builder, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("dtype", None)
        if name == "constant_pad_nd":
            args = args[:2]
        return _run(name, builder, args, kwargs)

    return move


def _copy(builder: Builder, target: Value, source: Value, *_: Any, **__: Any) -> Value:
    return Value(np.broadcast_to(source.ids, target.shape), source.flows)


def _to_copy(builder: Builder, value: Value, **kwargs: Any) -> Value:
    """A change of type; only of a float to an integer are there numbers to compute."""
    from gradsheet.models.capture.pointwise import pointwise

    wanted = kwargs.get("dtype")
    if wanted is None or wanted.is_floating_point or not value.dtype.is_floating_point:
        if wanted == torch.bool and value.dtype != torch.bool:
            return pointwise("ne")(builder, value, 0)
        return Value(value.ids, value.flows)
    return pointwise("ne" if wanted == torch.bool else "trunc")(
        builder, value, *((0,) if wanted == torch.bool else ())
    )


def _to(builder: Builder, value: Value, *args: Any, **kwargs: Any) -> Value:
    """The same by ``Tensor.to``, which takes the type at any place."""
    given = [a for a in (*args, kwargs.get("dtype")) if isinstance(a, torch.dtype)]
    return _to_copy(builder, value, dtype=given[0] if given else None)


def indexed(name: str) -> Move:
    """A movement by constant indices: ``index``, ``gather`` and their kind."""

    def move(builder: Builder, *args: Any, **kwargs: Any) -> Any:
        def kept(part: Any) -> Any:
            if isinstance(part, list | tuple):
                return [kept(inner) for inner in part]
            if isinstance(part, Value) and not part.dtype.is_floating_point and part.is_constant:
                return part.constant
            return part

        return _run(name, builder, [args[0], *(kept(part) for part in args[1:])], kwargs)

    return move


def _packed(builder: Builder, x: Value, lengths: Value, batch_first: bool) -> Any:
    """``pack_padded_sequence``: the steps of all sequences, one after another."""
    given = builder.decisive(lengths, "lengths that depend on the input")
    numbers = torch.ops.aten._pack_padded_sequence(_numbers(x), given, batch_first)[0]
    return _ids(numbers, builder, x.flows), FIXED


def _repeated(builder: Builder, repeats: Value, **_: Any) -> Any:
    """The positions that ``repeat_interleave`` takes, by how often each comes."""
    builder.decisive(repeats, "numbers of repeats that depend on the input")
    return FIXED


MOVES: dict[str, Move] = {name: _plain(name) for name in _PLAIN}
MOVES |= {"copy": _copy, "_to_copy": _to_copy, "to": _to, "_pack_padded_sequence": _packed}
MOVES |= {"repeat_interleave": _repeated}
