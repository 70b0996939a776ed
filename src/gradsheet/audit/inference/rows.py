"""A table with a row a step: a network, or a network with a loss of the sheet's own."""

from gradsheet.audit.inference.descent import interpret_descent
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.ranking import interpret, wrong_columns
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Kind, Symbol


def interpret_table(table: Table) -> Interpretation | None:
    """The interpretation of a table, if there is one.

    A loss that the audit does not know, such as one with a penalty for large weights, is
    differentiated as the function that it is, where all that moves the weights then is right.
    """
    found = interpret(table)
    if found is not None and not _is_of_another_loss(found, wrong_columns(found)):
        return found
    descent = interpret_descent(table)
    is_right = not isinstance(descent, str) and not wrong_columns(descent)
    return descent if is_right and not isinstance(descent, str) else found


def _is_of_another_loss(found: Interpretation, wrong: list[int]) -> bool:
    """Whether gradients or updates are wrong, and the loss where it is shown, and nothing else."""
    are_differences = "difference" in found.reference.practice.loss
    kinds = (Kind.LOSS,) if are_differences else (Kind.LOSS, Kind.ERROR)
    losses = {column for column, symbol in found.symbols.items() if symbol.kind in kinds}
    backward = {c for c, s in found.symbols.items() if _is_backward(found, s)}
    return losses <= set(wrong) <= losses | backward and not backward.isdisjoint(wrong)


def _is_backward(found: Interpretation, symbol: Symbol) -> bool:
    return symbol.is_helper or symbol in found.parameters or symbol.kind is Kind.NEXT
