"""A table with a row a step: a network, or a network with a loss of the sheet's own."""

from gradsheet.audit.inference.descent import interpret_descent
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.ranking import interpret, wrong_columns
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import LOSS, Kind, Symbol


def interpret_table(table: Table) -> Interpretation | None:
    """The interpretation of a table, if there is one.

    A loss that the audit does not know, such as one with a penalty for large weights, is
    differentiated as the function that it is, where all that moves the weights then is right.
    """
    found = interpret(table)
    if found is None or not _is_of_another_loss(found, wrong_columns(found)):
        return found
    descent = interpret_descent(table)
    is_right = not isinstance(descent, str) and not wrong_columns(descent)
    return descent if is_right and not isinstance(descent, str) else found


def _is_of_another_loss(found: Interpretation, wrong: list[int]) -> bool:
    """Whether gradients or updates alone are wrong, and no column shows the loss."""
    are_differences = "difference" in found.reference.practice.loss
    shown = (LOSS,) if are_differences else (LOSS, *_errors(found))
    backward = {c for c, s in found.symbols.items() if _is_backward(found, s)}
    return bool(wrong) and set(wrong) <= backward and not set(shown) & set(found.symbols.values())


def _errors(found: Interpretation) -> list[Symbol]:
    return [symbol for symbol in found.symbols.values() if symbol.kind is Kind.ERROR]


def _is_backward(found: Interpretation, symbol: Symbol) -> bool:
    return symbol.is_helper or symbol in found.parameters or symbol.kind is Kind.NEXT
