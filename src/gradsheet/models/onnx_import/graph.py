"""The nodes of an ONNX graph as a torch module: constants folded, the others called."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError, reason
from gradsheet.models.onnx_import.binding import (
    Computed,
    OnnxNode,
    attributes,
    must_be_known,
    operator,
    plain,
    slots,
)

Array = np.ndarray[Any, Any]
RANDOM = {
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}


def needed_nodes(nodes: Iterable[Any], output: str) -> list[Any]:
    """The nodes that an output depends on, in their order."""
    wanted, found = {output}, []
    for node in reversed(list(nodes)):
        if wanted & {*node.output}:
            found.append(node)
            wanted |= set(reads(node))
    return found[::-1]


def reads(node: Any) -> list[str]:
    """The names of the values that a node or its branches read."""
    names = [name for name in node.input if name]
    for attribute in node.attribute:
        for inner in attribute.g.node if attribute.HasField("g") else ():
            names += reads(inner)
        if attribute.HasField("g"):
            names += [item.name for item in attribute.g.output]
    return names


@dataclass(frozen=True)
class NodeCall:
    """A call of a node's module: the names of what it reads and of its outputs."""

    module: str
    reads: tuple[str, ...]
    outputs: tuple[str, ...]


class OnnxModel(nn.Module):
    """The nodes that an output of an ONNX file depends on, in float64.

    It takes its inputs in their order or by name.
    """

    def __init__(self, inputs: Sequence[str]) -> None:
        super().__init__()
        self.inputs = tuple(inputs)
        self.calls: list[NodeCall] = []
        self.output = ""

    def forward(self, *tensors: Tensor, **named: Tensor) -> Tensor:
        """The chosen output."""
        values: dict[str, Tensor] = dict(zip(self.inputs, tensors, strict=False)) | named
        for call in self.calls:
            results = self.get_submodule(call.module)(*(values[name] for name in call.reads))
            results = (results,) if isinstance(results, Tensor) else results
            values |= zip(call.outputs, results, strict=False)
        return values[self.output]


