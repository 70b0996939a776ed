"""Programs of benchmarks/faults.py: how they are run, how they ended, and what they left."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradsheet.errors import LONGEST_LINE

GRADSHEET = [sys.executable, "-m", "gradsheet"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
_PATIENCE = 1200.0  # seconds until a command that does not end is taken to hang


# --- Programs ---------------------------------------------------------------------------------


class Program:
    """A program that runs in a folder; its output goes to files that are read at its end."""

    def __init__(self, command: list[str], folder: Path, **environment: str) -> None:
        self.out, self.err = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=self.err,
            env={**ENVIRONMENT, **environment},
        )

    def wait(self, seconds: float = _PATIENCE) -> int | None:
        """The exit code; None where it does not end in time, and it is killed then."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def kill(self) -> None:
        """End it as nothing can be ended more suddenly."""
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> None:
        """Send what Ctrl-C sends, to it alone."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)

    @property
    def number(self) -> int:
        """Its process number."""
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    @property
    def stderr(self) -> str:
        """What it wrote on standard error."""
        return _content(self.err)

    @property
    def stdout(self) -> str:
        """What it printed."""
        return _content(self.out)


def _content(stream: Any) -> str:
    stream.seek(0)
    return str(stream.read().decode("utf-8", "replace"))


def gradsheet(arguments: str, folder: Path, **environment: str) -> Program:
    """The command ``gradsheet`` in a folder, with these arguments."""
    return Program([*GRADSHEET, *arguments.split()], folder, **environment)


def shell(script: str, arguments: str, folder: Path, *before: str) -> Program:
    """A script of the shell in which {} is the command ``gradsheet`` with these arguments."""
    command = f"{sys.executable} -m gradsheet {arguments}"
    return Program([*before, "bash", "-c", script.replace("{}", command)], folder)


def ended(program: Program, *codes: int, lines: int = 0) -> list[str]:
    """What is wrong with how a program ended: its exit code, or what it wrote on stderr."""
    code = program.wait()
    found = program.stderr
    written = [line for line in found.splitlines() if line.startswith("gradsheet: ")]
    faults = []
    if code not in codes:
        faults.append(f"exit code {code}, expected {codes}: {found[-300:]}")
    if "Traceback" in found or "Error" in found.replace("gradsheet: ", ""):
        faults.append(f"noise: {found[:300]}")
    if len(written) != lines or len(found.split("\n")) - 1 != lines:
        faults.append(f"{found.count(chr(10))} lines on stderr, expected {lines}: {found[:300]}")
    if any(len(line) > LONGEST_LINE for line in found.splitlines()):
        faults.append(f"a long line: {found[:400]}")
    return faults


# --- What was written -------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    """What decides whether two folders are the same: no times, no versions of machines."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[str(path.relative_to(folder))] = _timeless(path)
    return found


def _timeless(path: Path) -> bytes:
    content = path.read_bytes()
    if path.name == "history.csv":
        rows = [line.split(",") for line in content.decode().splitlines()]
        kept = [n for n, name in enumerate(rows[0]) if "seconds" not in name]
        return "\n".join(",".join(row[n] for n in kept) for row in rows).encode()
    if path.suffix == ".json":
        return json.dumps(_without_seconds(json.loads(content))).encode()
    if path.suffix == ".xlsx":
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            parts = [name.encode() + archive.read(name) for name in archive.namelist()]
            return re.sub(rb"<dcterms:[^>]*>[^<]*", b"", b"".join(parts))
    return content


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_seconds(v) for k, v in value.items() if "seconds" not in k}
    return [_without_seconds(v) for v in value] if isinstance(value, list) else value


def differences(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    """The names of files that are missing, too many or not the same."""
    names = sorted({*found, *expected})
    return [f"{name} is not the same" for name in names if found.get(name) != expected.get(name)]


def half_written(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    """The names of files that are there and not whole; what a kill leaves has hidden names."""
    return [
        f"{name} is half written"
        for name, content in found.items()
        if not Path(name).name.startswith(".") and content != expected.get(name)
    ]
