"""Exercises: what is blank, what is hidden, and how they mark, by an engine of their own."""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import build_graph
from gradsheet.networks.symbols import symbol_of
from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.recalculate import Cells, cached_values, recalculated
from gradsheet.symbolic.render import plain
from gradsheet.symbolic.tape import Tape, evaluate
from gradsheet.workbook.build import ExercisePlan, write_exercise, write_planned_exercise
from gradsheet.workbook.exercise_levels import Level
from gradsheet.workbook.verify import verify_workbook
from tests.workbook.books import LINE, Books, after, book, ref

PARTS = [
    *((preset, solved) for preset in ("course", "xor") for solved in (False, True)),
    *(pytest.param("iris-mini", solved, marks=pytest.mark.slow) for solved in (False, True)),
]


def typed_in(path: Path, folder: Path, sheet: str, answers: Mapping[str, float | str]) -> Cells:
    """The cells after answers were typed in."""
    assert all(book(path)[sheet][cell].value is None for cell in answers)
    return after(path, folder, {ref(sheet, cell): answer for cell, answer in answers.items()})


def rows_of(path: Path) -> dict[str, int]:
    """The row of each step on the derivation sheet, by its symbol in plain text."""
    sheet = book(path)["Derivation"]
    return {
        str(row[1].value): row[1].row or 0 for row in sheet.iter_rows(min_row=6) if row[1].value
    }


def exercise_marks(path: Path, sheet: str) -> list[str]:
    """The marks above a training table."""
    row = book(path)[sheet][2]
    return [cell.coordinate for cell in row[4:] if cell.data_type == "f"]


@pytest.mark.parametrize(("preset", "solved"), PARTS)
def test_what_it_states_is_what_another_program_computes(
    preset: str, solved: bool, books: Books
) -> None:
    path = books.exercise(preset, solved)
    values, found = cached_values(path), recalculated(path, {}, "ironcalc")
    assert len(values) > 500
    for cell, value in values.items():
        if isinstance(value, str):
            assert found[cell] == value, cell
        else:
            assert found[cell] == pytest.approx(value, rel=1e-9, abs=1e-12), cell
    marks = [
        v for (sheet, _), v in found.items() if sheet == "Derivation" and v in ("right", "empty")
    ]
    assert set(marks) == {"right" if solved else "empty"}
    count = re.fullmatch(r"(\d+) of (\d+) right", str(found[ref("Start", "B6")]))
    assert count
    assert int(count[1]) == (int(count[2]) if solved else 0)


def test_answers_are_marked(books: Books, tmp_path: Path) -> None:
    path = books.exercise("course")
    graph = build_graph(load_network("course"))
    rows, backward = rows_of(path), graph.backward
    wanted = [*backward.local_derivatives.values(), *backward.gradients.values()]
    answers = {v.name: float(a) for v, a in Tape(wanted).run(graph.given).items()}
    a_o1 = float(Tape(graph.forward).run(graph.given)[graph.examples[0].layers[1].activations[0]])
    first, second, third = rows["∂E1/∂ao1"], rows["∂ao1/∂o1"], rows["∂E/∂o1"]
    fourth, fifth, sixth = rows["∂E/∂w5"], rows["∂E/∂w6"], rows["∂E/∂w7"]
    typed: dict[str, float | str] = {
        f"F{first}": answers["dE1/da_o1"],
        f"F{second}": "=F27*(1-F27)",  # the cell of a_o1
        f"F{third}": -answers["dE/do1"],
        f"F{fourth}": 2 * answers["dE/dw5"],
        f"F{fifth}": answers["dE/dw6"] / (a_o1 * (1 - a_o1)),
        f"F{sixth}": 0.7123 * answers["dE/dw7"],
    }
    found = typed_in(path, tmp_path, "Derivation", typed)
    marks = [
        found[ref("Derivation", f"G{row}")] for row in (first, second, third, fourth, fifth, sixth)
    ]
    assert marks == [
        "right",
        "right",
        "sign wrong",
        "twice the right value",
        "the factor a_o1·(1 − a_o1) is missing",
        "wrong",
    ]
    assert str(found[ref("Start", "B6")]).startswith("2 of ")


