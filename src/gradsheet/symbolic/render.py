"""Expressions as text: spreadsheet formulas, textbook notation and code."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from gradsheet.symbolic.expression import Apply, Binding, Expression, Notation, Number, Variable

Run = tuple[str, Literal["normal", "subscript", "superscript"]]


_LONGEST_LITERAL = 40  # characters
_MOST_TERMS, _LEFT_OUT = 4, Variable("…")  # in a shortened sum, the dots among them

_RAISED = str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")


def to_excel(expression: Expression, address: Callable[[Variable], str]) -> str:
    """The formula of ``expression``, without the leading ``=``.

    Args:
        expression: what to write. Its variables become addresses; ``expand`` first what has
            no cell.
        address: the cell of a variable.
    """
    return _write(expression, "excel", address)[0]


def to_textbook(
    expression: Expression, name: Callable[[Variable], str] = lambda variable: variable.markup
) -> str:
    """The textbook notation of ``expression`` as markup: ``_{…}`` is low, ``^{…}`` is high.

    Args:
        expression: what to write.
        name: the markup of a variable, its own if nothing else is asked for.
    """
    return _write(expression, "textbook", name)[0]


def to_code(expression: Expression, name: Callable[[Variable], str]) -> str:
    """The code of ``expression`` in C, JavaScript and their like.

    Args:
        expression: what to write. Its variables become identifiers; ``expand`` first what has none.
        name: the identifier of a variable.
    """
    return _write(expression, "code", name)[0]


def shortened(expression: Expression) -> Expression:
    """``expression`` to be shown in little room: of a long sum the first terms and the last."""
    if not isinstance(expression, Apply):
        return expression
    parts = tuple(map(shortened, expression.arguments))
    if expression.operation.name == "add" and len(parts) > _MOST_TERMS:
        parts = (*parts[: _MOST_TERMS - 2], _LEFT_OUT, parts[-1])
    return replace(expression, arguments=parts)


def runs(markup: str) -> list[Run]:
    """Markup cut into pieces of normal, low and high text."""
    positions: dict[str, Literal["subscript", "superscript"]] = {
        "_": "subscript",
        "^": "superscript",
    }
    pieces: list[Run] = []
    for plain, mark, inner in re.findall(r"([^_^]+)|([_^])\{([^}]*)\}", markup):
        pieces.append((inner, positions[mark]) if mark else (plain, "normal"))
    return pieces


@lru_cache(maxsize=4096)
def plain(markup: str) -> str:
    """Markup as one line of plain text: ``∂E/∂w5``, ``½(t1 − a_o1)²``, ``h1⁽³⁾``."""
    text = re.sub(r"\^\{([^}]*)\}", lambda match: match[1].translate(_RAISED), markup)
    text = re.sub(r"_\{([a-z][\w,]*)\}", r"_\1", text)
    return re.sub(r"_\{([^}]*)\}", r"\1", text)


def _write(
    expression: Expression,
    face: Literal["excel", "textbook", "code"],
    name: Callable[[Variable], str],
) -> tuple[str, Binding]:
    """The text of ``expression`` and how tightly it holds together."""
    if isinstance(expression, Variable):
        return name(expression), expression.binding if face == "textbook" else Binding.ATOM
    if isinstance(expression, Number):
        return _number(expression.value, face)
    if not isinstance(expression, Apply):
        raise TypeError(f"no notation for {expression!r}")
    if face == "textbook" and _is_half(expression):
        return _number(0.5, face)
    notation: Notation | None = getattr(expression.operation, face)
    if notation is None:
        raise TypeError(f"no {face} of {expression.operation.name}")
    pieces = [_write(argument, face, name) for argument in expression.arguments]
    if "@*" in notation.template:
        together = (", " if face == "textbook" else ",").join(text for text, _ in pieces)
        return notation.template.replace("@*", together), notation.binding
    if "@2" in notation.template:
        return _fill(notation, pieces), notation.binding
    text = _fill(notation, pieces[:2])
    for piece in pieces[2:]:
        text = _fill(notation, [(text, notation.binding), piece])
    return text, notation.binding


def _is_half(expression: Apply) -> bool:
    """Whether it is 1/2, which is written like 0.5."""
    numbers = [part.value for part in expression.arguments if isinstance(part, Number)]
    return expression.operation.name == "divide" and numbers == [1.0, 2.0]


def _fill(notation: Notation, pieces: list[tuple[str, Binding]]) -> str:
    texts = [
        text if binding >= needed else f"({text})"
        for (text, binding), needed in zip(pieces, notation.needs, strict=True)
    ]
    return re.sub(r"@(\d)", lambda match: texts[int(match[1])], notation.template)


def _number(value: float, face: str) -> tuple[str, Binding]:
    if face == "textbook" and value == 0.5:
        return "½", Binding.ATOM
    if face == "excel":
        text = literal(value)
    elif face == "code":
        text = repr(float(value))
    else:
        text = f"{value:.0f}" if float(value).is_integer() else repr(value).upper()
    return text, Binding.ATOM if value >= 0 else Binding.SIGN


def literal(value: float) -> str:
    """A number in a spreadsheet formula: ``0.00001``, never ``1E-05``, which some engines refuse.

    One of many digits is a product with a power of ten: ``(2.5*10^-300)``.
    """
    if not math.isfinite(value):
        return repr(value).upper()
    digits = f"{Decimal(repr(float(value))):f}".removesuffix(".0")
    if len(digits) <= _LONGEST_LITERAL:
        return digits
    number, exponent = f"{Decimal(repr(float(value))).normalize():E}".split("E")
    return f"({number}*10^{int(exponent)})"
