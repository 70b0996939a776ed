"""Runs of rows of formulas: where a table begins and ends within a group of columns."""

from collections import Counter
from collections.abc import Iterator

from gradsheet.audit.tables.grid import Columns, Grid

_FEWEST_FORMULAS = 3  # in a row of a training table
_MOST_EMPTY = 2  # rows in a row that a table goes on across
_NEARLY_ALL = 0.9  # of the columns go on
_MOST_TRIMMED = 2  # rows at either end


def row_runs(grid: Grid, columns: Columns) -> tuple[range, ...]:
    """Runs of rows with several formulas each, and of rows pasted among or below them.

    Args:
        grid: of the sheet.
        columns: side by side.
    """
    return tuple(_Runs(grid, columns).found())


class _Runs:
    """The runs of rows in one group of columns."""

    def __init__(self, grid: Grid, columns: Columns) -> None:
        self._grid, self._columns = grid, columns

    def found(self) -> Iterator[range]:
        for run in self._formula_runs():
            while self._is_pasted(run, run.stop):
                run = range(run.start, run.stop + 1)
            yield self._trimmed(self._with_start(run))

    def _formula_runs(self) -> list[range]:
        """Runs whose first and last rows hold several formulas."""
        counts = Counter(
            row for column in self._columns for row in self._grid.computed.get(column, ())
        )
        runs: list[range] = []
        for row in sorted(row for row, count in counts.items() if count >= _FEWEST_FORMULAS):
            if runs and self._goes_on(runs[-1], row):
                runs[-1] = range(runs[-1].start, row + 1)
            else:
                runs.append(range(row, row + 1))
        return runs

    def _with_start(self, run: range) -> range:
        """With a row above that holds the start: few formulas, the same, and else numbers."""
        row, filled = run.start - 1, self._computed(run.start)
        starts = self._likeness(row, run.start) == 1 and len(run) > 1
        if starts and all(self._grid.is_filled(row, column) for column in filled):
            return range(row, run.stop)
        return run

    def _goes_on(self, run: range, row: int) -> bool:
        """Whether a row belongs to the run above it, across rows that were pasted or emptied."""
        between = range(run.stop, row)
        if all(self._is_pasted(run, other) for other in between):
            return True
        return len(between) <= _MOST_EMPTY and self._likeness(run[-1], row) >= _NEARLY_ALL

    def _is_pasted(self, run: range, row: int) -> bool:
        """Whether a row holds numbers where the run above it computes."""
        computed = self._computed(run[-1]) or self._computed(run[0])  # the last: pasted too
        filled = sum(self._grid.is_filled(row, column) for column in computed)
        return 2 * filled > len(computed) > 0

    def _computed(self, row: int) -> list[int]:
        """The columns with a formula in a row."""
        return [column for column in self._columns if self._grid.is_computed(row, column)]

    def _trimmed(self, run: range) -> range:
        """Without a row of headers that are formulas, or of sums below the table."""
        for _ in range(_MOST_TRIMMED):
            if len(run) > 3 and self._stands_apart(run[-1], run[-2], run[-3]):
                run = run[:-1]
            if len(run) > 3 and self._stands_apart(run[0], run[1], run[2]):
                run = run[1:]
        return run

    def _stands_apart(self, row: int, first: int, second: int) -> bool:
        """Whether a row has nothing in common with two others that are alike."""
        return (
            bool(self._computed(row))
            and not self._likeness(row, first)
            and self._likeness(first, second) > 0.5
        )

    def _likeness(self, first: int, second: int) -> float:
        """Of the columns that compute in the first row, the share that goes on in the second."""
        formula, computed = self._grid.formula, self._computed(first)
        same = sum(formula(first, column) == formula(second, column) for column in computed)
        return same / len(computed) if computed else 0.0
