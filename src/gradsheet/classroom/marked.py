"""The marks of one submission, as data: what a file holds, a page shows and a resumed run reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gradsheet.classroom.typed_json import of_type
from gradsheet.workbook.marks import CREDITED, Verdict

Kind = Literal["exercise", "free-form", "unreadable", "not marked", "missing"]


@dataclass(frozen=True)
class Answer:
    """One answer and its mark.

    Attributes:
        cell, name, group: the question.
        typed: what was typed, as text; empty where nothing was.
        formula: the formula, where it was one.
        right: the right answer.
        verdict, words: the mark.
        points, out_of: what it is worth, hints taken off.
        hint: whether a hint was used.
    """

    cell: str
    name: str
    group: str
    typed: str
    formula: str
    right: float
    verdict: Verdict
    words: str
    points: float
    out_of: float
    hint: bool = False

    @property
    def is_credited(self) -> bool:
        """Whether it counts as right."""
        return self.verdict in CREDITED


@dataclass(frozen=True)
class Deduction:
    """Points off a free-form sheet for one cause.

    Attributes:
        codes: the rules that are broken.
        title: what these are called.
        message: what was found.
        places: the cells that show it.
        points: how many are taken off.
    """

    codes: tuple[str, ...]
    title: str
    message: str
    places: tuple[str, ...]
    points: float


@dataclass(frozen=True)
class Uploader:
    """Who handed a file in, as a course site's download names it.

    Attributes:
        system: ``moodle`` or ``canvas``.
        id: the number of the participant or user.
        name: as the site writes it.
        folder: in Moodle's zip the folder to put feedback in.
        late: whether the site calls it late.
    """

    system: str
    id: str
    name: str
    folder: str = ""
    late: bool = False


@dataclass(frozen=True)
class Marked:
    """The marks of one submission.

    Attributes:
        source: the file, as it is shown; empty where nothing was handed in.
        kind: what it is.
        id, name: whose it is; empty where that is not known.
        why: why it is not marked; empty where it is.
        answers: of an exercise.
        deductions: of a free-form sheet.
        points, out_of: the score.
        remarks: what the teacher should know.
        uploader: who handed it in, where a course site says so.
        made_for: of an exercise the id of the student whose numbers it has.
        traces: what is compared with other submissions: see ``copied``.
    """

    source: str
    kind: Kind
    id: str = ""
    name: str = ""
    why: str = ""
    answers: tuple[Answer, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    points: float = 0.0
    out_of: float = 0.0
    remarks: tuple[str, ...] = ()
    uploader: Uploader | None = None
    made_for: str = ""
    traces: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_marked(self) -> bool:
        """Whether there is a score."""
        return self.kind in ("exercise", "free-form")

    @property
    def share(self) -> float:
        """The score, 0 to 1."""
        return self.points / self.out_of if self.out_of else 0.0

    @property
    def hints(self) -> int:
        """How many hints were used."""
        return sum(answer.hint for answer in self.answers)

    @property
    def groups(self) -> dict[str, tuple[float, float]]:
        """The points of each group, and out of how many."""
        found: dict[str, tuple[float, float]] = {}
        for answer in self.answers:
            points, out_of = found.get(answer.group, (0.0, 0.0))
            found[answer.group] = (points + answer.points, out_of + answer.out_of)
        return found

    def with_remarks(self, *remarks: str) -> "Marked":
        """The same with more remarks."""
        return replace(self, remarks=(*self.remarks, *remarks))


def from_json(table: dict[str, Any]) -> Marked:
    """The marks that ``dataclasses.asdict`` made a table of.

    Raises:
        TypeError, ValueError, KeyError, OverflowError: the table is not one of these.
    """
    return of_type(Marked, table)
