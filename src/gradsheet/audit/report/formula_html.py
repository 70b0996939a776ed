"""A written formula above the right one, with what differs marked."""

import difflib
import itertools
import re
from collections.abc import Sequence

from gradsheet.audit.findings import Finding
from gradsheet.audit.report.html import Html, definitions, element, joined
from gradsheet.audit.report.sentences import written_and_right
from gradsheet.errors import legible

_WORD = re.compile(r"[\w∂.]+|\s+|.", re.DOTALL)
_MOST_COMPARED = 400_000  # pairs of tokens; beyond that only the ends of two formulas are


def formulas(found: Finding) -> Html:
    """The formulas of a finding; nothing where it is about none."""
    written, right = written_and_right(found)
    if not (written or right):
        return Html()
    marked = zip(("written", "right"), _compared(written, right), strict=True)
    return definitions([(name, element("code", text)) for name, text in marked if text], "formulas")


def _compared(written: str, right: str) -> tuple[Html, Html]:
    """Both formulas with the tokens marked that the other does not have there."""
    if not (written and right):
        return joined([written]), joined([right])
    one, other = _WORD.findall(legible(written)), _WORD.findall(legible(right))
    steps = _steps(one, other)
    above = [_marked("del", kind, one[start:end]) for kind, start, end, _, _ in steps]
    below = [_marked("ins", kind, other[start:end]) for kind, _, _, start, end in steps]
    return joined(above), joined(below)


def _marked(tag: str, kind: str, tokens: Sequence[str]) -> str:
    text = "".join(tokens)
    return text if kind == "equal" or not text.strip() else element(tag, text)


def _steps(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """The steps from one to the other, in the form of difflib."""
    if len(one) * len(other) <= _MOST_COMPARED:
        matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
        return list(matcher.get_opcodes())
    start = _common(one, other)
    tail = _common(one[start:][::-1], other[start:][::-1])
    end, end_other = len(one) - tail, len(other) - tail
    return [
        ("equal", 0, start, 0, start),
        ("replace", start, end, start, end_other),
        ("equal", end, len(one), end_other, len(other)),
    ]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)))
