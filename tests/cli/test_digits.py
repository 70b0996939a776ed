"""The commands of the digit classifier: what they write and print."""

import csv
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from gradsheet.digits.data import Dataset
from gradsheet.digits.zoo import ZOO
from tests.commands import Run, Succeeded
from tests.digits.test_data import write_small


def test_summary(succeeded: Succeeded, tmp_path: Path) -> None:
    assert "Total params: 17,410" in succeeded("summary")
    assert "receptive field" in succeeded("summary", "--receptive-field")
    assert "Total params: 673" in succeeded("summary", "--model", "0.7k")


def test_the_zoo(succeeded: Succeeded, gradsheet: Run, small: Path, tmp_path: Path) -> None:
    listed = succeeded("zoo")
    assert all(re.search(rf"^│ {re.escape(name)} ", listed, re.M) for name in ZOO)
    options = ("--model", "0.7k", "--epochs", 1, "--batch-size", 32, "--data", small)
    assert "Wrote runs/tiny-0.7k-0." in succeeded("train", *options)
    assert "/100 (" in succeeded("evaluate", "0.7k", "--data", small)
    page = Image.new("L", (60, 60), 255)
    page.paste(0, (28, 10, 33, 50))
    page.save(tmp_path / "x.png")
    assert "x.png" in succeeded("predict", "--model", "0.7k", "x.png")
    refused = gradsheet("train", "--model", "3k")
    assert (refused.code, refused.stdout) == (2, "")
    assert "no network is called '3k'; choose from 0.5k, 0.7k" in refused.stderr


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, mnist: Dataset) -> Path:
    return write_small(tmp_path_factory.mktemp("small"), mnist)


def test_train_evaluate_predict(
    succeeded: Succeeded, gradsheet: Run, small: Path, tmp_path: Path
) -> None:
    options = ("--epochs", 2, "--batch-size", 32, "--data", small)
    train = ("train", *options, "--seed", 4, "-o", "run")
    run = gradsheet(*train)
    assert run.code == 0, run.stderr
    line = r"^Test set: Average loss: \d\.\d{4}, Accuracy: (\d+/100 \(\d+\.\d\d%\))$"
    _, second = re.findall(line, run.stdout, re.M)
    assert run.stdout.endswith(
        f"Accuracy on the test set after the last epoch: {second}\nWrote run.\n"
    )
    assert re.search(r"loss=\d\.\d{4} batch_id=7: 100%\|█+\| 8/8 \[", run.stderr)
    assert {file.name for file in (tmp_path / "run").iterdir()} == {
        "config.json",
        "history.csv",
        "model.safetensors",
        "accuracy.png",
        "loss.png",
        "confusion.png",
        "mistakes.png",
    }
    config = json.loads((tmp_path / "run/config.json").read_text())
    recipe = config["recipe"]
    assert (config["seed"], recipe["epochs"], recipe["batch_size"]) == (4, 2, 32)
    evaluated = succeeded("evaluate", "run", "--data", small)
    assert f"Accuracy: {second}" in evaluated
    assert "95% interval" in evaluated
    for shape in ("as a folder", "as a file"):
        weights = "run" if shape == "as a folder" else "run/model.safetensors"
        page = Image.new("L", (60, 60), 255)
        page.paste(0, (28, 10, 33, 50))
        page.save(tmp_path / "x.png")
        assert "x.png" in succeeded("predict", weights, "x.png")
    (tmp_path / "run/mistakes.png").unlink()  # as an interrupt in between would leave it
    assert "is finished already; its weights are kept" in succeeded(*train)
    quiet = gradsheet(*train, "--quiet")
    assert quiet.stdout == f"Accuracy on the test set after the last epoch: {second}\n"
    assert quiet.stderr == ""
    assert (tmp_path / "run/mistakes.png").exists()
    other = gradsheet(*train, "--seed", 5)
    assert other.code == 2
    assert "run holds something else: a run with another seed; give another" in other.stderr
    mnist = gradsheet("evaluate", "run")
    assert mnist.stderr == "gradsheet: note: run was trained on other data\n"


