"""Cells to fill in that mark themselves, with the answers out of sight.

A mark needs the ratio of what was typed to the answer, so a hidden sheet keeps the reciprocal of
each answer as the difference of two numbers that reveal nothing alone.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

from gradsheet.networks.graph import NetworkGraph
from gradsheet.networks.optimizers import Steps
from gradsheet.networks.symbols import symbol_of
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.style import AMBER, GRAY, GREEN, Style
from gradsheet.spreadsheet.writer import (
    PlainSheet,
    Worksheet,
    absolute,
    cell_address,
    span,
    write_formula,
)
from gradsheet.symbolic.expression import ZERO, Expression, Variable, expand
from gradsheet.symbolic.render import plain
from gradsheet.workbook import mark_formulas, marks
from gradsheet.workbook.exercise_levels import Level
from gradsheet.workbook.marks import CREDITED, NEIGHBORS, Verdict

MARKS_SHEET = "Marks"
HINT = "hint"
LONGEST_EXPECTED = 2_000
"""Characters of a formula for what follows from earlier answers; a mark holds it twice."""

ALLOWED = {"format_cells": True, "format_columns": True, "format_rows": True}
"""What a protected sheet lets people do besides filling in the unlocked cells."""

# The columns of the hidden sheet: of a mark, then of the known numbers.
_RATIO, _SHIFTED, _SHIFT, _POINT, _NEAR, _EXPONENT, _OWN, _BEGUN, _OTHER, _FACTOR = range(10)
_SAME = 10  # the first of five
_NAME, _VALUE, _SIZE, _SLOPE, _NUMBER = range(16, 21)


def idle_steps(graph: NetworkGraph) -> Steps:
    """What the updates do while no gradient is filled in: an empty cell counts as 0."""
    nothing = dict.fromkeys(graph.gradients, ZERO)
    updates = {
        old: replace(new, definition=expand(new.definition or new, lambda v: False, nothing))
        for old, new in graph.steps.updates.items()
    }
    return Steps(updates, graph.steps.memory)


@dataclass(frozen=True)
class Question:
    """One cell to fill in.

    Attributes:
        cell: where.
        name: what is asked for, in plain text: ``∂E/∂w5``.
        group: the heading above it.
        answer: the right number.
        definition: how it is computed from the values beside it; None where nothing is to be.
        operands: the cells of those of these values that are asked for, too.
        expected: the definition as a formula; empty where no operand is asked for.
        exact: whether only the number itself is right.
        hint: the cell in which a hint is asked for.
    """

    cell: CellRef
    name: str
    group: str
    answer: float
    definition: Expression | None = None
    operands: Mapping[Variable, CellRef] = field(default_factory=dict)
    expected: str = ""
    exact: bool = False
    hint: CellRef | None = None


@dataclass
class Exercise:
    """The marks of one workbook.

    Attributes:
        style: of the workbook.
        level: how much is asked for.
        digits: the significant digits that are asked for.
        asked: what is left to fill in.
        answers: the right value of each of these.
        known: the cells, the names and the values from which factors are recognized.
        solved: whether the answers are filled in.
        seed: of the numbers that hide the answers.
        falls: whether the loss ends lower than it started where all answers are right.
        questions: those written so far.
    """

    style: Style
    level: Level
    digits: int
    asked: frozenset[Variable]
    answers: Mapping[Variable, float]
    known: Mapping[str, tuple[str, float]]
    solved: bool
    seed: int = 0
    falls: bool = False
    questions: list[Question] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sheet = self.style.book.add_worksheet(MARKS_SHEET, PlainSheet)
        self._sheet.very_hidden()
        self._sheet.protect()
        self._random = random.Random(self.seed)
        self._marks: list[str] = []
        self._hidden = self.style.format(num_format="General", align="right", hidden=True)
        for row, (cell, (name, value)) in enumerate(self.known.items()):
            self._sheet.write_string(row, _NAME, name, self._hidden)
            own, slope = cell_address(row, _VALUE), value * (1 - value)
            self._write(row, _VALUE, cell, value)
            self._write(row, _SIZE, f"ABS({own})", abs(value))
            self._write(row, _SLOPE, f"ABS({own}*(1-{own}))", abs(slope))
            self._sheet.write_number(row, _NUMBER, row + 1, self._hidden)

    @property
    def blank(self) -> frozenset[Variable]:
        """What is not filled in."""
        return frozenset() if self.solved else self.asked

    def ask(self, sheet: Worksheet, row: int, column: int, question: Question) -> None:
        """Write the mark of a question into a 0-based cell; ``finish`` writes what it needs."""
        number = len(self.questions)
        self.questions.append(question)
        value = Verdict.RIGHT if self.solved else Verdict.EMPTY
        formula = mark_formulas.mark_formula(self._cells(number), question.exact)
        cell_format = self.style.format(indent=1, shrink=True, hidden=True)
        write_formula(sheet, row, column, formula, value, cell_format)
        cell = cell_address(row, column)
        looks = {
            f'LEFT({cell},5)="{Verdict.RIGHT}"': GREEN,
            f'OR({cell}="{Verdict.EMPTY}",{cell}="{Verdict.WRONG}")': GRAY,
            f'{cell}<>""': AMBER,
        }
        self.style.color(sheet, row, column, looks)
        self._marks.append(absolute(row, column, sheet.get_name()))

    def finish(self) -> None:
        """Write the hidden sheet, when every question is known."""
        groups = [question.group for question in self.questions]
        for number, question in enumerate(self.questions):
            near = self._neighbors(number, groups)
            self._write_mark(number, question, near)

    def _neighbors(self, number: int, groups: Sequence[str]) -> list[int]:
        """The questions of the same group whose answers an answer is compared with."""
        return neighbors(number, groups, [question.answer for question in self.questions])

    def _write(self, row: int, column: int, formula: str, value: float | str) -> None:
        write_formula(self._sheet, row, column, formula, value, self._hidden)

    def _write_mark(self, row: int, question: Question, near: Sequence[int]) -> None:
        cells, answer = self._cells(row), question.answer
        if answer:
            hidden = self._random.uniform(1, 9) / answer
            self._sheet.write_number(row, _SHIFTED, 1 / answer + hidden, self._hidden)
            self._sheet.write_number(row, _SHIFT, hidden, self._hidden)
        self._write(row, _RATIO, mark_formulas.ratio_formula(cells, answer), float(self.solved))
        credited = ",".join(f'{self._marks[row]}="{verdict}"' for verdict in CREDITED)
        self._write(row, _POINT, f"IF(OR({credited}),1,0)", float(self.solved))
        if not answer or question.exact:
            self._sheet.write_number(row, _NEAR, 1e-9, self._hidden)
            self._sheet.write_number(row, _BEGUN, 0, self._hidden)
            for column in (_OTHER, _FACTOR):
                self._sheet.write_string(row, column, "", self._hidden)
            return
        digits = self.digits
        self._write(row, _EXPONENT, mark_formulas.exponent_formula(cells), marks.exponent(answer))
        tolerance = marks.near(answer, digits) * (1 + 1e-9)
        self._write(row, _NEAR, mark_formulas.near_formula(cells, digits), tolerance)
        if cells.own:
            own = mark_formulas.own_formula(cells, question.expected, digits)
            self._write(row, _OWN, own, float(self.solved))
        self._write(row, _BEGUN, mark_formulas.begun_formula(cells, digits), 0.0)
        known = self._known_cells(row)
        for column, formula in enumerate(known.formulas(cells).values(), start=_SAME):
            self._write(row, column, formula, 0.0)
        others = [
            (self.questions[other].name, self._inverse(other), absolute(other, _NEAR, MARKS_SHEET))
            for other in near
        ]
        self._write(row, _OTHER, mark_formulas.other_formula(cells, others, known), "")
        self._write(row, _FACTOR, mark_formulas.factor_formula(cells, known), "")

    def _inverse(self, row: int) -> str:
        """A formula for the reciprocal of an answer."""
        shifted, shift = (absolute(row, column, MARKS_SHEET) for column in (_SHIFTED, _SHIFT))
        return f"({shifted}-{shift})"

    def _cells(self, row: int) -> mark_formulas.Cells:
        def at(column: int) -> str:
            return absolute(row, column, MARKS_SHEET)

        question = self.questions[row]
        return mark_formulas.Cells(
            typed=question.cell.absolute,
            inverse=self._inverse(row),
            ratio=at(_RATIO),
            near=at(_NEAR),
            exponent=at(_EXPONENT),
            own=at(_OWN) if question.expected else "",
            begun=at(_BEGUN),
            other=at(_OTHER),
            factor=at(_FACTOR),
        )

    def _known_cells(self, row: int) -> mark_formulas.Known:
        last = max(0, len(self.known) - 1)
        ranges = (
            span(0, column, last, column, MARKS_SHEET)
            for column in (_NAME, _VALUE, _SIZE, _SLOPE, _NUMBER)
        )
        helpers = (absolute(row, _SAME + number, MARKS_SHEET) for number in range(5))
        return mark_formulas.Known(*chain(ranges, helpers))

    @cached_property
    def count(self) -> int:
        """The number of questions."""
        return len(self.questions)

    def score(self) -> tuple[str, str]:
        """A formula for how many marks are right and how many hints are used, and its text."""
        right = self.count if self.solved else 0
        every = span(0, _POINT, self.count - 1, _POINT, MARKS_SHEET)
        words = f"SUM({every})&{_quoted(f' of {self.count} right')}"
        if hints := list(self._hint_counts()):
            used = "+".join(hints)
            plural = f'IF({used}=1," hint used"," hints used")'
            words += f'&IF({used}=0,"",", "&({used})&{plural})'
        return words, f"{right} of {self.count} right"

    def all_right(self) -> str:
        """How the score begins when all are right."""
        return f"{self.count} of {self.count} right"

    def _hint_counts(self) -> Iterator[str]:
        """Formulas that count the hints used, a sheet and column each."""
        hints = [question.hint for question in self.questions if question.hint]
        for sheet, column in dict.fromkeys((ref.sheet, ref.cell.column) for ref in hints):
            rows = [r.cell.row for r in hints if (r.sheet, r.cell.column) == (sheet, column)]
            cells = span(min(rows) - 1, column - 1, max(rows) - 1, column - 1, sheet)
            yield f'COUNTIF({cells},"{HINT}")'


def neighbors(number: int, groups: Sequence[str], answers: Sequence[float]) -> list[int]:
    """The questions whose answers one answer is compared with: the nearest of its group."""
    same = [
        other
        for other, group in enumerate(groups)
        if group == groups[number] and other != number and answers[other]
    ]
    near = sorted(same, key=lambda other: (abs(other - number), other))[:NEIGHBORS]
    return sorted(near)


def name_of(variable: Variable) -> str:
    """A value in plain text, as marks name it."""
    return plain(variable.markup)


def is_known_factor(variable: Variable) -> bool:
    """Whether a value is one that gradients are made of."""
    symbol = symbol_of(variable)
    return symbol.is_parameter or symbol.is_activation or symbol.is_data


def _quoted(text: str) -> str:
    return f'"{text}"'
