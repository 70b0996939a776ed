"""What every sheet says and shows, of networks as different as can be."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradsheet.networks.spec import LayerSpec, NetworkSpec
from gradsheet.networks.toml import load_network
from gradsheet.spreadsheet.addresses import column_number
from gradsheet.spreadsheet.style import NUMBER, Style
from gradsheet.spreadsheet.writer import Workbook, cell_address
from gradsheet.workbook import start
from gradsheet.workbook.build import write_workbook
from gradsheet.workbook.layout import Layout
from gradsheet.workbook.texts import SHORT
from tests.workbook.books import LINE

XOR = load_network("xor")
WIDE = LayerSpec(tuple(tuple(0.1 * (k - n) for n in range(8)) for k in range(8)))
DEEP = LayerSpec(((0.3, -0.2), (0.2, 0.4)), "relu", (0.1,))
NETWORKS = {
    "one weight": LINE,
    "two examples": replace(XOR, inputs=XOR.inputs[:2], targets=XOR.targets[:2]),
    "many edges": NetworkSpec(((0.5,) * 8,), ((0.5,) * 8,), (WIDE,)),
    "deep": NetworkSpec(
        ((0.5, -1.0), (1.0, 0.5)),
        ((1.0, 0.0), (0.0, 1.0)),
        (DEEP, DEEP, replace(DEEP, activation="softmax")),
        loss="categorical-cross-entropy",
        optimizer="adam",
        l2=0.01,
    ),
}
SLIPS = (
    r"(?<![\d.,⁾])1 (?:updates|examples|weights|parameters|outputs|units)\b",
    r"\b(\d+) to \1\b",
    r"\b(?:all|over) 1 \b",
    r"\brelu\b",
    r"\bNone\b",
)


@pytest.mark.parametrize("name", NETWORKS)
def test_no_sheet_has_a_slip(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    books: list[Workbook] = []
    write_start = start.write

    def keep(layout: Layout, style: Style, *others: Any) -> None:
        write_start(layout, style, *others)
        books.append(style.book)

    monkeypatch.setattr(start, "write", keep)
    write_workbook(NETWORKS[name], tmp_path / "book.xlsx", learning_rates=(0.5,), updates=1)
    (written,) = books
    texts = written.str_table.string_array
    for text in texts:
        if " = " not in text:  # the network's file is full of them
            assert not [slip for slip in SLIPS if re.search(slip, text)], text
    for sheet in written.worksheets():
        assert list(_too_narrow(sheet)) == []
        assert list(_cut_headings(sheet)) == []
        assert _note_fits(sheet, texts)
        said = [texts[index] for index in _strings(sheet)]
        if sheet.name != "Start" and any("∂E/∂" in text for text in said):
            assert any(SHORT in text for text in said), sheet.name


def _strings(sheet: Any) -> Iterator[int]:
    """Which texts of the workbook are on the sheet."""
    cells = (cell for row in sheet.table.values() for cell in row.values())
    return (cell.string for cell in cells if hasattr(cell, "string"))


def _cut_headings(sheet: Any) -> Iterator[str]:
    """Headings through which a page ends, or that are longer than a page may be wide."""
    for row, first, _, last in sheet.merge:
        within = any(first < column <= last for column in sheet.vbreaks)
        if within or (sheet.name.startswith("lr ") and last - first >= 8):
            yield f"{sheet.name} {cell_address(row, first)}"


def _note_fits(sheet: Any, texts: list[str]) -> bool:
    """Whether a page is as wide as the note above a drawing: about 6 pixels a letter."""
    if sheet.name != "Network":
        return True
    last = column_number(sheet.print_area_range.split(":$")[1].split("$")[0])
    known = sheet.col_info
    width = sum(known[c].width if c in known else 64 for c in range(last + 1))
    return 6 * len(texts[sheet.table[1][0].string]) <= width


def _too_narrow(sheet: Any) -> Iterator[str]:
    """The cells that would show ###: eight decimals, a digit and a sign need 82 pixels."""
    for row, cells in sheet.table.items():
        for column, cell in cells.items():
            shown = cell.format.num_format if getattr(cell, "format", None) else ""
            width = sheet.col_info[column].width if column in sheet.col_info else 64
            if shown == NUMBER and width < 82 and (row, column) not in sheet.merged_cells:
                yield f"{sheet.name} {cell_address(row, column)}"
