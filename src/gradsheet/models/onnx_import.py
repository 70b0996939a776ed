"""Imports a model from an ONNX file as a torch module; needs the extra ``onnx``."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn

from gradsheet.errors import GradsheetError, reason
from gradsheet.files import reading
from gradsheet.models.onnx_limits import load_onnx

Values = Mapping[str, Any]


def read_onnx(path: Path) -> tuple[nn.Module, tuple[int, ...]]:
    """The model in a file and the shape of its input without the batch dimension.

    Raises:
        GradsheetError: onnx is not installed, the file is not an ONNX model, or an operator is
            not supported.
    """
    graph = load_onnx(path).graph
    with reading(path, "an ONNX model with weights of known types"):
        weights = {item.name: _tensor(item) for item in graph.initializer}
    inputs = [item for item in graph.input if item.name not in weights]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise GradsheetError(
            f"{path} has {len(inputs)} inputs and {len(graph.output)} outputs; expected one of each"
        )
    builder = _Builder(weights, inputs[0].name)
    for node in graph.node:
        _add_node(builder, node, path)
    name = graph.output[0].name
    if name not in builder.nodes:
        raise GradsheetError(f"{path}: the output {name} does not depend on the input")
    shape = tuple(size.dim_value for size in inputs[0].type.tensor_type.shape.dim[1:])
    return builder.finish(name), shape


def _tensor(item: Any) -> Tensor:
    from onnx import numpy_helper

    return torch.from_numpy(numpy_helper.to_array(item).copy())


def _add_node(builder: "_Builder", node: Any, path: Path) -> None:
    """Add a node to the model; an error is given the file and the node's name."""
    from onnx.helper import get_attribute_value

    given = {item.name: get_attribute_value(item) for item in node.attribute}
    try:
        if node.op_type == "Constant":
            builder.weights[node.output[0]] = _tensor(given["value"])
        else:
            builder.add(node.op_type, list(node.input), list(node.output), given)
    except GradsheetError as error:
        raise GradsheetError(f"{path}, node {_node_name(node)}: {error}") from error
    except Exception as error:  # an unforeseen form of the node
        raise GradsheetError(
            f"{path}, node {_node_name(node)}: this form of the ONNX operator {node.op_type} is "
            f"not supported ({reason(error)})"
        ) from error


def _node_name(node: Any) -> str:
    return str(node.name or node.output[0])


class _Builder:
    """Builds a graph of torch modules from the nodes of a file."""

    def __init__(self, weights: Mapping[str, Tensor], first: str) -> None:
        self.weights = dict(weights)
        self.root, self.graph = nn.Module(), fx.Graph()
        self.nodes = {first: self.graph.placeholder("x")}
        self.made: dict[str, tuple[str, list[str]]] = {}
        self.biased: set[str] = set()

    def add(self, kind: str, inputs: list[str], outputs: list[str], given: Values) -> None:
        """Add a node."""
        self.made[outputs[0]] = kind, inputs
        read = [self.nodes[name] for name in inputs if name in self.nodes]
        if self.biased & {*inputs}:  # its bias is already part of it
            raise GradsheetError(_TWO_USES)
        if not read:
            raise GradsheetError(f"an ONNX {kind} of constants only is not supported")
        if kind == "Add" and len(read) == 2:
            node = self.graph.call_function(torch.add, tuple(read))
        elif kind == "Add" and len(read) == 1:
            node = self._with_bias(inputs)
        elif kind == "Concat" and given.get("axis") == 1:
            if len(read) < len(inputs):
                raise GradsheetError("an ONNX Concat with a constant is not supported")
            node = self.graph.call_function(torch.cat, (read, 1))
        elif kind == "Mul" and self._is_silu(inputs):
            node = self._call(nn.SiLU(), read[0] if self._is_sigmoid(inputs[1]) else read[1])
        else:
            node = self._of_one(kind, inputs, given)
        self.nodes[outputs[0]] = node

    def _of_one(self, kind: str, inputs: list[str], given: Values) -> fx.Node:
        """A node whose first input is a tensor; the others are weights."""
        computed = [name in self.nodes for name in inputs]
        if kind in _MODULES and (not computed[0] or any(computed[1:])):
            raise GradsheetError(
                f"an ONNX {kind} of anything but one computed tensor, its first input, is not "
                "supported"
            )
        weights = [self.weights[name] for name in inputs if name and name in self.weights]
        return self._call(_module(kind, weights, given), self.nodes[inputs[0]])

    def finish(self, name: str) -> nn.Module:
        """The model."""
        if name in self.biased:
            raise GradsheetError(_TWO_USES)
        self.graph.output(self.nodes[name])
        return fx.GraphModule(self.root, self.graph)

    def _call(self, module: nn.Module, read: fx.Node) -> fx.Node:
        name = f"{type(module).__name__.lower()}_{len(self.nodes)}"
        self.root.add_module(name, module)
        return self.graph.call_module(name, (read,))

    def _with_bias(self, inputs: list[str]) -> fx.Node:
        """The matrix product before an addition, with the added constant as its bias."""
        before, added = inputs if inputs[0] in self.nodes else inputs[::-1]
        if self.made.get(before, ("", []))[0] != "MatMul":
            raise GradsheetError("an ONNX Add of a constant is supported after a MatMul only")
        if self.nodes[before].users:
            raise GradsheetError(_TWO_USES)
        self.biased.add(before)
        linear = self.root.get_submodule(str(self.nodes[before].target))
        bias = self.weights[added]
        if not isinstance(linear, nn.Linear) or bias.shape[-1:] != (linear.out_features,):
            raise GradsheetError(
                "an ONNX Add of anything but one number for each output is not supported"
            )
        linear.bias = nn.Parameter(bias.reshape(linear.out_features))
        return self.nodes[before]

    def _is_silu(self, inputs: list[str]) -> bool:
        """Whether one factor is the sigmoid of the other."""
        return any(
            self._is_sigmoid(name) and self.made[name][1][0] == other
            for name, other in (inputs, inputs[::-1])
        )

    def _is_sigmoid(self, name: str) -> bool:
        return self.made.get(name, ("", []))[0] == "Sigmoid"


