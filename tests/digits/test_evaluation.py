"""Accuracy, loss and confusion by hand, and the pretrained weights against the results."""

import json
from importlib import resources
from pathlib import Path

import pytest
import torch

from gradsheet.digits.data import MNIST_ID, Dataset, ImageSet
from gradsheet.digits.evaluation import (
    REJECTED_LABELS,
    TEST_TIME_SHIFTS,
    Evaluation,
    ensemble,
    evaluate,
    normalize,
    shifted,
    wilson_interval,
)
from gradsheet.digits.model_files import load_model


def test_wilson_interval_in_closed_form() -> None:
    z2 = 1.959964**2
    assert wilson_interval(10, 10) == pytest.approx((10 / (10 + z2), 1))
    assert wilson_interval(0, 10) == pytest.approx((0, z2 / (10 + z2)), abs=1e-12)
    half = 1.959964 / (2 * (10 + z2) ** 0.5)
    assert wilson_interval(5, 10) == pytest.approx((0.5 - half, 0.5 + half))


def test_wilson_interval_solves_its_equation() -> None:
    for bound in wilson_interval(37, 50):
        assert abs(37 / 50 - bound) == pytest.approx(1.959964 * (bound * (1 - bound) / 50) ** 0.5)


def test_counts_by_hand() -> None:
    labels = torch.tensor([0, 0, 1, 2])
    predictions = torch.tensor([0, 1, 1, 0])
    chance = torch.full((4, 10), 0.02)
    chance[torch.arange(4), predictions] = 0.82
    result = Evaluation(chance.log(), labels)
    assert (result.correct, result.total, result.accuracy) == (2, 4, 0.5)
    assert result.mistakes.tolist() == [1, 3]
    expected = -(2 * torch.tensor(0.82).log() + 2 * torch.tensor(0.02).log()) / 4
    assert result.loss == pytest.approx(float(expected), rel=1e-6)
    assert result.confusion[0, :3].tolist() == [1, 1, 0]
    assert result.confusion[2, 0] == 1
    assert int(result.confusion.sum()) == 4
    assert result.recall[:3] == [0.5, 1.0, 0.0]


def test_normalized_training_images_have_mean_0_and_deviation_1(mnist: Dataset) -> None:
    images = normalize(mnist.train.images)
    assert images.shape == (60_000, 1, 28, 28)
    assert float(images.mean()) == pytest.approx(0, abs=1e-3)
    assert float(images.std()) == pytest.approx(1, abs=1e-3)


def test_the_pretrained_weights_have_the_accuracy_of_the_results(mnist: Dataset) -> None:
    results = json.loads((Path(__file__).parents[2] / "results" / "best.json").read_text())
    result = evaluate(load_model(None), mnist.test)
    first = results["runs"][0]
    assert first["seed"] == 0
    # Another processor may round one digit on the border to the other side.
    assert abs(result.correct - 10_000 * first["accuracy"]) < 1.5
    assert result.loss == pytest.approx(first["loss"], rel=1e-3)
    assert result.correct > 9941  # the original's best epoch


@pytest.mark.parametrize("batch_size", [7, 64])
def test_batches_do_not_change_the_predictions(batch_size: int, mnist: Dataset) -> None:
    model, few = load_model(None), mnist.test[:100]
    whole, parts = evaluate(model, few), evaluate(model, few, batch_size)
    assert torch.allclose(whole.log_probabilities, parts.log_probabilities, atol=1e-5)


def test_shifted_images_lose_an_edge_and_gain_an_empty_one() -> None:
    image = torch.arange(1, 10, dtype=torch.uint8).view(1, 3, 3)
    assert shifted(image, (1, 0)).tolist() == [[[0, 1, 2], [0, 4, 5], [0, 7, 8]]]
    assert shifted(image, (0, -1)).tolist() == [[[4, 5, 6], [7, 8, 9], [0, 0, 0]]]
    assert torch.equal(shifted(image, (0, 0)), image)


def test_an_ensemble_is_the_mean_probability() -> None:
    labels = torch.tensor([0, 1])
    one, other = (torch.rand(2, 10).softmax(1) for _ in range(2))
    both = ensemble([Evaluation(one.log(), labels), Evaluation(other.log(), labels)])
    assert torch.allclose(both.log_probabilities.exp(), (one + other) / 2)


def test_test_time_augmentation_is_an_ensemble_of_five_copies(mnist: Dataset) -> None:
    model = load_model(None)
    some = mnist.test[:50]
    found = evaluate(model, some, shifts=TEST_TIME_SHIFTS)
    each = [
        evaluate(model, ImageSet(shifted(some.images, shift), some.labels))
        for shift in TEST_TIME_SHIFTS
    ]
    assert torch.allclose(found.log_probabilities, ensemble(each).log_probabilities)
    assert len(set(TEST_TIME_SHIFTS)) == 5


def test_leaving_images_out() -> None:
    result = Evaluation(torch.eye(10).log_softmax(1), torch.tensor([0, 1, 2, 3, 4, 9, 9, 9, 9, 9]))
    fewer = result.without([5, 6])
    assert (result.correct, fewer.correct, fewer.total) == (6, 6, 8)


def test_mnist_is_known_by_its_sum(mnist: Dataset) -> None:
    assert mnist.sha256 == MNIST_ID


def test_the_rejected_labels_are_those_of_the_source() -> None:
    page = resources.files("gradsheet") / "digits" / "mnist" / "README.md"
    listed = page.read_text().split("test indices:")[1].split(".")[0]
    assert tuple(int(number) for number in listed.split(",")) == REJECTED_LABELS
