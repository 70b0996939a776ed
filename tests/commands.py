"""The command line, run inside the test's own process."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gradsheet.cli.app import main


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    stdout: str
    stderr: str


Run = Callable[..., Ended]


@pytest.fixture
def gradsheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run ``gradsheet`` with arguments, in the test's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["gradsheet", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def succeeded(gradsheet: Run) -> Callable[..., str]:
    """Run ``gradsheet`` with arguments that must do; its standard output."""

    def run(*arguments: object) -> str:
        ended = gradsheet(*arguments)
        assert ended.code == 0, ended.stderr
        return ended.stdout

    return run


Succeeded = Callable[..., str]
