"""Audits as one page that needs nothing but itself: for a class, then file by file.

It is whole without scripts; one script, known by its hash, filters and sorts the files.
"""

import itertools
from collections.abc import Iterator, Sequence

from gradsheet.audit.findings import Audit, ColumnAudit, Finding, TableAudit, Verdict
from gradsheet.audit.lessons import LESSONS
from gradsheet.audit.report.alike import alike, learning_rates, sheets_and_area
from gradsheet.audit.report.formula_html import formulas
from gradsheet.audit.report.html import Html, definitions, element, joined, paragraph, unseen
from gradsheet.audit.report.outcomes import outcome
from gradsheet.audit.report.page_overview import SIGNS, overview, style_of
from gradsheet.audit.report.page_script import SCRIPT, script_hash
from gradsheet.audit.report.page_style import style_sheet
from gradsheet.audit.report.rule_text import chapters, formulas_of, page_of, with_colon
from gradsheet.audit.report.sentences import (
    cells_in_words,
    follows_from,
    message,
    named,
    network_in_words,
)
from gradsheet.audit.report.summary import verdict
from gradsheet.audit.report.text import file_names
from gradsheet.audit.rules import Rule
from gradsheet.audit.unaudited import Unaudited
from gradsheet.spreadsheet.addresses import CellIndex, CellRef

_MARKS: dict[Verdict, str] = {
    "right": "✓",
    "wrong": "✗",
    "given": "•",
    "not read": "?",
    "not checked": "?",
}

# Nothing may be loaded, and no other script run: should text of a file ever come out as HTML, it
# stays inert.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src '{}'; base-uri 'none'; "
    "form-action 'none'"
)


def report_page(results: Sequence[Audit | Unaudited]) -> str:
    """The whole page.

    Args:
        results: of one file or of many; many get an overview first.
    """
    names = file_names(results)
    one = len(results) == 1
    title = f"Audit of {names[0]}" if one else f"Audit of {len(results)} workbooks"
    first = Html() if one else overview(results, names)
    files = [
        _file(number, name, result, alone=one)
        for number, (name, result) in enumerate(zip(names, results, strict=True), start=1)
        if one or isinstance(result, Audit)
    ]
    body = element("main", element("h1", title), first, *files, _explanations(results))
    script = "" if one else f"<script>{SCRIPT}</script>"
    policy = _POLICY.format(script_hash())
    head = "".join(
        (
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            element("title", title),
            f"<style>{style_sheet()}</style>",
        )
    )
    page = f'<html lang="en"><head>{head}</head>\n<body>{body}{script}</body></html>'
    return f"<!DOCTYPE html>\n{page}\n"


# --- A file ----------------------------------------------------------------------------------


def _file(number: int, name: str, result: Audit | Unaudited, *, alone: bool) -> Html:
    """The section of one file; findings are numbered through it, so that they can be linked."""
    look = outcome(result)
    ids = (f"file-{number}-{count}" for count in itertools.count(1))
    told = list(_told(result, ids)) if isinstance(result, Audit) else []
    back = element("p", element("a", "back to the overview", href="#overview"), class_="back")
    return element(
        "section",
        element("h2", name),
        element("p", f"{SIGNS[look]} {verdict(result)}", class_=f"verdict {style_of(look)}"),
        *told,
        *([] if alone else [back]),
        id=f"file-{number}",
        class_="file",
    )


def _told(audit: Audit, ids: Iterator[str]) -> Iterator[Html]:
    """The tables of a file and what belongs to none."""
    links: dict[CellRef, str] = {}
    for tables in alike(audit.tables):
        yield _tables(tables, ids, links)
    yield _elsewhere(audit.findings, ids)


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


def _tables(tables: Sequence[TableAudit], ids: Iterator[str], links: dict[CellRef, str]) -> Html:
    """One table, or several that are alike. In ``links`` are the cards of wrong cells so far."""
    first = tables[0]
    findings = [found for table in tables for found in table.findings]
    cards = []
    for found in findings:
        if found.is_mistake:
            name, column = next(ids), _column_of(found, first)
            cards.append(_card(found, column, name))
            if column:
                links.update((place, links.get(place, name)) for place in found.first_places)
    return joined(
        (
            element("h3", sheets_and_area(tables)),
            _facts(tables),
            _strip(first, links),
            _legend(first.columns),
            *cards,
            _remarks([found for found in findings if not found.is_mistake], ids),
        )
    )


def _facts(tables: Sequence[TableAudit]) -> Html:
    first = tables[0]
    facts = {
        "Network": network_in_words(first.network),
        "Learning rate": learning_rates(tables) or "not found",
        "Updates": str(first.updates),
    }
    return definitions(facts.items(), "facts")


def _strip(table: TableAudit, links: dict[CellRef, str]) -> Html:
    """The columns in their own order; a wrong one leads to its first mistake."""
    rows = range(table.area.first.row, table.area.last.row + 1)
    cards = {
        place.cell: card
        for place, card in links.items()
        if place.sheet == table.sheet and place.cell.row in rows
    }

    def first(column: ColumnAudit) -> str:
        return next((card for cell, card in cards.items() if _is_in(column, cell)), "")

    items = [_in_strip(column, first(column)) for column in table.columns]
    return element("ol", *items, class_="strip")


def _is_in(column: ColumnAudit, cell: CellIndex) -> bool:
    """Whether a cell is in a column; where that is none of a sheet, whether it is its first one."""
    if column.place:
        return cell == column.first_wrong or str(cell) == column.place
    return cell.column == column.column


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
    hint += f", {follows_from(column.follows_from)}" if column.follows_from else ""
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
    cell = found.cell
    return next((column for column in table.columns if _is_in(column, cell)), None)


def _place(found: Finding) -> str:
    return found.place or "workbook"


# --- Explanations ----------------------------------------------------------------------------


def _explanations(results: Sequence[Audit | Unaudited]) -> Html:
    """Every rule that some finding breaks, explained once."""
    audits = [result for result in results if isinstance(result, Audit)]
    broken = {rule for audit in audits for found in audit.all_findings for rule in found.rules}
    if not broken:
        return Html()
    heading = element("h2", "What the codes mean")
    entries = [_explained(rule) for rule in sorted(broken, key=lambda rule: rule.code)]
    return element("section", heading, *entries, class_="file rules")


def _explained(rule: Rule) -> Html:
    """What its page says."""
    paragraphs = [
        element("p", element("b", with_colon(heading)), f" {text}", *_example(rule, heading))
        for heading, text in chapters(rule)
    ]
    return element(
        "article",
        element("h3", f"{rule.code} {rule.title}"),
        element("p", rule.explanation),
        *paragraphs,
        paragraph(f"Also in {page_of(rule)}", "quiet"),
        id=rule.code,
    )


def _example(rule: Rule, heading: str) -> Iterator[Html]:
    if heading == "Example":
        for name, formula in formulas_of(LESSONS[rule]):
            yield joined((element("br"), f"{name}: ", element("code", formula)))
