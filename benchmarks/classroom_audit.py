"""How long the submissions of a class take, with the page, the summary and annotated copies.

python benchmarks/classroom_audit.py [--files 200] [--jobs 2] [--keep DIR] [-o FILE.json]

Writes the files itself: every second one has six sheets of 100 to 283 rows, one sheet per learning
rate, of a network with 8 weights; the others one sheet of 20 to 100 rows. Half of them hold a
mistake of tests/audit/planted.py, one in twenty cannot be read. The CPU time is that of the command
and of its workers.
"""

import argparse
import json
import math
import os
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tables are those of the tests

import xlsxwriter

from gradsheet.spreadsheet.addresses import CellIndex, column_number
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.spreadsheet.writer import PlainSheet
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
    rows = draw.randint(100, 283) if sheets > 1 else draw.randint(20, 100)
    table = replace(handmade(draw, (2, 2, 2) if sheets > 1 else None), rows=rows)
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
    with xlsxwriter.Workbook(path, {"nan_inf_to_errors": True}) as written:
        for sheet in book.sheets.values():
            values = Values(sheet)
            page = written.add_worksheet(sheet.name, PlainSheet)
            for index, cell in sorted(sheet.cells.items()):
                place = (index.row - 1, index.column - 1)
                if cell.formula is None:
                    page.write(*place, cell.value)
                else:
                    page.write_formula(*place, f"={cell.formula}", value=values[index])


class Values(dict[tuple[int, int], float | str]):
    """The values of a sheet's cells, computed by Python when they are first asked for."""

    _functions: ClassVar[dict[str, Callable[..., float]]] = {
        "EXP": math.exp,
        "TANH": math.tanh,
        "MAX": max,
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
    }
    _reference = re.compile(r"(\$?)([A-Z]{1,3})(\$?)(\d+)")

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self._cells = sheet.cells
        self._compiled: dict[str, CodeType] = {}

    def __missing__(self, place: tuple[int, int]) -> float | str:
        cell, row = self._cells.get(CellIndex(*place)), place[0]
        value: float | str
        if cell is None or cell.formula is None:
            value = 0.0 if cell is None or cell.value is None else cell.value
        else:
            code = self._reference.sub(lambda found: self._python(found, row), cell.formula)
            try:
                names = {"v": self, "r": row, **self._functions}
                value = float(eval(self._code(code.replace("^", "**")), names))
            except (ArithmeticError, TypeError, ValueError):
                value = "#VALUE!"
        self[place] = value
        return value

    def _python(self, found: re.Match[str], row: int) -> str:
        number = found[4] if found[3] else f"r+{int(found[4]) - row}"
        return f"v[{number},{column_number(found[2])}]"

    def _code(self, text: str) -> CodeType:
        if text not in self._compiled:
            self._compiled[text] = compile(text, "formula", "eval")
        return self._compiled[text]


def cpu_seconds() -> float:
    """The CPU time of the children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def runs(folder: Path, out: Path, jobs: int) -> Iterator[tuple[str, list[str]]]:
    """What is measured: a name and the arguments of the command."""
    command = [sys.executable, "-m", "gradsheet", "audit", str(folder), "--jobs", str(jobs), "-q"]
    yield "audit only", command
    command += ["--report", str(out / "class.html"), "--summary", str(out / "mistakes")]
    yield "with page, summary and copies", [*command, "--annotate"]


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
