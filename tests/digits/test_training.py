"""Training: schedules, averages, resuming, and that it learns."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
import torch

from gradsheet.digits import training_pass
from gradsheet.digits.data import Dataset, ImageSet
from gradsheet.digits.evaluation import evaluate, normalize
from gradsheet.digits.model import Architecture, DigitNet
from gradsheet.digits.recipe import RECIPES, Recipe, find_recipe
from gradsheet.digits.run import TrainingRun, describe, load_model, read_history
from gradsheet.digits.storage import read_tensors, write_tensors
from gradsheet.digits.training import (
    EpochRecord,
    Trainer,
    find_device,
    multiplies_bfloat16,
    try_rates,
)
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
        (("bset",), "no recipe is called 'bset'; choose from course, best, distilled"),
        (("best", 0), "epochs is 0; it must be 1 to 1,000,000"),
        (("best", 1, -3), "batch size is -3"),
        (("best", 1, 10**30), "batch size is 1000000"),
    ],
)
def test_impossible_recipes(arguments: tuple[str], said: str) -> None:
    with pytest.raises(GradsheetError, match=said):
        find_recipe(*arguments)


@pytest.mark.parametrize("name", RECIPES)
def test_it_learns(name: str, mnist: Dataset, cpu: torch.device) -> None:
    dataset = Dataset(mnist.train[:2000], mnist.test[:1000], "some")
    recipe = replace(RECIPES[name], epochs=4, batch_size=32)
    teachers = [] if recipe.temperature is None else [load_model(None).to(cpu)]
    trainer = Trainer(recipe, dataset, 0, cpu, teachers=teachers)
    before = evaluate(trainer.evaluated_model, dataset.test)
    assert before.correct < 300
    for _ in range(recipe.epochs):
        record = trainer.run_epoch()
    assert record.test_accuracy > 0.9
    assert record.test_loss < 0.4 < before.loss


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "muon"])
def test_stopping_and_resuming_changes_no_weight(
    optimizer: Literal["sgd", "adamw", "muon"],
    few: Dataset,
    short: Recipe,
    cpu: torch.device,
    tmp_path: Path,
) -> None:
    architecture = replace(short.architecture, dropout=0.2)
    recipe = replace(short, optimizer=optimizer, architecture=architecture)
    whole = Trainer(recipe, few, seed=5, device=cpu)
    for _ in range(3):
        whole.run_epoch()
    first = Trainer(recipe, few, seed=5, device=cpu)
    first.run_epoch()
    first.save(tmp_path / "state.safetensors")
    second = Trainer(recipe, few, seed=5, device=cpu)
    second.restore(tmp_path / "state.safetensors")
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
    """The average of the weights after 1, 2, 3 updates, weighted 0.75², 0.75 and 1."""
    trainer = Trainer(replace(short, batch_size=400, ema_decay=0.75), few, 0, cpu)
    after = []
    for _ in range(3):
        trainer.run_epoch()
        state = trainer.model.state_dict()
        after.append({name: value.clone() for name, value in state.items()})
    assert trainer.average is not None
    for name, value in trainer.average.state_dict().items():
        if value.is_floating_point():
            one, two, three = (state[name] for state in after)
            expected = (0.75**2 * one + 0.75 * two + three) / (0.75**2 + 0.75 + 1)
            assert torch.allclose(value, expected, atol=1e-6), name


def test_few_updates_are_enough_for_an_average(
    few: Dataset, short: Recipe, cpu: torch.device
) -> None:
    """With a decay made for thousands of updates, 21 already leave the start behind."""
    trainer = Trainer(replace(short, epochs=3, ema_decay=0.998), few, 0, cpu)
    for _ in range(3):
        trainer.run_epoch()
    assert trainer.history[-1].test_accuracy > 0.35


def test_the_mean_over_an_epoch_counts_images_not_batches(
    few: Dataset, short: Recipe, cpu: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "step", lambda self, images, labels, rate: (float(len(labels)), 5))
    record = Trainer(replace(short, batch_size=150, ema_decay=None), few, 0, cpu).run_epoch()
    assert record.train_loss == pytest.approx((150**2 + 150**2 + 100**2) / 400)
    assert record.train_accuracy == 15 / 400


def test_a_student_learns_what_its_teachers_say(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    """Taught the labels shifted by one, the teacher shifts; so does its student."""
    shifted = Dataset(
        ImageSet(few.train.images, (few.train.labels + 1) % 10), few.test, "shifted labels"
    )
    recipe = replace(short, epochs=8, batch_size=40)
    TrainingRun(tmp_path / "teacher", recipe, 0, cpu).execute(shifted, quiet)
    teacher = load_model(tmp_path / "teacher")
    student = Trainer(replace(recipe, temperature=2.0), few, 1, cpu, teachers=[teacher])
    for _ in range(recipe.epochs):
        student.run_epoch()
    said = evaluate(teacher, few.test).predictions
    learned = evaluate(student.evaluated_model, few.test).predictions
    assert float((learned == said).float().mean()) > 0.6
    assert float((learned == few.test.labels).float().mean()) < 0.2


def test_the_loss_of_distillation(few: Dataset, short: Recipe, cpu: torch.device) -> None:
    """At a student that equals its only teacher: no loss, no gradient. Else its definition."""
    teachers = [DigitNet(short.architecture).eval() for _ in range(2)]
    trainer = Trainer(replace(short, temperature=3.0), few, 0, cpu, teachers=teachers[:1])
    images, labels = torch.randn(6, 1, 28, 28), torch.arange(6)
    own = training_pass.logits(teachers[0], images, torch.float32, "channels-last")
    same = trainer._loss(trainer._logits(teachers[0], images), images, labels)
    assert float(same.detach()) == pytest.approx(0, abs=1e-6)
    exact = replace(short, temperature=3.0, mixed_precision=False)
    both = Trainer(exact, few, 0, cpu, teachers=teachers)
    probabilities = [(teacher(images).double() / 3).softmax(1) for teacher in teachers]
    mean, student = sum(probabilities) / 2, (own.double() / 3).softmax(1)
    expected = 9 * (mean * (mean / student).log()).sum() / 6
    found = both._loss(own, images, labels)
    assert float(found.detach()) == pytest.approx(float(expected.detach()), rel=1e-4)


def test_teachers_come_with_a_recipe_that_has_use_for_them(
    few: Dataset, short: Recipe, cpu: torch.device
) -> None:
    with pytest.raises(GradsheetError, match="best learns from the labels: expected no --teacher"):
        Trainer(short, few, 0, cpu, teachers=[DigitNet(short.architecture)])
    with pytest.raises(GradsheetError, match="best learns from teachers: give at least one"):
        Trainer(replace(short, temperature=1.0), few, 0, cpu)


def test_a_wide_teacher_in_a_run_folder(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    wide = replace(short, epochs=1, architecture=replace(short.architecture, width=2))
    TrainingRun(tmp_path / "wide", wide, 0, cpu).execute(few, quiet)
    recipe = replace(short, epochs=1, temperature=1.0)
    run = TrainingRun(tmp_path / "run", recipe, 0, cpu, teachers=(tmp_path / "wide",))
    run.execute(few, quiet)
    assert TrainingRun.of_folder(tmp_path / "run", cpu) == run
    other = replace(run, teachers=(tmp_path / "run",))
    with pytest.raises(GradsheetError, match="a run with another teachers"):
        other.execute(few, quiet)


def test_a_run_goes_on_from_its_folder_alone(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    run = TrainingRun(tmp_path / "run", short, 7, cpu, held_out=100)
    run.execute(few, quiet)
    assert TrainingRun.of_folder(tmp_path / "run", cpu) == run
    (tmp_path / "run" / "config.json").write_text('{"recipe": {}, "seed": 7}')
    with pytest.raises(GradsheetError, match="describes no run known here"):
        TrainingRun.of_folder(tmp_path / "run", cpu)
    with pytest.raises(GradsheetError, match="is no run folder"):
        TrainingRun.of_folder(tmp_path, cpu)


def test_the_best_epoch_is_kept_where_no_test_set_chooses_it(
    mnist: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    dataset = Dataset(mnist.train[:600], mnist.test[:200], "some")
    finished = TrainingRun(tmp_path / "run", short, 0, cpu, held_out=200).execute(dataset, quiet)
    best = max(finished.history, key=lambda epoch: (epoch.test_accuracy, -epoch.test_loss))
    result = evaluate(load_model(tmp_path / "run" / "best.safetensors"), dataset.train[400:])
    assert result.correct / 200 == pytest.approx(best.test_accuracy)
    TrainingRun(tmp_path / "tested", short, 0, cpu).execute(dataset, quiet)
    assert not (tmp_path / "tested" / "best.safetensors").exists()


def test_the_watch_sees_every_epoch(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    seen: list[EpochRecord] = []
    run = TrainingRun(tmp_path / "run", short, 0, cpu).execute(few, quiet, watch=seen.append)
    assert tuple(seen) == run.history


def test_statistics_of_clean_images(few: Dataset, short: Recipe, cpu: torch.device) -> None:
    """Of the first norm: mean and variance of the first convolution over whole batches."""
    trainer = Trainer(replace(short, clean_statistics=True), few, 0, cpu)
    for _ in range(short.epochs):
        trainer.run_epoch()
    model = trainer.evaluated_model
    with torch.no_grad():
        seen = model.conv1(normalize(few.train.images))
    assert model.norm1.running_mean is not None and model.norm1.running_var is not None
    assert torch.allclose(model.norm1.running_mean, seen.mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(model.norm1.running_var, seen.var((0, 2, 3)), rtol=1e-4)
    assert model.norm1.momentum == 0.1
    plain = Trainer(short, few, 0, cpu)
    for _ in range(short.epochs):
        plain.run_epoch()
    assert plain.evaluated_model.norm1.running_mean is not None
    assert not torch.allclose(
        plain.evaluated_model.norm1.running_mean, model.norm1.running_mean, atol=1e-3
    )
    assert torch.equal(plain.evaluated_model.conv3.weight, model.conv3.weight)


def test_a_trial_of_rates_rises_until_it_explodes(
    mnist: Dataset, short: Recipe, cpu: torch.device
) -> None:
    dataset = Dataset(mnist.train[:2000], mnist.test[:10], "some")
    recipe = replace(short, optimizer="sgd", ema_decay=None)
    trial = try_rates(recipe, dataset, 0, cpu, low=1e-4, high=1e3, steps=100)
    rates = [point.learning_rate for point in trial]
    assert rates[0] == pytest.approx(1e-4)
    assert all(b / a == pytest.approx(10 ** (7 / 99)) for a, b in pairwise(rates))
    assert len(trial) < 100
    assert min(point.smooth_loss for point in trial) < 2 < trial[0].loss < trial[-1].smooth_loss


def test_decay_touches_weights_only(few: Dataset, short: Recipe, cpu: torch.device) -> None:
    weights = 200 + 3200 + 12_800 + 768 + 240
    for optimizer in ("sgd", "adamw", "muon"):
        recipe = replace(short, optimizer=optimizer, weight_decay=0.03)
        decayed = {0.03: 0, 0.0: 0}
        for part in Trainer(recipe, few, 0, cpu).optimizers:
            for group in part.param_groups:
                decayed[group["weight_decay"]] += sum(p.numel() for p in group["params"])
        assert decayed == {0.03: weights, 0.0: 17_410 - weights}


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
    with pytest.raises(GradsheetError, match="holds something else: a run with another seed;"):
        replace(run, seed=3).execute(few, quiet)
    with pytest.raises(GradsheetError, match="a run with another recipe and another data;"):
        replace(run, recipe=replace(short, epochs=4)).execute(replace(few, sha256="x"), quiet)
    lines: list[str] = []
    finished = run.execute(few, lines.append)
    assert lines[0] == "Resuming after epoch 2 of 3."
    assert finished.evaluation.loss == whole.evaluation.loss
    weights = (run.folder / "model.safetensors").read_bytes()
    again = run.execute(few, lines.append)
    assert lines[-1] == f"The run in {run.folder} is finished already; its weights are kept."
    assert again.history == finished.history
    assert (run.folder / "model.safetensors").read_bytes() == weights


def test_a_run_stopped_before_its_last_history_has_it_whole(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = TrainingRun(tmp_path / "run", short, seed=2, device=cpu)
    save = Trainer.save

    def stop_after(trainer: Trainer, path: Path) -> None:
        save(trainer, path)
        if len(trainer.history) == short.epochs:
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "save", stop_after)
    with pytest.raises(KeyboardInterrupt):
        run.execute(few, quiet)
    monkeypatch.setattr(Trainer, "save", save)
    assert len(run.execute(few, quiet).history) == short.epochs


@pytest.mark.parametrize("name", ["config.json", "history.csv", "thesis.txt"])
def test_somebody_elses_files_are_left_alone(
    name: str, few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(GradsheetError, match=r"there are files, but no config\.json of a run"):
        TrainingRun(tmp_path, short, seed=2, device=cpu).execute(few, quiet)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "{}"


Change = Callable[[dict[str, torch.Tensor], dict[str, str]], object]

DAMAGES: dict[str, Change] = {
    "no history": lambda tensors, metadata: metadata.pop("history"),
    "history is no list": lambda tensors, metadata: metadata.update(history="7"),
    "history is empty": lambda tensors, metadata: metadata.update(history="[]"),
    "history is cut": lambda tensors, metadata: metadata.update(history="[[1, 2"),
    "a row is short": lambda tensors, metadata: metadata.update(history="[[1, 2]]"),
    "a weight is missing": lambda tensors, metadata: tensors.pop("model.conv1.weight"),
    "an average is missing": lambda tensors, metadata: tensors.pop("average.conv1.weight"),
    "a moment is missing": lambda tensors, metadata: tensors.pop("optimizer.0.3.exp_avg"),
    "all moments are missing": lambda tensors, metadata: [
        tensors.pop(name) for name in list(tensors) if name.startswith("optimizer")
    ],
    "a moment has another shape": lambda tensors, metadata: tensors.update(
        {"optimizer.0.0.exp_avg": torch.ones(3)}
    ),
    "a weight has another shape": lambda tensors, metadata: tensors.update(
        {"model.conv1.weight": torch.ones(3)}
    ),
    "a weight is no number": lambda tensors, metadata: tensors.update(
        {"model.conv1.bias": torch.full((8,), math.nan)}
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_said(
    damage: str, few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    trainer, path = Trainer(short, few, 0, cpu), tmp_path / "checkpoint.safetensors"
    trainer.run_epoch()
    trainer.save(path)
    tensors, metadata = read_tensors(path)
    DAMAGES[damage](tensors, metadata)
    write_tensors(path, tensors, metadata)
    with pytest.raises(GradsheetError, match="is damaged"):
        Trainer(short, few, 0, cpu).restore(path)


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "epoch\ninf\n", "epoch\nx\n", "epoch,seconds\n2,1\n"]
)
def test_a_damaged_history_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(GradsheetError, match="is no training history"):
        read_history(tmp_path)


def test_validation_leaves_the_test_set_alone(
    mnist: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    lines: list[str] = []
    dataset = Dataset(mnist.train[:5400], mnist.test[:0], "no test set at all")
    recipe = replace(short, epochs=1)
    run = TrainingRun(tmp_path / "run", recipe, 0, cpu, held_out=5000).execute(
        dataset, lines.append
    )
    assert run.evaluation.total == 5000
    assert lines[-1].startswith("Validation set: Average loss:")


@pytest.mark.parametrize("name", ["abacus", "cuda:99", "meta", "hpu", "mkldnn", "cuda:x", "mps:1"])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(
        GradsheetError, match=f"no device '{name}' here; use auto, cpu, cuda or mps"
    ):
        find_device(name)


def test_the_device_of_an_apple_is_taken_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for available in (True, False):
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda found=available: found)
        assert find_device("auto").type != "mps"
        if available:
            assert find_device("mps") == torch.device("mps")
    with pytest.raises(GradsheetError, match="no device 'mps' here"):
        find_device("mps")


def test_half_the_precision_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, cpu: torch.device
) -> None:
    """AMX or AVX512-BF16, and torch not told to do with AVX2."""
    for amx, bf16, capability, expected in (
        (True, False, "AVX512", True),
        (False, True, "AVX512", True),
        (False, False, "AVX512", False),
        (True, True, "AVX2", False),
    ):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda found=amx: found)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda found=bf16: found)
        monkeypatch.setattr(
            torch.backends.cpu, "get_cpu_capability", lambda found=capability: found
        )
        assert multiplies_bfloat16(cpu) is expected


def test_architecture_is_part_of_the_recipe() -> None:
    best = Architecture("gelu", "pool-norm-activation", 0.0, activate_last=True)
    assert RECIPES["best"].architecture == RECIPES["distilled"].architecture == best
    assert RECIPES["teacher"].architecture == replace(best, width=3)
    assert math.isclose(RECIPES["course"].architecture.dropout, 0.1)


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def run_with_free_cores(run: TrainingRun, few: Dataset, free: int) -> list[str]:
    """What a run says, and trains with, where so many cores are free."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gradsheet.digits.run._free_cores", lambda: free)
        run.execute(few, said.append, bar=False)
    return said


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("free", "threads"), [(1, 1), (2, 2), (8, 2)])
def test_threads_are_as_many_as_other_work_leaves_cores(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path, free: int, threads: int
) -> None:
    run = TrainingRun(tmp_path / "run", replace(short, epochs=1), 0, cpu)
    said = run_with_free_cores(run, few, free)
    assert torch.get_num_threads() == threads
    assert describe(run.folder)["machine"]["threads"] == threads
    assert ("Training with 1 of 2 threads; OMP_NUM_THREADS=2 uses all." in said) == (threads == 1)


