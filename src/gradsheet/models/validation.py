"""Checks of a model, its example and its results."""

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from gradsheet.errors import GradsheetError, reason

_SAME = 1e-9  # the relative difference allowed between two float64 runs of one model
_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


@contextmanager
def gradients_on() -> Iterator[None]:
    """Enable gradients, even where the caller has disabled them."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def rooted(model: nn.Module) -> nn.Module:
    """The model; a single torch layer becomes a sequence of one."""
    single = type(model).__module__.startswith("torch.nn.") and not list(model.children())
    return nn.Sequential(model) if single else model


def duplicate(model: nn.Module) -> nn.Module:
    """A copy in float64 and evaluation mode whose parameters all take gradients.

    Raises:
        GradsheetError: it is no module, cannot be copied, or has hooks or parametrizations.
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
    """Raise GradsheetError for hooks and parametrizations, which change a layer from outside."""
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
    """A copy of the example in float64.

    Raises:
        GradsheetError: it is not a tensor of finite real numbers.
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
            f"{where}: {what} holds NaN or infinity, which no cell can hold; check the weights, "
            "the running statistics and the scale of the input"
        )


def check_weights(path: str, module: nn.Module) -> None:
    """Raise GradsheetError where a layer's parameters or buffers are not finite."""
    for name, value in [*module.named_parameters(), *module.named_buffers()]:
        check_finite(path, f"its {name}", value)


def check_learning_rate(rate: float) -> None:
    """Raise GradsheetError unless ``rate`` is a positive finite number."""
    number = isinstance(rate, int | float) and not isinstance(rate, bool)
    if not number or not math.isfinite(rate) or rate <= 0:
        raise GradsheetError(f"the learning rate is {rate!r}; expected a positive finite number")


class InPlace:
    """Switches off the in-place layers of a model while it is traced."""

    def __init__(self, model: nn.Module) -> None:
        self._changed = [m for m in model.modules() if getattr(m, "inplace", False) is True]
        self._set(False)

    def restore(self) -> None:
        """Switch them on again."""
        self._set(True)

    def _set(self, value: bool) -> None:
        for module in self._changed:
            module.inplace = value  # type: ignore[assignment]  # a plain attribute


def check_same_output(model: nn.Module, example: Tensor, found: Tensor) -> None:
    """Raise GradsheetError unless the layers, run one by one, give what ``model`` gives."""
    with torch.no_grad():
        expected = model(example.detach().clone())
    alike = isinstance(expected, Tensor) and expected.shape == found.shape
    if alike:
        scale = float(expected.abs().max())
        alike = float((expected - found).abs().max()) <= _SAME * scale
    if not alike:
        raise GradsheetError(
            f"{type(model).__name__}: its layers, run one by one, compute something else than the "
            "model; use operations that return new tensors instead of in-place operations, and "
            "dropout as a module or with training=self.training"
        )