def test_the_training_goes_once_the_gradients_are_filled_in(books: Books, tmp_path: Path) -> None:
    path = books.exercise("course")
    solution = book(books.exercise("course", solution=True))["lr 0.5"]
    blank = book(path)["lr 0.5"]
    answers = {
        cell.coordinate: str(cell.value)
        for row in solution.iter_rows(min_row=5)
        for cell in row
        if cell.data_type == "f" and blank[cell.coordinate].value is None
    }
    assert len(answers) == 8 * 6
    assert exercise_marks(path, "lr 1.0") == []
    found = typed_in(path, tmp_path, "lr 0.5", answers)
    assert float(found[ref("lr 0.5", "AA10")]) < 0.23 < float(found[ref("lr 1.0", "AA10")])
    assert [found[ref("lr 0.5", f"{column}2")] for column in ("AB", "AI")] == ["right", "right"]


@pytest.mark.parametrize(
    "preset", ["course", "xor", pytest.param("iris-mini", marks=pytest.mark.slow)]
)
def test_no_answer_can_be_read(preset: str, books: Books) -> None:
    """No file in the exercise holds an answer as a number, and no formula of the backward pass."""
    path, graph = books.exercise(preset), build_graph(load_network(preset))
    wanted = [*graph.backward.gradients.values()]
    answers = {abs(float(value)) for value in Tape(wanted).run(graph.given).values()}
    forward = {abs(float(v)) for v in Tape(graph.forward).run(graph.given).values()}
    told = {abs(v) for v in graph.given.values()} | forward | {0.0, 1.0, 0.5, 2.0}
    secret = {a for a in answers if all(abs(a - b) > 1e-9 * b for b in told)}
    # 1/4 and 1/6, of the mean, stand elsewhere too
    secret = {a for a in secret if len(repr(a)) > 8 and abs(1 / a - round(1 / a)) > 1e-9}
    assert len(secret) >= 5
    with zipfile.ZipFile(path) as archive:
        text = "".join(
            archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")
        )
    numbers = {abs(float(n)) for n in re.findall(r"[>(,=*+/-](\d+\.\d+(?:E-?\d+)?)", text, re.I)}
    for answer in secret:
        assert not [n for n in numbers if abs(n - answer) < 1e-9 * answer]
        assert not [n for n in numbers if n and abs(1 / n - answer) < 1e-9 * answer]
    names = book(path).sheetnames
    assert not {"Step", "Gradient check", "Common mistakes"} & set(names)
    assert book(path)["Marks"].sheet_state == "veryHidden"


def test_the_inputs_are_locked_since_the_answers_belong_to_them(books: Books) -> None:
    exercise = book(books.exercise("course"))
    assert exercise["Inputs"].protection.sheet
    assert all(sheet.protection.sheet for sheet in exercise)
    unlocked = {
        f"{sheet.title}!{cell.coordinate}"
        for sheet in exercise
        for row in sheet.iter_rows()
        for cell in row
        if not cell.protection.locked
    }
    sheets = {name.split("!")[0] for name in unlocked}
    assert sheets == {"Network", "Derivation", "lr 0.5", "lr 1.0"}
    assert {name for name in unlocked if name.startswith("Network")} == {"Network!B4", "Network!B5"}
    answers = [name for name in unlocked if name.startswith("Derivation!F")]
    hints = [name for name in unlocked if name.startswith("Derivation!H")]
    assert len(answers) == len(hints) == 36
    assert len([name for name in unlocked if name.startswith("Derivation")]) == 72


def test_an_exercise_is_not_verified(books: Books) -> None:
    with pytest.raises(GradsheetError, match="is an exercise; verify the workbook without"):
        verify_workbook(books.exercise("course"))


