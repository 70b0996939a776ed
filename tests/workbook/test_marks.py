"""Marks: the formula of each and its rule in Python agree, by an engine of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.recalculate import recalculated
from gradsheet.workbook.build import (
    ExercisePlan,
    make_layout,
    write_planned_exercise,
)
from gradsheet.workbook.derivation_exercise import known_numbers
from gradsheet.workbook.exercise import Question, neighbors
from gradsheet.workbook.exercise_levels import Level
from gradsheet.workbook.marks import Facts, Verdict, judge
from tests.workbook.books import with_cells

COURSE = load_network("course")
RATES = (0.5,)
LAYOUT = make_layout(COURSE, RATES, 2)
KNOWN = dict(known_numbers(LAYOUT, Level.DELTAS).values())
A_H1 = KNOWN["a_h1"]


@pytest.fixture(scope="module")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Question]]:
    path = tmp_path_factory.mktemp("exercise") / "course.xlsx"
    return path, write_planned_exercise(COURSE, path, ExercisePlan(), RATES, 2)


def facts_of(questions: list[Question], number: int) -> Facts:
    groups, answers = [q.group for q in questions], [q.answer for q in questions]
    near = neighbors(number, groups, answers)
    return Facts(answers[number], None, [(questions[k].name, answers[k]) for k in near], KNOWN)


def four(value: float) -> float:
    return float(f"{value:.4g}")


ANSWERS: list[tuple[str, Callable[[float], float | str], str]] = [
    ("right", lambda a: a, "right"),
    ("four digits", four, "right"),
    ("one unit off", lambda a: four(a) + 0.4 * 10 ** -(3 - exponent(a)), "right"),
    ("three digits", lambda a: float(f"{a:.3g}"), "right so far: give more digits"),
    ("two digits", lambda a: float(f"{a:.2g}"), "right so far: give more digits"),
    ("rounded early", lambda a: a * 1.00731, "rounded too early"),
    ("sign", lambda a: -four(a), "sign wrong"),
    ("twice", lambda a: 2 * a, "twice the right value"),
    ("half", lambda a: a / 2, "half the right value"),
    ("sign and twice", lambda a: -2 * a, "sign wrong and twice the right value"),
    ("sign and half", lambda a: -a / 2, "sign wrong and half the right value"),
    ("tenth", lambda a: a / 10, "a tenth of the right value"),
    ("missing", lambda a: a / A_H1, "the factor a_h1 is missing"),
    ("extra", lambda a: a * A_H1, "the factor a_h1 is too much"),
    ("wrong", lambda a: a * 0.7777, "wrong"),
    ("text", lambda a: "0,23", "not a number"),
    ("error", lambda a: "=1/0", "not a number"),
    ("true", lambda a: "=TRUE", "not a number"),
    ("zero", lambda a: 0.0, "wrong"),
]


def exponent(value: float) -> int:
    return int(f"{value:e}".split("e")[1])


def shown(path: Path, target: Path, question: Question, typed: float | str, mark: CellRef) -> str:
    changed = with_cells(path, target, {question.cell: typed})
    return str(recalculated(changed, {}, "ironcalc")[mark])


@pytest.mark.parametrize(("what", "typed", "words"), ANSWERS, ids=[a[0] for a in ANSWERS])
def test_the_formula_and_the_rule_agree(
    what: str,
    typed: Callable[[float], float | str],
    words: str,
    exercise: tuple[Path, list[Question]],
    tmp_path: Path,
) -> None:
    path, questions = exercise
    number = next(n for n, q in enumerate(questions) if q.name == "∂E/∂w8")
    question = questions[number]
    answer = typed(question.answer)
    mark = question.cell._replace(cell=question.cell.cell._replace(column=7))
    found = shown(path, tmp_path / "typed.xlsx", question, answer, mark)
    assert found == words
    read: dict[float | str, float | str | bool] = {"=1/0": "#DIV/0!", "=TRUE": True}
    value = read.get(answer, answer)
    assert judge(value, facts_of(questions, number), 4).words == words


def test_the_value_of_a_neighbor(exercise: tuple[Path, list[Question]], tmp_path: Path) -> None:
    path, questions = exercise
    number = next(n for n, q in enumerate(questions) if q.name == "∂E/∂w5")
    other = next(q for q in questions if q.name == "∂E/∂w7")
    mark = questions[number].cell._replace(cell=questions[number].cell.cell._replace(column=7))
    found = shown(path, tmp_path / "typed.xlsx", questions[number], other.answer, mark)
    assert found == "the value of ∂E/∂w7"
    assert judge(other.answer, facts_of(questions, number), 4).words == found
    found = shown(path, tmp_path / "typed.xlsx", questions[number], KNOWN["w5"], mark)
    assert found == "the value of w5"
    assert judge(KNOWN["w5"], facts_of(questions, number), 4).words == found


def test_what_follows_from_an_earlier_mistake(
    exercise: tuple[Path, list[Question]], tmp_path: Path
) -> None:
    path, questions = exercise
    answers = {q.cell: q.answer for q in questions}
    last = next(q for q in questions if q.name == "∂E/∂w5")
    wrong, *others = last.operands.values()
    typed: dict[CellRef, float | str] = {cell: answers[cell] for cell in others}
    own = -last.answer
    typed |= {wrong: -answers[wrong], last.cell: own}
    cells = recalculated(with_cells(path, tmp_path / "typed.xlsx", typed), {}, "ironcalc")
    found = [cells[cell._replace(cell=cell.cell._replace(column=7))] for cell in (wrong, last.cell)]
    assert found == ["sign wrong", "right from your own values"]
    assert judge(own, Facts(last.answer, own), 4).verdict is Verdict.OWN


def test_an_answer_of_zero_and_an_exact_one() -> None:
    assert judge(0.0, Facts(0.0), 4).verdict is Verdict.RIGHT
    assert judge(0.01, Facts(0.0), 4).verdict is Verdict.WRONG
    assert judge(23.0, Facts(23.0, exact=True), 4).verdict is Verdict.RIGHT
    assert judge(46.0, Facts(23.0, exact=True), 4).verdict is Verdict.WRONG
    assert judge(None, Facts(1.0), 4).verdict is Verdict.EMPTY
    assert judge(True, Facts(1.0), 4).verdict is Verdict.NOT_A_NUMBER


@pytest.mark.parametrize("answer", [0.1, 1.0, 10.0, 0.00123456, 99.995, -0.5, 123456.0])
def test_the_last_digit_asked_for_is_a_unit_of_it(answer: float) -> None:
    unit = 10.0 ** (exponent(answer) - 3)
    assert judge(answer + 0.99 * unit, Facts(answer), 4).verdict is Verdict.RIGHT
    assert judge(answer + 1.5 * unit, Facts(answer), 4).verdict is not Verdict.RIGHT
