"""A case: one damaged input and the command that is given it; how it ended, and what is wrong."""

import json
import os
import signal
import subprocess
import sys
import time
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryFile
from typing import IO

from gradsheet.errors import LONGEST_LINE
from tests.hostile.subjects import KINDS, Subject, write_files

MOST_SECONDS, MOST_BYTES = 10.0, 1_000_000_000
_PATIENCE = 1200  # seconds until a command that does not compute is taken for one that waits
_DAMAGES = (1, 1, 2, 3)  # of an input
MARKS_KEPT = ".kept"  # the folder in which `mark` keeps marks for the next time


@dataclass(frozen=True)
class Case:
    """The case of a number, the same at any time.

    Attributes:
        number: of the case; of 100 in turn each kind has its share.
        only: which of its damages are done; all if None.
    """

    number: int
    only: int | None = None

    @property
    def kind(self) -> str:
        """The kind of its input."""
        names = [name for name, kind in KINDS.items() for _ in range(kind.share)]
        Random(0).shuffle(names)
        return names[self.number % len(names)]

    def write(self, folder: Path) -> list[str]:
        """Write the input into a folder; return the command to run in it, after ``gradsheet``."""
        subject, command, damages = self._drawn()
        content = subject.files[subject.damaged]
        for step in range(damages):
            if self.only in (None, step):
                content = subject.damage(content, Random(f"{self.number} {step}"))
        write_files(folder, {**subject.files, subject.damaged: content})
        return command.split()

    def smaller(self) -> Iterator["Case"]:
        """The same with one of its damages."""
        _, _, damages = self._drawn()
        if self.only is None and damages > 1:
            yield from (Case(self.number, step) for step in range(damages))

    @property
    def is_apart(self) -> bool:
        """Whether it is run as a program of its own: 50 of the first 1,000, of all kinds, then
        one in 200.
        """
        one_in = 20 if self.number < 1000 else 200
        return self.number % one_in == self.number // 100 % 20

    @property
    def damaged(self) -> str:
        """The path of the damaged file."""
        return self._drawn()[0].damaged

    def _drawn(self) -> tuple[Subject, str, int]:
        draw = Random(f"{self.kind} {self.number}")
        subject = draw.choice(KINDS[self.kind].subjects())
        return subject, draw.choice(subject.commands), draw.choice(_DAMAGES)


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code; negative for a signal.
        stdout: what it printed.
        stderr: the same on standard error.
        seconds: of the processor.
        peak: the most memory it held, in bytes.
    """

    code: int
    stdout: str
    stderr: str
    seconds: float
    peak: int


def faults(ended: Ended, folder: Path, pace: float = 1.0) -> list[str]:
    """What no command may do, whatever it is given; ``pace`` multiplies the time it may take."""
    found = []
    lines = [line for line in ended.stderr.split("\n") if line]
    said = [line for line in lines if not line.startswith("gradsheet: note: ")]
    if ended.code not in (0, 1, 2):
        found.append(f"exit code {ended.code}")
    if "Traceback" in ended.stderr:
        found.append("traceback")
    if "fault of gradsheet" in ended.stderr or "not enough memory" in ended.stderr:
        found.append("unforeseen")
    if len(said) != int(ended.code == 2) or not all(s.startswith("gradsheet: ") for s in said):
        found.append(f"{len(said)} lines on stderr with exit code {ended.code}")
    if any(len(line) > LONGEST_LINE for line in lines):
        found.append("a long line on stderr")
    if any(map(_is_control, ended.stdout + ended.stderr)):
        found.append("control characters")
    if ended.seconds > pace * MOST_SECONDS:
        found.append(f"over {pace * MOST_SECONDS:.0f} s")
    if ended.peak > MOST_BYTES:
        found.append("over 1 GB")
    return found + _half_written(folder, ended.code)


def _is_control(character: str) -> bool:
    return character != "\n" and unicodedata.category(character) in ("Cc", "Cs", "Cf", "Zl", "Zp")


def _half_written(folder: Path, code: int) -> list[str]:
    """What is left of files that were not written to their end."""
    found = [f"{path.name} is left" for path in folder.rglob(".*") if path.name != MARKS_KEPT]
    for path in folder.rglob("*"):
        if path.name in ("out.xlsx", "b-audited.xlsx"):
            with suppress(zipfile.BadZipFile):
                if zipfile.ZipFile(path).testzip() is None:
                    continue
            found.append(f"{path.name} is half written")
        if path.name == "out.xlsx" and code == 2:
            found.append("a file in spite of exit code 2")
    return found


# --- As a program of its own, and in this process ---------------------------------------------


def run(case: Case, folder: Path) -> tuple[list[str], Ended]:
    """Run a case in an empty folder: the command, and how it ended."""
    command = case.write(folder)
    return command, (run_apart if case.is_apart else run_here)(command, folder)


# A child counts the memory of the process that it was forked from, up to its exec: a small one
# between this process and the command keeps the tests before it out of the account.
_ACCOUNTANT = """
import json, os, subprocess, sys, time
process, deadline = subprocess.Popen(sys.argv[3:]), time.monotonic() + float(sys.argv[1])
while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
    if time.monotonic() > deadline:
        process.kill()
    time.sleep(0.02)
