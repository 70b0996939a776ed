"""Figures of merit against hand counts, and the shipped weights against what is claimed."""

import json
from importlib import resources
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gradsheet.digits.data import MNIST_ID, Dataset, ImageSet
from gradsheet.digits.evaluation import (
    FIVE_VIEWS,
    REJECTED_LABELS,
    Evaluation,
    evaluate,
    moved,
    normalize,
    together,
    wilson_interval,
)
from gradsheet.digits.model import Architecture, DigitNet
from gradsheet.digits.run import load_model, save_model
from gradsheet.errors import GradsheetError


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
    readings = torch.tensor([0, 1, 1, 0])
    chance = torch.full((4, 10), 0.02)
    chance[torch.arange(4), readings] = 0.82
    result = Evaluation(chance.log(), labels)
    assert (result.correct, result.total) == (2, 4)
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


def test_the_shipped_weights_read_what_is_claimed(mnist: Dataset) -> None:
    claimed = json.loads((Path(__file__).parents[2] / "results" / "best.json").read_text())
    result = evaluate(load_model(None), mnist.test)
    shipped = claimed["runs"][0]
    assert shipped["seed"] == 0
    # Another processor may round one digit on the border to the other side.
    assert abs(result.correct - 10_000 * shipped["accuracy"]) < 1.5
    assert result.loss == pytest.approx(shipped["loss"], rel=1e-3)
    assert result.correct > 9941  # the original's best epoch


@pytest.mark.parametrize("batch_size", [7, 64])
def test_batches_do_not_change_what_is_read(batch_size: int, mnist: Dataset) -> None:
    model, few = load_model(None), mnist.test[:100]
    whole, parts = evaluate(model, few), evaluate(model, few, batch_size)
    assert torch.allclose(whole.log_probabilities, parts.log_probabilities, atol=1e-5)


def test_weights_survive_the_file(tmp_path: Path) -> None:
    model = DigitNet(Architecture("gelu", "pool-norm-activation", 0.25))
    save_model(model, tmp_path / "model.safetensors")
    again = load_model(tmp_path)
    assert again.architecture == model.architecture
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])


@pytest.mark.parametrize("kind", ["text", "other model", "other shape", "not finite", "nothing"])
def test_weights_that_are_not_ours(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    mark = {"format": "gradsheet-digits-1", "architecture": "{}"}
    if kind == "text":
        path.write_text("hello")
        said = "is not a readable safetensors file"
    elif kind == "other model":
        save_file({"weight": torch.ones(3)}, path)
        said = "holds another model: 1 tensors without the mark"
    elif kind == "other shape":
        tensors = DigitNet(Architecture()).state_dict()
        save_file(tensors | {"conv1.weight": torch.ones(4, 1, 5, 5)}, path, mark)
        said = "does not fit the 17,410-parameter network: size mismatch for conv1.weight"
    elif kind == "not finite":
        model = DigitNet(Architecture())
        torch.nn.init.constant_(model.conv1.weight, float("nan"))
        save_file(model.state_dict(), path, mark)
        said = "is damaged: conv1.weight holds numbers that are not finite"
    else:
        said = "holds no model.safetensors: expected a run folder"
    with pytest.raises(GradsheetError) as caught:
        load_model(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "architecture",
    ["", "[", "[" * 100_000, "7", '{"order": "reversed"}', '{"activation": "sine"}']
    + [f'{{"dropout": {value}}}' for value in ('"x"', "null", "5", "-1", "NaN")],
)
def test_an_architecture_that_is_none(architecture: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    mark = {"format": "gradsheet-digits-1", "architecture": architecture}
    save_file(DigitNet(Architecture()).state_dict(), path, mark)
    with pytest.raises(GradsheetError, match="has no architecture known here"):
        load_model(path)


def test_moved_images_lose_an_edge_and_gain_an_empty_one() -> None:
    image = torch.arange(1, 10, dtype=torch.uint8).view(1, 3, 3)
    assert moved(image, (1, 0)).tolist() == [[[0, 1, 2], [0, 4, 5], [0, 7, 8]]]
    assert moved(image, (0, -1)).tolist() == [[[4, 5, 6], [7, 8, 9], [0, 0, 0]]]
    assert torch.equal(moved(image, (0, 0)), image)


def test_together_is_the_mean_probability() -> None:
    labels = torch.tensor([0, 1])
    one, other = (torch.rand(2, 10).softmax(1) for _ in range(2))
    both = together([Evaluation(one.log(), labels), Evaluation(other.log(), labels)])
    assert torch.allclose(both.log_probabilities.exp(), (one + other) / 2)


def test_five_views_are_five_readings(mnist: Dataset) -> None:
    model = load_model(None)
    some = mnist.test[:50]
    found = evaluate(model, some, views=FIVE_VIEWS)
    each = [
        evaluate(model, ImageSet(moved(some.images, shift), some.labels)) for shift in FIVE_VIEWS
    ]
    assert torch.allclose(found.log_probabilities, together(each).log_probabilities)
    assert len(set(FIVE_VIEWS)) == 5


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
