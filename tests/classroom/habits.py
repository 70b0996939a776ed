"""How students write: habits, mistakes and notes, and what those who copy take over."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gradsheet.classroom.manifest import Handout
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.workbook.exercise import Question

Content = float | str

_STYLES: list[tuple[int, Callable[[str], str]]] = [
    (55, lambda f: f),
    (15, lambda f: _turned(f)),
    (10, lambda f: f.replace("*", " * ").replace("+", " + ")),
    (6, lambda f: f"({f})"),
    (6, lambda f: f"+{f}"),
    (4, lambda f: f.replace("Derivation!", "").replace("$", "") + "*1"),
    (4, lambda f: f"SUM({f})"),
]
_NOTES = ("my work", "see Derivation", "todo", "Answers", "checked", "page 3", "h = w*i", "ok?")
_WORDS = (
    *("sigmoid", "slope", "twice", "chain", "rule", "both", "outputs", "sum", "paths", "first"),
    *("then", "weight", "delta", "hidden", "unit", "remember", "minus", "target", "because"),
    *("loss", "half", "square", "careful", "index", "wrong", "again", "check", "later", "why"),
)


def _turned(formula: str) -> str:
    """The factors, or the terms, the other way round."""
    for sign in "*+":
        parts = formula.split(sign)
        if len(parts) == 2:
            return f"{parts[1]}{sign}{parts[0]}"
    return formula


@dataclass(frozen=True)
class Work:
    """What somebody typed: contents of cells (a text is a formula) and notes."""

    cells: dict[CellRef, Content]
    notes: tuple[str, ...] = ()

    def with_oddities(self, questions: Sequence[Question], drawn: random.Random) -> "Work":
        """The same with a few odd formulas and notes in words of their own."""
        cells = dict(self.cells)
        formulas = [q for q in questions if q.expected]
        odd = ("({})/1", "0+{}", "SUM({},0)")
        for question, template in zip(drawn.sample(formulas, 3), odd, strict=True):
            cells[question.cell] = template.format(_here(question))
        notes = tuple(" ".join(drawn.sample(_WORDS, 7)) for _ in range(3))
        return Work(cells, notes)


def _here(question: Question) -> str:
    """What follows from the cells above, as it is written on the sheet itself."""
    return (
        question.expected.replace("Derivation!", "").replace("$", "")
        if (question.cell.sheet == "Derivation")
        else question.expected
    )


def work_of(handout: Handout, questions: Sequence[Question], drawn: random.Random) -> Work:
    """What a student types: numbers or formulas in a style, with mistakes here and there."""
    weights, styles = zip(*_STYLES, strict=True)
    (style,) = drawn.choices(styles, weights)
    share = drawn.choice((0.0, 0.3, 0.9, 1.0))
    digits = drawn.choice((4, 4, 5, 6, 8))
    mistakes = drawn.uniform(0, 0.3)
    misconception = drawn.choice((1.0, 1.0, -1.0, 2.0))  # of one group, throughout
    group = drawn.choice([q.group for q in questions])
    cells: dict[CellRef, Content] = {}
    for question, answer in zip(questions, handout.answers, strict=True):
        if drawn.random() < 0.08:
            continue
        is_wrong = drawn.random() < mistakes
        if question.expected and drawn.random() < share:
            (own,) = drawn.choices(styles, weights) if drawn.random() < 0.1 else (style,)
            formula = own(_here(question))
            cells[question.cell] = f"-({formula})" if is_wrong else formula
            continue
        value = float(f"{answer:.{digits}g}")
        if question.group == group:
            value *= misconception
        if is_wrong:
            value *= drawn.choice((-1, 2, 0.5, 1.01, drawn.uniform(0.2, 3)))
        cells[question.cell] = float(f"{value:.{digits}g}")
    notes = tuple(drawn.sample(_NOTES, drawn.choice((0, 0, 0, 1, 2))))
    return Work(cells, notes)


def copied_values(
    work: Work, owner: Handout, questions: Sequence[Question], drawn: random.Random
) -> Work:
    """Another's answers as numbers, typed into an own file; a few are left out."""
    cells: dict[CellRef, Content] = {}
    for question, answer in zip(questions, owner.answers, strict=True):
        if question.cell in work.cells and drawn.random() > 0.1:
            content = work.cells[question.cell]
            cells[question.cell] = content if isinstance(content, float) else float(f"{answer:.5g}")
    return Work(cells)


def copied_formulas(work: Work, own: Work, drawn: random.Random) -> Work:
    """Another's formulas and notes, in an own file; a few cells and a note are one's own."""
    cells = {
        ref: own.cells[ref] if ref in own.cells and drawn.random() < 0.15 else content
        for ref, content in work.cells.items()
        if isinstance(content, str) or ref in own.cells
    }
    for ref, content in cells.items():
        if not isinstance(content, str) and ref in own.cells:
            cells[ref] = own.cells[ref]
    return replace(work, cells=cells)
