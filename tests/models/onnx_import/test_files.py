"""ONNX files, compared with onnx's reference evaluator."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from gradsheet.errors import GradsheetError
from gradsheet.models.agreement import differences
from gradsheet.models.build import ModelWorkbook
from gradsheet.models.digit_classifier import open_digits
from gradsheet.models.onnx_import import read_onnx

DRAW = np.random.default_rng(0)


def weight(name: str, *shape: int) -> onnx.TensorProto:
    return numpy_helper.from_array(DRAW.normal(size=shape).astype(np.float32), name)


def save(
    path: Path, nodes: list[Any], weights: list[Any], shape: tuple[int, ...], out: str = "y"
) -> Path:
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])
    result = helper.make_tensor_value_info(out, TensorProto.FLOAT, ["n", None])
    graph = helper.make_graph(nodes, "test", [image], [result], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 9
    onnx.save(model, path)
    return path


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    """A file with every supported operator."""
    make = helper.make_node
    variance = numpy_helper.from_array(np.array([0.5, 2.0], np.float32), "variance")
    nodes = [
        make("Conv", ["x", "k", "kb"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
        make("BatchNormalization", ["a", "g", "b", "m", "variance"], ["c"], epsilon=1e-3),
        make("Sigmoid", ["c"], ["s"]),
        make("Mul", ["s", "c"], ["d"]),
        make("Relu", ["d"], ["e"]),
        make("LeakyRelu", ["c"], ["f"], alpha=0.3),
        make("Add", ["e", "f"], ["h"]),
        make("Concat", ["h", "c"], ["i"], axis=1),
        make("MaxPool", ["i"], ["j"], kernel_shape=[2, 2], strides=[1, 1]),
        make("AveragePool", ["j"], ["l"], kernel_shape=[2, 2], pads=[1, 1, 1, 1]),
        make("Gelu", ["l"], ["o"]),
        make("GlobalAveragePool", ["o"], ["p"]),
        make("Constant", [], ["to"], value=numpy_helper.from_array(np.array([-1, 4]), "t")),
        make("Reshape", ["p", "to"], ["q"]),
        make("MatMul", ["q", "w"], ["r"]),
        make("Add", ["r", "wb"], ["t"]),
        make("Tanh", ["t"], ["u"]),
        make("Dropout", ["u"], ["v"]),
        make("Gemm", ["v", "z", "zb"], ["y0"], transB=1),
        make("LogSoftmax", ["y0"], ["y"]),
    ]
    weights = [weight("k", 2, 1, 3, 3), *(weight(name, 2) for name in ("kb", "g", "b", "m"))]
    weights += [variance, weight("w", 4, 5), weight("wb", 5), weight("z", 3, 5), weight("zb", 3)]
    return save(tmp_path / "all.onnx", nodes, weights, (1, 8, 8))


def test_a_file_with_everything(everything: Path) -> None:
    x = DRAW.normal(size=(1, 1, 8, 8)).astype(np.float32)
    model, example = read_onnx(everything, x)
    (expected,) = ReferenceEvaluator(str(everything)).run(None, {"x": x})
    assert torch.allclose(model(**example), torch.from_numpy(expected).double(), atol=1e-5)


def test_it_becomes_a_workbook(everything: Path, tmp_path: Path) -> None:
    model, example = read_onnx(everything)
    expected = ModelWorkbook(model, example, 1).write(tmp_path / "all.xlsx")
    assert max(differences(tmp_path / "all.xlsx", expected, "ironcalc").values()) < 1e-9


def test_digits_open_from_a_file(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("Gemm", ["f", "w", "b"], ["y"], transB=1),
    ]
    path = save(tmp_path / "m.onnx", nodes, [weight("w", 10, 784), weight("b", 10)], (1, 28, 28))
    open_digits(path, "3", None, backward=True, path=tmp_path / "m.xlsx")
    assert (tmp_path / "m.xlsx").stat().st_size > 100_000
    other = save(tmp_path / "o.onnx", nodes, [weight("w", 10, 9), weight("b", 10)], (1, 3, 3))
    with pytest.raises(GradsheetError, match="takes n × 1 × 3 × 3; the example is 1 × 1 × 28 × 28"):
        open_digits(other, "3", None, backward=False, path=tmp_path / "o.xlsx")


def test_what_is_not_supported_is_refused_with_the_file(tmp_path: Path) -> None:
    path = save(tmp_path / "odd.onnx", [helper.make_node("Unique", ["x"], ["y"])], [], (4,))
    with pytest.raises(GradsheetError, match=r"odd\.onnx: .* of real numbers|Unique is not"):
        read_onnx(path)


def test_weights_in_a_file_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are found beside the model, whatever the working directory."""
    nodes = [helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)]
    values = weight("w", 300, 4)
    path = save(tmp_path / "m.onnx", nodes, [values], (4,))
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="m.data")
    assert (tmp_path / "m.data").exists()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    model, _ = read_onnx(path)
    found = model(torch.eye(4).double()).detach().numpy().T
    assert np.allclose(found, numpy_helper.to_array(values))
    (tmp_path / "m.data").unlink()
    with pytest.raises(GradsheetError, match="is not a valid ONNX model"):
        read_onnx(path)


def test_a_model_without_ten_outputs_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    path = save(tmp_path / "image.onnx", nodes, [], (1, 28, 28))
    with pytest.raises(GradsheetError, match="has an output of 1 × 28 × 28; expected 10"):
        open_digits(path, "3", None, backward=False, path=tmp_path / "m.xlsx")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("precious")
    with pytest.raises(GradsheetError, match="is not a valid ONNX model"):
        read_onnx(tmp_path / "text.onnx")


def test_bytes_that_do_not_fit_a_shape_are_refused(everything: Path, tmp_path: Path) -> None:
    model = onnx.load(everything)
    weight = next(item for item in model.graph.initializer if len(item.dims) == 1)
    weight.dims[0] += 1
    path = tmp_path / "damaged.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(GradsheetError, match=r"damaged\.onnx is not a valid ONNX model \("):
        read_onnx(path)


def test_an_input_of_an_unknown_type_is_refused(everything: Path, tmp_path: Path) -> None:
    model = onnx.load(everything)
    model.graph.input[0].type.tensor_type.elem_type = -1
    path = tmp_path / "damaged.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(GradsheetError, match=r"is not a valid ONNX model"):
        read_onnx(path)


def test_a_size_of_minus_one_is_open(tmp_path: Path) -> None:
    path = save(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], [], (-1, 4))
    _, examples = read_onnx(path)
    assert [example.shape for example in examples.values()] == [(1, 1, 4)]


def test_an_input_for_which_no_workbook_has_room_is_refused_before_it_runs(tmp_path: Path) -> None:
    pool = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[14, 14], strides=[14, 14])
    path = save(tmp_path / "m.onnx", [pool], [], (1, 2**20, 28))
    with pytest.raises(GradsheetError, match="takes 29,360,128 numbers; a workbook has room"):
        read_onnx(path)
