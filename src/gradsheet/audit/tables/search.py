"""Training tables: runs of rows of formulas, with headers above."""

from collections.abc import Collection, Iterator
from functools import cached_property

from gradsheet.audit.tables.alike import different_numbers
from gradsheet.audit.tables.grid import Columns, Grid
from gradsheet.audit.tables.header_row import find_headers
from gradsheet.audit.tables.headers import read_header
from gradsheet.audit.tables.runs import row_runs
from gradsheet.audit.tables.table import Table
from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import Node, references
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Sheet

_FEWEST_COLUMNS = 6
_MOST_COMPARED = 20  # sheets with a sheet
_MOST_CELLS = 400_000  # of one table: 12,000 updates of a network with 8 weights


def find_tables(formulas: Formulas) -> list[Table]:
    """Every run of rows that may be a training table, in the order of a book's sheets."""
    found: dict[str, list[Table]] = {}
    for sheet in formulas.book.sheets.values():
        found[sheet.name] = _like_others(formulas, sheet, found) or list(
            _SheetSearch(formulas, sheet).tables()
        )
    return [table for tables in found.values() for table in tables]


def _like_others(formulas: Formulas, sheet: Sheet, found: dict[str, list[Table]]) -> list[Table]:
    """The tables of a sheet that differs from one of the last in typed numbers alone."""
    book = formulas.book
    for name, tables in list(found.items())[-_MOST_COMPARED:]:
        if tables and tables[0].like is None:
            different = different_numbers(book, book.sheets[name], sheet)
            if different is not None:
                return [table.on(sheet, different) for table in tables]
    return []


class _SheetSearch:
    """The tables of one sheet: groups of columns, and runs of rows in them."""

    def __init__(self, formulas: Formulas, sheet: Sheet) -> None:
        self._sheet = sheet
        self._grid = Grid(formulas, sheet)

    def tables(self) -> Iterator[Table]:
        """From top to bottom, then from left to right."""
        found: dict[tuple[range, Columns], Table] = {}
        for group, runs in self._runs.items():
            for rows in runs:
                for columns in self._split(self._widened(group, rows), rows):
                    if table := self._table(rows, columns):
                        found.setdefault((table.rows, table.columns), table)
        yield from sorted(found.values(), key=lambda table: (table.rows[0], table.columns))

    @cached_property
    def _runs(self) -> dict[Columns, tuple[range, ...]]:
        """For each group of columns its runs of rows."""
        return {group: row_runs(self._grid, group) for group in self._grid.column_groups}

    def _widened(self, group: Columns, rows: range) -> list[int]:
        """The group with its neighbors that are filled in these rows and no other table's."""
        columns = list(group)
        for other, runs in self._runs.items():
            same_rows = rows in runs or not any(set(rows) & set(run) for run in runs)
            if other != group and same_rows and self._grid.is_mostly_filled(other, rows):
                columns += other
        filled = {c for c in columns if self._grid.is_mostly_filled((c,), rows)}
        return sorted(filled | self._sparse(filled, rows))

    def _sparse(self, columns: Collection[int], rows: range) -> set[int]:
        """The columns with few numbers that each row reads, as where an empty cell is 0."""
        read = {
            cell.column
            for place in (CellIndex(rows[-1], column) for column in columns)
            if isinstance(tree := self._grid.formula(*place), Node)
            for ref in references(tree)
            if not ref.sheet and (cell := ref.seen_from(place)).row == place.row
        }
        return {
            column
            for column in read.difference(columns)
            if not self._grid.filled.get(column, set()).isdisjoint(rows)
            and self._grid.computed.get(column, set()).isdisjoint(rows)
        }

    def _split(self, columns: list[int], rows: range) -> Iterator[list[int]]:
        """The tables side by side: where names come again after a gap, or most come again."""
        headers, _ = find_headers(self._sheet, rows[0], columns)
        names = {column: read_header(headers.get(column, "")) for column in columns}
        part: list[int] = []
        for place, column in enumerate(columns):
            seen = {names[other] for other in part} - {None}
            following = [names[other] for other in columns[place : place + _FEWEST_COLUMNS]]
            gap = part and column > part[-1] + 1
            again = names[column] in seen and (gap or seen.issuperset(following))
            whole = again and self._reads_on(part, column, rows)
            if part and again and not whole and len(seen) >= _FEWEST_COLUMNS:
                yield part
                part = []
            part.append(column)
        yield part

    def _reads_on(self, part: list[int], column: int, rows: range) -> bool:
        """Whether formulas of some columns use what is to the right of them, as updates do."""
        here = [CellIndex(rows[-1], one) for one in part]
        trees = ((place, self._grid.formula(*place)) for place in here)
        used = (
            ref.seen_from(place)
            for place, tree in trees
            if tree is not None and not isinstance(tree, str)
            for ref in references(tree)
        )
        return any(cell.column >= column and cell.row in rows for cell in used)

    def _table(self, rows: range, columns: list[int]) -> Table | None:
        """The table of these cells; None where it is too narrow.

        Raises:
            GradsheetError: it is too large.
        """
        if len(columns) < _FEWEST_COLUMNS:
            return None
        if len(rows) * len(columns) > _MOST_CELLS:
            raise GradsheetError(
                f"the table in rows {rows[0]} to {rows[-1]} of '{self._sheet.name}' has more than "
                f"{_MOST_CELLS:,} cells; keep fewer rows of it"
            )
        headers, header_row = find_headers(self._sheet, rows[0], columns)
        return Table(self._grid.formulas, self._sheet, rows, tuple(columns), headers, header_row)
