"""Complex numbers: pairs of cells, whose gradients are torch's."""

import math
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.build import write_model_workbook
from tests.models.check_model import Several, check_model


def pairs(x: Tensor) -> Tensor:
    """Three complex numbers of six real ones."""
    return torch.view_as_complex(x.reshape(-1, 3, 2))


def real(z: Tensor) -> Tensor:
    return torch.view_as_real(z.resolve_conj())


def test_arithmetic(tmp_path: Path) -> None:
    def spelled(x: Tensor) -> Tensor:
        z, factor = pairs(x), torch.tensor([1 + 2j, -1j, 0.5])
        found = [z * z.flip(1), z / z.roll(1, 1), 1j * z + x[:, :3], z * factor - 2, 1 - z / 2,
                 x[:, :3] * 2j / z, z.conj() * z, z**3, 1 / z, z.conj().imag + z.real * 1j,
                 -z.mean() + z.sum(1, keepdim=True), z.cumsum(1), z[0].diag(),
                 torch.where(x[:, :3] > 0, z, 0)]  # fmt: skip
        return torch.cat([real(part).reshape(-1) for part in found])

    check_model(Several([spelled]), torch.randn(2, 6), folder=tmp_path)


def test_functions(tmp_path: Path) -> None:
    def spelled(x: Tensor) -> Tensor:
        z = pairs(x)
        found = [z.exp(), z.log(), z.sqrt(), z.sgn(), torch.polar(x.abs() + 1, x),
                 torch.complex(x, x.flip(1)).abs() * (1 + 0j), z.clone().conj().T @ z, z @ z.mT,
                 torch.einsum("bi,ci->bc", z, z.conj())]  # fmt: skip
        parts = [real(part).reshape(-1) for part in found]
        return torch.cat([*parts, z.abs().reshape(-1), z.angle().reshape(-1), z.norm()[None]])

    check_model(Several([spelled]), torch.randn(2, 6), folder=tmp_path)


def test_arctangent_of_two_in_every_quadrant(tmp_path: Path) -> None:
    check_model(Several([lambda x: torch.atan2(x, x.roll(1, 1))]),
                torch.tensor([[1.0, 2.0, -0.5, -3.0, 0.25]]), folder=tmp_path)  # fmt: skip


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_fourier_transforms(norm: Any, tmp_path: Path) -> None:
    def spelled(x: Tensor) -> Tensor:
        z = torch.fft.fft(x, norm=norm)
        found = [z, torch.fft.ifft(z * z, norm=norm), torch.fft.rfft2(x, norm=norm),
                 torch.fft.rfft(x, n=8, dim=1, norm=norm), torch.fft.fft2(z, norm=norm),
                 torch.fft.fftshift(torch.fft.ifft(x, norm=norm))]  # fmt: skip
        back = [torch.fft.irfft2(found[2] ** 2, s=(3, 5), norm=norm), torch.fft.hfft(z, norm=norm)]
        return torch.cat([*(real(p).reshape(-1) for p in found), *(p.reshape(-1) for p in back)])

    check_model(Several([spelled]), torch.randn(3, 5), folder=tmp_path)


class Spectral(nn.Module):
    """A layer of a Fourier neural operator: complex weights of the lowest frequencies."""

    phase: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(2, 3, 2, dtype=torch.cfloat))
        self.register_buffer("phase", torch.exp(1j * torch.arange(4)))

    def forward(self, x: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(x)
        found = torch.zeros(len(x), 3, x.shape[-1] // 2 + 1, dtype=torch.cfloat)
        found[..., :2] = torch.einsum("bix,iox->box", spectrum[..., :2], self.weight)
        result: Tensor = torch.fft.irfft(found * self.phase, n=x.shape[-1])
        return result


def test_complex_parameters_take_a_step(tmp_path: Path) -> None:
    """The loss before and after the step is that of torch with an optimizer of its own."""
    model, x = Spectral(), torch.randn(1, 2, 6, dtype=torch.float64)
    target = torch.randn(1, 3, 6, dtype=torch.float64)
    write_model_workbook(model, x, tmp_path / "a.xlsx", target, loss="squared-error")
    weight = model.weight.detach().to(torch.complex128).requires_grad_()
    step = torch.optim.SGD([weight], lr=0.1)
    page = openpyxl.load_workbook(tmp_path / "a.xlsx", data_only=True)["Overview"]
    found = {row[3]: row[4] for row in page.values if row[3]}
    for name in ("loss", "loss after the step"):
        spectrum = torch.fft.rfft(x)[..., :2]
        part = torch.einsum("bix,iox->box", spectrum, weight)
        part = part * torch.exp(1j * torch.arange(2, dtype=torch.float64))
        output = torch.fft.irfft(torch.cat([part, 0 * part], -1), n=6)
        loss = ((output - target) ** 2).sum() / 2
        step.zero_grad()
        loss.backward()
        step.step()
        assert found[name] == pytest.approx(float(loss.detach()), rel=1e-6)


class Rotary(nn.Module):
    """Rotations of pairs by the position, as Llama's code has them."""

    def __init__(self) -> None:
        super().__init__()
        angles = torch.outer(torch.arange(4.0), 1 / 100 ** (torch.arange(2) / 2))
        self.rotations = torch.polar(torch.ones_like(angles), angles)  # a plain attribute
        self.query, self.key = nn.Linear(4, 4, False), nn.Linear(4, 4, False)

    def forward(self, x: Tensor) -> Tensor:
        def turned(q: Tensor) -> Tensor:
            z = torch.view_as_complex(q.float().reshape(*q.shape[:-1], -1, 2)) * self.rotations
            return torch.view_as_real(z).flatten(-2).type_as(q)

        scores = turned(self.query(x)) @ turned(self.key(x)).mT / math.sqrt(4)
        return scores.softmax(-1) @ x


def test_rotary_embedding(tmp_path: Path) -> None:
    write_model_workbook(Rotary(), torch.randn(1, 4, 4), tmp_path / "a.xlsx", loss="sum")


def test_complex_output_is_shown_as_pairs(tmp_path: Path) -> None:
    write_model_workbook(Several([torch.fft.rfft]), torch.randn(1, 4), tmp_path / "a.xlsx",
                         torch.randn(3, 2), loss="mean-squared-error")  # fmt: skip


def test_what_has_no_formulas_is_refused(tmp_path: Path) -> None:
    message = "torch's tanh of complex numbers has no formulas yet"
    with pytest.raises(GradsheetError, match=message):
        write_model_workbook(Several([lambda x: torch.complex(x, x).tanh().real]),
                             torch.randn(2, 2), tmp_path / "a.xlsx", loss="sum")  # fmt: skip
