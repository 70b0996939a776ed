"""How well mistakes are found and named, and how long a workbook takes.

python benchmarks/audit.py [--often 10] [--right 200] [--jobs 2] [-o results/audit.json]

Every kind of mistake of tests/audit/planted.py and planted_further.py is planted in tables of
random networks, in other words, languages and random headers, with 6 to 300 rows; a part of them is
written by openpyxl and read back, a part passed through LibreOffice. What is said at the first
wrong cell counts. Right tables, every second one in other words, must pass. The times are CPU
seconds of this process.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tables are those of the tests

from confusion import NOTHING, Confusion, confusion_record

from gradsheet.audit.findings import Finding
from gradsheet.audit.pipeline import audit_book, audit_workbook
from gradsheet.processes import fresh_processes, processor_name
from gradsheet.spreadsheet.libreoffice import convert, libreoffice
from gradsheet.spreadsheet.model import Book
from gradsheet.spreadsheet.reader import read_book
from tests.audit.handmade import Handmade, Made, handmade, make, rearranged
from tests.audit.planted import PLANTS
from tests.audit.planted_further import FURTHER, Several, perceptron, with_deltas
from tests.audit.rules_of_updates import RULES, by_rule
from tests.audit.variety import dressed, headers, longer, write

_CHUNK = 20  # right tables that are audited together
_WAYS = ("usual", "usual", "foreign", "random")


@dataclass
class Tally:
    """What became of one kind of mistake."""

    planted: int = 0
    named: int = 0
    extra: int = 0
    called: Counter[str] = field(default_factory=Counter)


def several(name: str, draw: random.Random) -> Several | None:
    """A table with the mistakes of a kind."""
    if name in FURTHER:
        return FURTHER[name](draw)
    code, sow = PLANTS[name]
    found = sow(handmade(draw), draw)
    return Several(found.table, ((found.column, found.row, code),)) if found else None


def planted(name: str, often: int) -> Iterator[tuple[Several, Made, str]]:
    """Tables with a kind of mistake, each in another dress, and what its headers are."""
    count = 0
    for seed in range(100 * often):
        draw = random.Random(f"{name} again {seed}")
        found = several(name, draw)
        if found is None:
            continue
        way = draw.choice(_WAYS)
        texts = {**headers(found.table, draw, way), **found.headers}
        made = make(longer(found.table, draw), draw, texts or None)
        yield found, Made(dressed(made.book, draw), made.cells), way
        count += 1
        if count == often:
            return


def through(book: Book, number: int, folder: Path) -> Book:
    """A book as a file gives it: every fourth one by openpyxl, every fortieth by LibreOffice."""
    if number % 4:
        return book
    path = folder / f"{number}.xlsx"
    write(book, path)
    if number % 40 == 0 and libreoffice() is not None:
        (folder / "converted").mkdir(exist_ok=True)
        path = convert(path, "xlsx", folder / "converted")
    return read_book(path)


@dataclass
class Part:
    """What one part of the benchmark came to.

    Attributes:
        number: how many workbooks were audited before it, by which every so many goes through a
            file.
        alarms: the right tables that were called wrong.
    """

    number: int = 0
    name: str = ""
    tally: Tally = field(default_factory=Tally)
    alarms: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    confusion: Confusion = field(default_factory=Counter)
    by_headers: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def run(self, often: int) -> "Part":
        """A kind of mistake, planted so many times."""
        with TemporaryDirectory() as folder:
            self._folder = Path(folder)
            self._kind(often)
        return self

    def check(self, family: str, numbers: range) -> "Part":
        """Right tables of a family."""
        with TemporaryDirectory() as folder:
            self._folder = Path(folder)
            for number in numbers:
                self._right(family, number)
        return self

    def audited(self, book: Book) -> tuple[Finding, ...]:
        """Everything that is found; nothing where no table is."""
        book = through(book, self.number, self._folder)
        self.number += 1
        start = time.process_time()
        try:
            found = audit_book(book).all_findings
        except Exception as error:  # counted as found nothing
            print(f"  {type(error).__name__}: {error}"[:150])
            found = ()
        self.seconds.append(time.process_time() - start)
        return found

    def _kind(self, often: int) -> None:
        tally = self.tally
        for found, made, way in planted(self.name, often):
            findings = self.audited(made.book)
            wrong = {made.cells.get((c, r), "") for c, r, _ in found.mistakes}
            named = [self._named(tally, findings, made, m) for m in found.mistakes]
            right = all(named)
            tally.planted += 1
            tally.named += right
            self.by_headers[way, right] += 1
            mistakes = [f for f in findings if f.is_mistake and not places(f) & wrong]
            tally.extra += len(mistakes)

    def _right(self, family: str, number: int) -> None:
        draw = random.Random(f"right {family} {number}")
        table = FAMILIES[family](draw, number)
        way = draw.choice(_WAYS)
        made = make(table, draw, headers(table, draw, way) or None)
        found = [f for f in self.audited(dressed(made.book, draw)) if f.is_mistake]
        if found:
            self.alarms.append(f"{family} {number}, {way} headers: {found[0]}"[:200])

    def _named(
        self, tally: Tally, findings: tuple[Finding, ...], made: Made, mistake: tuple[str, int, str]
    ) -> bool:
        """Whether a mistake is found at its first cell and called what it is."""
        column, row, codes = mistake
        if row < 0:  # in the header
            first = made.address(column)
            letters = first.rstrip("0123456789")
            cell = f"{letters}{int(first[len(letters) :]) - 1}"
        else:
            cell = made.address(column, row)
        due = codes.split()[0]
        called = ["+".join(f.codes) for f in findings if cell in places(f)]
        best = next((c for c in called if c in codes.split()), called[0] if called else NOTHING)
        best = due if best in codes.split() else best
        tally.called[best] += 1
        self.confusion[due, best] += 1
        return best == due


def places(finding: Finding) -> set[str]:
    """The first cells of a finding, without their sheets."""
    return {str(place.cell) for place in finding.first_places} if finding.cell else set()


# --- Right tables ------------------------------------------------------------------------------


def right_classic(draw: random.Random, number: int) -> Handmade:
    """A right table of the classic family."""
    table = handmade(draw)
    if number % 2:
        table = rearranged(table, draw)
    elif number % 4 == 0:
        table = with_deltas(table, draw)
    return longer(table, draw)


def right_perceptron(draw: random.Random, number: int) -> Handmade:
    """A right perceptron."""
    return perceptron(draw, sums=bool(number % 2), sign=number % 4 > 1)


def right_other_rule(draw: random.Random, number: int) -> Handmade:
    """A right table whose weights are moved by another rule."""
    return by_rule(sorted(RULES)[number % len(RULES)], draw, typed=bool(number % 2))


FAMILIES: dict[str, Callable[[random.Random, int], Handmade]] = {
    "classic": right_classic,
    "perceptron": right_perceptron,
    "other update rules": right_other_rule,
}


# --- Times -------------------------------------------------------------------------------------


def start_up() -> float:
    """CPU seconds until the command line could begin to audit."""
    code = "import gradsheet.audit.pipeline, time; print(time.process_time())"
    return min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(3)
    )


def timed(book: Book, folder: Path, name: str) -> float:
    """CPU seconds to audit a workbook from its file."""
    path = folder / f"{name}.xlsx"
    write(book, path)
    start = time.process_time()
    audit_workbook(path)
    return time.process_time() - start


def times(folder: Path) -> dict[str, float]:
    """CPU seconds of typical and of hard workbooks, start-up apart."""
    draw = random.Random("times")
    course = handmade(draw, (2, 2, 2))
    course.rows = 33
    sheets = Book(Path("six.xlsx"), {})
    for number in range(6):
        long = handmade(random.Random("six"), (2, 2, 2))
        long.rows = 283
        work = make(long, random.Random("six")).book.sheets["Work"]
        sheets.sheets[f"Rate {number}"] = type(work)(f"Rate {number}", work.cells)
    return {
        "start-up": start_up(),
        "a course sheet of 33 rows": timed(make(course, draw).book, folder, "course"),
        "six sheets of 283 rows": timed(sheets, folder, "six"),
        "a perceptron of 12,404 rows": timed(long_perceptron(), folder, "long"),
        "a workbook that nothing explains": timed(hopeless(), folder, "hopeless"),
    }


def long_perceptron() -> Book:
    """A perceptron of 12,404 rows."""
    draw = random.Random("long")
    table = perceptron(draw)
    rows = {row: {c: table.in_row[c, row] for c in ("i1", "i2", "t1")} for row in range(8)}
    for row in range(8, 12_404):
        table.in_row.update({(c, row): value for c, value in rows[row % 8].items()})
    for name in [c for c in table.columns if c.startswith("i") and c not in ("i1", "i2")]:
        table.in_row.update({(name, row): float(row % 2) for row in range(12_404)})
    table.rows = 12_404
    return make(table, draw).book


def hopeless() -> Book:
    """Six sheets with formulas that make no sense, different ones in each."""
    book = Book(Path("hopeless.xlsx"), {})
    for number in range(6):
        draw = random.Random(f"hopeless {number}")
        table = handmade(random.Random("network"), (3, 3, 3))
        for column in [c for c in table.columns if c.startswith("dE/d")]:
            a, b, c, d = draw.sample([n for n in table.columns if not n.startswith("dE")], 4)
            table.formulas[column] = f"[{a}]*[{b}]-[{c}]*({table.formulas[column]})+[{d}]^2"
        table.rows = 100
        work = make(table, random.Random("place")).book.sheets["Work"]
        book.sheets[f"S{number}"] = type(work)(f"S{number}", work.cells)
    return book


# --- All -----------------------------------------------------------------------------------------


def main() -> None:
    """Print one table, one line per kind of mistake, and write it down where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--often", type=int, default=10, help="how often each kind is planted")
    parser.add_argument("--right", type=int, default=200, help="right tables of each family")
    parser.add_argument("--only", default="", help="only the kinds whose names hold this")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes")
    parser.add_argument("-o", "--output", type=Path, help="the JSON file to write")
    options = parser.parse_args()
    clock: dict[str, float] = {}
    if not options.only:
        with TemporaryDirectory() as name:
            clock = times(Path(name))
    print(json.dumps(clock, indent=1))
    kinds = [kind for kind in (*PLANTS, *FURTHER) if options.only in kind]
    families = [] if options.only else [
        (family, range(start, min(start + _CHUNK, options.right)))
        for family in FAMILIES
        for start in range(0, options.right, _CHUNK)
    ]  # fmt: skip
    with fresh_processes(options.jobs) as pool:
        right = [
            pool.submit(Part(number * _CHUNK, family).check, family, numbers)
            for number, (family, numbers) in enumerate(families)
        ]
        runs = [
            pool.submit(Part(number * options.often, kind).run, options.often)
            for number, kind in enumerate(kinds)
        ]
        checked = [future.result() for future in right]
        for part in checked:
            print(*(f"  false alarm: {alarm}" for alarm in part.alarms), sep="\n", end="")
        parts = []
        for run in runs:
            parts.append(run.result())
            row_of(parts[-1], printed=True)
    result = summary(options.right, checked, parts, clock)
    print(json.dumps({k: v for k, v in result.items() if k != "mistakes"}, indent=1))
    if options.output:
        if options.output.exists():  # of benchmarks/audit_layouts.py
            known = json.loads(options.output.read_text())
            result |= {name: known[name] for name in ("other layouts",) if name in known}
        options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def row_of(part: Part, printed: bool = False) -> dict[str, Any]:
    """One kind's line, printed and for the file."""
    kind, tally = part.name, part.tally
    if printed:
        others = ", ".join(f"{k}: {n}" for k, n in tally.called.most_common())
        counts = f"{tally.named:>4} of {tally.planted}  extra {tally.extra}  {others}"
        print(f"{kind[:60]:<62}{counts}", flush=True)
    return {
        "planted": kind,
        "times": tally.planted,
        "named": tally.named,
        "further mistakes": tally.extra,
        "called": dict(tally.called.most_common()),
    }


