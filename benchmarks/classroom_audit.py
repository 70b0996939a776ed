"""How long the submissions of a class take, with the page, the summary and annotated copies.

python benchmarks/classroom_audit.py [--files 200] [--jobs 2] [--keep DIR] [-o results/classroom-audit.json]

Writes the files itself: every second one has six sheets of 100 to 283 rows, a sheet a learning
rate, the others one sheet of 20 to 100 rows. Half of them hold a mistake of tests/audit/planted.py,
one in twenty cannot be read. The CPU time is that of the command and of its workers.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tables are those of the tests

import xlsxwriter

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from tests.audit.handmade import Handmade, handmade, make
from tests.audit.planted import PLANTS

RATES = (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)


def write_class(folder: Path, files: int) -> None:
    """Write the submissions, the same ones each time."""
    for number in range(files):
        draw = random.Random(f"submission {number}")
        path = folder / f"Student {number:03}" / "backpropagation.xlsx"
        path.parent.mkdir(parents=True)
        if number % 20 == 19:
            path.write_bytes(b"PK\x03\x04 cut off")
        else:
            write_book(submission(draw, sheets=6 if number % 2 else 1), path)


def submission(draw: random.Random, sheets: int) -> Book:
    """A workbook of one or six training sheets; every second one holds a mistake."""
    table = replace(
        handmade(draw), rows=draw.randint(100, 283) if sheets > 1 else draw.randint(20, 100)
    )
    if draw.random() < 0.5:
        table = with_mistake(table, draw)
    book = make(table, draw).book
    if sheets == 1:
        return book
    work = book.sheets["Work"]
    return replace(book, sheets={f"lr {r}": at_rate(work, r) for r in RATES}, charts=())


def with_mistake(table: Handmade, draw: random.Random) -> Handmade:
    """The table with the first of the mistakes, in a random order, that it has room for."""
    plants = [plant for _, plant in PLANTS.values()]
    planted = (plant(table, draw) for plant in draw.sample(plants, len(plants)))
    return next(found.table for found in planted if found)


def at_rate(sheet: Sheet, rate: float) -> Sheet:
    """The sheet with another learning rate: the one number above the table."""
    top = min(index.row for index, cell in sheet.cells.items() if cell.formula)
    cells = {
        index: Cell(rate) if isinstance(cell.value, float) and index.row < top - 2 else cell
        for index, cell in sheet.cells.items()
    }
    return Sheet(f"lr {rate}", cells)


def write_book(book: Book, path: Path) -> None:
    """Write a workbook with the values of its formulas, as a spreadsheet program would."""
    evaluator = Evaluator(Formulas(book))
    with xlsxwriter.Workbook(path, {"nan_inf_to_errors": True}) as written:
        for sheet in book.sheets.values():
            page = written.add_worksheet(sheet.name)
            for index, cell in sorted(sheet.cells.items()):
                place = (index.row - 1, index.column - 1)
                if cell.formula is None:
                    page.write(*place, cell.value)
                else:
                    value = evaluator.value(sheet.name, CellIndex(*index))
                    page.write_formula(*place, f"={cell.formula}", value=value)


def cpu_seconds() -> float:
    """The CPU time of the children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def runs(folder: Path, out: Path, jobs: int) -> Iterator[tuple[str, list[str]]]:
    """What is measured: a name and the arguments of the command."""
    command = [sys.executable, "-m", "gradsheet", "audit", str(folder), "--jobs", str(jobs), "-q"]
    yield "audit only", command
    written = [
        "--report",
        str(out / "class.html"),
        "--summary",
        str(out / "mistakes"),
        "--annotate",
    ]
    yield "with page, summary and copies", [*command, *written]


def main() -> None:
    """Print the times, and write them down where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--keep", type=Path, help="the folder to write the class and the page to")
    parser.add_argument("-o", "--output", type=Path, help="the JSON file to write")
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        root = options.keep or Path(scratch)
        folder = root / "class"
        if not folder.exists():
            write_class(folder, options.files)
        result: dict[str, object] = {"files": options.files, "jobs": options.jobs}
        for name, command in runs(folder, root, options.jobs):
            wall, cpu = time.perf_counter(), cpu_seconds()
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            assert ended.returncode == 2, ended.stderr[-2000:]  # some cannot be read
            wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
            result[name] = {"seconds": round(wall, 1), "CPU seconds": round(cpu, 1)}
            print(f"{name:<32}{wall:>8.1f} s{cpu:>8.1f} s CPU")
        sizes = [path.stat().st_size for path in folder.rglob("backpropagation.xlsx")]
        result["MB of workbooks"] = round(sum(sizes) / 1e6, 1)
        if (page := root / "class.html").exists():
            result["MB of the page"] = round(page.stat().st_size / 1e6, 1)
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
