"""The part of the page on all files together: how many are right, and a table of mistakes."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradsheet.audit.findings import Audit
from gradsheet.audit.report.html import Html, element, unseen
from gradsheet.audit.report.sentences import label
from gradsheet.audit.report.summary import Kind, mistake_counts, mistake_kinds

Outcome = Literal["right", "wrong", "unknown"]

_SHADES = 4  # of the heat map
_TALLY: dict[Outcome, str] = {
    "right": "✓ all right",
    "wrong": "✗ with mistakes",
    "unknown": "? could not be checked in full",
}
_SHORT: dict[Outcome, str] = {
    "right": "✓ all right",
    "wrong": "✗ mistakes",
    "unknown": "? unchecked",
}
_EMPTY = element("td")


def outcome(audit: Audit) -> Outcome:
    """Whether a file is right, as a class of the style sheet."""
    return "wrong" if audit.some_wrong else "right" if audit.all_right else "unknown"


def overview(audits: Sequence[Audit], names: Sequence[str]) -> Html:
    """The section on all files together."""
    return element(
        "section",
        element("h2", "Overview"),
        _tally(audits),
        _most_common(audits),
        _heat_map(audits, names),
        id="overview",
        class_="overview",
    )


def _tally(audits: Sequence[Audit]) -> Html:
    looks = Counter(map(outcome, audits))
    items = [
        element("li", element("b", str(looks[look])), f" {what}", class_=look)
        for look, what in _TALLY.items()
        if looks[look] or look != "unknown"
    ]
    return element("ul", *items, class_="tally")


def _most_common(audits: Sequence[Audit]) -> Html:
    kinds = mistake_kinds(audits)
    if not kinds:
        return Html()
    files = (mistake_counts(audits, kinds) > 0).sum(axis=0).tolist()
    most, kind = max(zip(files, kinds, strict=True), key=lambda pair: pair[0])
    where = f"in {most} of {len(audits)} files"
    return element("p", "The mistake in most files: ", element("b", label(kind)), f", {where}.")


def _heat_map(audits: Sequence[Audit], names: Sequence[str]) -> Html:
    kinds = mistake_kinds(audits)
    counts = mistake_counts(audits, kinds)
    most = int(counts.max(initial=1))
    lines = zip(names, audits, counts.tolist(), strict=True)
    rows = [_heat_row(number, *line, most) for number, line in enumerate(lines, start=1)]
    table = element(
        "table",
        element("caption", unseen("How many mistakes of each kind each file has")),
        element("thead", _heat_head(kinds)),
        element("tbody", *rows),
        element("tfoot", *_heat_foot(counts)),
    )
    return element(
        "div",
        table,
        class_="scroll",
        role="region",
        aria_label="Mistakes by file and kind",
        tabindex="0",
    )


def _heat_head(kinds: Sequence[Kind]) -> Html:
    names = [element("th", name, scope="col") for name in ("file", "outcome", "all")]
    mistakes = [
        element("th", element("span", label(kind)), scope="col", class_="mistake") for kind in kinds
    ]
    return element("tr", *names[:2], *mistakes, names[2])


def _heat_foot(counts: NDArray[np.int64]) -> tuple[Html, Html]:
    files, some = (counts > 0).sum(axis=0).tolist(), int(counts.any(axis=1).sum())
    return (
        _foot("mistakes", [*counts.sum(axis=0).tolist(), int(counts.sum())]),
        _foot("files with it", [*files, some]),
    )


def _foot(name: str, counts: Sequence[int]) -> Html:
    cells = [element("td", str(count)) for count in counts]
    return element("tr", element("th", name, scope="row"), _EMPTY, *cells)


def _heat_row(number: int, name: str, audit: Audit, counts: list[int], most: int) -> Html:
    link = element("a", name, href=f"#file-{number}")
    state = element("td", _SHORT[outcome(audit)], class_=f"state {outcome(audit)}")
    cells = [element("td", str(c), class_=_shade(c, most)) if c else _EMPTY for c in counts]
    total = element("td", str(sum(counts)) if audit.some_wrong or audit.count("right") else "")
    return element("tr", element("th", link, scope="row"), state, *cells, total)


def _shade(count: int, most: int) -> str:
    return f"heat{-(-_SHADES * count // most)}"
