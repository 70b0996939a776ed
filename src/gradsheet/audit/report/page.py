"""Audits as one page that needs nothing but itself: for a class, then file by file.

Text becomes HTML in one place, ``_element``, which escapes whatever is not HTML already.
"""

import difflib
import html
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gradsheet.audit.findings import Audit, ColumnAudit, Finding, TableAudit, Verdict
from gradsheet.audit.report.summary import (
    all_right,
    file_names,
    legible,
    mistake_counts,
    mistake_kinds,
    some_wrong,
    verdict,
)

_MARKS: dict[Verdict, str] = {"right": "✓", "wrong": "✗", "given": "•", "not checked": "?"}
_SHADES = 4  # of the heat map
_WORD = re.compile(r"[\w∂.]+|\s+|.", re.DOTALL)
_MOST_COMPARED = 400_000  # pairs of tokens; beyond that only the ends of two formulas are

# For each use the ink and the paper, light and dark. Each pair has a contrast of 4.5 or more.
_COLOURS = {
    "page": ("#1f2328", "#ffffff", "#e6e9ed", "#14171c"),
    "card": ("#1f2328", "#f5f7f9", "#e6e9ed", "#1d2229"),
    "quiet": ("#57606a", "#f5f7f9", "#a9b2bd", "#1d2229"),
    "link": ("#0a4ea3", "#f5f7f9", "#86bdff", "#1d2229"),
    "right": ("#115529", "#dcf5e3", "#97e3ad", "#12351f"),
    "wrong": ("#8a1c11", "#ffe1dc", "#ffb9af", "#4a1c16"),
    "gray": ("#434b54", "#e9edf1", "#c5ccd5", "#2c323b"),
    "cut": ("#6e150c", "#ffc8c0", "#ffe0db", "#74251c"),
    "put": ("#0b4720", "#b3efc2", "#d6f9df", "#175c2e"),
    "heat1": ("#3d1410", "#fde3df", "#ffd9d3", "#45201c"),
    "heat2": ("#3d1410", "#f8b9b0", "#ffe6e2", "#6d2b24"),
    "heat3": ("#250a07", "#e8857a", "#ffffff", "#98372d"),
    "heat4": ("#ffffff", "#a32a1d", "#2a0a06", "#f2a397"),
}

