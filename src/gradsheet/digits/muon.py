"""Muon: an optimizer for weight matrices, which makes the momentum orthogonal."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

# Newton-Schulz coefficients and number of iterations of the source.
_A, _B, _C, _ITERATIONS = 3.4445, -4.7750, 2.0315, 5


class Muon(torch.optim.Optimizer):
    """Optimizer whose steps have singular values near 1, so that no direction of a weight lags.

    A convolution's weight (O, I, h, w) counts as the matrix (O, I h w). Weight decay is decoupled.
    Source: K. Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024).
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no closure is needed
        """Update every weight that has a gradient."""
        del closure
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._update(
                        weight, **{k: group[k] for k in ("lr", "momentum", "weight_decay")}
                    )

    def _update(self, weight: Tensor, lr: float, momentum: float, weight_decay: float) -> None:
        state = self.state[weight]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(weight)
        average: Tensor = state["momentum_buffer"]
        average.lerp_(weight.grad, 1 - momentum)  # type: ignore[arg-type]  # there is a gradient
        ahead = weight.grad.lerp(average, momentum)  # type: ignore[union-attr]  # Nesterov's
        step = orthogonal(ahead.flatten(1))
        rows, columns = step.shape
        weight.mul_(1 - lr * weight_decay)
        weight.add_(step.view_as(weight), alpha=-lr * max(1.0, rows / columns) ** 0.5)


def orthogonal(matrix: Tensor) -> Tensor:
    """The matrix (n, m) with the same singular vectors and all singular values near 1."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x: Tensor = wide / (wide.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.T
        square = torch.addmm(gram, gram, gram, beta=_B, alpha=_C)
        x = torch.addmm(x, square, x, beta=_A)
    return x if wide is matrix else x.T