used = ended[2]
account = os.waitstatus_to_exitcode(ended[1]), used.ru_utime + used.ru_stime, used.ru_maxrss
os.write(int(sys.argv[2]), json.dumps(account).encode())
"""


def run_apart(command: list[str], folder: Path) -> Ended:
    """Run ``gradsheet`` with these arguments in a folder, as a program of its own."""
    program = [sys.executable, "-m", "gradsheet", *command]
    accountant = [sys.executable, "-I", "-S", "-c", _ACCOUNTANT, str(_PATIENCE)]
    with TemporaryFile() as out, TemporaryFile() as err, TemporaryFile() as account:
        descriptor = account.fileno()
        subprocess.run(
            [*accountant, str(descriptor), *program],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            pass_fds=[descriptor],
            check=True,
        )
        code, seconds, kilobytes = json.loads(_text(account))
        return Ended(code, _text(out), _text(err), seconds, 1024 * kilobytes)


def run_here(command: list[str], folder: Path) -> Ended:
    """Run it in this process, which ends with SIGPROF where the command computes for ever."""
    from gradsheet.cli.app import main

    start = time.process_time()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here on
    held = _resident("VmRSS")  # by whatever ran in this process before
    signal.setitimer(signal.ITIMER_PROF, 3 * MOST_SECONDS)
    arguments, sys.argv = sys.argv, ["gradsheet", *command]
    try:
        with _captured() as printed, _inside(folder), warnings.catch_warnings():
            warnings.resetwarnings()
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
            except BaseException as error:
                code = 99
                print(f"Traceback: {type(error).__name__}: {error}", file=sys.stderr)
            texts = printed()
    finally:
        sys.argv = arguments
        signal.setitimer(signal.ITIMER_PROF, 0)
    return Ended(code, *texts, time.process_time() - start, max(0, _resident("VmHWM") - held))


def _resident(which: str) -> int:
    """Bytes of memory that this process holds, VmRSS, or held at most, VmHWM."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split(f"{which}:")[1].split()[0])


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _captured() -> Iterator[Callable[[], tuple[str, str]]]:
    """The standard streams in two files, whoever writes to them; yields how to read these."""
    before, kept = (sys.stdout, sys.stderr), [os.dup(1), os.dup(2)]
    with TemporaryFile() as out, TemporaryFile() as err:
        for stream in before:
            stream.flush()
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdout, sys.stderr = (
            open(number, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            for number in (1, 2)
        )

        def printed() -> tuple[str, str]:
            sys.stdout.flush()
            sys.stderr.flush()
            return _text(out), _text(err)

        try:
            yield printed
        finally:
            sys.stdout, sys.stderr = before
            for number, descriptor in enumerate(kept, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read(10_000_000).decode("utf-8", "surrogateescape")
