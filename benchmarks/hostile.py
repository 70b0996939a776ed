"""Damaged input of every kind: no traceback, one line and exit code 2, in little time and memory.

    python benchmarks/hostile.py --cases 10000 -o results/hostile.json

TOML, workbooks, pictures, data sets, run folders and ONNX files are damaged at random, a case a
number (tests/hostile), and given to the commands that read them: some as programs of their own,
50 of the first 1,000, the others in processes that run many. A case fails where the command ends
with another exit code than 0, 1 or 2, prints anything but one short line without control characters
for 2, takes over 10 s of the processor or 1 GB, or leaves a file half written. Its input is kept,
with one of its damages where one is enough. Every result is kept beside them, in cases.jsonl: the
same command, given again, goes on; without that file it begins anew. `make test-all` runs the first
1,000.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock, Timer
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the cases are those of the tests

from training import command_line, machine, versions

from gradsheet.files import write_text
from tests.hostile.cases import MOST_BYTES, MOST_SECONDS, Case, faults, run

_BATCH, _REPORT = 500, 100  # cases
_PATIENCE = 3600  # seconds


def result_of(case: Case) -> dict[str, Any]:
    """One case in a folder of its own: what is wrong, how long and how much memory it took."""
    with tempfile.TemporaryDirectory() as folder:
        command, ended = run(case, Path(folder))
        return {
            "case": case.number,
            "kind": case.kind,
            "by": "command" if case.is_apart else "in process",
            "command": " ".join(command),
            "exit code": ended.code,
            "seconds": round(ended.seconds, 2),
            "megabytes": round(ended.peak / 1e6),
            "faults": faults(ended, Path(folder)),
            "stderr": ended.stderr[:400],
        }


def run_batch(numbers: list[int], keep: Path) -> None:
    """Run cases in this process, a line of JSON for each."""
    for number in numbers:
        case = Case(number)
        result = result_of(case)
        if result["faults"]:
            smaller = (other for other in case.smaller() if result_of(other)["faults"])
            _keep(next(smaller, case), keep)
        print(json.dumps(result), flush=True)


def _keep(case: Case, keep: Path) -> None:
    """Keep the damaged file of a case."""
    with tempfile.TemporaryDirectory() as folder:
        case.write(Path(folder))
        source = Path(folder) / case.damaged
        keep.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, keep / f"{case.number}-{source.name}")


def results(numbers: list[int], keep: Path) -> Iterator[dict[str, Any]]:
    """The results of these cases; a process that ends early is started again after its case."""
    while numbers:
        command = [sys.executable, __file__, "--batch", json.dumps(numbers), "--keep", str(keep)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        timer = Timer(_PATIENCE, process.kill)
        timer.start()
        for line in process.stdout:
            timer.cancel()
            timer = Timer(_PATIENCE, process.kill)
            timer.start()
            yield json.loads(line)
            numbers = numbers[1:]
        timer.cancel()
        if process.wait() != 0 and numbers:
            case, numbers = Case(numbers[0]), numbers[1:]
            _keep(case, keep)
            said = f"ended with {process.returncode}"
            yield {"case": case.number, "kind": case.kind, "by": "in process", "faults": [said]}


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What is recorded of all cases: counts a kind, and those that failed."""
    kinds = {}
    for kind in sorted({result["kind"] for result in found}):
        of_kind = [result for result in found if result["kind"] == kind]
        kinds[kind] = {
            "cases": len(of_kind),
            "by command": sum(result["by"] == "command" for result in of_kind),
            "exit codes": dict(sorted(Counter(str(r.get("exit code")) for r in of_kind).items())),
            "seconds": round(sum(result.get("seconds", 0) for result in of_kind), 1),
            "most seconds": max(result.get("seconds", 0) for result in of_kind),
            "most megabytes": max(result.get("megabytes", 0) for result in of_kind),
            "failed": sum(bool(result["faults"]) for result in of_kind),
        }
    failed = [result for result in found if result["faults"]]
    return {
        "command": command_line(),
        "machine": machine(),
        "versions": versions(("torch", "numpy", "pillow", "onnx", "safetensors")),
        "allowed": {"seconds of the processor": MOST_SECONDS, "bytes": MOST_BYTES},
        "cases": len(found),
        "failed": len(failed),
        "kinds": kinds,
        "failures": sorted(failed, key=lambda result: result["case"]),
    }


class Progress:
    """The results so far: each kept at once, reported now and then, failures at once."""

    def __init__(self, numbers: list[int], kept: Path, output: Path | None) -> None:
        lines = kept.read_text().splitlines() if kept.is_file() else []
        known = {result["case"]: result for result in map(json.loads, lines)}
        self.results = [known[number] for number in numbers if number in known]
        self.missing = [number for number in numbers if number not in known]
        self._total, self._before = len(numbers), len(self.results)
        self._kept, self._output = kept, output
        self._start, self._lock = time.monotonic(), Lock()

    def take(self, results: Iterator[dict[str, Any]]) -> None:
        """Take results as they come."""
        for result in results:
            with self._lock, self._kept.open("a") as kept:
                kept.write(json.dumps(result) + "\n")
                self.results.append(result)
                if result["faults"]:
                    print("   ", json.dumps(result), flush=True)
                if len(self.results) in (*range(0, self._total, _REPORT), self._total):
                    self._report()

    def _report(self) -> None:
        done = len(self.results)
        each = (time.monotonic() - self._start) / (done - self._before)
        left = each * (self._total - done)
        print(f"{done:,} of {self._total:,}, about {left / 60:.0f} min left", flush=True)
        if self._output:
            write_text(self._output, json.dumps(summary(self.results), indent=1) + "\n")


def main() -> None:
    """Run all cases, with the progress and an estimate of the rest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--keep", type=Path, default=Path("hostile"), help="inputs that failed")
    parser.add_argument("-o", "--output", type=Path, help="the JSON file to write")
    parser.add_argument("--batch", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.batch is not None:
        run_batch(options.batch, options.keep)
        return
    numbers = [*range(options.first, options.first + options.cases)]
    options.keep.mkdir(parents=True, exist_ok=True)
    found = Progress(numbers, options.keep / "cases.jsonl", options.output)
    missing = found.missing
    batches = [missing[at : at + _BATCH] for at in range(0, len(missing), _BATCH)]
    with ThreadPoolExecutor(options.jobs) as pool:
        for _ in pool.map(lambda part: found.take(results(part, options.keep)), batches):
            pass
    sys.exit(any(result["faults"] for result in found.results))


if __name__ == "__main__":
    main()
