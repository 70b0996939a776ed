"""The cells of a training by step and by place within the step.

A step is what is computed from one set of parameters. Where the parameters come again at an even
distance (rows further down, columns further right, sheets further on), so does all the rest.
"""

from collections import Counter
from functools import cached_property
from itertools import pairwise

from gradsheet.audit.tables.steps.chains import Chain
from gradsheet.audit.tables.steps.dependencies import Dependencies
from gradsheet.audit.tables.steps.examples import Examples, find_examples
from gradsheet.audit.tables.steps.positions import Position
from gradsheet.spreadsheet.addresses import CellRef

Rows = dict[Position, dict[int, CellRef]]
"""For each place in the first step the cells of all steps, by the number of the step."""


class StepGrid:
    """The steps of one training, and where they are.

    Attributes:
        chains: the parameters.
        last: the number of the last step.
    """

    def __init__(
        self,
        book: Dependencies,
        chains: list[Chain],
        cells: list[CellRef],
        steps: dict[CellRef, int],
    ) -> None:
        self._book, self.chains, self._cells, self._step = book, chains, cells, steps
        self.position = book.position
        self.last = max(len(chain.values) for chain in chains) - 1

    @cached_property
    def is_even(self) -> bool:
        """Whether the steps are where the first is, moved on; or there is a single one."""
        return self.shift is not None or self.last <= 1

    @cached_property
    def shift(self) -> Position | None:
        """How far it is from one step to the next; None where that is not always the same."""
        shifts: Counter[Position] = Counter()
        for chain in self.chains:
            positions = list(map(self.position, chain.values))
            for one, other in pairwise(positions):
                shifts[other.seen_from(one)] += 1
        if not shifts:
            return None
        shift, count = shifts.most_common(1)[0]
        if 5 * count < 4 * shifts.total() or not any(shift):
            return None
        return shift if self.last > 1 or self._comes_again(shift) else None

    def _comes_again(self, shift: Position) -> bool:
        """Whether the second step computes what the first does."""
        parameters = {cell for chain in self.chains for cell in chain.values}
        own = [c for c in self._cells if self._step[c] == 1 and c not in parameters]
        first = {self.position(c) for c in self._cells if self._step[c] == 0}
        again = sum(self.position(cell).moved(shift, -1) in first for cell in own)
        return 2 * again > len(own)

    # --- Places ------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> Rows:
        """The cells that are computed in the steps, and what a step alone reads."""
        rows = self._single if self.shift is None else self._repeated(self.shift)
        return {place: rows[place] for place in sorted(rows)}

    def _repeated(self, shift: Position) -> Rows:
        steps = {cell: self._step[cell] for cell in self._cells} | self._given
        rows: Rows = {}
        for cell, step in steps.items():
            rows.setdefault(self.position(cell).moved(shift, -step), {})[step] = cell
        usual = {place for place, cells in rows.items() if 2 * len(cells) > self.last}
        for place in rows.keys() - usual:
            self._put_right(rows, place, usual, shift)
        for step in self._full_steps(rows, usual):
            for place in usual:
                if step not in rows[place]:
                    held = self._book.cell_at(place.moved(shift, step))
                    rows[place] |= {} if held is None else {step: held}
        return rows

    def _full_steps(self, rows: Rows, usual: set[Position]) -> list[int]:
        """The steps that hold most of what a step holds; the last may be new parameters alone."""
        counts = Counter(step for place in usual for step in rows[place])
        return [step for step, count in counts.items() if 2 * count > len(usual)]

    def _put_right(
        self, rows: Rows, place: Position, usual: set[Position], shift: Position
    ) -> None:
        """Take a cell that refers to another step for what it is by its place."""
        for step in list(rows[place]):
            for other in range(self.last + 1):
                home = place.moved(shift, step - other)
                if home in usual and other not in rows[home]:
                    rows[home][other] = rows[place].pop(step)
                    break
        if not rows[place]:
            del rows[place]

    @cached_property
    def _single(self) -> Rows:
        """The cells of a single step, and the new parameters with the old ones."""
        moved = {chain.values[1] for chain in self.chains if len(chain.values) > 1}
        moved |= {c.updated[0] for c in self.chains if c.turns and c.updated}
        first = [c for c in self._cells if self._step[c] == 0 and c not in moved]
        rows = {self.position(cell): {0: cell} for cell in (*first, *self._given)}
        for chain in self.chains:
            new = chain.values[-1] if len(chain.values) > 1 else chain.updated.get(0)
            rows[self.position(chain.values[0])][1] = new or chain.values[0]
        return rows

    @cached_property
    def _given(self) -> dict[CellRef, int]:
        """The cells that one step alone reads and that depend on no parameter, with that step.

        An update, which is of the step that it leads to, reads those of the step before as well.
        Of a single step those that are read by more than the updates, as a learning rate is not, or
        are among what is computed. What they are computed from belongs to their step, too, where it
        belongs to no other.
        """
        found = latest = self._read_in_one_step
        while latest:
            readers: dict[CellRef, set[int]] = {}
            for cell, step in found.items():
                for other in self._book.reads.get(cell, ()):
                    if other not in found and self._is_apart(other):
                        readers.setdefault(other, set()).add(step)
            latest = {c: min(steps) for c, steps in readers.items() if len(steps) == 1}
            found = found | latest
        return found

    def _is_apart(self, cell: CellRef) -> bool:
        """Whether a cell is not empty and depends on no parameter."""
        return cell not in self._step and self._book.formulas.cell(*cell) is not None

    @property
    def _read_in_one_step(self) -> dict[CellRef, int]:
        """The cells of ``_given`` that what is computed in the steps reads itself."""
        reading: dict[CellRef, set[int]] = {}
        moving: dict[CellRef, set[int]] = {}
        for cell in self._cells:
            readers = moving if cell in self.updates else reading
            for other in self._book.reads.get(cell, ()):
                if self._is_apart(other):
                    readers.setdefault(other, set()).add(self._step[cell])
        of_updates = {
            cell: min(steps)
            for cell, steps in moving.items()
            if len(steps) == 1 and cell not in reading
            if self.last > 1 or self._is_between(cell)
        }
        return of_updates | {
            cell: min(steps)
            for cell, steps in reading.items()
            if len(steps) == 1 and moving.get(cell, steps) <= {min(steps), min(steps) + 1}
        }

    def _is_between(self, cell: CellRef) -> bool:
        """Whether a cell is among those that are computed in a single step, one below another."""
        rows = self._computed_rows.get((cell.sheet, cell.cell.column), [])
        return bool(rows) and min(rows) < cell.cell.row < max(rows)

    @cached_property
    def _computed_rows(self) -> dict[tuple[str, int], list[int]]:
        """For each column of a sheet the rows with what the first step computes."""
        moved = self.updates | {chain.values[0] for chain in self.chains}
        found: dict[tuple[str, int], list[int]] = {}
        for cell in self._cells:
            if self._step[cell] == 0 and cell not in moved:
                found.setdefault((cell.sheet, cell.cell.column), []).append(cell.cell.row)
        return found

    @cached_property
    def updates(self) -> set[CellRef]:
        """The cells that hold new parameters."""
        moved = (
            *(cell for chain in self.chains for cell in chain.values[1:]),
            *(cell for chain in self.chains for cell in chain.updated.values()),
        )
        return {*moved, *(chain.values[0] for chain in self.chains if chain.turns)}

    # --- Examples ----------------------------------------------------------------------------

    @cached_property
    def examples(self) -> Examples | None:
        """The examples of a step; None where it shows a single one."""
        parameters = [chain.values[0] for chain in self.chains]
        own = [c for c in self._cells if self._step[c] == 0]
        return find_examples(self._book, own, parameters, self.position)

    def data(self, examples: Examples) -> Rows:
        """What the examples read in every step and no step holds, by its place."""
        whole = self.rows
        cells = {
            other
            for cell in self._cells
            for other in self._book.reads.get(cell, ())
            if other not in self._step and other not in self._given
        }
        own = {
            place.moved(shift) for place in examples.places for shift in examples.shifts
        } - whole.keys()
        steps = range(self.last + 1)
        return {
            self.position(cell): dict.fromkeys(steps, cell)
            for cell in sorted(cells, key=self.position)
            if self.position(cell) in own
        }
