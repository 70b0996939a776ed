"""Which layer a torch module, function or method is: the only place that knows torch's spellings.

The names come from the registry of layers; here is how each entry's arguments are taken.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor, fx, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.layers.base import Array, Layer
from gradsheet.models.layers.convolution import Convolution
from gradsheet.models.layers.joining import Add, Concatenate, View
from gradsheet.models.layers.linear import Linear
from gradsheet.models.layers.pointwise import Pointwise, batch_norm
from gradsheet.models.layers.pooling import AveragePool, MaxPool
from gradsheet.models.layers.registry import LAYERS, SUPPORTED
from gradsheet.models.layers.softmax import Softmax
from gradsheet.models.ties import pair
from gradsheet.symbolic.expression import apply
from gradsheet.symbolic.operations import ACTIVATIONS, leaky_relu

Arguments = Mapping[int | str, Any]
"""A call's arguments after the first, by position from 0 or by name."""


def recognize(
    path: str, node: fx.Node, module: nn.Module | None, inputs: list[Tensor]
) -> Layer | View:
    """The layer of a node of the graph; ``module`` is what it calls, None for a function.

    Raises:
        GradsheetError: it has no formulas.
    """
    if module is not None:
        return _of_module(path, module, inputs[0])
    name = node.target if node.op == "call_method" else function_name(node.target)
    expect(not _is_in_place(node), path, f"{node.name}, which works in place,")
    arguments = dict(enumerate(node.args[1:])) | dict(node.kwargs)
    return _of_function(path, str(name), arguments, inputs)


def expect(condition: bool, path: str, otherwise: str) -> None:
    """Raise GradsheetError, which says what has no formulas, unless the condition holds."""
    if not condition:
        raise unsupported(path, otherwise)


def unsupported(path: str, what: str) -> GradsheetError:
    """The error for something without formulas."""
    return GradsheetError(f"{path}: {what} has no formulas; supported: {SUPPORTED}")


def function_name(function: Any) -> str:
    """``relu`` for ``torch.nn.functional.relu``, ``torch.relu`` and the like."""
    name = getattr(function, "__name__", str(function))
    return {"boolean_dispatch": "max_pool2d"}.get(name, name).strip("_")


def _of_module(path: str, module: nn.Module, x: Tensor) -> Layer | View:
    for entry in LAYERS:
        if isinstance(module, tuple(getattr(nn, name) for name in entry.modules)):
            return _FROM_MODULE[entry.name](path, module, x)
    raise unsupported(path, type(module).__name__)


def _of_function(
    path: str, name: str, arguments: dict[Any, Any], inputs: list[Tensor]
) -> Layer | View:
    for entry in LAYERS:
        if name in entry.functions:
            return _FROM_FUNCTION[entry.name](path, name, arguments, inputs)
    raise unsupported(path, name)


# --- Modules ------------------------------------------------------------------------------------


def _linear(path: str, module: Any, x: Tensor) -> Layer:
    expect(x.dim() == 2, path, f"a Linear of a tensor {shape_text(x)}")
    return Linear(array(module.weight), _optional(module.bias))


