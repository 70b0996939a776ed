"""Gradebooks: only grades and comments change, everything else stays byte for byte."""

from pathlib import Path

import pytest

from gradsheet.classroom.csv_files import read_csv
from gradsheet.classroom.marked import Marked, Uploader
from gradsheet.classroom.roster import Student
from gradsheet.classroom.tables import filled_canvas, filled_moodle, marks_csv
from gradsheet.classroom.uploads import People, uploader_of
from gradsheet.errors import GradsheetError

ADA, ZOE = Student("4711", "Ada Lovelace"), Student("4712", "Zoë Müller")
PEOPLE = People([ADA, ZOE])


def marked(student: Student, points: float, uploader: Uploader | None = None) -> Marked:
    return Marked(
        "x.xlsx", "exercise", student.id, student.name, points=points, out_of=40, uploader=uploader
    )


COUNTING = {"4711": marked(ADA, 30), "4712": marked(ZOE, 10)}


def test_canvas(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    content = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Backprop (881),Quiz (2),Current Score\r\n"
        '"    Points Possible",,,,,20,10,(read only)\r\n'
        '"Lovelace, Ada",101,4711,ada,"A, B",,3,\r\n'
        '"Müller, Zoë",102,,zoe,A,"1.0",,5\r\n'
        '"Student, Test",103,,test,A,,,\r\n'
    )
    path.write_bytes(content.encode())
    filled, count = filled_canvas(path, COUNTING, PEOPLE, "Backprop")
    expected = content.replace('"A, B",,3', '"A, B",15.00,3').replace('A,"1.0",', "A,5.00,")
    assert filled.decode() == expected
    assert count == 2
    with pytest.raises(GradsheetError, match=r"candidates: Backprop \(881\), Quiz \(2\)"):
        filled_canvas(path, COUNTING, PEOPLE, None)


def test_canvas_knows_its_users_by_the_files_names(tmp_path: Path) -> None:
    uploader = uploader_of(Path("in.zip/lovelaceada_LATE_101_990_answers.xlsx"))
    assert uploader == Uploader("canvas", "101", "lovelaceada", late=True)
    assert PEOPLE.of_upload(uploader) == ADA
    path = tmp_path / "export.csv"
    path.write_text("Student,ID,Backprop\nPoints Possible,,10\nsomebody,101,\n")
    filled, _ = filled_canvas(path, {"4711": marked(ADA, 20, uploader)}, PEOPLE, None)
    assert filled.decode() == "Student,ID,Backprop\nPoints Possible,,10\nsomebody,101,5.00\n"


def test_moodle(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    content = (
        "\ufeffIdentifier;Full name;ID number;Grade;Maximum Grade;Feedback comments\n"
        "Participant 7;Ada Lovelace;4711;;100,00;\n"
        'Participant 8;Zoë Müller;;"12,00";100,00;"<p>a ""b""; c</p>"\n'
        "Participant 9;Nobody;;3;100,00;kept\n"
    )
    path.write_bytes(content.encode())
    filled, count = filled_moodle(path, COUNTING, PEOPLE)
    lines = filled.decode().splitlines()
    assert lines[0] == content.splitlines()[0]
    assert lines[1].startswith('Participant 7;Ada Lovelace;4711;75,00;100,00;"0 of 0 right')
    assert lines[2].startswith("Participant 8;Zoë Müller;;25,00;100,00;")
    assert lines[3] == content.splitlines()[3]
    assert count == 2


def test_moodle_knows_its_participants_by_their_folders() -> None:
    name = Path("class.zip/Ada Lovelace_657737_assignsubmission_file_/x.xlsx")
    uploader = uploader_of(name)
    folder = "Ada Lovelace_657737_assignsubmission_file_"
    assert uploader == Uploader("moodle", "657737", "Ada Lovelace", folder)


def test_another_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(GradsheetError, match="no column 'Identifier'; export the offline grading"):
        filled_moodle(path, {}, PEOPLE)
    with pytest.raises(GradsheetError, match="no column 'student'; export the gradebook"):
        filled_canvas(path, {}, PEOPLE, None)


def test_nothing_becomes_a_formula() -> None:
    evil = Student("=1+1", "@SUM(A1)", {"+x": "-1"})
    text = marks_csv([Marked("=x.xlsx", "exercise", evil.id, evil.name, out_of=1)], [evil])
    assert "'=1+1,'@SUM(A1),'-1,'=x.xlsx," in text
    assert ",'+x," in text


@pytest.mark.parametrize("name", ["Ada Lovelace", "Lovelace, Ada", "lovelaceada", "ADA LOVELACE"])
def test_a_person_is_found_by_the_name(name: str) -> None:
    assert PEOPLE.by_name(name) == ADA


def test_fields_keep_their_quotes(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text = 'a,"b ""c""",\r\n"1\n2",,3'
    path.write_bytes(text.encode())
    table = read_csv(path, "a table")
    assert table.rows == (("a", 'b "c"', ""), ("1\n2", "", "3"))
    assert table.changed({}) == text.encode()
    assert table.changed({(1, 1): 'x,"y'}) == b'a,"b ""c""",\r\n"1\n2","x,""y",3'
