"""The softmax along a dimension."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from gradsheet.models.primitives.base import Array, Context, Ids, Primitive, Terms
from gradsheet.models.primitives.place import Aux, Place, usual
from gradsheet.models.primitives.text import Refs, dot, joined, ranges, total

if TYPE_CHECKING:
    from gradsheet.models.graph import Node


@dataclass(frozen=True, eq=False)
class Softmax(Primitive):
    """Probabilities from logits, or their logarithms.

    Attributes:
        logarithm: whether the result is the logarithm.
        dim: along which the probabilities add up to 1.
    """

    logarithm: bool
    dim: int

    @property
    def name(self) -> str:  # type: ignore[override]  # one of two
        """Softmax or LogSoftmax."""
        return "LogSoftmax" if self.logarithm else "Softmax"

    def describe(self, names: Sequence[str]) -> str:
        """In words."""
        (x,) = names[:1]
        if self.logarithm:
            return f"{x} − max − ln Σ exp({x} − max)"
        return f"exp({x} − max) / Σ exp({x} − max)"

    def compute(self, *operands: Tensor) -> Tensor:
        """The softmax, by torch."""
        (x,) = operands
        return x.log_softmax(self.dim) if self.logarithm else x.softmax(self.dim)

    def _kept(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(1 if d == self.dim else n for d, n in enumerate(shape))

    def arrange(self, node: "Node", place: Place) -> None:
        """The largest, the exponentials, their sum, then the probabilities."""
        place.leaves()
        shape, kept = node.shape or (1,), self._kept(node.shape)
        parts = [("maximum", kept, "max"), ("exponentials", shape, "exp(x − max)")]
        parts.append(("total", kept, "Σ exp"))
        if self.logarithm:
            parts.append(("probability", shape, "probability p"))
        for name, size, label in parts:
            style = usual(place.sheet, place.top, place.left, size)
            place.aux(Aux(name, style.reshape(size), label))
        place.value()

    def _line(self, refs: Refs, cells: Refs) -> Refs:
        """The cell of each line, for each of its numbers."""
        shape = refs.rows.shape
        return Refs(np.broadcast_to(cells.rows, shape), np.broadcast_to(cells.columns, shape))

    def aux_formulas(self, name: str, c: Context) -> Iterable[str]:
        """Of the largest, the exponentials, their sums and the probabilities."""
        x, aux = c.x[0], c.aux
        if name == "maximum":
            return (joined("MAX", _listed(cells)) for cells in self._lines(x))
        if name == "total":
            return (total(cells) for cells in self._lines(aux["exponentials"]))
        if name == "probability":
            sums = self._line(x, aux["total"]).texts
            pairs = zip(aux["exponentials"].texts, sums, strict=True)
            return (f"{power}/{all_}" for power, all_ in pairs)
        largest = self._line(x, aux["maximum"]).texts
        return (f"EXP({cell}-{most})" for cell, most in zip(x.texts, largest, strict=True))

    def aux_values(self, name: str, x: Sequence[Array], y: Array, g: Array) -> Array:
        """Their values."""
        largest = x[0].max(axis=self.dim, keepdims=True)
        powers: Array = np.exp(x[0] - largest)
        sums: Array = powers.sum(axis=self.dim, keepdims=True)
        found = {"maximum": largest, "total": sums, "exponentials": powers}
        return found[name] if name in found else np.asarray(powers / sums)

    def formulas(self, c: Context) -> Iterable[str]:
        """From the exponentials and their sum."""
        x, aux = c.x[0], c.aux
        sums = self._line(x, aux["total"]).texts
        if not self.logarithm:
            pairs = zip(aux["exponentials"].texts, sums, strict=True)
            return (f"{power}/{all_}" for power, all_ in pairs)
        largest = self._line(x, aux["maximum"]).texts
        rows = zip(x.texts, largest, sums, strict=True)
        return (f"{cell}-{most}-LN({all_})" for cell, most, all_ in rows)

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """Of the softmax p·(g − Σ g·p); of its logarithm g − p·Σ g."""
        g, y = c.gradient, c.y
        lines = zip(self._lines(Refs(ids, ids)), self._lines(g), self._lines(y), strict=True)
        p_lines = self._lines(c.aux["probability"]) if self.logarithm else self._lines(y)
        for (element, gradient, _), p in zip(lines, p_lines, strict=True):
            numbers = element.rows.ravel().tolist()
            if self.logarithm:
                sum_of = total(gradient)
                for one, cell, share in zip(numbers, gradient.texts, p.texts, strict=True):
                    yield one, f"{cell}-{share}*{sum_of}"
            else:
                mean = dot(gradient, p)
                for one, cell, share in zip(numbers, gradient.texts, p.texts, strict=True):
                    yield one, f"{share}*({cell}-({mean}))"

    def _lines(self, refs: Refs) -> Iterator[Refs]:
        """The cells along the dimension, line by line."""
        if not refs.rows.ndim:
            yield Refs(
                refs.rows.reshape(1),
                refs.columns.reshape(1),
                None if refs.numbers is None else refs.numbers.reshape(1),
            )
            return

        def turned(array: Ids) -> Ids:
            return np.moveaxis(array, self.dim, -1).reshape(-1, array.shape[self.dim])

        numbers = None if refs.numbers is None else turned(refs.numbers)  # type: ignore[arg-type]
        cells = Refs(turned(refs.rows), turned(refs.columns), numbers)  # type: ignore[arg-type]
        for k in range(len(cells.rows)):
            yield cells[k]


def _listed(cells: Refs) -> list[str]:
    return ranges(cells)
