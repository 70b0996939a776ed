"""Sums and means over dimensions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gradsheet.models.primitives.base import Context, Ids, Primitive, Terms
from gradsheet.models.primitives.text import Refs, joined, ranges, total


@dataclass(frozen=True, eq=False)
class Reduction(Primitive):
    """A number for each region: ``sum``, ``mean`` or ``mean of squares``.

    Attributes:
        dims: of the operand, which the result keeps as 1.
    """

    name: str
    dims: tuple[int, ...]

    def describe(self, names: Sequence[str]) -> str:
        """What is summed."""
        written = {"sum": "Σ {}", "mean": "mean of {}", "mean of squares": "mean of {}²"}
        return written[self.name].format(names[0])

    def compute(self, *operands: Tensor) -> Tensor:
        """The sum or mean, by torch."""
        (x,) = operands
        if not self.dims:
            return x.square() if self.name == "mean of squares" else x.clone()
        if self.name == "sum":
            return x.sum(self.dims, keepdim=True)
        return torch.mean(x.square() if self.name == "mean of squares" else x, self.dims, True)

    def _regions(self, x: Refs) -> Iterator[Refs]:
        """The cells of each region, in the order of the results."""
        rest = [d for d in range(x.rows.ndim) if d not in self.dims]
        order = (*rest, *self.dims)
        count = int(np.prod([x.rows.shape[d] for d in rest], dtype=np.int64))

        def turned(array: Ids) -> Ids:
            return array.transpose(order).reshape(count, -1)

        numbers = None if x.numbers is None else turned(x.numbers)  # type: ignore[arg-type]
        cells = Refs(turned(x.rows), turned(x.columns), numbers, x.sheet)  # type: ignore[arg-type]
        return (cells[k] for k in range(count))

    def _divisor(self, x: Refs) -> str:
        count = int(np.prod([x.rows.shape[d] for d in self.dims], dtype=np.int64))
        return "" if self.name == "sum" or count == 1 else f"/{count}"

    def formulas(self, c: Context) -> Iterable[str]:
        """The sum over the cells of a region."""
        divisor = self._divisor(c.x[0])
        for cells in self._regions(c.x[0]):
            if self.name == "mean of squares":
                yield joined("SUMSQ", ranges(cells)) + divisor
            else:
                yield total(cells) + divisor

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """The gradient of the region, divided among its numbers."""
        divisor, shape = self._divisor(c.x[0]), c.x[0].rows.shape
        g = c.gradient
        kept = Refs(np.broadcast_to(g.rows, shape), np.broadcast_to(g.columns, shape)).texts
        factors = [""] * len(kept)
        if self.name == "mean of squares":
            factors = [f"*2*{cell}" for cell in c.x[0].texts]
        for element, cell, factor in zip(ids.ravel().tolist(), kept, factors, strict=True):
            yield element, f"{cell}{factor}{divisor}"
