"""The rows of a column by the formulas they hold, and where those formulas reach."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import Constant, Node, references

_NEAR = 8  # rows: formulas refer to their neighbors


def row_classes(found: Interpretation, column: int) -> dict[object, list[int]]:
    """The rows of a column that compute the same, by what they hold, in the order of the rows.

    Rows with one formula compute the same, unless it leaves the table in some of them or a ``$``
    holds a row of the table that is their own or a near one. The key of a cell without a formula is
    None.
    """
    if column not in found.row_classes:
        classes: dict[object, list[int]] = {}
        for tree, rows in found.table.copies(column).items():
            for key, same in _classes(found, column, tree, rows):
                classes.setdefault(key, []).extend(same)
        in_order = sorted(classes.items(), key=lambda item: min(item[1]))
        found.row_classes[column] = {key: sorted(rows) for key, rows in in_order}
    return found.row_classes[column]


def _classes(
    found: Interpretation, column: int, tree: Node | None, rows: list[int]
) -> Iterator[tuple[object, list[int]]]:
    """The classes of the rows that hold one formula."""
    table, due = found.table, found.roles.computed_rows(column)
    rows = [row for row in rows if row in due]
    if not rows:
        return
    if tree is None:
        yield from ((_text(table, row, column), [row]) for row in rows)
    elif isinstance(tree, Constant):
        yield None, rows  # a number behind an equals sign is a number
    else:
        for situation, same in _situations(table, column, tree, rows).items():
            yield tree if situation is None else (tree, situation), same


def _text(table: Table, row: int, column: int) -> str | None:
    """A formula that is not understood; None where there is none."""
    cell = table.cell(row, column)
    return cell.formula if cell else None


def _situations(table: Table, column: int, tree: Node, rows: list[int]) -> dict[object, list[int]]:
    """The rows with a formula by what sets them apart from others with the same."""
    found: dict[object, list[int]] = {}
    reach = _reach(tree)
    if not reach.fixed and not table.has_arrays:
        inside = range(table.rows.start - reach.first, table.rows.stop - reach.last)
        found[None] = [row for row in rows if row in inside]
        rows = [row for row in rows if row not in inside]
    for row in rows:
        cell = table.cell(row, column)
        is_part = cell is not None and cell.anchor is not None
        found.setdefault(row if is_part else _situation(table, tree, row), []).append(row)
    return {situation: same for situation, same in found.items() if same}


def _situation(table: Table, tree: Node, row: int) -> object:
    """What sets a row apart from others with the same formula; None where nothing does.

    A fixed row that is far away is any other row, whichever it is.
    """
    reach, rows = _reach(tree), table.rows
    if row + reach.first < rows.start or row + reach.last >= rows.stop:
        return row
    if not reach.fixed:
        return None
    own = ("", table.sheet.name)
    offsets = [row - fixed for sheet, fixed in reach.fixed if sheet in own and fixed in table.rows]
    return tuple(o if abs(o) <= _NEAR else None for o in offsets) if offsets else None


@dataclass(frozen=True)
class _Reach:
    """The rows that a formula refers to.

    Attributes:
        first, last: of those that move along, as seen from its own; its own where there are none.
        fixed: those that a ``$`` holds, with their sheets.
    """

    first: int
    last: int
    fixed: tuple[tuple[str, int], ...]


@lru_cache(maxsize=1024)
def _reach(tree: Node) -> _Reach:
    moving = {ref.row for ref in references(tree) if not ref.row_fixed}
    fixed = tuple(dict.fromkeys((r.sheet, r.row) for r in references(tree) if r.row_fixed))
    return _Reach(min(moving, default=0), max(moving, default=0), fixed)


def sliding_references(found: Interpretation, row: int, column: int) -> Iterator[CellRef]:
    """The cells that a formula reads by a row that slides, and that may be meant for the rate.

    They are above, below or beside the table, or in the column of the learning rate's cell.
    """
    table, rate = found.table, found.rate.cell
    tree, here = table.tree(row, column), CellIndex(row, column)
    for ref in references(tree) if tree is not None else ():
        index = ref.seen_from(here)
        below = rate is not None and rate.cell.column == index.column
        beside = index.row not in table.rows or index.column not in found.symbols
        if (beside or below) and not ref.row_fixed:
            yield CellRef(ref.sheet or table.sheet.name, index)


def is_pinned(found: Interpretation, row: int, column: int, symbol: Symbol) -> bool:
    """Whether a formula reads a value of the network from a row that a $ holds."""
    table, here = found.table, CellIndex(row, column)
    tree = table.tree(row, column)
    cells = (
        ref.seen_from(here)
        for ref in (references(tree) if tree is not None else ())
        if ref.row_fixed and ref.sheet in ("", table.sheet.name)
    )
    return any(c.row in table.rows and found.symbols.get(c.column) == symbol for c in cells)
