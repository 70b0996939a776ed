"""What a workbook without a training table holds, in one line."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from gradsheet.audit.tables.headers import is_derivative, read_header
from gradsheet.audit.tables.steps.search import is_searched
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import Node, calls
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.model import Sheet
from gradsheet.spreadsheet.reader.grid import MACROS

_UNITS = ("EXP", "TANH", "MMULT", "SUMPRODUCT")
_MOST = 2_000  # formulas that are looked at
_ROWS = 3  # that are alike


def what_was_seen(formulas: Formulas, trainings: int) -> str:
    """The first of these that holds: Solver, no formulas, gradients, a forward pass, others.

    Args:
        formulas: of the workbook.
        trainings: how often numbers are moved on by formulas.
    """
    book = formulas.book
    has_gradients = any(map(_shows_gradient, book.sheets.values()))
    trees = list(_formulas(formulas))
    if any(name.startswith("solver_") for name in book.names):
        return "weights that Solver adjusts, no gradients"
    if not trees:
        macros = ", and macros, which are not read" if MACROS in book.remarks else ""
        is_empty = not any(c.value for s in book.sheets.values() for c in s.cells.values())
        return "nothing" if is_empty else f"numbers only, no formulas{macros}"
    if not is_searched(formulas):
        return "too many formulas to look for layouts other than one row per step"
    if trainings:
        return "formulas that move numbers on; no network and no function was recognized in them"
    if has_gradients:
        return "gradients, but no formula that moves a weight on by them"
    if any(calls(tree, name) for tree in trees for name in _UNITS):
        rows = "rows of examples, " if _has_rows(formulas) else ""
        return f"{rows}a forward pass only, no gradients"
    return "formulas, in which no network and no descent was recognized"


def _shows_gradient(sheet: Sheet) -> bool:
    """Whether below or beside a text that names a gradient something is computed."""
    return any(
        isinstance(held.value, str)
        and _names_gradient(held.value)
        and any(
            near in sheet.cells and sheet.cells[near].formula is not None
            for near in (CellIndex(row + 1, column), CellIndex(row, column + 1))
        )
        for (row, column), held in sheet.cells.items()
    )


def _names_gradient(text: str) -> bool:
    symbol = read_header(text)
    return (symbol is not None and symbol.is_gradient) or (len(text) < 20 and is_derivative(text))


def _formulas(formulas: Formulas) -> Iterator[Node]:
    """The trees of the first formulas, as far as they are understood."""
    count = 0
    for name, sheet in formulas.book.sheets.items():
        for index, cell in sheet.cells.items():
            if cell.formula is not None and count < _MOST:
                count += 1
                with suppress(FormulaError):
                    yield formulas.tree(name, index)


def _has_rows(formulas: Formulas) -> bool:
    """Whether a formula was filled down over several rows."""
    return any(count >= _ROWS for count in Counter(_formulas(formulas)).values())
