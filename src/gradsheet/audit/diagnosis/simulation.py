"""The losses that the training of a table comes to, with right gradients or with wrong ones."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradsheet.audit.subject import Subject
from gradsheet.errors import GradsheetError
from gradsheet.networks.optimizers import Steps
from gradsheet.networks.sweep import check_learning_rates, descend
from gradsheet.networks.symbols import Symbol, symbol_of
from gradsheet.symbolic.expression import Expression
from gradsheet.symbolic.tape import Array


def losses(
    subject: Subject,
    rates: Sequence[float],
    updates: int,
    wrong: Mapping[Symbol, Expression] | None = None,
) -> Array | None:
    """The losses (updates + 1, rates) from the weights in the first row on.

    Args:
        subject: the table.
        rates: the learning rates.
        updates: how many updates.
        wrong: for some parameters what is taken for the gradient, over values of the same row.

    Returns:
        None where the table does not hold enough to train the network.
    """
    found = subject.found
    whole = found.reference.row().graph
    if whole is None:
        return None
    start = {given: subject.number(given, subject.table.rows[0]) for given in whole.given}
    if any(map(math.isnan, start.values())) or _inputs_change(subject):
        return None
    steps, columns = Steps(), {symbol: column for column, symbol in found.symbols.items()}
    for parameter in whole.parameters:
        symbol = symbol_of(parameter)
        if found.roles.is_trained(symbol):
            gradient = (wrong or {}).get(symbol, found.reference[symbol.gradient])
            rate: Expression = whole.rate
            if symbol in found.rates.by_parameter:
                rate = (subject.rate_in(columns[symbol]) / subject.rate) * whole.rate
            steps.move(parameter, parameter - rate * gradient)
    try:
        check_learning_rates(rates)
        return descend(replace(whole, given=start), rates, updates, steps=steps).loss
    except GradsheetError:
        return None


def _inputs_change(subject: Subject) -> bool:
    """Whether the rows show the network different examples."""
    return any(
        len({subject.value(row, column) for row in subject.table.rows}) > 1
        for column in subject.found.symbols
        if subject.found.roles.is_given(column)
    )
