"""A torch model taken apart: its layers in the order in which they are applied, with their values.

The model is traced by ``torch.fx`` and run on one example in float64, in evaluation mode.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.blocks import Index
from gradsheet.models.layers.base import Array, Kind
from gradsheet.models.layers.joining import Add, Concatenate, View
from gradsheet.models.layers.pointwise import Pointwise, batch_norm
from gradsheet.models.layers.pooling import AveragePool, MaxPool
from gradsheet.models.layers.products import Convolution, Linear
from gradsheet.models.layers.softmax import Softmax
from gradsheet.models.ties import FirstOfTies, pair
from gradsheet.models.validation import (
    InPlace,
    check_finite,
    check_weights,
    checked_example,
    compare,
    duplicate,
    gradients_on,
    reason,
)
from gradsheet.symbolic.expression import Expression, apply
from gradsheet.symbolic.operations import ACTIVATIONS, leaky_relu

LossName = Literal["cross-entropy", "squared-error"]

INPUT = -1
"""As a source, the model's input."""

SUPPORTED = (
    "Linear, Conv2d, BatchNorm1d and 2d, ReLU, LeakyReLU, GELU, SiLU, Sigmoid, Tanh, Softmax, "
    "LogSoftmax, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d to 1, Flatten, view, mean over space, "
    "Dropout, addition and concatenation of channels"
)


@dataclass(frozen=True, eq=False)
class Layer:
    """One step of a model.

    Attributes:
        path: where it stands in the model: ``conv2``, or ``conv2 › relu`` of a function after it.
        sources: the numbers of the layers it reads, or ``INPUT``.
        output: its value for the example, without the batch.
        gradient: of the loss with respect to it; None where no loss is asked for.
        input_gradients: of the loss with respect to what it reads, by way of this layer alone.
        parameter_gradients: likewise, by the parameters' names.
    """

    path: str
    kind: Kind
    sources: tuple[int, ...]
    output: Array
    gradient: Array | None = None
    input_gradients: tuple[Array, ...] | None = None
    parameter_gradients: dict[str, Array] | None = None

    @property
    def shape(self) -> Index:
        """Of the output: (C, H, W) or (N,)."""
        return self.output.shape


@dataclass(frozen=True, eq=False)
class Trace:
    """A model on one example.

    Attributes:
        title: the model's class.
        example: the input, without the batch.
        gradient: of the loss with respect to the input.
        target: the class for cross-entropy, the numbers for the squared error.
        loss: its value.
    """

    title: str
    example: Array
    layers: tuple[Layer, ...]
    target: int | Array | None = None
    loss: float | None = None
    gradient: Array | None = None

    def value(self, source: int) -> Array:
        """What a layer reads: another's output or the example."""
        return self.example if source == INPUT else self.layers[source].output


def trace(
    model: nn.Module,
    example: Tensor,
    target: int | Sequence[float] | Tensor | None = None,
    loss: LossName = "cross-entropy",
) -> Trace:
    """Take ``model`` apart and run it on ``example``, a tensor (C, H, W) or (N,) without a batch.

    With a ``target``, a class or numbers, everything that the loss depends on has its gradient.

    Raises:
        GradsheetError: the model cannot be traced, or holds something with no formulas.
    """
    if loss not in get_args(LossName):
        raise GradsheetError(f"the loss is {loss!r}; expected {' or '.join(get_args(LossName))}")
    with gradients_on():
        model, example = duplicate(model), checked_example(example)
        in_place = InPlace(model)
        graph = _graph(model)
        _settle_sizes(model, graph, example)
        walk = _Walk(model, graph, example)
        walk.run()
        in_place.restore()
        walk.compare()
        return walk.trace(target, loss)


