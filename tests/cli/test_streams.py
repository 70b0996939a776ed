"""What a command prints where standard output is closed, full, a pipe or ASCII."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradsheet.cli import app
from gradsheet.errors import GradsheetError
from gradsheet.networks.toml import load_network
from gradsheet.workbook.build import write_workbook
from tests.commands import Run

GRADSHEET = f"{sys.executable} -m gradsheet"


def ended(command: str, folder: Path, **environment: str) -> tuple[int, str, str]:
    run = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100", **environment},
        capture_output=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        timeout=120,
        check=False,
    )
    return run.returncode, run.stdout, run.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("streams")
    write_workbook(load_network("and"), made / "and.xlsx", learning_rates=(0.5,), updates=3)
    return made


@pytest.mark.parametrize("command", ["audit --json and.xlsx", "verify and.xlsx", "--help"])
def test_closed_streams_lead_nowhere(command: str, folder: Path) -> None:
    code, _, errors = ended(f"{GRADSHEET} {command} >&-", folder)
    assert code in (0, 1)
    assert errors == ""
    assert ended(f"{GRADSHEET} {command} <&- >&- 2>&-", folder)[0] == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("command", ["audit --json and.xlsx", "audit and.xlsx", "--version"])
def test_a_full_disk_under_the_output(command: str, folder: Path) -> None:
    code, _, errors = ended(f"{GRADSHEET} {command} >/dev/full", folder)
    assert (code, errors) == (2, "gradsheet: cannot print: No space left on device\n")


@pytest.mark.parametrize(
    "command",
    [
        "workbook -o x.xlsx",
        "workbook --exercise -o x.xlsx",
        "diagram -o x.png",
        "sweep -o x",
        "audit {0}/and.xlsx --annotate --report x.html",
    ],
)
def test_a_full_disk_leaves_nothing(command: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "out").mkdir()
    run = f"ulimit -f 6; {GRADSHEET} {command.format(folder)}"  # no file over 6 kB
    code, _, errors = ended(run, tmp_path / "out", TMPDIR=str(tmp_path / "tmp"))
    assert code == 2
    assert errors.startswith("gradsheet: cannot write ")
    assert errors.count("\n") == 1
    assert "File too large" in errors
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".csv"]
    assert [*folder.iterdir()] == [folder / "and.xlsx"]


def test_an_ascii_terminal(folder: Path) -> None:
    for encoding in ("ascii", "cp437"):
        encoded = {"PYTHONIOENCODING": encoding}
        code, text, errors = ended(f"{GRADSHEET} audit and.xlsx", folder, **encoded)
        assert code in (0, 1), errors
        assert text.isascii() or encoding == "cp437"
        code, text, _ = ended(f"{GRADSHEET} audit --json and.xlsx", folder, **encoded)
        assert json.loads(text) == json.loads(
            ended(f"{GRADSHEET} audit --json and.xlsx", folder)[1]
        )


def test_what_an_encoding_lacks_is_spelled_out(folder: Path) -> None:
    program = "from gradsheet.cli.terminal import *; prepare_streams(); print('∂E/∂w5 → η·x, 漢')"
    spelled = ended(f'{sys.executable} -c "{program}"', folder, PYTHONIOENCODING="ascii")
    assert spelled == (0, "dE/dw5 -> eta*x, ?\n", "")


def test_a_fault_of_ours_is_one_line_too(gradsheet: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(error: Exception) -> None:
        def run(**_: object) -> None:
            raise error

        monkeypatch.setattr(app, "app", run)

    fail(KeyError("odd\nmistake"))
    run = gradsheet("audit", "x")
    assert run.code == 2
    assert run.stderr.startswith(
        "gradsheet: unexpected KeyError ('odd\\nmistake'); this is a fault"
    )
    assert run.stderr.count("\n") == 1
    fail(MemoryError())
    assert "not enough memory" in gradsheet("audit", "x").stderr
    fail(GradsheetError("x" * 1000))
    assert len(gradsheet("audit", "x").stderr) == 301
    monkeypatch.setenv("GRADSHEET_TRACEBACK", "1")
    fail(KeyError("odd"))
    monkeypatch.setattr(sys, "argv", ["gradsheet"])
    with pytest.raises(KeyError):
        app.main()
