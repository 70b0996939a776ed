"""The rows of a column by the formulas they hold, and where those formulas reach."""

from collections.abc import Iterator

from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.tables.table import Table
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.formula import Constant, Reference, references


def row_classes(found: Interpretation, column: int) -> dict[object, list[int]]:
    """The rows of a column that compute the same, by what they hold, in the order of the rows.

    Rows with one formula compute the same, unless it holds fixed references into the table. The
    key of a cell without a formula is None.
    """
    classes: dict[object, list[int]] = {}
    for row in found.due_rows(column):
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
    alone = cell.anchor or any(_depends_on_row(table, ref, row, column) for ref in references(tree))
    return (tree, row) if alone else tree


def _depends_on_row(table: Table, ref: Reference, row: int, column: int) -> bool:
    """Whether a reference means another cell of the network in each row.

    It does where it is fixed to one row of the table, and where it leaves the table.
    """
    is_inside = ref.place(row, column).row in table.rows
    if not ref.row_fixed:
        return not is_inside
    return is_inside and ref.sheet in ("", table.sheet.name)


def sliding_references(found: Interpretation, row: int, column: int) -> Iterator[CellRef]:
    """The cells above or below the table that a formula reads by a row that slides."""
    table = found.table
    tree = table.tree(row, column)
    for ref in references(tree) if tree is not None else ():
        place = ref.place(row, column)
        beside = place.row not in table.rows or place.column not in found.names
        if beside and not ref.row_fixed:
            yield CellRef(ref.sheet or table.sheet.name, place)


def is_pinned(found: Interpretation, row: int, column: int, name: str) -> bool:
    """Whether a formula reads a value of the network from a row that a $ holds."""
    tree = found.table.tree(row, column)
    return any(
        ref.row_fixed and found.names.get(ref.place(row, column).column) == name
        for ref in (references(tree) if tree is not None else ())
    )
