"""The whole workbook of a network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gradsheet.deprecation import formerly
from gradsheet.files import whole_file
from gradsheet.networks.graph import build_graph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.sweep import (
    DEFAULT_LEARNING_RATES,
    DEFAULT_UPDATES,
    check_learning_rates,
    descend,
)
from gradsheet.networks.torch_reference import Autograd, autograd
from gradsheet.spreadsheet.made_by import EXERCISE, TRAINING, sign
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
from gradsheet.workbook.inputs_layout import INPUTS_SHEET, place_fields
from gradsheet.workbook.layout import (
    DERIVATION_SHEET,
    GRADIENT_SHEET,
    MISTAKES_SHEET,
    NETWORK_SHEET,
    RATES_SHEET,
    START_SHEET,
    STEP_SHEET,
    Check,
    Layout,
    check_limits,
    training_columns,
)

_OTHER_SHEETS = (
    *(START_SHEET, INPUTS_SHEET, NETWORK_SHEET, DERIVATION_SHEET),
    *(STEP_SHEET, RATES_SHEET, GRADIENT_SHEET, MISTAKES_SHEET),
)


@formerly(("learning_rates", "updates"), rates="learning_rates")
def write_workbook(
    network: NetworkSpec,
    path: str | Path,
    *,
    learning_rates: Sequence[float] = DEFAULT_LEARNING_RATES,
    updates: int = DEFAULT_UPDATES,
) -> None:
    """Write the workbook of live formulas that trains a network once at each learning rate.

    Every formula carries its value, computed here by the same expressions.

    Args:
        network: the network.
        path: the .xlsx file.
        learning_rates: positive, no two alike; each has a sheet.
        updates: how many times the weights are updated.

    Raises:
        GradsheetError: the network, the rates or the updates do not fit a workbook, or ``path``
            cannot be written. Nothing is written then.
    """
    layout = make_layout(network, learning_rates, updates)
    witness = autograd(network) if layout.is_small else None
    _write(replace(layout, witness=witness), Path(path), None)


@formerly(("learning_rates", "updates", "solution"), rates="learning_rates", solved="solution")
def write_exercise(
    network: NetworkSpec,
    path: str | Path,
    *,
    solution: bool = False,
    learning_rates: Sequence[float] = DEFAULT_LEARNING_RATES,
    updates: int = DEFAULT_UPDATES,
) -> None:
    """Write the workbook with the backward pass left blank; it marks each answer.

    Args:
        network: the network.
        path: the .xlsx file.
        solution: whether to fill the answers in.
        learning_rates: positive, no two alike; each has a sheet.
        updates: how many times the weights are updated.

    Raises:
        GradsheetError: as ``write_workbook``.
    """
    _write(make_layout(network, learning_rates, updates), Path(path), solution)


def expected_workbook(
    made_from: NetworkSpec,
    typed: NetworkSpec,
    path: Path,
    learning_rates: Sequence[float],
    updates: int,
    witness: Autograd | None,
) -> None:
    """Write the workbook of ``made_from`` as it is after the numbers of ``typed`` were typed in.

    Args:
        made_from: the network the workbook was written for.
        typed: the same with other numbers.
        path: the file.
        learning_rates: one for each sheet.
        updates: how many times the weights are updated.
        witness: autograd's values on the Gradient check sheet, where it has them.
    """
    layout = make_layout(typed, learning_rates, updates, made_from)
    _write(replace(layout, witness=witness), path, None)


def make_layout(
    network: NetworkSpec,
    learning_rates: Sequence[float],
    updates: int,
    made_from: NetworkSpec | None = None,
) -> Layout:
    """Decide which cell holds what, and compute every value.

    Args:
        network: the network.
        learning_rates: one for each sheet.
        updates: how many times the weights are updated.
        made_from: the network before numbers were typed in, where there were any.
    """
    check_limits(network, updates, len(learning_rates))
    check_learning_rates(learning_rates)
    made_from, graph = made_from or network, build_graph(network)
    fields = place_fields(graph, learning_rates, made_from)
    columns = training_columns(graph, fields.addresses)
    descent = descend(graph, learning_rates, updates, [column.variable for column in columns])
    return Layout(graph, descent, made_from, fields, columns)


def _write(layout: Layout, path: Path, solution: bool | None) -> None:
    """Write the workbook, or the exercise of it, with its solution or without."""
    spec = layout.graph.spec
    with whole_file(path) as temporary, new_workbook(temporary) as book:
        book.set_properties({"title": spec.title or spec.name, "comments": "Made by gradsheet"})
        book.set_calc_mode("auto")
        sign(book, TRAINING if solution is None else EXERCISE, _OTHER_SHEETS)
        style = Style(book, {})
        first = book.add_worksheet(START_SHEET, PlainSheet)
        inputs.write(layout, style, locked=solution is not None)
        exercise = None
        if solution is not None:
            known = derivation.known_numbers(layout)
            exercise = Exercise(style, _answers(layout), known, solution)
            layout = layout if solution else _idle(layout)
        checks = _write_sheets(layout, style, exercise)
        start.write(layout, style, first, checks, exercise)


def _answers(layout: Layout) -> dict[Variable, float]:
    """The value of everything in the backward pass, iteration 0."""
    backward = layout.graph.backward
    wanted = [*backward.local_derivatives.values(), *backward.gradients.values()]
    return evaluate(wanted, layout.graph.given)


def _idle(layout: Layout) -> Layout:
    """The layout of a workbook in which no gradient is filled in."""
    graph, shown = layout.graph, [column.variable for column in layout.columns]
    rates, updates = layout.descent.learning_rates, layout.descent.updates
    descent = descend(graph, rates, updates, shown, idle_steps(graph))
    nothing = np.zeros_like(descent.loss)
    asked = dict.fromkeys((*graph.deltas, *graph.gradients), nothing)
    return replace(layout, descent=replace(descent, values={**descent.values, **asked}))


def _write_sheets(layout: Layout, style: Style, exercise: Exercise | None) -> list[Check]:
    """Add every sheet after the inputs; what they check of themselves.

    An exercise has none of those that would show the answers.
    """
    is_whole = layout.is_small and exercise is None
    network.write(layout, style)
    checks = derivation.write(layout, style, exercise)
    checks += step.write(layout, style) if is_whole else []
    for number in range(len(layout.descent.learning_rates)):
        training.write(layout, style, number, exercise)
    learning_rates.write(layout, style)
    if is_whole:
        checks += gradient_check.write(layout, style)
        common_mistakes.write(layout, style)
    return checks