def _graph(model: nn.Module) -> fx.Graph:
    try:
        graph = fx.symbolic_trace(model).graph
    except Exception as error:  # what a model does while it is traced is its own affair
        raise GradsheetError(
            f"{type(model).__name__} cannot be traced by torch.fx ({reason(error)}); a model whose "
            "path does not depend on its numbers can be"
        ) from error
    graph.eliminate_dead_code()
    return graph


class _Sizes(fx.Interpreter):
    """Runs a graph and keeps what is a size and no tensor: ``x.size(0)``, ``x.shape``."""

    def __init__(self, model: nn.Module, graph: fx.Graph) -> None:
        super().__init__(fx.GraphModule(model, graph))
        self.sizes: dict[str, int | torch.Size] = {}

    def run_node(self, node: fx.Node) -> Any:
        """Run one node."""
        result = super().run_node(node)
        if isinstance(result, int | torch.Size):
            self.sizes[node.name] = result
        return result


def _settle_sizes(model: nn.Module, graph: fx.Graph, example: Tensor) -> None:
    """Put numbers in place of sizes that the model asks for, as in ``x.view(x.size(0), -1)``."""
    run = _Sizes(model, graph)
    try:
        run.run(example.detach().clone().unsqueeze(0))
    except Exception:  # what is wrong is said later, with its place
        return

    def settled(argument: fx.Node) -> Any:
        return run.sizes.get(argument.name, argument)

    for node in graph.nodes:
        node.args, node.kwargs = fx.map_arg((node.args, node.kwargs), settled)
    graph.eliminate_dead_code()


