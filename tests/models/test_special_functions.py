"""Less common functions, each beside torch: values, gradients and recalculated formulas."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, distributions

from gradsheet.errors import GradsheetError
from gradsheet.models.build import write_model_workbook
from tests.models.check_model import Several, check_model

DRAWN = torch.tensor([[[0.2, 0.7, 0.4], [0.9, 0.1, 0.6]]], dtype=torch.float64)
EDGES = torch.tensor([-0.5, 0.0, 0.5])


def evidence(x: Tensor) -> Tensor:
    """The log-densities of evidential heads."""
    kinds: Any = (distributions.Gamma, distributions.Beta)
    gamma, beta = (kind(x[0].exp(), x[1].exp()) for kind in kinds)
    dirichlet: Any = distributions.Dirichlet(x.exp())
    found = [
        gamma.log_prob(x[0].abs() + 0.1),
        beta.log_prob(x[0].sigmoid()),
        dirichlet.log_prob(x.softmax(1)),
        F.poisson_nll_loss(x[0], x[1].abs() * 4 + 1.5, full=True)[None],
    ]
    return torch.cat(found)


FUNCTIONS: dict[str, list[Callable[[Tensor], Tensor]]] = {
    "gamma": [evidence, lambda x: torch.digamma(x.abs() * 20 + 1e-3)],
    "pairs": [
        F.pdist,
        lambda x: torch.hypot(x[0], x[1]),
        lambda x: torch.copysign(x[0], x[1]),
        lambda x: torch.special.entr(x.sigmoid()),
        lambda x: torch.addbmm(x, x.reshape(4, 2, 2), x.reshape(4, 2, 2).repeat(1, 1, 4)),
    ],
    "edges": [
        lambda x: torch.bucketize(x, EDGES) * x,
        lambda x: torch.searchsorted(x.sort(1)[0], x, side="right") * x,
        lambda x: ((x > 0) ^ (x < 1)) * x,
    ],
    "drawn windows": [
        lambda x: F.fractional_max_pool2d(
            x.reshape(1, 2, 2, 4), (1, 2), (1, 2), _random_samples=DRAWN[..., :2]
        ),
        lambda x: F.fractional_max_pool3d(
            x.reshape(1, 1, 2, 2, 4), (1, 1, 2), (1, 1, 2), _random_samples=DRAWN[:, :1]
        ),
    ],
    "placed": [
        lambda x: x.masked_scatter(x > 0, x * 2),
        lambda x: x.put(torch.tensor([1, -1]), x[0, :2] * 2),
        lambda x: x.put(torch.tensor([1, 1]), x[0, :2] * 2, accumulate=True),
    ],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    check_model(Several(FUNCTIONS[name]), torch.randn(2, 8), folder=tmp_path)


def test_a_model_whose_backward_cannot_run(tmp_path: Path) -> None:
    model = Several([lambda x: x // 0.3 * x])
    with pytest.raises(GradsheetError, match=r"its own backward\(\) cannot run \(derivative for"):
        write_model_workbook(model, torch.randn(2, 3), tmp_path / "a.xlsx", loss="sum")
