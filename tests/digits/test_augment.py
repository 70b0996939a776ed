"""Random augmentation against what each transform must do."""

import math
from dataclasses import replace

import pytest
import torch

from gradsheet.digits.augment import Distortion, RandomAugmentation, _random_matrices


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


STILL = Distortion(degrees=0, shear=0, pixels=0, scale=0)
USUAL = Distortion(degrees=10, shear=5, pixels=2, scale=0.1)


def augmentation(limits: Distortion) -> RandomAugmentation:
    return RandomAugmentation(limits, 28, torch.device("cpu"))


def test_no_limits_no_change() -> None:
    images = torch.rand(5, 28, 28)
    assert torch.allclose(augmentation(STILL)(images, draws()), images, atol=1e-5)


def test_a_seed_fixes_the_result_and_images_differ() -> None:
    images = torch.rand(1, 28, 28).expand(6, 28, 28)
    first, again = (augmentation(USUAL)(images, draws(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.allclose(first[0], first[1], atol=1e-3)
    assert not torch.equal(first, augmentation(USUAL)(images, draws(4)))


def test_movement_stays_within_its_limit() -> None:
    images = torch.zeros(300, 28, 28)
    images[:, 14, 14] = 1.0
    moved = augmentation(Distortion(0, 0, pixels=3, scale=0))(images, draws())
    axis = torch.arange(28.0)
    mass = moved.sum(dim=(1, 2))
    x = (moved.sum(dim=1) @ axis) / mass - 14
    y = (moved.sum(dim=2) @ axis) / mass - 14
    assert mass == pytest.approx(torch.ones(300), abs=1e-4)
    for offsets in (x, y):
        assert float(offsets.abs().max()) <= 3.001
        assert float(offsets.max()) > 2.7
        assert float(offsets.min()) < -2.7


def test_elastic_augmentation_moves_each_point_smoothly_by_its_deviation() -> None:
    """The image's value is its x: the augmented value is the x that was sampled."""
    size = 28
    images = torch.arange(float(size)).expand(400, size, size)
    augmented = augmentation(replace(STILL, elastic=0.8))(images, draws())
    moved = (augmented - images)[:, 6:22, 6:22]
    assert moved.std(dim=0).tolist() == pytest.approx(torch.full((16, 16), 0.8), abs=0.15)
    assert float(moved.mean().abs()) < 0.15
    neighbors = (moved[:, :, 1:] - moved[:, :, :-1]).std()
    assert float(neighbors) < 0.3 * 0.8


def test_matrices_have_the_angle_and_the_size_they_should() -> None:
    matrices = _random_matrices(
        500, 28, Distortion(degrees=30, shear=0, pixels=0, scale=0.2), draws()
    )
    linear = matrices[:, :, :2]
    size = torch.linalg.det(linear).sqrt()
    angle = torch.atan2(linear[:, 1, 0], linear[:, 0, 0]) * 180 / math.pi
    assert 0.8 <= float(size.min()) < 0.81
    assert 1.19 < float(size.max()) <= 1.2
    assert 29 < float(angle.max()) <= 30
    assert -30 <= float(angle.min()) < -29
    sheared = _random_matrices(500, 28, Distortion(0, shear=20, pixels=0, scale=0), draws())
    lean = torch.atan(sheared[:, 0, 1]) * 180 / math.pi
    assert 19 < float(lean.max()) <= 20.001
    assert torch.allclose(torch.linalg.det(sheared[:, :, :2]), torch.ones(500), atol=1e-5)
    unit = linear / size.view(-1, 1, 1)
    assert torch.allclose(unit @ unit.transpose(1, 2), torch.eye(2).expand(500, 2, 2), atol=1e-5)
