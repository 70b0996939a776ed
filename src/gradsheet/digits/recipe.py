"""Recipes: how the network is trained."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from gradsheet.digits.augment import Distortion
from gradsheet.digits.model import Architecture
from gradsheet.digits.small_model import SmallArchitecture
from gradsheet.digits.zoo import EXACT, ZOO, AnyArchitecture, find_architecture, read_architecture
from gradsheet.errors import GradsheetError


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run except its seed, its data and its machine.

    Attributes:
        name: name of the recipe, as commands take it.
        epochs: number of passes over the training images.
        batch_size: number of images in a step.
        optimizer: ``sgd``, ``adamw`` or ``muon`` (Muon for the weights of convolutions, AdamW for
            the rest).
        architecture: the network.
        learning_rate: the constant rate, or the peak of the triangle.
        schedule: ``constant``, or ``triangle``: linear from 0 to the peak over the first
            ``warmup`` of all steps, then linear down to reach 0 one step after the last.
        momentum: of SGD; AdamW uses betas (0.9, 0.999), Muon 0.95.
        weight_decay: on weights of convolutions and the linear layer only, not on biases and
            batch norm.
        ema_decay: decay of the exponential moving average of the weights, which is then evaluated
            and saved; None evaluates the weights themselves.
        recalibrate_statistics: whether batch norm's statistics are taken again after the last
            epoch, from training images without augmentation, as images are evaluated.
        augmentation: limits of the random augmentation; None trains on the images as they are.
        temperature: None trains on the labels. A number trains on the mean teacher probabilities,
            with the logits of teachers and network divided by it (distillation).
        mixed_precision: compute in bfloat16 where the processor multiplies matrices of them and
            the network is a small one or pools first.
    """

    name: str
    epochs: int
    batch_size: int
    optimizer: Literal["sgd", "adamw", "muon"]
    learning_rate: float
    architecture: AnyArchitecture
    schedule: Literal["constant", "triangle"] = "constant"
    warmup: float = 0.3
    momentum: float = 0.9
    weight_decay: float = 0.0
    ema_decay: float | None = None
    recalibrate_statistics: bool = False
    augmentation: Distortion | None = None
    temperature: float | None = None
    mixed_precision: bool = False

    def learning_rate_at(self, step: int, steps: int) -> float:
        """Learning rate of a ``step``, from 0, of a run of ``steps``."""
        if self.schedule == "constant":
            return self.learning_rate
        done = (step + 1) / (steps + 1)
        return self.learning_rate * min(done / self.warmup, (1 - done) / (1 - self.warmup))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recipe":
        """The recipe that ``to_dict`` wrote.

        Raises:
            Exception: the values are not a recipe, whatever is wrong with them.
        """
        limits = values["augmentation"]
        parts = {
            "architecture": read_architecture(values["architecture"]),
            "augmentation": None if limits is None else Distortion(**limits),
        }
        recipe = cls(**{**values, **parts})
        recipe._check()
        return recipe

    def _check(self) -> None:
        """Raise ValueError if a value is not possible: a file can state any."""
        possible = {
            "name": isinstance(self.name, str),
            "epochs": type(self.epochs) is int and 1 <= self.epochs <= _MOST,
            "batch_size": type(self.batch_size) is int and 1 <= self.batch_size <= _MOST,
            "optimizer": self.optimizer in ("sgd", "adamw", "muon"),
            "schedule": self.schedule in ("constant", "triangle"),
            "learning_rate": _is_number(self.learning_rate, 0, 1e6),
            "warmup": _is_number(self.warmup, 1e-6, 1 - 1e-6),
            "momentum": _is_number(self.momentum, 0, 1),
            "weight_decay": _is_number(self.weight_decay, 0, 1e6),
            "ema_decay": self.ema_decay is None or _is_number(self.ema_decay, 0, 1),
            "temperature": self.temperature is None or _is_number(self.temperature, 1e-6, 1e6),
            "recalibrate_statistics": isinstance(self.recalibrate_statistics, bool),
            "mixed_precision": isinstance(self.mixed_precision, bool),
            "augmentation": self.augmentation is None
            or all(_is_number(limit, 0, 1e3) for limit in asdict(self.augmentation).values()),
        }
        for name, holds in possible.items():
            if not holds:
                raise ValueError(f"{name} is {getattr(self, name)!r}")

    @classmethod
    def completed(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """A written recipe, with the defaults of fields that came after it was written.

        Raises:
            Exception: the values are not a recipe, whatever is wrong with them.
        """
        return cls.from_dict(values).to_dict()

    def to_dict(self) -> dict[str, Any]:
        """The recipe as objects, numbers and texts of JSON."""
        return dict(json.loads(json.dumps(asdict(self))))  # lists in place of tuples


_MOST = 1_000_000  # epochs, or images in a batch


def _is_number(value: object, least: float, most: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and least <= value <= most  # type: ignore[operator]  # it is a number


SMALL, TINY = "small", "tiny"
"""The recipes of the zoo's small networks, and of the smallest, which augmentation overtaxes."""

_TINIEST = ("0.5k", "0.7k", "1k")

_BEST = Recipe(
    name="best",
    epochs=19,
    batch_size=128,
    optimizer="muon",
    learning_rate=0.04,
    schedule="triangle",
    weight_decay=0.01,
    ema_decay=0.995,
    recalibrate_statistics=True,
    augmentation=Distortion(degrees=12, shear=8, pixels=1, scale=0.13, elastic=0.5),
    mixed_precision=True,
    architecture=ZOO[EXACT],
)

_SMALL = replace(
    _BEST,
    name=SMALL,
    learning_rate=0.05,
    warmup=0.2,
    augmentation=Distortion(degrees=8, shear=5, pixels=1, scale=0.1),
    architecture=ZOO["5k"],
)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="course",
            epochs=15,
            batch_size=128,
            optimizer="sgd",
            learning_rate=0.05,
            architecture=Architecture(dropout=0.1),
        ),
        _BEST,
        replace(_BEST, name="distilled", temperature=4),
        Recipe(
            name="teacher",
            epochs=19,
            batch_size=96,
            optimizer="adamw",
            learning_rate=0.015,
            schedule="triangle",
            weight_decay=0.05,
            ema_decay=0.998,
            recalibrate_statistics=True,
            augmentation=Distortion(degrees=15, shear=10, pixels=1, scale=0.13, elastic=0.7),
            mixed_precision=True,
            architecture=Architecture(
                activation="gelu", order="pool-norm-activation", activate_last=True, width=3
            ),
        ),
        Recipe(
            name="fast",
            epochs=3,
            batch_size=256,
            optimizer="muon",
            learning_rate=0.06,
            schedule="triangle",
            warmup=0.2,
            weight_decay=0.01,
            ema_decay=0.98,
            recalibrate_statistics=True,
            augmentation=Distortion(degrees=8, shear=5, pixels=1, scale=0.1),
            mixed_precision=True,
            architecture=Architecture(activation="relu", order="pool-norm-activation"),
        ),
        _SMALL,
        replace(_SMALL, name=TINY, augmentation=None, architecture=ZOO["1k"]),
    )
}


