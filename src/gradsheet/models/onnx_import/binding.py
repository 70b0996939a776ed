"""An ONNX node as a call of its operator's function."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.onnx_import.operators import OPERATORS
from gradsheet.models.onnx_import.operators.kinds import Statistics


@dataclass(frozen=True)
class Slot:
    """A parameter of an operator's function.

    Attributes:
        known: whether its value must be known when the model is imported.
        trained: whether a weight of the file given here is a parameter.
        variadic: whether it takes all inputs that are left.
    """

    name: str
    known: bool
    trained: bool
    variadic: bool


@cache
def slots(function: Callable[..., Any]) -> tuple[list[Slot], dict[str, Slot]]:
    """The slots of the inputs in their order, and of all that attributes may fill, by name."""
    inputs, named = [], {}
    for parameter in inspect.signature(function).parameters.values():
        kinds = [kind for kind in _alternatives(parameter.annotation) if kind is not NoneType]
        tensor = inspect.Parameter.empty in kinds or Tensor in kinds or Statistics in kinds
        variadic = parameter.kind is parameter.VAR_POSITIONAL
        slot = Slot(parameter.name, not tensor, Statistics not in kinds, variadic)
        if parameter.kind is not parameter.KEYWORD_ONLY:
            inputs.append(slot)
        if not variadic:
            named[slot.name] = slot
    return inputs, named


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    optional = NoneType in get_args(annotation)
    return get_args(annotation) if optional else (annotation,)


def operator(node: Any) -> Callable[..., Any]:
    """The function of a node's operator.

    Raises:
        GradsheetError: there is none.
    """
    domain = "" if node.domain == "ai.onnx" else node.domain
    if (domain, node.op_type) not in OPERATORS:
        shown = node.op_type if not domain else f"{domain}.{node.op_type}"
        raise GradsheetError(f"the ONNX operator {shown} is not supported")
    return OPERATORS[domain, node.op_type]


def must_be_known(node: Any) -> Iterator[tuple[str, bool]]:
    """The name of each input and whether its value must be known at import."""
    try:
        inputs, _ = slots(operator(node))
    except GradsheetError:
        inputs = []
    for position, name in enumerate(node.input):
        slot = inputs[min(position, len(inputs) - 1)] if inputs else None
        yield name, slot is not None and slot.known


class OnnxNode(nn.Module):
    """A node: its operator's function with the weights and constants that the file gives it.

    Each weight and constant has the name of the function's parameter.
    """

    is_layer = True  # a sheet of its own

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.given: list[Any] = []
        self.keywords: dict[str, Any] = {}

    def hold(self, name: str, tensor: Tensor) -> "Held":
        """Register a parameter or a constant."""
        name = name if name not in {*self._parameters, *self._buffers} else f"{name}{self.size()}"
        if isinstance(tensor, nn.Parameter):
            self.register_parameter(name, tensor)
        else:
            self.register_buffer(name, tensor)
        return Held(name)

    def size(self) -> int:
        """The number of weights and constants."""
        return len(self._parameters) + len(self._buffers)

    def forward(self, *tensors: Tensor) -> Any:
        """The outputs for the inputs that are computed."""
        inputs = [self._value(value, tensors) for value in self.given]
        keywords = {name: self._value(value, tensors) for name, value in self.keywords.items()}
        return self.function(*inputs, **keywords)

    def _value(self, value: Any, tensors: Sequence[Tensor]) -> Any:
        if isinstance(value, Computed):
            return tensors[value.index]
        return getattr(self, value.name) if isinstance(value, Held) else value


@dataclass(frozen=True)
class Held:
    """A weight or constant of the node, by its name."""

    name: str


@dataclass(frozen=True)
class Computed:
    """An input of the node that another computes, by its position among these."""

    index: int


def attributes(node: Any, function: Callable[..., Any]) -> dict[str, Any]:
    """The attributes of a node under the names of the function's parameters.

    Raises:
        GradsheetError: the function has no such parameter.
    """
    from onnx.helper import get_attribute_value

    _, named = slots(function)
    found = {}
    for item in node.attribute:
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in item.name)
        if name not in named:
            raise GradsheetError(f"with the attribute {item.name}")
        value = get_attribute_value(item)
        if isinstance(value, bytes):
            value = value.decode()
        elif isinstance(value, list) and value and isinstance(value[0], bytes):
            value = [text.decode() for text in value]
        found[name] = value if named[name].known else torch.tensor(value, dtype=torch.float64)
    return found


def plain(value: np.ndarray[Any, Any], slot: Slot, function: Callable[..., Any]) -> Any:
    """A known value as the function takes it: a number, or a list of them."""
    annotation = inspect.signature(function).parameters[slot.name].annotation
    numbers = np.asarray(value).ravel().tolist()
    kinds = _alternatives(annotation)
    for kind in (int, float):
        if kind in kinds:
            return kind(numbers[0])
    return numbers
