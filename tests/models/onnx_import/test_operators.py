"""The functions of operators, compared with onnx's reference evaluator.

The forms in which versions and attributes differ; the benchmark and a slow test run every case
that comes with onnx.
"""

from typing import Any

import numpy as np
import pytest

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.operators import OPERATORS
from gradsheet.models.onnx_import.reading import import_model
from tests.models.onnx_import.cases import matches, model, node, numbers, outputs

X = {"x": ["n", 2, 6, 6]}


@pytest.mark.parametrize(
    ("made", "weights"),
    [
        (node("Conv", ["x", "w"], ["y"], pads=[1, 0, 2, 1], strides=[2, 1]), {"w": (3, 2, 3, 3)}),
        (
            node("Conv", ["x", "w", "b"], ["y"], auto_pad="SAME_LOWER", strides=[2, 2], group=2),
            {"w": (2, 1, 3, 2), "b": (2,)},
        ),
        (
            node("Conv", ["x", "w"], ["y"], dilations=[2, 2], pads=[2, 2, 2, 2]),
            {"w": (1, 2, 3, 3)},
        ),
        (
            node("ConvTranspose", ["x", "w", "b"], ["y"], strides=[2, 2], output_padding=[1, 1]),
            {"w": (2, 3, 3, 3), "b": (3,)},
        ),
        (
            node("ConvTranspose", ["x", "w", "b"], ["y"], strides=[2, 2], auto_pad="SAME_UPPER"),
            {"w": (2, 3, 3, 3), "b": (3,)},
        ),
        (
            node("BatchNormalization", ["x", "w", "b", "m", "v"], ["y"]),
            dict.fromkeys(("w", "b", "m", "v"), (2,)),
        ),
        (
            node("BatchNormalization", ["x", "w", "b", "m", "v"], ["y", "n", "u"], training_mode=1),
            dict.fromkeys(("w", "b", "m", "v"), (2,)),
        ),
        (node("InstanceNormalization", ["x", "w", "b"], ["y"]), {"w": (2,), "b": (2,)}),
        (node("LayerNormalization", ["x", "w"], ["y"], axis=-2), {"w": (6, 6)}),
        (node("LayerNormalization", ["x", "w", "b"], ["y"], axis=1), {"w": (6,), "b": (6, 1)}),
        (node("Gemm", ["x", "w", "b"], ["y"], alpha=0.5, beta=2.0, transA=1), {"w": (2, 3)}),
        (node("PRelu", ["x", "w"], ["y"]), {"w": (2, 1, 1)}),
        (node("MatMul", ["x", "w"], ["y"]), {"w": (6, 3)}),
        (node("Einsum", ["x", "w"], ["y"], equation="nchw,wk->nhk"), {"w": (6, 3)}),
    ],
    ids=lambda value: value.op_type if hasattr(value, "op_type") else "",
)
def test_with_weights(made: Any, weights: dict[str, tuple[int, ...]]) -> None:
    values: dict[str, Any] = {
        name: np.abs(numbers(*shape, seed=i)) + 0.1
        for i, (name, shape) in enumerate(weights.items())
    }
    if made.op_type == "Gemm":
        values["b"] = numbers(3)
        assert matches(model([made], {"x": [2, 4]}, values), numbers(2, 4))
        return
    assert matches(model([made], X, values), numbers(3, 2, 6, 6))


