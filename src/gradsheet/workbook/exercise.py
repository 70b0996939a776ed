"""Cells to fill in that mark themselves, with the answers out of sight.

A mark needs the ratio of what was typed to the answer, so a hidden sheet keeps the reciprocal of
each answer as the difference of two numbers that reveal nothing alone.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gradsheet.networks.graph import NetworkGraph
from gradsheet.networks.optimizers import Steps
from gradsheet.spreadsheet.style import AMBER, GRAY, GREEN, Style
from gradsheet.spreadsheet.writer import (
    PlainSheet,
    Worksheet,
    absolute,
    cell_address,
    span,
    write_formula,
)
from gradsheet.symbolic.expression import ZERO, Variable, expand
from gradsheet.symbolic.render import literal

RIGHT, FACTOR, SIGN, NOT_YET = "right", "off by a factor", "sign wrong", "not yet"

MARKS_SHEET = "Marks"
_RATIO, _SHIFTED, _SHIFT, _POINT, _NEAR, _KNOWN, _SLOPE = range(
    7
)  # the columns of the hidden sheet
_CLOSE = 1e-5  # of the answer
_SHOWN = 6e-9  # what eight decimals, those a cell shows, leave open
_FACTORS = (2, 3, 4, 5, 10)  # and the given and the forward values, and their slopes


def idle_steps(graph: NetworkGraph) -> Steps:
    """What the updates do while no gradient is filled in: an empty cell counts as 0."""
    nothing = dict.fromkeys(graph.gradients, ZERO)
    updates = {
        old: replace(new, definition=expand(new.definition or new, lambda v: False, nothing))
        for old, new in graph.steps.updates.items()
    }
    return Steps(updates, graph.steps.memory)


@dataclass
class Exercise:
    """The marks of one workbook.

    Attributes:
        style: of the workbook.
        answers: of everything that is asked.
        known: the cells and the values of the numbers from which a missing factor is recognized.
        solved: whether the answers are filled in.
        marks: the addresses of the marks written so far.
    """

    style: Style
    answers: Mapping[Variable, float]
    known: Mapping[str, float]
    solved: bool
    marks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sheet = self.style.book.add_worksheet(MARKS_SHEET, PlainSheet)
        self._sheet.very_hidden()
        self._random = random.Random(0)
        for row, (cell, value) in enumerate(self.known.items()):
            slope = f"{cell}*(1-{cell})"
            write_formula(self._sheet, row, _KNOWN, cell, value, self.style.general)
            write_formula(self._sheet, row, _SLOPE, slope, value * (1 - value), self.style.general)

    def write_mark(
        self, sheet: Worksheet, row: int, column: int, place: str, variable: Variable
    ) -> None:
        """Write the mark of the cell ``place``, in which ``variable`` is asked for."""
        ratio = self._write_ratio(len(self.marks), place, self.answers[variable])
        wanted, value = self._mark(ratio, place), RIGHT if self.solved else NOT_YET
        write_formula(sheet, row, column, wanted, value, self.style.format(indent=1, shrink=True))
        cell = cell_address(row, column)
        looks = {RIGHT: GREEN, NOT_YET: GRAY, SIGN: AMBER, FACTOR: AMBER}
        self.style.color(
            sheet,
            row,
            column,
            {f'{cell}="{mark}"': cell_format for mark, cell_format in looks.items()},
        )
        self.marks.append(absolute(row, column, sheet.get_name()))
        point, own = f'IF({self.marks[-1]}="{RIGHT}",1,0)', len(self.marks) - 1
        write_formula(self._sheet, own, _POINT, point, int(self.solved), self.style.general)

    def _write_ratio(self, row: int, place: str, answer: float) -> str:
        """The cell of what was typed over the answer; of an answer 0, 1 where 0 was typed."""
        cell_format = self.style.general
        if answer == 0 or not math.isfinite(1 / answer):
            formula, value = f"IF(ISNUMBER({place}),1+ABS({place})*1000000000,0)", 1.0
            near, room = f"{_SHOWN * 1e9:g}", _SHOWN * 1e9
        else:
            hidden = self._random.uniform(1, 9) / answer
            self._sheet.write_number(row, _SHIFTED, 1 / answer + hidden, cell_format)
            self._sheet.write_number(row, _SHIFT, hidden, cell_format)
            parts = f"({cell_address(row, _SHIFTED)}-{cell_address(row, _SHIFT)})"
            formula, value = f"IF(ISNUMBER({place}),{place}*{parts},0)", 1.0
            near = f"MAX({literal(_CLOSE)},{literal(_SHOWN)}*ABS({parts}))"
            room = max(_CLOSE, _SHOWN / abs(answer))
        write_formula(self._sheet, row, _NEAR, near, room, cell_format)
        write_formula(self._sheet, row, _RATIO, formula, value if self.solved else 0.0, cell_format)
        return absolute(row, _RATIO, MARKS_SHEET)

    def _mark(self, ratio: str, place: str) -> str:
        near = ratio.replace("$A$", "$E$")
        size, close = f"ABS({ratio})", literal(_CLOSE)
        factors = [f"ABS({size}-{n})<{close}" for n in _FACTORS]
        factors += [f"ABS({size}*{n}-1)<{close}" for n in _FACTORS]
        for column in (_KNOWN, _SLOPE):
            numbers = span(0, column, len(self.known) - 1, column, MARKS_SHEET)
            # Of a number above 0 as a criterion; its 15 digits are more than enough here.
            for low, high in (
                (f"(1-{close})/{size}", f"(1+{close})/{size}"),
                (f"{size}*(1-{close})", f"{size}*(1+{close})"),
            ):
                factors.append(f'COUNTIFS({numbers},">"&{low},{numbers},"<"&{high})>0')
        return (
            f'IF(NOT(ISNUMBER({place})),"{NOT_YET}",IF(ABS({ratio}-1)<{near},"{RIGHT}",'
            f'IF(ABS({ratio}+1)<{near},"{SIGN}",IF({ratio}=0,"{NOT_YET}",'
            f'IF(OR({",".join(factors)}),"{FACTOR}","{NOT_YET}")))))'
        )

    def score(self) -> tuple[str, str]:
        """A formula for how many marks are right, and its text."""
        count, right = len(self.marks), len(self.marks) if self.solved else 0
        every = span(0, _POINT, count - 1, _POINT, MARKS_SHEET)
        return f'SUM({every})&" of {count} right"', f"{right} of {count} right"
