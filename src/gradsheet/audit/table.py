"""Training tables: runs of rows of formulas, with headers above."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gradsheet.audit.book import Book, Cell, Place, Sheet
from gradsheet.audit.formula import Node, parse
from gradsheet.audit.functions import FormulaError
from gradsheet.audit.headers import read_header
from gradsheet.errors import GradsheetError

_FEWEST_FORMULAS = 3  # in a row of a training table
_FEWEST_COLUMNS = 6
_MOST_CELLS = 100_000  # of one table: 3,000 updates of a network with 8 weights
_HEADER_ABOVE = 3  # at most so many rows above the first


class Formulas:
    """The formulas of a book as trees, each parsed when it is first asked for."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._names = {name.lower(): behind for name, behind in book.names.items()}
        self._trees: dict[tuple[str, Place], Node | FormulaError] = {}

    def tree(self, sheet: str, place: Place) -> Node:
        """The tree of the formula in a cell that holds one.

        Raises:
            FormulaError: it is not understood.
        """
        key = (sheet, place)
        if key not in self._trees:
            cell = self.book.sheets[sheet].cells[place]
            assert cell.formula is not None
            try:
                self._trees[key] = parse(cell.formula, cell.anchor or place, self._names)
            except FormulaError as error:
                self._trees[key] = error
        tree = self._trees[key]
        if isinstance(tree, FormulaError):
            raise tree
        return tree

    def cell(self, sheet: str, place: Place) -> Cell | None:
        """What stands in a cell; None where it is empty or there is no such sheet."""
        found = self.book.sheets.get(sheet)
        return found.cells.get(place) if found else None


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
        return self.sheet.cells.get((row, column))

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
            return self.formulas.tree(self.sheet.name, (row, column))
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
    return [
        table
        for sheet in book.sheets.values()
        for rows in _runs(sheet)
        for table in _split(formulas, sheet, rows)
    ]


def _runs(sheet: Sheet) -> Iterator[tuple[int, ...]]:
    """Runs of consecutive rows with several formulas each."""
    counts = Counter(row for (row, _), cell in sheet.cells.items() if cell.formula is not None)
    run: list[int] = []
    for row in sorted(row for row, count in counts.items() if count >= _FEWEST_FORMULAS):
        if run and row != run[-1] + 1:
            yield tuple(run)
            run = []
        run.append(row)
    if run:
        yield tuple(run)


def _split(formulas: Formulas, sheet: Sheet, rows: tuple[int, ...]) -> Iterator[Table]:
    """The tables that stand side by side in ``rows``: where a name comes again after a gap."""
    filled = Counter(
        column
        for (row, column), cell in sheet.cells.items()
        if rows[0] <= row <= rows[-1] and (cell.formula or isinstance(cell.value, float))
    )
    columns = sorted(column for column, count in filled.items() if 2 * count > len(rows))
    headers, header_row = _headers(sheet, rows[0], columns)
    part: list[int] = []
    names: set[str] = set()
    for column in columns:
        name = read_header(headers.get(column, ""))
        gap = part and column > part[-1] + 1
        if gap and name in names:
            yield from _table(formulas, sheet, rows, part, headers, header_row)
            part, names = [], set()
        part.append(column)
        names |= {name} - {""}
    yield from _table(formulas, sheet, rows, part, headers, header_row)


def _table(
    formulas: Formulas,
    sheet: Sheet,
    rows: tuple[int, ...],
    columns: list[int],
    headers: dict[int, str],
    header_row: int | None,
) -> Iterator[Table]:
    if len(columns) < _FEWEST_COLUMNS:
        return
    own = {column: headers[column] for column in columns if column in headers}
    # Rows that only the table beside this one has.
    held = [row for row in rows if sum((row, column) in sheet.cells for column in columns) > 1]
    if len(held) * len(columns) > _MOST_CELLS:
        raise GradsheetError(
            f"the table in rows {held[0]} to {held[-1]} of '{sheet.name}' has more than "
            f"{_MOST_CELLS:,} cells; keep fewer rows of it"
        )
    if held:
        yield Table(formulas, sheet, tuple(held), tuple(columns), own, header_row)


def _headers(sheet: Sheet, first_row: int, columns: list[int]) -> tuple[dict[int, str], int | None]:
    """The row of texts closely above in which most names are spelled."""
    best: dict[int, str] = {}
    best_row, most = None, 0
    for row in range(first_row - 1, max(0, first_row - 1 - _HEADER_ABOVE), -1):
        texts = {}
        for column in columns:
            cell = sheet.cells.get((row, column))
            if cell is not None and isinstance(cell.value, str) and cell.value.strip():
                texts[column] = cell.value.strip()
        known = sum(bool(read_header(text)) for text in texts.values())
        if known > most:
            best, best_row, most = texts, row, known
    return best, best_row
