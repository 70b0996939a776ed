"""An audit as plain lines: what the terminal and the page in a browser show, each in its way."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradsheet.audit.findings import Audit, ColumnAudit, Finding, TableAudit, Verdict
from gradsheet.audit.report.alike import alike, learning_rates, sheets_and_area
from gradsheet.audit.report.outcomes import Outcome, outcome
from gradsheet.audit.report.sentences import (
    cells_in_words,
    count,
    follows_from,
    label,
    message,
    named,
    network_in_words,
    written_and_right,
)
from gradsheet.audit.report.summary import verdict
from gradsheet.audit.unaudited import Unaudited
from gradsheet.errors import legible
from gradsheet.spreadsheet.addresses import CellRef


@dataclass(frozen=True)
class FindingLines:
    """A finding.

    Attributes:
        is_mistake: whether it is a mistake, not a remark.
        heading: where it is and of what kind.
        message: what is wrong and why.
        formulas: what is written and what is right, each with its name; empty without formulas.
        cells: how many cells show it; empty where one does.
    """

    is_mistake: bool
    heading: str
    message: str
    formulas: tuple[tuple[str, str], ...]
    cells: str


@dataclass(frozen=True)
class ColumnLine:
    """A wrong column, or a run of others of one verdict.

    Attributes:
        letters: the column, or the first and the last one.
        name: their headers.
        text: the verdict in words.
        verdict: the verdict.
    """

    letters: str
    name: str
    text: str
    verdict: Verdict


@dataclass(frozen=True)
class TableLines:
    """Training tables that are alike: what was recognized, their columns and findings."""

    recognized: str
    columns: tuple[ColumnLine, ...]
    findings: tuple[FindingLines, ...]


@dataclass(frozen=True)
class FileLines:
    """One workbook.

    Attributes:
        name: the file.
        verdict: how it came out.
        outcome: the same in one word.
        tables: its training tables.
        rest: what was found in the rest of the workbook.
    """

    name: str
    verdict: str
    outcome: Outcome
    tables: tuple[TableLines, ...] = ()
    rest: tuple[FindingLines, ...] = ()


def file_lines(result: Audit | Unaudited) -> FileLines:
    """What became of one workbook."""
    head = legible(str(result.path)), verdict(result), outcome(result)
    if isinstance(result, Unaudited):
        return FileLines(*head)
    tables = tuple(map(_table_lines, alike(result.tables)))
    return FileLines(*head, tables, tuple(map(finding_lines, result.findings)))


def _table_lines(tables: Sequence[TableAudit]) -> TableLines:
    return TableLines(
        _recognized(tables),
        tuple(_column_lines(tables[0].columns)),
        tuple(finding_lines(found) for table in tables for found in table.findings),
    )


def _recognized(tables: Sequence[TableAudit]) -> str:
    first, rates = tables[0], learning_rates(tables)
    words = "learning rate" if len(tables) == 1 else "learning rates"
    rate = f"{words} {rates}" if rates else "no learning rate found"
    where = sheets_and_area(tables) if len(tables) > 1 else f"{first.sheet}!{first.area}"
    facts = (network_in_words(first.network), rate, count(first.updates, "update"))
    return legible(f"{where}: {'; '.join(filter(None, facts))}")


def _column_lines(columns: Sequence[ColumnAudit]) -> Iterator[ColumnLine]:
    for (found, source), run in itertools.groupby(columns, key=_verdict_and_source):
        first, *others = run
        text = f"{found}, {follows_from(source)}" if source else found
        if found == "wrong":
            for column in (first, *others):
                texts = filter(None, (column.header, named(column)))
                where = f"wrong, first in {column.first_wrong}" if column.first_wrong else "wrong"
                yield _column_line(column.letters, ", ".join(texts), where, found)
        elif others:
            names = dict.fromkeys(_shortened(c.header) for c in (first, others[-1]))
            letters = f"{first.letters}–{others[-1].letters}"
            yield _column_line(letters, " … ".join(filter(None, names)), text, found)
        else:
            yield _column_line(first.letters, _shortened(first.header), text, found)


def _verdict_and_source(column: ColumnAudit) -> tuple[Verdict, CellRef | None]:
    return column.verdict, column.follows_from


def _column_line(letters: str, name: str, text: str, found: Verdict) -> ColumnLine:
    return ColumnLine(legible(letters), legible(name), legible(text), found)


def _shortened(header: str) -> str:
    return header if len(header) <= 20 else f"{header[:19]}…"


def finding_lines(found: Finding) -> FindingLines:
    """A finding: where, of what kind, why, and its formulas."""
    where = ", ".join(filter(None, (found.place, found.column, named(found))))
    severity = "Mistake" if found.is_mistake else "Remark"
    head = f"{severity}{' in ' if where else ''}{where}: {label(found.rules)}"
    names = zip(("written", "right"), written_and_right(found), strict=True)
    formulas = tuple((name, legible(formula)) for name, formula in names if formula)
    cells = legible(cells_in_words(found)) if found.cells > 1 else ""
    return FindingLines(found.is_mistake, legible(head), legible(message(found)), formulas, cells)
