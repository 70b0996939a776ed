"""Sentences that follow from numbers: the first whose condition is true."""

from collections.abc import Iterable
from typing import NamedTuple


class Case(NamedTuple):
    """A sentence and when it is true.

    Attributes:
        condition: a formula that is true or false; empty for the last case, "otherwise".
        holds: whether it is true of the numbers that the workbook is written with.
        sentence: at most 255 characters, as many as a formula's text can have.
    """

    condition: str
    holds: bool
    sentence: str


def choose(cases: Iterable[Case]) -> tuple[str, str]:
    """The formula of the first case that is true, and what it gives.

    Args:
        cases: the last one is the case "otherwise".
    """
    *earlier, last = cases
    formula = f'"{last.sentence}"'
    for case in reversed(earlier):
        formula = f'IF({case.condition},"{case.sentence}",{formula})'
    chosen = next((case.sentence for case in earlier if case.holds), last.sentence)
    return formula, chosen


def join(choices: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Several sentences in one cell: the formula and its text."""
    formulas, sentences = zip(*choices, strict=True)
    return '&" "&'.join(formulas), " ".join(sentences)
