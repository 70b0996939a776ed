"""The interpretation under which a table has the fewest wrong columns."""

import math
from collections.abc import Iterator
from itertools import islice, product

from gradsheet.audit.inference.activations import likely_activations
from gradsheet.audit.inference.helpers import name_helpers
from gradsheet.audit.inference.hypotheses import hypotheses
from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.learning_rate import find_rate
from gradsheet.audit.inference.lowering import ERROR
from gradsheet.audit.inference.reference import ReferenceNetwork, agree, network
from gradsheet.audit.tables.table import Table
from gradsheet.networks.losses import LOSSES
from gradsheet.networks.spec import SOFTMAX
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import Expression

_MOST_COMBINATIONS = 40


def interpret(table: Table) -> Interpretation | None:
    """The interpretation of a table under which the fewest columns are wrong, if there is one."""
    best: Interpretation | None = None
    least, wrong_in_best = math.inf, 0
    for found in _interpretations(table):
        wrong = len(_wrong_columns(found))
        if (badness := wrong + 0.9 * _unexplained(found)) < least:
            best, least, wrong_in_best = found, badness, wrong
        if least == 0:
            return best
    if best is None or not _is_training_table(best, wrong_in_best):
        return None
    name_helpers(best, _wrong_columns(best))
    return best


def _interpretations(table: Table) -> Iterator[Interpretation]:
    """Each hypothesis with each kind of network that its formulas speak for."""
    for hypothesis in hypotheses(table):
        rate = find_rate(table, hypothesis)
        for activations, loss in islice(_kinds(table, hypothesis), _MOST_COMBINATIONS):
            reference = ReferenceNetwork(network(hypothesis.shape, activations, loss))
            if rate.cell is None and rate.column is None and not math.isnan(rate.value):
                reference.fix_rate(rate.value)
            yield Interpretation(table, hypothesis, rate, reference)


def _kinds(table: Table, hypothesis: Hypothesis) -> Iterator[tuple[tuple[str, ...], str]]:
    """The activations of the layers, and a loss that goes with them."""
    layers = [likely_activations(table, hypothesis, n) for n in hypothesis.shape.layers]
    for activations in product(*layers):
        for name, loss in LOSSES.items():
            goes_with = loss.activation in ("", activations[-1])
            if goes_with and (activations[-1] != SOFTMAX or name == "categorical-cross-entropy"):
                yield activations, name


def _unexplained(found: Interpretation) -> int:
    """How many columns of formulas have no name."""
    return sum(column not in found.symbols for column in found.table.usual)


def _wrong_columns(found: Interpretation) -> list[int]:
    """The columns whose usual formula is not what it should be."""
    pairs = {
        column: pair
        for column in found.table.columns
        if (pair := _written_and_expected(found, column)) is not None
    }
    values = found.reference.values(expression for pair in pairs.values() for expression in pair)
    return [
        column
        for column, written, expected in zip(pairs, values[::2], values[1::2], strict=True)
        if not agree(written, expected)
    ]


def _written_and_expected(
    found: Interpretation, column: int
) -> tuple[Expression, Expression] | None:
    """What the usual formula of a column computes and what it should; None where it need not."""
    row = _typical_row(found.table, column)
    expected = None if row is None else found.expected(row, column)
    if row is None or expected is None:
        return None
    try:
        return found.written(row, column), expected
    except FormulaError:
        return ERROR, expected


def _typical_row(table: Table, column: int) -> int | None:
    """The first row with the column's usual formula, a later one if there is one."""
    usual = table.usual.get(column)
    if usual is None:
        return None
    rows = (*table.later_rows, table.rows[0])
    return next((row for row in rows if table.tree(row, column) == usual), None)


def _is_training_table(found: Interpretation, wrong: int) -> bool:
    """Whether enough of a network is there, and most of it as it should be."""
    symbols = found.symbols.values()
    units = any(symbol.is_pre_activation or symbol.is_activation for symbol in symbols)
    gradients = any(symbol.is_gradient for symbol in symbols)
    checked = [c for c in found.table.usual if c in found.symbols and not found.is_given(c)]
    updates = any(found.symbols[column] in found.parameters for column in checked)
    return units and (gradients or updates) and 5 * wrong <= 4 * len(checked)
