"""ONNX files in which whole numbers or masks decide: lengths, NonZero, Compress."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from gradsheet.errors import GradsheetError
from gradsheet.models.build import ModelWorkbook, write_model_workbook
from gradsheet.models.onnx_import import read_onnx


def saved(path: Path, nodes: list[onnx.NodeProto], inputs: dict[str, list[int]],
          weights: dict[str, np.ndarray], rank: int) -> Path:  # fmt: skip
    """A file of nodes whose last output is y; inputs by name with their sizes."""
    given = [
        helper.make_tensor_value_info(
            name, TensorProto.INT32 if name == "lengths" else TensorProto.FLOAT, sizes
        )
        for name, sizes in inputs.items()
    ]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * rank)
    held = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "graph", given, [y], held)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def test_sequences_of_different_lengths(tmp_path: Path) -> None:
    """The outputs and gradients are those of torch's packed sequences, in both directions."""
    torch.manual_seed(0)
    own = nn.RNN(2, 3, bidirectional=True)
    parts = [np.stack([own.get_parameter(f"{name}_l0{end}").detach().numpy()
                       for end in ("", "_reverse")])
             for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]  # fmt: skip
    weights = {"w": parts[0], "r": parts[1], "b": np.concatenate(parts[2:], 1)}
    node = helper.make_node(
        "RNN", ["x", "w", "r", "b", "lengths"], ["y"], hidden_size=3, direction="bidirectional"
    )
    path = saved(tmp_path / "a.onnx", [node], {"x": [4, 2, 2], "lengths": [2]}, weights, 4)
    x, lengths = torch.randn(4, 2, 2), torch.tensor([4, 2])
    packed = nn.utils.rnn.pack_padded_sequence(x.requires_grad_(), lengths)
    output = nn.utils.rnn.pad_packed_sequence(own(packed)[0])[0]
    output.sum().backward()  # type: ignore[no-untyped-call]
    given = {"x": x.detach().numpy(), "lengths": lengths.int().numpy()}
    book = ModelWorkbook(*read_onnx(path, given), loss="sum")
    found = book.numbers.of(book.grouped.output)
    expected = output.detach().reshape(4, 2, 2, 3).transpose(1, 2).numpy()
    assert found == pytest.approx(expected, abs=1e-6)
    assert x.grad is not None
    ours = book.numbers.loss_by(book.grouped.inputs[0].ids)
    assert ours == pytest.approx(x.grad.numpy(), abs=1e-6)
    book.publish(tmp_path / "a.xlsx")


def test_numbers_chosen_by_a_mask(tmp_path: Path) -> None:
    """NonZero, GatherND and Compress."""
    nodes = [
        helper.make_node("Greater", ["x", "limit"], ["mask"]),
        helper.make_node("NonZero", ["mask"], ["places"]),
        helper.make_node("Transpose", ["places"], ["rows"], perm=[1, 0]),
        helper.make_node("GatherND", ["x", "rows"], ["chosen"]),
        helper.make_node("ReduceMax", ["x"], ["largest"], axes=[1], keepdims=0),
        helper.make_node("Greater", ["largest", "limit"], ["lines"]),
        helper.make_node("Compress", ["x", "lines"], ["kept"], axis=0),
        helper.make_node("Reshape", ["kept", "flat"], ["kept_flat"]),
        helper.make_node("Concat", ["chosen", "kept_flat"], ["y"], axis=0),
    ]
    weights = {"limit": np.array(0.5, dtype=np.float32), "flat": np.array([-1])}
    path = saved(tmp_path / "a.onnx", nodes, {"x": [3, 2]}, weights, 1)
    x = np.array([[0.1, 0.9], [0.2, 0.3], [0.7, 0.8]], dtype=np.float32)
    write_model_workbook(*read_onnx(path, x), tmp_path / "a.xlsx", loss="sum")


def test_a_loop_over_what_is_computed_is_refused_as_one(tmp_path: Path) -> None:
    """Its inputs are constants; its body reads a computed value."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["still"]),
         helper.make_node("Add", ["state", "doubled"], ["next"])],
        "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []),
         helper.make_tensor_value_info("on", TensorProto.BOOL, []),
         helper.make_tensor_value_info("state", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("still", TensorProto.BOOL, []),
         helper.make_tensor_value_info("next", TensorProto.FLOAT, [2])],
    )  # fmt: skip
    nodes = [helper.make_node("Add", ["x", "x"], ["doubled"]),
             helper.make_node("Loop", ["three", "", "zeros"], ["y"], body=body)]  # fmt: skip
    weights = {"three": np.array(3), "zeros": np.zeros(2, dtype=np.float32)}
    path = saved(tmp_path / "a.onnx", nodes, {"x": [2]}, weights, 1)
    with pytest.raises(GradsheetError, match="the ONNX operator Loop is not supported"):
        read_onnx(path, np.ones(2, dtype=np.float32))
