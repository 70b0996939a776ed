"""Help, usage errors and how the program ends."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.main import get_command

import gradsheet as package
from gradsheet.cli.app import app
from gradsheet.extras import EXTRA_OF
from tests.commands import Run, Succeeded

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]  # a group


def legible(text: str) -> str:
    """Text without the blanks that fill its lines."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(
    command: str, succeeded: Succeeded, golden: Callable[[str, str], None]
) -> None:
    golden(f"help/{command}.txt", legible(succeeded(command, "--help")))


def test_help(succeeded: Succeeded, gradsheet: Run, golden: Callable[[str, str], None]) -> None:
    text = succeeded("--help")
    golden("help/gradsheet.txt", legible(text))
    assert succeeded("-h") == text
    assert all(re.search(rf"^│ {command} ", text, re.MULTILINE) for command in COMMANDS)
    alone = gradsheet()
    assert (alone.code, alone.stderr) == (0, "")
    assert alone.stdout.rstrip("\n") == text.rstrip("\n")


def test_version(succeeded: Succeeded) -> None:
    assert succeeded("--version") == f"gradsheet {package.__version__}\n"
    assert re.fullmatch(r"\d+\.\d+\.\d+", package.__version__)


def test_completion(monkeypatch: pytest.MonkeyPatch, gradsheet: Run) -> None:
    monkeypatch.setenv("_GRADSHEET_COMPLETE", "complete_bash")
    for typed, offered in (
        ("gradsheet wor", ["workbook"]),
        ("gradsheet workbook c", ["course", "course-half"]),
        ("gradsheet train --recipe be", ["best"]),
        ("gradsheet verify --engine l", ["libreoffice"]),
    ):
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(len(typed.split(" ")) - 1))
        assert gradsheet().stdout.split() == offered


def test_quiet_prints_results_only(succeeded: Succeeded, tmp_path: Path) -> None:
    assert succeeded("workbook", "and", "--updates", 2, "--quiet") == ""
    assert succeeded("diagram", "and", "-q") == ""
    loud = succeeded("sweep", "and", "--updates", 2, "-o", "loud")
    quiet = succeeded("sweep", "and", "--updates", 2, "-o", "quiet", "-q")
    assert loud == f"{quiet}Wrote 8 files to loud.\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "No such command 'nosuch'; see 'gradsheet --help'"),
        (
            ("train", "--nosuch"),
            "No such option: --nosuch (Possible options: --epochs); see 'gradsheet train --help'",
        ),
        (("predict",), "Missing argument '[RUN] IMAGE'; see 'gradsheet predict --help'"),
        (
            ("sweep", "--rates"),
            "Option '--rates' requires an argument.",
        ),
    ],
)
def test_a_usage_error_names_the_help_that_explains_it(
    arguments: tuple[str, ...], line: str, gradsheet: Run
) -> None:
    ended = gradsheet(*(arguments or ("nosuch",)))
    assert (ended.code, ended.stdout, ended.stderr) == (2, "", f"gradsheet: {line}\n")


def needs_extra(name: str) -> bool:
    return name.startswith(("gradsheet.digits", "gradsheet.models"))


@pytest.fixture
def unloaded() -> Iterator[None]:
    """No room of ours that needs an extra is loaded; afterwards they are as they were."""
    attributes = dict(vars(package))
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if needs_extra(name)}
    yield
    for name in filter(needs_extra, list(sys.modules)):
        del sys.modules[name]
    sys.modules.update(before)
    vars(package).update(attributes)


@pytest.mark.usefixtures("unloaded")
@pytest.mark.parametrize(
    ("arguments", "library"),
    [
        (("summary",), "torch"),
        (("train",), "torch"),
        (("lr-find",), "torch"),
        (("study",), "torch"),
        (("study",), "scipy"),
        (("compare", "0.5k", "17k"), "scipy"),
        (("evaluate",), "torch"),
        (("evaluate",), "safetensors"),
        (("predict", "x.png"), "torch"),
        (("predict", "x.png"), "PIL"),
        (("open",), "torch"),
        (("demo",), "torch"),
    ],
)
def test_a_command_without_its_extra_says_what_to_install(
    arguments: tuple[str, ...],
    library: str,
    gradsheet: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    ended = gradsheet(*arguments)
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"gradsheet: {library} is needed for this and not installed; "
        f"run: pip install 'gradsheet[{EXTRA_OF[library]}]'\n"
    )
    assert not list(tmp_path.iterdir())


def test_python_m_gradsheet() -> None:
    command = [sys.executable, "-W", "error", "-m", "gradsheet", "--version"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout == f"gradsheet {package.__version__}\n"
    assert run.stderr == ""


def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m gradsheet sweep --rates 0.01:1:30 --updates 2 | true"
    shell = ["bash", "-o", "pipefail", "-c", command]
    run = subprocess.run(
        shell, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in run.stderr


def test_an_interrupt_is_one_line(gradsheet: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gradsheet.networks.toml.load_network", interrupt)
    run = gradsheet("workbook", "course")
    assert (run.code, run.stdout, run.stderr) == (130, "", "gradsheet: interrupted\n")


@pytest.mark.slow
def test_an_interrupted_training_says_how_to_continue(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gradsheet", "train", "--epochs", "3", "-o", "run"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run/config.json").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.endswith("gradsheet: interrupted; give the same command again to continue\n")
    assert "Traceback" not in errors
    assert not list((tmp_path / "run").glob(".*"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="nothing can be written into /proc")
def test_pictures_need_no_home(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gradsheet", "sweep", "and", "--updates", "2", "-o", "out"]
    nowhere = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), "/proc/none")
    run = subprocess.run(
        [*command, "-q"], cwd=tmp_path, env={**os.environ, **nowhere}, capture_output=True
    )
    assert (run.returncode, run.stderr) == (0, b"")