@pytest.mark.parametrize(
    "made",
    [
        node("MaxPool", ["x"], ["y"], kernel_shape=[3, 3], pads=[0, 0, 1, 1], strides=[2, 2]),
        node("MaxPool", ["x"], ["y"], kernel_shape=[3, 2], ceil_mode=1, strides=[2, 3]),
        node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], dilations=[2, 3]),
        node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 0, 0, 1]),
        node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], ceil_mode=1, strides=[2, 2]),
        node(
            *("AveragePool", ["x"], ["y"]),
            kernel_shape=[3, 3],
            pads=[1, 1, 1, 1],
            count_include_pad=1,
            ceil_mode=1,
            strides=[2, 2],
        ),
        node("AveragePool", ["x"], ["y"], kernel_shape=[2, 2], dilations=[2, 2]),
        node("AveragePool", ["x"], ["y"], kernel_shape=[4, 4], auto_pad="SAME_UPPER"),
        node("GlobalAveragePool", ["x"], ["y"]),
        node("GlobalMaxPool", ["x"], ["y"]),
        node("LpPool", ["x"], ["y"], kernel_shape=[2, 2], p=3),
        node("LRN", ["x"], ["y"], size=3),
        node("Softmax", ["x"], ["y"], axis=1),
        node("Hardmax", ["x"], ["y"]),
        node("Gelu", ["x"], ["y"], approximate="tanh"),
        node("HardSigmoid", ["x"], ["y"]),
        node("Selu", ["x"], ["y"]),
        node("Shrink", ["x"], ["y"], lambd=0.3, bias=0.1),
        node("ThresholdedRelu", ["x"], ["y"], alpha=0.4),
        node("DepthToSpace", ["x"], ["y"], blocksize=1),
        node("SpaceToDepth", ["x"], ["y"], blocksize=2),
        node("Flatten", ["x"], ["y"], axis=2),
        node("Transpose", ["x"], ["y"]),
        node("MeanVarianceNormalization", ["x"], ["y"]),
        node("Identity", ["x"], ["y"]),
        node("LpNormalization", ["x"], ["y"], axis=1),
    ],
    ids=lambda value: value.op_type,
)
def test_without_weights(made: Any) -> None:
    assert matches(model([made], X), numbers(2, 2, 6, 6))


@pytest.mark.parametrize("name", ["ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2", "ReduceProd"])
@pytest.mark.parametrize("axes", [[-1, -2], [1], None], ids=str)
def test_axes_are_an_input_or_an_attribute(name: str, axes: list[int] | None) -> None:
    """Of ReduceSum since version 13, of the others since 18."""
    older = 11 if name == "ReduceSum" else 17
    attributes: dict[str, Any] = {} if axes is None else {"axes": axes}
    old = model([node(name, ["x"], ["y"], **attributes)], X, opset=older)
    given = {} if axes is None else {"axes": np.array(axes)}
    new = model([node(name, ["x", *given], ["y"], keepdims=0)], X, given)
    x = numbers(2, 2, 6, 6)
    assert matches(old, x)
    assert matches(new, x)


@pytest.mark.parametrize("opset", [7, 9, 11, 12, 13])
@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax"])
def test_softmax_before_version_13_is_over_all_axes_from_one_on(name: str, opset: int) -> None:
    x = numbers(2, 3, 4)
    found, _ = outputs(model([node(name, ["x"], ["y"])], {"x": [2, 3, 4]}, opset=opset), x)
    total = (np.exp(found) if name == "LogSoftmax" else found).sum((1, 2))
    assert np.allclose(total, 1 if opset < 13 else 3)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize(
    "coordinates", ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"]
)
@pytest.mark.parametrize("sizes", [[1, 1, 9, 4], [1, 1, 3, 12]], ids=["9x4", "3x12"])
def test_resizing(mode: str, coordinates: str, sizes: list[int]) -> None:
    made = node(
        *("Resize", ["x", "", "", "sizes"], ["y"]),
        mode=mode,
        coordinate_transformation_mode=coordinates,
        nearest_mode="floor",
    )
    given = model([made], {"x": [1, 1, 6, 6]}, {"sizes": np.array(sizes)})
    assert matches(given, numbers(1, 1, 6, 6))


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_recurrent_networks(name: str, direction: str) -> None:
    gates, directions = {"RNN": 1, "GRU": 3, "LSTM": 4}[name], 1 + (direction == "bidirectional")
    weights = {
        "w": numbers(directions, gates * 2, 3, seed=1),
        "r": numbers(directions, gates * 2, 2, seed=2),
        "b": numbers(directions, gates * 4, seed=3),
    }
    extra: dict[str, Any] = {"linear_before_reset": 1} if name == "GRU" else {}
    for output in ("y", "h"):
        made = node(
            *(name, ["x", "w", "r", "b"], ["y", "h"]), hidden_size=2, direction=direction, **extra
        )
        given = model([made], {"x": [4, "n", 3]}, weights, output=output)
        found, _ = import_model(given, numbers(4, 2, 3))
        assert found is not None  # compared with the reference as it is imported


