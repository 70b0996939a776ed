"""Normalizing flows."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from published_models import Case, published

FAMILY = "normalizing flow"


class RealNVP(nn.Module):
    """Affine coupling layers with alternating masks; returns z and the log determinant."""

    def __init__(self, dim: int, layers: int) -> None:
        super().__init__()
        mask = torch.arange(dim) % 2
        self.register_buffer("mask", torch.stack([mask, 1 - mask] * (layers // 2)).float())
        self.s = nn.ModuleList(
            [nn.Sequential(nn.Linear(dim, 6), nn.LeakyReLU(), nn.Linear(6, dim), nn.Tanh())
             for _ in range(layers)]
        )  # fmt: skip
        self.t = nn.ModuleList(
            [nn.Sequential(nn.Linear(dim, 6), nn.LeakyReLU(), nn.Linear(6, dim))
             for _ in range(layers)]
        )  # fmt: skip

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        log_det_j, z = x.new_zeros(x.shape[0]), x
        for i in reversed(range(len(self.t))):
            z_ = self.mask[i] * z
            s = self.s[i](z_) * (1 - self.mask[i])
            t = self.t[i](z_) * (1 - self.mask[i])
            z = (1 - self.mask[i]) * (z - t) * torch.exp(-s) + z_
            log_det_j -= s.sum(dim=1)
        return z, log_det_j


@published(FAMILY)
def real_nvp() -> Case:
    def negative_log_likelihood(output: Any, _: Any) -> Any:
        z, log_det = output
        log_prob = -0.5 * (z**2).sum(1) - math.log(2 * math.pi)
        return -(log_prob + log_det).mean()

    return Case(RealNVP(2, 4), torch.randn(3, 2), None, negative_log_likelihood)


class PlanarFlow(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(1, dim) * 0.5)
        self.u = nn.Parameter(torch.randn(1, dim) * 0.5)
        self.b = nn.Parameter(torch.zeros(1))

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        linear = torch.mm(z, self.w.T) + self.b
        f_z = z + self.u * torch.tanh(linear)
        psi = (1 - torch.tanh(linear) ** 2) * self.w
        log_det = torch.log((1 + torch.mm(self.u, psi.T)).abs() + 1e-4)
        return f_z, log_det.squeeze(0)


@published(FAMILY)
def planar_flow() -> Case:
    def loss(output: Any, _: Any) -> Any:
        f_z, log_det = output
        return (0.5 * f_z.pow(2).sum(1) - log_det).mean()

    return Case(PlanarFlow(3), torch.randn(2, 3), None, loss)
