"""An ONNX file as a valid model of a bearable size; nothing is computed before that is known."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradsheet.errors import GradsheetError
from gradsheet.files import read_bytes, reading

_MOST_BYTES = 500_000_000  # of the file, and of weights in files of their own
_MOST_NUMBERS = 50_000_000  # of all tensors; a workbook of as many cells opens nowhere
_EXPECTED = "a valid ONNX model"


def load_onnx(path: Path) -> Any:
    """The model in a file, with its weights, as onnx's ``ModelProto``.

    Raises:
        GradsheetError: onnx is not installed, the file is not a valid model, or a tensor in it, or
            one that it computes, is too large.
    """
    try:
        import onnx
    except ImportError as error:
        raise GradsheetError(
            f"reading {path} needs onnx, which is not installed: pip install 'gradsheet[onnx]'"
        ) from error
    content = read_bytes(path, _EXPECTED, _MOST_BYTES)
    with reading(path, _EXPECTED):  # onnx raises what its parts raise
        model = onnx.load_model_from_string(content)
        _check_given(model, path)
        # By its path, so that external weights are looked for beside it.
        onnx.checker.check_model(str(path))
        _check_computed(onnx.shape_inference.infer_shapes(model, data_prop=True).graph, path)
        onnx.load_external_data_for_model(model, str(path.parent))
        _check_readable(model, path)
    return model


def _check_given(model: Any, path: Path) -> None:
    """Refuse tensors that claim to be too large, wherever in the model they are."""
    tensors = _tensors(model)
    _check_numbers(sum(math.prod(map(abs, tensor.dims)) for tensor in tensors), "weights", path)
    for tensor in tensors:
        place = {entry.key: entry.value for entry in tensor.external_data}
        if "location" in place:
            file = path.parent / place["location"]
            if file.is_file() and file.stat().st_size > _MOST_BYTES:
                raise GradsheetError(
                    f"{file} is larger than {_MOST_BYTES:,} bytes; expected weights of {path}"
                )


def _check_computed(graph: Any, path: Path) -> None:
    """Refuse values that would be too large; a size that is open, as the batch's, counts as 1."""
    values = [*graph.input, *graph.value_info, *graph.output]
    shapes = [[size.dim_value for size in value.type.tensor_type.shape.dim] for value in values]
    computed = sum(math.prod(max(1, abs(size)) for size in shape) for shape in shapes)
    _check_numbers(computed, "values", path)


def _check_readable(model: Any, path: Path) -> None:
    """Refuse what onnx's checker lets pass: bytes that do not fit a shape, unknown types."""
    from onnx import TensorProto, numpy_helper

    for tensor in _tensors(model):
        numpy_helper.to_array(tensor)
    known = {*TensorProto.DataType.values()} - {TensorProto.UNDEFINED}
    for item in model.graph.input:
        if item.type.HasField("tensor_type") and item.type.tensor_type.elem_type not in known:
            raise GradsheetError(
                f"{path} is not {_EXPECTED}: the input {item.name} has numbers of an unknown type"
            )


def _check_numbers(count: int, what: str, path: Path) -> None:
    if count > _MOST_NUMBERS:
        raise GradsheetError(
            f"{path} has {_in_words(count)} {what}, at most {_in_words(_MOST_NUMBERS)} can be "
            "computed here; give a smaller model"
        )


def _in_words(count: int) -> str:
    return f"{count / 1e6:,.0f} million" if count < 10**12 else f"{count:.1e}"


def _tensors(model: Any) -> list[Any]:
    """The tensors given in the model, wherever they are."""
    return [message for message in _messages(model) if message.DESCRIPTOR.name == "TensorProto"]


def _messages(message: Any) -> Iterator[Any]:
    """The message and all within it."""
    yield message
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for inner in [value] if hasattr(value, "ListFields") else value:
                yield from _messages(inner)
