"""Systems of equations, determinants and factors of matrices, by elimination."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from tests.models.check_model import Several, check_model


def positive(x: Tensor) -> Tensor:
    """Two positive definite matrices of a matrix each."""
    a = x.reshape(2, 3, 3)
    return a @ a.mT + torch.eye(3)


def test_systems_and_determinants(tmp_path: Path) -> None:
    """The largest number of a column is no first one: rows are exchanged."""
    solve, det = torch.linalg.solve, torch.linalg.det
    functions = [
        lambda x: solve(x.reshape(2, 3, 3), x.reshape(2, 3, 3).sin()),
        lambda x: solve(x[0].reshape(3, 3), x[1, :3]),
        lambda x: solve(x[0].reshape(3, 3), x.reshape(6, 3), left=False),
        lambda x: torch.inverse(x.reshape(2, 3, 3)),
        lambda x: det(x.reshape(2, 3, 3)),
        lambda x: torch.linalg.slogdet(x.reshape(2, 3, 3))[1],
    ]
    torch.manual_seed(3)
    check_model(Several(functions), torch.randn(2, 9), folder=tmp_path)


def test_cholesky_factors(tmp_path: Path) -> None:
    """As a Gaussian process and a multivariate normal distribution take them."""

    def normal(x: Tensor) -> Tensor:
        around: Any = torch.distributions.MultivariateNormal(x[0, :3], positive(x)[0])
        found: Tensor = around.log_prob(x[1, :3])
        return found

    cholesky = torch.linalg.cholesky
    functions = [
        lambda x: cholesky(positive(x)),
        lambda x: torch.cholesky_solve(x.reshape(2, 3, 3), cholesky(positive(x))),
        lambda x: cholesky(positive(x), upper=True) @ x.reshape(2, 3, 3),
        lambda x: torch.logdet(positive(x)),
        normal,
    ]
    torch.manual_seed(0)
    check_model(Several(functions), torch.randn(2, 9), folder=tmp_path)


def test_exponential_of_a_matrix(tmp_path: Path) -> None:
    """Small and large ones; torch's orthogonal parametrization is one of a skew matrix."""
    torch.manual_seed(0)
    functions = [lambda x: torch.matrix_exp(x.reshape(2, 3, 3)),
                 lambda x: torch.matrix_exp(x[0].reshape(3, 3) / 99)]  # fmt: skip
    check_model(Several(functions), torch.randn(2, 9), folder=tmp_path)
    square = parametrizations.orthogonal(nn.Linear(3, 3))
    check_model(nn.Sequential(square, nn.Tanh()), torch.randn(2, 3), folder=tmp_path)
