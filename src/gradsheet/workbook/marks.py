"""What a mark tells about an answer: each verdict with its words, its formula and its rule.

An exercise marks itself by formulas; ``gradsheet mark`` judges the same answers in Python. Both
faces are here, side by side, and a test has a spreadsheet engine compare them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

LEAST_DIGITS, DEFAULT_DIGITS, MOST_DIGITS = 2, 4, 8
NEIGHBORS = 12
"""With so many other answers, the nearest in order, each answer is compared."""

_EARLY = 0.02  # how far rounding in between leads, of the answer
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
    if abs(ratio - 1) <= _EARLY:
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


# --- The same as formulas --------------------------------------------------------------------


@dataclass(frozen=True)
class Cells:
    """The addresses from which a mark is computed.

    Attributes:
        typed: the answer.
        inverse: a formula for the reciprocal of the right one.
        ratio, near, exponent, own: helper cells; ``own`` is empty where nothing precedes.
        begun, other, factor: helper cells that are computed from those.
    """

    typed: str
    inverse: str
    ratio: str
    near: str
    exponent: str
    own: str
    begun: str
    other: str
    factor: str


def mark_formula(cells: Cells, exact: bool) -> str:
    """The words of the mark."""
    ratio, typed = cells.ratio, cells.typed
    later = f'"{Verdict.WRONG}"'
    if not exact:
        for condition, words in reversed(
            (
                (f"{cells.begun}=1", f'"{Verdict.DIGITS}"'),
                (f"ABS({ratio}+1)<={cells.near}", f'"{Verdict.SIGN}"'),
                (f"ABS({ratio}-1)<={_EARLY}", f'"{Verdict.ROUNDED}"'),
                (f'{cells.other}<>""', cells.other),
                (f'{cells.factor}<>""', cells.factor),
            )
        ):
            later = f"IF({condition},{words},{later})"
    if cells.own:
        later = f'IF({cells.own}=1,"{Verdict.OWN}",{later})'
    return (
        f'IF(ISBLANK({typed}),"{Verdict.EMPTY}",'
        f'IF(OR(ISLOGICAL({typed}),NOT(ISNUMBER({typed}))),"{Verdict.NOT_A_NUMBER}",'
        f'IF(ABS({ratio}-1)<={cells.near},"{Verdict.RIGHT}",{later})))'
    )


def _joined(template: str, text: str) -> str:
    """The formula of a template with a text put in."""
    before, after = template.split("{}")
    return "&".join(part for part in (f'"{before}"' if before else "", text, f'"{after}"') if part)


def ratio_formula(cells: Cells, answer: float) -> str:
    """What was typed over the answer; of an answer 0, 1 where 0 was typed."""
    numeric = f"IF(ISNUMBER({cells.typed})," + "{},0)"
    if answer == 0:
        return numeric.format(f"IF(ABS({cells.typed})<=0.00000001,1,0)")
    return numeric.format(f"{cells.typed}*{cells.inverse}")


def exponent_formula(cells: Cells) -> str:
    """The exponent of the answer's first digit."""
    return f"INT(0.000000001-LOG10(ABS({cells.inverse})))"


def near_formula(cells: Cells, digits: int) -> str:
    """The tolerance relative to the answer."""
    return f"10^({cells.exponent}+{1 - digits})*ABS({cells.inverse})*1.000000001"


def own_formula(cells: Cells, expected: str, digits: int) -> str:
    """1 where what was typed agrees with ``expected``, what follows from earlier answers."""
    unit = f"10^(INT(LOG10(ABS({expected}))+0.000000001)+{1 - digits})*1.000000001"
    close = f"ABS({cells.typed}-({expected}))<={unit}"
    return f"IF(ISNUMBER({cells.typed}),IFERROR(IF({close},1,0),0),0)"


def begun_formula(cells: Cells, digits: int) -> str:
    """1 where the answer was rounded or cut off after fewer digits than asked for."""
    cases = []
    for count in range(1, digits):
        unit = f"{cells.near}*{10 ** (digits - count)}"
        rounded = f"ROUND({cells.typed},{count - 1}-{cells.exponent})"
        cases.append(
            f"AND({cells.ratio}-1>=-{unit},{cells.ratio}-1<={unit}/2,"
            f"ABS({cells.typed}-{rounded})<=0.000000001*ABS({cells.typed}))"
        )
    return f"IF({_is_off(cells)},IF(OR({','.join(cases)}),1,0),0)" if cases else "0"


