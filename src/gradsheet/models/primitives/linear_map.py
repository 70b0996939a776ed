"""Weighted sums with fixed weights: average pooling, resampling, running sums."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradsheet.errors import GradsheetError
from gradsheet.models.primitives.base import Context, Ids, Primitive, Terms
from gradsheet.models.primitives.text import Refs, plus, total
from gradsheet.symbolic.render import literal

_MOST = 30_000_000
"""So many weights from numbers to results are found, most of which are 0."""


@dataclass(frozen=True, eq=False)
class LinearMap(Primitive):
    """Weighted sums over the last dimensions of the operand, the same for every leading index.

    Attributes:
        name: what it is called.
        weights: (results, numbers), of one leading index.
        result: the last dimensions of the result.
        rank: how many last dimensions are summed over.
    """

    name: str
    weights: NDArray[np.float64]
    result: tuple[int, ...]
    rank: int

    def compute(self, *operands: Tensor) -> Tensor:
        """The sums."""
        (x,) = operands
        leading = x.shape[: x.dim() - self.rank]
        flat = x.reshape(*leading, -1) @ torch.from_numpy(self.weights.T.copy())
        return flat.reshape(*leading, *self.result)

    def describe(self, names: Sequence[str]) -> str:
        """In words."""
        return f"{self.name} of {names[0]}: a sum with fixed weights"

    def formulas(self, c: Context) -> Iterable[str]:
        """Sums of cells of equal weight, each times its weight."""
        x = self._lines(c.x[0])
        for k in range(len(x.rows)):
            for weights in self.weights:
                yield weighted(x[k], weights)

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """The gradients of the results that a number is in, each times its weight."""
        results = len(self.weights)
        g = Refs(c.gradient.rows.reshape(-1, results), c.gradient.columns.reshape(-1, results))
        elements = ids.reshape(-1, self.weights.shape[1])
        for k in range(len(elements)):
            for place, element in enumerate(elements[k].tolist()):
                if self.weights[:, place].any():
                    yield element, weighted(g[k], self.weights[:, place])

    def _lines(self, x: Refs) -> Refs:
        count = self.weights.shape[1]
        numbers = None if x.numbers is None else x.numbers.reshape(-1, count)
        return Refs(x.rows.reshape(-1, count), x.columns.reshape(-1, count), numbers)


def weighted(cells: Refs, weights: NDArray[np.float64]) -> str:
    """The sum of cells times weights, cells of equal weight together."""
    parts = []
    rounded = np.array([float(f"{w:.14g}") for w in weights])
    for weight in dict.fromkeys(rounded[rounded != 0].tolist()):
        chosen = cells[rounded == weight]
        exact = float(weights[rounded == weight][0])
        parts.append(_times(total(chosen), exact))
    return plus(parts)


def _times(text: str, weight: float) -> str:
    """A sum times a weight: as a quotient where the weight is one over a whole number."""
    if weight == 1:
        return text
    share = 1 / weight
    if abs(share - round(share)) < 1e-9 * abs(share) and 1 < share < 1e6:
        return f"{text}/{round(share)}"
    return f"{literal(weight)}*{text}"


def probed_map(
    name: str, function: Callable[[Any], Any], shape: tuple[int, ...], rank: int
) -> LinearMap:
    """The weights of a linear function of the last ``rank`` dimensions, by its value on units."""
    spatial = shape[len(shape) - rank :]
    count = int(np.prod(spatial, dtype=np.int64))
    one = function(torch.zeros(1, 1, *spatial, dtype=torch.float64))
    if count * one.numel() > _MOST:
        raise GradsheetError(
            f"{name} of {' × '.join(map(str, spatial))} numbers has {count * one.numel():,} "
            f"weights; at most {_MOST:,} are written: use a smaller example"
        )
    units = torch.eye(count, dtype=torch.float64).reshape(count, 1, *spatial)
    found = function(units)
    result = tuple(found.shape[2:])
    weights = found.reshape(count, -1).T.contiguous().numpy()
    return LinearMap(name, weights, result, rank)