def _module(kind: str, weights: list[Tensor], given: Values) -> nn.Module:
    if kind not in _MODULES:
        raise GradsheetError(
            f"the ONNX operator {kind} is not supported; supported: {', '.join(_MODULES)}"
        )
    return _MODULES[kind](weights, given)


def _convolution(weights: list[Tensor], given: Values) -> nn.Module:
    weight, *bias = weights
    groups = int(given.get("group", 1))
    module = nn.Conv2d(
        weight.shape[1] * groups,
        weight.shape[0],
        (weight.shape[2], weight.shape[3]),
        _two(given, "strides", 1),
        _padding(given),
        _two(given, "dilations", 1),
        groups,
        bias=bool(bias),
    )
    return _with(module, weight, *bias)


def _gemm(weights: list[Tensor], given: Values) -> nn.Module:
    if given.get("alpha", 1) != 1 or given.get("beta", 1) != 1 or given.get("transA"):
        raise GradsheetError("an ONNX Gemm with alpha, beta or transA is not supported")
    weight, *bias = weights
    return _linear(weight if given.get("transB") else weight.T, *bias)


def _linear(weight: Tensor, *bias: Tensor) -> nn.Module:
    return _with(nn.Linear(weight.shape[1], weight.shape[0], bias=bool(bias)), weight, *bias)


def _batch_norm(weights: list[Tensor], given: Values) -> nn.Module:
    if given.get("training_mode"):
        raise GradsheetError("an ONNX BatchNormalization with training_mode=1 is not supported")
    weight, bias, mean, variance = weights
    module = nn.BatchNorm2d(len(weight), eps=float(given.get("epsilon", 1e-5)))
    _with(module, weight, bias)
    assert module.running_mean is not None and module.running_var is not None
    module.running_mean.copy_(mean)
    module.running_var.copy_(variance)
    return module


def _with(module: nn.Module, *values: Tensor) -> nn.Module:
    """The module with these parameters, in its own order."""
    with torch.no_grad():
        for parameter, value in zip(module.parameters(), values, strict=True):
            parameter.copy_(value)
    return module


def _two(given: Values, name: str, otherwise: int) -> tuple[int, int]:
    first, second = given.get(name) or (otherwise, otherwise)
    return int(first), int(second)


def _padding(given: Values) -> tuple[int, int]:
    top, left, bottom, right = given.get("pads") or (0, 0, 0, 0)
    if (top, left) != (bottom, right) or given.get("auto_pad", b"NOTSET") not in (
        b"NOTSET",
        b"VALID",
    ):
        raise GradsheetError("different padding on opposite sides is not supported")
    return int(top), int(left)


def _max_pool(weights: list[Tensor], given: Values) -> nn.Module:
    size, ceil = _two(given, "kernel_shape", 1), bool(given.get("ceil_mode"))
    dilation = _two(given, "dilations", 1)
    return nn.MaxPool2d(size, _two(given, "strides", 1), _padding(given), dilation, ceil_mode=ceil)


def _average_pool(weights: list[Tensor], given: Values) -> nn.Module:
    size, ceil = _two(given, "kernel_shape", 1), bool(given.get("ceil_mode"))
    if _two(given, "dilations", 1) != (1, 1):
        raise GradsheetError("an ONNX AveragePool with dilations is not supported")
    counted = bool(given.get("count_include_pad"))
    return nn.AvgPool2d(size, _two(given, "strides", 1), _padding(given), ceil, counted)


def _reshape(weights: list[Tensor], given: Values) -> nn.Module:
    if len(weights) != 1 or len(weights[0]) != 2:
        raise GradsheetError("an ONNX Reshape to anything but a vector is not supported")
    return nn.Flatten()


def _gelu(weights: list[Tensor], given: Values) -> nn.Module:
    return nn.GELU(given.get("approximate", b"none").decode())


_MODULES: dict[str, Callable[[list[Tensor], Values], nn.Module]] = {
    "Conv": _convolution,
    "Gemm": _gemm,
    "MatMul": lambda weights, given: _linear(weights[0].T),
    "BatchNormalization": _batch_norm,
    "Relu": lambda weights, given: nn.ReLU(),
    "LeakyRelu": lambda weights, given: nn.LeakyReLU(float(given.get("alpha", 0.01))),
    "Gelu": _gelu,
    "Sigmoid": lambda weights, given: nn.Sigmoid(),
    "Tanh": lambda weights, given: nn.Tanh(),
    "Softmax": lambda weights, given: nn.Softmax(int(given.get("axis", -1))),
    "LogSoftmax": lambda weights, given: nn.LogSoftmax(int(given.get("axis", -1))),
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": lambda weights, given: nn.AdaptiveAvgPool2d(1),
    "Flatten": lambda weights, given: nn.Flatten(int(given.get("axis", 1))),
    "Reshape": _reshape,
    "Dropout": lambda weights, given: nn.Identity(),
    "Identity": lambda weights, given: nn.Identity(),
}
_TWO_USES = "a MatMul used with and without its bias, or with two, is not supported"
