"""Training tables: runs of rows of formulas, with headers above."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gradsheet.audit.tables.headers import read_header
from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import Formulas, Node
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.model import Book, Cell, Sheet

_FEWEST_FORMULAS = 3  # in a row of a training table
_FEWEST_COLUMNS = 6
_MOST_CELLS = 100_000  # of one table: 3,000 updates of a network with 8 weights
_HEADER_ABOVE = 3  # at most so many rows above the first
_MOST_EMPTY = 2  # rows in a row that a table goes on across
_NEARLY_ALL = 0.9  # of the columns go on
_MOST_TRIMMED = 2  # rows at either end


@dataclass(frozen=True)
class Table:
    """One table, before anything is known of its meaning.

    Attributes:
        rows: of its data, from top to bottom.
        columns: that hold numbers or formulas, from left to right.
        headers: what stands above each column, where something does.
        header_row: None where there is no header.
    """

    formulas: Formulas
    sheet: Sheet
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    headers: dict[int, str]
    header_row: int | None

    def cell(self, row: int, column: int) -> Cell | None:
        """What stands in a cell of it."""
        return self.sheet.cells.get(CellIndex(row, column))

    def number(self, row: int, column: int) -> float:
        """The number a cell states; NaN where it states none."""
        cell = self.cell(row, column)
        value = cell.value if cell else None
        return value if isinstance(value, float) else math.nan

    def tree(self, row: int, column: int) -> Node | None:
        """The formula of a cell; None where it holds none that is understood."""
        cell = self.cell(row, column)
        if cell is None or cell.formula is None:
            return None
        try:
            return self.formulas.tree(self.sheet.name, CellIndex(row, column))
        except FormulaError:
            return None

    @cached_property
    def later_rows(self) -> tuple[int, ...]:
        """The rows that an update leads to; of a single row that one."""
        return self.rows[1:] or self.rows

    @cached_property
    def usual(self) -> dict[int, Node]:
        """For each column of formulas the formula that most of its later rows hold."""
        usual = {}
        for column in self.columns:
            trees = Counter(self.tree(row, column) for row in self.later_rows)
            tree, _ = max(trees.items(), key=lambda item: (item[0] is not None, item[1]))
            most = sum(count for other, count in trees.items() if other is not None)
            if tree is not None and 2 * most >= len(self.later_rows):
                usual[column] = tree
        return usual

    @cached_property
    def said(self) -> dict[int, str]:
        """The name that each header spells, where it spells one."""
        names = {column: read_header(text) for column, text in self.headers.items()}
        return {column: name for column, name in names.items() if name}


def find_tables(book: Book) -> list[Table]:
    """Every run of rows that may be a training table, in the order of the sheets."""
    formulas = Formulas(book)
    return [table for sheet in book.sheets.values() for table in _Search(formulas, sheet).tables()]


class _Search:
    """The tables of one sheet: blocks of columns, and runs of rows in them."""

    def __init__(self, formulas: Formulas, sheet: Sheet) -> None:
        self._formulas, self._sheet = formulas, sheet
        self._runs_of: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        self._filled: dict[int, set[int]] = {}  # of each column the rows with numbers or formulas
        self._written: dict[int, set[int]] = {}  # of each column the rows with formulas
        for (row, column), cell in sheet.cells.items():
            if cell.formula is not None or isinstance(cell.value, float):
                self._filled.setdefault(column, set()).add(row)
            if cell.formula is not None:
                self._written.setdefault(column, set()).add(row)

    def tables(self) -> Iterator[Table]:
        """From top to bottom, then from left to right."""
        found: dict[tuple[tuple[int, ...], tuple[int, ...]], Table] = {}
        for block in self._blocks:
            for rows in self._runs(block):
                for columns in self._split(self._widened(block, rows), rows):
                    if table := self._table(rows, columns):
                        found.setdefault((table.rows, table.columns), table)
        yield from sorted(found.values(), key=lambda table: (table.rows[0], table.columns))

    @cached_property
    def _blocks(self) -> list[tuple[int, ...]]:
        """Columns side by side that hold something."""
        blocks: list[list[int]] = []
        for column in sorted(self._filled):
            if blocks and column == blocks[-1][-1] + 1:
                blocks[-1].append(column)
            else:
                blocks.append([column])
        return [tuple(block) for block in blocks]

    # --- Rows ----------------------------------------------------------------------------------

    def _runs(self, block: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Runs of rows with several formulas each, and of rows pasted among or below them."""
        if block not in self._runs_of:
            self._runs_of[block] = list(self._find_runs(block))
        return self._runs_of[block]

    def _find_runs(self, block: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        counts = Counter(row for column in block for row in self._written.get(column, ()))
        runs: list[list[int]] = []
        for row in sorted(row for row, count in counts.items() if count >= _FEWEST_FORMULAS):
            if runs and self._goes_on(runs[-1], row, block):
                runs[-1] += range(runs[-1][-1] + 1, row + 1)
            else:
                runs.append([row])
        for run in runs:
            while self._is_pasted(run, run[-1] + 1, block):
                run.append(run[-1] + 1)
            yield tuple(self._trimmed(run, block))

    def _goes_on(self, run: list[int], row: int, block: tuple[int, ...]) -> bool:
        """Whether a row belongs to the run above it, across rows that were pasted or emptied."""
        between = range(run[-1] + 1, row)
        if all(self._is_pasted(run, other, block) for other in between):
            return True
        return len(between) <= _MOST_EMPTY and self._alike(run[-1], row, block) >= _NEARLY_ALL

    def _is_pasted(self, run: list[int], row: int, block: tuple[int, ...]) -> bool:
        """Whether a row holds numbers where the run above it computes."""
        computed = [column for column in block if run[-1] in self._written.get(column, ())]
        if not computed:  # that row was pasted too
            computed = [column for column in block if run[0] in self._written.get(column, ())]
        filled = sum(row in self._filled.get(column, ()) for column in computed)
        return 2 * filled > len(computed) > 0

    def _trimmed(self, run: list[int], block: tuple[int, ...]) -> list[int]:
        """Without a row of headers that are formulas, or of sums below the table."""
        run = list(run)
        for _ in range(_MOST_TRIMMED):
            if len(run) > 3 and self._is_other(run[-1], run[-2], run[-3], block):
                run.pop()
            if len(run) > 3 and self._is_other(run[0], run[1], run[2], block):
                run.pop(0)
        return run

    def _is_other(self, row: int, first: int, second: int, block: tuple[int, ...]) -> bool:
        """Whether a row has nothing in common with two others that are alike."""
        own = any(row in self._written.get(column, ()) for column in block)
        return (
            own and not self._alike(row, first, block) and self._alike(first, second, block) > 0.5
        )

    def _alike(self, first: int, second: int, block: tuple[int, ...]) -> float:
        """Of the columns that compute in the first row, the share that goes on in the second."""
        computed = [column for column in block if first in self._written.get(column, ())]
        same = sum(self._tree(first, column) == self._tree(second, column) for column in computed)
        return same / len(computed) if computed else 0.0

    def _tree(self, row: int, column: int) -> Node | str | None:
        cell = self._sheet.cells.get(CellIndex(row, column))
        if cell is None or cell.formula is None:
            return None
        try:
            return self._formulas.tree(self._sheet.name, CellIndex(row, column))
        except FormulaError:
            return cell.formula

    # --- Columns -------------------------------------------------------------------------------

    def _widened(self, block: tuple[int, ...], rows: tuple[int, ...]) -> list[int]:
        """The block with its neighbors that are filled in these rows and no other table's."""
        columns = list(block)
        for other in self._blocks:
            runs = self._runs(other)
            same_rows = rows in runs or not any(set(rows) & set(run) for run in runs)
            if other != block and same_rows and self._is_filled(other, rows):
                columns += other
        return sorted(column for column in columns if self._is_filled((column,), rows))

    def _is_filled(self, columns: tuple[int, ...], rows: tuple[int, ...]) -> bool:
        held = max(len(self._filled[column].intersection(rows)) for column in columns)
        return 2 * held > len(rows)

    def _split(self, columns: list[int], rows: tuple[int, ...]) -> Iterator[list[int]]:
        """The tables side by side: where names come again after a gap, or most come again."""
        headers, _ = _headers(self._sheet, rows[0], columns)
        names = {column: read_header(headers.get(column, "")) for column in columns}
        part: list[int] = []
        for place, column in enumerate(columns):
            seen = {names[other] for other in part} - {""}
            later = [names[other] for other in columns[place : place + _FEWEST_COLUMNS]]
            gap = part and column > part[-1] + 1
            again = names[column] in seen and (gap or seen.issuperset(later))
            if part and again and len(seen) >= _FEWEST_COLUMNS:
                yield part
                part = []
            part.append(column)
        yield part

    def _table(self, rows: tuple[int, ...], columns: list[int]) -> Table | None:
        if len(columns) < _FEWEST_COLUMNS:
            return None
        if len(rows) * len(columns) > _MOST_CELLS:
            raise GradsheetError(
                f"the table in rows {rows[0]} to {rows[-1]} of '{self._sheet.name}' has more than "
                f"{_MOST_CELLS:,} cells; keep fewer rows of it"
            )
        headers, header_row = _headers(self._sheet, rows[0], columns)
        return Table(self._formulas, self._sheet, rows, tuple(columns), headers, header_row)


def _headers(sheet: Sheet, first_row: int, columns: list[int]) -> tuple[dict[int, str], int | None]:
    """The row of texts closely above in which most names are spelled."""
    best: dict[int, str] = {}
    best_row, most = None, 1  # one name alone may be the label of something else
    for row in range(first_row - 1, max(0, first_row - 1 - _HEADER_ABOVE), -1):
        texts = {}
        for column in columns:
            cell = sheet.cells.get(CellIndex(row, column))
            if cell is not None and isinstance(cell.value, str) and cell.value.strip():
                texts[column] = cell.value.strip()
        known = sum(read_header(text) not in ("", "η") for text in texts.values())
        if known > most:
            best, best_row, most = texts, row, known
    return best, best_row
