"""Empty cells among the data: what formulas read there counts as 0."""

from collections.abc import Iterator, Sequence

from gradsheet.audit import rules
from gradsheet.audit.details import EmptyData
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import Area, Call, Cells, Node, Reference, cells_of, references
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.model import Cell

_FEWEST = 3  # numbers beside an empty cell
_MAY_BE_BLANK_FOR_0 = {-1.0, 1.0}  # as in a table of classes, or of signs
_ALONE = {"SUM", "AVERAGE", "COUNT", "MAX", "MIN", "STDEV", "VAR"}  # take what is there
_MOST_CELLS = 20_000  # of a range


def empty_data(subject: Subject, column: int) -> Iterator[Finding]:
    """The empty cells of an input or a target in rows with formulas that read them."""
    symbol, table = subject.role(column), subject.table
    is_typed = symbol is not None and symbol.is_data and column not in table.usual
    if not is_typed or table.arrangement is not None:
        return
    readers = [c for c in table.usual if _reads(subject, c, column)]
    rows = [row for row in table.rows if row not in subject.pasted_rows]
    rows = [row for row in rows if any(table.tree(row, c) is not None for c in readers)]
    held = [table.cell(row, column) for row in rows]
    if count := _holes(held):
        empty = [row for row, cell in zip(rows, held, strict=True) if cell is None]
        yield subject.finding(rules.EMPTY_DATA, empty, column, EmptyData(count))


def _reads(subject: Subject, reader: int, column: int) -> bool:
    """Whether the usual formula of a column reads another one in its own row."""
    row = subject.table.later_rows[0]
    cells = (
        ref.seen_from(CellIndex(row, reader)) for ref in references(subject.table.usual[reader])
    )
    return CellIndex(row, column) in cells


def _holes(cells: Sequence[Cell | None]) -> int:
    """How many numbers there are beside a few empty cells; 0 where none is empty, or 0 is meant."""
    numbers = [c.value for c in cells if c is not None and isinstance(c.value, float)]
    empty = sum(cell is None for cell in cells)
    is_data = len(numbers) >= _FEWEST and len(numbers) + empty == len(cells)
    is_meant = set(numbers) <= _MAY_BE_BLANK_FOR_0
    return len(numbers) if is_data and 0 < 2 * empty < len(numbers) and not is_meant else 0


def empty_data_beside(subject: Subject) -> Iterator[Finding]:
    """The empty cells of columns of data beside the table, in rows with other data."""
    found = subject.found
    for cell, symbol in found.outside.items():
        is_own = cell.sheet == subject.sheet and cell.cell.row in subject.table.rows
        if symbol.is_data and not is_own and subject.table.formulas.cell(*cell) is None:
            yield _finding([cell], 0)
    columns: dict[CellRef, list[CellRef]] = {}
    for column, tree in subject.table.usual.items():
        row = found.typical_row(column)
        for area in _areas(tree) if row is not None else ():
            for cells in _columns_of(subject, area, CellIndex(row or 0, column)):
                columns.setdefault(cells[0], cells)
    for cells in columns.values():
        held = [subject.table.formulas.cell(*cell) for cell in cells]
        if count := _holes(held):
            empty = [cell for cell, content in zip(cells, held, strict=True) if content is None]
            if all(_is_filled_beside(columns, cell, subject) for cell in empty):
                yield _finding(empty, count)


def _finding(cells: Sequence[CellRef], numbers: int) -> Finding:
    sheet, first = cells[0]
    return Finding((rules.EMPTY_DATA,), EmptyData(numbers), sheet, first, len(cells))


def _areas(node: Node) -> Iterator[Area | Cells]:
    """The ranges with which a formula calculates cell by cell."""
    if isinstance(node, Call):
        for part in node.arguments:
            if isinstance(part, Area | Cells) and node.function not in _ALONE:
                yield part
            yield from _areas(part)


def _columns_of(subject: Subject, area: Area | Cells, at: CellIndex) -> Iterator[list[CellRef]]:
    """The columns of a range that is beside the table."""
    rows = _rows_of(area, at, subject.sheet)
    if len(rows) < _FEWEST or len(rows) * len(rows[0]) > _MOST_CELLS:
        return
    table = subject.table
    for cells in zip(*rows, strict=True):
        known = [cell for cell in cells if cell is not None]
        inside = (
            cell.sheet == subject.sheet
            and cell.cell.row in table.rows
            and cell.cell.column in table.columns
            for cell in known
        )
        if len(known) == len(cells) and not any(inside):
            yield known


def _rows_of(area: Area | Cells, at: CellIndex, own: str) -> list[list[CellRef | None]]:
    """The cells of a range, row by row; None for numbers among them."""
    if isinstance(area, Cells):
        return [
            [
                CellRef(part.sheet or own, part.seen_from(at))
                if isinstance(part, Reference)
                else None
                for part in row
            ]
            for row in area.rows
        ]
    sheet = area.first.sheet or own
    try:
        return [[CellRef(sheet, cell) for cell in row] for row in cells_of(area, at)]
    except FormulaError:
        return []


def _is_filled_beside(
    columns: dict[CellRef, list[CellRef]], cell: CellRef, subject: Subject
) -> bool:
    """Whether the row of an empty cell holds a number of another column of data."""
    row = cell.cell.row
    others = (
        other
        for cells in columns.values()
        for other in cells
        if other.sheet == cell.sheet and other.cell.row == row and other != cell
    )
    return any(subject.table.formulas.cell(*other) is not None for other in others)
