"""A table with a row a step: a network, or the descent of the sheet's own written loss."""

from gradsheet.audit.inference.descent import interpret_descent
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.ranking import interpret, wrong_columns
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Kind, Symbol


def interpret_table(table: Table) -> Interpretation | None:
    """The interpretation of a table, if there is one.

    An activation or a loss that the audit does not know, such as one with a penalty for large
    weights, is differentiated as the function that it is: where all gradients are its derivatives,
    and all that they move is moved as it should be, nothing is wrong, whatever the network.
    """
    found = interpret(table)
    if found is not None and not _is_of_another_loss(found, set(wrong_columns(found))):
        return found
    descent = interpret_descent(table)
    is_right = not isinstance(descent, str) and not wrong_columns(descent)
    return descent if is_right and not isinstance(descent, str) else found


def _is_of_another_loss(found: Interpretation, wrong: set[int]) -> bool:
    """Whether all activations or all losses are wrong, or, where none is shown, gradients alone."""
    are_differences = "difference" in found.reference.practice.loss
    kinds = (Kind.LOSS,) if are_differences else (Kind.LOSS, Kind.ERROR)
    losses = {column for column, symbol in found.symbols.items() if symbol.kind in kinds}
    activations = {column for column, symbol in found.symbols.items() if symbol.is_activation}
    if any(columns and columns <= wrong for columns in (activations, losses)):
        return True
    return bool(wrong) and not losses and all(_is_backward(found, found.symbols[c]) for c in wrong)


def _is_backward(found: Interpretation, symbol: Symbol) -> bool:
    return symbol.is_helper or symbol in found.parameters or symbol.kind is Kind.NEXT
