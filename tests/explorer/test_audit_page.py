"""audit.html: the audit in a page, word for word that of the command line."""

import ast
import base64
import gzip
import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from rich.console import Console

from gradsheet.audit.batch import audit_all
from gradsheet.audit.report.plain import FileLines, file_lines
from gradsheet.audit.report.summary import tally
from gradsheet.audit.submissions import submissions
from gradsheet.cli.render_audit import audit_table
from gradsheet.explorer import in_page
from gradsheet.explorer.build import sources, write_pages
from gradsheet.explorer.python_runtime import PARTS, part
from tests.cli.test_audit import homework
from tests.explorer.nodes import SOURCES, needs_chromium, needs_node, walked

CASES = Path(__file__).parents[1] / "data" / "audit"
NAMES = (
    *("plain-right", "h2-computes-its-neighbour", "one-cell-a-quantity-wrong"),
    *("pasted-losses-lr", "block-of-examples-per-epoch-right"),
)
RUNTIME = Path(in_page.__file__).parent / "runtime"


@pytest.fixture(scope="module")
def given(folder: Path) -> list[Path]:
    """Two workbooks as they are, one as .ods, and a zip of the others."""
    first, second, third, *others = (CASES / f"{name}.xlsx" for name in NAMES)
    packed = folder / "homework.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in others:
            archive.write(path, path.name)
    return [first, second, third.with_suffix(".ods"), packed]


def library() -> zipfile.ZipFile:
    packed = (RUNTIME / "python_stdlib.zip.gz").read_bytes()
    return zipfile.ZipFile(io.BytesIO(gzip.decompress(packed)))


# --- Its parts -------------------------------------------------------------------------------


def test_everything_that_the_audit_imports_is_in_the_page() -> None:
    """Of the standard library and of this package, also what is imported when it is needed."""
    with library() as kept, zipfile.ZipFile(io.BytesIO(sources())) as own:
        there = {name.split("/")[0].removesuffix(".py") for name in kept.namelist()}
        modules = {name.removesuffix(".py").removesuffix("/__init__") for name in own.namelist()}
        for name in own.namelist():
            for node in ast.walk(ast.parse(own.read(name))):
                if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                    wanted = [node.module]
                elif isinstance(node, ast.Import):
                    wanted = [alias.name for alias in node.names]
                else:
                    continue
                for module in wanted:
                    top = module.split(".")[0]
                    if top == "gradsheet":
                        found = module.replace(".", "/") in modules or module == PROCESSES
                        assert found or not name.startswith("gradsheet/audit"), (name, module)
                    elif top in sys.stdlib_module_names and top not in sys.builtin_module_names:
                        assert top in there or top in BUILT_IN, (name, module)


PROCESSES = "gradsheet.processes"
"""Of many files at a time; the page audits one after the other."""

BUILT_IN = {"math", "zlib", "unicodedata", "pyexpat", "fcntl", "array", "binascii"}
"""What Pyodide has compiled in and CPython here has not."""


@needs_node
def test_the_runtime_is_that_of_npm() -> None:
    """Compared unpacked: what packs it differs from machine to machine."""
    package = SOURCES / "node_modules" / "pyodide"
    for name in PARTS:
        kept = gzip.decompress((RUNTIME / f"{name}.gz").read_bytes())
        assert kept == part(package, name), f"{name} is not npm's: run `make explorer`"


def test_the_page_holds_the_packages_own_sources(tmp_path: Path) -> None:
    [path] = (path for path in write_pages(tmp_path) if path.name == "audit.html")
    text = path.read_text("utf-8")
    assert "connect-src" not in text  # of what default-src forbids, all connections stay forbidden
    packed = re.search(r'data-part="gradsheet.zip">([^<]*)<', text)
    assert packed is not None
    assert gzip.decompress(base64.b64decode(packed[1])) == sources()


# --- In this process -------------------------------------------------------------------------


