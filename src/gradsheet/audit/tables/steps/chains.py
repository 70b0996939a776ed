"""The cells that hold a parameter from update to update, wherever they are."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gradsheet.audit.tables.steps.dependencies import Dependencies
from gradsheet.audit.tables.steps.positions import Position
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.functions import FormulaError

_ALL_SIGNS = 3  # of a formula that moves a parameter on
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


@dataclass
class Regular:
    """The chains that go on evenly, made whole where one cell breaks them.

    Args:
        book: the book.
        found: the chains, some of them in pieces.
        pairs: cells, and the cells that move them on.
    """

    book: Dependencies
    found: list[Chain]
    pairs: list[tuple[CellRef, CellRef]]

    def chains(self) -> list[Chain]:
        """The chains by what is at their places, whatever one of their formulas is."""
        even: dict[Position, list[Chain]] = {}
        others: list[Chain] = []
        for chain in self.found:
            shift = self._shift(chain)
            if shift is None:
                others.append(chain)
            else:
                even.setdefault(shift, []).append(chain)
        whole = [c for shift, chains in even.items() for c in self._whole(shift, chains)]
        inside = {cell for chain in whole for cell in (*chain.values, *chain.updated.values())}
        return [*whole, *(chain for chain in others if inside.isdisjoint(chain.values))]

    def _shift(self, chain: Chain) -> Position | None:
        """How far a chain goes in most of its steps; None where it has fewer than three values."""
        positions = list(map(self.book.position, chain.values))
        shifts = Counter(other.seen_from(one) for one, other in pairwise(positions))
        return shifts.most_common(1)[0][0] if len(positions) > 2 else None

    def _whole(self, shift: Position, chains: list[Chain]) -> Iterator[Chain]:
        position, most = self.book.position, max(len(chain.values) for chain in chains)
        long = [chain for chain in chains if 2 * len(chain.values) > most]
        first = min(position(chain.values[0]) for chain in long)
        last = max(position(c.values[0]).count_from(first, shift) + len(c.values) for c in long)
        votes: Counter[tuple[Position, Position]] = Counter()
        for start, moved in self.pairs:
            votes[self._home(start, first, shift), position(moved).seen_from(position(start))] += 1
        is_apart = any(chain.updated for chain in chains)
        for chain in chains:
            home = self._home(chain.values[0], first, shift)
            if not chain.updated:
                votes[home, shift] += len(chain.values) - 1
            for step, moved in chain.updated.items():
                votes[home, position(moved).seen_from(position(chain.values[step]))] += 1
        known: set[Position] = set()
        for (place, offset), count in votes.most_common():
            if 2 * count < last - 1 or place in known or is_apart == (offset == shift):
                continue
            known.add(place)
            if (whole := self._at(place, shift, offset if is_apart else None, last)) is not None:
                yield whole

    def _home(self, cell: CellRef, first: Position, shift: Position) -> Position:
        """Where the first step has what is in a cell of any step."""
        position = self.book.position(cell)
        return position.moved(shift, -max(0, position.count_from(first, shift)))

    def _at(
        self, place: Position, shift: Position, offset: Position | None, steps: int
    ) -> Chain | None:
        """The chain that starts at a place and goes on evenly."""
        chain = Chain([])
        for step in range(steps):
            cell = self.book.cell_at(place.moved(shift, step))
            if cell is None:
                break
            chain.values.append(cell)
            moved = self.book.cell_at(place.moved(shift, step).moved(offset)) if offset else None
            if moved is not None and moved in self.book.reads:
                chain.updated[step] = moved
        return chain if len(chain.values) > 1 else None


def find_chains(book: Dependencies) -> list[Chain]:
    """Every number that is typed in and then moved on by a formula that depends on it."""
    chains = _Chains(book)
    return Regular(book, list(chains.found()), chains.pairs()).chains()


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
        moves: dict[CellRef, CellRef] = {}
        for start in self._moves:
            if start in self._book.circular:
                yield self._turning(start)
            elif self._is_start(start):
                moved = self._moved(start, [self._is_computed_from])
                if moved is None:
                    others.append(start)
                else:
                    moves[start] = moved
        strange = self._strange(moves)
        others += strange
        taken = {moved for start, moved in moves.items() if start not in strange}
        for start, moved in moves.items():
            if start not in strange:
                self._learn(start, moved)
                yield self._from(start, moved)
        others += [cell for cell in self._book.readers if cell not in self._moves]
        for start in others if self._learned else ():
            moved = self._moved(start, [self._is_like_others])
            if moved is not None and moved not in taken:
                yield self._from(start, moved)

    def _strange(self, moves: dict[CellRef, CellRef]) -> list[CellRef]:
        """The numbers that are moved on as no other is: a unit reads another layer's bias."""
        kinds = Counter(map(self._kind, moves.values()))
        shifts = Counter(_shift(start, moved) for start, moved in moves.items())
        read = Counter(cell for moved in moves.values() for cell in set(self._book.reads[moved]))
        shared = {cell for cell, count in read.items() if 2 * count > len(moves)}
        return [
            start
            for start, moved in moves.items()
            if kinds[self._kind(moved)] == shifts[_shift(start, moved)] == 1
            and shared
            and shared.isdisjoint(self._book.reads[moved])
        ]

    def pairs(self) -> list[tuple[CellRef, CellRef]]:
        """The cells that are moved on as parameters are, each with what moves it."""
        return [
            (cell, moved)
            for cell, moves in self._moves.items()
            for moved in moves
            if self._learned and self._is_like_others(cell, moved)
        ]

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
        moves = self._moves.get(cell) or self._beside(cell)
        return next((moved for test in tests for moved in moves if test(cell, moved)), None)

    def _beside(self, cell: CellRef) -> list[CellRef]:
        """The formulas from where the new values of others are, first those that read the number.

        Where none does, what stands there may move another one on by mistake.
        """
        if not self._book.is_number(cell):
            return []
        readers = self._book.readers.get(cell, ())
        found = [reader for reader in readers if _shift(cell, reader) in self._shifts]
        there = (_shifted(cell, shift) for shift in self._shifts) if readers else ()
        return found or [
            other
            for other in there
            if other in self._book.reads
            and self._likeness(cell, other) == _ALL_SIGNS
            and self._moves_one_too_many(other)
        ]

    def _moves_one_too_many(self, moved: CellRef) -> bool:
        """Whether what a formula moves on is moved on by another one as well."""
        starts = self._book.added(moved)
        return bool(starts) and all(
            any(m != moved and self._is_like_others(start, m) for m in self._moves[start])
            for start in starts
        )

    def _is_computed_from(self, cell: CellRef, moved: CellRef) -> bool:
        """Whether what is added to a parameter depends on it."""
        others = list(self._book.reads[moved])
        others.remove(cell)
        depth = self._book.depths[moved]
        return cell in others or self._book.leads_to(cell, set(others), depth)

    def _is_like_others(self, cell: CellRef, moved: CellRef) -> bool:
        """Whether a formula is made like those that move parameters on."""
        return self._likeness(cell, moved) >= _ALL_SIGNS - 1

    def _likeness(self, cell: CellRef, moved: CellRef) -> int:
        """How many signs tell that a formula moves a parameter on as others do."""
        shared = {other for other, count in self._shared.items() if 2 * count > self._learned}
        signs = (
            self._kind(moved) in self._kinds,
            not shared.isdisjoint(self._book.reads[moved]),
            _shift(cell, moved) in self._shifts,
        )
        return sum(signs)

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


def _shifted(cell: CellRef, shift: tuple[str, str, int, int]) -> CellRef | None:
    """The cell that is so far from another; None where a cell of its sheet has no such one."""
    sheet, other, rows, columns = shift
    row, column = cell.cell.row + rows, cell.cell.column + columns
    if cell.sheet != sheet or min(row, column) < 1:
        return None
    return CellRef(other, CellIndex(row, column))


def _shift(cell: CellRef, moved: CellRef) -> tuple[str, str, int, int]:
    """How far one cell is from another."""
    (row, column), (other_row, other_column) = cell.cell, moved.cell
    return cell.sheet, moved.sheet, other_row - row, other_column - column
