"""Audits as one page that needs nothing but itself: for a class, then file by file."""

import itertools
from collections.abc import Iterator, Sequence

from gradsheet.audit.findings import Audit, ColumnAudit, Finding, TableAudit, Verdict
from gradsheet.audit.report.formula_html import formulas
from gradsheet.audit.report.html import Html, definitions, element, joined, paragraph, unseen
from gradsheet.audit.report.page_overview import Outcome, outcome, overview
from gradsheet.audit.report.page_style import style_sheet
from gradsheet.audit.report.sentences import cells_in_words, message, named, network_in_words
from gradsheet.audit.report.summary import verdict
from gradsheet.audit.report.text import file_names
from gradsheet.audit.rules import Rule

_MARKS: dict[Verdict, str] = {
    "right": "✓",
    "wrong": "✗",
    "given": "•",
    "not read": "?",
    "not checked": "?",
}
_SIGNS: dict[Outcome, str] = {"wrong": "✗", "right": "✓", "unknown": "?"}

# Nothing may be loaded or run: should text of a file ever come out as HTML, it stays inert.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def report_page(audits: Sequence[Audit]) -> str:
    """The whole page.

    Args:
        audits: of one file or of many; many get an overview first.
    """
    names = file_names(audits)
    one = len(audits) == 1
    title = f"Audit of {names[0]}" if one else f"Audit of {len(audits)} workbooks"
    first = Html() if one else overview(audits, names)
    files = [
        _file(number, name, audit, alone=one)
        for number, (name, audit) in enumerate(zip(names, audits, strict=True), start=1)
    ]
    body = element("main", element("h1", title), first, *files, _explanations(audits))
    head = "".join(
        (
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            element("title", title),
            f"<style>{style_sheet()}</style>",
        )
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


# --- A file ----------------------------------------------------------------------------------


def _file(number: int, name: str, audit: Audit, *, alone: bool) -> Html:
    """The section of one file; findings are numbered through it, so that they can be linked."""
    look = outcome(audit)
    ids = (f"file-{number}-{count}" for count in itertools.count(1))
    tables = [_table(table, ids) for table in audit.tables]
    back = element("p", element("a", "back to the overview", href="#overview"), class_="back")
    return element(
        "section",
        element("h2", name),
        element("p", f"{_SIGNS[look]} {verdict(audit)}", class_=f"verdict {look}"),
        *tables,
        _elsewhere(audit.findings, ids),
        *([] if alone else [back]),
        id=f"file-{number}",
        class_="file",
    )


def _elsewhere(findings: Sequence[Finding], ids: Iterator[str]) -> Html:
    if not findings:
        return Html()
    return joined(
        (
            element("h3", "The rest of the workbook"),
            *[_card(f, None, next(ids)) for f in findings if f.is_mistake],
            _remarks([f for f in findings if not f.is_mistake], ids),
        )
    )


def _table(table: TableAudit, ids: Iterator[str]) -> Html:
    mistakes = [(next(ids), found) for found in table.findings if found.is_mistake]
    columns = {name: _column_of(found, table) for name, found in mistakes}
    cards = [_card(found, columns[name], name) for name, found in mistakes]
    links = {column.letters: name for name, column in reversed(columns.items()) if column}
    return joined(
        (
            element("h3", f"{table.sheet}, {table.area}"),
            _facts(table),
            _strip(table.columns, links),
            _legend(table.columns),
            *cards,
            _remarks([found for found in table.findings if not found.is_mistake], ids),
        )
    )


def _facts(table: TableAudit) -> Html:
    rate = "not found" if table.rate is None else f"{table.rate:.6g}"
    if table.rate_cell:
        rate += f", in {table.rate_cell}"
    network = network_in_words(table.network)
    facts = {"Network": network, "Learning rate": rate, "Updates": str(table.updates)}
    return definitions(facts.items(), "facts")


def _strip(columns: Sequence[ColumnAudit], links: dict[str, str]) -> Html:
    """The columns in their own order; a wrong one leads to its first mistake."""
    return element("ol", *[_in_strip(c, links.get(c.letters, "")) for c in columns], class_="strip")


def _in_strip(column: ColumnAudit, link: str) -> Html:
    top = joined(
        (
            element("span", column.letters),
            element("span", _MARKS[column.verdict], aria_hidden="true"),
        )
    )
    header = element("b", column.header or "–")
    role = named(column)
    content = (
        element("span", top, class_="top"),
        element("a", header, href=f"#{link}") if link else header,
        element("i", role) if role else Html(),
        unseen(column.verdict),
    )
    hint = f"{column.meaning}: {column.verdict}" if column.meaning else column.verdict
    return element("li", *content, class_=column.verdict.replace(" ", "-"), title=hint)


def _legend(columns: Sequence[ColumnAudit]) -> Html:
    verdicts = [column.verdict for column in columns]
    parts = [f"{mark} {verdicts.count(v)} {v}" for v, mark in _MARKS.items() if v in verdicts]
    return element("p", " · ".join(parts), class_="quiet")


# --- A finding -------------------------------------------------------------------------------


def _card(found: Finding, column: ColumnAudit | None, name: str) -> Html:
    what = filter(None, (named(found), column.meaning if column else ""))
    where = str(found.cell) if column else _place(found)
    return element(
        "article",
        element("h4", " · ".join(filter(None, (where, found.column)))),
        paragraph(": ".join(what), "quiet"),
        element("p", *_linked(found.rules), class_="kind"),
        paragraph(message(found), "message"),
        formulas(found),
        paragraph(cells_in_words(found), "quiet"),
        id=name,
        class_="card",
    )


def _linked(broken: Sequence[Rule]) -> Iterator[Html]:
    """The rules, each with a link to its explanation."""
    for number, rule in enumerate(broken):
        link = element("a", rule.code, href=f"#{rule.code}")
        yield joined((" and " if number else "", link, f" {rule.title}"))


def _remarks(findings: Sequence[Finding], ids: Iterator[str]) -> Html:
    if not findings:
        return Html()
    items = [
        element(
            "li",
            element("b", " · ".join(filter(None, (_place(found), found.column)))),
            ": ",
            *_linked(found.rules),
            f": {message(found)}",
            formulas(found),
            id=next(ids),
        )
        for found in findings
    ]
    return joined(
        (element("p", "Remarks", class_="quiet"), element("ul", *items, class_="remarks"))
    )


def _column_of(found: Finding, table: TableAudit) -> ColumnAudit | None:
    """The column that a finding is about; a cell above the table belongs to none."""
    if found.sheet != table.sheet or found.cell is None or not (found.column or found.role):
        return None
    number = found.cell.column
    return next((column for column in table.columns if column.column == number), None)


def _place(found: Finding) -> str:
    return found.place or "workbook"


# --- Explanations ----------------------------------------------------------------------------


def _explanations(audits: Sequence[Audit]) -> Html:
    """Every rule that some finding breaks, explained once."""
    broken = {rule for audit in audits for found in audit.all_findings for rule in found.rules}
    if not broken:
        return Html()
    entries = [
        joined((element("dt", f"{rule.code} {rule.title}", id=rule.code), _explained(rule)))
        for rule in sorted(broken, key=lambda rule: rule.code)
    ]
    heading = element("h2", "What the codes mean")
    return element("section", heading, element("dl", *entries), class_="file rules")


def _explained(rule: Rule) -> Html:
    return element("dd", rule.explanation)
