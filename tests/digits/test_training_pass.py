"""The pass in training, in each layout, against ``DigitNet.forward`` and its backward pass."""

from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradsheet.digits import training_pass
from gradsheet.digits.model import ACTIVATIONS, Architecture, DigitNet
from gradsheet.digits.training_pass import Layout

ARCHITECTURES = [
    Architecture(activation, "pool-norm-activation", activate_last=last)  # type: ignore[arg-type]
    for activation in ACTIVATIONS
    for last in (False, True)
] + [Architecture("gelu", "pool-norm-activation", width=2)]

LAYOUTS = pytest.mark.parametrize("layout", get_args(Layout))


def pair(architecture: Architecture, dtype: torch.dtype) -> tuple[DigitNet, DigitNet]:
    """Two copies of one network whose batch norms do not stand at their start."""
    torch.manual_seed(3)
    one, other = (DigitNet(architecture).to(dtype).train() for _ in range(2))
    for parameter in one.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    other.load_state_dict(one.state_dict())
    return one, other


@LAYOUTS
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_it_is_the_same_function(architecture: Architecture, layout: Layout) -> None:
    """Outputs, every gradient and the running statistics, in float64."""
    one, other = pair(architecture, torch.float64)
    images = torch.randn(7, 1, 28, 28, dtype=torch.float64)
    labels = torch.arange(7)
    for _ in range(2):
        expected = one(images)
        found = training_pass.logits(other, images, torch.float64, layout)
        assert torch.allclose(found, expected, rtol=1e-11, atol=1e-11)
    for logits in (expected, found):
        F.cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
    for (name, p), q in zip(one.named_parameters(), other.parameters(), strict=True):
        assert p.grad is not None and q.grad is not None, name
        assert torch.allclose(q.grad, p.grad, rtol=1e-9, atol=1e-12), name
    for (name, b), c in zip(one.named_buffers(), other.buffers(), strict=True):
        assert torch.allclose(b, c, rtol=1e-11, atol=1e-13), name


@LAYOUTS
def test_it_is_the_same_function_when_evaluated(layout: Layout) -> None:
    one, other = pair(ARCHITECTURES[0], torch.float64)
    images = torch.randn(5, 1, 28, 28, dtype=torch.float64)
    one(images)
    other.load_state_dict(one.state_dict())
    expected = one.eval()(images)
    found = training_pass.logits(other.eval(), images, torch.float64, layout)
    assert torch.allclose(found, expected, rtol=1e-11, atol=1e-11)
    states = one.state_dict(), other.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_dropout_zeroes_whole_channels() -> None:
    one, _ = pair(Architecture("gelu", "pool-norm-activation", dropout=0.5), torch.float32)
    seen: list[Tensor] = []
    one.dropout.register_forward_hook(lambda module, inputs, output: seen.append(output))
    torch.manual_seed(0)
    training_pass.logits(one, torch.randn(4, 1, 28, 28), torch.float32, "channels-last")
    silent = (seen[0] == 0).flatten(2).all(2)
    assert 0.3 < float(silent.float().mean()) < 0.7


@LAYOUTS
def test_products_in_bfloat16_stay_near(layout: Layout) -> None:
    one, other = pair(ARCHITECTURES[-1], torch.float32)
    images = torch.randn(32, 1, 28, 28)
    with torch.no_grad():
        exact, near = one(images), training_pass.logits(other, images, torch.bfloat16, layout)
    assert near.dtype == torch.float32
    assert 0 < float((near - exact).abs().max()) < 0.1 * float(exact.std())


def test_only_pooling_first_can_be_laid_out_so() -> None:
    assert training_pass.applies_to(Architecture(order="pool-norm-activation"))
    assert not training_pass.applies_to(Architecture(order="activation-norm-pool"))


@pytest.mark.parametrize("width", [1, 2])
def test_the_first_statistics_are_those_of_the_feature_map(width: int) -> None:
    """In single precision, of images with as much background as digits have."""
    one, other = pair(Architecture("relu", "pool-norm-activation", width=width), torch.float32)
    images = torch.randn(64, 1, 28, 28).clamp_min(1.3) - 1.7
    with torch.no_grad():
        seen = one.conv1.double()(images.double())
    training_pass.logits(other, images, torch.float32, "channels-last")
    norm = nn.BatchNorm2d(8 * width).double()
    norm(seen)
    for found, expected in zip(other.norm1.buffers(), norm.buffers(), strict=True):
        assert torch.allclose(found.double(), expected.double(), rtol=1e-5, atol=1e-6)
