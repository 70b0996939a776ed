"""What a model must be before it is taken apart, and what must hold afterwards."""

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from gradsheet.errors import GradsheetError

_ALIKE = 1e-9  # by how much two float64 ways through one model may differ, relatively
_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


@contextmanager
def gradients_on() -> Iterator[None]:
    """Gradients are taken, whatever the caller has switched off."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def rooted(model: nn.Module) -> nn.Module:
    """The model; a single layer in a sequence of one, since a layer is not looked into."""
    single = type(model).__module__.startswith("torch.nn.") and not list(model.children())
    return nn.Sequential(model) if single else model


def duplicate(model: nn.Module) -> nn.Module:
    """A copy in float64 and evaluation mode whose parameters all take gradients.

    Raises:
        GradsheetError: it is no module, cannot be copied, or does more than its layers say.
    """
    if not isinstance(model, nn.Module):
        raise GradsheetError(f"the model is a {type(model).__name__}; expected a torch.nn.Module")
    _check_plain(model)
    try:
        other = copy.deepcopy(rooted(model)).cpu().double().eval()
    except Exception as error:  # copying runs the model's own code
        raise GradsheetError(
            f"{type(model).__name__} cannot be copied ({reason(error)}); give a new module with "
            "its weights loaded"
        ) from error
    return other.requires_grad_(True)


def _check_plain(model: nn.Module) -> None:
    """Refuse what changes a layer from outside: hooks and parametrizations."""
    for path, module in model.named_modules():
        where = path or type(model).__name__
        if any(getattr(module, name, None) for name in _HOOKS):
            raise GradsheetError(f"{where}: it has a hook, which has no formulas; remove it")
        if parametrize.is_parametrized(module):
            raise GradsheetError(
                f"{where}: its weights are parametrized, which has no formulas; use "
                "torch.nn.utils.parametrize.remove_parametrizations"
            )


def checked_example(example: Tensor) -> Tensor:
    """The example in float64, apart from the caller's.

    Raises:
        GradsheetError: it is no tensor of finite real numbers.
    """
    if not isinstance(example, Tensor):
        raise GradsheetError(f"the example is a {type(example).__name__}; expected a torch.Tensor")
    if example.is_complex() or example.numel() == 0:
        raise GradsheetError(
            f"the example is a {example.dtype} tensor of shape {tuple(example.shape)}; expected "
            "real numbers, (C, H, W) or (N,)"
        )
    example = example.detach().cpu().double().clone()
    check_finite("the example", "it", example)
    return example


def check_finite(where: str, what: str, values: Tensor) -> None:
    """Raise GradsheetError where ``values`` hold NaN or infinity."""
    if not bool(torch.isfinite(values).all()):
        raise GradsheetError(
            f"{where}: {what} holds NaN or infinity, which no cell can; look at the weights, the "
            "running statistics and the size of the input"
        )


def check_weights(path: str, module: nn.Module) -> None:
    """Raise GradsheetError where a layer's own numbers are not finite."""
    for name, value in [*module.named_parameters(), *module.named_buffers()]:
        check_finite(path, f"its {name}", value)


def check_rate(rate: float) -> None:
    """Raise GradsheetError unless ``rate`` is a learning rate."""
    number = isinstance(rate, int | float) and not isinstance(rate, bool)
    if not number or not math.isfinite(rate) or rate <= 0:
        raise GradsheetError(f"the learning rate is {rate!r}; expected a positive finite number")


class InPlace:
    """The in-place layers of a model, made to leave their input as it was."""

    def __init__(self, model: nn.Module) -> None:
        self._changed = [m for m in model.modules() if getattr(m, "inplace", False) is True]
        self._set(False)

    def restore(self) -> None:
        """Make them what they were."""
        self._set(True)

    def _set(self, value: bool) -> None:
        for module in self._changed:
            module.inplace = value  # type: ignore[assignment]  # a plain attribute


def compare(model: nn.Module, example: Tensor, found: Tensor) -> None:
    """Compare what the layers gave one by one with the model itself, run as it is.

    Raises:
        GradsheetError: they differ.
    """
    with torch.no_grad():
        expected = model(example.detach().clone())
    alike = isinstance(expected, Tensor) and expected.shape == found.shape
    if alike:
        scale = float(expected.abs().max())
        alike = float((expected - found).abs().max()) <= _ALIKE * scale
    if not alike:
        raise GradsheetError(
            f"{type(model).__name__}: the layers found one by one compute something else than the "
            "model; in-place operations or dropout in a functional call may be why: use "
            "operations that return new tensors, and dropout as a module or with "
            "training=self.training"
        )


def reason(error: BaseException) -> str:
    """The first line of what an error says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
