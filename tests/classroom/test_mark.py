"""Marking: rubrics, odd submissions, what is kept, free-form sheets, copied work, damaged files."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gradsheet.audit.submissions import Submission
from gradsheet.classroom import batch
from gradsheet.classroom.answers import typed_answers
from gradsheet.classroom.batch import Desk, Kept, Settings, by_student, mark_all
from gradsheet.classroom.copied import find_shared
from gradsheet.classroom.feedback import feedback_html, feedback_markdown
from gradsheet.classroom.marked import Marked, Uploader, from_json
from gradsheet.classroom.roster import Student
from gradsheet.classroom.rubric import Rubric, read_rubric
from gradsheet.errors import GradsheetError
from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.workbook.build import write_workbook
from gradsheet.workbook.exercise import Question
from gradsheet.workbook.marks import Verdict
from tests.classroom.mutations import mutated
from tests.classroom.simulated import Content, handed_out, questions_of, ref_of, type_in
from tests.commands import Run
from tests.course_sheets import write_course_sheet


class Room:
    """Two students, their exercises and right answers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.manifest = folder, handed_out(folder, 2)
        self.questions = questions_of(self.manifest, folder)
        handouts = self.manifest.handouts
        self.students = tuple(Student(h.id, h.name, h.extra) for h in handouts)
        self.settings = Settings(self.manifest, Rubric(), self.students)
        self.files = [folder / "students" / handout.file for handout in handouts]

    def right(
        self, number: int, questions: Sequence[Question] | None = None
    ) -> dict[object, Content]:
        answers = self.manifest.handouts[number].answers
        return {q.cell: a for q, a in zip(self.questions, answers, strict=True)}

    def hand_in(self, number: int, cells: dict[object, Content], name: str = "x.xlsx") -> Path:
        return type_in(self.files[number], self.folder / "in" / name, cells)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return Room(tmp_path_factory.mktemp("room"))


def mark(settings: Settings, path: Path, name: Path | None = None) -> Marked:
    return Desk(settings).mark(Submission(path, name or path))


# --- Whose it is, and what was changed -------------------------------------------------------


def test_changed_numbers_and_used_hints_are_reported(room: Room) -> None:
    cells = room.right(0)
    first = ref_of(room.manifest.inputs[0])
    hints = [ref_of(asked.hint) for asked in room.manifest.questions[:3]]
    cells |= {first: 0.77} | dict.fromkeys(hints, "hint")
    row = mark(room.settings, room.hand_in(0, cells))
    assert row.points == 44
    assert row.remarks == (f"given numbers were changed on Inputs: {first.cell}",)
    assert row.hints == 3
    cheap = replace(room.settings, rubric=Rubric(hint=0.25))
    assert mark(cheap, room.hand_in(0, cells)).points == 44 - 0.75


def test_anothers_file_is_marked_against_the_numbers_of_the_sender(room: Room) -> None:
    path = room.hand_in(0, room.right(0))
    name = Path("First1 Last1_77_assignsubmission_file_/x.xlsx")
    row = mark(room.settings, path, name)
    assert (row.id, row.made_for) == ("s001", "s000")
    assert row.points < 20
    assert row.remarks[0].startswith("handed in by First1 Last1 (s001), made for First0 Last0 (s0")
    owner = mark(room.settings, path)
    assert (owner.id, owner.points) == ("s000", 44)
    (shared,) = find_shared([row, owner], room.manifest)
    assert (shared.first, shared.second) == ("First1 Last1 (s001)", "First0 Last0 (s000)")
    assert any("right for the numbers of First0 Last0" in line for line in shared.evidence)
    assert not any("cheat" in line or "plagiar" in line for line in shared.evidence)


def test_an_exercise_of_another_assignment(room: Room, tmp_path: Path) -> None:
    handouts = tuple(replace(h, code="0" * 16) for h in room.manifest.handouts)
    other = replace(room.settings, manifest=replace(room.manifest, handouts=handouts))
    row = mark(other, room.files[0], Path("x.xlsx"))
    assert (row.kind, row.why) == (
        "not marked",
        "an exercise of another assignment, or its code was removed",
    )
    row = mark(Settings(None, Rubric(), ()), room.files[0])
    assert row.why == "an exercise; give --assignment DIR/teacher to mark it"


