"""The ready-made workbooks are what the package writes today."""

import math
from pathlib import Path
from runpy import run_path

import pytest

from gradsheet.spreadsheet.model import Book
from gradsheet.spreadsheet.reader import read_book

EXAMPLES = Path(__file__).parent.parent / "examples"


def same(a: float | str | None, b: float | str | None) -> bool:
    """Whether two values agree, numbers but for the rounding of another processor."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)
    return a == b


def differing_cells(a: Book, b: Book) -> list[str]:
    """The cells of two workbooks whose formulas or values differ."""
    assert a.sheets.keys() == b.sheets.keys()
    found = []
    for name, sheet in a.sheets.items():
        other = b.sheets[name].cells
        assert sheet.cells.keys() == other.keys(), name
        found += [
            f"{name} {index}"
            for index, cell in sheet.cells.items()
            if cell.formula != other[index].formula or not same(cell.value, other[index].value)
        ]
    return found


@pytest.mark.slow
def test_every_cell_is_what_is_written_today(tmp_path: Path) -> None:
    written = run_path(str(EXAMPLES / "build.py"))["build"](tmp_path)
    shipped = sorted(EXAMPLES.glob("*.xlsx"))
    assert [path.name for path in shipped] == [path.name for path in written]
    for old, new in zip(shipped, written, strict=True):
        assert not differing_cells(read_book(old), read_book(new))[:5], old.name


def test_the_examples_are_small_and_listed() -> None:
    shipped = sorted(EXAMPLES.glob("*.xlsx"))
    assert len(shipped) >= 6
    assert sum(path.stat().st_size for path in shipped) < 4_000_000
    text = (EXAMPLES / "README.md").read_text()
    assert all(f"({path.name})" in text for path in shipped)
