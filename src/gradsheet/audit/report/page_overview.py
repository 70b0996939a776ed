"""The part of the page on all files together: how many are right, and a table of mistakes."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradsheet.audit.findings import Audit
from gradsheet.audit.report.html import Html, element, joined, unseen
from gradsheet.audit.report.outcomes import Outcome, outcome
from gradsheet.audit.report.sentences import label
from gradsheet.audit.report.summary import TALLY, Kind, mistake_counts, mistake_kinds, verdict
from gradsheet.audit.rules import Rule
from gradsheet.audit.unaudited import Unaudited

Result = Audit | Unaudited

_SHADES = 4  # of the heat map
SIGNS: dict[Outcome, str] = {
    "right": "✓",
    "wrong": "✗",
    "partly read": "?",
    "no table": "?",
    "unreadable": "!",
    "own": "–",
}
_SHORT = {"right": "all right", "wrong": "mistakes", "partly read": "not read in full"}
_ORDERS = {
    "given": "as given",
    "name": "name",
    "outcome": "outcome",
    "mistakes": "most mistakes first",
}
_EMPTY = element("td", class_="kind")


def style_of(look: Outcome) -> str:
    """An outcome as a class of the style sheet."""
    return look.replace(" ", "-")


def overview(results: Sequence[Result], names: Sequence[str]) -> Html:
    """The section on all files together."""
    return element(
        "section",
        element("h2", "Overview"),
        _tally(results),
        _most_common(results),
        _controls(results),
        _heat_map(results, names),
        id="overview",
        class_="overview",
    )


def _tally(results: Sequence[Result]) -> Html:
    counts = Counter(map(outcome, results))
    items = [
        element(
            "li", element("b", str(counts[look])), f" {SIGNS[look]} {words}", class_=style_of(look)
        )
        for look, words in TALLY.items()
        if counts[look] or look in ("right", "wrong")
    ]
    return element("ul", *items, class_="tally")


def _most_common(results: Sequence[Result]) -> Html:
    kinds = mistake_kinds(results)
    if not kinds:
        return Html()
    files = (mistake_counts(results, kinds) > 0).sum(axis=0).tolist()
    most, kind = max(zip(files, kinds, strict=True), key=lambda pair: pair[0])
    where = f"in {most} of {len(results)} files"
    return element("p", "The mistake in most files: ", element("b", label(kind)), f", {where}.")


# --- What filters and sorts ------------------------------------------------------------------


def _controls(results: Sequence[Result]) -> Html:
    """Hidden until the script, which they need, shows them."""
    looks = {outcome(result) for result in results}
    outcomes: dict[str, str] = {
        look: f"{SIGNS[look]} {words}" for look, words in TALLY.items() if look in looks
    }
    broken = Counter(rule for result in results for rule in _rules(result))
    rules = {
        rule.code: f"{rule.code} {rule.title} ({broken[rule]})"
        for rule in sorted(broken, key=lambda rule: rule.code)
    }
    return element(
        "div",
        element("label", "Name ", element("input", type="search", id="name", autocomplete="off")),
        _choice("Outcome", {"": "any", **outcomes}),
        _choice("Rule", {"": "any", **rules}),
        _choice("Sort", _ORDERS),
        element("output", id="shown"),
        id="controls",
        class_="controls",
        hidden="",
    )


def _choice(name: str, options: dict[str, str]) -> Html:
    items = [element("option", words, value=value) for value, words in options.items()]
    return element("label", f"{name} ", element("select", *items, id=name.lower()))


def _rules(result: Result) -> set[Rule]:
    """The rules that a file breaks, remarks included."""
    findings = result.all_findings if isinstance(result, Audit) else ()
    return {rule for found in findings for rule in found.rules}


# --- One row per file ------------------------------------------------------------------------


def _heat_map(results: Sequence[Result], names: Sequence[str]) -> Html:
    kinds = mistake_kinds(results)
    counts = mistake_counts(results, kinds)
    most = int(counts.max(initial=1))
    lines = zip(names, results, counts.tolist(), strict=True)
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
        element("th", element("span", *_linked(kind)), scope="col", class_="kind") for kind in kinds
    ]
    return element("tr", *names, *mistakes)


def _linked(kind: Kind) -> list[Html]:
    """The codes of a kind, each with a link to its explanation, and its title."""
    links = [element("a", rule.code, href=f"#{rule.code}") for rule in kind]
    codes = [part for link in links for part in (Html("+"), link)][1:]
    return [joined((*codes, f" {' and '.join(rule.title for rule in kind)}"))]


def _heat_foot(counts: NDArray[np.int64]) -> tuple[Html, Html]:
    files, some = (counts > 0).sum(axis=0).tolist(), int(counts.any(axis=1).sum())
    return (
        _foot("mistakes", int(counts.sum()), counts.sum(axis=0).tolist()),
        _foot("files with it", some, files),
    )


def _foot(name: str, total: int, counts: Sequence[int]) -> Html:
    cells = [element("td", str(count), class_="kind") for count in counts]
    return element(
        "tr", element("th", name, scope="row"), element("td"), element("td", str(total)), *cells
    )


def _heat_row(number: int, name: str, result: Result, counts: list[int], most: int) -> Html:
    look = outcome(result)
    if isinstance(result, Audit):
        shown: str = element("a", name, href=f"#file-{number}")
        cells = _heat_cells(result, look, counts, most)
    else:
        shown, wide = name, str(2 + len(counts))
        words = f"{SIGNS[look]} {verdict(result)}"
        cells = [
            element("td", element("span", words), class_=f"state {style_of(look)}", colspan=wide)
        ]
    return element(
        "tr",
        element("th", shown, scope="row", title=name),
        *cells,
        data_file=f"file-{number}",
        data_name=name,
        data_outcome=look,
        data_rank=str(list(TALLY).index(look)),
        data_mistakes=str(sum(counts)),
        data_rules=" ".join(sorted(rule.code for rule in _rules(result))),
    )


def _heat_cells(audit: Audit, look: Outcome, counts: list[int], most: int) -> list[Html]:
    return [
        element("td", f"{SIGNS[look]} {_SHORT[look]}", class_=f"state {style_of(look)}"),
        element("td", str(sum(counts)) if audit.tables else ""),
        *(element("td", str(c), class_=f"kind {_shade(c, most)}") if c else _EMPTY for c in counts),
    ]


def _shade(count: int, most: int) -> str:
    return f"heat{-(-_SHADES * count // most)}"
