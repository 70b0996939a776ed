"""Small ONNX models."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from gradsheet.models.onnx_import.reading import import_model

Array = NDArray[Any]
node = helper.make_node


def numbers(*shape: int, seed: int = 0) -> Array:
    """Normally distributed numbers in single precision."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def model(
    nodes: Sequence[Any],
    inputs: Mapping[str, Sequence[Any] | None],
    weights: Mapping[str, Any] | None = None,
    output: str = "y",
    opset: int = 20,
    kind: int = TensorProto.FLOAT,
) -> Any:
    """A model of nodes, with inputs of a shape each."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in (weights or {}).items()],
    )
    versions = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=versions, ir_version=9)


def outputs(given: Any, *examples: Array, output: str | None = None) -> tuple[Array, Array]:
    """What the imported model computes and what onnx's reference does."""
    names = [item.name for item in given.graph.input]
    module, example = import_model(given, list(examples), output)
    with torch.no_grad():
        found = module(**example).numpy()
    feeds = dict(zip(names, examples, strict=True))
    results: Any = ReferenceEvaluator(given).run(output and [output], feeds)
    return found, results[0]


def matches(given: Any, *examples: Array, output: str | None = None) -> bool:
    """Whether both compute the same."""
    found, expected = outputs(given, *examples, output=output)
    same_shape = found.shape == expected.shape
    return same_shape and np.allclose(found, expected, rtol=1e-4, atol=1e-5, equal_nan=True)
