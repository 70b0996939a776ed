"""The interpretation under which a table has the fewest wrong columns."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import NamedTuple

import numpy as np

from gradsheet.audit.inference.activations import likely_activations, thresholds
from gradsheet.audit.inference.helpers import name_gradients, name_helpers, name_known
from gradsheet.audit.inference.hypotheses import hypotheses
from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.learning_rate import Rate, find_rate
from gradsheet.audit.inference.losses import likely_losses
from gradsheet.audit.inference.points import agree, values_of
from gradsheet.audit.inference.reference import Practice, ReferenceNetwork
from gradsheet.audit.inference.update_rules import by_other_rules
from gradsheet.audit.tables.table import Table
from gradsheet.networks.spec import SOFTMAX
from gradsheet.networks.symbols import LEARNING_RATE, LOSS, Kind, Symbol
from gradsheet.symbolic.expression import Expression
from gradsheet.symbolic.tape import Array

_MOST_COMBINATIONS = 40
_MOST_AS_GOOD = 3  # interpretations
_FIRST_LOSS, _SOFTMAX_LOSS = "half-squared-error", "categorical-cross-entropy"


def interpret(table: Table) -> Interpretation | None:
    """The interpretation of a table under which the fewest columns are wrong, if there is one."""
    best: Interpretation | None = None
    least, wrong_in_best = math.inf, 0
    as_good: list[Interpretation] = []
    otherwise: Interpretation | None = None
    for found in _interpretations(table):
        columns = wrong_columns(found)
        wrong = len(columns)
        if otherwise is None and columns and _are_updates(found, columns):
            otherwise = found
        if (badness := wrong + 0.9 * _unexplained(found)) < least:
            best, least, wrong_in_best = found, badness, wrong
            as_good = []
        elif badness == least:
            as_good.append(found)
        if least == 0:
            name_known(found)
            return found
    if best is None:
        return None
    if not _is_training_table(best, wrong_in_best):
        if table.arrangement is None:
            return None
        # A mistake in a helper cell may be in all that follows from it.
        name_helpers(best, wrong_columns(best))
        if not _is_training_table(best, len(wrong_columns(best))):
            return None
    best = _by_rule(table, best, otherwise)
    name_gradients(best, wrong_columns(best))
    name_helpers(best, wrong_columns(best))
    best = _by_helpers(best, as_good[:_MOST_AS_GOOD])
    name_known(best)
    return best if _learns(best) and _is_mostly_right(best) else None


def _are_updates(found: Interpretation, wrong: Sequence[int]) -> bool:
    """Whether updates alone are wrong, as where they follow another rule."""
    updates = {found.roles.column_of_update(c) for c, s in found.symbols.items() if s.is_parameter}
    return updates.issuperset(wrong)


def _by_rule(table: Table, best: Interpretation, other: Interpretation | None) -> Interpretation:
    """The interpretation under the rule of its updates; another one, if all is right under that.

    Args:
        table: the table.
        best: the interpretation under which the fewest columns are wrong.
        other: one under which only updates are, if there is one.
    """
    found = by_its_rule(table, best)
    wrong = wrong_columns(found)
    if other is None or other is best or not wrong:
        return found
    ruled = by_its_rule(table, other)
    return ruled if len(wrong_columns(ruled)) < len(wrong) else found


def _by_helpers(best: Interpretation, as_good: Sequence[Interpretation]) -> Interpretation:
    """Of interpretations that are as good the one under which a helper column explains the most.

    Where no loss is shown and every gradient is wrong, the gradients do not tell its factor.
    """
    least = len(wrong_columns(best))
    for other in as_good if least > 1 else ():
        name_helpers(other, wrong_columns(other))
        if (wrong := len(wrong_columns(other))) < least:
            best, least = other, wrong
    return best


def _is_mostly_right(found: Interpretation) -> bool:
    """Whether no more than half of what is computed is wrong; else it is another network."""
    computed = [c for c in found.table.usual if c in found.symbols and not found.roles.is_given(c)]
    return 2 * len(wrong_columns(found)) <= len(computed)


def _learns(found: Interpretation) -> bool:
    """Whether a gradient is as it should be, or, where none has a column, an update.

    Where there is none, and no activation either, there are sums and products alone: as in a table
    of payments.
    """
    if set(found.reference.practice.activations) != {"identity"}:
        return True
    wrong = set(wrong_columns(found))
    parameters = [c for c, s in found.symbols.items() if s in found.roles.parameters]
    moved = {found.roles.column_of_update(c) for c in parameters if found.roles.computed_rows(c)}
    helpers = {c: s for c, s in found.symbols.items() if s.is_helper}
    gradients = {c for c, s in helpers.items() if s.of in found.roles.parameters}
    return not (gradients or moved or helpers.keys()) <= wrong


def by_its_rule(table: Table, found: Interpretation) -> Interpretation:
    """A table under the rule of its updates, where most of them are no plain gradient descent."""
    wrong = wrong_columns(found)
    parameters = [c for c, s in found.symbols.items() if s in found.roles.parameters]
    updates = [c for c in parameters if found.roles.column_of_update(c) in wrong or c in wrong]
    trained = sum(map(found.roles.is_trained, found.roles.parameters & set(found.symbols.values())))
    few = 2 * len(updates) < trained
    if not updates:
        return found
    best, least = found, len(wrong) + 0.9 * _unexplained(found)
    for other in by_other_rules(table, found.hypothesis, found, few=few):
        if not any(_follows(other, parameter) for parameter in updates[:2]):
            continue
        if (badness := len(wrong_columns(other)) + 0.9 * _unexplained(other)) < least:
            best, least = other, badness
            if least == 0:
                break
    return best


def _follows(found: Interpretation, column: int) -> bool:
    """Whether the columns of one parameter's update are right."""
    parameter = found.symbols[column]
    own = [c for c, s in found.symbols.items() if s.is_memory_of(parameter)]
    return not wrong_columns(found, [column, found.roles.column_of_update(column), *own])


