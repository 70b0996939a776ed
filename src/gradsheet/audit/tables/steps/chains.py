"""The cells that hold a parameter from update to update, wherever they are."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from gradsheet.audit.tables.steps.dependencies import Dependencies
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.functions import FormulaError

_Test = Callable[[CellRef, CellRef], bool]


@dataclass
class Chain:
    """One parameter from its start on.

    Attributes:
        values: the cell that holds it in each step.
        updated: for steps in which a cell of its own computes the value of the next step, that
            cell, by the number of the step.
        turns: whether it moves on in its own cell, by a circular reference.
    """

    values: list[CellRef]
    updated: dict[int, CellRef] = field(default_factory=dict)
    turns: bool = False


def find_chains(book: Dependencies) -> list[Chain]:
    """Every number that is typed in and then moved on by a formula that depends on it."""
    return list(_Chains(book).found())


class _Chains:
    def __init__(self, book: Dependencies) -> None:
        self._book = book
        self._moves: dict[CellRef, list[CellRef]] = {}
        for cell in book.reads:
            for start in dict.fromkeys(book.added(cell)):
                self._moves.setdefault(start, []).append(cell)
        self._kinds: set[object] = set()
        self._shared: Counter[CellRef] = Counter()
        self._shifts: set[tuple[str, str, int, int]] = set()
        self._learned = 0

    def found(self) -> Iterator[Chain]:
        """First those that depend on themselves, then what is moved on in the same way.

        A weight on which nothing depends, because a formula takes another one, is moved on too.
        """
        others: list[CellRef] = []
        for start in self._moves:
            if start in self._book.circular:
                yield self._turning(start)
            elif not self._is_start(start):
                continue
            elif (moved := self._moved(start, [self._is_computed_from])) is not None:
                self._learn(start, moved)
                yield self._from(start, moved)
            else:
                others.append(start)
        for start in others:
            if (moved := self._moved(start, [self._is_like_others])) is not None:
                yield self._from(start, moved)

    def _is_start(self, cell: CellRef) -> bool:
        """Whether a cell holds a number that was typed in, there or where it takes it from."""
        source = self._book.copied(cell)
        return self._book.is_number(cell) or (
            source is not None and self._book.is_number(source) and not self._moves.get(source)
        )

    def _turning(self, start: CellRef) -> Chain:
        """A parameter that moves on in its own cell."""
        source = self._book.circular[start]
        return Chain([start], {} if source == start else {0: source}, turns=True)

    def _from(self, start: CellRef, first: CellRef) -> Chain:
        """The parameter that starts in a cell and is moved on by another."""
        chain = Chain([start])
        moved: CellRef | None = first
        tests = [self._is_computed_from, self._is_like_others]
        while moved is not None:
            following = self._taken_over(moved)
            if following is None and chain.updated:  # the last one: nothing takes it over
                following = chain.values[-1]
            if following is not None:
                chain.updated[len(chain.values) - 1] = moved
            if following == chain.values[-1]:
                break
            chain.values.append(following or moved)
            moved = self._moved(chain.values[-1], tests)
        return chain

    # --- What moves a parameter on -----------------------------------------------------------

    def _moved(self, cell: CellRef, tests: Sequence[_Test]) -> CellRef | None:
        """The formula that moves a parameter on: the first that passes the first test that can."""
        moves = self._moves.get(cell, ())
        return next((moved for test in tests for moved in moves if test(cell, moved)), None)

    def _is_computed_from(self, cell: CellRef, moved: CellRef) -> bool:
        """Whether what is added to a parameter depends on it."""
        others = list(self._book.reads[moved])
        others.remove(cell)
        depth = self._book.depths[moved]
        return cell in others or self._book.leads_to(cell, set(others), depth)

    def _is_like_others(self, cell: CellRef, moved: CellRef) -> bool:
        """Whether a formula is made like those that move parameters on."""
        if self._kind(moved) not in self._kinds:
            return False
        shared = {other for other, count in self._shared.items() if 2 * count > self._learned}
        return not shared.isdisjoint(self._book.reads[moved]) or _shift(cell, moved) in self._shifts

    def _learn(self, cell: CellRef, moved: CellRef) -> None:
        self._kinds.add(self._kind(moved))
        self._shared.update(set(self._book.reads[moved]))
        self._shifts.add(_shift(cell, moved))
        self._learned += 1

    def _kind(self, moved: CellRef) -> object:
        try:
            return self._book.expression(moved).key({})
        except FormulaError:
            return None

    def _taken_over(self, moved: CellRef) -> CellRef | None:
        """The cell that takes a new value over to the next step, where one does."""
        copies = self._book.copies.get(moved, [])
        used = [cell for cell in copies if cell in self._moves or self._book.readers.get(cell)]
        directly = [c for c in self._book.readers.get(moved, ()) if c not in copies]
        return used[0] if used and not directly else None


def _shift(cell: CellRef, moved: CellRef) -> tuple[str, str, int, int]:
    """How far one cell is from another."""
    (row, column), (other_row, other_column) = cell.cell, moved.cell
    return cell.sheet, moved.sheet, other_row - row, other_column - column
