"""Many audits in short: names, counts, CSV, JSON, and what the terminal and the picture show."""

import csv
import dataclasses
import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from gradsheet.audit import rules
from gradsheet.audit.details import Effect, Formula, Unreadable, WrongFormula
from gradsheet.audit.findings import Audit, Finding
from gradsheet.audit.report.json_form import to_json
from gradsheet.audit.report.summary import class_csv, mistake_counts, mistake_kinds, tally, verdict
from gradsheet.audit.report.text import file_names, inert
from gradsheet.audit.unaudited import Unaudited
from gradsheet.cli.render_audit import audit_table
from gradsheet.errors import legible
from gradsheet.spreadsheet.addresses import CellIndex
from tests.audit.samples import (
    MESSAGE,
    RIGHT,
    SLOPE,
    SWAPPED,
    WRITTEN,
    audit,
    column,
    mistake,
    remark,
    strange,
    table,
)

CLASS = [
    audit("right.xlsx"),
    audit("two.xlsx", mistake("Z29"), mistake()),
    audit("one.xlsx", mistake(rule=rules.SWAPPED), remark("Sheet1", "C1", "odd")),
    Audit(Path("none.xlsx"), (), ()),
]

UNREAD = Unaudited(Path("odd.xlsx"), "unreadable", "the file is empty")
RESULTS: list[Audit | Unaudited] = [*CLASS, UNREAD]


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_csv_has_a_row_a_file_and_a_column_a_kind() -> None:
    assert rows_of(class_csv(RESULTS)) == [
        ["file", "outcome", "tables", "mistakes", SLOPE, SWAPPED],
        ["right.xlsx", "all right: 3 columns checked", "1", "0", "0", "0"],
        ["two.xlsx", "2 mistakes; 1 of 3 checked columns right", "1", "2", "2", "0"],
        ["one.xlsx", "1 mistake; 2 of 3 checked columns right", "1", "1", "0", "1"],
        ["none.xlsx", "no training table found", "0", "0", "0", "0"],
        ["odd.xlsx", "unreadable: the file is empty", "", "", "", ""],
    ]


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_no_text_of_the_csv_is_a_formula(start: str) -> None:
    rows = rows_of(class_csv([audit(f"{start}.xlsx", mistake())]))
    assert rows[1][0].startswith("'")
    assert len(rows[1]) == len(rows[0]) == 5
    assert inert(start) == f"'{start}"


def test_a_name_with_quotes_commas_and_lines_stays_one_field() -> None:
    rows = rows_of(class_csv([audit('a "b", c\nd\r.xlsx')]))
    assert rows[1][0] == 'a "b", c d .xlsx'


def test_the_json_holds_everything() -> None:
    read = json.loads(to_json(RESULTS))
    assert list(read) == ["version", "files"]
    assert read["version"] == 2
    assert [file["all_right"] for file in read["files"]] == [True, *[False] * 4]
    outcomes = ["right", "wrong", "wrong", "partly read", "unreadable"]
    assert [file["outcome"] for file in read["files"]] == outcomes
    assert read["files"][4]["text"] == "unreadable: the file is empty"
    for file, found in zip(read["files"], RESULTS, strict=True):
        assert list(file) == ["path", "outcome", "text", "all_right", "tables", "findings"]
        assert file["path"] == str(found.path)
    told, _ = read["files"][2]["tables"][0]["findings"]
    assert (told["codes"], told["cell"], told["cells"]) == (["GS604"], "AA29", 62)
    assert told["pages"] == ["docs/audit-rules/GS604.md"]
    assert (told["text"], told["written"], told["right"]) == (MESSAGE, WRITTEN, RIGHT)
    assert told["details"]["causes"][0]["rule"] == "GS604"
    assert told["details"]["effect"]["loss_change"] == 4e-9
    [table] = read["files"][1]["tables"]
    assert (table["area"], table["rate_cell"], table["network"]["inputs"]) == ("A28:AE90", "F27", 2)
    assert [column["column"] for column in table["columns"]] == ["A", "B", "Z", "AA", "AB"]
    assert table["columns"][2]["first_wrong"] == "Z29"


def test_the_json_is_readable_and_the_same_each_time() -> None:
    assert "E∂w4" in to_json(CLASS)
    assert to_json(CLASS) == to_json(CLASS)


def test_the_json_is_sound_whatever_a_file_holds() -> None:
    odd = dataclasses.replace(table(), rate=float("nan"), sheet="\ud800\x00\u2028")
    text = to_json([Audit(Path("\udcff.xlsx"), (odd,), ()), strange("\ud800\x00\u2028")])
    read = json.loads(text.encode().decode(), parse_constant=pytest.fail)
    assert read["files"][0]["tables"][0]["rate"] is None
    assert read["files"][0]["path"] == "\ufffd.xlsx"


