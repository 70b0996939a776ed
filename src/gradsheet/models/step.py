"""The step of an optimizer after the backward pass."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from gradsheet.errors import GradsheetError
from gradsheet.models.capture.complex_numbers import as_real
from gradsheet.models.primitives.text import Refs, fill
from gradsheet.models.validation import check_learning_rate

OptimizerName = Literal["sgd", "momentum", "adam"]

_EPSILON = "0.00000001"


@dataclass(frozen=True)
class Step:
    """The first step of an optimizer.

    Attributes:
        optimizer: its name.
        learning_rate: as written at first.
    """

    optimizer: OptimizerName
    learning_rate: float

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

    def formulas(self, rate: str, parameters: Refs, gradients: Refs) -> Iterable[str]:
        """The parameters after the step, from the rate's address, their cells and gradients."""
        change = f"{{g}}/(ABS({{g}})+{_EPSILON})" if self.optimizer == "adam" else "{g}"
        cells = {"p": parameters, "g": gradients}
        return fill(f"{{p}}-{rate}*{change}", cells, parameters.size)

    def apply(self, model: nn.Module, gradients: Mapping[str, Tensor]) -> None:
        """Take the step on the parameters that have gradients, by their names."""
        # By hand: torch.optim would import torch's compiler, which takes seconds.
        own = dict(model.named_parameters())
        with torch.no_grad():
            for name, g in gradients.items():
                if self.optimizer == "adam":
                    g = g / (g.abs() + float(_EPSILON))
                as_real(own[name]).sub_(self.learning_rate * g)
