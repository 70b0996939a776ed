"""Reads an ONNX file as a torch module with an example of its inputs; needs the extra ``onnx``."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradsheet.arguments import checked
from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.graph import (
    Array,
    GraphImporter,
    as_tensor,
    needed_nodes,
    shaping_inputs,
)
from gradsheet.models.onnx_import.operators import OPERATORS
from gradsheet.models.onnx_limits import load_onnx

Example = Any  # an array, a sequence of arrays, or arrays by the inputs' names
OLDEST = 15
"""The version of the standard that older models are converted to."""
FOLDED = {("", "Range")}
"""Defined by a loop, but always of known numbers."""
_MOST_NUMBERS = 5_000_000  # of an input, each of which is a cell
TOLERANCE = 1e-4
"""How far a model may be from onnx's reference evaluator, which computes in single precision,
relative to the largest output."""


@checked
def read_onnx(
    path: str | Path, example: Example = None, output: str | None = None
) -> tuple[nn.Module, dict[str, Tensor]]:
    """The model in an ONNX file and the example of each input, ready for ``write_model_workbook``.

    The model computes in float64. Its parameters are the file's weights of one dimension or
    more; numbers of no dimension stay constants.

    Args:
        path: the .onnx file.
        example: an array for its input, several in a sequence, or by their names in a mapping; by
            default normally distributed numbers, the same every time.
        output: the name of one of several outputs; by default the first of real numbers.

    Raises:
        GradsheetError: onnx is not installed, the file is not an ONNX model, the example does not
            fit, or an operator is not supported; or the model differs from onnx's reference.
    """
    path = Path(path)
    model = load_onnx(path)
    try:
        return import_model(model, example, output)
    except GradsheetError as error:
        raise GradsheetError(f"{path}: {error}") from error


def declared_sizes(path: Path) -> list[list[int | None] | None]:
    """The sizes of each input of an ONNX file, None where they are open or the rank is.

    Raises:
        GradsheetError: it is no ONNX file.
    """
    graph = load_onnx(path).graph
    weights = {item.name for item in graph.initializer}
    return [_sizes(item) for item in graph.input if item.name not in weights]


def _sizes(item: Any) -> list[int | None] | None:
    tensor = item.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    # Some programs write -1 for a size that is open.
    return [size.dim_value if size.dim_value > 0 else None for size in tensor.shape.dim]


def import_model(
    model: Any, example: Example = None, output: str | None = None
) -> tuple[nn.Module, dict[str, Tensor]]:
    """A loaded model as ``read_onnx`` returns it."""
    from onnx import numpy_helper

    _check_version(model)
    model = _in_known_operators(model)
    graph = model.graph
    if graph.sparse_initializer:
        raise GradsheetError("sparse weights are not supported")
    weights = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    declared = [item for item in graph.input if item.name not in weights]
    chosen = chosen_output(graph, output)
    nodes = needed_nodes(graph.node, chosen)
    examples = _examples(declared, example)
    shaping = shaping_inputs(nodes, examples)
    weights |= {name: examples[name] for name in shaping}
    read = {chosen, *(name for node in nodes for name in node.input)}
    for name in sorted(read & weights.keys()):
        kind = weights[name].dtype
        if kind.kind not in "fiub" and kind.name != "bfloat16":
            raise GradsheetError(f"the weight {name} is not of a known type ({kind})")
    inputs = {name: v for name, v in examples.items() if name in read - shaping}
    opsets = {item.domain: item.version for item in model.opset_import}
    importer = GraphImporter(opsets, weights, inputs)
    importer.weights -= shaping
    for node in nodes:
        try:
            importer.add(node)
        except GradsheetError as error:
            raise GradsheetError(f"node {node.name or node.output[0]}: {error}") from error
    module = importer.finish(chosen).eval()
    tensors = {name: as_tensor(value) for name, value in inputs.items()}
    _compare(model, examples, chosen, importer.computed[chosen])
    return module, tensors


def _check_version(model: Any) -> None:
    """Refuse a version of the standard that the installed onnx, the reference, does not know."""
    from onnx.defs import onnx_opset_version

    newest = onnx_opset_version()
    for item in model.opset_import:
        if item.domain in ("", "ai.onnx") and not 1 <= item.version <= newest:
            raise GradsheetError(
                f"it is of version {item.version} of the ONNX operators; expected 1 to {newest}, "
                "which the installed onnx knows"
            )


def _in_known_operators(model: Any) -> Any:
    """The model in the operators of the table, as far as onnx defines others by them."""
    from onnx import defs, inliner, version_converter

    if model.functions:
        model = inliner.inline_local_functions(model)
    if any(item.domain == "" and item.version < OLDEST for item in model.opset_import):
        with suppress(Exception):  # it lacks a few steps; then the model is read as it is
            model = version_converter.convert_version(model, OLDEST)
    seen: set[tuple[str, str]] = set()
    while True:
        missing = {(node.domain, node.op_type) for node in model.graph.node} - seen
        seen |= missing
        missing = {key for key in missing - OPERATORS.keys() - FOLDED if _is_defined(*key, defs)}
        if not missing:
            return model
        with suppress(RuntimeError):  # it cannot leave out optional inputs
            model = inliner.inline_selected_functions(
                model, sorted(missing), inline_schema_functions=True
            )


def _is_defined(domain: str, name: str, defs: Any) -> bool:
    """Whether the standard defines an operator by others."""
    if domain or not defs.has(name, domain):
        return False
    schema = defs.get_schema(name, domain=domain)
    return bool(schema.has_function or schema.has_context_dependent_function)


def chosen_output(graph: Any, name: str | None = None) -> str:
    """The chosen output, or the first of real numbers."""
    names = [item.name for item in graph.output]
    if name is not None:
        if name not in names:
            raise GradsheetError(f"there is no output {name}; expected one of {', '.join(names)}")
        return name
    for item in graph.output:
        kind = item.type.WhichOneof("value")
        # A sequence of maps holds a classifier's probabilities by the names of their classes.
        if kind == "sequence_type" or item.type.tensor_type.elem_type in (0, 1, 10, 11, 16):
            return str(item.name)
    raise GradsheetError(f"no output is of real numbers (outputs: {', '.join(names)})")


def _examples(declared: Sequence[Any], example: Example) -> dict[str, Array]:
    """The example of each input by its name, of the declared shape and kind."""
    names = [item.name for item in declared]
    if example is None:
        given: dict[str, Any] = {}
    elif isinstance(example, Mapping):
        given = dict(example)
    elif isinstance(example, Sequence):
        given = dict(zip(names, example, strict=False))
        if len(example) > len(names):
            raise GradsheetError(f"{len(example)} examples given; expected {len(names)}")
    else:
        given = dict(zip(names[:1], [example], strict=False))
    unknown = given.keys() - {*names}
    if unknown:
        raise GradsheetError(
            f"there is no input {min(unknown)}; expected {', '.join(names) or 'none'}"
        )
    draw = np.random.default_rng(0)
    return {item.name: _example(item, given.get(item.name), draw) for item in declared}


def _example(item: Any, given: Any, draw: np.random.Generator) -> Array:
    from onnx.helper import tensor_dtype_to_np_dtype

    if item.type.WhichOneof("value") != "tensor_type":
        raise GradsheetError(f"the input {item.name} is no tensor")
    tensor = item.type.tensor_type
    kind = tensor_dtype_to_np_dtype(tensor.elem_type)
    sizes = _sizes(item)
    if given is None:
        if sizes is None or np.dtype(kind).kind not in "fV":
            what = "any shape" if sizes is None else "whole numbers"
            raise GradsheetError(f"the input {item.name} takes {what}; give an example of it")
        shape = [size or 1 for size in sizes]
        if (numbers := math.prod(shape)) > _MOST_NUMBERS:
            raise GradsheetError(
                f"the input {item.name} takes {numbers:,} numbers; a workbook has room for "
                f"{_MOST_NUMBERS:,}"
            )
        return draw.standard_normal(shape).astype(kind)
    if isinstance(given, Tensor):
        given = given.detach().numpy()
    value = np.asarray(given)
    if value.dtype.kind not in "fiub":
        raise GradsheetError(f"the example of {item.name} holds {value.dtype}; expected numbers")
    if sizes and value.ndim == len(sizes) - 1 and sizes[0] in (None, 1):
        value = value[np.newaxis]  # one example of a batch
    if sizes is not None and not _fits(value.shape, sizes):
        raise GradsheetError(
            f"the input {item.name} takes {_shown(sizes)}; the example is {_shown(value.shape)}"
        )
    if np.dtype(kind).kind in "iub" and (value != np.floor(value)).any():
        raise GradsheetError(f"the input {item.name} takes whole numbers; the example has others")
    return _cast(value, np.dtype(kind), item.name)


def _cast(value: Array, kind: np.dtype[Any], name: str) -> Array:
    """An example in the type that an input takes, which must have room for its numbers."""
    with np.errstate(all="ignore"):
        found = value.astype(kind)
        if kind.kind in "iu":
            overflows = found.astype(value.dtype) != value
        else:
            overflows = np.isfinite(value) & ~np.isfinite(found.astype(np.float64))
    if overflows.any():
        raise GradsheetError(
            f"the example of {name} holds {value[overflows][0]:g}, too large for the input's type "
            f"({kind}); give smaller numbers"
        )
    return found


def _fits(shape: Sequence[int], sizes: Sequence[int | None]) -> bool:
    return len(shape) == len(sizes) and all(
        size in (None, found) for size, found in zip(sizes, shape, strict=True)
    )


def _shown(sizes: Sequence[int | None]) -> str:
    return " × ".join("n" if size is None else str(size) for size in sizes) or "one number"


def _compare(model: Any, examples: Mapping[str, Array], output: str, found: Tensor) -> None:
    """Compare the imported model with onnx's reference evaluator, where that can run it.

    Raises:
        GradsheetError: they differ.
    """
    from onnx.reference import ReferenceEvaluator

    if any(_has_lengths(node) for node in model.graph.node):
        return  # the evaluator takes no notice of them
    try:
        with np.errstate(all="ignore"):
            (expected,) = ReferenceEvaluator(model).run([output], dict(examples))
        if isinstance(expected, list):  # a map for each example
            expected = [list(row.values()) for row in expected]
        expected = torch.from_numpy(np.asarray(expected, dtype=np.float64))
    except Exception:  # the evaluator lacks some forms of some operators
        return
    if found.shape != expected.shape:
        raise GradsheetError(
            f"the output is {_shown(tuple(found.shape))}, by onnx's reference "
            f"{_shown(tuple(expected.shape))}"
        )
    if not found.is_floating_point():
        found = found.double()
    finite = expected[expected.isfinite()]
    largest = float(finite.abs().max()) if len(finite) else 1.0
    tolerance = TOLERANCE * max(largest, 1e-30)
    if not torch.allclose(found, expected, rtol=TOLERANCE, atol=tolerance, equal_nan=True):
        worst = float((found - expected).abs().max())
        raise GradsheetError(f"the output differs from onnx's reference by up to {worst:.1g}")


def _has_lengths(node: Any) -> bool:
    """Whether a node takes sequences of different lengths."""
    return node.op_type in ("RNN", "GRU", "LSTM") and len(node.input) > 4 and bool(node.input[4])
