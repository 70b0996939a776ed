"""A model on an example as a graph."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from gradsheet.errors import GradsheetError, reason
from gradsheet.models.capture.complex_numbers import as_real
from gradsheet.models.capture.float64 import in_float64
from gradsheet.models.capture.recorder import Recorder, plain_paths
from gradsheet.models.capture.scope import LOSS, Scope
from gradsheet.models.graph import Graph, Ids, Node, Where
from gradsheet.models.primitives.leaves import Input, Parameter
from gradsheet.models.primitives.softmax import Softmax


@dataclass(frozen=True)
class Call:
    """What a model is called with.

    Attributes:
        args, kwargs: as the model takes them; tensors in float64 or of whole numbers.
        target: of the loss.
        names: of the tensors, in the order in which they come.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    target: Any = None
    names: tuple[str, ...] = ()

    @property
    def targets(self) -> int:
        """How many of the tensors are the target's."""
        return len(self.tensors) - len(Call(self.args, self.kwargs).tensors)

    @property
    def tensors(self) -> list[Tensor]:
        """All of them, the target's last."""
        found: list[Tensor] = []
        tree_map_only(Tensor, found.append, (self.args, self.kwargs, self.target))
        return found

    def mapped(self, function: Callable[[Tensor], Tensor]) -> "Call":
        """The same with other tensors."""
        args, kwargs, target = tree_map_only(
            Tensor, function, (self.args, self.kwargs, self.target)
        )
        return Call(args, kwargs, target, self.names)

    def replaced(self, tensors: list[Tensor]) -> "Call":
        """The same with these tensors, in their order."""
        left = iter(tensors)
        return self.mapped(lambda _: next(left))


@dataclass(eq=False)
class Captured:
    """A model as a graph.

    Attributes:
        graph: of its operations.
        inputs: the nodes of the tensors it is called with, in order; the target's last.
        parameters: the node of each parameter, by its name in the model.
        output: the elements of the output.
        loss: the element of the loss; None without one.
        shown: the elements of the probabilities, where they are shown.
        functions: the names of the custom autograd functions that ran.
        drawn: the modules that drew random numbers, by their paths.
        decided: the modules in which values of the input decide what is computed, likewise.
        fixed: the inputs of whole numbers that do so, and have to be constants.
    """

    graph: Graph
    inputs: list[Node]
    parameters: dict[str, Node]
    output: Ids
    loss: Ids | None
    functions: list[str]
    drawn: list[str]
    decided: list[str]
    fixed: frozenset[int]
    shown: Ids | None = None


@dataclass(frozen=True)
class Results:
    """What is taken from a run of a model.

    Attributes:
        output: of the model.
        loss: of the output; None without one.
        shown: the probabilities, where they are shown.
    """

    output: Tensor
    loss: Tensor | None = None
    shown: Tensor | None = None


Loss = Callable[[Any, Any], Results]
"""From what the model returns and the target to the results."""


def run(model: nn.Module, call: Call, loss: Loss, scope: Scope | None = None) -> Results:
    """The results of a model."""
    found = model(*call.args, **call.kwargs)
    if scope is None:
        return loss(found, call.target)
    with scope.inside(LOSS, "Loss", True):
        return loss(found, call.target)


def capture(
    model: nn.Module,
    call: Call,
    loss: Loss,
    own_gradients: bool = False,
    fixed: frozenset[int] = frozenset(),
) -> Captured:
    """Record a model, which is changed by it if it changes itself when it runs.

    Args:
        model: in float64.
        call: what it is called with.
        loss: from what it returns to its output and its loss.
        own_gradients: whether custom autograd functions have the gradients of their own backward
            passes, not those of the operations in their forward passes.
        fixed: the inputs of whole numbers that are constants.

    Raises:
        GradsheetError: the model cannot run, or an operation has no formulas.
    """
    graph, scope = Graph(), Scope(model)
    with in_float64(), plain_paths(), scope.watched():
        recorder = Recorder(graph, scope)
        if own_gradients:
            scope.own_gradient = recorder.with_own_gradient
        inputs, tensors = _inputs(graph, recorder, call, fixed)
        parameters = _parameters(graph, recorder, model)
        for name, buffer in model.named_buffers():
            recorder.names[buffer.untyped_storage()._cdata] = name
        try:
            with recorder:
                given = call.replaced([t.clone() for t in tensors])
                results = run(model, given, loss, scope)
        except GradsheetError:
            raise
        except Exception as error:  # a model may raise anything
            raise GradsheetError(
                f"{scope.place()} cannot run on this example ({reason(error)})"
            ) from error
        output, total, shown = (
            None if tensor is None else recorder.ids(tensor)
            for tensor in (results.output, results.loss, results.shown)
        )
    assert output is not None
    if shown is not None and _is_softmax(graph, output):
        shown = None  # the output is the probabilities
    return Captured(
        graph,
        inputs,
        parameters,
        output,
        total,
        scope.functions,
        [*scope.drawn],
        [*scope.decided],
        fixed | recorder.builder.fixed,
        shown,
    )


def _is_softmax(graph: Graph, ids: Ids) -> bool:
    primitive = graph.nodes[int(graph.owners(ids).ravel()[0])].primitive
    return isinstance(primitive, Softmax) and not primitive.logarithm


def _inputs(
    graph: Graph, recorder: Recorder, call: Call, fixed: frozenset[int]
) -> tuple[list[Node], list[Tensor]]:
    nodes, tensors = [], []
    count = len(call.tensors) - call.targets
    for index, original in enumerate(call.tensors):
        tensor = original.detach().clone()
        is_target = index >= count
        flows = tensor.is_floating_point() and not is_target
        name = "target" if is_target else call.names[index]
        place = Where("", "input", 0)
        whole = not tensor.is_floating_point() and not is_target
        given = Input(name, index, is_target, whole, index in fixed)
        node = graph.add(given, (), tuple(tensor.shape), place, name, flows)
        if index not in fixed:
            recorder.leaf(tensor, node.ids)
        nodes.append(node)
        tensors.append(tensor.requires_grad_(flows))
    return nodes, tensors


def _parameters(graph: Graph, recorder: Recorder, model: nn.Module) -> dict[str, Node]:
    found = {}
    for name, parameter in model.named_parameters():
        learned = parameter.requires_grad
        path, _, last = name.rpartition(".")
        node = graph.add(
            Parameter(name, learned),
            (),
            tuple(as_real(parameter.detach()).shape),
            Where(path, "parameter", 0),
            f"{last} (re, im)" if parameter.is_complex() else last,
            learned,
        )
        recorder.leaf(parameter, node.ids)
        found[name] = node
    return found