def summary(
    right: int, checked: list[Part], parts: list[Part], clock: dict[str, float]
) -> dict[str, Any]:
    """Everything in one record."""
    rows = [row_of(part) for part in parts]
    confusion = sum((part.confusion for part in parts), Confusion())
    by_headers = sum((part.by_headers for part in parts), Counter[tuple[str, bool]]())
    seconds = sorted(s for part in (*checked, *parts) for s in part.seconds)
    alarms: Counter[str] = Counter()
    for part in checked:
        alarms[part.name] += len(part.alarms)
    return {
        "right tables": right * len(alarms),
        "false alarms": sum(alarms.values()),
        "false alarms by family": dict(alarms),
        "kinds": len(rows),
        "planted": sum(row["times"] for row in rows),
        "found and named": sum(row["named"] for row in rows),
        **confusion_record(confusion),
        "further mistakes": sum(row["further mistakes"] for row in rows),
        "named by headers": {
            way: f"{by_headers[way, True]} of {by_headers[way, True] + by_headers[way, False]}"
            for way in sorted({way for way, _ in by_headers})
        },
        "seconds": {"median": seconds[len(seconds) // 2], "longest": seconds[-1]},
        "CPU seconds": {name: round(value, 2) for name, value in clock.items()},
        "processor": processor_name(),
        "mistakes": rows,
    }


if __name__ == "__main__":
    main()
