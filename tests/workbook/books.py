"""Workbooks that tests share, and what they look up and change in them."""

import re
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape, unescape

import openpyxl
from openpyxl.workbook.workbook import Workbook

from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.recalculate import Cells, recalculated
from gradsheet.workbook.build import write_exercise, write_workbook
from tests.reference import random_network

COURSE = load_network("course")
RATES = (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)
LINE = NetworkSpec(((2.0,),), ((1.0,),), (LayerSpec(((3.0,),), "identity"),))
"""The smallest network: one weight."""


class Books:
    """Writes each workbook once; nobody may change one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[object, Path] = {}

    def workbook(self, preset: str, rates: tuple[float, ...] = (0.5,), updates: int = 2) -> Path:
        """The workbook of a preset."""
        path = self._path("workbook", preset, rates, updates)
        if not path.is_file():
            write_workbook(load_network(preset), path, learning_rates=rates, updates=updates)
        return path

    def random(self, seed: int) -> Path:
        """The workbook of a random network."""
        path = self._path("random", seed)
        if not path.is_file():
            write_workbook(random_network(seed), path, learning_rates=(0.02, 0.05), updates=3)
        return path

    def exercise(self, preset: str, solution: bool = False) -> Path:
        """The exercise of a preset at two learning rates."""
        path = self._path("exercise", preset, solution)
        if not path.is_file():
            write_exercise(
                load_network(preset),
                path,
                solution=solution,
                learning_rates=(0.5, 1.0),
                updates=5,
            )
        return path

    def _path(self, *key: object) -> Path:
        return self._written.setdefault(key, self._folder / f"book{len(self._written)}.xlsx")


@cache
def book(path: Path) -> Workbook:
    """The workbook as openpyxl reads it, for looking at only."""
    return openpyxl.load_workbook(path)


def ref(sheet: str, address: str) -> CellRef:
    return CellRef(sheet, CellIndex.parse(address))


def cell_of(path: Path, name: str) -> CellRef:
    """The cell with a defined name."""
    target = book(path).defined_names[name].attr_text
    sheet, cell = target.replace("$", "").split("!")
    return ref(sheet.strip("'"), cell)


def table(cells: Cells, path: Path, sheet: str) -> dict[str, list[float]]:
    """The training table of a sheet: for each header the numbers below it."""
    columns: dict[str, list[float]] = {}
    for header in book(path)[sheet][4]:
        if isinstance(header.value, str) and header.column > 3:
            column = header.column
            below = (cells.get(CellRef(sheet, CellIndex(row, column))) for row in range(5, 110))
            columns[header.value] = [float(value) for value in below if value is not None]
    return columns


def with_cells(path: Path, target: Path, changed: Mapping[CellRef, float | str]) -> Path:
    """A copy with other formulas, numbers or texts in some cells that the workbook has."""
    parts = _sheet_parts(path)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            content = source.read(name).decode() if name in parts.values() else source.read(name)
            for cell, value in changed.items():
                if parts[cell.sheet] == name:
                    content = _with_cell(str(content), str(cell.cell), value)
            copy.writestr(name, content)
    return target


def _sheet_parts(path: Path) -> dict[str, str]:
    """The part of each sheet; XlsxWriter numbers them in the order of the workbook."""
    with zipfile.ZipFile(path) as source:
        names = re.findall(r'<sheet name="([^"]*)"', source.read("xl/workbook.xml").decode())
    return {
        unescape(name): f"xl/worksheets/sheet{number}.xml"
        for number, name in enumerate(names, start=1)
    }


def _with_cell(content: str, address: str, value: float | str) -> str:
    pattern = rf'<c r="{address}"( s="\d+")?[^>]*?(?:/>|>.*?</c>)'
    if isinstance(value, str) and value.startswith("="):
        kind, inside = "", f"<f>{escape(value[1:])}</f><v>0</v>"
    elif isinstance(value, str):
        kind, inside = ' t="inlineStr"', f"<is><t>{escape(value)}</t></is>"
    elif isinstance(value, bool):
        kind, inside = ' t="b"', f"<v>{value:d}</v>"
    else:
        kind, inside = "", f"<v>{value!r}</v>"

    def write(match: re.Match[str]) -> str:
        return f'<c r="{address}"{match[1] or ""}{kind}>{inside}</c>'

    changed, count = re.subn(pattern, write, content, count=1)
    assert count == 1, address
    return changed


def after(path: Path, folder: Path, changed: Mapping[CellRef, float | str]) -> Cells:
    """The workbook recalculated by IronCalc with some cells changed."""
    return recalculated(with_cells(path, folder / "changed.xlsx", changed), {}, "ironcalc")