def _is_off(cells: Cells) -> str:
    """Whether there is a number that is not right."""
    return f"AND({cells.ratio}<>0,ABS({cells.ratio}-1)>{cells.near})"


@dataclass(frozen=True)
class Known:
    """The known numbers, and which of them an answer, or its ratio, is as large as.

    Attributes:
        names, values, sizes, slopes, numbers: ranges; ``numbers`` counts 1, 2, 3 …
        same: the cell of the number of the one that was typed itself; 0 where there is none, -1
            where there are several; likewise the others.
        missing, extra: that of a factor that is missing, or too many.
        slope_missing, slope_extra: likewise of the slope of a sigmoid with that output.
    """

    names: str
    values: str
    sizes: str
    slopes: str
    numbers: str
    same: str
    missing: str
    extra: str
    slope_missing: str
    slope_extra: str

    def formulas(self, cells: Cells) -> dict[str, str]:
        """The formula of each of the cells."""
        size = f"ABS({cells.ratio})"
        return {
            self.same: self._number(cells, self.sizes, f"ABS({cells.typed})"),
            self.missing: self._number(cells, self.sizes, f"1/{size}"),
            self.extra: self._number(cells, self.sizes, size),
            self.slope_missing: self._number(cells, self.slopes, f"1/{size}"),
            self.slope_extra: self._number(cells, self.slopes, size),
        }

    def _number(self, cells: Cells, sizes: str, wanted: str) -> str:
        low, high = f"{wanted}*(1-{cells.near})", f"{wanted}*(1+{cells.near})"
        within = f'{sizes},">"&{low},{sizes},"<"&{high}'
        one = f"IF(COUNTIFS({within})=1,SUMIFS({self.numbers},{within}),-MIN(1,COUNTIFS({within})))"
        return f"IF({_is_off(cells)},{one},0)"

    def name(self, number: str) -> str:
        """A formula for the name of a known number."""
        return f"INDEX({self.names},{number})"

    def value(self, number: str) -> str:
        """A formula for its value."""
        return f"INDEX({self.values},{number})"


def other_formula(cells: Cells, others: Iterable[tuple[str, str, str]], known: Known) -> str:
    """The words for another cell whose value was typed; empty where there is none.

    Args:
        cells: of the mark.
        others: of each other answer its name, the reciprocal's formula and the tolerance's cell.
        known: the given and the forward values.
    """
    is_same = f"{known.value(known.same)}*{cells.typed}>0"
    words = _joined(VALUE_OF, known.name(known.same))
    later = f'IF({known.same}<0,"{Verdict.OTHER}",IF({known.same}=0,"",IF({is_same},{words},"")))'
    for name, inverse, tolerance in reversed(list(others)):
        close = f"ABS({cells.typed}*{inverse}-1)<={tolerance}"
        later = f'IF({close},"{VALUE_OF.format(name)}",{later})'
    return f'IF({_is_off(cells)},{later},"")'


def factor_formula(cells: Cells, known: Known) -> str:
    """The words for the factor between what was typed and the answer; empty where there is none."""
    size, ratio, later = f"ABS({cells.ratio})", cells.ratio, '""'
    for number, words, is_slope in (
        (known.slope_extra, EXTRA, True),
        (known.slope_missing, MISSING, True),
        (known.extra, EXTRA, False),
        (known.missing, MISSING, False),
    ):
        name, value = known.name(number), known.value(number)
        if is_slope:
            name, value = f'{name}&"·(1 − "&{name}&")"', f"{value}*(1-{value})"
        sign = f'IF({ratio}*{value}<0,"{WRONG_SIGN}","")'
        one = f"{sign}&{_joined(words, name)}"
        later = f'IF({number}>0,{one},IF({number}<0,"{words.format(SOME)}",{later}))'
    sign = f'IF({ratio}<0,"{WRONG_SIGN}","")'
    for factor, words in reversed(FACTORS):
        of = f"/{factor:g}" if factor >= 1 else f"*{1 / factor:.0f}"
        later = f'IF(ABS({size}{of}-1)<={cells.near},{sign}&"{words}",{later})'
    return f'IF({_is_off(cells)},{later},"")'
