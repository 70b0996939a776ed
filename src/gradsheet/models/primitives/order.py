"""Numbers in order: the rank of each in its line, and the position of each rank."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gradsheet.models.primitives.base import Context, Primitive
from gradsheet.models.primitives.text import Refs, direction, plus, ranges


@dataclass(frozen=True, eq=False)
class Rank(Primitive):
    """How many numbers of its line (..., K) come before each, from 0; of equal ones the earlier.

    Attributes:
        descending: whether the largest comes first.
    """

    descending: bool
    name: str = "rank"
    gives_whole: ClassVar[bool] = True

    def describe(self, names: Sequence[str]) -> str:
        """In words."""
        first = "larger" if self.descending else "smaller"
        return f"how many numbers of the line of {names[0]} are {first}, or equal and before it"

    def compute(self, *operands: Tensor) -> Tensor:
        """The ranks, by torch."""
        order = operands[0].argsort(dim=-1, descending=self.descending, stable=True)
        return order.argsort(-1)

    def formulas(self, c: Context) -> Iterable[str]:
        """Counts of the cells that come before."""
        sign = ">" if self.descending else "<"
        for line in _lines(c.x[0]):
            in_range = direction(line) in ("across", "down")
            for place, cell in enumerate(line.texts):
                if in_range:
                    before = [f"SUMPRODUCT(--({ranges(line)[0]}{sign}{cell}))"]
                    if place:
                        before.append(f"SUMPRODUCT(--({ranges(line[:place])[0]}={cell}))")
                else:
                    before = [
                        f"IF({other}{sign}{'=' * (k < place)}{cell},1,0)"
                        for k, other in enumerate(line.texts)
                        if k != place
                    ]
                yield plus(before)


@dataclass(frozen=True, eq=False)
class AtRank(Primitive):
    """The positions of the first ranks of each line: (..., K) to (..., R), from 0.

    Attributes:
        ranks: which ranks, in order.
    """

    ranks: tuple[int, ...]
    name: str = "position"
    gives_whole: ClassVar[bool] = True

    def describe(self, names: Sequence[str]) -> str:
        """In words."""
        return f"where in the line of {names[0]} the ranks {_some(self.ranks)} are, from 0"

    def compute(self, *operands: Tensor) -> Tensor:
        """The positions, by torch."""
        return operands[0].argsort(-1)[..., list(self.ranks)].to(torch.int64)

    def formulas(self, c: Context) -> Iterable[str]:
        """MATCH of a range; of scattered cells a choice by nested conditions."""
        for line in _lines(c.x[0]):
            for rank in self.ranks:
                if direction(line) in ("across", "down"):
                    yield f"MATCH({rank},{ranges(line)[0]},0)-1"
                else:
                    yield _where(line, rank)


def _lines(x: Refs) -> Iterator[Refs]:
    """The lines of cells (..., K)."""
    size = x.rows.shape[-1]
    flat = Refs(
        x.rows.reshape(-1, size),
        x.columns.reshape(-1, size),
        None if x.numbers is None else x.numbers.reshape(-1, size),
    )
    return (flat[k] for k in range(len(flat.rows)))


def _where(line: Refs, rank: int) -> str:
    formula = str(line.size - 1)
    for position, cell in reversed(list(enumerate(line.texts[:-1]))):
        formula = f"IF({cell}={rank},{position},{formula})"
    return formula


def _some(ranks: Sequence[int]) -> str:
    numbers = [str(rank) for rank in ranks]
    return ", ".join(numbers) if len(numbers) < 4 else f"{numbers[0]} to {numbers[-1]}"