def _convolution(path: str, module: Any, x: Tensor) -> Layer:
    expect(module.dilation == (1, 1), path, "a dilated convolution")
    expect(module.padding_mode == "zeros", path, f"{module.padding_mode} padding")
    padding = module.padding
    if isinstance(padding, str):
        odd = all(size % 2 for size in module.kernel_size)
        expect(padding == "valid" or odd, path, "padding 'same' of an even kernel")
        padding = [size // 2 if padding == "same" else 0 for size in module.kernel_size]
    return Convolution(
        array(module.weight),
        _optional(module.bias),
        pair(module.stride),
        pair(padding),
        module.groups,
    )


def _batch_norm(path: str, module: Any, x: Tensor) -> Layer:
    expect(module.running_mean is not None, path, "batch norm without running statistics")
    expect(module.affine, path, "batch norm without weights")
    expect(x.dim() in (2, 4), path, f"batch norm of a tensor {shape_text(x)}")
    return batch_norm(
        array(module.weight),
        array(module.bias),
        array(module.running_mean),
        array(module.running_var),
        module.eps,
    )


def _max_pool(path: str, module: Any, x: Tensor) -> Layer:
    plain = pair(module.dilation) == (1, 1) and not module.ceil_mode
    expect(plain, path, "max pooling with dilation or ceil_mode")
    return MaxPool(pair(module.kernel_size), pair(module.stride), pair(module.padding))


def _average_pool(path: str, module: Any, x: Tensor) -> Layer:
    plain = module.divisor_override is None and not module.ceil_mode
    expect(plain, path, "average pooling with divisor_override or ceil_mode")
    return AveragePool(
        pair(module.kernel_size),
        pair(module.stride),
        pair(module.padding),
        module.count_include_pad,
    )


def _adaptive_average_pool(path: str, module: Any, x: Tensor) -> Layer:
    single = pair(module.output_size) == (1, 1)
    expect(single, path, "adaptive average pooling to more than 1")
    return _global_average(x)


def _global_average(x: Tensor) -> AveragePool:
    size = x.shape[2], x.shape[3]
    return AveragePool(size, size)


def _leaky_relu(path: str, slope: float) -> Layer:
    # MAX(x, slope·x) is the function for these slopes only.
    expect(0 <= slope <= 1, path, f"a LeakyReLU of slope {slope}, not between 0 and 1,")
    operation = leaky_relu(slope)
    return Pointwise("LeakyReLU", lambda x: apply(operation, x))


def _gelu(path: str, approximate: str) -> Layer:
    expect(approximate == "none", path, "the approximate GELU")
    return Pointwise("GELU", ACTIVATIONS["gelu"])


def _softmax(path: str, x: Tensor, dim: int | None, logarithm: bool) -> Layer:
    expect(x.dim() == 2 and dim in (1, -1), path, "a softmax other than of a vector")
    return Softmax(logarithm)


def _flatten_or_same(path: str, module: Any, x: Tensor) -> View:
    if isinstance(module, nn.Flatten):
        whole = module.start_dim == 1 and module.end_dim == -1
        expect(whole, path, "a partial Flatten")
    return View(type(module).__name__)


def _activation(name: str) -> Callable[..., Layer]:
    """Makes an activation without arguments, by its module's name."""
    return lambda *given: Pointwise(name, ACTIVATIONS[name.lower()])


_ACTIVATIONS = {name: _activation(name) for name in ("ReLU", "SiLU", "Sigmoid", "Tanh")}

_FROM_MODULE: dict[str, Callable[[str, Any, Tensor], Layer | View]] = {
    "Linear": _linear,
    "Convolution": _convolution,
    "BatchNorm": _batch_norm,
    "LeakyReLU": lambda path, module, x: _leaky_relu(path, module.negative_slope),
    "GELU": lambda path, module, x: _gelu(path, module.approximate),
    "Softmax": lambda path, module, x: _softmax(path, x, module.dim, logarithm=False),
    "LogSoftmax": lambda path, module, x: _softmax(path, x, module.dim, logarithm=True),
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _adaptive_average_pool,
    "View": _flatten_or_same,
    **_ACTIVATIONS,
}


# --- Functions and methods ----------------------------------------------------------------------


def _add(path: str, name: str, given: Arguments, inputs: list[Tensor]) -> Layer:
    same = len(inputs) == 2 and inputs[0].shape == inputs[1].shape
    expect(
        same and "alpha" not in given, path, "addition other than of two tensors of the same shape"
    )
    return Add()


def _concatenate(path: str, name: str, given: Arguments, inputs: list[Tensor]) -> Layer:
    channels = given.get(0, given.get("dim", 0)) == 1
    expect(channels, path, "concatenation other than of channels")
    return Concatenate()


def _view(path: str, name: str, given: Arguments, inputs: list[Tensor]) -> View:
    if name in ("dropout", "dropout2d"):
        training = given.get(1, given.get("training", given.get("train", True)))
        expect(not training, path, f"{name} without training=self.training")
    return View(name)


def _mean(path: str, name: str, given: Arguments, inputs: list[Tensor]) -> Layer:
    if name != "mean":
        return _adaptive_average_pool(path, _pool(nn.AdaptiveAvgPool2d, given), inputs[0])
    dims = given.get(0, given.get("dim"))
    spatial = sorted(d % 4 for d in dims) if isinstance(dims, tuple | list) else []
    whole = inputs[0].dim() == 4 and spatial == [2, 3]
    expect(whole, path, "a mean other than over height and width")
    return _global_average(inputs[0])


def _pool(module: type[nn.Module], given: Arguments) -> nn.Module:
    """The module with the arguments of its function, which are the same in the same order."""
    positional = [given[key] for key in range(len(given)) if key in given]
    return module(*positional, **{key: v for key, v in given.items() if isinstance(key, str)})


_FROM_FUNCTION: dict[str, Callable[[str, str, Arguments, list[Tensor]], Layer | View]] = {
    "LeakyReLU": lambda path, name, given, inputs: _leaky_relu(
        path, float(given.get(0, given.get("negative_slope", 0.01)))
    ),
    "GELU": lambda path, name, given, inputs: _gelu(path, str(given.get("approximate", "none"))),
    "Softmax": lambda path, name, given, inputs: _softmax(
        path, inputs[0], given.get(0, given.get("dim")), logarithm=False
    ),
    "LogSoftmax": lambda path, name, given, inputs: _softmax(
        path, inputs[0], given.get(0, given.get("dim")), logarithm=True
    ),
    "MaxPool": lambda path, name, given, inputs: _max_pool(
        path, _pool(nn.MaxPool2d, given), inputs[0]
    ),
    "AveragePool": lambda path, name, given, inputs: _average_pool(
        path, _pool(nn.AvgPool2d, given), inputs[0]
    ),
    "GlobalAveragePool": _mean,
    "Add": _add,
    "Concatenate": _concatenate,
    "View": _view,
    **_ACTIVATIONS,
}

_IN_PLACE = {"relu": 1, "silu": 1, "leaky_relu": 2, "dropout": 3, "dropout2d": 3}
"""The position of ``inplace`` among a function's arguments."""


def _is_in_place(node: fx.Node) -> bool:
    """Whether a call would change its input; ``h += x`` is taken as ``h + x``."""
    raw = str(getattr(node.target, "__name__", node.target))
    place = _IN_PLACE.get(raw, len(node.args))
    asked = bool(node.kwargs.get("inplace")) or any(node.args[place:])
    return asked or (raw.endswith("_") and not raw.endswith("__"))


# --- Tensors ------------------------------------------------------------------------------------


def shape_text(x: Tensor) -> str:
    """``8 × 24 × 24``: the shape without the batch dimension."""
    return " × ".join(str(size) for size in x.shape[1:]) or "one number"


def array(tensor: Tensor) -> Array:
    """The numbers as a NumPy array in float64."""
    return np.asarray(tensor.detach().double().cpu().numpy(), dtype=np.float64)


def _optional(tensor: Tensor | None) -> Array | None:
    return None if tensor is None else array(tensor)
