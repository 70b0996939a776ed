"""Assignments: whose numbers they are, what is written where, and hostile rosters."""

import csv
import json
import stat
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from gradsheet.classroom.assign import Assignment, assign
from gradsheet.classroom.manifest import read_manifest
from gradsheet.classroom.numbers import Numbers
from gradsheet.classroom.reference import Reference
from gradsheet.classroom.roster import Student, file_stems, read_roster
from gradsheet.errors import GradsheetError
from gradsheet.networks.graph import build_graph
from gradsheet.networks.toml import PRESETS, load_network
from gradsheet.symbolic.tape import evaluate
from tests.commands import Run, Succeeded

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "x" * 300,
    "CON",
    "a/b\\c:d*?",
    "日本 太郎",
    "",
)


def write_roster(path: Path, names: list[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = ((f"s{n}", name, "A") for n, name in enumerate(names))
        csv.writer(file).writerows([("ID", "Name", "group"), *rows])
    return path


def test_the_same_secret_and_roster_give_the_same_files(tmp_path: Path) -> None:
    students = [Student("1", "Ada"), Student("2", "Ada")]
    assignment = Assignment(load_network("and"), updates=1)
    contents = []
    for folder, secret in (("a", b"0123456789abcdef"), ("b", b"0123456789abcdef"), ("c", None)):
        paths = list(assign(assignment, students, tmp_path / folder, secret))
        contents.append([path.read_bytes() for path in paths])
        files = sorted(path.name for path in (tmp_path / folder / "teacher").iterdir())
        assert files == ["answers.csv", "manifest.json", "secret"]
    assert contents[0] == contents[1] != contents[2]
    assert contents[0][0] != contents[0][1]
    again = [p.read_bytes() for p in assign(assignment, students, tmp_path / "c")]
    assert again == contents[2]


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    list(assign(Assignment(load_network("and"), updates=1), [Student("1", "Ada")], folder))
    return folder / "teacher"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("questions", 0, "cell"), ["Derivation!F24"]),
        (("questions", 0, "cell"), "A1:B2"),
        (("questions", 0, "hint"), 1),
        (("questions",), []),
        (("inputs", 0), "=1+1"),
        (("handouts",), []),
        (("handouts", 0, "answers", 0), "0.5"),
        (("handouts", 0, "answers", 0), True),
        (("handouts", 0, "answers"), [0.5]),
        (("handouts", 0, "extra"), ["a"]),
        (("handouts", 0, "seed"), 0.5),
        (("handouts", 0), {}),
        (("level",), "all"),
        (("digits",), 10**400),
        (("learning_rate",), 10**400),
        (("version",), 2),
    ],
    ids=repr,
)
def test_a_damaged_manifest_is_refused(
    teacher: Path, tmp_path: Path, place: tuple[str | int, ...], value: object
) -> None:
    table = part = json.loads((teacher / "manifest.json").read_text())
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    (tmp_path / "manifest.json").write_text(json.dumps(table))
    with pytest.raises(GradsheetError) as refused:
        read_manifest(tmp_path)
    assert len(str(refused.value)) < 300


def test_a_manifest_without_a_question_fits_no_exercise(teacher: Path) -> None:
    manifest = read_manifest(teacher)
    (handout,) = manifest.handouts
    fewer = replace(handout, answers=handout.answers[1:])
    with pytest.raises(GradsheetError, match="restore the manifest"):
        Reference(replace(manifest, questions=manifest.questions[1:], handouts=(fewer,)))


def test_the_teachers_files_are_the_teachers(succeeded: Succeeded, tmp_path: Path) -> None:
    roster = write_roster(tmp_path / "roster.csv", ["Ada Lovelace", *HOSTILE[:2]])
    succeeded("assign", roster, "-o", "out", "--network", "and", "--updates", 1, "-q")
    teacher = tmp_path / "out" / "teacher"
    assert stat.S_IMODE(teacher.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in teacher.iterdir()} == {0o600}
    manifest = read_manifest(teacher)
    assert [h.extra for h in manifest.handouts] == [{"group": "A"}] * 3
    for handout in manifest.handouts:
        path = tmp_path / "out" / "students" / handout.file
        book = openpyxl.load_workbook(path)
        cover = [[cell.value for cell in row] for row in book["Cover"]["A4:B6"]]
        assert cover == [
            ["Name", handout.name],
            ["Id", handout.id],
            ["Exercise code", handout.code],
        ]
        assert all(cell.data_type == "s" for row in book["Cover"]["A4:B6"] for cell in row)
        spec = load_network("and")
        assert handout.spec != spec
        graph = build_graph(handout.spec)
        gradients = evaluate(graph.gradients, graph.given)
        assert {abs(a) for a in gradients.values()} <= {abs(a) for a in handout.answers}