def test_files_of_the_same_name_are_told_apart() -> None:
    paths = ["/class/ann/1/book.xlsx", "/class/bob/1/book.xlsx", "/class/ann/other.xlsx"]
    names = ["ann/1/book.xlsx", "bob/1/book.xlsx", "other.xlsx"]
    assert file_names([audit(path) for path in paths]) == names
    assert file_names([audit("x.xlsx"), audit("x.xlsx")]) == ["x.xlsx", "x.xlsx"]


def test_only_what_was_checked_is_all_right() -> None:
    unchecked = dataclasses.replace(table(), columns=(column("A", "x", "not checked"),))
    assert not Audit(Path("a.xlsx"), (unchecked,), ()).all_right
    assert not Audit(Path("a.xlsx"), (), ()).all_right
    assert not audit("a.xlsx", rest=[mistake()]).all_right
    assert audit("a.xlsx", rest=[remark("Sheet2", "", "pasted values")]).all_right


def test_the_outcome_in_a_line() -> None:
    assert [verdict(found) for found in CLASS] == [
        "all right: 3 columns checked",
        "2 mistakes; 1 of 3 checked columns right",
        "1 mistake; 2 of 3 checked columns right",
        "no training table found",
    ]


def test_the_closing_line_counts_outcomes() -> None:
    exercise = Unaudited(Path("e.xlsx"), "exercise", "an exercise")
    table = Unaudited(Path("n.xlsx"), "no table", "no training table found")
    assert tally([*RESULTS, exercise, table]) == (
        "7 files: 1 right, 2 with mistakes, 1 not read in full, 1 without a training table, "
        "1 unreadable, 1 written by gradsheet and not audited"
    )
    assert tally(CLASS[:1]) == "1 file: 1 right"


def test_an_unread_column_is_never_counted_as_right() -> None:
    told = table()
    columns = (*told.columns, column("AC", "E∂w5", "not read"))
    found = Audit(Path("a.xlsx"), (dataclasses.replace(told, columns=columns),), (unread("MAGIC"),))
    assert verdict(found) == "3 columns right, 1 not read (MAGIC)"
    assert not found.all_right
    found = dataclasses.replace(found, findings=(unread("a\x1bb"), mistake(), unread("B")))
    assert verdict(found) == "1 mistake; 3 of 3 checked columns right, 1 not read (a b; B)"


def unread(reason: str) -> Finding:
    cause = Unreadable(rules.NOT_UNDERSTOOD, reason)
    details = WrongFormula(
        Formula(("=A1",)), Formula(("A1",)), (cause,), Effect("value", 0.0, 0.0, False, 1)
    )
    return Finding((rules.NOT_UNDERSTOOD,), details, "Sheet1", CellIndex(29, 29))


def test_kinds_come_by_frequency_and_remarks_are_none() -> None:
    assert mistake_kinds(CLASS) == [(rules.WRONG_LOCAL_DERIVATIVE,), (rules.SWAPPED,)]
    assert mistake_counts(CLASS, mistake_kinds(CLASS)).tolist() == [[0, 0], [2, 0], [0, 1], [0, 0]]
    assert mistake_counts([], []).shape == (0, 0)


def test_legible_text_has_no_controls() -> None:
    assert legible("a\x1b[2J\x00b\u202ec\u2066\n\td\ud83d\x9b") == "a [2J bc d\ufffd "
    assert legible("∂E/∂w1 × ½ – α") == "∂E/∂w1 × ½ – α"


# --- The terminal ----------------------------------------------------------------------------


def shown(found: Audit, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as text:
        console.print(audit_table(found))
    return text.get()


def test_the_terminal_tells_every_mistake_in_eighty_columns() -> None:
    text = shown(audit("book.xlsx", mistake("Z29"), mistake(), rest=[remark("Sheet2", "", "odd")]))
    assert all(len(line) <= 80 for line in text.splitlines())
    words = " ".join(text.split())
    for told in (MESSAGE, WRITTEN, RIGHT, "Sheet1!Z29", "Sheet1!AA29", "61 updates", "odd"):
        assert told in words
    assert "Z E∂w3, ∂E/∂w3 wrong, first in Z29" in words


def test_runs_of_right_columns_take_one_line() -> None:
    lines = [" ".join(line.split()) for line in shown(audit("book.xlsx")).splitlines()]
    assert "B–AA w1 … E∂w4 right" in lines
    assert "AB note not checked" in lines


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "[/]", "[link=a]b", ":smile:", "a\\[b"])
def test_markup_in_a_file_is_text(text: str) -> None:
    assert shown(strange(text), width=300).count(text) >= 40


def test_no_escape_sequence_reaches_the_terminal() -> None:
    read = shown(strange("\x1b]0;owned\x07\x9b2J\u202e"))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", read)


# --- The picture -----------------------------------------------------------------------------
