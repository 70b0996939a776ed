"""Examples within a step: what is computed again and again with the same parameters."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from gradsheet.audit.tables.steps.dependencies import Dependencies
from gradsheet.audit.tables.steps.positions import Position
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.functions import FormulaError

_MOST = 1_000  # examples in a step


@dataclass(frozen=True)
class Examples:
    """The examples of a step, and where each has its cells.

    Attributes:
        shifts: how far the cells of each example are from those of the first.
        places: where the first has its own cells, in the first step.
    """

    shifts: tuple[Position, ...]
    places: frozenset[Position]


def find_examples(
    book: Dependencies,
    cells: Iterable[CellRef],
    parameters: Iterable[CellRef],
    position: Callable[[CellRef], Position],
) -> Examples | None:
    """The examples of the first step; None where it shows a single one.

    Args:
        book: the book.
        cells: what the step computes.
        parameters: of the step.
        position: of a cell.
    """
    return _Search(book, list(cells), set(parameters), position).found()


class _Search:
    def __init__(
        self,
        book: Dependencies,
        cells: list[CellRef],
        parameters: set[CellRef],
        position: Callable[[CellRef], Position],
    ) -> None:
        self._book, self._position, self._parameters = book, position, parameters
        self._cells = sorted(
            (cell for cell in cells if cell not in parameters), key=lambda c: book.depths[c]
        )
        self._at = {position(cell): cell for cell in cells}

    def found(self) -> Examples | None:
        """The examples, from the cells that come first in each."""
        shifts = self._shifts
        if len(shifts) < 2:
            return None
        votes: Counter[Position] = Counter()
        for cell, number in self._example.items():
            votes[self._position(cell).moved(shifts[number], -1)] += 1
        return Examples(
            shifts, frozenset(place for place, count in votes.items() if 2 * count > len(shifts))
        )

    @cached_property
    def _shifts(self) -> tuple[Position, ...]:
        """How far each example is from the first: as the first cells of each tell."""
        found: Counter[tuple[Position, ...]] = Counter()
        for run in self._runs():
            found[tuple(position.seen_from(run[0]) for position in run)] += 1
        return found.most_common(1)[0][0] if found else ()

    def _runs(self) -> Iterable[list[Position]]:
        """The evenly spaced positions of cells that compute the same from other data."""
        for group in self._groups():
            positions = sorted(map(self._position, group))
            steps = Counter(other.seen_from(one) for one, other in pairwise(positions))
            step = min(steps, key=lambda shift: (-steps[shift], shift))
            start = end = max(positions, key=lambda p: (p.moved(step) in positions, p))
            while self._is_first(start.moved(step, -1)):
                start = start.moved(step, -1)
            while self._is_first(end.moved(step)):
                end = end.moved(step)
            run = [start]
            while run[-1] != end and len(run) < _MOST:
                run.append(run[-1].moved(step))
            yield run

    def _groups(self) -> list[list[CellRef]]:
        """The cells that compute the same from the same parameters and from other data."""
        groups: dict[object, list[CellRef]] = {}
        for cell in self._cells:
            if self._is_first(self._position(cell)):
                try:
                    key = self._book.expression(cell).key({p: p for p in self._parameters})
                except FormulaError:
                    continue
                groups.setdefault(key, []).append(cell)
        return [group for group in groups.values() if len(group) > 1]

    def _is_first(self, position: Position) -> bool:
        """Whether a cell is computed from parameters and data alone."""
        cell = self._at.get(position)
        if cell is None or cell in self._parameters:
            return False
        inside = set(self._book.reads.get(cell, ()))
        return not inside.isdisjoint(self._parameters) and all(
            other in self._parameters or self._position(other) not in self._at for other in inside
        )

    # --- Which example a cell belongs to -----------------------------------------------------

    @cached_property
    def _example(self) -> dict[CellRef, int]:
        """For each cell that depends on the data of a single example its number, from 0."""
        found: dict[CellRef, set[int]] = self._own_data()
        for cell in self._cells:
            if cell not in found:
                found[cell] = set().union(*(found.get(c, ()) for c in self._book.reads[cell]))
        readers: dict[CellRef, set[int]] = {}
        for cell in self._cells:
            for other in self._book.reads[cell]:
                if other not in found and other not in self._parameters:
                    readers.setdefault(other, set()).update(found[cell])
        found |= readers
        return {cell: next(iter(numbers)) for cell, numbers in found.items() if len(numbers) == 1}

    def _own_data(self) -> dict[CellRef, set[int]]:
        """The data that the first cells of one example alone read, and these cells."""
        found: dict[CellRef, set[int]] = {}
        shifts = self._shifts
        for run in self._runs():
            if tuple(position.seen_from(run[0]) for position in run) != shifts:
                continue
            cells = {n: self._at[place] for n, place in enumerate(run) if place in self._at}
            counts = Counter(c for cell in cells.values() for c in set(self._book.reads[cell]))
            for number, cell in cells.items():
                found[cell] = {number}
                for other in self._book.reads[cell]:
                    if counts[other] == 1 and other not in self._parameters:
                        found[other] = {number}
        return found