def test_steps_of_a_slice_go_either_way() -> None:
    weights = {"s": np.array([-1, 1]), "e": np.array([-9, 6]), "a": np.array([3, 2])}
    weights["t"] = np.array([-2, 2])
    given = model([node("Slice", ["x", "s", "e", "a", "t"], ["y"])], X, weights)
    assert matches(given, numbers(1, 2, 6, 6))


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
def test_padding(mode: str) -> None:
    weights = {"p": np.array([0, 0, 1, 2, 0, 0, 3, 1])}
    given = model([node("Pad", ["x", "p"], ["y"], mode=mode)], X, weights)
    assert matches(given, numbers(1, 2, 6, 6))


def test_dropout_outside_training_is_nothing() -> None:
    x = numbers(1, 2, 6, 6)
    found, _ = outputs(model([node("Dropout", ["x"], ["y"])], X), x)
    assert np.array_equal(found, x)


def test_dropout_in_training_is_refused() -> None:
    weights = {"r": np.float32(0.9), "t": np.bool_(True)}
    made = node("Dropout", ["x", "r", "t"], ["y"], seed=0)
    with pytest.raises(GradsheetError, match="Dropout in training mode, where it draws at random"):
        import_model(model([made], X, weights), numbers(1, 2, 6, 6))


@pytest.mark.parametrize("name", ["RandomNormalLike", "Bernoulli"])
def test_random_numbers_are_refused(name: str) -> None:
    made = [node(name, ["x"], ["z"]), node("Mul", ["x", "z"], ["y"])]
    with pytest.raises(GradsheetError, match="draws at random, which no formula repeats"):
        import_model(model(made, X), np.abs(numbers(1, 2, 6, 6)) % 1)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (node("Unique", ["x"], ["y"]), "the ONNX operator Unique is not supported"),
        (node("LRN", ["x"], ["y"], size=2), "LRN over an even number of channels is not supported"),
        (node("Celu", ["x", "x"], ["y"]), "the ONNX operator Celu with 2 inputs is not supported"),
        (
            node("Reshape", ["x", "s"], ["y"]),
            "the ONNX operator Reshape whose shape is computed from the input is not supported",
        ),
        (node("Cast", ["x"], ["y"], to=10), "Cast to numbers of half precision or less is not"),
        (
            node("MaxPool", ["x"], ["y", "i"], kernel_shape=[2, 2]),
            "MaxPool with its second output, the indices, is not supported",
        ),
        (node("MatMul", ["x", "w"], ["y"]), "this form of the ONNX operator MatMul is not supp"),
    ],
    ids=lambda value: value.op_type if hasattr(value, "op_type") else "",
)
def test_what_is_not_supported_is_refused_with_its_node(made: Any, said: str) -> None:
    first = node("Cast", ["x"], ["s"], to=7)
    with pytest.raises(GradsheetError, match=said) as refused:
        import_model(model([first, made], X, {"w": numbers(5, 5)}), numbers(1, 2, 6, 6))
    assert str(refused.value).startswith("node y: ")


def test_every_function_says_what_it_is() -> None:
    for (_, name), function in OPERATORS.items():
        assert (
            function.__name__ == "<lambda>"
            or function.__doc__
            or "<locals>" in (function.__qualname__)
        ), name


@pytest.mark.parametrize("axes", [1, 3])
@pytest.mark.parametrize("name", ["MaxPool", "AveragePool", "LpPool"])
def test_windows_over_one_axis_and_over_three(name: str, axes: int) -> None:
    made = node(name, ["x"], ["y"], kernel_shape=[2] * axes, strides=[2] * axes)
    shape = [1, 2, *[4] * axes]
    assert matches(model([made], {"x": shape}), numbers(*shape))
