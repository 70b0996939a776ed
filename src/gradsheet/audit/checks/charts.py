"""Whether charts plot the column they claim."""

import re
from collections.abc import Iterator, Sequence

from gradsheet.audit import rules
from gradsheet.audit.details import ChartOfOtherColumn, ChartOfSomeRows, Details
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.rules import Rule
from gradsheet.audit.tables.headers import read_header
from gradsheet.networks.symbols import LOSS, Symbol
from gradsheet.spreadsheet.addresses import CellIndex, parse_reference
from gradsheet.spreadsheet.model import Book, Chart, Series

_LOSS_WORDS = re.compile(
    r"\b(loss|error|cost|e_?t\w*|verlust|fehler|erreur|perte)\b", re.IGNORECASE
)


def chart_findings(book: Book, tables: Sequence[Interpretation]) -> Iterator[Finding]:
    """What is wrong with the charts of training tables."""
    for chart in book.charts:
        for series in chart.series:
            if plotted := _plotted(series.values, tables):
                yield from _series_findings(chart, series, *plotted)


def _series_findings(
    chart: Chart, series: Series, found: Interpretation, first: CellIndex, last: CellIndex
) -> Iterator[Finding]:
    column = first.column
    held, claimed = found.symbols.get(column), _claim(chart, series)

    def finding(rule: Rule, details: Details, cells: int = 1) -> Finding:
        return Finding((rule,), details, chart.sheet, first, cells, found.header(column), held)

    if claimed and held and claimed != held and claimed in found.symbols.values():
        named = next(c for c, symbol in found.symbols.items() if symbol == claimed)
        yield finding(
            rules.CHART_COLUMN,
            ChartOfOtherColumn(
                series.name or chart.title, found.header(column), found.header(named), named
            ),
        )
    rows = found.table.rows
    plotted = sum(first.row <= row <= last.row for row in rows)
    if 1 < plotted < len(rows) and held == LOSS:
        details = ChartOfSomeRows(found.header(column), plotted, len(rows))
        yield finding(rules.CHART_ROWS, details, len(rows) - plotted)


def _plotted(
    reference: str, tables: Sequence[Interpretation]
) -> tuple[Interpretation, CellIndex, CellIndex] | None:
    """The table of a column that a reference plots, and the first and last cell plotted."""
    plotted = parse_reference(reference)
    if plotted is None or plotted.range.size[1] > 1:
        return None
    first, last = plotted.range
    for found in tables:
        table = found.table
        if (
            plotted.sheet == table.sheet.name
            and first.column in table.columns
            and first.row <= table.rows[-1]
            and last.row >= table.rows[0]
        ):
            return found, first, last
    return None


def _claim(chart: Chart, series: Series) -> Symbol | None:
    """The value that a chart is named after."""
    for text in (series.name, chart.title):
        if symbol := read_header(text):
            return symbol
        if _LOSS_WORDS.search(text):
            return LOSS
    return None
