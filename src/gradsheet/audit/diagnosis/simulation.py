"""What the training of a table comes to, with the right gradients or with wrong ones."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.errors import GradsheetError
from gradsheet.networks.optimizers import Steps
from gradsheet.networks.sweep import check_rates, descend
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.symbolic.expression import Expression, Variable
from gradsheet.symbolic.tape import Array


def number(found: Interpretation, evaluator: Evaluator, variable: Variable, row: int) -> float:
    """The number that a row of the table holds for a value of the network; NaN if it has none."""
    if variable is found.truth.rate:
        return rate(found, evaluator)
    for spot, name in found.outside.items():
        if name == variable.name:
            return evaluator.value(*spot)
    rows = found.table.rows
    index = rows.index(row) - (found.truth.moment_of(variable) or 0)
    column = next((c for c, name in found.names.items() if name == variable.name), None)
    if column is None or not 0 <= index < len(rows):
        return math.nan
    return evaluator.value(found.table.sheet.name, CellIndex(rows[index], column))


def rate(found: Interpretation, evaluator: Evaluator) -> float:
    """The learning rate of a table; NaN where it has none."""
    return evaluator.value(*found.rate.spot) if found.rate.spot else found.rate.value


def losses(
    found: Interpretation,
    evaluator: Evaluator,
    rates: Sequence[float],
    updates: int,
    wrong: Mapping[str, Expression] | None = None,
) -> Array | None:
    """The losses (updates + 1, rates) from the weights in the first row on.

    Args:
        found: the table.
        evaluator: of its workbook.
        rates: the learning rates.
        updates: how many updates.
        wrong: for some parameters what is taken for the gradient, over values of the same row.

    Returns:
        None where the table does not say enough to train the network.
    """
    whole = found.truth.moment().graph
    start = {given: number(found, evaluator, given, found.table.rows[0]) for given in whole.given}
    if any(map(math.isnan, start.values())) or _inputs_change(found, evaluator):
        return None
    steps = Steps()
    for parameter in whole.parameters:
        if found.is_trained(parameter.name):
            gradient = (wrong or {}).get(parameter.name, found.truth[f"dE/d{parameter.name}"])
            steps.move(parameter, parameter - whole.rate * gradient)
    try:
        check_rates(rates)
        return descend(replace(whole, given=start), rates, updates, steps=steps).loss
    except GradsheetError:
        return None


def _inputs_change(found: Interpretation, evaluator: Evaluator) -> bool:
    """Whether the rows show the network different examples."""
    sheet, rows = found.table.sheet.name, found.table.rows
    return any(
        len({evaluator.value(sheet, CellIndex(row, column)) for row in rows}) > 1
        for column in found.names
        if found.is_given(column)
    )
