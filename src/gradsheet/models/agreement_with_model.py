"""A graph compared with the model that it was recorded from, before anything is written.

The model itself runs, as it was given, in float64, and its own ``backward()`` gives its gradients:
at the example, and at two others that are drawn near it.
"""

import copy
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradsheet.errors import GradsheetError, reason
from gradsheet.models.capture.capture import Call, Loss, run
from gradsheet.models.capture.complex_numbers import as_real
from gradsheet.models.capture.float64 import in_float64
from gradsheet.models.capture.recorder import plain_paths
from gradsheet.models.graph import Node
from gradsheet.models.grouping import Grouped
from gradsheet.models.primitives.leaves import Input
from gradsheet.models.run import Array, Numbers, Runner
from gradsheet.models.ties import FirstOfTies

_SAME = 1e-9
"""The difference allowed between two computations, relative to the largest number of a tensor."""

_ROUNDING = 1e-11
"""Likewise, relative to the largest number of all: gradients that cancel are rounding errors."""

_FILLED = 1e6
"""Larger numbers, such as a mask fills in, are compared with themselves alone."""

_NOTHING = 1e-15
"""Likewise, relative to the largest gradient within the model: all may cancel to rounding errors,
as those of a sum of probabilities do."""

_SCALES = (0.03, 1e-3, 3e-5)
"""How far the other examples are from the given one: much farther than ``_SAME`` in any case."""


@dataclass(frozen=True, eq=False)
class Own:
    """What a model computes by itself.

    Attributes:
        output: of the model.
        loss: its value; None without one.
        gradients: of the loss, by each input (by its index) and parameter (by its name).
    """

    output: Array
    loss: float | None
    gradients: Mapping[str | int, Array | None]


def own_results(model: nn.Module, call: Call, loss: Loss) -> Own:
    """The model's own results, on a copy of it; ties are broken as the sheets break them."""
    model = copy.deepcopy(model)
    with in_float64(), plain_paths(), FirstOfTies():
        given = len(call.tensors) - call.targets
        tensors = [
            t.clone().requires_grad_(t.is_floating_point() and index < given)
            for index, t in enumerate(call.tensors)
        ]
        found = run(model, call.replaced([t.clone() for t in tensors]), loss)
        if found.loss is not None and found.loss.requires_grad:
            try:
                found.loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            except RuntimeError as error:
                raise GradsheetError(
                    f"{type(model).__name__}: its own backward() cannot run ({reason(error)})"
                ) from error
    gradients: dict[str | int, Array | None] = dict(enumerate(map(_gradient, tensors)))
    for name, parameter in model.named_parameters():
        gradients[name] = _gradient(parameter)
    total = None if found.loss is None else float(found.loss.detach())
    return Own(found.output.detach().double().numpy(), total, gradients)


def _gradient(tensor: Tensor) -> Array | None:
    return None if tensor.grad is None else as_real(tensor.grad.to_dense()).double().numpy()


def leaves_of(grouped: Grouped, call: Call, model: nn.Module) -> dict[Node, Tensor]:
    """The tensors of a graph's inputs and parameters."""
    own, tensors = dict(model.named_parameters()), call.tensors
    found = {node: tensors[index_of(node)] for node in grouped.inputs}
    return found | {n: as_real(own[name].detach()) for name, n in grouped.parameters.items()}


def index_of(node: Node) -> int:
    """Which tensor of the call an input is."""
    assert isinstance(node.primitive, Input)
    return node.primitive.index


def check_against(
    model: nn.Module,
    call: Call,
    loss: Loss,
    grouped: Grouped,
    functions: Sequence[str],
    decides: bool = False,
) -> Numbers:
    """Compare a graph with its model at the example and at two others; its numbers.

    Args:
        model: in float64.
        call: what it is called with.
        loss: of its output.
        grouped: its graph, as it is written.
        functions: the custom autograd functions that ran.
        decides: whether values of the input decide what is computed; the other examples are then
            so near that they decide alike.

    Raises:
        GradsheetError: they differ.
    """
    runner = Runner(grouped.graph)

    def numbers(given: Call) -> Numbers:
        return runner.run(leaves_of(grouped, given, model), grouped.loss)

    def differing(scale: float, seed: int) -> str | None:
        other = perturbed(call, seed, _fixed(grouped), scale)
        try:
            theirs = own_results(model, other, loss)
        except Exception:  # a model may refuse what is not its example
            return None
        return _differing(grouped, numbers(other), theirs) if _is_finite(theirs) else None

    own = own_results(model, call, loss)
    found = numbers(call)
    _check_example(model, grouped, found, own, functions)
    for seed in (1, 2):
        worst = None
        for scale in _SCALES if decides else _SCALES[:1]:
            worst = differing(scale, seed)
            if worst is None:
                break
        if worst is not None:
            raise GradsheetError(
                f"{type(model).__name__}: with its input changed a little it computes something "
                f"else than the operations that it ran on the example ({worst}): which formulas "
                "hold depends on the values of the input"
            )
    return found


def _fixed(grouped: Grouped) -> set[int]:
    """The inputs that are constants."""
    given = [node.primitive for node in grouped.inputs]
    return {p.index for p in given if isinstance(p, Input) and p.is_fixed}


