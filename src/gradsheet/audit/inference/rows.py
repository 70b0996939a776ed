"""A table with one row per step: a network, or the descent of the sheet's own written loss."""

from functools import cached_property

from gradsheet.audit.inference.column_formulas import column_formulas
from gradsheet.audit.inference.descent import interpret_descent
from gradsheet.audit.inference.differences import possible_steps
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.ranking import interpret, wrong_columns
from gradsheet.audit.inference.wiring import Wiring
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Kind, Symbol
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import references


class RowTable:
    """A table with one row per step, and what it is taken for."""

    def __init__(self, table: Table) -> None:
        self.table = table

    @cached_property
    def found(self) -> Interpretation | None:
        """The interpretation of the table, if there is one.

        An activation or a loss that the audit does not know, such as one with a penalty for large
        weights, is differentiated as the function that it is: where all gradients are its
        derivatives, and all that they move is moved as it should be, nothing is wrong, whatever the
        network; where one of them is not, that is.
        """
        found = interpret(self.table)
        wrong = set() if found is None else set(wrong_columns(found))
        if found is not None and self._has_more_parameters(found):
            return self.as_function
        if found is not None and not _is_of_another_loss(found, wrong):
            return found
        descent = self.as_function
        most = 1 if len(wrong) > 1 else 0  # of a function with one slip, where more is no network
        is_better = descent is not None and len(wrong_columns(descent)) <= most
        return descent if is_better else found

    def _has_more_parameters(self, found: Interpretation) -> bool:
        """Whether a network leaves out what moves as well, and a function of it all explains it."""
        table, named = self.table, found.symbols
        moved = Wiring(column_formulas(table)).moved
        if all(column in named for column in moved) or (descent := self.as_function) is None:
            return False
        reference = descent.reference
        due = [s for s in descent.symbols.values() if s in descent.roles.parameters]
        derivatives = reference.values(reference[symbol.gradient] for symbol in due)
        return len(due) >= len(moved) and all(value.any() for value in derivatives)

    @property
    def as_descent(self) -> Interpretation | None:
        """The table as the descent of a function, of which a derivative is in it and right."""
        found = self.as_function
        if found is None:
            return None
        derivatives = {column for column, symbol in found.symbols.items() if symbol.is_helper}
        return found if derivatives - set(wrong_columns(found)) else None

    @cached_property
    def as_function(self) -> Interpretation | None:
        """The table as the descent of a function, of which most is as it should be."""
        found = interpret_descent(self.table)
        if isinstance(found, str):
            return None
        computed = [column for column in found.symbols if found.roles.computed_rows(column)]
        return found if 2 * len(wrong_columns(found)) <= len(computed) else None


def _is_of_another_loss(found: Interpretation, wrong: set[int]) -> bool:
    """Whether what is wrong fits another function better than a mistake.

    That is: all activations, all losses, all gradients where they may be difference quotients, or,
    where the table has no loss, nothing but gradients and updates.
    """
    are_differences = "difference" in found.reference.practice.loss
    kinds = (Kind.LOSS,) if are_differences else (Kind.LOSS, Kind.ERROR)
    losses = {column for column, symbol in found.symbols.items() if symbol.kind in kinds}
    activations = {column for column, symbol in found.symbols.items() if symbol.is_activation}
    gradients = {column for column, symbol in found.symbols.items() if symbol.is_gradient}
    if any(columns and columns <= wrong for columns in (activations, losses)):
        return True
    if gradients and gradients <= wrong and possible_steps(found.table, gradients):
        return True
    if not wrong or losses or _is_one_end(found, wrong):
        return False
    return all(_is_backward(found, found.symbols[column]) for column in wrong)


def _is_one_end(found: Interpretation, wrong: set[int]) -> bool:
    """Whether one column is wrong, an update or what only updates follow from: it is a mistake.

    It is none where a column without a name may hold the loss: one that nothing reads.
    """
    [first, *others] = wrong
    if others:
        return False
    named, usual = found.symbols, found.table.usual
    moved = {column for column, symbol in named.items() if symbol.is_parameter}
    read = {column: _read_in_its_row(found, column) for column in usual}
    steps = set[int]().union(*(columns for c, columns in read.items() if c not in moved))
    everything = set[int]().union(*read.values())
    if any(column not in named for column in usual.keys() - everything):
        return False
    return first in moved or first not in steps


def _read_in_its_row(found: Interpretation, column: int) -> set[int]:
    """The columns that a column reads, in its own row or, as updates do, in that above."""
    rows = found.table.later_rows[0], found.table.later_rows[0] - 1
    cells = (
        ref.seen_from(CellIndex(rows[0], column)) for ref in references(found.table.usual[column])
    )
    return {cell.column for cell in cells if cell.row in rows}


def _is_backward(found: Interpretation, symbol: Symbol) -> bool:
    return symbol.is_helper or symbol in found.roles.parameters or symbol.kind is Kind.NEXT