class _Walk:
    """Runs through the nodes of a traced graph, a layer each."""

    def __init__(self, model: nn.Module, graph: fx.Graph, example: Tensor) -> None:
        self.model, self.graph = model, graph
        self.example = example.unsqueeze(0).requires_grad_()
        self.layers: list[tuple[str, Kind, tuple[int, ...]]] = []
        self.reads: list[list[Tensor]] = []
        self.outputs: list[Tensor] = []
        self.number: dict[fx.Node, int] = {}
        self.learned: dict[int, str] = {}
        self.path = "the input"

    def run(self) -> None:
        inputs = [node for node in self.graph.nodes if node.op == "placeholder"]
        if len(inputs) != 1:
            raise GradsheetError(f"the model has {len(inputs)} inputs; expected one")
        for node in self.graph.nodes:
            if node.op == "placeholder":
                self.number[node] = INPUT
            elif node.op == "output":
                self._finish(node)
            else:
                self._run_node(node)

    def compare(self) -> None:
        """Compare the output with the model's own."""
        if self.outputs:
            compare(self.model, self.example, self.outputs[-1].detach())

    def _finish(self, node: fx.Node) -> None:
        result = node.args[0]
        if not isinstance(result, fx.Node) or self.number.get(result) != len(self.layers) - 1:
            raise GradsheetError("the model returns more than the output of its last layer")

    def _run_node(self, node: fx.Node) -> None:
        """Add a node; what torch says of it is said with its place."""
        try:
            self._add(node)
        except GradsheetError:
            raise
        except Exception as error:  # torch raises what its operations raise
            raise GradsheetError(
                f"{self.path}: it cannot be run on an example of shape {_shape(self.example)} "
                f"({reason(error)})"
            ) from error

    def _add(self, node: fx.Node) -> None:
        module = self.model.get_submodule(str(node.target)) if node.op == "call_module" else None
        self.path = str(node.target) if module is not None else f"{self._before()} › {node.name}"
        if node.op == "get_attr":
            raise self._unsupported(f"the tensor {node.target}")
        sources = _nodes((node.args, node.kwargs))
        self._expect(bool(sources), f"{node.name}, which reads no layer,")
        if module is not None:
            self._check_weights(module)
        numbers = tuple(self.number[source] for source in sources)
        read = [self._read(number) for number in numbers]
        kind = self._kind(node, module, read)
        joins = isinstance(kind, Add | Concatenate)
        self._expect(joins or len(read) == 1, f"{node.name} of several tensors")
        if isinstance(kind, AveragePool) and _name(node.target) == "mean":
            # It may drop its dimensions: a step of its own.
            last = self._append(kind, numbers, read, F.adaptive_avg_pool2d(read[0], 1))
            numbers, read = (last,), [self._read(last)]
            kind = View()
            keep = node.kwargs.get("keepdim", node.args[2] if len(node.args) > 2 else False)
            output = read[0] if keep else read[0].flatten(1)
        else:
            output = self._compute(node, module, read)
        self.number[node] = self._append(kind, numbers, read, output)

    def _check_weights(self, module: nn.Module) -> None:
        """Each weight has one place in the cells, and a number."""
        check_weights(self.path, module)
        for parameter in module.parameters():
            other = self.learned.setdefault(id(parameter), self.path)
            self._expect(other == self.path, f"a weight that {other} has as well")
        twice = any(path == self.path and kind.parameters for path, kind, _ in self.layers)
        self._expect(not twice, "a layer with weights that is applied twice")

    def _append(
        self, kind: Kind, sources: tuple[int, ...], read: list[Tensor], output: Tensor
    ) -> int:
        if output.dim() == 0 or len(output) != 1:
            raise self._unsupported("what mixes the batch with other dimensions")
        check_finite(self.path, "its output", output)
        output.retain_grad()
        self.layers.append((self.path, kind, sources))
        self.reads.append(read)
        self.outputs.append(output)
        return len(self.layers) - 1

    def _read(self, number: int) -> Tensor:
        """A layer's output for one reader: its gradient is what comes back from that reader."""
        value = (self.example if number == INPUT else self.outputs[number]).clone()
        value.retain_grad()
        return value

    def _before(self) -> str:
        return self.layers[-1][0].split(" › ")[0] if self.layers else "input"

    def _compute(self, node: fx.Node, module: nn.Module | None, read: list[Tensor]) -> Tensor:
        # One after the other, not by their nodes: h + h reads h twice.
        values = iter(read)
        args, kwargs = fx.map_arg((node.args, node.kwargs), lambda _: next(values))
        with FirstOfTies():
            result = self._call(node, module, args, kwargs)
        if not isinstance(result, Tensor):
            raise self._unsupported(str(node.target))
        return result

    @staticmethod
    def _call(node: fx.Node, module: nn.Module | None, args: Any, kwargs: Any) -> Any:
        if module is not None:
            return module(*args, **kwargs)
        if node.op == "call_function":
            assert callable(node.target)
            function = operator.add if node.target is operator.iadd else node.target
            return function(*args, **kwargs)
        return getattr(args[0], str(node.target))(*args[1:], **kwargs)

    # --- Which kind a node is --------------------------------------------------------------

    def _kind(self, node: fx.Node, module: nn.Module | None, values: list[Tensor]) -> Kind:
        if module is not None:
            return self._of_module(module, values[0])
        name = node.target if node.op == "call_method" else _name(node.target)
        self._expect(not _is_in_place(node), f"{node.name}, which works in place,")
        arguments = dict(enumerate(node.args[1:])) | dict(node.kwargs)
        return self._of_function(str(name), arguments, values)

    def _of_module(self, module: nn.Module, x: Tensor) -> Kind:
        match module:
            case nn.Linear():
                self._expect(x.dim() == 2, f"a Linear of a tensor {_shape(x)}")
                return Linear(_array(module.weight), _optional(module.bias))
            case nn.Conv2d():
                return self._convolution(module)
            case nn.BatchNorm1d() | nn.BatchNorm2d():
                return self._batch_norm(module, x)
            case nn.MaxPool2d():
                self._expect(
                    pair(module.dilation) == (1, 1) and not module.ceil_mode,
                    "max pooling with dilation or ceil_mode",
                )
                return MaxPool(pair(module.kernel_size), pair(module.stride), pair(module.padding))
            case nn.AvgPool2d():
                self._expect(
                    module.divisor_override is None and not module.ceil_mode,
                    "average pooling with divisor_override or ceil_mode",
                )
                return AveragePool(
                    pair(module.kernel_size),
                    pair(module.stride),
                    pair(module.padding),
                    module.count_include_pad,
                )
            case nn.AdaptiveAvgPool2d():
                self._expect(
                    pair(module.output_size) == (1, 1), "adaptive average pooling to more than 1"
                )
                return _global_average(x)
            case nn.LeakyReLU():
                return self._leaky(module.negative_slope)
            case nn.GELU():
                return self._gelu(module.approximate)
            case nn.Softmax() | nn.LogSoftmax():
                return self._softmax(x, module.dim, isinstance(module, nn.LogSoftmax))
            case nn.Flatten():
                self._expect(module.start_dim == 1 and module.end_dim == -1, "a partial Flatten")
                return View("Flatten")
            case nn.Dropout() | nn.Dropout1d() | nn.Dropout2d() | nn.Identity():
                return View(type(module).__name__)
        for kind, name in _POINTWISE_MODULES.items():
            if isinstance(module, kind):
                return Pointwise(type(module).__name__, ACTIVATIONS[name])
        raise self._unsupported(type(module).__name__)

    def _of_function(self, name: str, given: dict[Any, Any], values: list[Tensor]) -> Kind:
        x = values[0]
        if name in ("add", "iadd"):
            same = len(values) == 2 and values[0].shape == values[1].shape
            self._expect(same and "alpha" not in given, "addition of anything but two like tensors")
            return Add()
        if name in ("cat", "concat", "concatenate"):
            self._expect(given.get(0, given.get("dim", 0)) == 1, "concatenation but of channels")
            return Concatenate()
        if name in ("dropout", "dropout2d"):
            training = given.get(1, given.get("training", given.get("train", True)))
            self._expect(not training, f"{name} without training=self.training")
        if name in _VIEWS:
            return View(name)
        if name == "mean":
            dims = given.get(0, given.get("dim"))
            spatial = sorted(d % 4 for d in dims) if isinstance(dims, (tuple, list)) else []
            self._expect(x.dim() == 4 and spatial == [2, 3], "a mean but over space")
            return _global_average(x)
        if name == "leaky_relu":
            return self._leaky(float(given.get(0, given.get("negative_slope", 0.01))))
        if name == "gelu":
            return self._gelu(str(given.get("approximate", "none")))
        if name in ("softmax", "log_softmax"):
            return self._softmax(x, given.get(0, given.get("dim")), name == "log_softmax")
        if name in ("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"):
            return self._pool(name, given, x)
        if name in _POINTWISE_FUNCTIONS:
            return Pointwise(*_POINTWISE_FUNCTIONS[name])
        raise self._unsupported(name)

    def _pool(self, name: str, given: dict[Any, Any], x: Tensor) -> Kind:
        """The functional form has the arguments of the module, in its order."""
        if name == "adaptive_avg_pool2d":
            return self._of_module(nn.AdaptiveAvgPool2d(given.get(0, given.get("output_size"))), x)
        arguments = [given[key] for key in range(len(given)) if key in given]
        options = {key: value for key, value in given.items() if isinstance(key, str)}
        module = nn.MaxPool2d if name == "max_pool2d" else nn.AvgPool2d
        return self._of_module(module(*arguments, **options), x)

    def _convolution(self, module: nn.Conv2d) -> Kind:
        self._expect(module.dilation == (1, 1), "a dilated convolution")
        self._expect(module.padding_mode == "zeros", f"{module.padding_mode} padding")
        padding = module.padding
        if isinstance(padding, str):
            odd = all(size % 2 for size in module.kernel_size)
            self._expect(padding == "valid" or odd, "padding 'same' of an even kernel")
            sides = [size // 2 if padding == "same" else 0 for size in module.kernel_size]
            padding = (sides[0], sides[1])
        return Convolution(
            _array(module.weight),
            _optional(module.bias),
            pair(module.stride),
            pair(padding),
            module.groups,
        )

    def _batch_norm(self, module: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor) -> Kind:
        self._expect(module.running_mean is not None, "batch norm without running statistics")
        self._expect(module.affine, "batch norm without weights")
        self._expect(x.dim() in (2, 4), f"batch norm of a tensor {_shape(x)}")
        assert module.running_mean is not None and module.running_var is not None
        return batch_norm(
            _array(module.weight),
            _array(module.bias),
            _array(module.running_mean),
            _array(module.running_var),
            module.eps,
        )

    def _leaky(self, slope: float) -> Kind:
        between = 0 <= slope <= 1  # MAX(x, slope·x) is the function for these only
        self._expect(between, f"a LeakyReLU of slope {slope}, not between 0 and 1,")
        operation = leaky_relu(slope)
        return Pointwise("LeakyReLU", lambda x: apply(operation, x))

    def _gelu(self, approximate: str) -> Kind:
        self._expect(approximate == "none", "the approximate GELU")
        return Pointwise("GELU", ACTIVATIONS["gelu"])

    def _softmax(self, x: Tensor, dim: int | None, logarithm: bool) -> Kind:
        self._expect(x.dim() == 2 and dim in (1, -1), "a softmax but of a vector")
        return Softmax(logarithm)

    def _expect(self, condition: bool, otherwise: str) -> None:
        if not condition:
            raise self._unsupported(otherwise)

    def _unsupported(self, what: str) -> GradsheetError:
        return GradsheetError(f"{self.path}: {what} has no formulas here; what has: {SUPPORTED}")

    # --- Values and gradients --------------------------------------------------------------

    def trace(self, target: int | Sequence[float] | Tensor | None, loss: LossName) -> Trace:
        if not self.layers:
            raise GradsheetError("the model does nothing with its input")
        for (path, _, _), output in zip(self.layers, self.outputs, strict=True):
            if output.dim() not in (2, 4):
                raise GradsheetError(
                    f"{path}: its output is {_shape(output)}; expected channels of rows and "
                    "columns, or a vector"
                )
        total = None if target is None else self._loss(target, loss)
        if total is not None:
            check_finite("the loss", "it", total)
            total.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            self._check_gradients()
        layers = tuple(
            Layer(
                path,
                kind,
                sources,
                _array(output[0]),
                _gradient(output),
                None if total is None else tuple(map(_gradient_or_zero, read)),
                self._learned(path),
            )
            for (path, kind, sources), output, read in zip(
                self.layers, self.outputs, self.reads, strict=True
            )
        )
        aim = None if target is None else self._aim(target, loss)
        return Trace(
            type(self.model).__name__,
            _array(self.example[0]),
            layers,
            aim,
            None if total is None else float(total.detach()),
            _gradient(self.example),
        )

    def _loss(self, target: int | Sequence[float] | Tensor, loss: LossName) -> Tensor:
        output = self.outputs[-1]
        if output.dim() != 2:
            raise GradsheetError(f"a loss needs a vector; the output is {_shape(output)}")
        aim = self._aim(target, loss)
        if isinstance(aim, int):
            return F.cross_entropy(output, torch.tensor([aim]))
        return ((output[0] - torch.from_numpy(aim)) ** 2).sum() / 2

    def _aim(self, target: int | Sequence[float] | Tensor, loss: LossName) -> int | Array:
        """A class for cross-entropy, a number an output for the squared error."""
        count = self.outputs[-1].shape[1]
        if loss == "cross-entropy":
            whole = isinstance(target, int | np.integer) or (
                isinstance(target, Tensor) and target.dim() == 0 and not target.is_floating_point()
            )
            if not whole or not 0 <= int(target) < count:  # type: ignore[arg-type]  # it is whole
                raise GradsheetError(f"the class is {target}; expected 0 to {count - 1}")
            return int(target)  # type: ignore[arg-type]
        try:
            numbers = torch.as_tensor(target, dtype=torch.float64).detach().cpu().flatten()
        except (TypeError, ValueError, RuntimeError) as error:
            raise GradsheetError(f"the target is {target!r}; expected {count} numbers") from error
        if len(numbers) != count:
            raise GradsheetError(f"{len(numbers)} targets for {count} outputs")
        check_finite("the target", "it", numbers)
        return _array(numbers)

    def _check_gradients(self) -> None:
        for (path, _, _), output, read in zip(self.layers, self.outputs, self.reads, strict=True):
            for tensor in (output, *read):
                if tensor.grad is not None:
                    check_finite(path, "a gradient", tensor.grad)
        for path, parameter in self.model.named_parameters():
            if parameter.grad is not None:
                check_finite(path, "its gradient", parameter.grad)

    def _learned(self, path: str) -> dict[str, Array] | None:
        try:
            module = self.model.get_submodule(path)
        except AttributeError:
            return None
        found = {name: _gradient_of(p) for name, p in module.named_parameters(recurse=False)}
        return {name: gradient for name, gradient in found.items() if gradient is not None}


_VIEWS = (
    *("flatten", "view", "reshape", "squeeze", "unsqueeze"),
    *("contiguous", "dropout", "dropout2d"),
)
_POINTWISE_MODULES: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.SiLU: "silu",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
}
_POINTWISE_FUNCTIONS: dict[str, tuple[str, Callable[..., Expression]]] = {
    name: (kind.__name__, ACTIVATIONS[name]) for kind, name in _POINTWISE_MODULES.items()
}


