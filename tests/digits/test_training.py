"""Training: that it learns, repeats with its seed, and counts as it should."""

from dataclasses import replace

import pytest
import torch

from gradsheet.digits.data import Dataset
from gradsheet.digits.evaluation import evaluate, normalize
from gradsheet.digits.model import DigitNet
from gradsheet.digits.model_files import load_model
from gradsheet.digits.recipe import RECIPES, Recipe
from gradsheet.digits.training import Trainer
from gradsheet.digits.zoo import make_network
from gradsheet.errors import GradsheetError

# The largest network; distilling is tested below.
SLOW = ("teacher", "distilled")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in RECIPES],
)
def test_it_learns(name: str, mnist: Dataset, cpu: torch.device) -> None:
    dataset = Dataset(mnist.train[:2000], mnist.test[:1000], "some")
    recipe = replace(RECIPES[name], epochs=4, batch_size=32)
    teachers = [] if recipe.temperature is None else [load_model(None).to(cpu)]
    trainer = Trainer(recipe, dataset, 0, cpu, bar=False, teachers=teachers)
    before = evaluate(trainer.evaluated_model, dataset.test)
    assert before.correct < 300
    for _ in range(recipe.epochs):
        record = trainer.run_epoch()
    assert record.eval_accuracy > 0.9
    assert record.eval_loss < 0.4 < before.loss


def test_seeds_differ_and_repeat(tiny: Dataset, short: Recipe, cpu: torch.device) -> None:
    one, again, other = (
        Trainer(short, tiny, seed=seed, device=cpu, bar=False).run_epoch() for seed in (1, 1, 2)
    )
    assert one.train_loss == again.train_loss
    assert one.train_loss != other.train_loss


def test_the_average_is_updated_after_every_step(
    tiny: Dataset, short: Recipe, cpu: torch.device
) -> None:
    """The average of the weights after 1, 2, 3 updates, weighted 0.75², 0.75 and 1."""
    trainer = Trainer(replace(short, batch_size=96, ema_decay=0.75), tiny, 0, cpu, bar=False)
    after = []
    for _ in range(3):
        trainer.run_epoch()
        state = trainer.model.state_dict()
        after.append({name: value.clone() for name, value in state.items()})
    for name, value in trainer.evaluated_model.state_dict().items():
        if value.is_floating_point():
            one, two, three = (state[name] for state in after)
            expected = (0.75**2 * one + 0.75 * two + three) / (0.75**2 + 0.75 + 1)
            assert torch.allclose(value, expected, atol=1e-6), name


def test_statistics_are_recalibrated_after_the_last_epoch(
    tiny: Dataset, short: Recipe, cpu: torch.device
) -> None:
    """They are those of the images without augmentation; no weight changes."""
    models = []
    for recalibrate in (True, False):
        recipe = replace(short, epochs=2, recalibrate_statistics=recalibrate)
        trainer = Trainer(recipe, tiny, 0, cpu, bar=False)
        for _ in range(recipe.epochs):
            trainer.run_epoch()
        models.append(trainer.evaluated_model)
    model, plain = models
    assert isinstance(model, DigitNet) and isinstance(plain, DigitNet)
    with torch.no_grad():
        mean = model.conv1(normalize(tiny.train.images)).mean((0, 2, 3))
    assert model.norm1.running_mean is not None and plain.norm1.running_mean is not None
    assert torch.allclose(model.norm1.running_mean, mean, atol=1e-5)
    assert not torch.allclose(plain.norm1.running_mean, mean, atol=1e-3)
    assert torch.equal(plain.conv3.weight, model.conv3.weight)


def test_the_mean_over_an_epoch_counts_images_not_batches(
    few: Dataset, short: Recipe, cpu: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "step", lambda self, batch, rate: (float(len(batch.labels)), 5))
    record = Trainer(replace(short, batch_size=150, ema_decay=None), few, 0, cpu).run_epoch()
    assert record.train_loss == pytest.approx((150**2 + 150**2 + 100**2) / 400)
    assert record.train_accuracy == 15 / 400


def test_teachers_come_with_a_recipe_that_has_use_for_them(
    tiny: Dataset, short: Recipe, cpu: torch.device
) -> None:
    with pytest.raises(GradsheetError, match="best is trained on the labels: expected no --teach"):
        Trainer(short, tiny, 0, cpu, teachers=[make_network(short.architecture)])
    with pytest.raises(GradsheetError, match="best is trained on teacher probabilities: give at"):
        Trainer(replace(short, temperature=1.0), tiny, 0, cpu)


def test_divergence_is_named(few: Dataset, short: Recipe, cpu: torch.device) -> None:
    wild = replace(short, optimizer="sgd", schedule="constant", learning_rate=1e20)
    trainer = Trainer(replace(wild, ema_decay=None), few, 0, cpu, bar=False)
    with pytest.raises(GradsheetError, match="training diverged; use a lower learning rate"):
        for _ in range(3):
            trainer.run_epoch()
