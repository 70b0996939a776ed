"""What a workbook shows of a model: which output, and the loss of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._pytree import tree_map_only

from gradsheet.errors import GradsheetError
from gradsheet.models.capture.capture import Results
from gradsheet.models.capture.complex_numbers import as_real

LossName = Literal[
    "cross-entropy",
    "nll",
    "binary-cross-entropy",
    "binary-cross-entropy-with-logits",
    "mean-squared-error",
    "squared-error",
    "l1",
    "smooth-l1",
    "huber",
    "sum",
]
LossFunction = Callable[[Any, Any], Tensor]
Target = int | float | Sequence[Any] | Tensor | None

LOSSES: dict[str, LossFunction] = {
    "cross-entropy": lambda z, t: F.cross_entropy(*_classes_second(z, t)),
    "nll": lambda z, t: F.nll_loss(*_classes_second(z, t)),
    "binary-cross-entropy": F.binary_cross_entropy,
    "binary-cross-entropy-with-logits": F.binary_cross_entropy_with_logits,
    "mean-squared-error": F.mse_loss,
    "squared-error": lambda z, t: ((z - t) ** 2).sum() / 2,
    "l1": F.l1_loss,
    "smooth-l1": F.smooth_l1_loss,
    "huber": F.huber_loss,
    "sum": lambda z, t: z.sum(),
}

DESCRIPTIONS = {
    "cross-entropy": "L = ln Σ exp(z) − z of the true class; ∂L/∂z = p − target",
    "nll": "L = −(log-probability of the true class)",
    "binary-cross-entropy": "L = −(t·ln p + (1 − t)·ln(1 − p)), the mean of all",
    "binary-cross-entropy-with-logits": "L = ln(1 + exp(z)) − t·z, the mean of all",
    "mean-squared-error": "L = (z − target)², the mean of all",
    "squared-error": "L = Σ (z − target)² / 2; ∂L/∂z = z − target",
    "l1": "L = |z − target|, the mean of all",
    "smooth-l1": "L = (z − target)² / 2 near the target, |z − target| − ½ far from it",
    "huber": "L = (z − target)² / 2 near the target, |z − target| − ½ far from it",
    "sum": "L = the sum of the output",
}

_OF_CLASSES = ("cross-entropy", "nll")


def _classes_second(z: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Classes in the second dimension, where torch expects them; they may come last."""
    last = not target.is_floating_point() and z.dim() > 2 and z.shape[:-1] == target.shape
    if not last or ((z.shape[0], *z.shape[2:]) == target.shape and z.shape[-1] != z.shape[1]):
        return z, target
    return z.reshape(-1, z.shape[-1]), target.reshape(-1)


@dataclass(frozen=True)
class Objective:
    """Which output of a model, and the loss of it.

    Attributes:
        loss: its name, or a function of what the model returns and of the target.
        output: the index or the key of the output; None for the first.
        has_target: whether there is a loss at all.
    """

    loss: LossName | LossFunction
    output: int | str | None
    has_target: bool

    def __post_init__(self) -> None:
        if not callable(self.loss) and self.loss not in LOSSES:
            raise GradsheetError(
                f"the loss is {self.loss!r}; expected {', '.join(get_args(LossName)[:-1])}, "
                f"{get_args(LossName)[-1]} or a function of output and target"
            )

    @property
    def name(self) -> str:
        """Of the loss."""
        if not callable(self.loss):
            return self.loss
        name = getattr(self.loss, "__name__", type(self.loss).__name__)
        return "a function of your own" if name == "<lambda>" else name

    @property
    def description(self) -> str:
        """How the loss is computed."""
        if callable(self.loss):
            name = "function" if self.name.startswith("a function") else self.name
            return f"L = {name}(output, target)"
        return DESCRIPTIONS[self.loss]

    @property
    def has_probabilities(self) -> bool:
        """Whether the outputs are logits of classes."""
        return self.loss == "cross-entropy"

    def __call__(self, found: Any, target: Any) -> Results:
        """The output, the loss and the probabilities."""
        output = self.chosen(found)
        if not self.has_target:
            shown = None
            if self.has_probabilities and _is_vector(output):
                shown = output.softmax(-1)
            return Results(output, None, shown)
        if callable(self.loss):
            given = output if self.output is not None else found
            total = self.loss(given, target)
        else:
            total = LOSSES[self.loss](output, target)
        if not isinstance(total, Tensor) or total.numel() != 1:
            raise GradsheetError(f"the loss {self.name} is not one number")
        return Results(output, total)

    def chosen(self, found: Any) -> Tensor:
        """The output among what a model returns.

        Raises:
            GradsheetError: there is none like that.
        """
        found = tree_map_only(Tensor, as_real, found) if _has_complex(found) else found
        if isinstance(found, Tensor):
            return found
        if isinstance(self.output, str):
            value = found.get(self.output) if isinstance(found, Mapping) else None
            value = getattr(found, self.output, None) if value is None else value
            if not isinstance(value, Tensor):
                raise GradsheetError(f"the model returns no tensor {self.output!r}")
            return value
        tensors = _tensors(found)
        if not tensors:
            raise GradsheetError(f"the model returns a {type(found).__name__} without a tensor")
        index = self.output or 0
        if not -len(tensors) <= index < len(tensors):
            raise GradsheetError(f"output {index} does not exist: there are {len(tensors)}")
        return tensors[index]

    def target(self, given: Target, output: Tensor) -> Any:
        """The target as the loss takes it, for this output.

        Raises:
            GradsheetError: it does not fit the output.
        """
        if callable(self.loss):
            if _is_numeric(given):
                return _as_tensor(given)
            return tree_map_only((Tensor, np.ndarray), _as_tensor, given)
        if self.loss == "sum":
            return None
        if self.loss in _OF_CLASSES:
            return _class_target(given, output)
        return _numbers(given, output)


