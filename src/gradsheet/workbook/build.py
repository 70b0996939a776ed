"""The whole workbook of a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gradsheet.arguments import checked
from gradsheet.deprecation import formerly
from gradsheet.files import check_suffix, whole_file
from gradsheet.networks.graph import NetworkGraph, build_graph
from gradsheet.networks.spec import NetworkSpec
from gradsheet.networks.sweep import (
    check_learning_rates,
    descend,
    learning_rates_of,
    updates_of,
)
from gradsheet.networks.torch_reference import Autograd, autograd
from gradsheet.spreadsheet.made_by import EXERCISE, TRAINING, note_properties, sign
from gradsheet.spreadsheet.style import Style
from gradsheet.spreadsheet.writer import PlainSheet, new_workbook
from gradsheet.symbolic.expression import Variable
from gradsheet.symbolic.tape import evaluate
from gradsheet.workbook import (
    common_mistakes,
    cover,
    derivation,
    derivation_exercise,
    gradient_check,
    inputs,
    learning_rates,
    network,
    start,
    step,
    training,
)
from gradsheet.workbook.cover import COVER_SHEET
from gradsheet.workbook.exercise import Exercise, Question, idle_steps
from gradsheet.workbook.exercise_levels import Level, asked_of, check_digits, check_level
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
from gradsheet.workbook.marks import DEFAULT_DIGITS
from gradsheet.workbook.planted import plant

EXERCISE_LEARNING_RATES = (0.5,)
"""One is enough: at another the same gradients are asked for."""

_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)  # the same exercise is the same file, byte for byte

_OTHER_SHEETS = (
    COVER_SHEET,
    *(START_SHEET, INPUTS_SHEET, NETWORK_SHEET, DERIVATION_SHEET),
    *(STEP_SHEET, RATES_SHEET, GRADIENT_SHEET, MISTAKES_SHEET),
)


@formerly(("learning_rates", "updates"), rates="learning_rates")
@checked
def write_workbook(
    network: NetworkSpec,
    path: str | Path,
    *,
    learning_rates: Sequence[float] | None = None,
    updates: int | None = None,
) -> None:
    """Write the workbook of live formulas that trains a network once at each learning rate.

    Every formula carries its value, computed here by the same expressions.

    Args:
        network: the network.
        path: the .xlsx file.
        learning_rates: positive, no two alike; each has a sheet. Without any the network's own,
            else the usual six.
        updates: how many times the weights are updated; without it as often as the network says,
            else 100 times.

    Raises:
        GradsheetError: the network, the rates or the updates do not fit a workbook, or ``path``
            cannot be written. Nothing is written then.
    """
    learning_rates = learning_rates_of(network) if learning_rates is None else learning_rates
    layout = make_layout(network, learning_rates, updates_of(network, updates))
    witness = autograd(network) if layout.is_small else None
    _write(replace(layout, witness=witness), Path(path))


@formerly(("learning_rates", "updates", "solution"), rates="learning_rates", solved="solution")
@checked
def write_exercise(
    network: NetworkSpec,
    path: str | Path,
    *,
    solution: bool = False,
    level: str = "deltas",
    digits: int = DEFAULT_DIGITS,
    learning_rates: Sequence[float] = EXERCISE_LEARNING_RATES,
    updates: int | None = None,
) -> None:
    """Write the workbook with cells to fill in; it marks each answer.

    Args:
        network: the network.
        path: the .xlsx file.
        solution: whether to fill the answers in.
        level: what is asked for: ``gradients``, ``deltas`` (the whole backward pass), ``forward``
            (the forward pass, too) or ``mistake`` (which step is wrong).
        digits: the significant digits of an answer, 2 to 8.
        learning_rates: positive, no two alike; each has a sheet.
        updates: how many times the weights are updated.

    Raises:
        GradsheetError: as ``write_workbook``, or there is no such level, or no such digits, or no
            mistake can be planted in the network.
    """
    plan = ExercisePlan(check_level(level), check_digits(digits), solution)
    write_planned_exercise(network, Path(path), plan, learning_rates, updates_of(network, updates))


@dataclass(frozen=True)
class ExercisePlan:
    """What an exercise is.

    Attributes:
        level: what is asked for.
        digits: the significant digits of an answer.
        solution: whether the answers are filled in.
        seed: chooses the planted mistake and hides the answers.
        cover: whose exercise it is: headings and lines for the first sheet; none without a person.
        properties: noted in the file, by name.
    """

    level: Level = Level.DELTAS
    digits: int = DEFAULT_DIGITS
    solution: bool = False
    seed: int = 0
    cover: tuple[tuple[str, str], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()


def write_planned_exercise(
    network: NetworkSpec,
    path: Path,
    plan: ExercisePlan,
    learning_rates: Sequence[float],
    updates: int,
) -> list[Question]:
    """Write an exercise and return its questions, with their answers."""
    graph, step, right = build_graph(network), None, 0.0
    if plan.level is Level.MISTAKE:
        planted = plant(graph, plan.seed)
        graph, step, right = planted.graph, planted.step, planted.right
    layout = make_layout(network, learning_rates, updates, graph=graph)
    answers = {step: right} if step else _answers(layout, plan.level)
    return _write(layout, path, plan, answers)


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
    _write(replace(layout, witness=witness), path)


def make_layout(
    network: NetworkSpec,
    learning_rates: Sequence[float],
    updates: int,
    made_from: NetworkSpec | None = None,
    graph: NetworkGraph | None = None,
) -> Layout:
    """Decide which cell holds what, and compute every value.

    Args:
        network: the network.
        learning_rates: one for each sheet.
        updates: how many times the weights are updated.
        made_from: the network before numbers were typed in, where there were any.
        graph: its expressions, where a step is not what it should be.
    """
    check_learning_rates(learning_rates)
    check_limits(network, updates, learning_rates)
    made_from, graph = made_from or network, graph or build_graph(network)
    fields = place_fields(graph, learning_rates, made_from)
    columns = training_columns(graph, fields.addresses)
    descent = descend(graph, learning_rates, updates, [column.variable for column in columns])
    return Layout(graph, descent, made_from, fields, columns)


def _write(
    layout: Layout,
    path: Path,
    plan: ExercisePlan | None = None,
    answers: Mapping[Variable, float] | None = None,
) -> list[Question]:
    """Write the workbook, or the exercise of it; the questions that it asks."""
    check_suffix(path, ".xlsx")
    spec = layout.graph.spec
    with whole_file(path) as temporary, new_workbook(temporary) as book:
        properties = {"title": spec.title or spec.name, "comments": "Made by gradsheet"}
        book.set_properties(properties | ({"created": _NO_DATE} if plan else {}))
        book.set_calc_mode("auto")
        sign(book, EXERCISE if plan else TRAINING, _OTHER_SHEETS)
        style = Style(book, {})
        exercise = None
        if plan:
            note_properties(book, dict(plan.properties))
            cover.write(style, plan.cover)
        first = book.add_worksheet(START_SHEET, PlainSheet)
        inputs.write(layout, style, locked=plan is not None)
        if plan and answers is not None:
            asked = asked_of(layout.graph, plan.level)
            known = derivation_exercise.known_numbers(layout, plan.level)
            falls = bool((layout.descent.loss[-1] < layout.descent.loss[0]).all())
            exercise = Exercise(
                *(style, plan.level, plan.digits, asked, answers, known),
                solved=plan.solution,
                seed=plan.seed,
                falls=falls,
            )
            layout = _idle(layout, exercise.blank) if exercise.blank else layout
        checks = _write_sheets(layout, style, exercise)
        start.write(layout, style, first, checks, exercise)
        if exercise:
            exercise.finish()
    return exercise.questions if exercise else []


def _answers(layout: Layout, level: Level) -> dict[Variable, float]:
    """The value of everything asked for, iteration 0."""
    return evaluate(asked_of(layout.graph, level), layout.graph.given)


def _idle(layout: Layout, blank: frozenset[Variable]) -> Layout:
    """The layout of a workbook in which some values are not filled in, the gradients among them."""
    graph, shown = layout.graph, [column.variable for column in layout.columns]
    rates, updates = layout.descent.learning_rates, layout.descent.updates
    descent = descend(graph, rates, updates, shown, idle_steps(graph))
    nothing = np.zeros_like(descent.loss)
    values = {**descent.values, **dict.fromkeys(blank, nothing)}
    loss = nothing if graph.loss in blank else descent.loss
    return replace(layout, descent=replace(descent, values=values, loss=loss))


def _write_sheets(layout: Layout, style: Style, exercise: Exercise | None) -> list[Check]:
    """Add every sheet after the inputs; what they check of themselves.

    An exercise has none of those that would show the answers.
    """
    is_whole = layout.is_small and exercise is None
    network.write(layout, style, protected=exercise is not None)
    checks = derivation.write(layout, style, exercise)
    checks += step.write(layout, style) if is_whole else []
    for number in range(len(layout.descent.learning_rates)):
        training.write(layout, style, number, exercise)
    learning_rates.write(layout, style, protected=exercise is not None)
    if is_whole:
        checks += gradient_check.write(layout, style)
        common_mistakes.write(layout, style)
    return checks
