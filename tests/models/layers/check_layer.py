"""The conformance suite of layers: what every entry of the registry must pass."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gradsheet.models.agreement import differences
from gradsheet.models.build import ModelWorkbook
from gradsheet.models.ties import FirstOfTies
from gradsheet.models.trace import Trace, trace

LAST_BIT = 2.0**-52


@dataclass(frozen=True)
class Sample:
    """A module made of one layer, for the entry of the registry that it belongs to.

    Attributes:
        shape: of its input, without the batch dimension.
    """

    entry: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]

    @property
    def pools_maxima(self) -> bool:
        """Whether ties matter."""
        return self.entry == "MaxPool"


def check_layer(sample: Sample, folder: Path) -> None:
    """Values and gradients are torch's; the formulas, recalculated, agree; so they do over ties."""
    torch.manual_seed(0)
    model = nn.Sequential(sample.make(), nn.Flatten()).double().eval()
    x = torch.randn(sample.shape, dtype=torch.float64)
    check_values(model, x, folder)
    if sample.pools_maxima:
        bits = torch.randint(-2, 3, sample.shape).double()
        tied = check_values(model, 3 * (1 + LAST_BIT * bits), folder)
        exact = trace(model, torch.full(sample.shape, 3.0), target_of(model, x), "squared-error")
        assert tied.gradient is not None and exact.gradient is not None
        assert np.allclose(tied.gradient, exact.gradient, rtol=1e-12, atol=0)


def check_values(model: nn.Module, x: Tensor, folder: Path) -> Trace:
    """The trace of ``model`` on ``x``, compared with torch's autograd and recalculated."""
    target = target_of(model, x)
    given = x.clone().requires_grad_()
    model.zero_grad()
    with FirstOfTies():
        output = model(given.unsqueeze(0))[0]
    (((output - target) ** 2).sum() / 2).backward()
    book = ModelWorkbook(model, x, target, loss="squared-error")
    close(book.trace.output, output)
    assert given.grad is not None
    close(book.trace.gradient, given.grad)
    named = {
        f"{traced.path}.{name}": gradient
        for traced in book.trace.layers
        for name, gradient in (traced.parameter_gradients or {}).items()
    }
    parameters = dict(model.named_parameters())
    assert named.keys() == parameters.keys()
    for name, parameter in parameters.items():
        assert parameter.grad is not None
        close(named[name], parameter.grad)
    expected = book.write(folder / "layer.xlsx")
    found = differences(folder / "layer.xlsx", expected, "ironcalc")
    assert max(found.values()) < 1e-9, found
    return book.trace


def target_of(model: nn.Module, x: Tensor) -> Tensor:
    """Numbers for the squared error, so that all gradients differ."""
    with torch.no_grad():
        shape = model(x.unsqueeze(0))[0].shape
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def close(found: object, expected: Tensor) -> None:
    """Equal but for rounding."""
    wanted = expected.detach().numpy()
    assert isinstance(found, np.ndarray) and found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1e-12 * np.abs(wanted).max()
