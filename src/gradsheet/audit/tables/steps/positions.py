"""Cells of a book by numbers, so that one can be so far from another."""

from typing import NamedTuple


class Position(NamedTuple):
    """A cell by the number of its sheet, its row and its column; or how far one is from another."""

    sheet: int
    row: int
    column: int

    def moved(self, by: "Position", times: int = 1) -> "Position":
        """The position so many times farther on."""
        return Position(*(a + times * b for a, b in zip(self, by, strict=True)))

    def count_from(self, other: "Position", by: "Position") -> int:
        """How often one can move on from another position without going past this one."""
        own, start, step = next(
            (part for part in zip(self, other, by, strict=True) if part[2]), (0, 0, 1)
        )
        return (own - start) // step

    def seen_from(self, other: "Position") -> "Position":
        """How far it is from another."""
        return self.moved(other, -1)
