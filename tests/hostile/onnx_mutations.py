"""Damage to ONNX files: any field of any message."""

from random import Random
from typing import Any

from tests.hostile.mutations import ODD_TEXTS, mutate_bytes

_ODD = (0, 1, -1, 2, 3, 7, 8, 11, 16, 1000, 2**20, 2**31 - 1, 2**31, 2**40, 2**62, -(2**63))
_OPERATORS = (
    *("Relu", "Gemm", "Conv", "MatMul", "Reshape", "Expand", "ConstantOfShape", "Tile", "Pad"),
    *(
        "Range",
        "Loop",
        "If",
        "Dropout",
        "Concat",
        "Flatten",
        "MaxPool",
        "Upsample",
        "Resize",
    ),
)


def mutate_onnx(content: bytes, draw: Random) -> bytes:
    """A field of a message made odd, dropped or doubled; sometimes any bytes."""
    import onnx

    if draw.random() < 0.3:
        return mutate_bytes(content, draw)
    try:
        model = onnx.load_model_from_string(content)
    except Exception:  # damaged before
        return mutate_bytes(content, draw)
    messages = list(_messages(model))
    message = draw.choice(messages)
    fields = message.ListFields()
    if fields:
        _mutate_field(message, draw.choice(fields)[0], draw)
    try:
        return bytes(model.SerializeToString())
    except Exception:  # what cannot be written is no file
        return mutate_bytes(content, draw)


def _messages(message: Any) -> Any:
    yield message
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for inner in [value] if hasattr(value, "ListFields") else value:
                yield from _messages(inner)


def _mutate_field(message: Any, field: Any, draw: Random) -> None:
    values = getattr(message, field.name)
    kind = draw.randrange(6)
    if kind == 0:
        message.ClearField(field.name)
    elif not hasattr(values, "append") and not hasattr(values, "add"):
        if field.type != field.TYPE_MESSAGE:
            setattr(message, field.name, _odd(field, draw))
    elif kind == 1:
        del values[draw.randrange(len(values))]
    elif kind == 2:
        values.extend(list(values) * draw.choice([1, 1, 300]))
    elif field.type != field.TYPE_MESSAGE:
        values[draw.randrange(len(values))] = _odd(field, draw)


def _odd(field: Any, draw: Random) -> Any:
    if field.type == field.TYPE_STRING:
        odd = draw.choice((*ODD_TEXTS, *_OPERATORS, *_OPERATORS, "x", "y", "w", "n"))
        return odd.replace("\ud800", "?")
    if field.type == field.TYPE_BYTES:
        return mutate_bytes(draw.randbytes(8), draw)
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        return draw.choice([0.0, -1.0, 1e38, float("nan"), float("inf")])
    number = draw.choice(_ODD)
    if field.type == field.TYPE_ENUM:
        return draw.choice([value.number for value in field.enum_type.values])
    if field.type == field.TYPE_INT32:
        return max(-(2**31), min(2**31 - 1, number))
    return abs(number) if field.type in (field.TYPE_UINT64, field.TYPE_UINT32) else number
