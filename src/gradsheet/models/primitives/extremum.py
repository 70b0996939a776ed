"""The largest or smallest number of each window."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradsheet.models.blocks import column
from gradsheet.models.primitives.base import Array, Context, Ids, Primitive, Terms
from gradsheet.models.primitives.place import Aux, Place, usual
from gradsheet.models.primitives.text import Refs, direction, joined, ranges
from gradsheet.models.ties import TIE, cells_of, extremes, maxima, thresholds, winners
from gradsheet.models.windows import Windows, windows_over
from gradsheet.spreadsheet.limits import NESTED_LEVELS

if TYPE_CHECKING:
    from gradsheet.models.graph import Node


@dataclass(frozen=True, eq=False)
class Extremum(Primitive):
    """The extreme number of windows of the operand; ``models.ties`` says where its gradient goes.

    Attributes:
        windows: (results, cells): positions in the flattened operand, −1 outside of it.
        shape: of the result.
        largest: whether it is the maximum.
        name: what it is called.
    """

    windows: Windows
    shape: tuple[int, ...]
    largest: bool = True
    name: str = "maximum"

    def describe(self, names: Sequence[str]) -> str:
        """In words, with the rule for ties."""
        return (
            f"{self.name} of a window of {names[0]}; the gradient goes to the first cell within "
            f"{TIE:.0E} of it, relative to its magnitude, or the window's largest up to 1"
        )

    @staticmethod
    def over(shape: tuple[int, ...], dims: tuple[int, ...], largest: bool) -> "Extremum":
        """Over whole dimensions."""
        kept = tuple(1 if d in dims else n for d, n in enumerate(shape))
        name = "maximum" if largest else "minimum"
        return Extremum(windows_over(shape, dims), kept, largest, name)

    def cells(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """The numbers of each window, of a minimum with their signs changed; outside NaN."""
        return cells_of(x, self.windows, self.largest)

    def compute(self, *operands: Tensor) -> Tensor:
        """The extremes; the gradient goes to the winners."""
        return extremes(operands[0], self.windows, self.largest).reshape(self.shape)

    # --- its cells ------------------------------------------------------------------------------

    def arrange_backward(self, node: "Node", place: Place) -> None:
        """The gradients, then for each window its threshold, its winner and the number of ties."""
        place.like_forward()
        labels = [("threshold", "counts as the extreme from")]
        if self.windows.shape[1] <= NESTED_LEVELS:
            labels.append(("winner", "winner's position in its window"))
        labels.append(("maxima", "cells that count as the extreme"))
        for name, label in labels:
            block = usual(place.sheet, place.top, place.left, node.shape)
            place.aux(Aux(name, block, label, whole=name != "threshold"))
        ties = column(place.sheet, place.top + 1, place.left, 1)
        place.aux(Aux("ties", ties, "tied windows", whole=True))

    def formulas(self, c: Context) -> Iterable[str]:
        """The maximum or minimum of the cells."""
        function = "MAX" if self.largest else "MIN"
        return (joined(function, ranges(cells)) for cells in self._windows(c.x[0]))

    def _windows(self, x: Refs) -> Iterator[Refs]:
        """The cells of each window."""
        rows, columns = x.rows.ravel(), x.columns.ravel()
        numbers = None if x.numbers is None else x.numbers.ravel()
        for window in self.windows:
            inside = window[window >= 0]
            yield Refs(rows[inside], columns[inside], None if numbers is None else numbers[inside])

    def aux_formulas(self, name: str, c: Context) -> Iterable[str]:
        """Of the thresholds, winners and ties."""
        if name == "ties":
            counts = ranges(c.aux["maxima"])
            # The sum comes first: ONLYOFFICE counts cells that it has not computed as empty.
            several = "+".join(_count_if(cells, ">", "1") for cells in counts)
            return [f"IF({joined('SUM', counts)}>0,{several},0)"]
        make = {"threshold": self._threshold, "winner": self._winner, "maxima": self._maxima}[name]
        limits = c.aux["threshold"].texts if name != "threshold" else c.y.texts
        windows = zip(self.windows, self._windows(c.x[0]), limits, strict=True)
        return (make(window, cells, limit) for window, cells, limit in windows)

    def _threshold(self, window: Windows, cells: Refs, y: str) -> str:
        far, other = joined("MIN" if self.largest else "MAX", ranges(cells)), "-+"[not self.largest]
        size = f"MAX(ABS({y}),MIN(1,{'-' if self.largest else ''}{far}))"
        return f"{y}{other}{TIE:.9f}*{size}"

    def _winner(self, window: Windows, cells: Refs, threshold: str) -> str:
        """The winner's position in its window, from 1 row by row, padding included."""
        positions = (np.flatnonzero(window >= 0) + 1).tolist()
        sign = ">=" if self.largest else "<="
        formula = str(positions[-1])
        pairs = list(zip(cells.texts, positions, strict=True))
        for cell, position in reversed(pairs[:-1]):
            formula = f"IF({cell}{sign}{threshold},{position},{formula})"
        return formula

    def _maxima(self, window: Windows, cells: Refs, threshold: str) -> str:
        """How many cells of a window count as its extreme."""
        sign = ">=" if self.largest else "<="
        return "+".join(_count_if(part, sign, threshold) for part in ranges(cells))

    def aux_values(self, name: str, x: Sequence[Array], y: Array, g: Array) -> Array:
        """Their values."""
        cells = self.cells(x[0])
        if name == "threshold":
            return thresholds(cells).reshape(y.shape) * (1 if self.largest else -1)
        if name == "winner":
            found: Array = winners(cells).astype(np.float64).reshape(y.shape) + 1
            return found
        counts: Array = maxima(cells).sum(axis=-1).astype(np.float64)
        ties: Array = np.array([(counts > 1).sum()], dtype=np.float64)
        return counts.reshape(y.shape) if name == "maxima" else ties

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """The gradient of a window goes to its winner."""
        flat, g = ids.ravel(), c.gradient.texts
        winner = c.aux["winner"].texts if "winner" in c.aux else None
        limits, sign = c.aux["threshold"].texts, ">=" if self.largest else "<="
        for k, (window, cells) in enumerate(zip(self.windows, self._windows(c.x[0]), strict=True)):
            inside = np.flatnonzero(window >= 0)
            for n, position in enumerate(inside.tolist()):
                element = int(flat[window[position]])
                if winner is not None:
                    yield element, f"IF({winner[k]}={position + 1},{g[k]},0)"
                    continue
                found = g[k]
                if n:
                    before = "+".join(
                        f"SUMPRODUCT(--({part}{sign}{limits[k]}))" for part in ranges(cells[:n])
                    )
                    found = f"IF({before}=0,{g[k]},0)"
                yield element, f"IF({cells.texts[n]}{sign}{limits[k]},{found},0)"


