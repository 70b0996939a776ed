"""The conformance suite: what every model that opens must pass."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradsheet.models.agreement import differences
from gradsheet.models.build import ModelWorkbook
from gradsheet.models.ties import FirstOfTies


class Several(nn.Module):
    """Modules or functions of the same inputs, their results one after another."""

    def __init__(self, parts: list[Callable[..., Any]]) -> None:
        super().__init__()
        self.modules_ = nn.ModuleList([p for p in parts if isinstance(p, nn.Module)])
        self.functions = [p for p in parts if not isinstance(p, nn.Module)]

    def forward(self, *x: Tensor) -> Tensor:
        found = [part(*x) for part in (*self.modules_, *self.functions)]
        return torch.cat([_tensor(part).reshape(-1) for part in found])


def _tensor(found: Any) -> Tensor:
    return found if isinstance(found, Tensor) else found[0]


def weighted(output: Tensor, target: Tensor) -> Tensor:
    """A loss whose gradients all differ."""
    return ((output - target) ** 2).sum() / 2 + (output**3).sum() / 7


def check_model(
    model: nn.Module, *x: Tensor, folder: Path, train: bool = False, most: float = 1e-9
) -> ModelWorkbook:
    """Values and gradients are torch's; the formulas, recalculated, agree."""
    torch.manual_seed(0)
    wide = copy.deepcopy(model).double().train(train)
    given = [t.double().clone().requires_grad_() if t.is_floating_point() else t.clone() for t in x]
    with FirstOfTies():
        output = _tensor(wide(*given))
        target = torch.randn(output.shape, dtype=torch.float64)
        weighted(output, target).backward()  # type: ignore[no-untyped-call]
    book = ModelWorkbook(model, x, target, loss=weighted, output=0, train=train)
    close(book.numbers.of(book.grouped.output), output)
    for node, tensor in zip(book.grouped.inputs, given, strict=False):
        if tensor.grad is not None:
            close(book.numbers.loss_by(node.ids), tensor.grad)
    for name, parameter in wide.named_parameters():
        if parameter.grad is not None:
            close(book.numbers.loss_by(book.grouped.parameters[name].ids), parameter.grad)
    expected = book.write(folder / "model.xlsx")
    found = differences(folder / "model.xlsx", expected, "ironcalc")
    assert max(found.values()) < most, {k: v for k, v in found.items() if v >= most}
    return book


def close(found: Any, expected: Tensor) -> None:
    """Equal but for rounding."""
    wanted, found = expected.detach().numpy(), np.asarray(found)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1e-11 * max(1.0, np.abs(wanted).max())
