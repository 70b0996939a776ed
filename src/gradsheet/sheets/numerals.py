"""Numbers inside texts: the formula that makes the text, and the text that it makes."""

import math
from decimal import ROUND_HALF_UP, Decimal

_DIGITS = 6  # significant ones
_SMALLEST = 1e-9  # below, spreadsheets differ in when they begin to write exponents


def formula(cell: str) -> str:
    """A formula for the number of ``cell`` as it stands in another formula's text.

    Six significant digits, a negative number in parentheses.
    """
    rounded = f"ROUND({cell},{_DIGITS - 1}-INT(LOG10(ABS({cell}))))"
    signed = f'IF({cell}<0,"("&{rounded}&")",{rounded}&"")'
    return f'IF(ABS({cell})<{_SMALLEST:.0E},"0",{signed})'


def text(value: float) -> str:
    """What ``formula`` makes of ``value``."""
    if not math.isfinite(value):
        return "#NUM!"
    if abs(value) < _SMALLEST:
        return "0"
    short = joined(rounded(value, _DIGITS - 1 - math.floor(math.log10(abs(value)))))
    return f"({short})" if value < 0 else short


def rounded(value: float, decimals: int) -> float:
    """``value`` as a spreadsheet's ROUND gives it, halves away from zero."""
    step = Decimal(1).scaleb(-decimals)
    exact = Decimal(repr(value))
    if exact.adjusted() + decimals > 25:
        return value  # nothing to round away
    return float(exact.quantize(step, ROUND_HALF_UP)) + 0.0  # no negative zero


def joined(value: float) -> str:
    """A number as a spreadsheet writes it when it joins it to a text."""
    if value == 0 or not _SMALLEST <= abs(value) < 1e15:
        return f"{value:.15g}".upper()
    digits = f"{Decimal(f'{value:.15g}'):f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
