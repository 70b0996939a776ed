"""Text from files, made fit to show where it could be taken for something else."""

import re
from collections.abc import Sequence

from gradsheet.audit.findings import Audit
from gradsheet.audit.unaudited import Unaudited
from gradsheet.errors import legible

_STARTS_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")


def inert(text: str) -> str:
    """Text for a CSV file; what a spreadsheet would take for a formula gets an apostrophe."""
    return f"'{text}" if _STARTS_FORMULA.match(text) else text


def file_names(results: Sequence[Audit | Unaudited]) -> list[str]:
    """What to call each file: its name, after as many folders as tell it from the others."""
    parts = {result.path.parts for result in results}
    return [legible("/".join(_tail(result.path.parts, parts))) for result in results]


def _tail(own: tuple[str, ...], every: set[tuple[str, ...]]) -> tuple[str, ...]:
    for count in range(1, len(own)):
        if sum(other[-count:] == own[-count:] for other in every) == 1:
            return own[-count:]
    return own
