"""The digit classifier of the page, run by Node, against PyTorch.

A sample: benchmarks/explorer.py takes every test image.
"""

from typing import Any

import pytest
import torch

from gradsheet.digits.data import ImageSet, load
from gradsheet.digits.model_files import load_model
from gradsheet.explorer.digit_data import chosen_digits
from tests.explorer.nodes import needs_node
from tests.explorer.page_classifier import by_page, difference_of_gradients, difference_of_logits

IMAGES, GRADIENTS = 100, 10


@pytest.fixture(scope="module")
def images() -> ImageSet:
    """Of the digits that are classified wrongly, and others."""
    test = load().test
    chosen = torch.tensor(chosen_digits(load_model(None), test)[:40] + list(range(IMAGES - 40)))
    return ImageSet(test.images[chosen], test.labels[chosen])


@pytest.fixture(scope="module")
def answer(images: ImageSet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return by_page(images, GRADIENTS, tmp_path_factory.mktemp("digits"))


@needs_node
def test_logits(images: ImageSet, answer: dict[str, Any]) -> None:
    difference, alike = difference_of_logits(images, answer["logits"])
    assert difference < 1e-5
    assert alike == IMAGES


@needs_node
def test_gradients(images: ImageSet, answer: dict[str, Any]) -> None:
    assert len(answer["backward"]) == GRADIENTS
    assert difference_of_gradients(images, answer["backward"]) < 1e-5
