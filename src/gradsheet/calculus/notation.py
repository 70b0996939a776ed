"""Expressions as text: spreadsheet formulas and textbook notation."""

import re
from collections.abc import Callable
from typing import Literal

from gradsheet.calculus.expression import Apply, Binding, Expression, Notation, Number, Variable

Run = tuple[str, Literal["normal", "subscript", "superscript"]]


def to_excel(expression: Expression, address: Callable[[Variable], str]) -> str:
    """The formula of ``expression``, without the leading ``=``.

    Args:
        expression: what to write. Its variables stand as addresses; ``expand`` first what has
            no cell.
        address: the cell of a variable.
    """
    return _write(expression, "excel", address)[0]


def to_textbook(expression: Expression) -> str:
    """The textbook notation of ``expression`` as markup: ``_{…}`` is low, ``^{…}`` is high."""
    return _write(expression, "textbook", lambda variable: symbol(variable.name))[0]


def symbol(name: str) -> str:
    """The markup of a name.

    >>> symbol("w5"), symbol("a_h1"), symbol("h1_2"), symbol("dE/dw5")
    ('w_{5}', 'a_{h1}', 'h_{1,2}', '∂E/∂w_{5}')
    """
    if name.endswith("'"):
        return symbol(name[:-1]) + "′"
    if "/" in name:
        above, below = name.split("/")
        return f"∂{symbol(above[1:])}/∂{symbol(below[1:])}"
    letter, low = (name[:2], name[2:]) if name[1:2] == "_" else (name[:1], name[1:])
    letter, low = letter.rstrip("_"), low.replace("_", ",")
    return f"{letter}_{{{low}}}" if low else letter


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


def plain(markup: str) -> str:
    """Markup as one line of plain text: ``∂E/∂w5``, ``½(t1 − a_o1)²``."""
    text = markup.replace("^{2}", "²")
    text = re.sub(r"_\{([a-z][\w,]*)\}", r"_\1", text)
    return re.sub(r"[_^]\{([^}]*)\}", r"\1", text)


def _write(
    expression: Expression, face: Literal["excel", "textbook"], name: Callable[[Variable], str]
) -> tuple[str, Binding]:
    """The text of ``expression`` and how tightly it holds together."""
    if isinstance(expression, Variable):
        return name(expression), Binding.ATOM
    if isinstance(expression, Number):
        return _number(expression.value, face)
    if not isinstance(expression, Apply):
        raise TypeError(f"no notation for {expression!r}")
    notation: Notation = getattr(expression.operation, face)
    pieces = [_write(argument, face, name) for argument in expression.arguments]
    text = _fill(notation, pieces[:2])
    for piece in pieces[2:]:
        text = _fill(notation, [(text, notation.binding), piece])
    return text, notation.binding


def _fill(notation: Notation, pieces: list[tuple[str, Binding]]) -> str:
    texts = [
        text if binding >= needed else f"({text})"
        for (text, binding), needed in zip(pieces, notation.needs, strict=True)
    ]
    return re.sub(r"@(\d)", lambda match: texts[int(match[1])], notation.template)


def _number(value: float, face: str) -> tuple[str, Binding]:
    if face == "textbook" and value == 0.5:
        return "½", Binding.ATOM
    text = f"{value:.0f}" if value == int(value) else repr(value).upper()
    return text, Binding.ATOM if value >= 0 else Binding.SIGN
