"""Commands that are killed, and places that cannot be written: nothing lost, nothing half written.

    python benchmarks/faults.py -o results/faults.json

Commands are ended by kill -9 at 100 random moments: four of five within the time that a whole run
takes after its first file, the others anywhere. Of `train` and `study` the same command, given
again, must leave the same bytes as a run that nobody disturbed; of `audit` and `workbook` each file
must be whole or absent, and the same command must complete them. A study goes on when a worker is
killed, and ends within 60 s with one line when its Dask scheduler is. Then interrupts, disks that
are full or read-only, closed pipes, no home, terminals of ASCII, and two commands on one folder.
Each result is written at once; the same command, given again, goes on, and runs again what failed.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # some inputs are those of the tests

from fault_programs import (
    Program,
    contents,
    differences,
    ended,
    gradsheet,
    half_written,
    shell,
)
from training import command_line, machine, versions

from gradsheet.files import write_text
from tests.course_sheets import write_course_sheet
from tests.hostile.cases import MARKS_KEPT
from tests.hostile.subjects import Files, file_of, models, small_data, write_files

_ANYWHERE = 0.2  # the share of the moments that may lie before the first file
_SCHEDULER_GONE = 60.0  # seconds in which a study without one must end
_ORPHANS = 30.0  # seconds in which workers without a parent must end


# --- Commands ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """A command, its input, and how it ends when nobody disturbs it.

    Attributes:
        arguments: what follows ``gradsheet``; all output is in ``out`` or ends in -audited.xlsx.
        files: makes the input.
        code: the exit code.
        resumes: whether files may be unfinished after a kill, to be continued.
    """

    arguments: str
    files: Callable[[], Files] = dict
    code: int = 0
    resumes: bool = False


@cache
def two_books() -> Files:
    """Two course sheets."""
    return {
        f"{name}.xlsx": file_of(lambda path, n=name: write_course_sheet(n, path))  # type: ignore[misc]
        for name in ("right", "one-slope")
    }


def roster() -> Files:
    """A class of three, and the teacher's secret."""
    names = b"id,name\n1,Ada\n2,Bo\n3,Cy\n"
    return {"roster.csv": names, "secret": b"of thirty-two letters and digits\n"}


@cache
def handed_in() -> Files:
    """An assignment, and what its students handed in: the exercises as they got them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, roster())
        program = gradsheet(ASSIGN.arguments, folder)
        assert program.wait() == 0, program.stderr
        made = {str(p.relative_to(folder / "out")): p for p in (folder / "out").rglob("*.*")}
        return {
            name.replace("students/", "handed-in/"): path.read_bytes()
            for name, path in made.items()
        }


def onnx_model() -> Files:
    """A small network that takes a digit."""
    return models()[0].files


TRAIN = Command(
    "train --recipe best --epochs 20 --batch-size 32 --validation 16 --data data -o out --quiet",
    small_data,
    resumes=True,
)
STUDY = Command(
    "study --recipe course --epochs 20 --batch-size 32 --seeds 2 --jobs 2 --data data -o out "
    "--quiet",
    small_data,
    resumes=True,
)
AUDIT = Command(
    "audit right.xlsx one-slope.xlsx --annotate --report out/page.html --summary out", two_books, 1
)
WORKBOOK = Command("workbook course -o out/b.xlsx")
EXERCISE = Command("workbook xor --exercise --updates 20 -o out/b.xlsx")
SWEEP = Command("sweep mazur --rates 0.1,1 --updates 20 -o out")
DIAGRAM = Command("diagram mazur -o out/n.svg")
RATES = Command("lr-find --recipe course --batch-size 16 --data data -o out/r.png -q", small_data)
ASSIGN = Command("assign roster.csv --network and --updates 2 --secret secret -o out -q", roster)
MARK = Command("mark handed-in --assignment teacher -o out -q", handed_in)
EXPLORE = Command("explore -o out -q")
OPEN = Command("open m.onnx -o out/b.xlsx", onnx_model)
LIGHT = (AUDIT, WORKBOOK, EXERCISE, SWEEP, DIAGRAM, ASSIGN, MARK, EXPLORE)
COMMANDS = (*LIGHT, TRAIN, STUDY, RATES, OPEN)


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody disturbed.

    Attributes:
        seconds: it took.
        working: seconds it took after its first file.
        files: what it left.
    """

    seconds: float
    working: float
    files: dict[str, bytes]


