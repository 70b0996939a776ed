"""Formulas and addresses in the notation of .ods, OpenFormula, written as Excel writes them."""

import re
from collections.abc import Callable

from gradsheet.spreadsheet.addresses import (
    CELL_PATTERN,
    COLUMN_PATTERN,
    ROW_PATTERN,
    quote_sheet,
    unquote_sheet,
)

_SEPARATORS = {";": ",", "~": ",", "!": " "}
_ARRAY_SEPARATORS = {";": ",", "|": ";"}

_TOKEN = re.compile(
    r""" "[^"]*" | '[^']*' | (?P<reference>\[(?:[^\[\]'"]|'[^']*')*+\]) | \#[A-Z0-9/]+[!?]?
    | (?P<vendor>\b(?:COM\.MICROSOFT|ORG\.LIBREOFFICE|ORG\.OPENOFFICE|LEGACY)\.)
    | (?P<mark>[{};|~!]) """,
    re.VERBOSE,
)
_START = re.compile(r"\s*(?:(\w{1,20}):)?=")

_CORNER = re.compile(
    rf"""(?:'(?P<file>[^']*)'\#)?
    (?:\$?(?P<sheet>'[^']*+(?:''[^']*+)*+'|[^\s.:'\#$]+))?
    \.(?P<corner>{CELL_PATTERN}|{COLUMN_PATTERN}|{ROW_PATTERN})""",
    re.VERBOSE,
)


def from_open_formula(written: str) -> str:
    """``of:=SUM([.A1:.B2];2)`` as ``SUM(A1:B2,2)``."""
    prefix = _START.match(written)
    formula = written[prefix.end() :] if prefix else written
    if prefix and prefix[1] == "msoxl":  # already in Excel's own notation
        return formula
    separators = _SEPARATORS

    def translated(found: re.Match[str]) -> str:
        nonlocal separators
        if found["reference"]:
            return from_open_address(found[0][1:-1])
        if found["mark"] in ("{", "}"):
            separators = _ARRAY_SEPARATORS if found["mark"] == "{" else _SEPARATORS
        if found["vendor"]:
            return ""
        return separators.get(found[0], found[0])

    return _TOKEN.sub(translated, formula)


def absolute(corner: str) -> str:
    """``$A$1`` for ``A1``: what a chart refers to does not move."""
    return re.sub(r"\$?([A-Z]+|[0-9]+)", r"$\1", corner.upper())


def from_open_address(address: str, spell: Callable[[str], str] = str.upper) -> str:
    """``$'Sheet 1'.A1:.B2`` as ``'Sheet 1'!A1:B2``; several addresses with commas between them.

    What is no address, such as a name, is left as it is.
    """
    if "#REF!" in address:
        return "#REF!"
    areas: list[list[re.Match[str]]] = []
    end, mark = 0, " "
    while end <= len(address):
        corner = _CORNER.match(address, end)
        if corner is None or mark not in ": ":
            return address
        if mark == ":":
            areas[-1].append(corner)
        else:
            areas.append([corner])
        mark = address[corner.end() : corner.end() + 1]
        end = corner.end() + 1
    return ",".join(_spelled(area, spell) for area in areas)


def _spelled(corners: list[re.Match[str]], spell: Callable[[str], str]) -> str:
    first, last = corners[0], corners[-1]
    sheets = [unquote_sheet(first["sheet"] or ""), unquote_sheet(last["sheet"] or "")]
    area = ":".join(spell(corner["corner"]) for corner in corners)
    if not sheets[0]:
        return area
    name = sheets[0] if sheets[1] in ("", sheets[0]) else ":".join(sheets)
    source = f"[{first['file']}]" if first["file"] else ""
    if not source and all(quote_sheet(part) == part for part in name.split(":")):
        return f"{name}!{area}"
    quoted = f"{source}{name}".replace("'", "''")
    return f"'{quoted}'!{area}"