def test_studies_and_comparisons(
    succeeded: Succeeded, gradsheet: Run, small: Path, tmp_path: Path
) -> None:
    study = ("study", "--seeds", 2, "--epochs", 1, "--batch-size", 32, "--data", small)
    text = succeeded(*study, "-o", "one")
    assert "Recipe best, 2 seeds, last of 1 epochs, test images" in text
    assert "95% interval of the mean" in text
    names = {file.name for file in (tmp_path / "one").iterdir()}
    runs = {"seed-000", "seed-001", "seed-000.json", "seed-001.json"}
    assert names == {*runs, "summary.json", "epochs.png"}
    again = gradsheet(*study, "-o", "one")
    assert again.stdout == text
    succeeded(*study, "--recipe", "course", "--validation", 56, "-o", "two")
    assert '"evaluated on": "validation"' in (tmp_path / "two" / "summary.json").read_text()
    said = succeeded("compare", "one", "two/summary.json")
    assert re.search(r"B − A: [+-]\d+\.\d{3} points, 95% interval", said)
    assert re.search(r"p-value: \S+ \(Welch\), \S+ \(permutation\)", said)
    models = "one/seed-000", "one/seed-001/model.safetensors"
    said = succeeded("compare", *models, "--data", small)
    assert re.search(
        r"\d+ images are classified correctly by A alone, \d+ by B alone\np-value: ", said
    )
    mixed = gradsheet("compare", "one", "one/seed-000")
    assert mixed.code == 2
    assert "one is a study, the other a model; expected two studies or two models" in mixed.stderr
    ensemble = succeeded("evaluate", *models, "--tta", "--data", small)
    assert "/100 (" in ensemble
    former = gradsheet("evaluate", *models, "--five-views", "--data", small)
    assert (former.code, former.stdout) == (0, ensemble)
    assert "note: --five-views is now called --tta; the old name will be removed" in former.stderr


def test_resume_by_the_folder_alone_and_log_for_tensorboard(
    succeeded: Succeeded, small: Path, tmp_path: Path
) -> None:
    train = ("train", "--epochs", 1, "--seed", 9, "--data", small, "-o", "run", "--tensorboard")
    first = succeeded(*train)
    logs = list((tmp_path / "run/tensorboard").iterdir())
    assert logs[0].name.startswith("events.out.tfevents")
    again = succeeded("train", "--resume", "run", "--data", small)
    assert "is finished already; its weights are kept" in again
    assert again.splitlines()[-1] == first.splitlines()[-1] == "Wrote run."


def test_finding_a_learning_rate(gradsheet: Run, small: Path, tmp_path: Path) -> None:
    run = gradsheet("lr-find", "--batch-size", 16, "--data", small, "-o", "rates.png", "--quiet")
    assert (run.code, run.stderr) == (0, "")
    assert re.search(
        r"The loss is lowest at a learning rate of \S+; the recipe best peaks at", run.stdout
    )
    with Image.open(tmp_path / "rates.png") as picture:
        assert picture.width > 600


def test_a_place_that_cannot_be_written_is_found_before_the_first_step(
    gradsheet: Run, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_step(*_: object) -> None:
        raise AssertionError("a step was taken")

    monkeypatch.setattr("gradsheet.digits.training.Trainer.step", no_step)
    (tmp_path / "file").write_text("")
    run = gradsheet("lr-find", "--data", small, "-o", "file/rates.png")
    assert run.code == 2
    assert run.stderr.startswith("gradsheet: cannot write file/rates.png")


def test_pretrained_weights_predict_before_any_training(
    succeeded: Succeeded, mnist: Dataset, tmp_path: Path
) -> None:
    test = mnist.test
    for number in range(3):
        Image.fromarray(255 - test.images[number].numpy()).resize((90, 90)).save(
            tmp_path / f"{number}.png"
        )
    text = succeeded("predict", "0.png", "1.png", "2.png")
    read = [int(digit) for digit in re.findall(r"\.png\s*│\s*(\d)", text)]
    assert read == test.labels[:3].tolist()
    Image.new("L", (80, 80), 255).save(tmp_path / "=1.png")
    rows = json.loads(succeeded("predict", "--json", "0.png", "=1.png", "--show", "seen"))
    assert [row["digit"] for row in rows] == [read[0], None]
    assert [row["file"] for row in rows] == ["0.png", "=1.png"]
    assert [row["reason"] for row in rows] == [None, "no digit found"]
    assert [row["sure"] for row in rows] == [True, False]
    assert [len(row["alternatives"]) for row in rows] == [3, 0]
    assert rows[0]["probability"] == rows[0]["alternatives"][0]["probability"] > 0.9
    with Image.open(tmp_path / "seen/0-1.png") as seen:
        assert (seen.size, len(list((tmp_path / "seen").iterdir()))) == ((28, 28), 1)
    _, first, second = csv.reader(succeeded("predict", "--csv", "0.png", "=1.png").splitlines())
    assert (first[:2], second[1], second[-1]) == (["0.png", str(read[0])], "", "no digit found")
    assert second[0][0] != "="
