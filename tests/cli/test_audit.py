"""audit: exit codes, and what it writes and prints."""

import csv
import json
from pathlib import Path
from random import Random

import openpyxl
import pytest
import xlsxwriter
from PIL import Image

from gradsheet.audit.rules import RULES
from tests.audit.handmade import changed, handmade, make
from tests.commands import Run, Succeeded


def homework(folder: Path, name: str, wrong: bool = False) -> Path:
    """A handmade table as an .xlsx file, with a mistake in dE/dw1 or without."""
    table = handmade(Random(7), (2, 2, 2))
    if wrong:
        table = changed(table, "dE/dw1", f"-({table.formulas['dE/dw1']})")
    path = folder / name
    with xlsxwriter.Workbook(path) as book:
        for sheet in make(table, Random(7)).book.sheets.values():
            page = book.add_worksheet(sheet.name)
            for (row, column), cell in sheet.cells.items():
                if cell.formula is not None:
                    page.write_formula(row - 1, column - 1, f"={cell.formula}", value="")
                else:
                    page.write(row - 1, column - 1, cell.value)
    return path


def test_audit_tells_right_from_wrong(succeeded: Succeeded, gradsheet: Run, tmp_path: Path) -> None:
    homework(tmp_path, "right.xlsx")
    homework(tmp_path, "wrong.xlsx", wrong=True)
    assert "all right" in succeeded("audit", "right.xlsx")
    run = gradsheet("audit", "wrong.xlsx", "right.xlsx")
    assert run.code == 1
    assert "has the wrong sign" in run.stdout
    assert run.stderr == ""


def test_audit_reads_on_after_a_file_it_cannot_read(gradsheet: Run, tmp_path: Path) -> None:
    homework(tmp_path, "wrong.xlsx", wrong=True)
    (tmp_path / "broken.xlsx").write_text("no workbook")
    run = gradsheet("audit", "broken.xlsx", "wrong.xlsx", "missing.xlsx")
    assert run.code == 2
    assert "has the wrong sign" in run.stdout
    assert len(run.stderr.splitlines()) == 2
    assert "Traceback" not in run.stderr


def test_audit_writes_no_page_over_a_workbook(gradsheet: Run, tmp_path: Path) -> None:
    before = homework(tmp_path, "wrong.xlsx", wrong=True).read_bytes()
    run = gradsheet("audit", "wrong.xlsx", "--report", "./wrong.xlsx")
    assert run.code == 2
    assert run.stderr == (
        "gradsheet: --report wrong.xlsx is one of the workbooks to audit; name a new .html file\n"
    )
    assert (tmp_path / "wrong.xlsx").read_bytes() == before


def test_audit_writes_no_copy_over_a_workbook(gradsheet: Run, tmp_path: Path) -> None:
    homework(tmp_path, "wrong.xlsx", wrong=True)
    before = homework(tmp_path, "wrong-audited.xlsx").read_bytes()
    run = gradsheet("audit", "wrong.xlsx", "wrong-audited.xlsx", "--annotate")
    assert (run.code, run.stdout) == (2, "")
    assert run.stderr == (
        "gradsheet: --annotate would write the copy of wrong.xlsx over wrong-audited.xlsx, one of "
        "the workbooks to audit; rename that\n"
    )
    assert (tmp_path / "wrong-audited.xlsx").read_bytes() == before


def test_audit_writes_a_page_a_copy_json_and_a_summary(gradsheet: Run, tmp_path: Path) -> None:
    names = [f"class-{number}.xlsx" for number in range(6)]
    for number, name in enumerate(names):
        homework(tmp_path, name, wrong=number % 2 == 1)
    options = ("--json", "--report", "page.html", "--annotate", "--summary", "mistakes")
    run = gradsheet("audit", *names, *options, "--jobs", "2")
    assert run.code == 1, run.stderr
    told = json.loads(run.stdout)
    assert [file["all_right"] for file in told["files"]] == [True, False] * 3
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert all(name in page for name in names)
    mistakes = (tmp_path / "mistakes" / "mistakes.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(mistakes.splitlines()))
    assert len(rows) == 7
    assert "GS301 wrong sign" in rows[0]
    with Image.open(tmp_path / "mistakes" / "mistakes.png") as picture:
        assert picture.width > 100
    marked = openpyxl.load_workbook(tmp_path / "class-1-audited.xlsx")["Work"]
    assert sum(cell.comment is not None for row in marked.iter_rows() for cell in row) == 1
    assert not list(tmp_path.glob(".*"))


def test_audit_explains_a_rule(succeeded: Succeeded, gradsheet: Run) -> None:
    assert succeeded("audit", "--explain", "gs601").startswith("GS601: local derivative of the ")
    run = gradsheet("audit", "--explain", "GS999")
    assert (run.code, run.stdout) == (2, "")
    assert f"no audit rule 'GS999'; expected a code from GS101 to {max(RULES)}, " in run.stderr


def test_a_copy_never_replaces_an_input(gradsheet: Run, tmp_path: Path) -> None:
    files = [homework(tmp_path, "n1.xlsx"), homework(tmp_path, "n1-audited.xlsx")]
    before = [file.read_bytes() for file in files]
    run = gradsheet("audit", *files, "--annotate")
    assert (run.code, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert "would write the copy of" in run.stderr
    assert [file.read_bytes() for file in files] == before
    files[1].write_text("precious")
    run = gradsheet("audit", "n1.xlsx", "--annotate")
    assert (run.code, run.stdout) == (2, "")
    assert "n1-audited.xlsx is there and no annotated copy" in run.stderr
    assert files[1].read_text() == "precious"


def test_links_that_lead_in_a_circle(gradsheet: Run, tmp_path: Path) -> None:
    homework(tmp_path, "a.xlsx")
    (tmp_path / "one.html").symlink_to("two")
    (tmp_path / "two").symlink_to("one.html")
    assert gradsheet("audit", "a.xlsx", "--report", "one.html").code in (0, 1)
    assert (tmp_path / "one.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert gradsheet("audit", "two/a.xlsx").code == 2


def test_a_rule_is_not_explained_beside_an_audit(gradsheet: Run) -> None:
    run = gradsheet("audit", "--explain", "GS601", "a.xlsx")
    assert (run.code, run.stdout) == (2, "")
    assert "--explain GS601 audits nothing; give it without a.xlsx" in run.stderr
    assert "nothing to audit; name workbooks, folders or zips" in gradsheet("audit").stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--report", "rep.txt"), "the output name must end in .html (got rep.txt)"),
        (("--report", "folder.html"), "cannot write folder.html: it is a folder"),
        (("--report", "a.xlsx/r.html"), "cannot write a.xlsx/r.html: "),
        (("--summary", "a.xlsx"), "cannot write a.xlsx: it is a file; expected a folder"),
        (("--summary", "a.xlsx/deep"), "cannot write a.xlsx/deep: "),
    ],
    ids=" ".join,
)
def test_what_cannot_be_written_is_refused_before_the_audit(
    options: tuple[str, ...],
    said: str,
    gradsheet: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    homework(tmp_path, "a.xlsx")
    (tmp_path / "folder.html").mkdir()
    monkeypatch.setattr("gradsheet.audit.batch.audit_all", None)  # an audit would fail
    run = gradsheet("audit", "a.xlsx", *options)
    assert (run.code, run.stdout) == (2, "")
    assert said in run.stderr


def test_one_copy_is_one(succeeded: Succeeded, gradsheet: Run, tmp_path: Path) -> None:
    homework(tmp_path, "a.xlsx")
    assert "Written: 1 annotated copy." in gradsheet("audit", "a.xlsx", "--annotate").stdout
