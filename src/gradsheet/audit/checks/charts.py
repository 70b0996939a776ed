"""Whether charts plot the column they claim."""

import re
from collections.abc import Iterator, Sequence

from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.tables.headers import read_header
from gradsheet.spreadsheet.addresses import CellIndex, column_letters, parse_reference
from gradsheet.spreadsheet.model import Book, Chart, Series

WRONG_COLUMN = "a chart of the wrong column"
ROWS_MISSING = "a chart that leaves rows out"

_LOSS_WORDS = re.compile(
    r"\b(loss|error|cost|e_?t\w*|verlust|fehler|erreur|perte)\b", re.IGNORECASE
)


def chart_findings(book: Book, tables: Sequence[Interpretation]) -> Iterator[Finding]:
    """What is wrong with the charts of training tables."""
    for chart in book.charts:
        for series in chart.series:
            yield from _series_findings(chart, series, tables)


def _series_findings(
    chart: Chart, series: Series, tables: Sequence[Interpretation]
) -> Iterator[Finding]:
    plotted = _plotted(series.values, tables)
    if plotted is None:
        return
    table, column, first, last = plotted
    claimed, held = _claim(chart, series), table.names.get(column, "")
    cell = str(CellIndex(first, column))
    where = (chart.sheet, cell, table.header(column), held)
    if claimed and held and claimed != held and claimed in table.names.values():
        titled = series.name or chart.title
        right = next(c for c, name in table.names.items() if name == claimed)
        message = (
            f"the chart '{titled}' plots {table.header(column)}; "
            f"{table.header(right)} is in column {column_letters(right)}"
        )
        yield Finding(*where, WRONG_COLUMN, message)
    rows = table.table.rows
    missing = sum(not first <= row <= last for row in rows)
    if missing and len(rows) - missing > 1 and held == "E_total":
        plotted_rows = f"{len(rows) - missing} of the {len(rows)} rows"
        message = f"the chart plots {plotted_rows} of {table.header(column)}"
        yield Finding(*where, ROWS_MISSING, message, is_mistake=False, cells=missing)


def _plotted(
    reference: str, tables: Sequence[Interpretation]
) -> tuple[Interpretation, int, int, int] | None:
    """The table and the column that a reference plots, and its first and last row."""
    plotted = parse_reference(reference)
    if plotted is None or plotted.range.first.column != plotted.range.last.column:
        return None
    (top, column), (bottom, _) = plotted.range
    for table in tables:
        if (
            plotted.sheet == table.table.sheet.name
            and column in table.table.columns
            and top <= table.table.rows[-1]
            and (bottom >= table.table.rows[0])
        ):
            return table, column, top, bottom
    return None


def _claim(chart: Chart, series: Series) -> str:
    """The value that a chart says it shows."""
    for text in (series.name, chart.title):
        if name := read_header(text):
            return name
        if _LOSS_WORDS.search(text):
            return "E_total"
    return ""
