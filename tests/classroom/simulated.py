"""Students who make known mistakes in their own exercises."""

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from gradsheet.classroom.assign import Assignment, assign
from gradsheet.classroom.manifest import Handout, Manifest, read_manifest
from gradsheet.classroom.roster import Student
from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.addresses import CellRef, parse_cell_reference
from gradsheet.workbook.build import ExercisePlan, write_planned_exercise
from gradsheet.workbook.exercise import Question
from gradsheet.workbook.exercise_levels import Level
from gradsheet.workbook.marks import Verdict

SECRET = b"0123456789abcdef0123456789abcdef"
Content = float | str | bool | None


@dataclass(frozen=True)
class Typed:
    """What a student types into each cell, and the marks that it deserves."""

    cells: dict[CellRef, Content]
    verdicts: list[Verdict]


def handed_out(folder: Path, count: int, network: str = "course", updates: int = 2) -> Manifest:
    """An assignment for a class."""
    students = [Student(f"s{n:03}", f"First{n} Last{n}") for n in range(count)]
    assignment = Assignment(load_network(network), updates=updates)
    for _ in assign(assignment, students, folder, SECRET):
        pass
    return read_manifest(folder / "teacher")


def questions_of(manifest: Manifest, folder: Path) -> list[Question]:
    """The questions of the class, with the formulas between them."""
    spec = manifest.handouts[0].spec
    return write_planned_exercise(
        spec, folder / "questions.xlsx", ExercisePlan(Level.DELTAS), (0.5,), 1
    )


def four(value: float) -> float:
    return float(f"{value:.4g}")


def _is_long(value: float) -> bool:
    """Whether three digits of it are more than a unit of the fourth away."""
    unit = 10.0 ** (int(f"{value:e}".split("e")[1]) - 3)
    return abs(float(f"{value:.3g}") - value) > 1.2 * unit


def _is_anothers(typed: Content, answers: Sequence[float]) -> bool:
    """Whether a wrong number happens to be the answer of another cell."""
    if not isinstance(typed, float):
        return False
    return any(abs(abs(typed) - abs(answer)) <= 2e-3 * abs(answer) for answer in answers)


Way = tuple[Callable[[float], Content], Verdict, bool]
# What is typed for a right answer, the mark, and whether the answer must have many digits.
WAYS: dict[str, Way] = {
    "right": (four, Verdict.RIGHT, False),
    "all digits": (lambda a: a, Verdict.RIGHT, False),
    "empty": (lambda a: None, Verdict.EMPTY, False),
    "comma": (lambda a: f"{a:.4f}".replace(".", ","), Verdict.NOT_A_NUMBER, False),
    "truth": (lambda a: True, Verdict.NOT_A_NUMBER, False),
    "error": (lambda a: "=1/0", Verdict.NOT_A_NUMBER, False),
    "text formula": (lambda a: '="0.5"', Verdict.NOT_A_NUMBER, False),
    "short": (lambda a: float(f"{a:.3g}"), Verdict.DIGITS, True),
    "early": (lambda a: a * 1.0083, Verdict.ROUNDED, True),
    "sign": (lambda a: -a, Verdict.SIGN, False),
    "twice": (lambda a: 2 * a, Verdict.FACTOR, True),
    "half with sign": (lambda a: -a / 2, Verdict.FACTOR, True),
    "formula": (lambda a: f"={a!r}*1", Verdict.RIGHT, False),
    "function": (lambda a: f"=ROUNDUP({a!r},8)", Verdict.RIGHT, False),
    "wrong": (lambda a: a * 0.7373 + 0.011, Verdict.WRONG, True),
}


def typed_by(number: int, handout: Handout, questions: Sequence[Question]) -> Typed:
    """What the student of a number types: each has a way of their own."""
    if number % 4 == 3:
        return _follows_from_a_mistake(number, handout, questions)
    drawn = random.Random(number)
    names = ["right"] * 10 + list(WAYS)
    cells: dict[CellRef, Content] = {}
    verdicts: list[Verdict] = []
    value_of = {q.cell: a for q, a in zip(questions, handout.answers, strict=True)}
    for question, answer in zip(questions, handout.answers, strict=True):
        way, verdict, needs_digits = WAYS[drawn.choice(names)]
        is_simple = abs(answer) > 0.9 or not _is_long(answer)
        # A mistake that two cells share would follow from the first: those come below.
        follows = any(cells[ref] != four(value_of[ref]) for ref in question.operands.values())
        other = needs_digits and _is_anothers(way(answer), handout.answers)
        if follows or other or (needs_digits and is_simple):
            way, verdict = four, Verdict.RIGHT
        cells[question.cell] = way(answer)
        verdicts.append(verdict)
    return Typed(cells, verdicts)


def _follows_from_a_mistake(number: int, handout: Handout, questions: Sequence[Question]) -> Typed:
    """One answer has the wrong sign, and formulas carry that on."""
    wrong = [k for k, q in enumerate(questions) if not q.expected][number % 5]
    affected = {questions[wrong].cell}
    cells: dict[CellRef, Content] = {}
    verdicts: list[Verdict] = []
    for place, (question, answer) in enumerate(zip(questions, handout.answers, strict=True)):
        if place == wrong:
            cells[question.cell] = -four(answer)
            verdicts.append(Verdict.SIGN)
        elif question.expected:
            cells[question.cell] = f"={question.expected}"
            follows = bool(affected & set(question.operands.values()))
            affected |= {question.cell} if follows else set()
            verdicts.append(Verdict.OWN if follows else Verdict.RIGHT)
        else:
            cells[question.cell] = answer
            verdicts.append(Verdict.RIGHT)
    return Typed(cells, verdicts)


def type_in(
    source: Path, target: Path, cells: Mapping[CellRef, Content], notes: Iterable[str] = ()
) -> Path:
    """Type into cells through openpyxl, which keeps no values; notes go to a sheet of their own."""
    book = openpyxl.load_workbook(source)
    for ref, content in cells.items():
        if content is not None:
            book[ref.sheet][str(ref.cell)].value = content
    for row, note in enumerate(notes, start=1):
        if "Notes" not in book.sheetnames:
            book.create_sheet("Notes")
        book["Notes"].cell(row, 1).value = note
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)
    return target


def ref_of(address: str) -> CellRef:
    found = parse_cell_reference(address)
    assert found is not None
    return found


def expected_points(verdicts: Sequence[Verdict]) -> float:
    return float(sum(verdict in (Verdict.RIGHT, Verdict.OWN) for verdict in verdicts))


def as_json(path: Path) -> object:
    return json.loads(path.read_text("utf-8"))
