"""Numbers inside texts: the formula that makes the text, and the text that it makes."""

import math
from decimal import ROUND_HALF_UP, Decimal

from gradsheet.symbolic.render import literal

_DIGITS = 6  # significant ones

# Outside of these, spreadsheets differ in when and how they write exponents.
_SMALLEST, _LARGEST = 1e-9, 1e9


def formula(
    cell: str, parentheses: bool = True, digits: int = _DIGITS, smallest: float = _SMALLEST
) -> str:
    """A formula for the number of ``cell`` as part of a text.

    Args:
        cell: an address.
        parentheses: whether a negative number is put into them, as in the middle of a formula.
        digits: how many significant ones.
        smallest: a smaller number has an exponent.
    """
    exponent = f"INT(LOG10(ABS({cell})))"
    usual = f"ROUND({cell},{digits - 1}-{exponent})"
    extreme = f'ROUND({cell}/10^{exponent},{digits - 1})&"e"&{exponent}'
    inside = f"AND(ABS({cell})>={literal(smallest)},ABS({cell})<{literal(_LARGEST)})"
    number = f'IF({inside},{usual}&"",{extreme})'
    if parentheses:
        number = f'IF({cell}<0,"("&{number}&")",{number})'
    return f'IF({cell}=0,"0",{number})'


def text(
    value: float, parentheses: bool = True, digits: int = _DIGITS, smallest: float = _SMALLEST
) -> str:
    """What ``formula`` makes of ``value``."""
    if not math.isfinite(value):
        return "#NUM!"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if smallest <= abs(value) < _LARGEST:
        short = _joined(_rounded(value, digits - 1 - exponent))
    else:
        power = 10.0**exponent or math.ulp(0.0)  # of the smallest number of all it would be 0
        short = f"{_joined(_rounded(value / power, digits - 1))}e{exponent}"
    return f"({short})" if parentheses and value < 0 else short


def _rounded(value: float, decimals: int) -> float:
    """``value`` as a spreadsheet's ROUND gives it, halves away from zero."""
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def _joined(value: float) -> str:
    """A number of moderate size as a spreadsheet writes it when it joins it to a text."""
    digits = f"{Decimal(f'{value:.15g}'):f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
