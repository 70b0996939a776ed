"""What is known when a model is imported, and what becomes a parameter."""

from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.reading import import_model
from tests.models.onnx_import.cases import matches, model, node, numbers


def names(given: Any, example: Any = None) -> list[str]:
    """The parameters of an imported model."""
    module, _ = import_model(given, example)
    return [name for name, _ in module.named_parameters()]


def test_constants_are_folded() -> None:
    """A shape that is computed from the shape of the input, as exporters write it."""
    made = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["n"]),
        node("Concat", ["n", "rest"], ["to"], axis=0),
        node("Reshape", ["x", "to"], ["y"]),
    ]
    weights = {"zero": np.array([0]), "rest": np.array([-1])}
    given = model(made, {"x": ["n", 2, 3]}, weights)
    assert matches(given, numbers(4, 2, 3))
    module, _ = import_model(given, numbers(4, 2, 3))
    assert [type(part).__name__ for part in module.children()] == ["Reshape"]


def test_a_weight_behind_other_nodes_is_a_parameter() -> None:
    made = [
        node("Identity", ["w"], ["i"]),
        node("Transpose", ["i"], ["t"]),
        node("MatMul", ["x", "t"], ["m"], name="/fc/MatMul"),
        node("Add", ["m", "c"], ["y"], name="shift"),
    ]
    weights = {"w": numbers(3, 4), "c": np.float32(2)}
    given = model(made, {"x": ["n", 4]}, weights)
    assert names(given) == ["fc_MatMul.weight"]
    assert matches(given, numbers(2, 4))


def test_running_statistics_are_no_parameters() -> None:
    made = node("BatchNormalization", ["x", "w", "b", "m", "v"], ["y"], name="norm")
    weights = {name: np.abs(numbers(3, seed=i)) for i, name in enumerate("wbmv")}
    assert names(model([made], {"x": ["n", 3]}, weights)) == ["norm.weight", "norm.bias"]


def test_a_shared_weight_is_one_parameter() -> None:
    made = [node("MatMul", ["x", "w"], ["a"]), node("MatMul", ["a", "w"], ["y"])]
    module, example = import_model(model(made, {"x": ["n", 3]}, {"w": numbers(3, 3)}))
    assert len(list(module.parameters())) == 1
    module(**example).sum().backward()
    (weight,) = module.parameters()
    x, w = example["x"], weight.detach()
    expected = x.T @ torch.ones(1, 3).double() @ w.T + (x @ w).T @ torch.ones(1, 3).double()
    assert weight.grad is not None
    assert torch.allclose(weight.grad, expected)


def test_a_branch_is_chosen_by_a_known_condition() -> None:
    def branch(name: str, made: Any) -> Any:
        out = helper.make_tensor_value_info("z", TensorProto.FLOAT, None)
        return helper.make_graph([made], name, [], [out])

    made = [
        node("Shape", ["x"], ["s"]),
        node("Size", ["s"], ["rank"]),
        node("Equal", ["rank", "two"], ["is_matrix"]),
        node(
            *("If", ["is_matrix"], ["c"]),
            then_branch=branch("then", node("Exp", ["x"], ["z"])),
            else_branch=branch("else", node("Neg", ["x"], ["z"])),
        ),
        node("Abs", ["c"], ["y"]),
    ]
    given = model(made, {"x": ["n", 3]}, {"two": np.array(2)})
    assert matches(given, numbers(2, 3))


def test_an_input_that_only_shapes_becomes_a_constant() -> None:
    made = node("Resize", ["x", "", "scales"], ["y"])
    given = model([made], {"x": [1, 1, 2, 2], "scales": [4]})
    x, scales = numbers(1, 1, 2, 2), np.array([1, 1, 2, 2], np.float32)
    module, example = import_model(given, [x, scales])
    assert list(example) == ["x"]
    assert module(**example).shape == (1, 1, 4, 4)


def test_the_first_output_of_real_numbers_is_chosen() -> None:
    """A classifier gives the label first; its operators are not needed then."""
    made = [
        node("ArgMax", ["x"], ["label"], axis=1),
        node("Softmax", ["x"], ["p"]),
        node("LogSoftmax", ["x"], ["q"]),
    ]
    given = model(made, {"x": ["n", 3]}, output="p")
    label = helper.make_tensor_value_info("label", TensorProto.INT64, None)
    q = helper.make_tensor_value_info("q", TensorProto.FLOAT, None)
    given.graph.output.insert(0, label)
    given.graph.output.append(q)
    module, _ = import_model(given)
    assert [type(part).__name__ for part in module.children()] == ["Softmax"]
    module, _ = import_model(given, output="q")
    assert [type(part).__name__ for part in module.children()] == ["LogSoftmax"]
    with pytest.raises(GradsheetError, match="no output z; expected one of label, p, q"):
        import_model(given, output="z")


