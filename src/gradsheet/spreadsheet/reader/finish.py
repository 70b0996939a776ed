"""The finished book: the labels of its charts may lie in any cell, so they are looked up last."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gradsheet.spreadsheet.addresses import parse_cell_reference
from gradsheet.spreadsheet.model import Book, Chart, Series, Sheet
from gradsheet.spreadsheet.reader.archive import SAVE, RefusedError
from gradsheet.spreadsheet.reader.grid import Oddities


@dataclass(frozen=True)
class Label:
    """A title or a name: its text, or the cell that holds it."""

    text: str = ""
    reference: str = ""


@dataclass(frozen=True)
class UnresolvedChart:
    """A chart whose labels may still be references; of a line, what is plotted and its name."""

    sheet: str
    title: Label
    series: tuple[tuple[str, Label], ...]


def finished(
    path: Path,
    sheets: list[Sheet],
    names: dict[str, str],
    charts: list[UnresolvedChart],
    oddities: Oddities,
    properties: dict[str, str],
) -> Book:
    """The book, now that every label can be looked up."""
    if not sheets:
        raise RefusedError(f"it holds no sheet with cells; {SAVE}")
    book = {sheet.name: sheet for sheet in sheets}
    drawn = [
        Chart(
            chart.sheet,
            _text(chart.title, book),
            tuple(Series(values, _text(name, book)) for values, name in chart.series),
        )
        for chart in charts
    ]
    return Book(path, book, names, tuple(drawn), oddities.lines(), properties)


def _text(label: Label, sheets: Mapping[str, Sheet]) -> str:
    found = None if label.text else parse_cell_reference(label.reference)
    if found is None or found.sheet not in sheets:
        return label.text
    cell = sheets[found.sheet].cells.get(found.cell)
    if cell is None or cell.value is None:
        return ""
    return cell.value if isinstance(cell.value, str) else f"{cell.value:.15g}"