def test_the_decimals_that_a_cell_shows_are_enough(books: Books, tmp_path: Path) -> None:
    path = books.exercise("course")
    graph = build_graph(load_network("course"))
    wanted = {
        symbol_of(p).gradient.markup: g
        for p, g in zip(graph.parameters, graph.gradients, strict=True)
    }
    values = Tape(wanted.values()).run(graph.given)
    rows = rows_of(path)
    answers = {
        f"F{rows[re.sub('[_{}]', '', name)]}": round(float(values[gradient]), 8)
        for name, gradient in wanted.items()
    }
    assert len(answers) == 8
    found = typed_in(path, tmp_path, "Derivation", dict(answers))
    assert {found[ref("Derivation", cell.replace("F", "G"))] for cell in answers} == {"right"}


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("solution", [False, True], ids=["blank", "solved"])
def test_every_level_states_what_another_program_computes(
    level: Level, solution: bool, tmp_path: Path
) -> None:
    path = tmp_path / "exercise.xlsx"
    spec = load_network("mazur")
    write_exercise(spec, path, solution=solution, level=level, digits=3, updates=2)
    values, found = cached_values(path), recalculated(path, {}, "ironcalc")
    for cell, value in values.items():
        if isinstance(value, str):
            assert found[cell] == value, cell
        else:
            assert found[cell] == pytest.approx(value, rel=1e-9, abs=1e-11), cell
    asked = {Level.GRADIENTS: 16, Level.DELTAS: 44, Level.FORWARD: 66, Level.MISTAKE: 2}[level]
    assert values[ref("Start", "B6")] == f"{asked if solution else 0} of {asked} right"


def test_a_hint_appears_when_it_is_asked_for_and_is_counted(books: Books, tmp_path: Path) -> None:
    path = books.exercise("course")
    row = rows_of(path)["∂E/∂w5"]
    assert cached_values(path)[ref("Derivation", f"D{row}")] == ""
    found = typed_in(path, tmp_path, "Derivation", {f"H{row}": "hint"})
    assert str(found[ref("Derivation", f"D{row}")]).endswith("= ∂E/∂o1·∂o1/∂w5")
    assert found[ref("Start", "B6")] == "0 of 44 right, 1 hint used"


def test_the_planted_mistake_is_one_and_is_found(tmp_path: Path) -> None:
    path, spec = tmp_path / "exercise.xlsx", load_network("course")
    steps = set()
    for seed in range(6):
        plan = ExercisePlan(Level.MISTAKE, seed=seed)
        step, value = write_planned_exercise(spec, path, plan, (0.5,), 2)
        cells = cached_values(path)
        graph = build_graph(spec)
        every = (*graph.backward.local_derivatives.values(), *graph.backward.gradients.values())
        right = {v.markup: a for v, a in evaluate(every, graph.given).items()}
        sheet = book.__wrapped__(path)["Derivation"]
        wrong = [
            (int(str(row_number.value)), right[markup])
            for row_number, name, *_, shown in sheet.iter_rows(min_row=9, max_col=6)
            if isinstance(row_number.value, int)
            and (markup := MARKUP.get(str(name.value), "")) in right
            and abs(float(cells[ref("Derivation", shown.coordinate)]) - right[markup])
            > 1e-9 * abs(right[markup])
        ]
        number, should_be = wrong[0]
        assert number == step.answer
        assert should_be == pytest.approx(value.answer, rel=1e-12)
        steps.add(step.answer)
    assert len(steps) > 1


MARKUP = {
    plain(v.markup).replace("_", ""): v.markup
    for graph in [build_graph(load_network("course"))]
    for v in (*graph.backward.local_derivatives.values(), *graph.backward.gradients.values())
}


def test_an_exercise_is_the_same_file_every_time(tmp_path: Path) -> None:
    first, second = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    for path in (first, second):
        write_exercise(load_network("and"), path, updates=1)
    assert first.read_bytes() == second.read_bytes()


def test_levels_and_digits_are_checked(tmp_path: Path) -> None:
    path, spec = tmp_path / "x.xlsx", load_network("and")
    with pytest.raises(GradsheetError, match="no level 'hard'; choose from gradients, deltas"):
        write_exercise(spec, path, level="hard")
    with pytest.raises(GradsheetError, match="answers to 9 significant digits asked for"):
        write_exercise(spec, path, digits=9)
    with pytest.raises(GradsheetError, match="no mistake can be planted"):
        write_exercise(replace(LINE, targets=((6.0,),)), path, level="mistake")
    assert not path.exists()


@pytest.mark.parametrize(("rate", "falls"), [(0.1, True), (1.0, False)])
def test_the_loss_is_promised_to_fall_only_where_it_does(
    rate: float, falls: bool, tmp_path: Path
) -> None:
    write_exercise(LINE, tmp_path / "line.xlsx", learning_rates=(rate,), updates=2)
    said = [cell.value for row in book(tmp_path / "line.xlsx")["Start"] for cell in row]
    assert any("ends lower than it started" in str(text) for text in said) is falls
