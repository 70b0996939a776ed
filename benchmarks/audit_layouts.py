"""How well mistakes are found in layouts other than the classic table.

python benchmarks/audit_layouts.py [--often 1] [--right 200] [--jobs 2] [-o results/audit.json]

In each family of tests/audit/steps/layouts_planted.py right trainings are audited, which must
pass, and every kind of mistake is planted. What is said at the first wrong cell counts. The record
becomes ``other layouts`` of the file; the rest of the file stays.
"""

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the trainings are those of the tests

from confusion import NOTHING, Confusion, confusion_record

from gradsheet.audit.pipeline import audit_book
from gradsheet.processes import fresh_processes
from tests.audit.steps.layouts_planted import EVERY_FAMILY, kinds, planted, right

_CHUNK = 20  # right trainings that are audited together


@dataclass
class Part:
    """What one family came to, or a part of it.

    Attributes:
        alarms: the right trainings that were called wrong, or not found.
        seconds: CPU time of each audit.
        confusion: how often a mistake of one code was called another.
        further: mistakes that were found elsewhere.
    """

    family: str
    right: int = 0
    alarms: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    confusion: Confusion = field(default_factory=Counter)
    further: int = 0

    def check(self, numbers: range) -> "Part":
        """Right trainings."""
        for number in numbers:
            start = time.process_time()
            try:
                found = [str(m) for m in audit_book(right(self.family, number)).mistakes]
            except Exception as error:  # counted as a false alarm
                found = [f"{type(error).__name__}: {error}"]
            self.seconds.append(time.process_time() - start)
            self.right += 1
            self.alarms += [f"{self.family} {number}: {message}"[:200] for message in found[:1]]
        return self

    def plant(self, kind: str, often: int) -> "Part":
        """A kind of mistake, planted so many times."""
        for wrong in planted(self.family, kind, often):
            start = time.process_time()
            try:
                mistakes = audit_book(wrong.book).mistakes
            except Exception as error:  # counted as found nothing
                print(f"  {self.family}, {kind}: {type(error).__name__}: {error}"[:150])
                mistakes = ()
            self.seconds.append(time.process_time() - start)
            here = [m for m in mistakes if wrong.places & {str(p) for p in m.first_places}]
            codes = wrong.codes.split()
            called = ["+".join(m.codes) for m in here] or [NOTHING]
            best = codes[0] if set(codes) & set(called) else called[0]
            self.confusion[codes[0], best] += 1
            self.further += len(mistakes) - len(here)
            if best != codes[0]:
                print(f"  {self.family}, {kind}: {best} for {codes[0]}", flush=True)
        return self


def record(parts: list[Part]) -> dict[str, Any]:
    """Some parts as one record."""
    confusion = sum((part.confusion for part in parts), Confusion())
    return {
        "right trainings": sum(part.right for part in parts),
        "false alarms": sum(len(part.alarms) for part in parts),
        "planted": confusion.total(),
        "found and named": sum(n for (due, got), n in confusion.items() if due == got),
        **confusion_record(confusion),
        "further mistakes": sum(part.further for part in parts),
    }


def main() -> None:
    """Print a record of each family, and write them down where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--often", type=int, default=1, help="how often each kind is planted")
    parser.add_argument("--right", type=int, default=200, help="right trainings of each family")
    parser.add_argument("--only", default="", help="only the families whose names hold this")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes")
    parser.add_argument("-o", "--output", type=Path, help="the JSON file to complete")
    options = parser.parse_args()
    parts: list[Part] = []
    families: dict[str, Any] = {}
    with fresh_processes(options.jobs) as pool:
        for family in [name for name in EVERY_FAMILY if options.only in name]:
            runs = [
                pool.submit(Part(family).check, range(n, min(n + _CHUNK, options.right)))
                for n in range(0, options.right, _CHUNK)
            ]
            runs += [pool.submit(Part(family).plant, k, options.often) for k in kinds(family)]
            own = [run.result() for run in runs]
            print(*(f"  false alarm: {a}" for part in own for a in part.alarms), sep="\n")
            families[family] = {k: v for k, v in record(own).items() if k != "confusion"}
            print(f"{family}: {json.dumps(families[family])}", flush=True)
            parts += own
    seconds = sorted(s for part in parts for s in part.seconds)
    result = {
        **record(parts),
        "seconds": {"median": seconds[len(seconds) // 2], "longest": seconds[-1]},
        "families": families,
    }
    if options.output:
        whole = json.loads(options.output.read_text()) if options.output.exists() else {}
        whole["other layouts"] = result
        options.output.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