def _count_if(cells: str, sign: str, limit: str) -> str:
    """How many cells are on one side of a limit; some programs count no single cell."""
    if ":" not in cells:
        return f"IF({cells}{sign}{limit},1,0)"
    # A criterion has 15 digits; the threshold lies 1E-9 away from the extreme.
    written = f'"{sign}{limit}"' if limit.isdigit() else f'"{sign}"&{limit}'
    return f"COUNTIF({cells},{written})"


@dataclass(frozen=True, eq=False)
class PositionInImage(Primitive):
    """Where the extreme number of each window is, counted from 0 in each image.

    The operands are the images and the extreme numbers.

    Attributes:
        windows: as of an ``Extremum``.
        size: the numbers of an image.
        shape: of the result.
    """

    windows: Windows
    size: int
    shape: tuple[int, ...]
    name: str = "position"
    gives_whole: ClassVar[bool] = True

    def compute(self, *operands: Tensor) -> Tensor:
        """The positions, by torch."""
        windows = torch.from_numpy(self.windows)
        cells = operands[0].reshape(-1)[windows.clamp(min=0)]
        equal = (cells == operands[1].reshape(-1, 1)) & (windows >= 0)
        first = equal.to(torch.int64).argmax(-1, keepdim=True)
        return (windows.gather(-1, first) % self.size).reshape(self.shape)

    def formulas(self, c: Context) -> Iterable[str]:
        """The first cell of a window that is equal to the extreme."""
        x = [part.ravel() for part in (c.x[0].rows, c.x[0].columns)]
        for window, extreme in zip(self.windows, c.x[1].texts, strict=True):
            inside = window[window >= 0]
            places = (inside % self.size).tolist()
            cells = Refs(x[0][inside], x[1][inside]).texts
            formula = str(places[-1])
            for cell, place in reversed(list(zip(cells, places, strict=True))[:-1]):
                formula = f"IF({cell}={extreme},{place},{formula})"
            yield formula


@dataclass(frozen=True, eq=False)
class Position(Primitive):
    """Where along a dimension the first largest or smallest number is, from 0."""

    name: str
    dim: int
    largest: bool
    gives_whole: ClassVar[bool] = True

    def compute(self, *operands: Tensor) -> Tensor:
        """The positions, by torch."""
        find = torch.argmax if self.largest else torch.argmin
        x = operands[0]
        return find(x.reshape(1) if not x.dim() else x, self.dim, keepdim=x.dim() > 0)

    def formulas(self, c: Context) -> Iterable[str]:
        """The position of the extreme among the cells of a line."""
        function, x = "MAX" if self.largest else "MIN", c.x[0]
        if not x.rows.ndim:
            return ["0"]
        rows, columns = (
            np.moveaxis(a, self.dim, -1).reshape(-1, x.rows.shape[self.dim])
            for a in (x.rows, x.columns)
        )
        found = []
        for k in range(len(rows)):
            cells = Refs(rows[k], columns[k])
            if direction(cells) in ("across", "down"):
                (part,) = ranges(cells)
                found.append(f"MATCH({function}({part}),{part},0)-1")
            else:
                found.append(_first_of(cells, joined(function, ranges(cells))))
        return found


def _first_of(cells: Refs, extreme: str) -> str:
    """The position of the first of scattered cells that is equal to their extreme."""
    formula = str(cells.size - 1)
    for position, cell in reversed(list(enumerate(cells.texts[:-1]))):
        formula = f"IF({cell}={extreme},{position},{formula})"
    return formula