def test_hostile_names_make_safe_files(tmp_path: Path) -> None:
    students = [Student(f"i{n}", name) for n, name in enumerate((*HOSTILE, "Ada", "ada"))]
    stems = file_stems([*students, Student("i7", "ADA"), Student("..", ".")])
    assert len({stem.casefold() for stem in stems}) == len(stems)
    for stem in stems:
        assert 0 < len(stem.encode()) < 250
        assert not set(stem) & set('/\\:*?"<>|\0\n=')
        assert stem.strip(" .") == stem
        (tmp_path / f"{stem}.xlsx").write_bytes(b"")
    assert len(list(tmp_path.iterdir())) == len(stems)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\nx\n", r"has no column 'id' \(its columns: name\); expected a roster"),
        ("id;name\n", "has no student; expected a row for each"),
        ("id,name\n1,a\n1,b\n", "row 3: the id '1' is that of row 2, too"),
        ("id,name\n,a\n", "row 2: the id is missing"),
        ("", "is empty; expected a roster"),
        ("id,name\n\0", "is not a roster: a CSV file"),
    ],
)
def test_a_roster_that_is_none(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(GradsheetError, match=message):
        read_roster(path)


@pytest.mark.parametrize(
    "content", ["id;name\n1;Zoë\n", "\ufeffid,name\r\n1,Zoë\r\n", "ID\tName\n1\tZoë"]
)
def test_rosters_as_programs_write_them(content: str, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(content.encode())
    assert read_roster(path) == [Student("1", "Zoë")]
    path.write_bytes(content.removeprefix("\ufeff").encode("cp1252"))
    assert read_roster(path) == [Student("1", "Zoë")]


@pytest.mark.parametrize("preset", PRESETS)
def test_numbers_are_friendly_and_far_from_saturation(preset: str) -> None:
    spec = load_network(preset)
    numbers = Numbers(spec)
    drawn = [numbers.of(seed) for seed in range(3)]
    assert drawn[0] == numbers.of(0)
    assert len(set(drawn)) == 3
    negatives = set()
    for one in drawn:
        assert (one.sizes, one.loss) == (spec.sizes, spec.loss)
        weights = [w for layer in one.layers for row in layer.weights for w in row]
        assert all(round(w, 2) == w and 0.1 <= abs(w) < 1 for w in weights)
        negatives.add(sum(w < 0 for w in weights))
    assert len(negatives) == 1
    if preset in ("course", "mazur"):
        for one in drawn:
            graph = build_graph(one)
            values = evaluate([*graph.forward, *graph.gradients], graph.given)
            slopes = [
                values[a] * (1 - values[a])
                for layer in graph.examples[0].layers
                for a in layer.activations
            ]
            assert min(slopes) > 0.1
            gradients = sorted(abs(values[g]) for g in graph.gradients)
            assert gradients[0] > 1e-4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rate", -1), "the learning rate -1 is not possible"),
        (("--rate", 1e300), "does not fit a workbook"),
        (("--updates", 0), "0 updates asked for"),
        (("--updates", 10_000_000), "the workbook"),
    ],
    ids=str,
)
def test_what_no_workbook_can_hold_is_refused_before_anything_is_written(
    arguments: tuple[object, ...], said: str, gradsheet: Run, tmp_path: Path
) -> None:
    roster = write_roster(tmp_path / "roster.csv", ["Ada"])
    before = sorted(tmp_path.iterdir())
    run = gradsheet("assign", roster, "-o", "out", *arguments)
    assert run.code == 2
    assert said in run.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_another_secret_in_the_same_folder_is_refused(gradsheet: Run, tmp_path: Path) -> None:
    roster = write_roster(tmp_path / "roster.csv", ["Ada"])
    (tmp_path / "s1").write_text("a" * 20)
    (tmp_path / "s2").write_text("b" * 20)
    (tmp_path / "short").write_text("abc")
    arguments = ("assign", roster, "-o", "out", "--network", "and", "--updates", 1, "--secret")
    assert gradsheet(*arguments, "s1").code == 0
    second = gradsheet(*arguments, "s2")
    assert second.code == 2
    assert "is another secret than the one given" in second.stderr
    short = gradsheet(*arguments, "short")
    assert "has 3 characters; expected 16 or more" in short.stderr
