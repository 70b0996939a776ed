"""Helper columns without a known name, named by what the columns that read them need."""

from collections.abc import Iterator

from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.networks.symbols import Kind, Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import references


def name_helpers(found: Interpretation, wrong: list[int]) -> None:
    """Name each helper column that makes all the wrong columns right that read it.

    What is wrong is then wrong in the helper column, and in none of those. A helper of helpers is
    found once those have a name.

    Args:
        found: the table.
        wrong: its wrong columns.
    """
    blamed, waiting = set(wrong), True
    while waiting:
        waiting = False
        for helper in found.table.usual:
            if _is_helper(found, helper, blamed) and (readers := list(_readers(found, helper))):
                symbol = _needed(found, helper, readers) if blamed & {*readers} else None
                if symbol is not None:
                    found.symbols[helper] = symbol
                    blamed = blamed - {*readers} | {helper}
                    waiting = True


def _is_helper(found: Interpretation, column: int, wrong: set[int]) -> bool:
    """Whether a column has no name, or that of an error by its look alone, which it is not."""
    symbol = found.symbols.get(column)
    is_guess = symbol is not None and symbol.kind is Kind.ERROR and column in wrong
    return is_guess or symbol is None


def _readers(found: Interpretation, helper: int) -> Iterator[int]:
    """The columns of the network that read a helper column in their own row, the first one too."""
    row = found.table.rows[0]
    for column, tree in found.table.usual.items():
        cells = [ref.seen_from(CellIndex(row, column)) for ref in references(tree)]
        if (row, helper) in cells and row in found.computed_rows(column):
            yield column


def _needed(found: Interpretation, helper: int, readers: list[int]) -> Symbol | None:
    """The value that a helper column must hold for its readers to be right."""
    rows = (*found.table.later_rows, found.table.rows[0])
    computed = [set(found.computed_rows(column)) for column in readers]
    row = next((r for r in rows if all(r in due for due in computed)), None)
    if row is None:
        return None
    cell = CellRef(found.table.sheet.name, CellIndex(row, helper))
    for symbol, variable in found.reference.row().values.items():
        taken = {cell: variable}
        if symbol.is_derivative and all(found.matches(row, c, taken) for c in readers):
            return symbol
    return None