def _global_average(x: Tensor) -> AveragePool:
    """Over all rows and columns."""
    size = x.shape[2], x.shape[3]
    return AveragePool(size, size)


def _nodes(arguments: Any) -> list[fx.Node]:
    """The nodes among arguments, in their order, each as often as it is read."""
    found: list[fx.Node] = []
    fx.map_arg(arguments, lambda node: found.append(node) or node)  # type: ignore[func-returns-value]
    return found


_IN_PLACE = {"relu": 1, "silu": 1, "leaky_relu": 2, "dropout": 3, "dropout2d": 3}
"""Where functions take ``inplace`` among their arguments."""


def _is_in_place(node: fx.Node) -> bool:
    """Whether a call would change what it reads; ``h += x`` is read as ``h + x``."""
    raw = str(getattr(node.target, "__name__", node.target))
    place = _IN_PLACE.get(raw, len(node.args))
    asked = bool(node.kwargs.get("inplace")) or any(node.args[place:])
    return asked or (raw.endswith("_") and not raw.endswith("__"))


def _name(function: Any) -> str:
    """``relu`` of ``torch.nn.functional.relu``, ``torch.relu`` and their like."""
    name = getattr(function, "__name__", str(function))
    return {"boolean_dispatch": "max_pool2d"}.get(name, name).strip("_")


def _shape(x: Tensor) -> str:
    return " × ".join(str(size) for size in x.shape[1:]) or "one number"


def _array(tensor: Tensor) -> Array:
    return np.asarray(tensor.detach().double().cpu().numpy(), dtype=np.float64)


def _optional(tensor: Tensor | None) -> Array | None:
    return None if tensor is None else _array(tensor)


def _gradient(tensor: Tensor) -> Array | None:
    return None if tensor.grad is None else _array(tensor.grad[0])


def _gradient_or_zero(tensor: Tensor) -> Array:
    return _array(torch.zeros_like(tensor[0]) if tensor.grad is None else tensor.grad[0])


def _gradient_of(parameter: Tensor) -> Array | None:
    return None if parameter.grad is None else _array(parameter.grad)
