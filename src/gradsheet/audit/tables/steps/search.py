"""Tables of steps in a book, whatever the layout: what follows from one parameter to the next.

A step is what is computed from one set of parameters. Where the parameters come again at an even
distance (rows further down, columns further right, sheets further on), so does all the rest.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from gradsheet.audit.tables.steps.arrangement import (
    FIRST_ROW,
    HEADER_ROW,
    ArrangedFormulas,
    Arrangement,
)
from gradsheet.audit.tables.steps.chains import Chain, find_chains
from gradsheet.audit.tables.steps.dependencies import Dependencies
from gradsheet.audit.tables.steps.examples import first_of_each
from gradsheet.audit.tables.steps.labels import label_above, label_beside, label_near
from gradsheet.audit.tables.table import Table
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formulas import Formulas

_MOST_FORMULAS = 60_000  # in a book that is searched
_MOST_COLUMNS = 2_000  # values in a step


class Position(NamedTuple):
    """A cell by the number of its sheet, its row and its column; or how far one is from another."""

    sheet: int
    row: int
    column: int

    def moved(self, by: "Position", times: int) -> "Position":
        """The position so many times farther on."""
        return Position(*(a + times * b for a, b in zip(self, by, strict=True)))


def find_steps(formulas: Formulas) -> list[Table]:
    """Every table of steps in a book."""
    sheets = formulas.book.sheets.values()
    count = sum(cell.formula is not None for sheet in sheets for cell in sheet.cells.values())
    if not 0 < count <= _MOST_FORMULAS:
        return []
    book = Dependencies(formulas)
    return list(_Search(book, find_chains(book)).tables())


class _Search:
    def __init__(self, book: Dependencies, chains: list[Chain]) -> None:
        self._book, self._chains = book, chains
        self._sheets = list(book.formulas.book.sheets)
        self._steps = _steps(book, chains)

    def tables(self) -> Iterator[Table]:
        """One for each set of parameters that belong together."""
        for number, (chains, cells) in enumerate(self._components()):
            steps = _Steps(self._book, self._sheets, chains, cells, self._steps)
            if (table := steps.table(f"{chains[0].values[0]} step {number}")) is not None:
                yield table

    def _components(self) -> Iterator[tuple[list[Chain], list[CellRef]]]:
        """Parameters that are used together, and the cells that are computed from them."""
        groups = _Groups()
        for cell in self._steps:
            for other in self._book.reads.get(cell, ()):
                if other in self._steps:
                    groups.join(cell, other)
        chains: dict[CellRef, list[Chain]] = {}
        for chain in self._chains:
            chains.setdefault(groups.of(chain.values[0]), []).append(chain)
        cells: dict[CellRef, list[CellRef]] = {}
        for cell in self._steps:
            cells.setdefault(groups.of(cell), []).append(cell)
        for group, own in chains.items():
            yield own, cells[group]


class _Groups:
    """Cells that were joined, directly or through others."""

    def __init__(self) -> None:
        self._above: dict[CellRef, CellRef] = {}

    def of(self, cell: CellRef) -> CellRef:
        """The cell that stands for all that are joined with this one."""
        top = cell
        while (above := self._above.get(top, top)) != top:
            top = above
        while cell != top:
            self._above[cell], cell = top, self._above.get(cell, top)
        return top

    def join(self, one: CellRef, other: CellRef) -> None:
        """Take two cells, and all that are joined with them, for one group."""
        first, second = self.of(one), self.of(other)
        if first != second:
            self._above[second] = first


def _steps(book: Dependencies, chains: list[Chain]) -> dict[CellRef, int]:
    """For each cell that depends on a parameter the number of its step."""
    steps: dict[CellRef, int] = {}
    for chain in chains:
        steps |= {cell: number for number, cell in enumerate(chain.values)}
        steps |= {cell: number for number, cell in chain.updated.items()}
    for cell in book.ordered:
        if cell not in steps:
            below = [steps[other] for other in book.reads[cell] if other in steps]
            if below:
                steps[cell] = max(below)
    return steps


class _Steps:
    """The steps of one training, and where they are."""

    def __init__(
        self,
        book: Dependencies,
        sheets: list[str],
        chains: list[Chain],
        cells: list[CellRef],
        steps: dict[CellRef, int],
    ) -> None:
        self._book, self._sheets, self._chains, self._cells = book, sheets, chains, cells
        self._numbers = {name: number for number, name in enumerate(sheets)}
        self._step = steps
        self._last = max(len(chain.values) for chain in chains) - 1

    def table(self, name: str) -> Table | None:
        """The table of these steps; None where they are not laid out evenly."""
        if self._examples():
            return None  # not read yet
        shift = self._shift()
        if shift is None and self._last > 1:
            return None
        placed = self._alone() if shift is None else self._repeated(shift)
        if not placed or max(place.column for place in placed) > _MOST_COLUMNS:
            return None
        return self._arranged(name, placed, shift)

    # --- Where the cells of a step are -------------------------------------------------------

    def _shift(self) -> Position | None:
        """How far it is from one step to the next; None where that is not always the same."""
        shifts: Counter[Position] = Counter()
        for chain in self._chains:
            positions = list(map(self._position, chain.values))
            for one, other in pairwise(positions):
                shifts[other.moved(one, -1)] += 1
        if not shifts:
            return None
        shift, count = shifts.most_common(1)[0]
        if 5 * count < 4 * shifts.total() or not any(shift):
            return None
        return shift if self._last > 1 or self._comes_again(shift) else None

    def _comes_again(self, shift: Position) -> bool:
        """Whether the second step computes what the first does."""
        parameters = {cell for chain in self._chains for cell in chain.values}
        own = [c for c in self._cells if self._step[c] == 1 and c not in parameters]
        first = {self._position(c) for c in self._cells if self._step[c] == 0}
        again = sum(self._position(cell).moved(shift, -1) in first for cell in own)
        return 2 * again > len(own)

    def _position(self, cell: CellRef) -> Position:
        return Position(self._numbers[cell.sheet], *cell.cell)

    def _repeated(self, shift: Position) -> dict[CellIndex, CellRef]:
        """The cells of all steps; those of one place in the step make a column."""
        given = self._given()
        steps = {cell: self._step[cell] for cell in self._cells} | given
        rows: dict[Position, dict[int, CellRef]] = {}
        for cell, step in steps.items():
            rows.setdefault(self._position(cell).moved(shift, -step), {})[step] = cell
        self._put_right(rows, shift)
        columns = {place: number for number, place in enumerate(sorted(rows), start=1)}
        return {
            CellIndex(FIRST_ROW + step, columns[place]): cell
            for place, cells in rows.items()
            for step, cell in cells.items()
        }

    def _put_right(self, rows: dict[Position, dict[int, CellRef]], shift: Position) -> None:
        """Take a cell that refers to another step for what it is by its place."""
        usual = {place for place, cells in rows.items() if 2 * len(cells) > self._last}
        for place in rows.keys() - usual:
            for step in list(rows[place]):
                for other in range(self._last + 1):
                    home = place.moved(shift, step - other)
                    if home in usual and other not in rows[home]:
                        rows[home][other] = rows[place].pop(step)
                        break
            if not rows[place]:
                del rows[place]

    def _alone(self) -> dict[CellIndex, CellRef]:
        """The cells of a single step, in one row, and the new parameters below the old ones."""
        moved = {chain.values[1] for chain in self._chains if len(chain.values) > 1}
        moved |= {c.updated[0] for c in self._chains if c.turns and c.updated}
        first = [c for c in self._cells if self._step[c] == 0 and c not in moved]
        first = sorted((*first, *self._given()), key=self._position)
        columns = {cell: number for number, cell in enumerate(first, start=1)}
        placed = {CellIndex(FIRST_ROW, column): cell for cell, column in columns.items()}
        for chain in self._chains:
            column = columns[chain.values[0]]
            new = chain.values[-1] if len(chain.values) > 1 else chain.updated.get(0)
            placed[CellIndex(FIRST_ROW + 1, column)] = new or chain.values[0]
        return placed

    def _given(self) -> dict[CellRef, int]:
        """The cells that one step alone reads and that depend on no parameter, with that step.

        Of a single step those that are read by more than the updates: a learning rate is not.
        """
        readers: dict[CellRef, set[int]] = {}
        data: set[CellRef] = set()
        for cell in self._cells:
            for other in self._book.reads.get(cell, ()):
                if other not in self._step and self._book.formulas.cell(*other) is not None:
                    readers.setdefault(other, set()).add(self._step[cell])
                    if cell not in self._updates:
                        data.add(other)
        own = {cell: min(steps) for cell, steps in readers.items() if len(steps) == 1}
        return {cell: step for cell, step in own.items() if cell in data or self._last > 1}

    @cached_property
    def _updates(self) -> set[CellRef]:
        """The cells that hold new parameters."""
        moved = (
            *(cell for chain in self._chains for cell in chain.values[1:]),
            *(cell for chain in self._chains for cell in chain.updated.values()),
        )
        return {*moved, *(chain.values[0] for chain in self._chains if chain.turns)}

    def _examples(self) -> list[list[CellRef]]:
        parameters = {chain.values[0] for chain in self._chains}
        own = [c for c in self._cells if self._step[c] == 0 and c not in parameters]
        given = {leaf for c in own for leaf in self._book.reads[c] if leaf not in self._step}
        return first_of_each(self._book, own, parameters, given)

    # --- The table ---------------------------------------------------------------------------

    def _arranged(
        self, name: str, placed: dict[CellIndex, CellRef], shift: Position | None
    ) -> Table:
        headers: dict[int, str] = {}
        whole = dict(placed)
        for place, cell in sorted(placed.items(), reverse=True):
            if (label := self._label(cell, shift)) is not None:
                whole[CellIndex(HEADER_ROW, place.column)] = label
                text = self._book.formulas.book.sheets[label.sheet].cells[label.cell].value
                headers[place.column] = str(text).strip()
        turning = {chain.values[0] for chain in self._chains if chain.turns}
        starts = frozenset(p for p, c in placed.items() if c in turning and p.row == FIRST_ROW)
        moved = frozenset(p for p, c in placed.items() if c in self._updates) - starts
        is_across = shift is not None and shift.column != 0 and shift.row == 0
        arrangement = Arrangement(name, whole, moved, is_across)
        formulas = ArrangedFormulas(self._book.formulas, arrangement, starts)
        rows = [place.row for place in placed]
        columns = sorted({place.column for place in placed})
        return Table(
            formulas,
            formulas.sheet,
            range(min(rows), max(rows) + 1),
            tuple(columns),
            headers,
            HEADER_ROW,
            arrangement,
        )

    def _label(self, cell: CellRef, shift: Position | None) -> CellRef | None:
        book = self._book.formulas.book
        if shift is None or shift.sheet:
            return label_near(book, cell)
        return label_beside(book, cell) if shift.column else label_above(book, cell)