_STYLE = """
*{box-sizing:border-box}
body{margin:0;color:var(--page-ink);background:var(--page-paper);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;
overflow-wrap:anywhere}
main{max-width:66rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.3rem;margin:0 0 .25rem}
h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
h4{font-size:1rem;margin:0}
p{margin:.4rem 0}
a{color:var(--link-ink)}
.quiet{color:var(--quiet-ink)}
.file{border-top:2px solid var(--gray-paper);margin-top:2rem;padding-top:1.25rem}
.verdict{display:inline-block;font-weight:600;padding:.1rem .6rem;border-radius:.4rem}
.right{color:var(--right-ink);background:var(--right-paper)}
.wrong{color:var(--wrong-ink);background:var(--wrong-paper)}
.given,.not-checked,.unknown{color:var(--gray-ink);background:var(--gray-paper)}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.5rem 0}
.facts dt{color:var(--quiet-ink)}
.facts dd{margin:0}
.strip{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(4.3rem,1fr));
gap:3px;margin:.75rem 0 .25rem;padding:0;font-size:.8rem;line-height:1.3}
.strip li{position:relative;border-radius:.3rem;padding:.2rem .35rem}
.strip .wrong{outline:2px solid var(--wrong-ink);outline-offset:-2px}
.strip .not-checked{outline:1px dashed var(--gray-ink);outline-offset:-1px}
.strip a{color:inherit}
.strip .top{display:flex;justify-content:space-between}
.strip b,.strip i{display:block;font-style:normal;max-height:2.6em;overflow:hidden}
.card{color:var(--card-ink);background:var(--card-paper);border-left:5px solid var(--wrong-ink);
border-radius:.3rem;margin:.75rem 0;padding:.7rem 1rem}
.card p{margin:.3rem 0}
.card .kind{font-weight:600}
.formulas{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .75rem;margin:.5rem 0 .2rem}
.formulas dt{color:var(--quiet-ink)}
.formulas dd{margin:0}
code{font:.9em/1.6 ui-monospace,SFMono-Regular,Consolas,"DejaVu Sans Mono",monospace;
white-space:pre-wrap}
del,ins{border-radius:.2rem}
del{color:var(--cut-ink);background:var(--cut-paper);text-decoration:underline wavy}
ins{color:var(--put-ink);background:var(--put-paper);text-decoration:underline}
.remarks{color:var(--quiet-ink);font-size:.92rem;padding-left:1.2rem;margin:.5rem 0}
.remarks li{margin:.3rem 0}
.tally{list-style:none;display:flex;flex-wrap:wrap;gap:.5rem;margin:.75rem 0;padding:0}
.tally li{padding:.25rem .75rem;border-radius:.4rem}
.tally b{font-size:1.25rem}
.scroll{position:relative;overflow-x:auto;margin:1rem 0}
table{border-collapse:separate;border-spacing:2px;font-size:.9rem}
th{font-weight:600;text-align:left}
thead th{vertical-align:bottom}
thead .mistake span{display:block;writing-mode:vertical-rl;transform:rotate(180deg);
height:13rem;line-height:1.2;font-weight:500;overflow-wrap:break-word}
tbody th{font-weight:400;min-width:9rem;max-width:20rem;padding-right:.5rem}
tbody th,tfoot th,thead th:first-child{position:sticky;left:0;background:var(--page-paper)}
tfoot th,tfoot td{font-weight:600}
td{min-width:2.2rem;padding:.1rem .3rem;text-align:center;border-radius:.2rem}
td.state{text-align:left;white-space:nowrap;padding:.1rem .5rem}
.heat1{color:var(--heat1-ink);background:var(--heat1-paper)}
.heat2{color:var(--heat2-ink);background:var(--heat2-paper)}
.heat3{color:var(--heat3-ink);background:var(--heat3-paper)}
.heat4{color:var(--heat4-ink);background:var(--heat4-paper)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}
:target{scroll-margin-top:1rem;outline:2px solid var(--link-ink);outline-offset:3px}
a:focus-visible,.scroll:focus-visible{outline:2px solid var(--link-ink);outline-offset:2px}
@media (max-width:34rem){main{padding:.75rem}.facts,.formulas{grid-template-columns:1fr;gap:0}
.facts dd,.formulas dd{margin-bottom:.35rem}tbody th{max-width:9rem}}
@media print{body{font-size:10.5pt}main{max-width:none;padding:0}table{font-size:8.5pt}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.card,.strip,tr{break-inside:avoid}h2,h3,h4{break-after:avoid}.scroll{overflow:visible}
.overview~.file{break-before:page;border:0;margin:0;padding:0}.back{display:none}}
"""

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
    overview = [] if one else [_overview(audits, names)]
    files = [
        _file(number, name, audit, alone=one)
        for number, (name, audit) in enumerate(zip(names, audits, strict=True), start=1)
    ]
    body = _element("main", _element("h1", title), *overview, *files)
    head = "".join(
        (
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            _element("title", title),
            f"<style>{_colors()}{_STYLE}</style>",
        )
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def _colors() -> str:
    light, dark = (_scheme(number) for number in (0, 2))
    return f"\n{light}\n@media screen and (prefers-color-scheme:dark){{{dark}}}"


def _scheme(ink: int) -> str:
    named = (
        f"--{name}-ink:{colors[ink]};--{name}-paper:{colors[ink + 1]};"
        for name, colors in _COLOURS.items()
    )
    return f":root{{{''.join(named)}}}"


# --- Text and elements -----------------------------------------------------------------------


class _Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def _element(tag: str, *content: str, **attributes: str) -> _Html:
    """An element. Content that is not HTML already is escaped, and so are the attributes."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(legible(value))}"'
        for name, value in attributes.items()
    )
    return _Html(f"<{tag}{given}>{_joined(content)}</{tag}>")


def _joined(content: Iterable[str]) -> _Html:
    return _Html(
        "".join(part if isinstance(part, _Html) else html.escape(legible(part)) for part in content)
    )


def _unseen(text: str) -> _Html:
    """Text for those who hear the page."""
    return _element("span", text, class_="unseen")


# --- The class -------------------------------------------------------------------------------


def _overview(audits: Sequence[Audit], names: Sequence[str]) -> _Html:
    return _element(
        "section",
        _element("h2", "Overview"),
        _tally(audits),
        _most_common(audits),
        _heat_map(audits, names),
        id="overview",
        class_="overview",
    )


def _tally(audits: Sequence[Audit]) -> _Html:
    right, wrong = (sum(map(has, audits)) for has in (all_right, some_wrong))
    unknown = len(audits) - right - wrong
    shares = [(right, "✓ all right", "right"), (wrong, "✗ with mistakes", "wrong")]
    shares += [(unknown, "? could not be checked", "unknown")] if unknown else []
    items = [
        _element("li", _element("b", str(number)), f" {what}", class_=look)
        for number, what, look in shares
    ]
    return _element("ul", *items, class_="tally")


def _most_common(audits: Sequence[Audit]) -> _Html:
    kinds = mistake_kinds(audits)
    if not kinds:
        return _Html()
    files = (mistake_counts(audits, kinds) > 0).sum(axis=0).tolist()
    most, kind = max(zip(files, kinds, strict=True), key=lambda pair: pair[0])
    where = f"in {most} of {len(audits)} files"
    return _element("p", "The mistake in most files: ", _element("b", kind), f", {where}.")


def _heat_map(audits: Sequence[Audit], names: Sequence[str]) -> _Html:
    kinds = mistake_kinds(audits)
    counts = mistake_counts(audits, kinds)
    most = int(counts.max(initial=1))
    lines = zip(names, audits, counts.tolist(), strict=True)
    rows = [_heat_row(number, *line, most) for number, line in enumerate(lines, start=1)]
    table = _element(
        "table",
        _element("caption", _unseen("How many mistakes of each kind each file has")),
        _element("thead", _heat_head(kinds)),
        _element("tbody", *rows),
        _element("tfoot", *_heat_foot(counts)),
    )
    label = "Mistakes by file and kind"
    return _element("div", table, class_="scroll", role="region", aria_label=label, tabindex="0")


def _heat_head(kinds: Sequence[str]) -> _Html:
    names = [_element("th", name, scope="col") for name in ("file", "outcome", "all")]
    mistakes = [_element("th", _element("span", k), scope="col", class_="mistake") for k in kinds]
    return _element("tr", *names[:2], *mistakes, names[2])


def _heat_foot(counts: NDArray[np.int64]) -> tuple[_Html, _Html]:
    files, some = (counts > 0).sum(axis=0).tolist(), int(counts.any(axis=1).sum())
    return (
        _foot("mistakes", [*counts.sum(axis=0).tolist(), int(counts.sum())]),
        _foot("files with it", [*files, some]),
    )


def _foot(name: str, counts: Sequence[int]) -> _Html:
    cells = [_element("td", str(count)) for count in counts]
    return _element("tr", _element("th", name, scope="row"), _EMPTY, *cells)


def _heat_row(number: int, name: str, audit: Audit, counts: list[int], most: int) -> _Html:
    link = _element("a", name, href=f"#file-{number}")
    state = _element("td", _short_verdict(audit), class_=f"state {_look(audit)}")
    cells = [_element("td", str(c), class_=_shade(c, most)) if c else _EMPTY for c in counts]
    total = _element("td", str(sum(counts)) if some_wrong(audit) or all_right(audit) else "")
    return _element("tr", _element("th", link, scope="row"), state, *cells, total)


def _shade(count: int, most: int) -> str:
    return f"heat{-(-_SHADES * count // most)}"


def _look(audit: Audit) -> str:
    return "wrong" if some_wrong(audit) else "right" if all_right(audit) else "unknown"


def _short_verdict(audit: Audit) -> str:
    return {"wrong": "✗ mistakes", "right": "✓ all right", "unknown": "? unchecked"}[_look(audit)]


# --- A file ----------------------------------------------------------------------------------


def _file(number: int, name: str, audit: Audit, *, alone: bool) -> _Html:
    """The section of one file; findings are numbered through it, so that they can be linked."""
    sign = {"wrong": "✗", "right": "✓", "unknown": "?"}[_look(audit)]
    ids = (f"file-{number}-{count}" for count in itertools.count(1))
    tables = [_table(table, ids) for table in audit.tables]
    back = _element("p", _element("a", "back to the overview", href="#overview"), class_="back")
    return _element(
        "section",
        _element("h2", name),
        _element("p", f"{sign} {verdict(audit)}", class_=f"verdict {_look(audit)}"),
        *tables,
        _elsewhere(audit.findings, ids),
        *([] if alone else [back]),
        id=f"file-{number}",
        class_="file",
    )


def _elsewhere(findings: Sequence[Finding], ids: Iterator[str]) -> _Html:
    if not findings:
        return _Html()
    return _joined(
        (
            _element("h3", "The rest of the workbook"),
            *[_card(f, None, next(ids)) for f in findings if f.is_mistake],
            _remarks([f for f in findings if not f.is_mistake], ids),
        )
    )


def _table(table: TableAudit, ids: Iterator[str]) -> _Html:
    mistakes = [(next(ids), found) for found in table.findings if found.is_mistake]
    columns = {name: _column_of(found, table) for name, found in mistakes}
    cards = [_card(found, columns[name], name) for name, found in mistakes]
    links = {column.letter: name for name, column in reversed(columns.items()) if column}
    return _joined(
        (
            _element("h3", f"{table.sheet}, {table.area}"),
            _facts(table),
            _strip(table.columns, links),
            _legend(table.columns),
            *cards,
            _remarks([found for found in table.findings if not found.is_mistake], ids),
        )
    )


def _facts(table: TableAudit) -> _Html:
    rate = "not found" if table.rate is None else f"{table.rate:.6g}"
    if table.rate_cell:
        rate += f", in {table.rate_cell}"
    facts = {"Network": table.network, "Learning rate": rate, "Updates": str(table.updates)}
    rows = [
        part
        for name, fact in facts.items()
        for part in (_element("dt", name), _element("dd", fact))
    ]
    return _element("dl", *rows, class_="facts")


def _strip(columns: Sequence[ColumnAudit], links: dict[str, str]) -> _Html:
    """The columns in their own order; a wrong one leads to its first mistake."""
    return _element("ol", *[_in_strip(c, links.get(c.letter, "")) for c in columns], class_="strip")


def _in_strip(column: ColumnAudit, link: str) -> _Html:
    top = _joined(
        (
            _element("span", column.letter),
            _element("span", _MARKS[column.verdict], aria_hidden="true"),
        )
    )
    header = _element("b", column.header or "–")
    role = column.role if column.role != column.header else ""
    content = (
        _element("span", top, class_="top"),
        _element("a", header, href=f"#{link}") if link else header,
        _element("i", role) if role else _Html(),
        _unseen(column.verdict),
    )
    hint = f"{column.meaning}: {column.verdict}" if column.meaning else column.verdict
    return _element("li", *content, class_=column.verdict.replace(" ", "-"), title=hint)


def _legend(columns: Sequence[ColumnAudit]) -> _Html:
    verdicts = [column.verdict for column in columns]
    parts = [f"{mark} {verdicts.count(v)} {v}" for v, mark in _MARKS.items() if v in verdicts]
    return _element("p", " · ".join(parts), class_="quiet")


# --- A finding -------------------------------------------------------------------------------


def _card(found: Finding, column: ColumnAudit | None, name: str) -> _Html:
    what = filter(None, (found.role, column.meaning if column else ""))
    where = found.cell if column else _place(found)
    many = f"{found.cells} cells show it, from {found.cell} on." if found.cells > 1 else ""
    return _element(
        "article",
        _element("h4", " · ".join(filter(None, (where, found.column)))),
        _paragraph(": ".join(what), "quiet"),
        _paragraph(found.kind, "kind"),
        _paragraph(found.message, "message"),
        _formulas(found),
        _paragraph(many, "quiet"),
        id=name,
        class_="card",
    )


def _paragraph(text: str, look: str) -> _Html:
    return _element("p", text, class_=look) if text else _Html()


def _remarks(findings: Sequence[Finding], ids: Iterator[str]) -> _Html:
    if not findings:
        return _Html()
    items = [
        _element(
            "li",
            _element("b", " · ".join(filter(None, (_place(found), found.column)))),
            f": {found.message}",
            _formulas(found),
            id=next(ids),
        )
        for found in findings
    ]
    return _joined(
        (_element("p", "Remarks", class_="quiet"), _element("ul", *items, class_="remarks"))
    )


def _formulas(found: Finding) -> _Html:
    """What was written above what is right, with what differs marked."""
    if not (found.written or found.right):
        return _Html()
    written, right = _compared(found.written, found.right)
    rows = {"written": written, "right": right}
    parts = [
        part
        for name, text in rows.items()
        if text
        for part in (_element("dt", name), _element("dd", _element("code", text)))
    ]
    return _element("dl", *parts, class_="formulas")


def _compared(written: str, right: str) -> tuple[_Html, _Html]:
    """Both formulas with the tokens marked that the other does not have there."""
    if not (written and right):
        return _joined([written]), _joined([right])
    one, other = _WORD.findall(legible(written)), _WORD.findall(legible(right))
    steps = _steps(one, other)
    above = [_marked("del", kind, one[start:end]) for kind, start, end, _, _ in steps]
    below = [_marked("ins", kind, other[start:end]) for kind, _, _, start, end in steps]
    return _joined(above), _joined(below)


def _marked(tag: str, kind: str, tokens: Sequence[str]) -> str:
    text = "".join(tokens)
    return text if kind == "equal" or not text.strip() else _element(tag, text)


def _steps(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """How to get from one to the other, as difflib says it."""
    if len(one) * len(other) <= _MOST_COMPARED:
        matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
        return list(matcher.get_opcodes())
    start = _common(one, other)
    tail = _common(one[start:][::-1], other[start:][::-1])
    end, end_other = len(one) - tail, len(other) - tail
    return [
        ("equal", 0, start, 0, start),
        ("replace", start, end, start, end_other),
        ("equal", end, len(one), end_other, len(other)),
    ]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _column_of(found: Finding, table: TableAudit) -> ColumnAudit | None:
    """The column that a finding is about; what stands above a table is about none of its own."""
    letter = found.cell.rstrip("0123456789")
    if found.sheet != table.sheet or not (found.column or found.role):
        return None
    return next((column for column in table.columns if column.letter == letter), None)


def _place(found: Finding) -> str:
    return "!".join(filter(None, (found.sheet, found.cell))) or "workbook"


_EMPTY = _element("td")
