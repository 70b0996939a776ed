"""ONNX files that are damaged, or small and claim to be large: one line, at once."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import import read_onnx

Damage = Callable[[Any], None]


def small_model() -> Any:
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Flatten", ["c"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["y"], transB=1),
    ]
    weights = [
        numpy_helper.from_array(np.ones(shape, np.float32), name)
        for name, shape in (("k", (1, 1, 3, 3)), ("w", (2, 16)))
    ]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 4, 4])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(nodes, "small", [image], [result], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 9
    return model


def weight(model: Any) -> Any:
    return model.graph.initializer[0]


def claimed(model: Any) -> None:
    weight(model).dims[:] = [2**31, 2**31, 3, 3]


def padded(model: Any) -> None:
    model.graph.node[0].attribute[0].ints[:] = [20_000] * 4


def within_a_branch(model: Any) -> None:
    """A tensor of a graph that is an attribute."""
    tensor = helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])
    tensor.dims[:] = [10**10]
    constant = helper.make_node("Constant", [], ["t"], value=tensor)
    output = helper.make_tensor_value_info("t", TensorProto.FLOAT, None)
    graph = helper.make_graph([constant], "branch", [], [output])
    model.graph.node.append(
        helper.make_node("If", ["x"], ["z"], then_branch=graph, else_branch=graph)
    )


def odd_type(model: Any) -> None:
    weight(model).data_type = TensorProto.UINT4


def fewer_numbers(model: Any) -> None:
    weight(model).raw_data = weight(model).raw_data[:8]


def elsewhere(model: Any) -> None:
    weight(model).ClearField("raw_data")
    weight(model).data_location = TensorProto.EXTERNAL
    weight(model).external_data.add(key="location", value="../weights.bin")


def operator_of_escapes(model: Any) -> None:
    model.graph.node[0].op_type = "\x1b[31m" + "x" * 3000


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (claimed, "has 4.2e+19 weights, at most 50 million can be computed here"),
        (padded, "has 3,200 million values, at most 50 million can be computed here"),
        (within_a_branch, "has 20,000 million weights, at most 50 million"),
        (odd_type, "is not "),
        (fewer_numbers, "is not "),
        (elsewhere, "is not a valid ONNX model"),
        (operator_of_escapes, "is not a valid ONNX model"),
    ],
)
def test_refused_in_one_line_at_once(damage: Damage, said: str, tmp_path: Path) -> None:
    model, path = small_model(), tmp_path / "m.onnx"
    onnx.save(model, path)
    assert read_onnx(path)[1]
    damage(model)
    path.write_bytes(model.SerializeToString())
    start = time.process_time()
    with pytest.raises(GradsheetError) as refused:
        read_onnx(path)
    message = str(refused.value)
    assert said in message
    assert message.isprintable()
    assert len(message) < 300
    assert time.process_time() - start < 1


def test_what_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(GradsheetError, match=r"m\.onnx is not a valid ONNX model"):
        read_onnx(path)