def perturbed(call: Call, seed: int, fixed: Container[int] = (), scale: float = _SCALES[0]) -> Call:
    """Another example near the given one: numbers changed a little, whole ones mixed."""
    draw = torch.Generator().manual_seed(seed)
    changed = []
    for index, tensor in enumerate(call.tensors):
        if index >= len(call.tensors) - call.targets or index in fixed:
            changed.append(tensor)
        elif tensor.is_floating_point():
            noise = torch.randn(tensor.shape, generator=draw, dtype=torch.float64)
            spread = tensor.std() if tensor.numel() > 1 else tensor.abs().max()
            more = scale * noise * (spread if seed % 2 == 0 else tensor)
            changed.append(tensor + more)
        else:
            order = torch.randperm(tensor.numel(), generator=draw)
            mixed = tensor.reshape(-1)[order].reshape(tensor.shape)
            changed.append(mixed if tensor.dtype != torch.bool else tensor)
    return call.replaced(changed)


def _is_finite(own: Own) -> bool:
    arrays = [own.output, *(g for g in own.gradients.values() if g is not None)]
    return all(bool(np.isfinite(a).all()) for a in arrays)


def _check_example(
    model: nn.Module, grouped: Grouped, found: Numbers, own: Own, functions: Sequence[str]
) -> None:
    name = type(model).__name__
    if not _is_finite(own) or not (own.loss is None or np.isfinite(own.loss)):
        what = "its output" if not np.isfinite(own.output).all() else "its loss or a gradient"
        raise GradsheetError(
            f"{name}: {what} holds NaN or infinity, which no cell can hold; check the weights, the "
            "running statistics and the scale of the input"
        )
    if not _alike(found.of(grouped.output), own.output, 0.0):
        raise GradsheetError(
            f"{name}: its operations, run one by one, give another output than the model; use "
            "no state that changes from run to run"
        )
    _check_finite(name, grouped, found)
    worst = _differing(grouped, found, own)
    if worst is not None:
        raise GradsheetError(f"{worst}: {_why(model, functions)}")


def _check_finite(name: str, grouped: Grouped, found: Numbers) -> None:
    """Every number on the way must fit a cell as well, and every gradient."""
    for node in grouped.graph.nodes:
        if not np.isfinite(found.of(node.ids)).all():
            raise GradsheetError(
                f"{node.where.path or name}: {node.primitive.name} gives NaN or infinity, which no "
                "cell can hold; check the scale of the input and the weights"
            )
    for node in reversed(grouped.graph.nodes):
        if not np.isfinite(found.loss_by(node.ids)).all():
            raise GradsheetError(
                f"{node.where.path or name}: the gradient by the result of {node.primitive.name} "
                "is NaN or infinity, which no cell can hold; a square root has none at 0, for one"
            )


def _differing(grouped: Grouped, found: Numbers, own: Own) -> str | None:
    """What differs first: the output, the loss, or the name of a gradient."""
    if not _alike(found.of(grouped.output), own.output, 0.0):
        return "the output"
    if grouped.loss is None or own.loss is None:
        return None
    total = found.of(grouped.loss)
    if not _alike(total, np.full(total.shape, own.loss), 0.0):
        return "the loss"
    sizes = [float(np.abs(g).max(initial=0)) for g in own.gradients.values() if g is not None]
    within = float(np.abs(found.gradients).max(initial=0))
    floor = max(_ROUNDING * max(sizes, default=0.0), _NOTHING * within)
    nodes: dict[str | int, Node] = {index_of(node): node for node in grouped.inputs}
    nodes.update(grouped.parameters)
    for key, gradient in sorted(own.gradients.items(), key=lambda item: isinstance(item[0], int)):
        node = nodes.get(key)
        ours = None if node is None else found.loss_by(node.ids)
        given = [array for array in (ours, gradient) if array is not None]
        if not given:
            continue
        none = np.zeros_like(given[0])
        if not _alike(
            none if ours is None else ours, none if gradient is None else gradient, floor
        ):
            return f"the gradient of {node.name}" if node and isinstance(key, int) else str(key)
    return None


def _alike(found: Array, expected: NDArray[np.float64], floor: float) -> bool:
    if found.shape != expected.shape:
        return False
    sizes = np.abs(expected)
    scale = np.maximum(sizes, min(float(sizes.max(initial=0)), _FILLED))
    return bool((np.abs(found - expected) <= np.maximum(_SAME * scale, floor)).all())


def _why(model: nn.Module, functions: Sequence[str]) -> str:
    """Why the gradient of a model may be another than that of its operations."""
    for path, module in model.named_modules():
        if module._backward_hooks or module._backward_pre_hooks:
            return (
                f"the backward hook of {path or type(model).__name__} changes its gradient, which "
                "has no formulas; remove the hook"
            )
    if functions:
        names = ", ".join(dict.fromkeys(functions))
        return (
            f"its gradient by the custom autograd function {names} is not that of the operations, "
            "and has no formulas"
        )
    return "the model's own backward() gives another gradient than its operations"
