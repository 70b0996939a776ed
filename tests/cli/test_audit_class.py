"""audit of a class: folders, zips, unreadable files, copies, the closing line, a cluster."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from gradsheet.audit.batch import audit_all
from gradsheet.audit.report.copy_mark import is_copy
from gradsheet.audit.submissions import submissions
from tests.cli.test_audit import homework
from tests.commands import Run


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """A folder with a right workbook, two wrong ones of one name, a broken one and a zip."""
    folder = tmp_path / "class"
    for name in ("Ann", "Bo", "Cy"):
        (folder / name).mkdir(parents=True)
    homework(folder, "Ann/h.xlsx")
    homework(folder, "Bo/h.xlsx", wrong=True)
    homework(folder, "Cy/h.xlsx", wrong=True)
    (folder / "Cy" / "h.ods").write_bytes(b"PK broken")
    return folder


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder))
        archive.writestr("../../evil.xlsx", (folder / "Ann" / "h.xlsx").read_bytes())
    return path


def test_a_folder_is_audited_and_an_unreadable_file_is_a_row(school: Path, gradsheet: Run) -> None:
    options = ("--report", "page.html", "--summary", "sum", "--annotate")
    run = gradsheet("audit", "class", *options, "--jobs", "1")
    assert run.code == 2
    assert run.stderr.splitlines()[-1].startswith("gradsheet: class/Cy/h.ods: unreadable: its zip")
    closing = run.stdout.splitlines()[-1]
    assert closing == (
        "4 files: 1 right, 2 with mistakes, 1 unreadable. Written: 3 annotated copies, page.html, "
        "sum/mistakes.csv, sum/mistakes.png."
    )
    table = (school.parent / "sum/mistakes.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(table.splitlines()))
    assert [row[0] for row in rows[1:]] == ["Ann/h.xlsx", "Bo/h.xlsx", "h.ods", "Cy/h.xlsx"]
    assert rows[3][1].startswith("unreadable: its zip archive is broken")
    page = (school.parent / "page.html").read_text(encoding="utf-8")
    assert "! unreadable: its zip archive is broken" in page
    copies = [school / name / "h-audited.xlsx" for name in ("Ann", "Bo", "Cy")]
    assert all(map(is_copy, copies))


def test_own_copies_are_passed_over_and_replaced(school: Path, gradsheet: Run) -> None:
    (school / "Cy" / "h.ods").unlink()
    gradsheet("audit", "class", "--annotate", "--jobs", "1")
    run = gradsheet("audit", "class", "--annotate", "--jobs", "1")
    assert run.code == 1
    assert "class/Bo/h-audited.xlsx: not audited: an annotated copy that gradsheet wrote" in (
        " ".join(run.stdout.split())
    )
    assert "2 with mistakes, 3 written by gradsheet and not audited. Written: 3 annotated" in (
        run.stdout
    )
    assert len(list(school.rglob("*.xlsx"))) == 6


def test_the_copies_of_a_zip_go_into_a_zip(school: Path, gradsheet: Run) -> None:
    before = zipped(school).read_bytes()
    run = gradsheet("audit", "class.zip", "--annotate", "--jobs", "1")
    assert run.code == 2
    assert "5 files: 2 right, 2 with mistakes, 1 unreadable. Written: 4 annotated copies in " in (
        run.stdout
    )
    assert (school.parent / "class.zip").read_bytes() == before
    with zipfile.ZipFile(school.parent / "class-audited.zip") as copies:
        names = ["evil-audited.xlsx", *(f"{n}/h-audited.xlsx" for n in ("Ann", "Bo", "Cy"))]
        assert copies.namelist() == names
        copies.extractall(school.parent / "out")
    assert all(is_copy(school.parent / "out" / name) for name in names)
    again = gradsheet("audit", "class.zip", "class-audited.zip", "-q", "--annotate", "--jobs", "1")
    assert "class-audited.zip: not audited: the annotated copies that gradsheet wrote" in (
        " ".join(again.stdout.split())
    )
    (school.parent / "class-audited.zip").write_bytes(before)
    run = gradsheet("audit", "class.zip", "--annotate")
    assert (run.code, run.stdout) == (2, "")
    assert "class-audited.zip is there and holds no annotated copies" in run.stderr


def test_quiet_prints_a_line_a_file(school: Path, gradsheet: Run) -> None:
    (school / "Cy" / "h.ods").unlink()
    (school / "Bo").rename(school / ("Bo" * 50))
    run = gradsheet("audit", "class", "--quiet", "--jobs", "1", "--report", "page.html")
    assert [line.split(":")[0] for line in run.stdout.splitlines()] == [
        f"class/{name}/h.xlsx" for name in ("Ann", "Bo" * 50, "Cy")
    ]


def test_json_holds_every_file(school: Path, gradsheet: Run) -> None:
    run = gradsheet("audit", "class", "--json", "--jobs", "1")
    files = json.loads(run.stdout)["files"]
    assert [file["outcome"] for file in files] == ["right", "wrong", "unreadable", "wrong"]


def test_what_cannot_be_annotated_is_said(school: Path, gradsheet: Run) -> None:
    (school / "Cy" / "h.xlsx").rename(school / "Cy" / "h.xlsm")
    (school / "Cy" / "h.ods").unlink()
    run = gradsheet("audit", "class", "--annotate", "--jobs", "1")
    assert run.code == 2
    assert run.stderr.startswith("gradsheet: no annotated copy of class/Cy/h.xlsm: only .xlsx can")
    assert {path.name for path in school.rglob("*-audited*")} == {"h-audited.xlsx"}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_dask_cluster_audits_the_same_in_the_same_order(school: Path) -> None:
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
    )
    with submissions([school]) as found:
        here = list(audit_all(found, annotated=True, jobs=1))
        with cluster:
            there = list(audit_all(found, annotated=True, scheduler=cluster.scheduler_address))
    assert [one.result for one in here] == [one.result for one in there]
    assert [one.copy for one in here] == [one.copy for one in there]


@pytest.mark.slow
def test_an_interrupt_leaves_whole_files(school: Path) -> None:
    for number in range(60):
        homework(school, f"Ann/{number}.xlsx", wrong=True)
    command = [sys.executable, "-m", "gradsheet", "audit", "class", "--annotate", "--jobs", "2"]
    process = subprocess.Popen(
        [*command, "--report", "page.html"], cwd=school.parent, start_new_session=True,
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while len(list(school.rglob("*-audited.xlsx"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    copies = list(school.rglob("*-audited.xlsx"))
    assert 3 <= len(copies) < 63
    assert all(map(is_copy, copies))
    assert not [path for path in school.parent.rglob("*") if path.name.startswith(".")]
    assert not (school.parent / "page.html").exists()
