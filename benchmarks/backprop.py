"""How fast part 1 is: sweeps in columns against one rate at a time, and writing workbooks.

python benchmarks/backprop.py
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gradsheet.networks.graph import build_graph
from gradsheet.networks.sweep import descend
from gradsheet.networks.toml import load_network
from gradsheet.workbook.build import write_workbook


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """The shortest of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print one table."""
    spec = load_network("course")
    graph = build_graph(spec)
    rates = np.geomspace(0.01, 10, 1000).tolist()
    together = seconds(lambda: descend(graph, rates, 1000))
    alone = seconds(lambda: [descend(graph, [rate], 1000) for rate in rates[::100]], 1) * 100
    rows = [
        ("sweep, 1,000 rates x 1,000 updates, together", together, ""),
        ("the same, one rate after the other (from 10)", alone, f"{alone / together:.0f}x"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        small = seconds(lambda: write_workbook(spec, path, updates=100))
        large = seconds(lambda: write_workbook(spec, path, updates=1000), 1)
        size = path.stat().st_size / 1e6
    rows += [
        ("workbook, 6 rates x 100 updates", small, ""),
        (f"workbook, 6 rates x 1,000 updates ({size:.1f} MB)", large, f"{large / small:.1f}x"),
    ]
    print(f"{'what':<48}{'seconds':>9}{'ratio':>8}   Python {sys.version.split()[0]}")
    for what, took, ratio in rows:
        print(f"{what:<48}{took:>9.3f}{ratio:>8}")


if __name__ == "__main__":
    main()
