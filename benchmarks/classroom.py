"""A class marked: how long 200 exercises take, what copied work is found, what damaged files do.

python benchmarks/classroom.py [--exercises 200] [--classes 20] [--mutations 500]
                               [-o results/classroom.json]

The times are CPU seconds of this process and its children. In each simulated class of 40 every
student has numbers, habits and mistakes of their own, and three copy: one hands in another's file,
one types another's answers, one takes over another's formulas and notes.
"""

import argparse
import json
import os
import platform
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the students are those of the tests

from gradsheet.audit.submissions import Submission, submissions
from gradsheet.classroom.assign import CODE
from gradsheet.classroom.batch import Desk, Settings, mark_all
from gradsheet.classroom.copied import find_shared
from gradsheet.classroom.exercises import Marker
from gradsheet.classroom.manifest import Handout, Manifest
from gradsheet.classroom.marked import Marked, Uploader
from gradsheet.classroom.numbers import Numbers
from gradsheet.classroom.outputs import Class
from gradsheet.classroom.roster import Student
from gradsheet.classroom.rubric import Rubric
from gradsheet.networks.graph import build_graph
from gradsheet.networks.toml import load_network, to_toml
from gradsheet.processes import processor_name
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.spreadsheet.reader import read_book
from gradsheet.symbolic.tape import Tape
from gradsheet.workbook.exercise import Question, name_of
from gradsheet.workbook.exercise_levels import Level, asked_of
from tests.classroom.habits import Work, copied_formulas, copied_values, work_of
from tests.classroom.mutations import mutated
from tests.classroom.simulated import handed_out, questions_of, ref_of, typed_by
from tests.workbook.books import with_cells

_CLASS = 40


def settings(manifest: Manifest) -> Settings:
    """The manifest's own class."""
    students = tuple(Student(h.id, h.name, h.extra) for h in manifest.handouts)
    return Settings(manifest, Rubric(), students)


def cpu() -> float:
    """CPU seconds of this process and its children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


# --- Time ------------------------------------------------------------------------------------


def timed(count: int, folder: Path) -> dict[str, Any]:
    """Mark so many exercises of 20 updates and write everything, in two processes."""
    started = cpu()
    manifest = handed_out(folder, count, updates=20)
    written = cpu() - started
    questions = questions_of(manifest, folder)
    for number, handout in enumerate(manifest.handouts):
        typed = typed_by(number, handout, questions).cells
        cells = {r: c for r, c in typed.items() if c is not None and not isinstance(c, bool)}
        source = folder / "students" / handout.file
        with_cells(source, folder / "students" / f".{number}.xlsx", cells).replace(source)
    started = cpu()
    with submissions([folder / "students"]) as found:
        marked = list(mark_all(found, settings(manifest), jobs=2))
        group = Class(marked, settings(manifest).students, manifest)
        group.write(folder / "marks")
    return {
        "exercises": len(marked),
        "CPU seconds to write them": round(written, 1),
        "CPU seconds to mark them": round(cpu() - started, 1),
    }


# --- Copied work -----------------------------------------------------------------------------


class Room:
    """Classes of one network, whose workbooks are made in memory."""

    def __init__(self, folder: Path) -> None:
        self._manifest = handed_out(folder, 1)
        self._questions = questions_of(self._manifest, folder)
        file = folder / "students" / self._manifest.handouts[0].file
        self._book = read_book(file)
        spec = load_network("course")
        self._numbers, self._graph = Numbers(spec), build_graph(spec)
        self._asked = {name_of(v): v for v in asked_of(self._graph, Level.DELTAS)}
        self._tape = Tape(self._asked.values())

    def manifest(self, seed: int) -> Manifest:
        """A class with numbers of each student's own."""
        handouts = tuple(self._handout(seed * 1000 + n, n) for n in range(_CLASS))
        return replace(self._manifest, handouts=handouts)

    def _handout(self, seed: int, number: int) -> Handout:
        spec = self._numbers.of(seed)
        given = dict(zip(self._graph.given, build_graph(spec).given.values(), strict=True))
        values = self._tape.run(given)
        answers = tuple(float(values[self._asked[q.name]]) for q in self._questions)
        identity, code = f"s{number:03}", f"code{seed}"
        name = f"First{number} Last{number}"
        return Handout(identity, name, {}, f"{number}.xlsx", code, 0, to_toml(spec), answers)

    @property
    def questions(self) -> Sequence[Question]:
        """What is asked for."""
        return self._questions

    def book(self, manifest: Manifest, handout: Handout, work: Work) -> Book:
        """A workbook as a student hands it in."""
        sheets = {name: Sheet(name, dict(s.cells)) for name, s in self._book.sheets.items()}
        given = build_graph(handout.spec).given.values()
        for address, value in zip(manifest.inputs, given, strict=True):
            ref = ref_of(address)
            sheets[ref.sheet].cells[ref.cell] = Cell(float(value))
        for ref, content in work.cells.items():
            is_formula = isinstance(content, str)
            sheets[ref.sheet].cells[ref.cell] = (
                Cell(None, str(content)) if is_formula else Cell(float(content))
            )
        if work.notes:
            cells = {ref_of(f"Notes!A{row}").cell: Cell(n) for row, n in enumerate(work.notes, 1)}
            sheets["Notes"] = Sheet("Notes", cells)
        properties = {**self._book.properties, CODE: handout.code}
        return replace(self._book, sheets=sheets, properties=properties)