def find_recipe(
    name: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    model: str | None = None,
) -> Recipe:
    """The recipe called ``name``, with ``epochs`` and ``batch_size`` replaced where given.

    Args:
        name: by default ``best``; ``small`` for a small network, ``tiny`` for the smallest three.
        epochs: number of passes over the training images.
        batch_size: number of images in a step.
        model: the network of the zoo to train; by default the recipe's own.

    Raises:
        GradsheetError: there is no such recipe or network, or a number is not positive.
    """
    architecture = None if model is None else find_architecture(model)
    if name is None:
        usual = TINY if model in _TINIEST else SMALL
        name = usual if isinstance(architecture, SmallArchitecture) else "best"
    if name not in RECIPES:
        raise GradsheetError(f"no recipe is called '{name}'; choose from {', '.join(RECIPES)}")
    for what, value in (("epochs", epochs), ("batch size", batch_size)):
        if value is not None and not 1 <= value <= _MOST:
            raise GradsheetError(f"{what} is {value}; it must be 1 to {_MOST:,}")
    recipe = RECIPES[name]
    return replace(
        recipe,
        epochs=epochs if epochs is not None else recipe.epochs,
        batch_size=batch_size if batch_size is not None else recipe.batch_size,
        architecture=architecture or recipe.architecture,
    )
