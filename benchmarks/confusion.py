"""What planted mistakes were called, counted: for the benchmarks of the audit."""

from collections import Counter
from typing import Any

NOTHING, UNEXPLAINED = "nothing", "GS313"

Confusion = Counter[tuple[str, str]]
"""How often a mistake of one code was called by another, or ``NOTHING``."""


def confusion_record(confusion: Confusion) -> dict[str, Any]:
    """The matrix by code, and the shares that were found and not explained, and not found."""
    matrix: dict[str, dict[str, int]] = {}
    for (due, got), count in sorted(confusion.items()):
        matrix.setdefault(due, {})[got] = count
    unexplained = sum(n for (_, got), n in confusion.items() if got == UNEXPLAINED)
    return {
        "not explained": round(unexplained / max(confusion.total(), 1), 4),
        "found nothing": sum(n for (_, got), n in confusion.items() if got == NOTHING),
        "confusion": matrix,
    }