def _interpretations(table: Table) -> Iterator[Interpretation]:
    """Each hypothesis with each practice that its formulas speak for."""
    for hypothesis in hypotheses(table):
        kind = _Kind(table, hypothesis, find_rate(table, hypothesis), thresholds(table, hypothesis))
        for practice in islice(_practices(kind), _MOST_COMBINATIONS):
            yield _interpretation(kind, practice)


class _Kind(NamedTuple):
    """What interpretations of a table share that differ in the network's practice alone."""

    table: Table
    hypothesis: Hypothesis
    rate: Rate
    switches: Mapping[Symbol, float]


def _interpretation(kind: _Kind, practice: Practice) -> Interpretation:
    table, hypothesis, rate, switches = kind
    reference = ReferenceNetwork(hypothesis.shape, practice, values_of(table.formulas))
    if rate.cell is None and rate.column is None and not math.isnan(rate.value):
        reference.fix(LEARNING_RATE, rate.value)
    found = Interpretation(table, hypothesis, rate, reference, switches)
    _leave_out_shown(found)
    return found


def _leave_out_shown(found: Interpretation) -> None:
    """Take a column for none of the network that only shows how far the training is.

    Where updates use the errors t − a, that is the sum of their squares, with a factor or without;
    where they use those of a cross-entropy, it is the errors t − a.
    """
    shown: dict[int, Expression] = {}
    loss = found.reference.practice.loss
    if "difference" in loss:
        shown = {c: found.reference[s] for c, s in found.symbols.items() if s == LOSS}
    elif loss.startswith(("binary", "categorical")):
        errors = {c: s for c, s in found.symbols.items() if s.kind is Kind.ERROR}
        shown = {column: _difference(found, error) for column, error in errors.items()}
    only_shown = [c for c, value in shown.items() if _is_multiple(found, c, value)]
    if 2 * len(only_shown) > len(shown):  # then the others are meant for the same
        for column in shown:
            del found.symbols[column]


def _difference(found: Interpretation, error: Symbol) -> Expression:
    """The target less the output that an error is of."""
    target, output = (
        found.reference[Symbol(kind, error.numbers, error.example)]
        for kind in (Kind.TARGET, Kind.OUTPUT_ACTIVATION)
    )
    return target - output


def _is_multiple(found: Interpretation, column: int, of: Expression) -> bool:
    """Whether a column computes a multiple of a value that is not this value itself."""
    written = found.typical(column)
    if written is None:
        return False
    value, right = found.reference.values([written, of])
    with np.errstate(all="ignore"):
        factor = float((value / right)[0])
    is_loss = found.symbols[column] == LOSS
    return not (is_loss and factor == 1.0) and agree(value, factor * right)


def _practices(kind: _Kind) -> Iterator[Practice]:
    """The activations of the layers, and the losses that go with them."""
    hypothesis = kind.hypothesis
    layers = [likely_activations(kind.table, hypothesis, n) for n in hypothesis.shape.layers]
    for activations in product(*layers):
        softmax = activations[-1] == SOFTMAX
        first = Practice(activations, _SOFTMAX_LOSS if softmax else _FIRST_LOSS)
        found = _interpretation(kind, first)
        for loss in likely_losses(found):
            yield replace(first, loss=loss)


def _unexplained(found: Interpretation) -> int:
    """How many columns of formulas have no name."""
    return sum(column not in found.symbols for column in found.table.usual)


def wrong_columns(found: Interpretation, among: Sequence[int] | None = None) -> list[int]:
    """The columns whose usual formula is not what it should be."""
    due = {
        column: expected
        for column in among or found.table.columns
        if (row := found.typical_row(column)) is not None
        and (expected := found.expected(row, column)) is not None
    }
    values = zip(due, found.reference.values(due.values()), strict=True)
    return [column for column, right in values if not _computes(found, column, right)]


def _computes(found: Interpretation, column: int, right: Array) -> bool:
    """Whether the usual formula of a column computes a value."""
    written, value = found.typical(column), found.typical_value(column)
    if written is None or value is None:
        return False
    return found.is_one(column, written, value, right)


def _is_training_table(found: Interpretation, wrong: int) -> bool:
    """Whether enough of a network is there, and most of it as it should be."""
    symbols = found.symbols.values()
    units = any(symbol.is_pre_activation or symbol.is_activation for symbol in symbols)
    gradients = any(symbol.is_gradient for symbol in symbols)
    checked = [c for c in found.table.usual if c in found.symbols and not found.roles.is_given(c)]
    updates = any(found.symbols[column] in found.roles.parameters for column in checked)
    if found.table.arrangement is not None:
        # Of a layout that was guessed, most must be as it should be, and every unit understood.
        is_unread = any(_is_of_unit(found, c) and found.typical(c) is None for c in checked)
        if is_unread or 3 * wrong > len(checked):
            return False
    return units and (gradients or updates) and 5 * wrong <= 4 * len(checked)


def _is_of_unit(found: Interpretation, column: int) -> bool:
    """Whether a column holds the sum or the activation of a unit."""
    symbol = found.symbols[column]
    return symbol.is_pre_activation or symbol.is_activation