def test_the_room_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the Worker calls: findings, the copy, the report; errors are sentences."""
    monkeypatch.chdir(tmp_path)
    homework(tmp_path, "wrong.xlsx", wrong=True)
    told = json.loads(in_page.audit(str(tmp_path), "wrong.xlsx"))
    assert told["error"] == ""
    assert told["files"][0]["outcome"] == "wrong"
    made = json.loads(in_page.annotated(str(tmp_path), "wrong.xlsx"))
    assert made == {"written": ["wrong-audited.xlsx"], "why": []}
    heading = told["files"][0]["tables"][0]["findings"][0]["heading"]
    assert heading.split(": ")[-1].split(" ")[0] in in_page.report([told["results"]])
    (tmp_path / "notes.txt").write_text("no workbook")
    for name in ("notes.txt", "missing.zip"):
        [one] = json.loads(in_page.audit(str(tmp_path), name))["files"]
        assert one["outcome"] == "unreadable"
    assert json.loads(in_page.annotated(str(tmp_path), "notes.txt"))["written"] == []


# --- In a browser ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit-page")


@pytest.fixture(scope="module")
def seen(folder: Path, given: list[Path]) -> dict[str, Any]:
    [page] = (path for path in write_pages(folder / "pages") if path.name == "audit.html")
    count = str(len(NAMES))
    return walked("audit.mjs", page.as_uri(), str(folder), count, *map(str, given))


@needs_node
@needs_chromium
@pytest.mark.slow
class TestAuditPage:
    """audit.html, walked through once."""

    def test_nothing_goes_wrong_unseen(self, seen: dict[str, Any]) -> None:
        """No console error, no exception, no request to anywhere."""
        assert seen["faults"] == []
        assert seen["axe"] == []
        assert seen["phoneWidth"] == 390

    def test_its_findings_are_those_of_the_command_line(
        self, seen: dict[str, Any], given: list[Path]
    ) -> None:
        """Of .xlsx, of .ods, and of workbooks in a zip."""
        with submissions(given) as found:
            results = [done.result for done in audit_all(found, jobs=1)]
        assert len(seen["workbooks"]) == len(results) == len(NAMES)
        for told, result in zip(seen["workbooks"], results, strict=True):
            lines = file_lines(result)
            assert str(lines.name).endswith(told["name"])  # in a zip its name stands before
            assert told["verdict"] == lines.verdict
            assert told["recognized"] == [table.recognized for table in lines.tables]
            printed = Console(width=10_000, record=True, file=io.StringIO())
            printed.print(audit_table(result))
            terminal = printed.export_text()
            for shown, found_there in zip(told["findings"], findings(lines), strict=True):
                assert [shown["heading"], *shown["others"]] == found_there
                assert all(text in terminal for text in found_there)
        right, wrong = (
            sum(f.outcome == one for f in map(file_lines, results)) for one in ("right", "wrong")
        )
        assert seen["tally"] == f"{len(results)} files: {right} right, {wrong} with mistakes."
        assert tally(results).startswith(f"{len(results)} files: {right} right")

    def test_report_and_copy_are_saved(self, seen: dict[str, Any], folder: Path) -> None:
        assert seen["saved"] == ["audit.html", "plain-right-audited.xlsx"]
        report = (folder / "audit.html").read_text("utf-8")
        assert all(f"{name}." in report for name in NAMES)
        assert openpyxl.load_workbook(folder / "plain-right-audited.xlsx").sheetnames

    def test_what_cannot_be_audited_is_a_sentence(self, seen: dict[str, Any]) -> None:
        large, *others = seen["refused"]
        assert "100 MB" in large
        assert len(others) == 4
        assert all(20 < len(text) < 300 for text in others)
        assert seen["injected"] == 0


def findings(lines: FileLines) -> list[list[str]]:
    """Every text of every finding, in the order of the page."""
    every = [*(f for table in lines.tables for f in table.findings), *lines.rest]
    return [
        [
            f.heading,
            f.message,
            *(text for pair in f.formulas for text in pair),
            *([f.cells] if f.cells else []),
        ]
        for f in every
    ]
