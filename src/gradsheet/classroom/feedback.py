"""Feedback for one student, as a page and as Markdown to paste."""

import re
from collections.abc import Iterator

from gradsheet.audit.report.html import Html, element, joined
from gradsheet.audit.report.page_style import style_sheet
from gradsheet.classroom.marked import Answer, Marked
from gradsheet.classroom.tables import short_feedback
from gradsheet.errors import legible
from gradsheet.workbook.marks import Verdict

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&-])")
_STYLE = """
table{margin:.5rem 0;overflow-wrap:normal}td,th{padding:.2rem .6rem;text-align:left;
vertical-align:top}.scroll{max-height:none}td.s{white-space:nowrap}td.w{min-width:11rem}
td.who{min-width:8rem;max-width:20rem;overflow-wrap:anywhere}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.right td:last-child{color:var(--right-ink);background:var(--right-paper)}
tr.partial td:last-child{color:var(--gray-ink);background:var(--gray-paper)}
tr.wrong td:last-child{color:var(--wrong-ink);background:var(--wrong-paper)}
.score{font-size:1.25rem;font-weight:600}
.bars{display:grid;grid-template-columns:max-content 1fr max-content;gap:.2rem .6rem;
align-items:center;margin:.5rem 0;overflow-wrap:normal}
.bars i{display:block;height:1rem;border-radius:.2rem;
background:var(--link-ink);min-width:1px}.bars i.none{min-width:0}
@media (max-width:34rem){td,th{padding:.15rem .35rem}table{font-size:.82rem}td.w{min-width:6.5rem}
.bars{grid-template-columns:minmax(5rem,8rem) minmax(3rem,1fr) fit-content(8rem);
font-size:.88rem}}
"""


def document(title: str, *content: Html) -> str:
    """A whole page, which loads nothing."""
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html(
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            "style-src 'unsafe-inline'\">"
        ),
        element("title", title),
        Html(f"<style>{style_sheet()}{_STYLE}</style>"),
    )
    body = element("body", element("main", *content))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def feedback_html(row: Marked) -> str:
    """The feedback as a page."""
    title = f"Feedback for {row.name or row.id or row.source}"
    content: list[Html] = [element("h1", title)]
    if not row.is_marked:
        content.append(element("p", f"Not marked: {row.why}.", class_="score"))
        return document(title, *content)
    content.append(element("p", f"{short_feedback(row)}.", class_="score"))
    content += list(_groups(row))
    if row.deductions:
        content.append(_deductions(row))
    return document(title, *content)


def _groups(row: Marked) -> Iterator[Html]:
    for group, (points, out_of) in row.groups.items():
        yield element("h2", f"{group}: {points:g} of {out_of:g} points")
        answers = [answer for answer in row.answers if answer.group == group]
        head = element(
            "tr", *(element("th", name) for name in ("what", "cell", "yours", "right", "mark"))
        )
        lines = [_line(answer) for answer in answers]
        table = element("table", element("thead", head), element("tbody", *lines))
        yield element("div", table, class_="scroll", tabindex="0")


def _line(answer: Answer) -> Html:
    look = "right" if answer.is_credited else "partial" if answer.points else "wrong"
    hint = ", with a hint" if answer.hint else ""
    return element(
        "tr",
        element("td", answer.name, class_="s"),
        element("td", place_of(answer), class_="s"),
        element("td", shown(answer), class_="n"),
        element("td", number(answer.right), class_="n"),
        element("td", f"{answer.words}{hint}", class_="w"),
        class_=look,
    )


def place_of(answer: Answer) -> str:
    """The cell, as it is called on its own sheet."""
    return answer.cell.rpartition("!")[2]


def shown(answer: Answer) -> str:
    """What was typed, with no more digits than matter."""
    try:
        return f"{float(answer.typed):.8g}"
    except ValueError:
        return answer.typed or "–"


def number(value: float) -> str:
    """A right answer with six significant digits."""
    return f"{value:.6g}"


def _deductions(row: Marked) -> Html:
    cards = [
        element(
            "article",
            element("h3", f"{one.title}: −{one.points:g}"),
            element("p", one.message),
            element("p", ", ".join(one.places), class_="quiet"),
            class_="card",
        )
        for one in row.deductions
    ]
    return joined((element("h2", "Points off"), *cards))


# --- Markdown --------------------------------------------------------------------------------


def feedback_markdown(row: Marked) -> str:
    """The feedback as Markdown: what is not right, in one table per group."""
    lines = [f"# Feedback for {_text(row.name or row.id or row.source)}", ""]
    if not row.is_marked:
        return "\n".join([*lines, f"Not marked: {_text(row.why)}.", ""])
    lines += [f"**{_text(short_feedback(row))}**", ""]
    for group, (points, out_of) in row.groups.items():
        lines += [f"## {_text(group)}: {points:g} of {out_of:g} points", ""]
        wrong = [a for a in row.answers if a.group == group and a.verdict is not Verdict.RIGHT]
        if not wrong:
            lines += ["All right.", ""]
            continue
        lines += ["| cell | what | yours | right | mark |", "|---|---|---|---|---|"]
        for answer in wrong:
            cells = (answer.cell, answer.name, answer.typed, number(answer.right), answer.words)
            lines.append(f"| {' | '.join(map(_text, cells))} |")
        lines.append("")
    for one in row.deductions:
        lines += [
            f"- **{_text(one.title)}** (−{one.points:g}): "
            f"{_text(one.message)} ({', '.join(map(_text, one.places))})"
        ]
    return "\n".join(lines).rstrip() + "\n"


def _text(text: str) -> str:
    """Somebody's text, taken for no markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(legible(text).split()))
