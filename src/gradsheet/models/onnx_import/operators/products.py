"""Matrix products."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def gemm(
    a: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    trans_a: int = 0,
    trans_b: int = 0,
) -> Tensor:
    """α·a·weight + β·bias."""
    a = a.T if trans_a else a
    if alpha == beta == 1 and trans_b and (bias is None or bias.ndim == 1):
        return F.linear(a, weight, bias)
    product = a @ (weight.T if trans_b else weight)
    product = product if alpha == 1 else alpha * product
    return product if bias is None else product + (bias if beta == 1 else beta * bias)


def einsum(*tensors: Tensor, equation: str) -> Tensor:
    """A sum of products by Einstein's notation."""
    return torch.einsum(equation, *tensors)


OPERATORS: dict[str, Callable[..., Any]] = {
    "Det": lambda x: torch.linalg.det(x),
    "Einsum": einsum,
    "Gemm": gemm,
    "MatMul": lambda x, weight: torch.matmul(x, weight),
}