@cache
def undisturbed(command: Command) -> Undisturbed:
    """The whole run of a command."""
    with prepared(command) as folder:
        start = time.monotonic()
        program = gradsheet(command.arguments, folder)
        until(lambda: output_begun(folder) or program.has_ended)
        begun = time.monotonic()
        if faults := ended(program, command.code):
            raise SystemExit(f"gradsheet {command.arguments}: {faults}")
        end = time.monotonic()
        return Undisturbed(end - start, end - begun, contents(folder))


@contextmanager
def prepared(command: Command) -> Iterator[Path]:
    """A folder with the input of a command."""
    with tempfile.TemporaryDirectory() as name:
        write_files(Path(name), command.files())
        yield Path(name)


def output_begun(folder: Path) -> bool:
    """Whether a command has made its first file or folder."""
    return (folder / "out").exists() or any(folder.glob("*audited*"))


def until(condition: Callable[[], bool], seconds: float = 300.0) -> bool:
    """Wait for something to happen; whether it did."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def at_random(command: Command, program: Program, folder: Path, draw: random.Random) -> None:
    """Wait for a random moment of a run."""
    whole = undisturbed(command)
    if draw.random() < _ANYWHERE:
        delay = draw.uniform(0, whole.seconds)
    else:
        until(lambda: output_begun(folder) or program.has_ended)
        delay = draw.uniform(0, whole.working)
    until(lambda: program.has_ended, delay)


def completed(command: Command, folder: Path) -> list[str]:
    """What is wrong after the same command was given again."""
    faults = ended(gradsheet(command.arguments, folder), command.code)
    return faults + differences(contents(folder), undisturbed(command).files)


# --- Kills ------------------------------------------------------------------------------------


def killed(command: Command, draw: random.Random) -> list[str]:
    """The command itself is killed."""
    with prepared(command) as folder:
        program = gradsheet(command.arguments, folder)
        at_random(command, program, folder, draw)
        workers = children(program)
        program.kill()
        if not until(lambda: not any(map(is_running, workers)), _ORPHANS):
            return [f"workers run on {_ORPHANS:.0f} s after their parent was killed"]
        faults = []
        if not command.resumes:
            faults = half_written(contents(folder), undisturbed(command).files)
        return faults + completed(command, folder)


def worker_killed(draw: random.Random) -> list[str]:
    """A worker of a study is killed: the study goes on by itself."""
    with prepared(STUDY) as folder:
        program = gradsheet(STUDY.arguments, folder)
        at_random(STUDY, program, folder, draw)
        until(lambda: bool(children(program)) or program.has_ended)
        if workers := children(program):
            with suppress(ProcessLookupError):
                os.kill(draw.choice(workers), signal.SIGKILL)
        faults = ended(program, STUDY.code)
        return faults + differences(contents(folder), undisturbed(STUDY).files)


def children(program: Program) -> list[int]:
    """The workers of a program, by their process numbers."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == program.number and b"spawn_main" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def is_running(process: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


