"""Training: batches that never leave memory, a checkpoint an epoch, the original's log lines."""

import json
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from gradsheet.digits import training_pass
from gradsheet.digits.augment import RandomViews
from gradsheet.digits.data import IMAGE_SIZE, Dataset
from gradsheet.digits.evaluation import evaluate, normalize
from gradsheet.digits.model import DigitNet
from gradsheet.digits.muon import Muon
from gradsheet.digits.recipe import Recipe
from gradsheet.digits.storage import read_tensors, write_tensors
from gradsheet.errors import GradsheetError

# Views are made for several batches at once: an operation costs the same few microseconds for
# sixteen small batches as for one.
BATCHES_AT_ONCE = 16

_SMOOTHING = 0.95  # of the loss in a trial of learning rates

_STATISTICS = 20_000  # images from which batch norm's statistics are taken

# What each optimizer remembers of a parameter.
_REMEMBERED: dict[type[torch.optim.Optimizer], tuple[str, ...]] = {
    torch.optim.SGD: ("momentum_buffer",),
    torch.optim.AdamW: ("step", "exp_avg", "exp_avg_sq"),
    Muon: ("momentum_buffer",),
}

# With Muon, of its rate for what is no hidden matrix: the last layer, biases, batch norms.
_ADAM_SHARE = 0.5

_LEARNS_FROM = {
    True: "learns from teachers: give at least one run folder with --teacher",
    False: "learns from the labels: expected no --teacher",
}


