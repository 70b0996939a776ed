"""Whether charts plot the column they claim."""

import re
from collections.abc import Iterator, Sequence

from gradsheet.audit import rules
from gradsheet.audit.details import ChartOfOtherColumn, ChartOfSomeRows, Details
from gradsheet.audit.findings import Finding
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.rules import Rule
from gradsheet.audit.tables.headers import read_header
from gradsheet.networks.symbols import LOSS, Kind, Symbol
from gradsheet.spreadsheet.addresses import CellIndex, parse_reference
from gradsheet.spreadsheet.model import Book, Chart, Series

_LOSS_WORDS = re.compile(
    r"\b(loss|error|cost|e_?t\w*|verlust|fehler|erreur|perte)\b", re.IGNORECASE
)

_TOTAL = re.compile(r"t(?:ot(?:al)?)?\b|sum", re.IGNORECASE)


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
    loosely = claimed is None
    claimed = claimed or _loose_claim(chart, series)

    def finding(rule: Rule, details: Details, cells: int = 1) -> Finding:
        return Finding((rule,), details, chart.sheet, first, cells, found.header(column), held)

    if claimed and held and claimed != held and claimed in found.symbols.values():
        named = next(c for c, symbol in found.symbols.items() if symbol == claimed)
        details = ChartOfOtherColumn(
            chart.title or series.name, found.header(column), found.header(named), named
        )
        # "Error" may be that of an output.
        is_doubtful = loosely and held.kind in (Kind.ERROR, Kind.EXAMPLE_LOSS)
        yield finding(rules.CHART_TITLE if is_doubtful else rules.CHART_COLUMN, details)
    rows = found.table.rows
    plotted = sum(first.row <= row <= last.row for row in rows)
    if 1 < plotted < len(rows) and held == LOSS:
        some = ChartOfSomeRows(found.header(column), plotted, len(rows))
        yield finding(rules.CHART_ROWS, some, len(rows) - plotted)


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
    """The value that the title of a chart names, or else that of its series."""
    texts = (chart.title, series.name)
    return next((s for s in map(read_header, texts) if s and not _is_loose(s, texts)), None)


def _is_loose(symbol: Symbol, texts: Sequence[str]) -> bool:
    """Whether nothing but a word such as "Error" names the loss."""
    return symbol == LOSS and not any(_TOTAL.search(text) for text in texts)


def _loose_claim(chart: Chart, series: Series) -> Symbol | None:
    """The loss, where a chart or its series speaks of an error or a loss."""
    return LOSS if any(map(_LOSS_WORDS.search, (chart.title, series.name))) else None
