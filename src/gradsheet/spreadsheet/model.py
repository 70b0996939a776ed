"""A workbook as it was read: cells with formulas and values, names, charts."""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from gradsheet.spreadsheet.addresses import CellIndex

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell holds.

    Attributes:
        value: the number or text typed in, or the cached value of a formula; None where there is
            none. TRUE is 1.0, an error such as ``#DIV/0!`` is its text.
        formula: without the leading ``=``, in Excel's A1 notation with commas and points:
            ``E35-$F$33*X35``, ``'Sheet 2'!$A$1``. Of a shared formula each cell's own.
        anchor: of a cell inside an array formula, the upper left cell of it: ``formula`` is
            written as seen from there, and this cell shows its part of the result.
        is_boolean: whether the value is TRUE or FALSE.
    """

    value: float | str | None
    formula: str | None = None
    anchor: CellIndex | None = None
    is_boolean: bool = field(default=False, compare=False)

    @property
    def number(self) -> float:
        """The number that arithmetic finds in it: a text that looks like one is one; else NaN."""
        if isinstance(self.value, str):
            return float(self.value) if _NUMBER.fullmatch(self.value) else math.nan
        return math.nan if self.value is None else self.value


@dataclass(frozen=True)
class Sheet:
    """One sheet; only cells that hold something are in ``cells``."""

    name: str
    cells: dict[CellIndex, Cell] = field(default_factory=dict)


@dataclass(frozen=True)
class Series:
    """One line of a chart.

    Attributes:
        values: the reference that is plotted, ``Sheet1!$W$29:$W$90``.
        name: its name, cached or typed in; empty where it has none.
    """

    values: str
    name: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart on a sheet."""

    sheet: str
    title: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Book:
    """A whole workbook.

    Attributes:
        names: defined names and the reference behind each, ``{"eta": "Sheet1!$F$33"}``.
        remarks: what the file holds and was not read, such as macros or links to other files.
        properties: what somebody, or the program that wrote it, noted about the file, by name.
    """

    path: Path
    sheets: dict[str, Sheet]
    names: dict[str, str] = field(default_factory=dict)
    charts: tuple[Chart, ...] = ()
    remarks: tuple[str, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)
