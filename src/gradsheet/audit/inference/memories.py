"""What a rule remembers from update to update, told from the parameters by what reads what."""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain

from gradsheet.audit.tables.table import Table
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import references

_ROWS_ABOVE = (0, 1)
"""Where what an update reads is: in its own row, or in the row of the step before."""


class Memories:
    """Which of the columns that move on may be parameters, and which what a rule remembers.

    Args:
        table: the table.
        moved: the columns that move on from their own value in the row above.
    """

    def __init__(self, table: Table, moved: Collection[int]) -> None:
        self._moved = frozenset(moved)
        self._read = _read(table)
        self._behind = {column: self._reached(column, self._stays) for column in self._read}

    def parameters(self) -> Iterator[frozenset[int]]:
        """Each set of columns that may be all parameters, that of most columns first.

        Parameters are what a function depends on; they are moved by what is remembered, and what
        is remembered, by derivatives that depend on parameters. A column that counts the updates
        is one that is remembered.
        """
        others = self._read.keys() - self._moved
        read = set(chain.from_iterable(self._read.values()))
        order = sorted(others, key=lambda c: (c in read, -len(self._of(c)), c))
        for inside in dict.fromkeys(map(self._of, order)):
            rest = self._moved - inside
            if inside and rest and self._lead(inside, rest) and self._lead(rest, inside):
                yield inside

    def functions_of(self, parameters: Collection[int]) -> list[int]:
        """The columns that depend on these parameters and on nothing else that moves."""
        others = self._read.keys() - self._moved
        return sorted(c for c in others if self._of(c) == frozenset(parameters))

    def gradients(self, parameters: Collection[int]) -> dict[int, int]:
        """For each parameter the column behind what is remembered of it, where that is one."""
        memories = self._moved - frozenset(parameters)

        def is_passed(column: int) -> bool:
            return column in memories or not memories.isdisjoint(self._of(column))

        found: dict[int, int] = {}
        for parameter in parameters:
            reached = self._reached(parameter, is_passed) - self._moved
            ends = {c for c in reached if not is_passed(c) and self._of(c)}
            if len(ends) == 1:
                found[parameter] = ends.pop()
        return found

    def _of(self, column: int) -> frozenset[int]:
        """The moved columns that a column depends on in its own row."""
        return frozenset(self._behind.get(column, ())) & self._moved

    def _lead(self, columns: Collection[int], others: Collection[int]) -> bool:
        """Whether half of some columns, at least, are moved by some of others."""
        moving = sum(not self._of(column).isdisjoint(others) for column in columns)
        return 2 * moving >= len(columns)

    def _stays(self, column: int) -> bool:
        return column not in self._moved

    def _reached(self, start: int, passes: Callable[[int], bool]) -> set[int]:
        """The columns behind one, directly or through others that may be passed."""
        waiting, seen = [start], set[int]()
        while waiting:
            new = self._read.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += [column for column in new if passes(column)]
        return seen


def _read(table: Table) -> Mapping[int, set[int]]:
    """For each column those that its usual formula reads."""
    here = table.later_rows[0]
    found: dict[int, set[int]] = {}
    for column, tree in table.usual.items():
        cells = (ref.seen_from(CellIndex(here, column)) for ref in references(tree))
        found[column] = {
            cell.column
            for cell in cells
            if here - cell.row in _ROWS_ABOVE and cell.column in table.columns
        }
    return found
