"""How a file came out, in one word."""

from typing import Literal

from gradsheet.audit.findings import Audit
from gradsheet.audit.unaudited import Unaudited

Outcome = Literal["right", "wrong", "partly read", "no table", "unreadable", "own"]


def outcome(result: Audit | Unaudited) -> Outcome:
    """Whether a file is right, or why that is not known."""
    if isinstance(result, Unaudited):
        if result.is_own:
            return "own"
        return "no table" if result.reason == "no table" else "unreadable"
    return "wrong" if result.some_wrong else "right" if result.all_right else "partly read"
