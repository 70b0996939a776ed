"""The cells of one sheet of an .ods file, put in place: what repeats is written once there."""

from gradsheet.spreadsheet.addresses import CellIndex, CellRange
from gradsheet.spreadsheet.limits import COLUMNS, ROWS
from gradsheet.spreadsheet.model import Cell
from gradsheet.spreadsheet.reader.archive import SAVE, Budget, RefusedError
from gradsheet.spreadsheet.reader.grid import Grid


class Table:
    """The grid of a sheet, filled row by row.

    Attributes:
        grid: the cells so far.
        index: of the next cell.
        is_elsewhere: whether the sheet is a copy of one in another file.
    """

    def __init__(self, grid: Grid, budget: Budget) -> None:
        self.grid = grid
        self.index = CellIndex(1, 1)
        self.is_elsewhere = False
        self._budget = budget
        self._rows = 1
        self._cells: list[tuple[int, Cell]] = []

    def start_row(self, rows: int) -> None:
        """Begin a row that stands for so many."""
        self._rows = rows
        self.index = CellIndex(self.index.row, 1)

    def put(self, cell: Cell | None, columns: int) -> None:
        """Add a cell that stands for so many side by side; None is empty."""
        row, first = self.index
        if cell is not None:
            _check_size(row, first + columns - 1)
            self._cells += [(column, cell) for column in range(first, first + columns)]
        self.index = CellIndex(row, first + columns)

    def put_array(self, formula: str, rows: int, columns: int) -> None:
        """Note that the next cell's formula is an array formula of so many cells."""
        row, column = self.index
        last = CellIndex(row + rows - 1, column + columns - 1)
        _check_size(*last)
        self.grid.arrays.append((CellRange(self.index, last), formula))

    def end_row(self) -> None:
        """Write the row as often as it stands for."""
        first, end = self.index.row, self.index.row + self._rows
        if self._cells:
            _check_size(end - 1, 1)
            self._budget.spend("cells", self._rows * len(self._cells))
            for row in range(first, end):
                cells = {CellIndex(row, column): cell for column, cell in self._cells}
                self.grid.sheet.cells.update(cells)
            self._cells.clear()
        self.index = CellIndex(end, 1)


def _check_size(row: int, column: int) -> None:
    if row > ROWS or column > COLUMNS:
        raise RefusedError(
            f"a sheet of it has more than {ROWS:,} rows or {COLUMNS:,} columns; {SAVE}"
        )
