"""An audit as tables for the terminal."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradsheet.audit.findings import Audit
from gradsheet.audit.report.plain import ColumnLine, FindingLines, file_lines
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
    lines = file_lines(audit)
    for table in lines.tables:
        parts += ["", Text(table.recognized), _column_table(table.columns)]
        parts += map(_finding_lines, table.findings)
    if lines.rest:
        parts += ["", Text("The rest of the workbook"), *map(_finding_lines, lines.rest)]
    return Group(*parts)


def _column_table(lines: Iterable[ColumnLine]) -> Padding:
    """A line for each wrong column and for each run of others of the same verdict."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=44)
    table.add_column()
    for line in lines:
        text = Text(line.text, _LOOKS[line.verdict])
        table.add_row(Text(line.letters), Text(line.name), text)
    return _indented(table)


def _finding_lines(found: FindingLines) -> Group:
    """A finding: where, of what kind, why, and the formulas one above the other."""
    lines: list[RenderableType] = [Text(found.heading, "bold" if found.is_mistake else "")]
    lines.append(_indented(Text(found.message)))
    if found.formulas:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, formula in found.formulas:
            table.add_row(name, Text(formula))
        lines.append(_indented(table))
    lines += [_indented(Text(found.cells))] if found.cells else []
    return Group("", *lines)


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 2), expand=False)
