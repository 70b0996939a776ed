"""The gradients of a model's loss, taken by ``backward()`` and sorted by layer."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.layers.base import Array, Layer
from gradsheet.models.layers.joining import View
from gradsheet.models.trace.recognize import array, shape_text
from gradsheet.models.trace.records import LossName, Trace, TracedLayer
from gradsheet.models.trace.target import Target, checked_target, loss_of
from gradsheet.models.validation import check_finite


@dataclass(frozen=True, eq=False)
class Step:
    """A layer as it was run: its inputs and its output, with their batch dimension."""

    path: str
    layer: Layer | View
    sources: tuple[int, ...]
    inputs: list[Tensor]
    output: Tensor


def with_gradients(
    model: nn.Module,
    example: Tensor,
    steps: Sequence[Step],
    target: Target | None,
    loss: LossName,
) -> Trace:
    """The trace of a model that was run; with a ``target`` including all gradients.

    Raises:
        GradsheetError: the target does not fit the output, or a number is not finite.
    """
    for step in steps:
        if step.output.dim() not in (2, 4):
            raise GradsheetError(
                f"{step.path}: its output is {shape_text(step.output)}; expected (C, H, W) or (N,)"
            )
    checked = total = None
    if target is not None:
        checked = checked_target(target, steps[-1].output, loss)
        total = loss_of(steps[-1].output, checked)
        check_finite("the loss", "it", total)
        total.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        _check_gradients(model, steps)
    return Trace(
        type(model).__name__,
        array(example[0]),
        tuple(_traced(model, step, total is not None) for step in steps),
        checked,
        None if total is None else float(total.detach()),
        _gradient(example),
    )


def _traced(model: nn.Module, step: Step, with_loss: bool) -> TracedLayer:
    return TracedLayer(
        step.path,
        step.layer,
        step.sources,
        array(step.output[0]),
        _gradient(step.output),
        tuple(map(_gradient_or_zero, step.inputs)) if with_loss else None,
        _parameter_gradients(model, step.path),
    )


def _check_gradients(model: nn.Module, steps: Sequence[Step]) -> None:
    for step in steps:
        for tensor in (step.output, *step.inputs):
            if tensor.grad is not None:
                check_finite(step.path, "a gradient", tensor.grad)
    for path, parameter in model.named_parameters():
        if parameter.grad is not None:
            check_finite(path, "its gradient", parameter.grad)


def _parameter_gradients(model: nn.Module, path: str) -> dict[str, Array] | None:
    try:
        module = model.get_submodule(path)
    except AttributeError:
        return None
    return {
        name: array(parameter.grad)
        for name, parameter in module.named_parameters(recurse=False)
        if parameter.grad is not None
    }


def _gradient(tensor: Tensor) -> Array | None:
    return None if tensor.grad is None else array(tensor.grad[0])


def _gradient_or_zero(tensor: Tensor) -> Array:
    return array(torch.zeros_like(tensor[0]) if tensor.grad is None else tensor.grad[0])
