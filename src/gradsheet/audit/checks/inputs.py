"""Inputs and targets that were filled down as a series."""

import math
from collections.abc import Iterator

import numpy as np

from gradsheet.audit import rules
from gradsheet.audit.details import Steps
from gradsheet.audit.findings import Finding
from gradsheet.audit.subject import Subject


def series(subject: Subject, column: int) -> Iterator[Finding]:
    """An input or target that changes by the same step from row to row."""
    if not subject.found.roles.is_given(column):
        return
    rows = subject.table.rows
    numbers = np.array([subject.value(row, column) for row in rows])
    steps = np.diff(numbers)
    if len(steps) > 1 and steps[0] != 0 and np.allclose(steps, steps[0], rtol=1e-6, atol=0):
        # A series of whole numbers may be meant: 0, 1, 2, 3.
        counts = math.isclose(steps[0], 1) and float(numbers[0]).is_integer()
        rule = rules.COUNTING if counts else rules.SERIES
        details = Steps(float(steps[0]), tuple(numbers[:3].tolist()))
        yield subject.finding(rule, rows[1:], column, details)
