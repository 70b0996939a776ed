"""How well mistakes are found and named, and how long a workbook takes.

python benchmarks/audit.py [--often 20] [-o results/audit.json]

Right tables, every second one in other words, must pass. Then each mistake of
tests/audit/planted.py is planted in tables of random networks, and what it is called is counted.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tables are those of the tests

from gradsheet.audit.pipeline import audit_book
from gradsheet.audit.report.sentences import label
from tests.audit.handmade import handmade, make, rearranged
from tests.audit.planted import PLANTS

NOTHING = "nothing"


def false_alarms(count: int) -> tuple[int, list[float]]:
    """How many right tables were called wrong, and the seconds each took."""
    alarms, seconds = 0, []
    for seed in range(count):
        draw = random.Random(f"right {seed}")
        table = handmade(draw)
        book = make(rearranged(table, draw) if seed % 2 else table, draw).book
        start = time.process_time()
        alarms += bool(audit_book(book).mistakes)
        seconds.append(time.process_time() - start)
    return alarms, seconds


def names_given(name: str, often: int) -> tuple[Counter[str], list[float]]:
    """What a planted mistake was called at its first cell, how often, and the seconds each took."""
    called: Counter[str] = Counter()
    seconds: list[float] = []
    for seed in range(100 * often):
        draw = random.Random(f"{name} again {seed}")
        mistake = PLANTS[name][1](handmade(draw), draw)
        if mistake is None or len(seconds) == often:
            continue
        made = make(mistake.table, draw)
        start = time.process_time()
        found = audit_book(made.book)
        seconds.append(time.process_time() - start)
        where = made.address(mistake.column, mistake.row)
        named = (label(f.rules) for f in found.mistakes if str(f.cell) == where)
        called[next(named, NOTHING)] += 1
    return called, seconds


def main() -> None:
    """Print one table, a line a planted mistake, and write it down where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--often", type=int, default=20, help="how often each mistake is planted")
    parser.add_argument("--right", type=int, default=200, help="how many right tables")
    parser.add_argument("-o", "--output", type=Path, help="the JSON file to write")
    options = parser.parse_args()
    alarms, seconds = false_alarms(options.right)
    rows: list[dict[str, Any]] = []
    for name, (rule, _) in PLANTS.items():
        expected = label([rule])
        called, took = names_given(name, options.often)
        seconds += took
        rows.append({"planted": name, "expected": expected, "called": dict(called.most_common())})
        others = ", ".join(f"{k}: {n}" for k, n in called.items() if k != expected)
        print(f"{name:<36}{called[expected]:>4} of {sum(called.values())}  {others}")
    planted = sum(sum(row["called"].values()) for row in rows)
    right = sum(row["called"].get(row["expected"], 0) for row in rows)
    seconds.sort()
    result = {
        "right tables": options.right,
        "false alarms": alarms,
        "planted": planted,
        "found and named": right,
        "seconds": {"median": seconds[len(seconds) // 2], "longest": seconds[-1]},
        "mistakes": rows,
    }
    print(f"{right} of {planted} named ({right / planted:.1%}); {alarms} false alarms of "
          f"{options.right}; {result['seconds']['median']:.2f} s a workbook, at most "
          f"{seconds[-1]:.2f} s")  # fmt: skip
    if options.output:
        options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
