"""A training found by its steps, as tables with one row per step."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gradsheet.audit.tables.steps.arrangement import (
    FIRST_ROW,
    HEADER_ROW,
    ArrangedFormulas,
    Arrangement,
)
from gradsheet.audit.tables.steps.dependencies import Dependencies
from gradsheet.audit.tables.steps.examples import Examples
from gradsheet.audit.tables.steps.grid import Rows, StepGrid
from gradsheet.audit.tables.steps.labels import (
    label_above,
    label_beside,
    label_near,
    label_of_block,
)
from gradsheet.audit.tables.steps.positions import Position
from gradsheet.audit.tables.table import Table
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.functions import FormulaError

_MOST_COLUMNS = 2_000  # values in a step


def training_of(book: Dependencies, grid: StepGrid, name: str) -> "Training | None":
    """The training whose steps are known; None where they are not laid out evenly."""
    if not grid.is_even or len(grid.rows) > _MOST_COLUMNS:
        return None
    return Training(book, grid, name)


@dataclass(frozen=True)
class Kind:
    """Examples whose cells hold the same formulas.

    Attributes:
        table: of the first of them.
        examples: their numbers, from 0.
        own: the columns that each example has for itself.
    """

    table: Table
    examples: tuple[int, ...]
    own: frozenset[int]


@dataclass(frozen=True)
class Uneven:
    """A cell that is computed from some of the examples.

    Attributes:
        place: in the table of the first kind.
        missing: the cells of the examples that it leaves out.
    """

    place: CellIndex
    missing: tuple[CellRef, ...]


class Training:
    """A training, found by its steps.

    Attributes:
        examples: in a step; None where it shows a single one.
    """

    def __init__(self, book: Dependencies, grid: StepGrid, name: str) -> None:
        self._book, self._grid, self._name = book, grid, name
        self.examples: Examples | None = grid.examples

    @property
    def count(self) -> int:
        """The number of examples in a step."""
        return len(self.examples.shifts) if self.examples else 1

    @property
    def size(self) -> int:
        """The number of values in a step."""
        return len(self._grid.rows)

    @property
    def first(self) -> CellRef:
        """The cell in which the first of its numbers starts."""
        return min(chain.values[0] for chain in self._grid.chains)

    def whole(self) -> Kind:
        """One table in which every cell of the step has a column, whatever its example."""
        if self.examples is None:
            return self.kinds()[0]
        whole = Training(self._book, self._grid, self._name)
        whole.examples = None
        return whole.kinds()[0]

    def kinds(self, is_sum: bool = False) -> list[Kind]:
        """A table for each kind of example, that of most of them first.

        Args:
            is_sum: whether an example counts alone in what is computed from all of them; else it
                counts as if all others were like it, so that a mean is its own value.
        """
        if self.examples is None:
            return [Kind(self._table(0, is_sum), (0,), frozenset())]
        tables: list[tuple[Table, list[int]]] = []
        for number in range(self.count):
            table = self._table(number, is_sum)
            like = (n for t, n in tables if self._is_alike(t, table))
            if (numbers := next(like, None)) is not None:
                numbers.append(number)
            else:
                tables.append((table, [number]))
        tables.sort(key=lambda pair: -len(pair[1]))
        return [Kind(table, tuple(numbers), self._own) for table, numbers in tables]

    def _is_alike(self, table: Table, other: Table) -> bool:
        """Whether two examples hold the same formulas in every step."""
        return all(
            table.tree(row, column) == other.tree(row, column)
            for column in self._own
            for row in table.rows
        )

    # --- Columns -----------------------------------------------------------------------------

    @cached_property
    def _rows(self) -> Rows:
        data = self._grid.data(self.examples) if self.examples else {}
        return {**self._grid.rows, **data}

    @cached_property
    def _columns(self) -> dict[Position, int]:
        """The column of each place in the step; examples share those of the first."""
        moved = set(self._of_others)
        places = sorted(place for place in self._rows if place not in moved)
        return {place: number for number, place in enumerate(places, start=1)}

    @cached_property
    def _of_others(self) -> dict[Position, tuple[Position, int]]:
        """For each place of a later example that of the first, and the example's number."""
        examples = self.examples
        if examples is None:
            return {}
        return {
            place.moved(shift): (place, number)
            for place in examples.places
            for number, shift in enumerate(examples.shifts)
            if number and place in self._rows and place.moved(shift) in self._rows
        }

    @cached_property
    def _own(self) -> frozenset[int]:
        places = self.examples.places if self.examples else ()
        return frozenset(self._columns[place] for place in places if place in self._columns)

    def _cells(self, example: int) -> Iterator[tuple[CellIndex, CellRef]]:
        """The cells of one example, with what all share, where they are in its table."""
        shift = self.examples.shifts[example] if self.examples else None
        for place, column in self._columns.items():
            own = place.moved(shift) if shift and column in self._own else place
            for step, cell in self._rows.get(own, {}).items():
                yield CellIndex(FIRST_ROW + step, column), cell

    # --- What is computed from all examples ---------------------------------------------------

    def uneven(self) -> Iterator[Uneven]:
        """The cells that read some examples and leave others out, or count them differently."""
        for place, column in self._columns.items():
            if column in self._own:
                continue
            for step, cell in self._rows[place].items():
                if (found := self._uneven(cell, CellIndex(FIRST_ROW + step, column))) is not None:
                    yield found

    def _uneven(self, cell: CellRef, place: CellIndex) -> Uneven | None:
        try:
            expression = self._book.expression(cell) if cell in self._book.reads else None
        except FormulaError:
            return None
        seen: dict[tuple[Position, int], set[int]] = {}
        for leaf in expression.leaves if expression else ():
            if (known := self._example_of.get(leaf)) is not None:
                first, step, number = known
                seen.setdefault((first, step), set()).add(number)
        missing = [
            self._rows[first.moved(self.examples.shifts[number])][step]
            for (first, step), numbers in seen.items()
            for number in range(self.count)
            if number not in numbers and self.examples
        ]
        return Uneven(place, tuple(missing)) if missing else None

    @cached_property
    def _example_of(self) -> dict[CellRef, tuple[Position, int, int]]:
        """For each cell of one example the place of the first's, the step, and its number."""
        firsts = {place: (place, 0) for place in self._columns if self._columns[place] in self._own}
        return {
            cell: (first, step, number)
            for place, (first, number) in {**firsts, **self._of_others}.items()
            for step, cell in self._rows[place].items()
        }

    # --- Tables ------------------------------------------------------------------------------

    def _table(self, example: int, is_sum: bool) -> Table:
        placed = dict(self._cells(example))
        headers, whole = self._with_headers(placed)
        turning = {chain.values[0] for chain in self._grid.chains if chain.turns}
        starts = frozenset(p for p, c in placed.items() if c in turning and p.row == FIRST_ROW)
        moved = frozenset(p for p, c in placed.items() if c in self._grid.updates) - starts
        shift = self._grid.shift
        arrangement = Arrangement(
            self._name,
            whole,
            moved,
            starts,
            is_across=shift is not None and shift.column != 0 and shift.row == 0,
            steady=self._steady,
            gathering=frozenset(self._columns.values()) - self._own if self._own else frozenset(),
            stand_ins=self._stand_ins(example, is_sum),
        )
        formulas = ArrangedFormulas(self._book.formulas, arrangement)
        rows = range(FIRST_ROW, max(place.row for place in placed) + 1)
        columns = tuple(sorted({place.column for place in placed}))
        return Table(formulas, formulas.sheet, rows, columns, headers, HEADER_ROW, arrangement)

    @cached_property
    def _steady(self) -> frozenset[int]:
        """The columns whose cells are the same in every step."""
        return frozenset(
            column
            for place, column in self._columns.items()
            if len(self._rows[place]) > 1
            and len(set(self._rows[place].values())) == 1
            and place not in self._grid.rows
        )

    def _stand_ins(self, example: int, is_sum: bool) -> dict[CellRef, CellRef | None]:
        """For the cells of all other examples those of this one."""
        if self.examples is None:
            return {}
        found: dict[CellRef, CellRef | None] = {}
        own = self.examples.shifts[example]
        firsts = {place: (place, 0) for place in self.examples.places if place in self._rows}
        for place, (first, number) in {**firsts, **self._of_others}.items():
            if number != example:
                here = self._rows.get(first.moved(own), {})
                for step, cell in self._rows[place].items():
                    found[cell] = None if is_sum else here.get(step)
        return found

    def _with_headers(
        self, placed: dict[CellIndex, CellRef]
    ) -> tuple[dict[int, str], dict[CellIndex, CellRef]]:
        """The text above each column, and the cells with those of the texts."""
        headers: dict[int, str] = {}
        whole = dict(placed)
        for place, cell in sorted(placed.items(), reverse=True):
            if (found := self._label(cell)) is not None:
                label, part = found
                whole[CellIndex(HEADER_ROW, place.column)] = label
                text = self._book.formulas.book.sheets[label.sheet].cells[label.cell].value
                headers[place.column] = str(text).strip() + part
        return headers, whole

    def _label(self, cell: CellRef) -> tuple[CellRef, str] | None:
        """The cell with the name of another, and which part of what is named that is."""
        book, shift = self._book.formulas.book, self._grid.shift
        if shift is not None and not shift.sheet and abs(shift.column) > 1:  # block beside block
            return label_of_block(book, cell)
        if shift is None or shift.sheet:
            label = label_near(book, cell)
        else:
            label = label_beside(book, cell) if shift.column else label_above(book, cell)
        return None if label is None else (label, "")
