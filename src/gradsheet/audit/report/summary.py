"""Many audits in short: for a spreadsheet and for another program, and what the page shares."""

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradsheet.audit.findings import Audit

VERSION = 1
"""Of the JSON form; it rises when a reader of the old form would go wrong."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NO_CHARACTERS = re.compile("[\ud800-\udfff\ufffe\uffff]")
_STARTS_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")


def legible(text: str) -> str:
    """Text from a file in one line, safe to show anywhere.

    Control characters become a space, and what turns the direction of writing is dropped: either
    can make a terminal or a page show something else than is there. Halves of a character, which
    a file name can hold, become the sign for an unknown one.
    """
    return _NO_CHARACTERS.sub("\ufffd", _TURNS.sub("", _CONTROLS.sub(" ", text)))


def file_names(audits: Sequence[Audit]) -> list[str]:
    """What to call each file: its name, after as many folders as tell it from the others."""
    parts = {audit.path.parts for audit in audits}
    return [legible("/".join(_tail(audit.path.parts, parts))) for audit in audits]


def _tail(own: tuple[str, ...], every: set[tuple[str, ...]]) -> tuple[str, ...]:
    for count in range(1, len(own)):
        if sum(other[-count:] == own[-count:] for other in every) == 1:
            return own[-count:]
    return own


def all_right(audit: Audit) -> bool:
    """Whether something was checked and nothing is wrong."""
    verdicts = _verdicts(audit)
    return verdicts["right"] > 0 and verdicts["wrong"] == 0 and not audit.mistakes


def some_wrong(audit: Audit) -> bool:
    """Whether something is wrong; of a file without a table neither this holds nor all_right."""
    return bool(audit.mistakes) or _verdicts(audit)["wrong"] > 0


def verdict(audit: Audit) -> str:
    """The outcome in one line."""
    found = _verdicts(audit)
    checked = found["right"] + found["wrong"]
    if some_wrong(audit):
        right = f"; {found['right']} of {_count(checked, 'checked column')} right"
        return _count(len(audit.mistakes), "mistake") + (right if checked else "")
    if all_right(audit):
        return f"all right: {_count(checked, 'column')} checked"
    return "nothing in its table could be checked" if audit.tables else "no training table found"


def _verdicts(audit: Audit) -> Counter[str]:
    return Counter(column.verdict for table in audit.tables for column in table.columns)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def mistake_kinds(audits: Sequence[Audit]) -> list[str]:
    """The kinds of mistakes that were made, the most frequent first."""
    total = sum((_kinds(audit) for audit in audits), Counter[str]())
    return sorted(total, key=lambda kind: (-total[kind], kind))


def mistake_counts(audits: Sequence[Audit], kinds: Sequence[str]) -> NDArray[np.int64]:
    """How many mistakes of each kind each file has: (files, kinds)."""
    rows = [[_kinds(audit)[kind] for kind in kinds] for audit in audits]
    return np.array(rows, dtype=np.int64).reshape(len(audits), len(kinds))


def _kinds(audit: Audit) -> Counter[str]:
    return Counter(legible(found.kind) for found in audit.mistakes)


def class_csv(audits: Sequence[Audit]) -> str:
    """A row a file: its name, how many tables and mistakes, how many mistakes of each kind.

    A text that a spreadsheet would take for a formula has an apostrophe in front.
    """
    kinds, written = mistake_kinds(audits), io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["file", "tables", "mistakes", *map(_inert, kinds)])
    counts = mistake_counts(audits, kinds).tolist()
    for name, audit, row in zip(file_names(audits), audits, counts, strict=True):
        writer.writerow([_inert(name), len(audit.tables), len(audit.mistakes), *row])
    return written.getvalue()


def _inert(text: str) -> str:
    return f"'{text}" if _STARTS_FORMULA.match(text) else text


def to_json(audits: Sequence[Audit]) -> str:
    """Everything that was found, and for each file whether it is all right."""
    files = []
    for audit in audits:
        found = _plain(asdict(audit))
        files.append({"path": found.pop("path"), "all_right": all_right(audit), **found})
    return json.dumps({"version": VERSION, "files": files}, ensure_ascii=False, indent=2) + "\n"


def _plain(value: Any) -> Any:
    """The same in what JSON in UTF-8 can hold; a number that is not finite becomes null."""
    match value:
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case Path():
            return _plain(str(value))
        case str():
            return _NO_CHARACTERS.sub("\ufffd", value)
        case float() if not math.isfinite(value):
            return None
    return value