# --- A Dask cluster ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Cluster:
    """A scheduler with two workers."""

    address: str
    scheduler: Program
    workers: list[Program]


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A Dask cluster on this machine."""
    with tempfile.TemporaryDirectory() as name:
        folder, place = Path(name), Path(name) / "scheduler.json"
        where = ["--scheduler-file", str(place)]
        dask = [sys.executable, "-m", "dask"]
        scheduler = Program(
            [*dask, "scheduler", *where, "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
            folder,
        )
        until(place.exists)
        options = [*where, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        workers = [Program([*dask, "worker", *options], folder) for _ in range(2)]
        try:
            address = json.loads(place.read_text())["address"]
            until(lambda: all("Registered to" in worker.stderr for worker in workers))
            yield Cluster(address, scheduler, workers)
        finally:
            for program in (*workers, scheduler):
                program.kill()


def dask_worker_killed(draw: random.Random) -> list[str]:
    """A worker of a cluster is killed: the study goes on with the other."""
    with cluster() as dask, prepared(STUDY) as folder:
        program = gradsheet(f"{STUDY.arguments} --scheduler {dask.address}", folder)
        at_random(STUDY, program, folder, draw)
        draw.choice(dask.workers).kill()
        faults = ended(program, STUDY.code)
        return faults + differences(contents(folder), undisturbed(STUDY).files)


def dask_scheduler_killed(draw: random.Random) -> list[str]:
    """The scheduler is killed: the study ends soon with one line; given again, it is completed."""
    with prepared(STUDY) as folder:
        with cluster() as dask:
            program = gradsheet(f"{STUDY.arguments} --scheduler {dask.address}", folder)
            at_random(STUDY, program, folder, draw)
            dask.scheduler.kill()
            start = time.monotonic()
            code = program.wait(2 * _SCHEDULER_GONE)
            seconds = time.monotonic() - start
            faults = [] if code == 0 else ended(program, 2, lines=1)
            if seconds > _SCHEDULER_GONE:
                faults.append(f"ended {seconds:.0f} s after its scheduler")
        return faults + completed(STUDY, folder)


# --- Interrupts, disks, pipes, environments, two at once --------------------------------------


def interrupted(command: Command, draw: random.Random) -> list[str]:
    """Ctrl-C at a random moment: one line and exit code 130; given again, it is completed."""
    with prepared(command) as folder:
        program = gradsheet(command.arguments, folder)
        at_random(command, program, folder, draw)
        program.interrupt()
        code = program.wait()
        faults = ended(program, command.code, 130, lines=int(code == 130))
        faults += left_behind(folder)
        return faults + completed(command, folder)


def left_behind(folder: Path) -> list[str]:
    """The names of hidden files that a command left, but for those by which `mark` goes on."""
    hidden = [path.name for path in folder.rglob(".*") if path.name != MARKS_KEPT]
    return [f"left: {hidden}"] if hidden else []


def full(command: Command, kilobytes: int) -> list[str]:
    """No file may be larger: one line, nothing left behind; with more space it is completed."""
    with prepared(command) as folder:
        program = shell(f"ulimit -f {kilobytes}; {{}}", command.arguments, folder)
        code = program.wait()
        faults = ended(program, command.code, 2, lines=int(code == 2))
        faults += left_behind(folder)
        return faults + completed(command, folder)


def full_disk(command: Command) -> list[str]:
    """The disk of the output is full."""
    mount = "mkdir -p out && mount -t tmpfs -o size=4k none out && {}"
    return mounted(command, f"{mount}; code=$?; ls -A out >&3; exit $code")


def read_only_disk(command: Command) -> list[str]:
    """The disk of the output, or of everything, cannot be written."""
    return mounted(command, "mkdir -p out && mount --bind . . && mount -o remount,ro,bind . && {}")


def mounted(command: Command, script: str) -> list[str]:
    """What is wrong with how a command ends on a disk that it cannot write."""
    with prepared(command) as folder, tempfile.NamedTemporaryFile("r") as left:
        inner = f"cd {folder}; exec 3>{left.name}; {script}"
        program = shell(inner, command.arguments, folder, "unshare", "-rm")
        faults = ended(program, 2, lines=1)
        names = [name for name in left.read().split() if name.startswith(".")]
        return faults + ([f"left: {names}"] if {*names} - {MARKS_KEPT} else [])


def closed(command: Command, redirection: str) -> list[str]:
    """A pipe whose reader has gone, or streams that were closed."""
    with prepared(command) as folder:
        program = shell(f"{{}} {redirection}", command.arguments.replace(" --quiet", ""), folder)
        program.wait()
        lines = [line for line in program.stderr.splitlines() if "epoch" not in line]
        faults = [f"noise: {lines[:5]}"] if len(lines) > 1 or "Traceback" in str(lines) else []
        return faults + completed(command, folder)


def environment(command: Command, **variables: str) -> list[str]:
    """Without a home, on a terminal of ASCII."""
    with prepared(command) as folder:
        faults = ended(gradsheet(command.arguments, folder, **variables), command.code)
        return faults + differences(contents(folder), undisturbed(command).files)


def twice(command: Command, draw: random.Random) -> list[str]:
    """Two of the same at once: each does it, or says in one line that the other works there."""
    with prepared(command) as folder:
        first = gradsheet(command.arguments, folder)
        time.sleep(draw.choice([0, 0, 0.1, 0.5, 1.5]))
        second = gradsheet(command.arguments, folder)
        codes = [program.wait() for program in (first, second)]
        faults = []
        for program, code in zip((first, second), codes, strict=True):
            faults += ended(program, command.code, 2, lines=int(code == 2))
        if command.code not in codes:
            faults.append(f"neither was done: {codes}")
        return faults + differences(contents(folder), undisturbed(command).files)


# --- All of them ------------------------------------------------------------------------------

Attempt = Callable[[int, random.Random], list[str]]
"""What is wrong after the attempt of this number."""
HOMELESS = {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent", "XDG_CONFIG_HOME": "/proc"}
ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "TERM": "dumb"}
CODE_PAGE = {**ASCII, "PYTHONIOENCODING": "cp437"}


def kills() -> dict[str, tuple[int, Attempt]]:
    """The 100 kills, and some of the newer commands: how many of each."""
    return {
        "train": (20, lambda _, draw: killed(TRAIN, draw)),
        "study, a worker": (9, lambda _, draw: worker_killed(draw)),
        "study, the parent": (9, lambda _, draw: killed(STUDY, draw)),
        "study, a Dask worker": (6, lambda _, draw: dask_worker_killed(draw)),
        "study, the Dask scheduler": (6, lambda _, draw: dask_scheduler_killed(draw)),
        "audit": (25, lambda _, draw: killed(AUDIT, draw)),
        "workbook": (25, lambda _, draw: killed(WORKBOOK, draw)),
        "assign": (4, lambda _, draw: killed(ASSIGN, draw)),
        "mark": (4, lambda _, draw: killed(MARK, draw)),
        "explore": (3, lambda _, draw: killed(EXPLORE, draw)),
        "open": (3, lambda _, draw: killed(OPEN, draw)),
    }


def others() -> dict[str, tuple[int, Attempt]]:
    """The other faults: a command each time, in turn."""

    def each(
        commands: Sequence[Command], check: Callable[..., list[str]], *arguments: Any, **words: Any
    ) -> tuple[int, Attempt]:
        return len(commands), lambda number, _: check(commands[number], *arguments, **words)

    few = (*LIGHT, TRAIN)
    interrupts = [TRAIN, STUDY, AUDIT, WORKBOOK, SWEEP, ASSIGN, MARK] * 3
    pairs = [TRAIN, AUDIT, WORKBOOK, SWEEP, ASSIGN, MARK, STUDY] * 2
    return {
        "read-only disk": each(COMMANDS, read_only_disk),
        "full disk": each(COMMANDS, full_disk),
        "closed pipe": each(few, closed, "| true"),
        "no home": each((*few, OPEN), environment, **HOMELESS),
        "ASCII terminal": each(few, environment, **ASCII),
        "two at once": (14, lambda number, draw: twice(pairs[number], draw)),
        "interrupt": (21, lambda number, draw: interrupted(interrupts[number], draw)),
        "no file over 4 kB": each(few, full, 4),
        "no file over 40 kB": each(few, full, 40),
        "closed streams": each(few, closed, "<&- >&- 2>&-"),
        "terminal of code page 437": each(LIGHT, environment, **CODE_PAGE),
    }


def attempt(name: str, number: int, run: Attempt) -> list[str]:
    """One of them; a fault of this program counts as one too."""
    try:
        return run(number, random.Random(f"{name} {number}"))
    except Exception:
        return [traceback.format_exc()]


def _results(path: Path | None) -> dict[str, dict[str, Any]]:
    """What the file holds already, part by part."""
    before = json.loads(path.read_text()) if path and path.is_file() else {}
    return {part: before.get(part, {}) for part in ("kill -9", "others")}


def _write_results(path: Path, found: dict[str, dict[str, Any]]) -> None:
    totals = {
        part: {key: sum(row[key] for row in rows.values()) for key in ("moments", "failed")}
        for part, rows in found.items()
    }
    result = {
        "command": command_line(),
        "machine": machine(),
        "versions": versions(("torch", "numpy", "distributed", "xlsxwriter")),
        "totals": totals,
        **found,
    }
    write_text(path, json.dumps(result, indent=1) + "\n")


def _note(row: dict[str, Any], number: int, faults: list[str]) -> None:
    """Put the result of an attempt into the row of its kind."""
    others = [one for one in row["failures"] if one["number"] != number]
    row["failures"] = [*others, {"number": number, "faults": faults}] if faults else others
    row["failed"] = len(row["failures"])
    row["moments"] = max(row["moments"], number + 1)


def main() -> None:
    """Run all, with the progress."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, help="the JSON file to write")
    parser.add_argument("--only", help="only what has this in its name")
    parser.add_argument("--times", type=int, help="how many of each instead of all")
    parser.add_argument("--part", choices=("kill -9", "others"), help="only these")
    options = parser.parse_args()
    found = _results(options.output)
    for part, table in (("kill -9", kills()), ("others", others())):
        for name, (count, run) in table.items():
            if (options.only or "") not in name or options.part not in (None, part):
                continue
            row = found[part].setdefault(name, {"moments": 0, "failed": 0, "failures": []})
            start, again = time.monotonic(), [one["number"] for one in row["failures"]]
            count = min(count, options.times or count)
            for number in (*again, *range(row["moments"], count)):
                faults = attempt(name, number, run)
                _note(row, number, faults)
                if faults:
                    print(f"    {name} {number}: {faults}", flush=True)
                if options.output:
                    _write_results(options.output, found)
            seconds = time.monotonic() - start
            print(f"{name}: {row['moments']}, {row['failed']} failed, {seconds:.0f} s", flush=True)
    sys.exit(any(row["failed"] for rows in found.values() for row in rows.values()))


if __name__ == "__main__":
    main()
