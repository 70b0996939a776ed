"""Text from files, made fit to show: in one line, without what could mislead or run."""

import re
from collections.abc import Sequence

from gradsheet.audit.findings import Audit

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NO_CHARACTERS = re.compile("[\ud800-\udfff\ufffe\uffff]")
_STARTS_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")


def legible(text: str) -> str:
    """Text from a file in one line, safe to show anywhere.

    Control characters become a space, and what turns the direction of writing is dropped: either
    can make a terminal or a page show something else than is there.
    """
    return encodable(_TURNS.sub("", _CONTROLS.sub(" ", text)))


def encodable(text: str) -> str:
    """Text that UTF-8 can hold: halves of a character become the sign for an unknown one."""
    return _NO_CHARACTERS.sub("\ufffd", text)


def inert(text: str) -> str:
    """Text for a CSV file; what a spreadsheet would take for a formula gets an apostrophe."""
    return f"'{text}" if _STARTS_FORMULA.match(text) else text


def file_names(audits: Sequence[Audit]) -> list[str]:
    """What to call each file: its name, after as many folders as tell it from the others."""
    parts = {audit.path.parts for audit in audits}
    return [legible("/".join(_tail(audit.path.parts, parts))) for audit in audits]


def _tail(own: tuple[str, ...], every: set[tuple[str, ...]]) -> tuple[str, ...]:
    for count in range(1, len(own)):
        if sum(other[-count:] == own[-count:] for other in every) == 1:
            return own[-count:]
    return own
