"""Rows of a table, and numbers of a line, chosen by whole numbers that are computed or given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gradsheet.models.blocks import Block, matrix
from gradsheet.models.primitives.base import Context, Ids, Primitive, Terms
from gradsheet.models.primitives.place import Place, usual
from gradsheet.models.primitives.text import Refs, direction, plus, ranges

if TYPE_CHECKING:
    from gradsheet.models.graph import Node


@dataclass(frozen=True, eq=False)
class Lookup(Primitive):
    """From each of L lines of K numbers the one at a position.

    The operands are the lines (..., K) and the positions (..., R), with the same leading
    dimensions or 1; the result is (..., R).

    Attributes:
        padding: the position whose numbers take no gradient, as torch's embeddings have one.
    """

    name: str = "lookup"
    padding: int | None = None

    def describe(self, names: Sequence[str]) -> str:
        """In words."""
        return f"the number of {names[0]} at the position {names[1]}, from 0"

    def compute(self, *operands: Tensor) -> Tensor:
        """The numbers, by torch."""
        lines, positions = operands
        leading = np.broadcast_shapes(lines.shape[:-1], positions.shape[:-1])
        wide = lines.expand(*leading, lines.shape[-1])
        places = positions.to(torch.int64).expand(*leading, positions.shape[-1])
        found = wide.gather(-1, places % lines.shape[-1])
        if self.padding is None:
            return found
        return torch.where(places == self.padding, found.detach(), found)

    def arrange(self, node: "Node", place: Place) -> None:
        """The table, the positions, then for each position a row of what is there."""
        place.leaves()
        place.value(_turned if len(node.shape) == 2 and node.shape[0] > 1 else usual)

    def _wide(self, c: Context, ids: Ids | None = None) -> tuple[Refs, Refs, Ids | None]:
        """Lines and positions with the same leading dimensions."""
        lines, places = c.x
        leading = np.broadcast_shapes(lines.rows.shape[:-1], places.rows.shape[:-1])

        def wide(refs: Refs) -> Refs:
            return _lines(refs, (*leading, refs.rows.shape[-1]))

        if ids is not None:
            shape = (*leading, ids.shape[-1])
            ids = np.broadcast_to(ids, shape).reshape(-1, ids.shape[-1])
        return wide(lines), wide(places), ids

    def formulas(self, c: Context) -> Iterable[str]:
        """INDEX of a range; of scattered cells a choice by nested conditions."""
        lines, places, _ = self._wide(c)
        for k in range(len(lines.rows)):
            line = lines[k]
            way = direction(line)
            text = ranges(line)[0] if way in ("across", "down") else ""
            for place in places[k].texts:
                if way == "one":
                    yield line.text
                elif text:
                    yield f"INDEX({text},{place}+1)"
                else:
                    yield _chosen(line.texts, place)

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """The gradients of the results that a number is looked up for."""
        lines, places, elements = self._wide(c, ids)
        assert elements is not None
        g = Refs(c.gradient.rows.reshape(len(lines.rows), -1),
                 c.gradient.columns.reshape(len(lines.rows), -1))  # fmt: skip
        for k in range(len(elements)):
            cells, wanted = places[k], g[k]
            same = direction(cells) == direction(wanted) and direction(cells) in ("across", "down")
            for position, element in enumerate(elements[k].tolist()):
                if position == self.padding:
                    continue
                if same:
                    (where,), (what,) = ranges(cells), ranges(wanted)
                    yield element, f"SUMIF({where},{position},{what})"
                else:
                    pairs = zip(cells.texts, wanted.texts, strict=True)
                    yield element, plus([f"IF({at}={position},{of},0)" for at, of in pairs])


@dataclass(frozen=True, eq=False)
class SumAt(Primitive):
    """Each of L lines of R numbers added up at R positions of a line of K: the turned ``Lookup``.

    The operands are the positions (..., R) and the numbers (..., R), with the same leading
    dimensions or 1; without numbers the positions are counted. The result is (..., K).

    Attributes:
        size: K.
    """

    size: int
    name: str = "sum at positions"

    def describe(self, names: Sequence[str]) -> str:
        """In words."""
        if len(names) == 1:
            return f"how many of {names[0]} are this position, from 0"
        return f"the sum of {names[1]} at the positions {names[0]}, from 0"

    def compute(self, *operands: Tensor) -> Tensor:
        """The sums, by torch."""
        places = operands[0].to(torch.int64)
        numbers = operands[1] if len(operands) > 1 else torch.ones_like(places)
        leading = np.broadcast_shapes(places.shape[:-1], numbers.shape[:-1])
        wide = [part.expand(*leading, part.shape[-1]) for part in (places, numbers)]
        found = torch.zeros(*leading, self.size, dtype=numbers.dtype)
        return found.scatter_add(-1, *wide)

    def formulas(self, c: Context) -> Iterable[str]:
        """SUMIF or COUNTIF of ranges; of scattered cells a sum of conditions."""
        shape = (*c.y.rows.shape[:-1], c.x[0].rows.shape[-1])
        lines = [_lines(part, shape) for part in c.x]
        for k in range(len(lines[0].rows)):
            cells = [part[k] for part in lines]
            ways = {direction(part) for part in cells}
            for position in range(self.size):
                yield _sum_at(cells, position, ways in ({"across"}, {"down"}))

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """The gradient of the sum that a number is part of."""
        shape = (*c.y.rows.shape[:-1], c.x[0].rows.shape[-1])
        places, g = _lines(c.x[0], shape), _lines(c.gradient, c.gradient.rows.shape)
        elements = np.broadcast_to(ids, shape).reshape(-1, shape[-1])
        for k in range(len(elements)):
            sums = g[k]
            in_range = direction(sums) in ("across", "down")
            for place, element in zip(places[k].texts, elements[k].tolist(), strict=True):
                found = f"INDEX({ranges(sums)[0]},{place}+1)" if in_range else ""
                yield element, found or _chosen(sums.texts, place)


def _lines(refs: Refs, shape: tuple[int, ...]) -> Refs:
    """The cells of a broadcast operand, line by line."""
    numbers = None if refs.numbers is None else np.broadcast_to(refs.numbers, shape)
    flat = (-1, shape[-1])
    return Refs(
        np.broadcast_to(refs.rows, shape).reshape(flat),
        np.broadcast_to(refs.columns, shape).reshape(flat),
        None if numbers is None else numbers.reshape(flat),
    )


def _sum_at(cells: Sequence[Refs], position: int, in_range: bool) -> str:
    places, numbers = cells[0], cells[-1]
    if in_range:
        (where,), (what,) = ranges(places), ranges(numbers)
        counted = len(cells) == 1
        return f"COUNTIF({where},{position})" if counted else f"SUMIF({where},{position},{what})"
    added = ["1"] * places.size if len(cells) == 1 else numbers.texts
    return plus([f"IF({at}={position},{of},0)" for at, of in zip(places.texts, added, strict=True)])


def _chosen(cells: Sequence[str], place: str) -> str:
    formula = cells[-1]
    for position, cell in reversed(list(enumerate(cells[:-1]))):
        formula = f"IF({place}={position},{cell},{formula})"
    return formula


def _turned(sheet: str, top: int, left: int, shape: tuple[int, ...]) -> Block:
    """Numbers (D, T) as T rows: what is looked up for a position is beside it."""
    block = matrix(sheet, top + 1, left, (shape[1], shape[0]))
    return Block(sheet, block.rows.T, block.columns.T)
