"""Gather finished run folders into one JSON file: each run, and their distribution.

    python benchmarks/collect_runs.py runs/best-* > results/best.json

What a run reached is its last epoch; no epoch is chosen.
"""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

from gradsheet.digits.run import read_history


def collect(folders: list[Path]) -> dict[str, object]:
    """The runs in ``folders``, in the order of their seeds; all but the seed must agree."""
    configs = {folder: json.loads((folder / "config.json").read_text()) for folder in folders}
    if len(folders) < 2:
        raise SystemExit("one run has no distribution; give two run folders or more")
    for name in ("recipe", "data", "trained on", "evaluated on", "versions", "machine"):
        if len({json.dumps(config[name], sort_keys=True) for config in configs.values()}) != 1:
            raise SystemExit(f"the runs differ in more than their seed: {name}")
    ordered = sorted(folders, key=lambda folder: int(configs[folder]["seed"]))
    runs = [_run(folder, configs[folder]) for folder in ordered]
    accuracies = [float(run["accuracy"]) for run in runs]
    first = configs[ordered[0]]
    return {
        "recipe": first["recipe"],
        "command": (
            f"OMP_NUM_THREADS={first['machine']['threads']} "
            f"gradsheet train --recipe {first['recipe']['name']} --seed SEED"
        ),
        "evaluated on": first["evaluated on"],
        "trained on": first["trained on"],
        "versions": first["versions"],
        "machine": {name: first["machine"][name] for name in ("device", "cores", "threads")},
        "n": len(runs),
        "mean": round(statistics.mean(accuracies), 6),
        "standard deviation": round(statistics.stdev(accuracies), 6),
        "worst": min(accuracies),
        "best": max(accuracies),
        "runs": runs,
    }


def _run(folder: Path, config: dict[str, Any]) -> dict[str, float]:
    history = read_history(folder)
    last = history[-1]
    if last.epoch != config["recipe"]["epochs"]:
        raise SystemExit(f"{folder} is not finished")
    return {
        "seed": config["seed"],
        "accuracy": last.test_accuracy,
        "loss": last.test_loss,
        "epochs": last.epoch,
        "seconds of training": round(sum(epoch.seconds for epoch in history), 1),
    }


if __name__ == "__main__":
    print(json.dumps(collect([Path(name) for name in sys.argv[1:]]), indent=2))
