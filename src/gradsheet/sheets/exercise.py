"""Cells to fill in that mark themselves, with the answers out of sight.

A mark needs the ratio of what was typed to the answer, so a hidden sheet keeps the reciprocal of
each answer as the difference of two numbers that say nothing alone.
"""

import math
import random
from dataclasses import dataclass, field

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from gradsheet.sheets.style import Style, absolute, write_formula

RIGHT, FACTOR, SIGN, NOT_YET = "right", "off by a factor", "sign wrong", "not yet"

_SHEET = "Marks"
_CLOSE = 1e-6
_FACTORS = (2, 3, 4, 5, 10)  # and the given and the forward values, and their slopes


@dataclass
class Exercise:
    """The marks of one workbook.

    Attributes:
        style: of the workbook.
        known: the cells of the numbers from which a missing factor is recognised.
        solved: whether the answers are filled in.
        marks: the addresses of the marks written so far.
    """

    style: Style
    known: str
    solved: bool
    marks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sheet = self.style.book.add_worksheet(_SHEET)
        self._sheet.very_hidden()
        self._random = random.Random(0)

    def write_mark(
        self, sheet: Worksheet, row: int, column: int, place: str, answer: float
    ) -> None:
        """Write the mark of the cell ``place``, whose answer is ``answer``."""
        own = len(self.marks)
        ratio = self._write_ratio(own, place, answer)
        wanted, value = self._mark(ratio), RIGHT if self.solved else NOT_YET
        write_formula(sheet, row, column, wanted, value, self.style.format(indent=1))
        cell = xl_rowcol_to_cell(row, column)
        self.style.light(sheet, row, column, f'{cell}="{RIGHT}"')
        self.marks.append(absolute(row, column, sheet.get_name()))

    def _write_ratio(self, row: int, place: str, answer: float) -> str:
        """The cell of what was typed over the answer; of an answer 0, 1 where 0 was typed."""
        look = self.style.general
        if answer == 0 or not math.isfinite(1 / answer):
            formula, value = f"IF(ISNUMBER({place}),1+ABS({place})*1E9,0)", 1.0
        else:
            hidden = self._random.uniform(1, 9) / answer
            self._sheet.write_number(row, 1, 1 / answer + hidden, look)
            self._sheet.write_number(row, 2, hidden, look)
            parts = f"({xl_rowcol_to_cell(row, 1)}-{xl_rowcol_to_cell(row, 2)})"
            formula, value = f"IF(ISNUMBER({place}),{place}*{parts},0)", 1.0
        write_formula(self._sheet, row, 0, formula, value if self.solved else 0.0, look)
        return absolute(row, 0, _SHEET)

    def _mark(self, ratio: str) -> str:
        size = f"ABS({ratio})"
        factors = [f"ABS({size}-{n})<{_CLOSE}" for n in _FACTORS]
        factors += [f"ABS({size}*{n}-1)<{_CLOSE}" for n in _FACTORS]
        values = self.known
        known = [values, f"{values}*(1-{values})"]
        factors += [f"SUMPRODUCT(--(ABS({size}*{v}-1)<{_CLOSE}))>0" for v in known]
        factors += [f"SUMPRODUCT(--(ABS({v}-{size})<{_CLOSE}*{size}))>0" for v in known]
        return (
            f'IF(ABS({ratio}-1)<{_CLOSE},"{RIGHT}",IF(ABS({ratio}+1)<{_CLOSE},"{SIGN}",'
            f'IF({ratio}=0,"{NOT_YET}",IF(OR({",".join(factors)}),"{FACTOR}","{NOT_YET}"))))'
        )

    def score(self) -> tuple[str, str]:
        """A formula for how many marks are right, and its text."""
        count = "+".join(f'COUNTIF({mark},"{RIGHT}")' for mark in self.marks)
        right = len(self.marks) if self.solved else 0
        return f'({count})&" of {len(self.marks)} right"', f"{right} of {len(self.marks)} right"