def test_the_example() -> None:
    """By name, in order, without the batch dimension; by default random numbers."""
    given = model([node("Add", ["x", "z"], ["y"])], {"x": ["n", 3], "z": [3]})
    x, z = numbers(2, 3), numbers(3, seed=1)
    for example in ([x, z], {"z": z, "x": x}):
        _, found = import_model(given, example)
        assert torch.equal(found["x"], torch.from_numpy(x).double())
    _, found = import_model(given, [x[0], z])
    assert found["x"].shape == (1, 3)
    _, found = import_model(given)
    assert found["x"].shape == (1, 3)
    assert torch.equal(found["x"], import_model(given)[1]["x"])


@pytest.mark.parametrize(
    ("example", "said"),
    [
        (numbers(2, 4), "the input x takes n × 3; the example is 2 × 4"),
        ({"a": 1}, "there is no input a; expected x"),
        ([1, 2], "2 examples given; expected 1"),
        (np.array([["a", "b", "c"]]), "the example of x holds <U1; expected numbers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_example_that_does_not_fit_is_refused(example: Any, said: str) -> None:
    given = model([node("Exp", ["x"], ["y"])], {"x": ["n", 3]})
    with pytest.raises(GradsheetError, match=said):
        import_model(given, example)


@pytest.mark.parametrize(
    ("kind", "number"), [(TensorProto.FLOAT, 1e300), (TensorProto.INT32, 1e20)]
)
def test_an_example_too_large_for_the_inputs_type_is_refused(kind: int, number: float) -> None:
    given = model([node("Cast", ["x"], ["y"], to=1)], {"x": [2]}, kind=kind)
    with pytest.raises(GradsheetError, match=r"the example of x holds 1e\+\d+, too large for"):
        import_model(given, np.array([1.0, number]))
    assert import_model(given, np.array([1.0, 2.0]))[1]["x"].tolist() == [1, 2]


@pytest.mark.parametrize("version", [0, 99])
def test_a_version_that_onnx_does_not_know_is_refused(version: int) -> None:
    given = model([node("Exp", ["x"], ["y"])], {"x": [3]}, opset=20)
    given.opset_import[0].version = version
    with pytest.raises(GradsheetError, match=f"it is of version {version} of the ONNX operators"):
        import_model(given)


def test_whole_numbers() -> None:
    given = model(
        [node("Gather", ["w", "ids"], ["y"])],
        {"ids": ["n", 2]},
        {"w": numbers(5, 3)},
        kind=TensorProto.INT64,
    )
    assert matches(given, np.array([[1, -1]]))
    with pytest.raises(GradsheetError, match="the input ids takes whole numbers; give an example"):
        import_model(given)
    with pytest.raises(GradsheetError, match="takes whole numbers; the example has others"):
        import_model(given, np.array([[0.5, 1]]))


def test_what_depends_on_no_input_is_refused() -> None:
    given = model([node("Exp", ["w"], ["y"])], {"x": ["n", 3]}, {"w": numbers(2)})
    with pytest.raises(GradsheetError, match="the output y does not depend on the input"):
        import_model(given)


def test_scikit_learns_classifier() -> None:
    """As skl2onnx 1.20 exports a LogisticRegression: a label, and a map of probabilities."""
    ml = {"domain": "ai.onnx.ml"}
    made = [
        node(
            *("LinearClassifier", ["x"], ["label", "scores"]),
            classlabels_ints=[0, 1, 2],
            coefficients=numbers(12).tolist(),
            intercepts=numbers(3).tolist(),
            post_transform="SOFTMAX",
            **ml,
        ),
        node("Normalizer", ["scores"], ["p"], norm="L1", **ml),
        node("ZipMap", ["p"], ["y"], classlabels_int64s=[0, 1, 2], **ml),
    ]
    given = model(made, {"x": ["n", 4]})
    given.graph.output[0].type.CopyFrom(
        helper.make_sequence_type_proto(
            helper.make_map_type_proto(
                TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, [])
            )
        )
    )
    module, example = import_model(given, numbers(2, 4))
    found = module(**example)
    logits = numbers(2, 4) @ numbers(12).reshape(3, 4).T + numbers(3)
    expected = torch.softmax(torch.from_numpy(logits), 1).double()
    assert torch.allclose(found, expected, atol=1e-6)
    assert [name for name, _ in module.named_parameters()] == [
        "LinearClassifier_label.coefficients",
        "LinearClassifier_label.intercepts",
    ]
