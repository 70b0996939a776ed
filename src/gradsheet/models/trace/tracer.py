"""Runs a captured model layer by layer and takes its gradients."""

import operator
from typing import Any, get_args

import torch.nn.functional as F
from torch import Tensor, fx, nn

from gradsheet.errors import GradsheetError, reason
from gradsheet.models.layers.base import Layer
from gradsheet.models.layers.joining import Add, Concatenate, View
from gradsheet.models.layers.pooling import AveragePool
from gradsheet.models.ties import FirstOfTies
from gradsheet.models.trace.gradients import Step, with_gradients
from gradsheet.models.trace.graph import capture, input_nodes
from gradsheet.models.trace.recognize import (
    expect,
    function_name,
    recognize,
    shape_text,
    unsupported,
)
from gradsheet.models.trace.records import INPUT, LossName, Trace
from gradsheet.models.trace.target import Target
from gradsheet.models.validation import (
    InPlace,
    check_finite,
    check_same_output,
    check_weights,
    checked_example,
    duplicate,
    gradients_on,
)


def trace(
    model: nn.Module,
    example: Tensor,
    target: Target | None = None,
    loss: LossName = "cross-entropy",
) -> Trace:
    """The layers of ``model`` on ``example``, a tensor (C, H, W) or (N,) without a batch.

    With a ``target`` everything that the loss depends on has its gradient.

    Raises:
        GradsheetError: the model cannot be captured, or a layer has no formulas.
    """
    if loss not in get_args(LossName):
        raise GradsheetError(f"the loss is {loss!r}; expected {' or '.join(get_args(LossName))}")
    with gradients_on():
        model, example = duplicate(model), checked_example(example)
        in_place = InPlace(model)
        run = _Run(model, example)
        run.run(capture(model, example))
        in_place.restore()
        if run.steps:
            check_same_output(model, run.example, run.steps[-1].output.detach())
        return with_gradients(model, run.example, run.steps, target, loss)


class _Run:
    """The steps found so far."""

    def __init__(self, model: nn.Module, example: Tensor) -> None:
        self.model = model
        self.example = example.unsqueeze(0).requires_grad_()
        self.steps: list[Step] = []
        self.index: dict[fx.Node, int] = {}
        self.owner: dict[int, str] = {}
        self.path = "the input"

    def run(self, graph: fx.Graph) -> None:
        placeholders = [node for node in graph.nodes if node.op == "placeholder"]
        if len(placeholders) != 1:
            raise GradsheetError(f"the model has {len(placeholders)} inputs; expected one")
        self.index[placeholders[0]] = INPUT
        for node in graph.nodes:
            if node.op == "output":
                self._finish(node)
            elif node.op != "placeholder":
                self._run_node(node)

    def _finish(self, node: fx.Node) -> None:
        result = node.args[0]
        if not isinstance(result, fx.Node) or self.index.get(result) != len(self.steps) - 1:
            raise GradsheetError(
                "the model returns something other than the output of its last layer"
            )
        if not self.steps:
            raise GradsheetError("the model has no layers: it returns its input")

    def _run_node(self, node: fx.Node) -> None:
        """Add a node; an error of torch's is given the layer's path."""
        try:
            self._add(node)
        except GradsheetError:
            raise
        except Exception as error:  # torch raises what its operations raise
            raise GradsheetError(
                f"{self.path}: cannot run on an example of shape {shape_text(self.example)} "
                f"({reason(error)})"
            ) from error

    def _add(self, node: fx.Node) -> None:
        module = self.model.get_submodule(str(node.target)) if node.op == "call_module" else None
        self.path = str(node.target) if module is not None else f"{self._before()} › {node.name}"
        self._expect(node.op != "get_attr", f"the tensor {node.target}")
        sources = input_nodes((node.args, node.kwargs))
        self._expect(bool(sources), f"{node.name}, which has no input,")
        if module is not None:
            self._check_weights(module)
        numbers = tuple(self.index[source] for source in sources)
        inputs = [self._input(number) for number in numbers]
        layer = recognize(self.path, node, module, inputs)
        joins = isinstance(layer, Add | Concatenate)
        self._expect(joins or len(inputs) == 1, f"{node.name} of several tensors")
        if isinstance(layer, AveragePool) and function_name(node.target) == "mean":
            self.index[node] = self._append_mean(node, layer, numbers, inputs)
        else:
            output = self._compute(node, module, inputs)
            self.index[node] = self._append(layer, numbers, inputs, output)

    def _append_mean(
        self, node: fx.Node, layer: AveragePool, numbers: tuple[int, ...], inputs: list[Tensor]
    ) -> int:
        """A mean over space: an average pooling, then a view that may drop its dimensions."""
        pooled = self._append(layer, numbers, inputs, F.adaptive_avg_pool2d(inputs[0], 1))
        read = self._input(pooled)
        keep = node.kwargs.get("keepdim", node.args[2] if len(node.args) > 2 else False)
        return self._append(View("view"), (pooled,), [read], read if keep else read.flatten(1))

    def _check_weights(self, module: nn.Module) -> None:
        """Each weight has one place in the cells, and is finite."""
        check_weights(self.path, module)
        for parameter in module.parameters():
            other = self.owner.setdefault(id(parameter), self.path)
            self._expect(other == self.path, f"a weight shared with {other}")
        has_weights = any(True for _ in module.parameters())
        twice = has_weights and any(step.path == self.path for step in self.steps)
        self._expect(not twice, "a layer with weights that is applied twice")

    def _expect(self, condition: bool, otherwise: str) -> None:
        expect(condition, self.path, otherwise)

    def _append(
        self, layer: Layer | View, sources: tuple[int, ...], inputs: list[Tensor], output: Tensor
    ) -> int:
        batch = output.dim() > 0 and len(output) == 1
        self._expect(batch, "what mixes the batch with other dimensions")
        check_finite(self.path, "its output", output)
        output.retain_grad()
        self.steps.append(Step(self.path, layer, sources, inputs, output))
        return len(self.steps) - 1

    def _input(self, number: int) -> Tensor:
        """A layer's output as the input of one other, so that its gradient is through that."""
        value = (self.example if number == INPUT else self.steps[number].output).clone()
        value.retain_grad()
        return value

    def _before(self) -> str:
        return self.steps[-1].path.split(" › ")[0] if self.steps else "input"

    def _compute(self, node: fx.Node, module: nn.Module | None, inputs: list[Tensor]) -> Tensor:
        # One after the other, not by their nodes: h + h has h twice.
        values = iter(inputs)
        args, kwargs = fx.map_arg((node.args, node.kwargs), lambda _: next(values))
        with FirstOfTies():
            result = _call(node, module, args, kwargs)
        if not isinstance(result, Tensor):
            raise unsupported(self.path, str(node.target))
        return result


def _call(node: fx.Node, module: nn.Module | None, args: Any, kwargs: Any) -> Any:
    if module is not None:
        return module(*args, **kwargs)
    if node.op == "call_function":
        assert callable(node.target)
        function = operator.add if node.target is operator.iadd else node.target
        return function(*args, **kwargs)
    return getattr(args[0], str(node.target))(*args[1:], **kwargs)
