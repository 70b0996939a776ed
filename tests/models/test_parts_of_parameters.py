"""Operands that are a part of a parameter, turned, flipped or repeated: kernels, for one."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.models.check_model import check_model

Function = Callable[[Tensor, Tensor, Tensor], Tensor]

CASES: dict[str, tuple[tuple[int, ...], Function]] = {
    "part": ((3, 2, 2, 2), lambda w, b, x: F.conv2d(x, w[:2], b[::3])),
    "turned": ((2, 3, 2), lambda w, b, x: F.conv2d(x, w.permute(1, 0, 2)[..., None])),
    "flipped": ((2, 2, 3, 2), lambda w, b, x: F.conv2d(x, w.flip(2)) + F.conv2d(x, w)),
    "repeated": ((1, 1, 2, 3), lambda w, b, x: F.conv2d(x, w.repeat(1, 2, 1, 1))),
    "each channel": ((1, 1, 2, 2), lambda w, b, x: F.conv2d(x, w.expand(2, 1, 2, 2), groups=2)),
    "transposed": ((2, 3, 2, 2), lambda w, b, x: F.conv_transpose2d(x, w[:, 1:], b[:2])),
    "put together": ((1, 2, 2, 2), lambda w, b, x: F.conv2d(x, torch.cat([w, w.mT, w * 2]))),
    "one dimension": ((2, 2, 3), lambda w, b, x: F.conv1d(x[..., 0], w.flip(2))),
    "channels": ((3, 2, 2, 2), lambda w, b, x: w[1] * b[:2, None, None] * x[..., :2, 1:3]),
    "input": ((1, 2, 4, 4), lambda w, b, x: F.conv2d(w.flip(2), x[..., :2, :], padding=1)),
}


class Convolves(nn.Module):
    """A function of a weight, a bias and the input."""

    def __init__(self, shape: tuple[int, ...], function: Function) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(shape)), nn.Parameter(torch.randn(6))
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.weight, self.bias, x)


@pytest.mark.parametrize("name", CASES)
def test_kernels_from_views(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    check_model(Convolves(*CASES[name]), torch.randn(1, 2, 4, 4), folder=tmp_path)
