"""The digit classifier from Python."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gradsheet.digits.api import evaluate, load_digit_classifier, predict, train
from gradsheet.digits.data import Dataset
from gradsheet.digits.evaluation import normalize
from gradsheet.errors import GradsheetError
from tests.digits.test_data import write_small


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, mnist: Dataset) -> Path:
    return write_small(tmp_path_factory.mktemp("small"), mnist)


def test_training_returns_what_it_wrote(small: Path, tmp_path: Path) -> None:
    options = {"seed": 3, "epochs": 2, "batch_size": 64, "data": small, "progress": False}
    kept = train("fast", str(tmp_path / "run"), **options)  # type: ignore[arg-type]  # of many types
    assert [record.epoch for record in kept.history] == [1, 2]
    assert kept.evaluation.total == 100
    assert kept.evaluation.correct == round(100 * kept.history[-1].eval_accuracy)
    again = load_digit_classifier(str(tmp_path / "run"))
    for ours, theirs in zip(kept.model.parameters(), again.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    before = set(tmp_path.iterdir())
    unkept = train("fast", **options)  # type: ignore[arg-type]  # of many types
    assert set(tmp_path.iterdir()) == before
    assert torch.equal(unkept.evaluation.confusion, kept.evaluation.confusion)
    assert not unkept.model.training


def test_a_training_prints_nothing_unless_asked(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train("fast", epochs=1, batch_size=64, data=small, progress=False)
    assert capsys.readouterr() == ("", "")
    train("fast", epochs=1, batch_size=64, data=small)
    printed = capsys.readouterr()
    assert "Accuracy: " in printed.out
    assert "batch_id" in printed.err


def test_evaluation_of_the_test_set_and_of_arrays(mnist: Dataset) -> None:
    model = load_digit_classifier()
    whole = evaluate(model)
    assert whole.total == 10_000
    assert whole.correct / whole.total == pytest.approx(0.996, abs=5e-4)
    images, labels = mnist.test.images[:500], mnist.test.labels[:500]
    for given in ((images, labels), (images.numpy(), labels.tolist())):
        some = evaluate(model, *given)
        assert torch.equal(some.predictions, whole.predictions[:500])
    shifted = evaluate(model, images, labels, test_time_augmentation=True)
    assert not torch.equal(shifted.log_probabilities, some.log_probabilities)


def test_predictions_from_files_and_arrays(mnist: Dataset, tmp_path: Path) -> None:
    model, image = load_digit_classifier(), mnist.test.images[0]
    picture = Image.fromarray(255 - image.numpy()).resize((90, 90))
    picture.save(tmp_path / "7.png")
    with torch.inference_mode():
        expected = model(normalize(image.unsqueeze(0))).softmax(dim=1)[0]
    for given in (image, image.numpy()):
        (found,) = predict(model, given)
        assert found.digit == int(mnist.test.labels[0]) == 7
        assert found.probabilities == pytest.approx(expected.tolist())
        assert found.probability == max(found.probabilities)
    path = tmp_path / "7.png"
    assert [found.digit for found in predict(model, [path, str(path)])] == [7, 7]
    assert [found.digit for found in predict(model, str(path))] == [7]
    batch = predict(model, mnist.test.images[:20].numpy())
    assert [found.digit for found in batch] == mnist.test.labels[:20].tolist()
    assert [found.picture for found in batch] == list(range(20))
    assert sum(not found.sure for found in batch) <= 1
    Image.new("L", (60, 60), 255).save(tmp_path / "blank.png")
    seven, blank = predict(model, [path, tmp_path / "blank.png"])
    assert (seven.digit, blank.digit, blank.reason) == (7, None, "no digit found")
    assert (blank.picture, blank.probability, blank.alternatives) == (1, 0, ())
    assert predict(model, []) == []


def test_what_is_no_image_is_refused(mnist: Dataset) -> None:
    model, images = load_digit_classifier(), mnist.test.images[:2]
    with pytest.raises(GradsheetError, match=r"float64 \(28, 28\) given; expected uint8 \(28, 28"):
        predict(model, np.zeros((28, 28)))
    with pytest.raises(GradsheetError, match=r"uint8 \(8, 8\) given"):
        predict(model, np.zeros((8, 8), np.uint8))
    with pytest.raises(GradsheetError, match=r"cannot read missing\.png"):
        predict(model, ["missing.png"])
    with pytest.raises(GradsheetError, match="give both or neither"):
        evaluate(model, images)
    with pytest.raises(GradsheetError, match=r"2 images, labels of shape \(1,\)"):
        evaluate(model, images, [1])
    with pytest.raises(GradsheetError, match="each 0 to 9"):
        evaluate(model, images, [1, 10])
    with pytest.raises(GradsheetError, match=r"expected uint8 \(N, 28, 28\)"):
        evaluate(model, images[0], [1])


def test_what_cannot_be_trained_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GradsheetError, match="no recipe is called 'bset'"):
        train("bset")
    with pytest.raises(GradsheetError, match="the seed is -1"):
        train(seed=-1)
    with pytest.raises(GradsheetError, match="nowhere holds no train-images"):
        train(data=tmp_path / "nowhere")


def test_the_pretrained_model_is_exported_by_torch() -> None:
    model, images = load_digit_classifier(), torch.randn(3, 1, 28, 28)
    batch = torch.export.Dim("batch", min=1, max=10_000)
    program = torch.export.export(model, (images,), dynamic_shapes=({0: batch},))
    other = torch.randn(5, 1, 28, 28)
    torch.testing.assert_close(program.module()(other), model(other), rtol=0, atol=1e-6)
