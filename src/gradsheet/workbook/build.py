"""The whole workbook of a network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gradsheet.files import whole_file
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.sweep import DEFAULT_RATES, DEFAULT_UPDATES, check_rates, descend
from gradsheet.networks.torch_reference import autograd
from gradsheet.spreadsheet.style import Style
from gradsheet.spreadsheet.writer import PlainSheet, new_workbook
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import evaluate
from gradsheet.workbook import (
    common_mistakes,
    derivation,
    gradient_check,
    inputs,
    learning_rates,
    network,
    start,
    step,
    training,
)
from gradsheet.workbook.exercise import Exercise, idle_steps
from gradsheet.workbook.inputs_layout import place_fields
from gradsheet.workbook.layout import START_SHEET, Check, Plan, check_limits, training_columns


def write_workbook(
    spec: NetworkSpec,
    path: Path,
    rates: Sequence[float] = DEFAULT_RATES,
    updates: int = DEFAULT_UPDATES,
) -> None:
    """Write the workbook of live formulas that trains ``spec`` once at each learning rate.

    Every formula carries its value, computed here by the same expressions.

    Raises:
        GradsheetError: the network, the rates or the updates do not fit a workbook, or ``path``
            cannot be written. Nothing is written then.
    """
    _write(make_plan(spec, rates, updates), path, None)


def write_exercise(
    spec: NetworkSpec,
    path: Path,
    rates: Sequence[float] = DEFAULT_RATES,
    updates: int = DEFAULT_UPDATES,
    solved: bool = False,
) -> None:
    """Write the workbook with the backward pass left to fill in; every cell marks itself.

    Args:
        spec: the network.
        path: the file.
        rates: the learning rates.
        updates: how many times the weights are updated.
        solved: whether to fill the cells in, for the one who teaches.

    Raises:
        GradsheetError: as ``write_workbook``.
    """
    _write(make_plan(spec, rates, updates), path, solved)


def write_changed(
    made_from: NetworkSpec, typed: NetworkSpec, path: Path, rates: Sequence[float], updates: int
) -> None:
    """Write the workbook of ``made_from`` as it is after the numbers of ``typed`` were typed in."""
    _write(make_plan(typed, rates, updates, made_from), path, None)


def make_plan(
    spec: NetworkSpec,
    rates: Sequence[float],
    updates: int,
    made_from: NetworkSpec | None = None,
) -> Plan:
    """Decide where everything stands, and compute every value.

    Args:
        spec: the network.
        rates: the learning rates.
        updates: how many times the weights are updated.
        made_from: the network before numbers were typed in, where there were any.
    """
    check_limits(updates, len(rates))
    check_rates(rates)
    made_from, graph = made_from or spec, build_graph(spec)
    fields = place_fields(graph, rates, made_from)
    columns = training_columns(graph, fields.addresses)
    descent = descend(graph, rates, updates, [column.variable for column in columns])
    return Plan(graph, descent, made_from, autograd(made_from), fields, columns)


def _write(plan: Plan, path: Path, solved: bool | None) -> None:
    """Write the workbook, or the exercise of it, ``solved`` or not."""
    spec = plan.graph.spec
    with whole_file(path) as temporary, new_workbook(temporary) as book:
        book.set_properties({"title": spec.title or spec.name, "comments": "Made by gradsheet"})
        book.set_calc_mode("auto")
        style = Style(book, {})
        first = book.add_worksheet(START_SHEET, PlainSheet)
        inputs.write(plan, style, locked=solved is not None)
        exercise = None
        if solved is not None:
            exercise = Exercise(style, _answers(plan), derivation.known_range(plan), solved)
            plan = plan if solved else _idle(plan)
        checks = _write_sheets(plan, style, exercise)
        start.write(plan, style, first, checks, exercise)


def _answers(plan: Plan) -> dict[Variable, float]:
    """The value of everything in the backward pass, iteration 0."""
    backward = plan.graph.backward
    wanted = [*backward.local_derivatives.values(), *backward.gradients.values()]
    return evaluate(wanted, plan.graph.given)


def _idle(plan: Plan) -> Plan:
    """The plan of a workbook in which no gradient is filled in."""
    graph, shown = plan.graph, [column.variable for column in plan.columns]
    rates, updates = plan.descent.rates, plan.descent.updates
    descent = descend(graph, rates, updates, shown, idle_steps(graph))
    nothing = np.zeros_like(descent.loss)
    asked = dict.fromkeys((*graph.deltas, *graph.gradients), nothing)
    return replace(plan, descent=replace(descent, values={**descent.values, **asked}))


def _write_sheets(plan: Plan, style: Style, exercise: Exercise | None) -> list[Check]:
    """Add every sheet after the inputs; what they check of themselves.

    An exercise has none of those that would show the answers.
    """
    told = plan.is_small and exercise is None
    network.write(plan, style)
    checks = derivation.write(plan, style, exercise)
    checks += step.write(plan, style) if told else []
    for number in range(len(plan.descent.rates)):
        training.write(plan, style, number, exercise)
    learning_rates.write(plan, style)
    if told:
        checks += gradient_check.write(plan, style)
        common_mistakes.write(plan, style)
    return checks