@pytest.mark.usefixtures("two_threads")
def test_a_resumed_run_keeps_its_threads(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    """Whatever is free by then: the last bits of a sum depend on them."""
    run = TrainingRun(tmp_path / "run", short, 0, cpu)

    def stop(record: EpochRecord) -> None:
        raise KeyboardInterrupt

    for free, expected in ((1, 1), (2, 1)):
        torch.set_num_threads(2)
        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr("gradsheet.digits.run._free_cores", lambda found=free: found)
            run.execute(few, quiet, bar=False, watch=stop)
        assert torch.get_num_threads() == expected


@pytest.mark.usefixtures("two_threads")
def test_the_user_settles_the_threads(
    few: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    run_with_free_cores(TrainingRun(tmp_path / "run", replace(short, epochs=1), 0, cpu), few, 1)
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(
    ("user", "expected"),
    [({}, "20000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "passive"}, "None")],
)
def test_waiting_is_short_unless_the_user_says(user: dict[str, str], expected: str) -> None:
    told = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = {name: value for name, value in os.environ.items() if name not in told}
    look = "import gradsheet.digits, os, sys; print(os.environ.get('GOMP_SPINCOUNT'), *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", look], env=environment | user, capture_output=True, text=True
    )
    spin, *modules = done.stdout.split()
    assert spin == expected
    assert "torch" not in modules
