"""The pass in blocks against the network's own forward pass and autograd's backward pass."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gradsheet.digits import space_to_depth
from gradsheet.digits.model import ACTIVATIONS, Architecture, DigitNet

ARCHITECTURES = [
    Architecture(activation, "pool-norm-activation", activate_last=last)  # type: ignore[arg-type]
    for activation in ACTIVATIONS
    for last in (False, True)
] + [Architecture("gelu", "pool-norm-activation", width=2)]


def pair(architecture: Architecture, dtype: torch.dtype) -> tuple[DigitNet, DigitNet]:
    """Two copies of one network whose batch norms do not stand at their start."""
    torch.manual_seed(3)
    one, other = (DigitNet(architecture).to(dtype).train() for _ in range(2))
    for parameter in one.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    other.load_state_dict(one.state_dict())
    return one, other


def blocks(images: Tensor) -> Tensor:
    return space_to_depth.to_blocks(images.permute(0, 2, 3, 1))


def test_blocks_hold_four_neighbors() -> None:
    pixels = torch.arange(16.0).view(4, 4, 1)
    expected = [[[0, 1, 4, 5], [2, 3, 6, 7]], [[8, 9, 12, 13], [10, 11, 14, 15]]]
    assert space_to_depth.to_blocks(pixels).tolist() == expected
    two = torch.stack([pixels, pixels + 100], dim=-1).squeeze(2)
    assert space_to_depth.to_blocks(two)[0, 0].tolist() == [0, 100, 1, 101, 4, 104, 5, 105]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_it_is_the_same_function(architecture: Architecture) -> None:
    """Outputs, every gradient and the running statistics, in float64."""
    one, other = pair(architecture, torch.float64)
    images = torch.randn(7, 1, 28, 28, dtype=torch.float64)
    labels = torch.arange(7)
    for _ in range(2):
        expected = one(images)
        found = space_to_depth.logits(other, blocks(images), torch.float64)
        assert torch.allclose(found, expected, rtol=1e-11, atol=1e-11)
    for logits in (expected, found):
        F.cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
    for (name, p), q in zip(one.named_parameters(), other.parameters(), strict=True):
        assert p.grad is not None and q.grad is not None, name
        assert torch.allclose(q.grad, p.grad, rtol=1e-9, atol=1e-12), name
    for (name, b), c in zip(one.named_buffers(), other.buffers(), strict=True):
        assert torch.allclose(b, c, rtol=1e-11, atol=1e-13), name


def test_it_is_the_same_function_when_evaluated() -> None:
    one, other = pair(ARCHITECTURES[0], torch.float64)
    images = torch.randn(5, 1, 28, 28, dtype=torch.float64)
    one(images)
    other.load_state_dict(one.state_dict())
    expected = one.eval()(images)
    found = space_to_depth.logits(other.eval(), blocks(images), torch.float64)
    assert torch.allclose(found, expected, rtol=1e-11, atol=1e-11)
    states = one.state_dict(), other.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_dropout_zeroes_whole_channels() -> None:
    one, _ = pair(Architecture("gelu", "pool-norm-activation", dropout=0.5), torch.float32)
    seen: list[Tensor] = []
    one.dropout.register_forward_hook(lambda module, inputs, output: seen.append(output))
    torch.manual_seed(0)
    space_to_depth.logits(one, blocks(torch.randn(4, 1, 28, 28)), torch.float32)
    silent = (seen[0] == 0).flatten(2).all(2)
    assert 0.3 < float(silent.float().mean()) < 0.7


def test_products_in_bfloat16_stay_near() -> None:
    one, other = pair(ARCHITECTURES[-1], torch.float32)
    images = torch.randn(32, 1, 28, 28)
    with torch.no_grad():
        exact, near = one(images), space_to_depth.logits(other, blocks(images), torch.bfloat16)
    assert near.dtype == torch.float32
    assert 0 < float((near - exact).abs().max()) < 0.1 * float(exact.std())


def test_only_pooling_first_can_be_laid_out_so() -> None:
    assert space_to_depth.applies_to(Architecture(order="pool-norm-activation"))
    assert not space_to_depth.applies_to(Architecture(order="activation-norm-pool"))