class GraphImporter:
    """Builds a module from the nodes of a graph, and runs it on an example as it goes.

    What depends on no input's numbers is known: onnx's reference evaluator computes it. Every
    other node becomes a call of torch functions, in float64.

    Args:
        opsets: the version of each domain.
        weights: the initializers.
        inputs: the example of each input.
    """

    def __init__(
        self, opsets: Mapping[str, int], weights: Mapping[str, Array], inputs: Mapping[str, Array]
    ) -> None:
        self.opsets = dict(opsets)
        self.known: dict[str, Any] = dict(weights)
        self.weights = {name for name, value in weights.items() if _may_be_trained(value)}
        self.parameters: dict[str, nn.Parameter] = {}
        self.origin: dict[str, str] = {}  # what a branch's output is
        self.model = OnnxModel(list(inputs))
        self.computed = {name: as_tensor(value) for name, value in inputs.items()}

    def add(self, node: Any) -> None:
        """Add a node.

        Raises:
            GradsheetError: this form of it is not supported.
        """
        if node.op_type in RANDOM:
            raise GradsheetError(
                f"the ONNX operator {node.op_type} draws at random, which no formula repeats"
            )
        read = [name for name in node.input if name]
        if node.op_type == "If" and read[0] in self.known:
            self._add_branch(node)
        elif node.op_type in ("Shape", "Size") and read[0] in self.computed:
            stand_in = np.broadcast_to(np.float32(0), self.computed[read[0]].shape)
            self._fold(node, {read[0]: stand_in})
        elif not any(name in self.computed for name in reads(node)):
            self._fold(node, {n: self.known[n] for n in reads(node) if n in self.known})
        else:
            self._call(node)

    def _add_branch(self, node: Any) -> None:
        """Add the nodes of the branch that a known condition chooses."""
        from onnx import numpy_helper

        chosen = (
            "then_branch" if bool(np.asarray(self.known[node.input[0]]).item()) else ("else_branch")
        )
        (branch,) = [item.g for item in node.attribute if item.name == chosen]
        for item in branch.initializer:
            self.known[item.name] = numpy_helper.to_array(item)
        for inner in branch.node:
            self.add(inner)
        for name, result in zip(node.output, branch.output, strict=True):
            if result.name in self.known:
                self.known[name] = self.known[result.name]
            else:
                self.computed[name] = self.computed[result.name]
                self.origin[name] = self.origin.get(result.name, result.name)

    def _fold(self, node: Any, values: Mapping[str, Array]) -> None:
        """Compute a node of known values."""
        from onnx.helper import make_function, make_opsetid
        from onnx.reference import ReferenceEvaluator

        versions = [make_opsetid(domain, version) for domain, version in self.opsets.items()]
        outputs = [name for name in node.output if name]
        function = make_function("folded", "folded", list(values), outputs, [node], versions)
        try:
            with np.errstate(all="ignore"):
                results = ReferenceEvaluator(function).run(None, dict(values), attributes={})
        except Exception as error:  # the evaluator raises what its parts raise
            raise GradsheetError(
                f"the ONNX operator {node.op_type} of constants cannot be computed "
                f"({reason(error)})"
            ) from error
        trained = self.weights & values.keys()
        for name, result in zip(outputs, results, strict=True):
            self.known[name] = result
            if trained and _may_be_trained(result):
                self.weights.add(name)

    def _call(self, node: Any) -> None:
        """Add a call of the operator's function and run it."""
        try:
            self._call_function(node)
        except GradsheetError as error:
            said = str(error)
            if not said.startswith("the ONNX operator"):
                said = f"the ONNX operator {node.op_type} {said} is not supported"
            raise GradsheetError(said) from error
        except Exception as error:  # torch raises what its operations raise
            raise GradsheetError(
                f"this form of the ONNX operator {node.op_type} is not supported ({reason(error)})"
            ) from error

    def _call_function(self, node: Any) -> None:
        function = operator(node)
        module = type(node.op_type, (OnnxNode,), {})(function)
        reads = self._bind(module, node)
        with torch.no_grad():
            results = module(*(self.computed[name] for name in reads))
        name = self._module_name(node)
        self.model.add_module(name, module)
        self.model.calls.append(NodeCall(name, tuple(reads), tuple(node.output)))
        results = (results,) if isinstance(results, Tensor) else results
        self.computed |= zip(node.output, results, strict=False)

    def _bind(self, module: OnnxNode, node: Any) -> list[str]:
        """Give a module the node's weights, constants and attributes; return what is computed."""
        inputs, named = slots(module.function)
        module.keywords = attributes(node, module.function)
        if len(node.input) > len(inputs) and not (inputs and inputs[-1].variadic):
            raise GradsheetError(f"with {len(node.input)} inputs")
        computed: list[str] = []
        for position, name in enumerate(node.input):
            slot = inputs[min(position, len(inputs) - 1)]
            if not name:
                module.given.append(None)
                if slot.name in named and slot.known:  # what is left out has its default
                    module.given[-1] = _default(module, slot.name)
            elif name in self.computed:
                if slot.known:
                    raise GradsheetError(f"whose {slot.name} is computed from the input")
                module.given.append(Computed(len(computed)))
                computed.append(self.origin.get(name, name))
            elif slot.known:
                module.given.append(plain(self.known[name], slot, module.function))
            else:
                module.given.append(module.hold(slot.name, self._tensor(name, slot.trained)))
        self._add_keywords(module, node, named)
        return computed

    def _add_keywords(self, module: OnnxNode, node: Any, named: Mapping[str, Any]) -> None:
        if "outputs" in named:
            used = [bool(name) for name in node.output]
            module.keywords["outputs"] = max(i for i, is_used in enumerate(used, 1) if is_used)
        if "opset" in named:
            module.keywords["opset"] = self.opsets.get(node.domain, 0)
        for name, value in module.keywords.items():
            if isinstance(value, Tensor):
                weight = nn.Parameter(value) if named[name].trained else value
                module.keywords[name] = module.hold(name, weight)

    def _tensor(self, name: str, trained: bool) -> Tensor:
        """A known value: a parameter if it is a weight of the file, the same everywhere."""
        value = self.known[name]
        if not isinstance(value, np.ndarray | np.generic):
            raise GradsheetError("of sequences or text")
        if not trained or name not in self.weights:
            return as_tensor(value)
        return self.parameters.setdefault(name, nn.Parameter(as_tensor(value)))

    def _module_name(self, node: Any) -> str:
        """The node's own name as far as Python allows."""
        name = re.sub(r"\W+", "_", node.name or f"{node.op_type}_{node.output[0]}").strip("_")
        name = name if name and not name[0].isdigit() else f"node_{name}"
        unique, number = name, 2
        while hasattr(self.model, unique):
            unique, number = f"{name}_{number}", number + 1
        return unique

    def finish(self, output: str) -> OnnxModel:
        """The module that computes an output."""
        if output not in self.computed:
            raise GradsheetError(f"the output {output} does not depend on the input")
        self.model.output = self.origin.get(output, output)
        return self.model


def shaping_inputs(nodes: Iterable[Any], inputs: Iterable[str]) -> set[str]:
    """The inputs that only say what must be known: scales, axes, bounds. They become constants."""
    found: dict[str, bool] = dict.fromkeys(inputs, True)
    used = set()
    for node in nodes:
        explicit = dict(must_be_known(node))
        for name in reads(node):
            used.add(name)
            if name in found and not explicit.get(name, False):
                found[name] = False
    return {name for name, shaping in found.items() if shaping and name in used}


def as_tensor(value: Any) -> Tensor:
    """float64, int64 or bool."""
    value = np.asarray(value)
    if value.dtype == bool:
        return torch.from_numpy(value.copy())
    if value.dtype.kind in "iu":
        return torch.from_numpy(value.astype(np.int64))
    if value.dtype.kind in "fV":  # V: half precisions of ml_dtypes
        return torch.from_numpy(value.astype(np.float64))
    raise GradsheetError(f"of {value.dtype} numbers")


def _default(module: OnnxNode, name: str) -> Any:
    import inspect

    default = inspect.signature(module.function).parameters[name].default
    return None if default is inspect.Parameter.empty else default


def _may_be_trained(value: Any) -> bool:
    """Whether a value can be a parameter: finite real numbers, more than a scalar."""
    return (
        isinstance(value, np.ndarray)
        and value.dtype.kind == "f"
        and value.ndim > 0
        and bool(np.isfinite(value).all())
    )
