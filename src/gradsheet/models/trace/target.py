"""The target of a model and its loss."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.models.layers.base import Array
from gradsheet.models.trace.recognize import array, shape_text
from gradsheet.models.trace.records import LossName
from gradsheet.models.validation import check_finite

Target = int | Sequence[float] | Tensor
"""A class for cross-entropy, a number for each output for the squared error."""


def checked_target(target: Target, output: Tensor, loss: LossName) -> int | Array:
    """The class or the numbers, for the model's ``output`` (1, N).

    Raises:
        GradsheetError: it does not fit the output.
    """
    if output.dim() != 2:
        raise GradsheetError(f"a loss needs a vector; the output is {shape_text(output)}")
    count = output.shape[1]
    if loss == "cross-entropy":
        return _class(target, count)
    try:
        numbers = torch.as_tensor(target, dtype=torch.float64).detach().cpu().flatten()
    except (TypeError, ValueError, RuntimeError) as error:
        raise GradsheetError(f"the target is {target!r}; expected {count} numbers") from error
    if len(numbers) != count:
        raise GradsheetError(f"the target has {len(numbers)} numbers; expected {count}")
    check_finite("the target", "it", numbers)
    return array(numbers)


def _class(target: Target, count: int) -> int:
    whole = isinstance(target, int | np.integer) or (
        isinstance(target, Tensor) and target.dim() == 0 and not target.is_floating_point()
    )
    if not whole or not 0 <= int(target) < count:  # type: ignore[arg-type]  # it is whole
        raise GradsheetError(f"the class is {target}; expected 0 to {count - 1}")
    return int(target)  # type: ignore[arg-type]


def loss_of(output: Tensor, target: int | Array) -> Tensor:
    """Cross-entropy with a class, half the squared error with numbers."""
    if isinstance(target, int):
        return F.cross_entropy(output, torch.tensor([target]))
    return ((output[0] - torch.from_numpy(target)) ** 2).sum() / 2
