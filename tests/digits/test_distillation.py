"""Distillation: the loss, what teachers say of an epoch, and that students share it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gradsheet.digits import training_pass
from gradsheet.digits.batches import Batch, Batches
from gradsheet.digits.data import Dataset
from gradsheet.digits.distillation import Lessons, distillation_loss, mean_probabilities
from gradsheet.digits.evaluation import evaluate
from gradsheet.digits.model import DigitNet
from gradsheet.digits.model_files import load_model
from gradsheet.digits.recipe import RECIPES, Recipe
from gradsheet.digits.run import TrainingRun
from gradsheet.digits.study.study import Study
from gradsheet.digits.training import Trainer
from gradsheet.digits.zoo import Network, make_network
from gradsheet.errors import GradsheetError


def test_a_student_learns_what_its_teacher_says(
    few: Dataset, short: Recipe, cpu: torch.device
) -> None:
    """The teacher calls each digit the next; so does its student, whatever the labels are."""
    teacher = load_model(None)
    for tensor in (teacher.linear.weight, teacher.linear.bias):
        tensor.data = tensor.data.roll(1, 0)
    taught = evaluate(teacher, few.test).predictions
    assert float((taught == (few.test.labels + 1) % 10).float().mean()) > 0.98
    recipe = replace(short, epochs=8, batch_size=40, temperature=2.0)
    student = Trainer(recipe, few, 1, cpu, bar=False, teachers=[teacher])
    for _ in range(recipe.epochs):
        student.run_epoch()
    learned = evaluate(student.evaluated_model, few.test).predictions
    assert float((learned == taught).float().mean()) > 0.6
    assert float((learned == few.test.labels).float().mean()) < 0.2


def test_the_loss_of_distillation() -> None:
    """Against its definition; for a student that equals its only teacher it is 0."""
    torch.manual_seed(0)
    student, *teachers = torch.randn(3, 6, 10)
    own_teacher = mean_probabilities([student], 3.0)
    assert float(distillation_loss(student, own_teacher, 3.0)) == pytest.approx(0, abs=1e-6)
    probabilities = [(teacher.double() / 3).softmax(1) for teacher in teachers]
    mean, own = sum(probabilities) / 2, (student.double() / 3).softmax(1)
    expected = 9 * (mean * (mean / own).log()).sum() / 6
    found = distillation_loss(student, mean_probabilities(teachers, 3.0), 3.0)
    assert float(found) == pytest.approx(float(expected), rel=1e-4)


def test_a_step_distills(tiny: Dataset, short: Recipe, cpu: torch.device) -> None:
    """The loss of a step is that of the student's logits and the batch's probabilities."""
    torch.manual_seed(0)
    teachers = [make_network(short.architecture).eval() for _ in range(2)]
    exact = replace(short, temperature=3.0, mixed_precision=False)
    trainer = Trainer(exact, tiny, 0, cpu, teachers=teachers)
    assert isinstance(trainer.model, DigitNet)
    said = torch.rand(6, 10).softmax(1)
    batch = Batch(torch.randn(6, 1, 28, 28), torch.arange(6), said)
    logits = training_pass.logits(
        trainer.model.train(), batch.images, torch.float32, "channels-last"
    )
    found, _ = trainer.step(batch, rate=0.0)
    assert found == pytest.approx(float(distillation_loss(logits, said, 3.0).detach()), rel=1e-4)


@pytest.mark.parametrize("augmented", [True, False])
def test_a_lesson_is_of_the_images_that_students_see(
    augmented: bool, tiny: Dataset, short: Recipe, cpu: torch.device
) -> None:
    """In any order, each image comes with what all teachers together say of it as it is shown."""
    torch.manual_seed(0)
    augmentation = RECIPES["best"].augmentation if augmented else None
    batches = Batches(tiny.train, 10, augmentation)
    teachers = [make_network(short.architecture).eval() for _ in range(2)]
    lessons = Lessons(batches, teachers, 3.0, lambda teacher, images: teacher(images))
    draws = torch.Generator().manual_seed(5)
    shown = list(batches.epoch(draws, lessons.epoch(1)))
    assert sum(len(batch.labels) for batch in shown) == len(tiny.train)
    for batch in shown:
        with torch.no_grad():
            logits = [teacher(batch.images) for teacher in teachers]
        expected = sum((one / 3).softmax(1) for one in logits) / 2
        assert batch.teacher_probabilities is not None
        assert torch.allclose(batch.teacher_probabilities, expected, atol=1e-5)
    one, again, other = (lessons.epoch(number).drawn for number in (1, 1, 2))
    if augmented:
        assert one is not None and again is not None and other is not None
        assert torch.equal(one, again) and not torch.equal(one, other)


def test_the_teachers_are_asked_once(
    tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    """What is kept serves the same teachers, images, augmentation and temperature, only these."""
    asked: list[int] = []

    def logits(teacher: Network, images: torch.Tensor) -> torch.Tensor:
        asked.append(len(images))
        return teacher(images)  # type: ignore[no-any-return]  # Module.__call__ is untyped

    one, two = (make_network(short.architecture).eval() for _ in range(2))
    batches = Batches(tiny.train, 10, short.augmentation)

    def lessons(*teachers: Network, shown: Batches = batches, temperature: float = 3.0) -> Lessons:
        return Lessons(shown, teachers, temperature, logits, tmp_path / "said")

    first = lessons(one).epoch(1)
    again = lessons(one).epoch(1)
    assert asked == [96] and torch.equal(first.teacher_probabilities, again.teacher_probabilities)
    weaker = Batches(tiny.train, 10, None)
    turned = Batches(replace(tiny.train, images=tiny.train.images.flip(1)), 10, short.augmentation)
    for other in (
        lessons(two),
        lessons(one, two),
        lessons(one, temperature=2.0),
        lessons(one, shown=weaker),
        lessons(one, shown=turned),
    ):
        asked.clear()
        other.epoch(1)
        assert asked
    (file,) = (tmp_path / "said").iterdir()
    file.write_bytes(file.read_bytes()[:200])
    asked.clear()
    lessons(one).epoch(1)
    assert asked == [96]


def test_a_study_asks_its_teachers_once(
    tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second seed, and a resumed one, take what the first one was told; none leaves a file."""
    wide = replace(short, epochs=1)
    TrainingRun(tmp_path / "teacher", wide, 0, cpu).execute(tiny, print, bar=False)
    recipe = replace(short, epochs=2, temperature=4.0)
    study = Study(tmp_path / "study", recipe, 2, teachers=(tmp_path / "teacher",))
    asked: list[int] = []
    ask = Lessons._ask

    def counted(lessons: Lessons, drawn: torch.Tensor | None, epoch: int) -> torch.Tensor:
        asked.append(epoch)
        return ask(lessons, drawn, epoch)

    monkeypatch.setattr(Lessons, "_ask", counted)
    for seed in range(2):
        study.run(seed).execute(tiny, print, bar=False)
    assert asked == [1, 2]
    single = TrainingRun(tmp_path / "alone", recipe, 0, cpu, teachers=(tmp_path / "teacher",))
    alone = single.execute(tiny, print, bar=False)
    assert asked == [1, 2, 1, 2]
    assert alone.history[-1].train_loss == study.run(0).execute(tiny, print).history[-1].train_loss


def test_without_its_teachers_nothing_is_written(
    tiny: Dataset, short: Recipe, cpu: torch.device, tmp_path: Path
) -> None:
    run = TrainingRun(tmp_path / "run", replace(short, temperature=4.0), 0, cpu)
    with pytest.raises(GradsheetError, match="give at least one run folder with --teacher, 0 giv"):
        run.execute(tiny, print, bar=False)
    assert not run.folder.exists()
