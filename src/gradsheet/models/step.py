"""The step of an optimizer after the backward pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.validation import check_learning_rate

OptimizerName = Literal["sgd", "momentum", "adam"]

_EPSILON = "0.00000001"


@dataclass(frozen=True)
class Step:
    """The first step of an optimizer.

    Attributes:
        optimizer: its name.
        learning_rate: as written at first.
        cell: the address of the learning rate, for other sheets.
    """

    optimizer: OptimizerName
    learning_rate: float
    cell: str = ""

    def __post_init__(self) -> None:
        check_learning_rate(self.learning_rate)
        if self.optimizer not in get_args(OptimizerName):
            raise GradsheetError(
                f"the optimizer is {self.optimizer!r}; expected sgd, momentum or adam"
            )

    @property
    def name(self) -> str:
        """In words."""
        return {
            "sgd": "a step of gradient descent",
            "momentum": "the first step with momentum, which starts at 0: that of gradient descent",
            "adam": "the first step of Adam, whose moments m̂ and √v̂ are g and |g|",
        }[self.optimizer]

    def formulas(self, parameters: Sequence[str], gradients: Sequence[str]) -> Iterable[str]:
        """The parameters after the step, from their cells and those of their gradients."""
        pairs = zip(parameters, gradients, strict=True)
        if self.optimizer == "adam":
            return (f"{p}-{self.cell}*{g}/(ABS({g})+{_EPSILON})" for p, g in pairs)
        return (f"{p}-{self.cell}*{g}" for p, g in pairs)

    def apply(self, model: nn.Module, gradients: Mapping[str, Tensor]) -> None:
        """Take the step on the parameters that have gradients, by their names."""
        # By hand: torch.optim would import torch's compiler, which takes seconds.
        own = dict(model.named_parameters())
        with torch.no_grad():
            for name, g in gradients.items():
                if self.optimizer == "adam":
                    g = g / (g.abs() + float(_EPSILON))
                own[name].sub_(self.learning_rate * g)