@dataclass(frozen=True)
class EpochRecord:
    """One row of a run's history.

    Attributes:
        epoch: from 1.
        learning_rate: of the epoch's last step.
        train_loss: mean over the epoch's images, as augmented, each seen once while learning.
        train_accuracy: the same for the fraction read rightly.
        test_loss: mean cross-entropy an image after the epoch, of the weights that are saved.
        test_accuracy: the same for the fraction read rightly.
        seconds: wall time of the training part.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float

    @classmethod
    def from_text(cls, row: Mapping[str, str]) -> "EpochRecord":
        """The record in a row of CSV."""
        numbers = {name: float(value) for name, value in row.items()}
        return cls(**{**numbers, "epoch": int(numbers["epoch"])})  # type: ignore[arg-type]


class Trainer:
    """A training run in progress.

    The draws of an epoch depend on the seed and the epoch alone, so a run that is stopped and
    resumed after any epoch ends, on the same machine, with the weights of one that was not.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        seed: int,
        device: torch.device,
        bar: bool = True,
        teachers: Sequence[DigitNet] = (),
    ) -> None:
        if bool(teachers) != (recipe.temperature is not None):
            raise GradsheetError(
                f"the recipe {recipe.name} {_LEARNS_FROM[recipe.temperature is not None]}, "
                f"{len(teachers)} given"
            )
        self.recipe, self.seed, self.device, self._bar = recipe, seed, device, bar
        self._teachers = [teacher.to(device).eval() for teacher in teachers]
        self.train_set, self.test_set = dataset.train.to(device), dataset.test
        torch.manual_seed(seed)
        self.model = DigitNet(recipe.architecture).to(device)
        self.optimizers = _optimizers(self.model, recipe)
        self.average = None if recipe.ema_decay is None else _copy_of(self.model)
        self.history: list[EpochRecord] = []
        self._batch_size = min(len(dataset.train), recipe.batch_size)
        self._followed = _numbers(self.average), _numbers(self.model)
        self._low = recipe.mixed_precision and multiplies_bfloat16(device)
        limits = recipe.augmentation
        self._distort = None if limits is None else RandomViews(limits, IMAGE_SIZE, device)

    @property
    def evaluated_model(self) -> DigitNet:
        """The weights that are evaluated and saved: the moving average where there is one."""
        return self.average or self.model

    def run_epoch(self) -> EpochRecord:
        """Train for one epoch under a progress bar, evaluate, and add to the history.

        Raises:
            GradsheetError: the loss is no longer a finite number.
        """
        epoch = len(self.history) + 1
        started = time.perf_counter()
        rate, loss, accuracy = self._train_epoch(epoch)
        if self.recipe.clean_statistics and epoch == self.recipe.epochs:
            take_statistics(self.evaluated_model, self.train_set.images[:_STATISTICS])
        seconds = time.perf_counter() - started
        result = evaluate(self.evaluated_model, self.test_set)
        record = EpochRecord(
            epoch, rate, loss, accuracy, result.loss, result.correct / result.total, seconds
        )
        self.history.append(record)
        return record

    def _train_epoch(self, epoch: int) -> tuple[float, float, float]:
        """The last learning rate, the mean loss and the accuracy of the epoch."""
        torch.manual_seed(self.seed * 1_000_003 + epoch)  # dropout draws from the global generator
        draws = torch.Generator(self.device).manual_seed(self.seed * 1_000_003 + epoch)
        count = len(self.train_set)
        batches = math.ceil(count / self._batch_size)
        first, steps = (epoch - 1) * batches, batches * self.recipe.epochs
        total_loss, total_correct, rate = 0.0, 0, math.nan
        self.model.train()
        with tqdm(
            self._batches(epoch, draws),
            total=batches,
            dynamic_ncols=True,
            mininterval=0.25,
            disable=not self._bar,
        ) as bar:
            for batch_id, (images, labels) in enumerate(bar):
                step = first + batch_id
                rate = self.recipe.learning_rate_at(step, steps)
                loss, correct = self.step(images, labels, rate)
                if not math.isfinite(loss):
                    raise GradsheetError(
                        f"the loss is {loss} in epoch {epoch}, batch {batch_id}: training "
                        "diverged; use a lower learning rate or a larger batch"
                    )
                self._follow(step + 1)
                total_loss += loss * len(labels)
                total_correct += correct
                bar.set_description_str(f"loss={loss:.4f} batch_id={batch_id}", refresh=False)
        return rate, total_loss / count, total_correct / count

    def _batches(self, epoch: int, draws: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """The network's inputs and the labels of each batch of an epoch."""
        order = torch.randperm(len(self.train_set), generator=draws, device=self.device)
        for several in torch.split(order, self._batch_size * BATCHES_AT_ONCE):
            views, labels = self._views(several, draws), self.train_set.labels[several]
            yield from zip(
                torch.split(views, self._batch_size),
                torch.split(labels, self._batch_size),
                strict=True,
            )

    def batches_without_end(self, draws: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches as in the first epoch, one pass over the training images after another."""
        while True:
            yield from self._batches(1, draws)

    def step(self, images: Tensor, labels: Tensor, rate: float) -> tuple[float, int]:
        """One update of the weights; the batch's mean loss and how many it read rightly."""
        logits = self._logits(self.model, images)
        loss = self._loss(logits, images, labels)
        self.model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * group["share"]
            optimizer.step()
        return loss.item(), int((logits.argmax(dim=1) == labels).sum())

    def _loss(self, logits: Tensor, images: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy with the labels, or with what the teachers say of the same views.

        Source of the latter: G. Hinton, O. Vinyals, J. Dean, Distilling the knowledge in a neural
        network (2015).
        """
        heat = self.recipe.temperature
        if heat is None:
            return F.cross_entropy(logits, labels)
        with torch.no_grad():
            said = [(self._logits(one, images) / heat).softmax(1) for one in self._teachers]
        learned = (logits / heat).log_softmax(1)
        return heat**2 * F.kl_div(learned, torch.stack(said).mean(0), reduction="batchmean")

    def _logits(self, model: DigitNet, images: Tensor) -> Tensor:
        """A model's outputs (N, 10), float, for normalized images."""
        if not training_pass.applies_to(model.architecture):
            return model(_channels_first(images))  # type: ignore[no-any-return]  # Module.__call__ is untyped
        if self._low:
            return training_pass.logits(model, images, torch.bfloat16, "space-to-depth")
        return training_pass.logits(model, images, torch.float32, "channels-last")

    def _views(self, batch: Tensor, draws: torch.Generator) -> Tensor:
        """The network's input for the images of ``batch``, augmented."""
        images = self.train_set.images[batch].float()
        return normalize(images if self._distort is None else self._distort(images, draws))

    def _follow(self, updates: int) -> None:
        """Move the average, batch statistics included, towards the weights after an update.

        The weights that the model started from count for nothing, however few updates there were:
        the bias correction of D. P. Kingma, J. Ba, Adam (2015), section 3.
        """
        if self.recipe.ema_decay is not None:
            towards = (1 - self.recipe.ema_decay) / (1 - self.recipe.ema_decay**updates)
            torch._foreach_lerp_(*self._followed, towards)

    def save(self, path: Path) -> None:
        """Write all state to ``path``."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        if self.average is not None:
            averages = self.average.state_dict()
            tensors |= {f"average.{name}": value for name, value in averages.items()}
        for number, optimizer in enumerate(self.optimizers):
            for index, state in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer.{number}.{index}.{k}": v for k, v in state.items()}
        history = [astuple(record) for record in self.history]
        write_tensors(path, tensors, {"history": json.dumps(history)})

    def restore(self, path: Path) -> None:
        """Take up the state in ``path``.

        Raises:
            GradsheetError: it is damaged, or another kind of run's.
        """
        tensors, metadata = read_tensors(path)
        try:
            self._restore(tensors, metadata)
        except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise GradsheetError(
                f"the checkpoint {path} is damaged ({error}); delete it to start again"
            ) from error

    def _restore(self, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
        history = [EpochRecord(*row) for row in json.loads(metadata["history"])]
        epochs = [record.epoch for record in history]
        if epochs != list(range(1, len(epochs) + 1)) or not 1 <= len(epochs) <= self.recipe.epochs:
            raise ValueError(f"its history holds the epochs {epochs}")
        self.model.load_state_dict(_part(tensors, "model."))
        if self.average is not None:
            self.average.load_state_dict(_part(tensors, "average."))
        for number, optimizer in enumerate(self.optimizers):
            _restore_optimizer(optimizer, _part(tensors, f"optimizer.{number}."))
        self.history = history


@dataclass(frozen=True)
class RatePoint:
    """One step of a trial of learning rates, and the loss before it, raw and smoothed."""

    learning_rate: float
    loss: float
    smooth_loss: float


def try_rates(
    recipe: Recipe,
    dataset: Dataset,
    seed: int,
    device: torch.device,
    low: float = 1e-5,
    high: float = 10.0,
    steps: int = 300,
) -> list[RatePoint]:
    """Train while the learning rate rises from ``low`` to ``high``, until the loss explodes.

    Source: L. N. Smith, Cyclical learning rates for training neural networks (2017), section 3.3.
    """
    trainer = Trainer(recipe, dataset, seed, device)
    draws = torch.Generator(device).manual_seed(seed)
    points: list[RatePoint] = []
    average = 0.0
    trainer.model.train()
    for step, batch in enumerate(tqdm(trainer.batches_without_end(draws), total=steps)):
        rate = low * (high / low) ** (step / (steps - 1))
        loss, _ = trainer.step(*batch, rate)
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        points.append(RatePoint(rate, loss, average / (1 - _SMOOTHING ** (step + 1))))
        lowest = min(point.smooth_loss for point in points)
        if step + 1 == steps or not math.isfinite(loss) or points[-1].smooth_loss > 4 * lowest:
            break
    return points


def find_device(name: str) -> torch.device:
    """The device called ``name``: ``auto`` is a CUDA GPU where one is at hand, else the CPU.

    Raises:
        GradsheetError: there is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "mps" and torch.backends.mps.is_available():
        return torch.device(name)
    if re.fullmatch(r"cpu|cuda(:\d+)?", name):
        index = int(name.partition(":")[2] or 0)
        if name == "cpu" or index < torch.cuda.device_count():
            return torch.device(name)
    raise GradsheetError(f"no device '{name}' here; use auto, cpu, cuda or mps (Apple's, untried)")


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 itself (a GPU, or a CPU with AMX or AVX512-BF16)."""
    if device.type != "cpu":
        return device.type == "cuda"
    if torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "NO AVX", "AVX2"):
        return False  # or ATEN_CPU_CAPABILITY asks torch to do without
    questions = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")  # torch has no public ones
    return any(getattr(torch.cpu, question, bool)() for question in questions)


def history_columns() -> list[str]:
    """The names of the columns of a history, in order."""
    return [field.name for field in fields(EpochRecord)]


@torch.no_grad()
def take_statistics(model: DigitNet, images: Tensor, batch_size: int = 1_000) -> None:
    """Set the running statistics of batch norm to their mean over batches of ``images``.

    Source: P. Izmailov et al., Averaging weights leads to wider optima and better generalization
    (2018), section 3.2.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # all batches count alike
        norm.train()
    for batch in torch.split(images, batch_size):
        model(_channels_first(normalize(batch)))
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    model.eval()


def _channels_first(images: Tensor) -> Tensor:
    """The images with strides that have PyTorch keep each channel's feature map in one piece.

    With channels last its batch norm adds up a batch's statistics number by number in single
    precision: over 1,000 images the variance would be 0.2% off.
    """
    return images.clone(memory_format=torch.contiguous_format)


def _optimizers(model: DigitNet, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """What updates the weights; each group's ``share`` is its part of the recipe's rate."""
    weights = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    decay = recipe.weight_decay
    groups: list[dict[str, Any]] = [
        {"params": weights, "weight_decay": decay, "share": 1.0},
        {"params": others, "weight_decay": 0.0, "share": 1.0},
    ]
    if recipe.optimizer == "sgd":
        return [torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=recipe.momentum)]
    if recipe.optimizer == "adamw":
        return [torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)]
    hidden = [weight for weight in weights if weight is not model.linear.weight]
    muon = Muon([{"params": hidden, "share": 1.0}], recipe.learning_rate, weight_decay=decay)
    groups[0]["params"] = [model.linear.weight]
    for group in groups:
        group["share"] = _ADAM_SHARE
    return [muon, torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)]


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give an optimizer its state back, which must be whole and of the right shapes."""
    names = _REMEMBERED[type(optimizer)]
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for index, parameter in enumerate(parameters):
        state[index] = {name: tensors[f"{index}.{name}"] for name in names}
        if any(value.shape not in (parameter.shape, ()) for value in state[index].values()):
            raise ValueError(f"the optimizer's state {index} has another shape")
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _copy_of(model: DigitNet) -> DigitNet:
    copy = DigitNet(model.architecture).to(next(model.parameters()).device)
    copy.load_state_dict(model.state_dict())
    return copy.requires_grad_(False)


def _numbers(model: nn.Module | None) -> list[Tensor]:
    """Weights and batch statistics, without the counters."""
    tensors = [] if model is None else list(model.state_dict().values())
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
