"""The rules of ``marks`` as formulas, by which an exercise marks itself."""

from collections.abc import Iterable
from dataclasses import dataclass

from gradsheet.workbook.marks import (
    EARLY,
    EXTRA,
    FACTORS,
    MISSING,
    SOME,
    VALUE_OF,
    WRONG_SIGN,
    Verdict,
)


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
                (f"ABS({ratio}-1)<={EARLY}", f'"{Verdict.ROUNDED}"'),
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
