"""Examples within a step: what is computed again and again with the same parameters."""

from collections.abc import Collection, Iterable

from gradsheet.audit.tables.steps.dependencies import Dependencies
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.functions import FormulaError


def first_of_each(
    book: Dependencies,
    cells: Iterable[CellRef],
    parameters: Collection[CellRef],
    given: Collection[CellRef],
) -> list[list[CellRef]]:
    """The cells that compute the same from the same parameters and from other data.

    Args:
        book: the book.
        cells: of one step, without its parameters.
        parameters: of the step.
        given: the cells that depend on no parameter.
    """
    groups: dict[object, list[CellRef]] = {}
    for cell in cells:
        inside = set(book.reads[cell])
        if inside.isdisjoint(parameters) or not inside <= {*parameters, *given}:
            continue
        try:
            key = book.expression(cell).key({parameter: parameter for parameter in parameters})
        except FormulaError:
            continue
        groups.setdefault(key, []).append(cell)
    return [group for group in groups.values() if len(group) > 1]
