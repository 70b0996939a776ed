"""Muon against singular value decompositions and against torch's own for matrices."""

import pytest
import torch

from gradsheet.digits.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(16, 200), (32, 16), (24, 24)])
def test_singular_values_come_near_one_and_vectors_stay(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape, dtype=torch.float64)
    u, values, v = torch.linalg.svd(matrix, full_matrices=False)
    turned = u.T @ orthogonal(matrix) @ v.T
    assert values.max() / values.min() > 1.5
    assert 0.6 < float(turned.diag().min()) <= float(turned.diag().max()) < 1.3
    assert float((turned - turned.diag().diag()).abs().max()) < 1e-9


def test_steps_are_those_of_torchs_muon() -> None:
    """Matrices only there, computed in bfloat16; decay and Nesterov momentum alike."""
    torch.manual_seed(1)
    start = torch.randn(24, 32)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    one = Muon([ours], lr=0.1, momentum=0.9, weight_decay=0.2)
    other = torch.optim.Muon(
        [theirs], lr=0.1, momentum=0.9, weight_decay=0.2, adjust_lr_fn="original"
    )
    for _ in range(3):
        gradient = torch.randn(24, 32)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        one.step()
        other.step()  # type: ignore[no-untyped-call]
    assert float((ours - theirs).detach().abs().max()) < 0.01
    assert float((ours - start).detach().abs().max()) > 0.1


def test_a_convolution_is_a_matrix_of_its_outputs() -> None:
    torch.manual_seed(2)
    kernel = torch.nn.Parameter(torch.randn(16, 8, 5, 5))
    matrix = torch.nn.Parameter(kernel.detach().flatten(1).clone())
    gradient = torch.randn(16, 8, 5, 5)
    kernel.grad, matrix.grad = gradient, gradient.flatten(1)
    Muon([kernel], lr=0.02).step()
    Muon([matrix], lr=0.02).step()
    assert torch.equal(kernel.detach().flatten(1), matrix.detach())
