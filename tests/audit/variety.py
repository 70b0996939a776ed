"""The same table in many dresses: other words, random headers, fixed columns, more rows, notes."""

import random
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import LineChart, Reference
from openpyxl.chart import Series as ChartSeries

from gradsheet.spreadsheet.addresses import CellIndex, parse_reference
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from tests.audit.handmade import Handmade

WORDS: tuple[dict[str, str], ...] = (
    {"t": "Ziel {}", "i": "Eingang {}", "w": "Gewicht {}", "b": "Schwelle {}", "E": "Fehler {}",
     "E_total": "Gesamtfehler", "dE/dw": "Ableitung w{}", "h": "Summe h{}", "o": "Summe o{}",
     "a_h": "Ausgabe h{}", "a_o": "Ausgabe o{}", "dE/db": "Ableitung b{}"},
    {"t": "objetivo {}", "i": "entrada {}", "w": "peso {}", "b": "sesgo {}", "E": "error {}",
     "E_total": "error total", "dE/dw": "gradiente w{}", "h": "suma h{}", "o": "suma o{}",
     "a_h": "salida h{}", "a_o": "salida o{}", "dE/db": "gradiente b{}"},
    {"t": "cible {}", "i": "entrée {}", "w": "poids {}", "b": "biais {}", "E": "erreur {}",
     "E_total": "perte", "dE/dw": "dérivée w{}", "h": "somme h{}", "o": "somme o{}",
     "a_h": "sortie h{}", "a_o": "sortie o{}", "dE/db": "dérivée b{}"},
)  # fmt: skip
_NOTES = (
    "Epoch table, see chapter 3", "w5 is updated with dE/dw5", "2026-03-14", "η", "Homework 4",
    "E = ½ Σ (t − a)²", "do not change the yellow cells",
)  # fmt: skip
_LOOSE = re.compile(r"(?<![$A-Z!])([A-Z]{1,2})(\d+)(?![\d(])")


def headers(table: Handmade, draw: random.Random, way: str) -> dict[str, str]:
    """Other headers for all columns: ``foreign`` words, ``random`` strings, or none."""
    if way == "random":
        letters = "abcdefghijklmnopqrstuvwxyz"
        return {c: "".join(draw.choices(letters, k=draw.randint(4, 9))) for c in table.columns}
    if way == "foreign":
        words = draw.choice(WORDS)
        parts = {c: re.fullmatch(r"(.*?)(\d*)", c) for c in table.columns}
        return {c: words[m[1]].format(m[2]) for c, m in parts.items() if m and m[1] in words}
    return {}


def longer(table: Handmade, draw: random.Random) -> Handmade:
    """Sometimes with many more rows; single cells stay where they are."""
    if table.in_row or table.series or draw.random() < 0.75:
        return table
    return replace(table, rows=draw.choice((60, 120, 300)))


def dressed(book: Book, draw: random.Random) -> Book:
    """With columns held by a ``$`` here and there, and notes beside the table."""
    sheets = {name: Sheet(name, dict(sheet.cells)) for name, sheet in book.sheets.items()}
    cells = sheets["Work"].cells
    if draw.random() < 0.3:
        for place, cell in cells.items():
            if cell.formula is not None:
                cells[place] = Cell(None, _LOOSE.sub(r"$\1\2", cell.formula))
    if draw.random() < 0.5:
        right = max(column for _, column in cells) + 2
        for row in draw.sample(range(1, 40), 3):
            cells[CellIndex(row, right)] = Cell(draw.choice(_NOTES))
    return replace(book, sheets=sheets)


def write(book: Book, path: Path) -> None:
    """A book as a file, by openpyxl."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for sheet in book.sheets.values():
        made = workbook.create_sheet(sheet.name)
        for (row, column), cell in sheet.cells.items():
            value = f"={cell.formula}" if cell.formula is not None else cell.value
            made.cell(row, column, value)
    for chart in book.charts:
        _draw_chart(workbook, chart.sheet, chart.title, {s.values: s.name for s in chart.series})
    workbook.save(path)


def _draw_chart(workbook: Workbook, sheet: str, title: str, series: Mapping[str, str]) -> None:
    drawn = LineChart()
    drawn.title = title
    for values, name in series.items():
        plotted = parse_reference(values)
        assert plotted is not None
        (top, left), (bottom, right) = plotted.range
        cells = Reference(workbook[plotted.sheet], left, top, right, bottom)
        drawn.series.append(ChartSeries(cells, title=name or None))
    drawn_on: Any = workbook[sheet]
    drawn_on.add_chart(drawn, "A1")
