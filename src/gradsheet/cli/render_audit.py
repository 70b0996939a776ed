"""An audit as tables for the terminal."""

import itertools
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradsheet.audit.findings import Audit, ColumnAudit, Finding, TableAudit
from gradsheet.audit.report.alike import alike, learning_rates, sheets_and_area
from gradsheet.audit.report.sentences import (
    cells_in_words,
    count,
    label,
    message,
    named,
    network_in_words,
    written_and_right,
)
from gradsheet.audit.report.summary import verdict
from gradsheet.audit.unaudited import Unaudited
from gradsheet.errors import legible

_LOOKS = {
    "right": "green",
    "wrong": "bold red",
    "given": "",
    "not read": "bold",
    "not checked": "dim",
}


def outcome_line(result: Audit | Unaudited) -> Text:
    """How one workbook came out."""
    is_wrong = isinstance(result, Audit) and result.some_wrong
    line = f"{legible(str(result.path))}: {verdict(result)}"
    return Text(line, "bold red" if is_wrong else "bold")


def audit_table(audit: Audit | Unaudited) -> Group:
    """The findings in one workbook: its tables, their columns in brief, every finding."""
    parts: list[RenderableType] = [outcome_line(audit)]
    if isinstance(audit, Unaudited):
        return Group(*parts)
    for tables in alike(audit.tables):
        parts += ["", Text(_recognized(tables)), _column_table(tables[0].columns)]
        parts += [_finding_lines(found) for table in tables for found in table.findings]
    if audit.findings:
        parts += ["", Text("The rest of the workbook")]
        parts += [_finding_lines(found) for found in audit.findings]
    return Group(*parts)


def _recognized(tables: Sequence[TableAudit]) -> str:
    first, rates = tables[0], learning_rates(tables)
    words = "learning rate" if len(tables) == 1 else "learning rates"
    rate = f"{words} {rates}" if rates else "no learning rate found"
    where = sheets_and_area(tables) if len(tables) > 1 else f"{first.sheet}!{first.area}"
    facts = (network_in_words(first.network), rate, count(first.updates, "update"))
    return legible(f"{where}: {'; '.join(filter(None, facts))}")


def _column_table(columns: Sequence[ColumnAudit]) -> Padding:
    """A line for each wrong column and for each run of others of the same verdict."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=44)
    table.add_column()
    for letters, name, outcome, look in _column_lines(columns):
        table.add_row(Text(legible(letters)), Text(legible(name)), Text(legible(outcome), look))
    return _indented(table)


def _column_lines(columns: Sequence[ColumnAudit]) -> Iterator[tuple[str, str, str, str]]:
    for outcome, run in itertools.groupby(columns, key=lambda column: column.verdict):
        first, *others = run
        if outcome == "wrong":
            for column in (first, *others):
                texts = filter(None, (column.header, named(column)))
                where = f"wrong, first in {column.first_wrong}" if column.first_wrong else "wrong"
                yield column.letters, ", ".join(texts), where, _LOOKS[outcome]
        elif others:
            names = dict.fromkeys(_shortened(c.header) for c in (first, others[-1]))
            letters = f"{first.letters}–{others[-1].letters}"
            yield letters, " … ".join(filter(None, names)), outcome, _LOOKS[outcome]
        else:
            yield first.letters, _shortened(first.header), outcome, _LOOKS[outcome]


def _shortened(header: str) -> str:
    return header if len(header) <= 20 else f"{header[:19]}…"


def _finding_lines(found: Finding) -> Group:
    """A finding: where, of what kind, why, and the formulas one above the other."""
    where = ", ".join(filter(None, (found.place, found.column, named(found))))
    severity = "Mistake" if found.is_mistake else "Remark"
    head = f"{severity}{' in ' if where else ''}{where}: {label(found.rules)}"
    lines: list[RenderableType] = [Text(legible(head), "bold" if found.is_mistake else "")]
    lines.append(_indented(Text(legible(message(found)))))
    formulas = _formula_table(found)
    lines += [_indented(formulas)] if formulas.row_count else []
    lines += [_indented(Text(cells_in_words(found)))] if found.cells > 1 else []
    return Group("", *lines)


def _formula_table(found: Finding) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, formula in zip(("written", "right"), written_and_right(found), strict=True):
        if formula:
            table.add_row(name, Text(legible(formula)))
    return table


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 2), expand=False)
