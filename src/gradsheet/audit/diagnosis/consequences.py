"""What follows from a wrong formula: how far its numbers are off, and what becomes of the loss."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gradsheet.audit.details import Effect
from gradsheet.audit.diagnosis.right_formula import right_formula
from gradsheet.audit.diagnosis.simulation import losses
from gradsheet.audit.subject import Subject
from gradsheet.networks.symbols import Symbol
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import Expression, Variable, expand, variables
from gradsheet.symbolic.tape import Array, Tape

_ROUNDING = 1e-12  # relative difference


def effect_of(subject: Subject, rows: Sequence[int], column: int, is_read: bool) -> Effect:
    """What a formula does that is wrong in some rows of a column.

    Args:
        subject: the table.
        rows: the rows.
        column: the column.
        is_read: whether the formula is understood, so that a cell without a number is an error.
    """
    arrangement = subject.table.arrangement
    of_one = arrangement is not None and bool(arrangement.stand_ins)  # of several examples
    gathers = arrangement is not None and column in arrangement.gathering
    looked_at = rows[:1] if subject.found.work.is_hopeless else rows
    apart = np.array([]) if gathers else _differences(subject, looked_at, column)
    known = apart[np.isfinite(apart)]
    role = subject.role(column)
    return Effect(
        of="gradient" if role and role.is_gradient else "value",
        difference=float(known[0]) if len(known) else math.nan,
        largest=float(np.abs(known).max()) if len(known) else math.nan,
        is_error=is_read and all(subject.is_error(row, column) for row in rows),
        updates=subject.updates,
        loss_change=None
        if subject.found.work.is_hopeless or of_one
        else change_of_loss(subject, {CellIndex(rows[0], column): len(rows)}),
    )


def _differences(subject: Subject, rows: Sequence[int], column: int) -> Array:
    """For each row what is written less what is right for the numbers that the row holds."""
    right = right_formula(subject.found, rows[0], column)
    inside = list(dict.fromkeys(variables(right)))
    free = {variable: Variable(variable.name) for variable in inside}
    wanted = Variable("right", expand(right, lambda _: True, free))
    numbers = {
        free[variable]: np.array([subject.number(variable, row) for row in rows])
        for variable in inside
    }
    if (rate := subject.found.reference.rate) in free:
        numbers[free[rate]] = np.full(len(rows), subject.rate_in(column))
    written = np.array([subject.value(row, column) for row in rows])
    due = np.broadcast_to(Tape([wanted]).run(numbers)[wanted], written.shape)
    difference: Array = written - due
    return np.where(np.abs(difference) <= _ROUNDING * np.abs(due), 0.0, difference)


def change_of_loss(subject: Subject, wrong: Mapping[CellIndex, int]) -> float | None:
    """How much wrong gradients alone change the last loss; None where that is not known.

    Args:
        subject: the table.
        wrong: the first wrong cell of each gradient, and in how many rows it is wrong.
    """
    if not 1 <= subject.updates <= min(wrong.values()):
        return None
    gradients: dict[Symbol, Expression] = {}
    for cell in wrong:
        role = subject.role(cell.column)
        parameter = role.of if role and role.is_gradient else None
        written = _over_its_own_row(subject, cell)
        if parameter not in subject.found.roles.parameters or written is None:
            return None
        gradients[parameter] = written
    right = subject.right_losses(losses)
    changed = losses(subject, [subject.rate], subject.updates, gradients)
    if right is None or changed is None:
        return None
    change = float(changed[-1, 0] - right[-1, 0])
    return change if math.isfinite(change) else None


def _over_its_own_row(subject: Subject, cell: CellIndex) -> Expression | None:
    """What is written, where it uses values of the network and of its own row only."""
    try:
        written = subject.found.written(*cell)
    except FormulaError:
        return None
    own = all(subject.found.reference.rows_above(variable) == 0 for variable in variables(written))
    return written if own else None
