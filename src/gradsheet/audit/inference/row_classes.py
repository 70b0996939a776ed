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
    classes: dict[object, list[int]] = {}
    for row in found.computed_rows(column):
        classes.setdefault(_class(found.table, row, column), []).append(row)
    return classes


def _class(table: Table, row: int, column: int) -> object:
    cell = table.cell(row, column)
    if cell is None or cell.formula is None:
        return None
    tree = table.tree(row, column)
    if isinstance(tree, Constant):
        return None  # a number behind an equals sign is a number
    if tree is None:
        return cell.formula
    situation = row if cell.anchor else _situation(table, tree, row)
    return tree if situation is None else (tree, situation)


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
    tree, here = found.table.tree(row, column), CellIndex(row, column)
    cells = (
        ref.seen_from(here)
        for ref in (references(tree) if tree is not None else ())
        if ref.row_fixed
    )
    return any(c.row in found.table.rows and found.symbols.get(c.column) == symbol for c in cells)