def classes(count: int, folder: Path) -> dict[str, Any]:
    """How many planted copies are listed, and how many innocent pairs."""
    room = Room(folder)
    found = {"another's file": 0, "another's answers": 0, "another's formulas and notes": 0}
    innocent = 0
    for seed in range(count):
        manifest = room.manifest(seed)
        planted, marked = _class(room, manifest, seed)
        listed = {
            frozenset((s.first[-5:-1], s.second[-5:-1])) for s in find_shared(marked, manifest)
        }
        for kind, pair in planted.items():
            found[kind] += pair in listed
        innocent += len(listed - set(planted.values()))
    return {
        "classes": count,
        "students": _CLASS,
        "listed": found,
        "innocent pairs listed": innocent,
    }


def _class(
    room: Room, manifest: Manifest, seed: int
) -> tuple[dict[str, frozenset[str]], list[Marked]]:
    drawn = random.Random(f"class {seed}")
    works = [work_of(h, room.questions, random.Random(f"{seed} {h.id}")) for h in manifest.handouts]
    people = drawn.sample(range(_CLASS), 6)
    file_thief, file_owner, typist, source, writer, author = people
    works[typist] = copied_values(works[source], manifest.handouts[source], room.questions, drawn)
    works[author] = works[author].with_oddities(room.questions, drawn)
    works[writer] = copied_formulas(works[author], works[writer], drawn)
    marker, marked = Marker(manifest, Rubric()), []
    for number, handout in enumerate(manifest.handouts):
        owner = manifest.handouts[file_owner] if number == file_thief else handout
        work = works[file_owner] if number == file_thief else works[number]
        uploader = Uploader("moodle", str(number), handout.name, f"{handout.name}_{number}")
        marked.append(marker.mark(room.book(manifest, owner, work), f"{number}.xlsx", uploader))
    pairs = ((file_thief, file_owner), (typist, source), (writer, author))
    kinds = ("another's file", "another's answers", "another's formulas and notes")
    ids = [frozenset(manifest.handouts[n].id for n in pair) for pair in pairs]
    return dict(zip(kinds, ids, strict=True)), marked


# --- Damaged files ---------------------------------------------------------------------------


def damaged(count: int, folder: Path) -> dict[str, Any]:
    """What becomes of mutated files: each is marked, or refused in one line."""
    manifest = handed_out(folder, 1)
    file = folder / "students" / manifest.handouts[0].file
    desk, outcomes = Desk(settings(manifest)), {"marked": 0, "refused": 0}
    longest, slowest = 0, 0.0
    for path in mutated(file, folder, count):
        started = time.process_time()
        row = desk.mark(Submission(path, path))
        slowest = max(slowest, time.process_time() - started)
        outcomes["marked" if row.is_marked else "refused"] += 1
        longest = max(longest, len(row.why))
        assert "\n" not in row.why
        assert row.is_marked or row.why
    return {
        "files": count,
        **outcomes,
        "longest reason, characters": longest,
        "slowest, CPU seconds": round(slowest, 2),
    }


def parts(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each part of the benchmark."""
    with TemporaryDirectory() as folder:
        if options.exercises:
            yield "time", timed(options.exercises, Path(folder, "timed"))
        if options.classes:
            yield "copied work", classes(options.classes, Path(folder, "classes"))
        if options.mutations:
            yield "damaged files", damaged(options.mutations, Path(folder, "damaged"))


def main() -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exercises", type=int, default=200)
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--mutations", type=int, default=500)
    parser.add_argument("-o", type=Path, default=Path("results/classroom.json"))
    options = parser.parse_args()
    results: dict[str, Any] = {"python": platform.python_version(), "machine": processor_name()}
    for name, found in parts(options):
        results[name] = found
        print(name)
        for key, value in found.items():
            print(f"  {key}: {value}")
    options.o.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
