"""What a mark tells about an answer: each verdict with its words and its rule.

``gradsheet mark`` judges answers by these rules; an exercise marks itself by the same rules as
formulas, which are in ``mark_formulas``. A test has a spreadsheet engine compare the two.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

LEAST_DIGITS, DEFAULT_DIGITS, MOST_DIGITS = 2, 4, 8
NEIGHBORS = 12
"""With so many other answers, the nearest in order, each answer is compared."""

EARLY = 0.02  # how far rounding in between leads, of the answer
_SLACK = 1e-9  # what arithmetic itself leaves open
_ZERO = 1e-8  # what counts as 0


class Verdict(StrEnum):
    """The verdict on one answer, in the words of its mark."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not a number"
    RIGHT = "right"
    OWN = "right from your own values"
    DIGITS = "right so far: give more digits"
    ROUNDED = "rounded too early"
    SIGN = "sign wrong"
    FACTOR = "off by a factor"
    OTHER = "the value of another cell"
    WRONG = "wrong"


CREDITED = (Verdict.RIGHT, Verdict.OWN)
"""They count as right."""

FACTORS = (
    *((2.0, "twice the right value"), (0.5, "half the right value")),
    *((3.0, "3 times the right value"), (1 / 3, "a third of the right value")),
    *((4.0, "4 times the right value"), (0.25, "a quarter of the right value")),
    *((5.0, "5 times the right value"), (0.2, "a fifth of the right value")),
    *((10.0, "10 times the right value"), (0.1, "a tenth of the right value")),
)
WRONG_SIGN = "sign wrong and "
MISSING, EXTRA, SOME = "the factor {} is missing", "the factor {} is too much", "of another cell"
VALUE_OF = "the value of {}"
SLOPE = "{0}·(1 − {0})"


@dataclass(frozen=True)
class Facts:
    """What an answer is compared with.

    Attributes:
        answer: the right one.
        own: what follows from the answers that it is computed from; None where it follows from
            none.
        others: answers of other cells, by their names.
        known: given and forward values, by their names.
        exact: whether only the number itself is right, as that of a step.
    """

    answer: float
    own: float | None = None
    others: Sequence[tuple[str, float]] = ()
    known: Mapping[str, float] = field(default_factory=dict)
    exact: bool = False


@dataclass(frozen=True)
class Mark:
    """A verdict and its words, which name the factor or the other cell."""

    verdict: Verdict
    words: str

    @property
    def is_credited(self) -> bool:
        """Whether it counts as right."""
        return self.verdict in CREDITED


def judge(typed: float | str | bool | None, facts: Facts, digits: int) -> Mark:
    """The mark of an answer.

    Args:
        typed: what is in the cell; an error is its text.
        facts: what it is compared with.
        digits: the significant digits that are asked for.
    """
    if typed is None:
        return _plain(Verdict.EMPTY)
    if isinstance(typed, str | bool) or not math.isfinite(typed):
        return _plain(Verdict.NOT_A_NUMBER)
    if _agrees(typed, facts.answer, digits):
        return _plain(Verdict.RIGHT)
    if facts.own and _agrees(typed, facts.own, digits):
        return _plain(Verdict.OWN)
    if facts.exact or facts.answer == 0 or typed == 0:
        return _plain(Verdict.WRONG)
    ratio = typed / facts.answer
    if _is_begun(typed, facts.answer, digits):
        return _plain(Verdict.DIGITS)
    if _agrees(-typed, facts.answer, digits):
        return _plain(Verdict.SIGN)
    if abs(ratio - 1) <= EARLY:
        return _plain(Verdict.ROUNDED)
    if other := _other(typed, facts, digits):
        return Mark(Verdict.OTHER, other)
    if factor := _factor(ratio, facts, digits):
        return Mark(Verdict.FACTOR, factor)
    return _plain(Verdict.WRONG)


def _plain(verdict: Verdict) -> Mark:
    return Mark(verdict, str(verdict))


def exponent(value: float) -> int:
    """That of the first digit: -1 for 0.23."""
    return math.floor(math.log10(abs(value)) + _SLACK)


def near(answer: float, digits: int) -> float:
    """A unit of the last digit asked for, relative to the answer."""
    return 10.0 ** (exponent(answer) + 1 - digits) / abs(answer)


def _agrees(typed: float, answer: float, digits: int) -> bool:
    if answer == 0:
        return abs(typed) <= _ZERO
    return abs(typed / answer - 1) <= near(answer, digits) * (1 + _SLACK)


def _is_begun(typed: float, answer: float, digits: int) -> bool:
    """Whether it is the answer, rounded or cut off after fewer digits than asked for."""
    above = typed / answer - 1
    for count in range(1, digits):
        unit = near(answer, count) * (1 + _SLACK)
        places = count - 1 - exponent(answer)
        rounded = math.floor(abs(typed) * 10.0**places + 0.5) / 10.0**places
        if -unit <= above <= unit / 2 and abs(abs(typed) - rounded) <= _SLACK * abs(typed):
            return True
    return False


def _other(typed: float, facts: Facts, digits: int) -> str:
    for name, value in facts.others:
        if value and _agrees(typed, value, digits):
            return VALUE_OF.format(name)
    found = _of_size(abs(typed), facts.known, near(facts.answer, digits))
    if len(found) > 1:
        return str(Verdict.OTHER)
    is_same = found and facts.known[found[0]] * typed > 0
    return VALUE_OF.format(found[0]) if is_same else ""


def _of_size(size: float, known: Mapping[str, float], tolerance: float) -> list[str]:
    """The names of the numbers of a size."""
    # A spreadsheet writes a criterion with 15 digits.
    low, high = (float(f"{size * share:.15g}") for share in (1 - tolerance, 1 + tolerance))
    return [name for name, value in known.items() if low < abs(value) < high]


def _factor(ratio: float, facts: Facts, digits: int) -> str:
    tolerance = near(facts.answer, digits)
    for factor, words in FACTORS:
        if abs(abs(ratio) / factor - 1) <= tolerance:
            return (WRONG_SIGN if ratio < 0 else "") + words
    for known in (facts.known, slopes(facts.known)):
        for size, words in ((1 / abs(ratio), MISSING), (abs(ratio), EXTRA)):
            found = _of_size(size, known, tolerance)
            if len(found) > 1:
                return words.format(SOME)
            if found:
                sign = WRONG_SIGN if ratio * known[found[0]] < 0 else ""
                return sign + words.format(found[0])
    return ""


def slopes(known: Mapping[str, float]) -> dict[str, float]:
    """For each number that of the slope of a sigmoid that outputs it."""
    return {SLOPE.format(name): value * (1 - value) for name, value in known.items()}