def _has_complex(found: Any) -> bool:
    """Whether a model returns complex numbers, which are shown as pairs."""
    if isinstance(found, Tensor):
        return found.is_complex()
    return isinstance(found, tuple | list) and any(map(_has_complex, found))


def _is_vector(output: Tensor) -> bool:
    return output.numel() == output.shape[-1] > 1 if output.dim() else False


def _tensors(found: Any) -> list[Tensor]:
    """The tensors of numbers in what a model returns, in order."""
    if isinstance(found, Tensor):
        return [found] if found.is_floating_point() else []
    if isinstance(found, Mapping):
        found = found.values()
    elif hasattr(found, "__dataclass_fields__"):
        found = [getattr(found, name) for name in found.__dataclass_fields__]
    if isinstance(found, str) or not hasattr(found, "__iter__"):
        return []
    return [tensor for part in found for tensor in _tensors(part)]


def _is_numeric(given: Any) -> bool:
    """Whether it is one tensor, or numbers in lists."""
    return isinstance(given, Tensor | np.ndarray) or _is_nested_numbers(given)


def _is_nested_numbers(given: Any) -> bool:
    if isinstance(given, list | tuple):
        return all(_is_nested_numbers(part) for part in given)
    return isinstance(given, int | float)


def _as_tensor(given: Any) -> Tensor:
    try:
        found = torch.as_tensor(given).detach().cpu().clone()
    except (TypeError, ValueError, RuntimeError) as error:
        raise GradsheetError(f"the target is {given!r}; expected numbers") from error
    if found.is_floating_point():
        found = found.double()
        if not bool(torch.isfinite(found).all()):
            raise GradsheetError("the target: it holds NaN or infinity, which no cell can hold")
    return found


def _class_target(given: Any, output: Tensor) -> Tensor:
    """Class numbers, or a probability for each class."""
    target = _as_tensor(given)
    if not output.dim():
        raise GradsheetError("a loss over classes needs several outputs; there is one number")
    if target.is_floating_point() and target.numel() == output.numel() > 1:
        return target.reshape(output.shape)
    shape, classes = _class_shape(target, output)
    whole = not target.is_floating_point() and target.dtype != torch.bool
    if not whole or not bool(((target >= 0) & (target < classes) | (target == -100)).all()):
        raise GradsheetError(f"the class is {given}; expected 0 to {classes - 1}")
    return target.reshape(shape)


def _class_shape(target: Tensor, output: Tensor) -> tuple[tuple[int, ...], int]:
    """The shape of class numbers for an output, and the number of classes."""
    shape = tuple(output.shape)
    if len(shape) == 1:
        return (), _checked(target, 1, shape[0])
    second, last = (shape[0], *shape[2:]), shape[:-1]
    if target.numel() == int(np.prod(second)) and (
        len(shape) == 2 or tuple(target.shape)[-len(second[1:]) :] == second[1:]
    ):
        return second, shape[1]
    if target.numel() == int(np.prod(last)):
        return last, shape[-1]
    return second, _checked(target, int(np.prod(second)), shape[1])


def _checked(target: Tensor, count: int, classes: int) -> int:
    if target.numel() != count:
        raise GradsheetError(f"the target has {target.numel()} classes; expected {count}")
    return classes


def _numbers(given: Any, output: Tensor) -> Tensor:
    """A number for each output."""
    target = _as_tensor(given).double()
    if target.numel() != output.numel():
        raise GradsheetError(f"the target has {target.numel()} numbers; expected {output.numel()}")
    return target.reshape(output.shape)
