"""Checks of a model and of the examples that it is opened with."""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from gradsheet.errors import GradsheetError, reason
from gradsheet.models.capture.capture import Call
from gradsheet.models.capture.float64 import widened

Example = Tensor | Sequence[Any] | Mapping[str, Any] | Call
"""A tensor, or several: in order, by the names of the arguments, or both as a call."""


def duplicate(model: nn.Module, train: bool = False) -> nn.Module:
    """A copy in float64, in evaluation mode or in training mode.

    Raises:
        GradsheetError: it is no module, cannot be copied, or a parameter has a hook.
    """
    if not isinstance(model, nn.Module):
        raise GradsheetError(f"the model is a {type(model).__name__}; expected a torch.nn.Module")
    if isinstance(model, torch.jit.ScriptModule):
        raise GradsheetError("the model is a ScriptModule; give the module that it was made from")
    _check_hooks(model)
    try:
        with torch.inference_mode(False):
            other = copy.deepcopy(model, _computed(model)).cpu().double().train(train)
            # double() leaves complex numbers as they are.
            other._apply(widened)  # type: ignore[no-untyped-call]  # torch leaves it untyped
            for module in other.modules():
                _widen(module)
    except Exception as error:  # copying runs the model's own code
        raise GradsheetError(
            f"{type(model).__name__} cannot be copied ({reason(error)}); give a new module with "
            "its weights loaded"
        ) from error
    for name, value in [*other.named_parameters(), *other.named_buffers()]:
        check_finite(name, value)
    return other


def _computed(model: nn.Module) -> dict[int, Any]:
    """Tensors that a module has computed, as weight_norm does: copies of their numbers."""
    found = {}
    for module in model.modules():
        for value in vars(module).values():
            if isinstance(value, Tensor) and not value.is_leaf:
                found[id(value)] = value.detach().clone()
    return found


def _widen(module: nn.Module) -> None:
    """Tensors that are plain attributes in float64 as well, and sparse ones with all numbers."""
    for name, buffer in module._buffers.items():
        if buffer is not None and buffer.layout != torch.strided:
            module._buffers[name] = buffer.to_dense()
    for name, value in list(vars(module).items()):
        if isinstance(value, Tensor) and widened(value) is not value:
            module.__dict__[name] = widened(value.detach()).requires_grad_(value.requires_grad)


def _check_hooks(model: nn.Module) -> None:
    for name, parameter in model.named_parameters():
        if parameter._backward_hooks or getattr(parameter, "_post_accumulate_grad_hooks", None):
            raise GradsheetError(
                f"{name}: it has a hook that changes its gradient, which has no formulas; remove it"
            )


def check_finite(name: str, values: Tensor) -> None:
    """Raise GradsheetError where ``values`` hold NaN, or infinity but for a mask's −∞."""
    if values.is_floating_point() and bool(torch.isnan(values).any()):
        _refuse_infinite(name)
    if isinstance(values, nn.Parameter) and not bool(torch.isfinite(values).all()):
        _refuse_infinite(name)


def _refuse_infinite(name: str) -> None:
    raise GradsheetError(
        f"{name}: it holds NaN or infinity, which no cell can hold; check the weights, the "
        "running statistics and the scale of the input"
    )


def check_learning_rate(rate: float) -> None:
    """Raise GradsheetError unless ``rate`` is a positive finite number."""
    number = isinstance(rate, int | float) and not isinstance(rate, bool)
    if not number or not math.isfinite(rate) or rate <= 0:
        raise GradsheetError(f"the learning rate is {rate!r}; expected a positive finite number")


def call_of(example: Example) -> Call:
    """What to call a model with.

    Raises:
        GradsheetError: an example is no tensor of finite real numbers.
    """
    if isinstance(example, Tensor):
        args: tuple[Any, ...] = (example,)
        kwargs: dict[str, Any] = {}
    elif isinstance(example, Call):
        args, kwargs = example.args, example.kwargs
    elif isinstance(example, Mapping):
        args, kwargs = (), dict(example)
    elif isinstance(example, tuple | list) and any(isinstance(p, Tensor) for p in _flat(example)):
        args, kwargs = tuple(example), {}
    else:
        raise GradsheetError(
            f"the example is a {type(example).__name__}; expected a torch.Tensor, or a tuple or "
            "dictionary of them"
        )
    args, kwargs = tree_map_only(Tensor, _checked, (args, kwargs))
    names = _names(args, kwargs)
    call = Call(args, kwargs, None, names)
    if not call.tensors:
        raise GradsheetError("the example holds no tensor; expected a torch.Tensor")
    return call


def _flat(tree: Any) -> list[Any]:
    if isinstance(tree, Mapping):
        tree = list(tree.values())
    if isinstance(tree, tuple | list):
        return [leaf for part in tree for leaf in _flat(part)]
    return [tree]


def _names(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    several = sum(isinstance(leaf, Tensor) for leaf in _flat(list(args))) > 1
    for number, tensor in enumerate(leaf for leaf in _flat(list(args)) if isinstance(leaf, Tensor)):
        del tensor
        found.append(f"input {number + 1}" if several or kwargs else "input")
    for name, value in kwargs.items():
        found += [name for leaf in _flat(value) if isinstance(leaf, Tensor)]
    return tuple(found)


def _checked(tensor: Tensor) -> Tensor:
    if tensor.is_complex() or tensor.numel() == 0:
        raise GradsheetError(
            f"the example is a {tensor.dtype} tensor of shape {tuple(tensor.shape)}; expected "
            "real numbers"
        )
    with torch.inference_mode(False):
        found = tensor.detach().cpu().to_dense().clone()
        found = found.double() if found.is_floating_point() else found
    if bool(torch.isnan(found.double()).any()):
        _refuse_infinite("the example")
    return found
