"""One hundred models as people publish them, by family.

The list was committed before the package was tuned to it; a model is never changed to make it
open. Classes of packages are unchanged and made small by their constructors' arguments alone.
The others are written as tutorials and repositories write them, small from the start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import nn

FAMILIES = (
    "mlps",
    "cnns",
    "resnets",
    "unets",
    "autoencoders",
    "recurrent",
    "attention",
    "graphs",
    "flows",
    "gans",
    "regression",
    "packaged_vision",
    "packaged_language",
    "packaged_others",
)


@dataclass(frozen=True)
class Case:
    """A model as its user gives it.

    Attributes:
        example: its input, a tuple of several, or a dict by name.
        target: what the loss compares the output with; None for a loss of the output alone.
        loss: the name of a loss, or a function of the output and the target.
        output: which of several outputs, by number or name.
        training: whether it is given in training mode.
    """

    model: nn.Module
    example: Any
    target: Any = None
    loss: str | Callable[..., Any] = "cross-entropy"
    output: str | int | None = None
    training: bool = False


@dataclass(frozen=True)
class Published:
    """A model of the list."""

    name: str
    family: str
    package: str | None
    make: Callable[[], Case]


MODELS: dict[str, Published] = {}


def published(
    family: str, package: str | None = None
) -> Callable[[Callable[[], Case]], Callable[[], Case]]:
    """Add a function that makes a model to the list; its name is the model's.

    Args:
        family: of the model.
        package: whose unchanged class it is, if any.
    """

    def add(make: Callable[[], Case]) -> Callable[[], Case]:
        name = make.__name__
        assert name not in MODELS, name
        MODELS[name] = Published(name, family, package, make)
        return make

    return add


def load() -> dict[str, Published]:
    """The whole list, in a fixed order; imports no package of a model."""
    for family in FAMILIES:
        import_module(f"published_models.{family}")
    return MODELS


def make(name: str) -> Case:
    """A model of the list, with the same weights every time."""
    torch.manual_seed(0)
    return load()[name].make()


def module(name: str) -> Any:
    """A module of a package that is needed only by its models, untyped."""
    _define_operators()
    return import_module(name)


def _define_operators() -> None:
    """Let torchvision be imported beside a torch it was not compiled for: its own operators,
    which no model of the list uses, are then missing.
    """
    if not _LIBRARIES:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _LIBRARIES.append(library)


_LIBRARIES: list[Any] = []
