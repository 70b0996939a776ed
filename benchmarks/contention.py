"""Time of a training step, alone and beside other work, for different ways of waiting.

    python benchmarks/contention.py -o results/contention.json

Steps of a recipe, augmentation included, are timed in an interpreter of their own, with one thread
and with two on two cores, while other processes compute without end. A thread that waits for the
other can check again and again (a spin count) or sleep (passive). Checking is faster if each thread
has a core; if not, it takes the core from the thread it waits for.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from training import THREADS, command_line, keep_to_cores, machine, versions

from gradsheet.digits.data import Dataset, load
from gradsheet.digits.recipe import RECIPES
from gradsheet.digits.training import Trainer
from gradsheet.files import write_text
from gradsheet.processes import free_cores

WARM_UP, NOTICE, MOST_STEPS = 2, 30, 60
IMAGES = 128 * 64

# Number of threads (None: as many as the trainer takes) and the environment of the run. libgomp
# checks 300,000 times by default.
CASES: dict[str, tuple[int | None, dict[str, str]]] = {
    "1 thread": (1, {}),
    "2 threads, spin 300,000": (2, {"GOMP_SPINCOUNT": "300000"}),
    "2 threads, spin 20,000": (2, {"GOMP_SPINCOUNT": "20000"}),
    "2 threads, spin 1,000": (2, {"GOMP_SPINCOUNT": "1000"}),
    "2 threads, passive": (2, {"OMP_WAIT_POLICY": "passive"}),
    "gradsheet train": (None, {}),
    "gradsheet train, begun alone": (0, {}),
}


def measure(recipe: str, threads: int | None, count: int, seconds: float) -> dict[str, float]:
    """Milliseconds per step in this process: wall time and processor time.

    ``threads`` is 0 for a run that begins alone: the ``count`` other processes start after its
    first steps, and the steps in which it notices them are left out.
    """
    chosen = THREADS if threads == 0 else min(THREADS, free_cores())
    torch.set_num_threads(threads or chosen)
    data = load()
    some = Dataset(data.train[:IMAGES], data.test[:100], sha256="")
    trainer = Trainer(RECIPES[recipe], some, 0, torch.device("cpu"), bar=False)
    trainer.model.train()
    batches = trainer.batches.endless(torch.Generator().manual_seed(0))
    step = trainer.step if threads else trainer.watched_step
    with ExitStack() as beside:
        if threads == 0:
            for _ in range(NOTICE):
                step(next(batches), 0.01)
            beside.enter_context(busy(count))
        for _ in range(NOTICE if threads == 0 else WARM_UP):
            step(next(batches), 0.01)
        clock, processor, steps = time.perf_counter(), time.process_time(), 0
        while steps < MOST_STEPS and time.perf_counter() - clock < seconds:
            step(next(batches), 0.01)
            steps += 1
        return {
            "milliseconds": 1000 * (time.perf_counter() - clock) / steps,
            "processor milliseconds": 1000 * (time.process_time() - processor) / steps,
            "steps": steps,
            "threads": torch.get_num_threads(),
        }


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Run ``count`` processes that never rest beside the block."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def measure_apart(case: str, count: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Measure one case in an interpreter of its own."""
    threads, settings = CASES[case]
    varied = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_NUM_THREADS")
    environment = {name: value for name, value in os.environ.items() if name not in varied}
    command = [sys.executable, __file__, "--recipe", arguments.recipe]
    command += [
        "--seconds",
        str(arguments.seconds),
        "--only",
        str(-1 if threads is None else threads),
    ]
    command += ["--busy", str(count)]
    done = subprocess.run(
        command, env=environment | settings, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run_rounds(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure every case beside every number of busy processes, once per round."""
    found: dict[tuple[int, str], list[dict[str, float]]] = {}
    for number in range(1, arguments.rounds + 1):
        for count in arguments.busy:
            for case, (threads, _) in CASES.items():
                with nullcontext() if threads == 0 else busy(count):
                    result = measure_apart(case, count, arguments)
                    found.setdefault((count, case), []).append(result)
                    print(f"round {number}: {count} busy, {case:<34}{result}", file=sys.stderr)
    return [
        {
            "busy processes": count,
            "case": case,
            "milliseconds a step": round(statistics.median(r["milliseconds"] for r in rounds), 1),
            "rounds": rounds,
        }
        for (count, case), rounds in found.items()
    ]


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Time steps of training beside other work.")
    parser.add_argument("--recipe", default="best")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--busy", type=int, nargs="*", default=[0, 2, 4])
    parser.add_argument("--seconds", type=float, default=4, help="at most, for each measurement")
    parser.add_argument("-o", "--output", type=Path, help="JSON")
    parser.add_argument("--only", type=int, metavar="THREADS", help="measure here, print JSON")
    return parser.parse_args()


def main() -> None:
    """Run the rounds; print the table and write the JSON."""
    arguments = parse_arguments()
    if arguments.only is not None:
        threads = None if arguments.only < 0 else arguments.only
        print(json.dumps(measure(arguments.recipe, threads, arguments.busy[0], arguments.seconds)))
        return
    keep_to_cores()
    load_before = round(os.getloadavg()[0], 2)
    cases = run_rounds(arguments)
    report = {
        "command": command_line(),
        "machine": machine() | {"load average before": load_before},
        "versions": versions(("gradsheet", "torch")),
        "recipe": arguments.recipe,
        "cases": cases,
    }
    for row in cases:
        step = f"{row['milliseconds a step']:8.1f} ms"
        print(f"{row['busy processes']} busy   {row['case']:<34}{step}")
    if arguments.output is not None:
        write_text(arguments.output, json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