def test_a_full_workbook_is_no_exercise(room: Room, tmp_path: Path) -> None:
    write_workbook(load_network("and"), tmp_path / "full.xlsx", learning_rates=(1,), updates=1)
    for settings in (room.settings, Settings(None, Rubric(), ())):
        row = mark(settings, tmp_path / "full.xlsx")
        assert (row.kind, row.why) == (
            "not marked",
            "a full workbook that gradsheet wrote, with every value; no exercise",
        )


def test_a_program_that_drops_properties_leaves_the_cover(room: Room, tmp_path: Path) -> None:
    book: Any = openpyxl.load_workbook(room.hand_in(1, room.right(1)))
    for name in list(book.custom_doc_props.names):
        del book.custom_doc_props[name]
    book.save(tmp_path / "x.xlsx")
    row = mark(room.settings, tmp_path / "x.xlsx", Path("nobody.xlsx"))
    assert (row.id, row.points, row.remarks) == ("s001", 44, ())


def test_the_best_of_several_submissions_counts(room: Room) -> None:
    good, poor = (Marked(f"{n}.xlsx", "exercise", "s000", points=n, out_of=44) for n in (40.0, 3.0))
    rows, counting = by_student([poor, good], room.students)
    assert counting["s000"].points == 40
    assert [row.kind for row in rows] == ["exercise", "exercise", "missing"]
    assert all(row.remarks == ("2 submissions; the best counts",) for row in rows[:2])


# --- Recalculated ----------------------------------------------------------------------------


def values(*formulas: str) -> list[object]:
    """The answers in A1, A2 …, B1 being 3 and B2 empty; each cell states 7."""
    cells = {CellIndex(row, 1): Cell(7.0, text) for row, text in enumerate(formulas, start=1)}
    book = Book(Path("x.xlsx"), {"S": Sheet("S", {**cells, CellIndex(1, 2): Cell(3.0)})})
    refs = [ref_of(f"S!A{row}") for row in range(1, len(formulas) + 1)]
    return [one.value for one in typed_answers(book, refs)]


def test_no_stated_value_is_believed() -> None:
    assert values("B1*2+B2") == [6.0]
    assert values("AVERAGE(B1:B2)", "A1*2") == [3.0, 6.0]
    assert values("B1>2", "TRUE", '"0"&",5"', "1/0") == [True, True, "0,5", "#DIV/0!"]
    assert values("A1") == ["#CIRC!"]
    assert values("NOSUCH(B1)")[0] == "#NAME?"
    assert values("B1*{1;2") == ["#ERROR!"]


def test_a_long_chain_of_cells_is_no_danger() -> None:
    count = 5_000
    cells = {CellIndex(row, 1): Cell(1.0, f"A{row + 1}+1") for row in range(1, count)}
    book = Book(Path("x.xlsx"), {"S": Sheet("S", cells)})
    (one,) = typed_answers(book, [ref_of("S!A1")])
    assert one.value == "#N/A"


# --- Rubrics ---------------------------------------------------------------------------------


