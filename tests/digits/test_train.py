"""Training: schedules, averages, resuming, and that it learns."""

import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from gradsheet.digits.dataset import Dataset
from gradsheet.digits.evaluate import evaluate
from gradsheet.digits.model import Architecture
from gradsheet.digits.recipe import RECIPES, Recipe, find_recipe
from gradsheet.digits.run import TrainingRun, load_model, read_history
from gradsheet.digits.train import Trainer, find_device
from gradsheet.errors import GradsheetError


def quiet(line: str) -> None:
    del line


def test_the_triangle() -> None:
    recipe = RECIPES["best"]
    rates = [recipe.learning_rate_at(step, 999) for step in range(999)]
    peak = max(range(999), key=rates.__getitem__)
    assert peak == round(0.3 * 1000) - 1
    assert rates[peak] == pytest.approx(recipe.learning_rate)
    assert rates[0] == pytest.approx(recipe.learning_rate / 300)
    assert 0 < rates[-1] < recipe.learning_rate / 500
    assert all(a < b for a, b in pairwise(rates[: peak + 1]))
    assert all(a > b for a, b in pairwise(rates[peak:]))


def test_the_course_recipe_is_the_originals() -> None:
    course = RECIPES["course"]
    assert (course.optimizer, course.schedule) == ("sgd", "constant")
    assert (course.batch_size, course.epochs, course.augmentation) == (128, 15, None)
    assert {course.learning_rate_at(step, 100) for step in range(100)} == {course.learning_rate}


def test_every_recipe_stays_under_twenty_epochs() -> None:
    assert all(recipe.epochs < 20 for recipe in RECIPES.values())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bset",), "no recipe is called 'bset'; choose from course, best"),
        (("best", 0), "epochs is 0; it must be at least 1"),
        (("best", 1, -3), "batch size is -3"),
    ],
)
def test_impossible_recipes(arguments: tuple[str], said: str) -> None:
    with pytest.raises(GradsheetError, match=said):
        find_recipe(*arguments)


@pytest.mark.parametrize("name", RECIPES)
def test_it_learns(name: str, mnist: Dataset, cpu: torch.device) -> None:
    dataset = Dataset(mnist.train[:2000], mnist.test[:1000], "some")
    # So few steps need an average that looks back less far.
    average = RECIPES[name].ema_decay and 0.9
    recipe = replace(RECIPES[name], epochs=4, batch_size=32, ema_decay=average)
    trainer = Trainer(recipe, dataset, seed=0, device=cpu)
    before = evaluate(trainer.evaluated_model, dataset.test)
    assert before.correct < 300
    for _ in range(recipe.epochs):
        record = trainer.run_epoch()
    assert record.test_accuracy > 0.9
    assert record.test_loss < 0.4 < before.loss


