"""Many files in short: the outcome of each, and which mistake is how often in which."""

import csv
import io
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradsheet.audit.findings import Audit
from gradsheet.audit.report.outcomes import Outcome, outcome
from gradsheet.audit.report.sentences import count, label, why_not_read
from gradsheet.audit.report.text import file_names, inert
from gradsheet.audit.rules import Rule
from gradsheet.audit.unaudited import Unaudited
from gradsheet.errors import legible

Result = Audit | Unaudited

Kind = tuple[Rule, ...]
"""A kind of mistake: the rules that one formula breaks, mostly one."""

_UNAUDITED = {"unreadable": "unreadable: ", "no table": ""}
TALLY: dict[Outcome, str] = {
    "right": "right",
    "wrong": "with mistakes",
    "partly read": "not read in full",
    "no table": "without a training table",
    "unreadable": "unreadable",
    "own": "written by gradsheet and not audited",
}
"""What follows the number of files of each outcome, in the order in which they are listed."""


def verdict(result: Result) -> str:
    """The outcome in one line."""
    if isinstance(result, Unaudited):
        return f"{_UNAUDITED.get(result.reason, 'not audited: ')}{legible(result.why)}"
    right, wrong = result.count("right"), result.count("wrong")
    checked = right + wrong
    if result.some_wrong:
        share = f"; {right} of {count(checked, 'checked column')} right" if checked else ""
        return f"{count(len(result.mistakes), 'mistake')}{share}{_not_read(result)}"
    if result.all_right:
        return f"all right: {count(checked, 'column')} checked"
    if right or result.count("not read"):
        return f"{count(right, 'column')} right{_not_read(result)}"
    return "nothing in its table could be checked" if result.tables else "no training table found"


def _not_read(audit: Audit) -> str:
    """How many columns were not read, and why; empty where all were."""
    unread = audit.count("not read")
    reasons = (why_not_read(found) for found in audit.all_findings)
    why = "; ".join(dict.fromkeys(legible(reason) for reason in reasons if reason))
    return f", {unread} not read ({why})" if unread else ""


def tally(results: Sequence[Result]) -> str:
    """How many files came out how: ``3 files: 2 right, 1 with mistakes``."""
    counts = Counter(map(outcome, results))
    parts = [f"{counts[one]} {words}" for one, words in TALLY.items() if counts[one]]
    return f"{count(len(results), 'file')}: {', '.join(parts)}"


def mistake_kinds(results: Sequence[Result]) -> list[Kind]:
    """The kinds of mistakes that were made, the most frequent first."""
    total = sum((_kinds(result) for result in results), Counter[Kind]())
    return sorted(total, key=lambda kind: (-total[kind], label(kind)))


def mistake_counts(results: Sequence[Result], kinds: Sequence[Kind]) -> NDArray[np.int64]:
    """How many mistakes of each kind each file has: (files, kinds)."""
    rows = [[found[kind] for kind in kinds] for found in map(_kinds, results)]
    return np.array(rows, dtype=np.int64).reshape(len(results), len(kinds))


def _kinds(result: Result) -> Counter[Kind]:
    if isinstance(result, Unaudited):
        return Counter()
    return Counter(found.rules for found in result.mistakes)


def class_csv(results: Sequence[Result]) -> str:
    """One row per file: name, outcome, number of tables and mistakes, and mistakes of each kind."""
    kinds, written = mistake_kinds(results), io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["file", "outcome", "tables", "mistakes", *map(label, kinds)])
    counts = mistake_counts(results, kinds).tolist()
    for name, result, row in zip(file_names(results), results, counts, strict=True):
        line = [inert(name), inert(verdict(result))]
        if isinstance(result, Unaudited):  # 0 mistakes would say that it was looked at
            writer.writerow([*line, *[""] * (2 + len(kinds))])
        else:
            writer.writerow([*line, len(result.tables), len(result.mistakes), *row])
    return written.getvalue()