def test_a_rubric(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "points.toml"
    path.write_text(
        "hint = 0.5\n[answers]\nsign = 0.5\nown = 0.75\n[groups]\n"
        '"Backward: the weights of layer 2" = 3\n'
        "[free-form]\npoints = 20\neach = 2\nGS601 = 5\n"
    )
    rubric = read_rubric(path)
    assert rubric.shares[Verdict.SIGN] == 0.5
    assert rubric.shares[Verdict.RIGHT] == 1
    assert (rubric.free_form, rubric.rule, rubric.rules) == (20, 2, {"GS601": 5})
    cells = room.right(0)
    cells[room.questions[0].cell] = -room.questions[0].answer
    row = mark(replace(room.settings, rubric=rubric), room.hand_in(0, cells))
    weights = sum(q.group == "Backward: the weights of layer 2" for q in room.questions)
    assert weights == 8
    assert (row.points, row.out_of) == (43.5 + 2 * weights, 44 + 2 * weights)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[answers]\nsign = 2\n", "sign = 2 in 'answers'; expected a number from 0 to 1"),
        ("[answers]\nsgn = 1\n", r"\[answers\] has no 'sgn'; expected right, own"),
        ("[other]\n", "a rubric has no 'other'; expected answers, groups"),
        ("answers = 3\n", "'answers' is no table"),
        ("hint = nan\n", "hint = nan in 'hint'"),
        ("x", "is not valid TOML"),
    ],
)
def test_a_rubric_that_is_none(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "points.toml"
    path.write_text(text)
    with pytest.raises(GradsheetError, match=message):
        read_rubric(path)


# --- Kept, resumed, elsewhere ----------------------------------------------------------------


def test_a_second_run_marks_only_what_is_new(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submissions = [Submission(path, path) for path in room.files]
    kept = Kept(tmp_path / "kept", room.settings)
    first = list(mark_all(submissions[:1], room.settings, kept))
    seen: list[Path] = []

    def noted(desk: Desk, one: Submission) -> Marked:
        seen.append(one.path)
        return first[0][1]

    monkeypatch.setattr(batch.Desk, "mark", noted)
    again = list(mark_all(submissions, room.settings, Kept(tmp_path / "kept", room.settings)))
    assert again[0] == first[0]
    assert seen == [room.files[1]]
    other = replace(room.settings, rubric=Rubric(hint=1.0))
    list(mark_all(submissions[:1], other, Kept(tmp_path / "kept", other)))
    assert seen == [room.files[1], room.files[0]]


def test_marks_are_read_back_as_they_were(room: Room) -> None:
    from dataclasses import asdict

    row = mark(room.settings, room.hand_in(0, room.right(0)))
    row = replace(row, uploader=Uploader("moodle", "7", "A", "A_7"), remarks=("x",))
    assert from_json(json.loads(json.dumps(asdict(row)))) == row


@pytest.mark.slow
def test_a_dask_cluster_marks_alike(room: Room) -> None:
    from distributed import LocalCluster

    submissions = [Submission(path, path) for path in room.files]
    with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:  # type: ignore[no-untyped-call]
        address = cluster.scheduler_address
        there = list(mark_all(submissions, room.settings, scheduler=address))
    assert there == list(mark_all(submissions, room.settings))


# --- Free-form sheets, feedback --------------------------------------------------------------


def test_points_off_a_free_form_sheet(tmp_path: Path) -> None:
    right, wrong = tmp_path / "s1.xlsx", tmp_path / "s2.xlsx"
    write_course_sheet("right", right)
    write_course_sheet("one-slope", wrong)
    people = (Student("s1", "Ada"), Student("s2", "Zoë"))
    settings = Settings(None, Rubric(rule=1.5), people)
    one, other = (mark(settings, path) for path in (right, wrong))
    assert (one.id, one.points, one.out_of) == ("s1", 10, 10)
    assert other.id == "s2"
    assert other.deductions
    assert other.points == 10 - 1.5 * len(other.deductions)
    text = feedback_markdown(other)
    code = other.deductions[0].codes[0]
    for said in (text, feedback_html(other)):
        assert code in said
        assert f"{code} {code}" not in said


def test_feedback_takes_no_text_for_markup(room: Room) -> None:
    cells = room.right(0) | {room.questions[0].cell: "<b>|*x*</b>"}
    row = replace(mark(room.settings, room.hand_in(0, cells)), name="<script>alert(1)</script>|")
    page, text = feedback_html(row), feedback_markdown(row)
    assert "<script>" not in page
    assert "<b>" not in page
    assert r"\<script\>" in text
    assert r"\<b\>\|\*x\*" in text


@pytest.mark.slow
def test_500_damaged_files_are_marked_or_refused_in_one_line(room: Room, tmp_path: Path) -> None:
    desk, marked = Desk(room.settings), 0
    for path in mutated(room.files[0], tmp_path, 500):
        row = desk.mark(Submission(path, path))
        assert row.is_marked or (row.why and "\n" not in row.why and len(row.why) < 300)
        assert "marking failed" not in row.why
        marked += row.is_marked
    assert 20 < marked < 480


def test_commands_refuse_in_one_line(gradsheet: Run, room: Room, tmp_path: Path) -> None:
    run = gradsheet("mark", room.files[0], "--assignment", tmp_path)
    assert run.code == 2
    assert run.stderr.startswith("gradsheet: cannot read")
    run = gradsheet("mark", "mistyped.zip")
    assert (run.code, run.stderr) == (
        2,
        "gradsheet: there is no mistyped.zip; expected workbooks, folders or zips\n",
    )
    assert not (tmp_path / "marks").exists()
    (tmp_path / "points.toml").write_text('[groups]\n"no such" = 2\n')
    teacher = room.folder / "teacher"
    run = gradsheet(
        "mark", room.files[0], "--assignment", teacher, "--rubric", tmp_path / "points.toml"
    )
    assert "the assignment has no group 'no such'; its groups: Backward" in run.stderr
    (tmp_path / "manifest.json").write_text('{"version": 1}')
    run = gradsheet("mark", room.files[0], "--assignment", tmp_path)
    assert "is not the manifest of an assignment" in run.stderr