def test_stopping_and_resuming_changes_no_weight(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    recipe = replace(short, architecture=replace(short.architecture, dropout=0.2))
    whole = Trainer(recipe, few, seed=5, device=cpu)
    for _ in range(3):
        whole.run_epoch()
    first = Trainer(recipe, few, seed=5, device=cpu)
    first.run_epoch()
    first.save(tmp_path / "state.safetensors", {"who": 1})
    second = Trainer(recipe, few, seed=5, device=cpu)
    second.restore(tmp_path / "state.safetensors", {"who": 1})
    for _ in range(2):
        second.run_epoch()
    expected, found = whole.evaluated_model.state_dict(), second.evaluated_model.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    losses = [[record.test_loss for record in run.history] for run in (whole, second)]
    assert losses[0] == losses[1]


def test_seeds_differ_and_repeat(few: Dataset, short: Recipe, cpu: torch.device) -> None:
    recipe = replace(short, epochs=1)
    one, again, other = (
        Trainer(recipe, few, seed=seed, device=cpu).run_epoch() for seed in (1, 1, 2)
    )
    assert one.train_loss == again.train_loss
    assert one.train_loss != other.train_loss


def test_the_average_follows_the_weights(few: Dataset, short: Recipe, cpu: torch.device) -> None:
    """After one step from equal weights: average = decay·start + (1 - decay)·model."""
    trainer = Trainer(replace(short, batch_size=400, ema_decay=0.75), few, 0, cpu)
    start = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    trainer.run_epoch()
    assert trainer.average is not None
    for name, value in trainer.average.state_dict().items():
        if value.is_floating_point():
            model = trainer.model.state_dict()[name]
            assert torch.allclose(value, 0.75 * start[name] + 0.25 * model, atol=1e-6), name


def test_decay_touches_weights_only(few: Dataset, short: Recipe, cpu: torch.device) -> None:
    groups = Trainer(short, few, 0, cpu).optimizer.param_groups
    decayed = {group["weight_decay"]: sum(p.numel() for p in group["params"]) for group in groups}
    weights = 200 + 3200 + 12_800 + 768 + 240
    assert decayed == {short.weight_decay: weights, 0.0: 17_410 - weights}


def test_divergence_is_said(few: Dataset, short: Recipe, cpu: torch.device) -> None:
    wild = replace(short, optimizer="sgd", schedule="constant", learning_rate=1e20)
    trainer = Trainer(replace(wild, ema_decay=None), few, 0, cpu)
    with pytest.raises(GradsheetError, match="training diverged; use a lower learning rate"):
        for _ in range(3):
            trainer.run_epoch()


def test_a_run_folder(few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path) -> None:
    lines: list[str] = []
    folder = tmp_path / "run"
    finished = TrainingRun(folder, short, seed=1, device=cpu).execute(few, lines.append)
    assert sorted(file.name for file in folder.iterdir()) == [
        "config.json",
        "history.csv",
        "model.safetensors",
    ]
    config = json.loads((folder / "config.json").read_text())
    assert config["recipe"]["name"] == "best"
    assert config["recipe"]["epochs"] == 3
    assert (config["seed"], config["trained on"], config["evaluated on"]) == (1, 400, "test")
    assert config["versions"]["torch"] == torch.__version__
    assert read_history(folder) == finished.history
    last = finished.history[-1]
    correct = round(last.test_accuracy * 200)
    assert lines[-1] == (
        f"Test set: Average loss: {last.test_loss:.4f}, Accuracy: {correct}/200 "
        f"({last.test_accuracy:.2%})\n"
    )
    result = evaluate(load_model(folder), few.test)
    assert result.correct == correct == finished.evaluation.correct
    assert result.loss == pytest.approx(last.test_loss)


def test_an_interrupted_run_goes_on(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = TrainingRun(tmp_path / "run", short, seed=2, device=cpu)
    whole = TrainingRun(tmp_path / "whole", short, seed=2, device=cpu).execute(few, quiet)
    step = Trainer.run_epoch

    def interrupted(trainer: Trainer) -> object:
        if len(trainer.history) == 2:
            raise KeyboardInterrupt
        return step(trainer)

    monkeypatch.setattr(Trainer, "run_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.execute(few, quiet)
    assert len(read_history(run.folder)) == 2
    with pytest.raises(GradsheetError, match="its training has not finished"):
        load_model(run.folder)
    monkeypatch.setattr(Trainer, "run_epoch", step)
    with pytest.raises(
        GradsheetError, match=r"unfinished run with other settings \(its seed differs"
    ):
        replace(run, seed=3).execute(few, quiet)
    lines: list[str] = []
    finished = run.execute(few, lines.append)
    assert lines[0] == "Resuming after epoch 2 of 3."
    assert finished.evaluation.loss == whole.evaluation.loss
    with pytest.raises(GradsheetError, match="already holds a finished run"):
        run.execute(few, quiet)


def test_validation_leaves_the_test_set_alone(
    mnist: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    lines: list[str] = []
    dataset = Dataset(mnist.train[:5400], mnist.test[:0], "no test set at all")
    recipe = replace(short, epochs=1)
    run = TrainingRun(tmp_path / "run", recipe, 0, cpu, validate=True).execute(
        dataset, lines.append
    )
    assert run.evaluation.total == 5000
    assert lines[-1].startswith("Validation set: Average loss:")


@pytest.mark.parametrize("name", ["abacus", "cuda:99", "meta:x"])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(GradsheetError, match=f"no device '{name}' here; use auto, cpu or cuda"):
        find_device(name)


def test_architecture_is_part_of_the_recipe() -> None:
    assert RECIPES["best"].architecture == Architecture("gelu", "pool-norm-activation", 0.0)
    assert math.isclose(RECIPES["course"].architecture.dropout, 0.1)
