"""Many audits in short: the outcome of each file, and which mistake is how often in which."""

import csv
import io
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradsheet.audit.findings import Audit
from gradsheet.audit.report.sentences import count, label, why_not_read
from gradsheet.audit.report.text import file_names, inert
from gradsheet.audit.rules import Rule
from gradsheet.errors import legible

Kind = tuple[Rule, ...]
"""A kind of mistake: the rules that one formula breaks, mostly one."""


def verdict(audit: Audit) -> str:
    """The outcome in one line."""
    right, wrong = audit.count("right"), audit.count("wrong")
    checked = right + wrong
    if audit.some_wrong:
        share = f"; {right} of {count(checked, 'checked column')} right" if checked else ""
        return f"{count(len(audit.mistakes), 'mistake')}{share}{_not_read(audit)}"
    if audit.all_right:
        return f"all right: {count(checked, 'column')} checked"
    if right or audit.count("not read"):
        return f"{count(right, 'column')} right{_not_read(audit)}"
    return "nothing in its table could be checked" if audit.tables else "no training table found"


def _not_read(audit: Audit) -> str:
    """How many columns were not read, and why; empty where all were."""
    unread = audit.count("not read")
    reasons = (why_not_read(found) for found in audit.all_findings)
    why = "; ".join(dict.fromkeys(legible(reason) for reason in reasons if reason))
    return f", {unread} not read ({why})" if unread else ""


def mistake_kinds(audits: Sequence[Audit]) -> list[Kind]:
    """The kinds of mistakes that were made, the most frequent first."""
    total = sum((_kinds(audit) for audit in audits), Counter[Kind]())
    return sorted(total, key=lambda kind: (-total[kind], label(kind)))


def mistake_counts(audits: Sequence[Audit], kinds: Sequence[Kind]) -> NDArray[np.int64]:
    """How many mistakes of each kind each file has: (files, kinds)."""
    rows = [[found[kind] for kind in kinds] for found in map(_kinds, audits)]
    return np.array(rows, dtype=np.int64).reshape(len(audits), len(kinds))


def _kinds(audit: Audit) -> Counter[Kind]:
    return Counter(found.rules for found in audit.mistakes)


def class_csv(audits: Sequence[Audit]) -> str:
    """A row a file: its name, how many tables and mistakes, how many mistakes of each kind."""
    kinds, written = mistake_kinds(audits), io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["file", "tables", "mistakes", *map(label, kinds)])
    counts = mistake_counts(audits, kinds).tolist()
    for name, audit, row in zip(file_names(audits), audits, counts, strict=True):
        writer.writerow([inert(name), len(audit.tables), len(audit.mistakes), *row])
    return written.getvalue()
