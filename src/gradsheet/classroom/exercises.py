"""The marks of an exercise: whose it is, what was typed, and what that is worth."""

from collections.abc import Sequence

from gradsheet.classroom.answers import Typed, Value, typed_answers
from gradsheet.classroom.assign import CODE
from gradsheet.classroom.manifest import Asked, Handout, Manifest
from gradsheet.classroom.marked import Answer, Marked, Uploader
from gradsheet.classroom.reference import Reference
from gradsheet.classroom.roster import Student
from gradsheet.classroom.rubric import Rubric
from gradsheet.classroom.traces import traces_of
from gradsheet.classroom.uploads import People
from gradsheet.errors import legible
from gradsheet.spreadsheet.addresses import CellIndex, CellRef, parse_cell_reference
from gradsheet.spreadsheet.model import Book
from gradsheet.workbook.cover import COVER_SHEET
from gradsheet.workbook.exercise import HINT
from gradsheet.workbook.inputs_layout import CHOICE_CELL, INPUTS_SHEET, OWN
from gradsheet.workbook.marks import Mark, judge

_LONGEST = 60  # characters of what was typed that are shown


class Marker:
    """Marks the exercises of one assignment."""

    def __init__(self, manifest: Manifest, rubric: Rubric) -> None:
        self._manifest, self._rubric = manifest, rubric
        self._reference = Reference(manifest)
        self._by_code = {handout.code: handout for handout in manifest.handouts}
        self._by_id = {handout.id: handout for handout in manifest.handouts}
        self.people = People(Student(h.id, h.name, h.extra) for h in manifest.handouts)
        self._cells = [_ref(asked.cell) for asked in manifest.questions]
        self._inputs = [_ref(cell) for cell in manifest.inputs]

    def mark(self, book: Book, source: str, uploader: Uploader | None) -> Marked:
        """The marks of the exercise in a workbook."""
        made_for, remarks = self._made_for(book)
        sender = self.people.of_upload(uploader) if uploader else None
        if made_for is None and sender is None:
            why = "an exercise of another assignment, or its code was removed"
            return Marked(source, "not marked", why=why, uploader=uploader)
        handout = self._by_id[sender.id] if sender else made_for
        assert handout is not None
        if made_for and sender and made_for.id != sender.id:
            remarks.append(
                f"handed in by {_named(handout)}, made for {_named(made_for)}; marked against the "
                f"numbers of {_named(handout)}"
            )
        if made_for is None:
            remarks.append("the file's code is missing or unknown; taken for the sender's")
        remarks += self._changed_numbers(book, made_for or handout)
        answers, typed = self._answers(book, handout)
        return Marked(
            source,
            "exercise",
            handout.id,
            handout.name,
            answers=answers,
            points=round(max(0.0, sum(answer.points for answer in answers)), 6),
            out_of=round(sum(answer.out_of for answer in answers), 6),
            remarks=tuple(remarks),
            uploader=uploader,
            made_for=made_for.id if made_for else "",
            traces=traces_of(book, self._cells, typed),
        )

    def _made_for(self, book: Book) -> tuple[Handout | None, list[str]]:
        """The student whose workbook it was, and what is odd about that."""
        noted, shown = book.properties.get(CODE, ""), _on_cover(book, CODE)
        found = [self._by_code[code] for code in (noted, shown) if code in self._by_code]
        if len({handout.id for handout in found}) > 1:
            first, second = found
            return first, [
                f"the file is {_named(first)}'s, the code on its cover {_named(second)}'s"
            ]
        return (found[0] if found else None), []

    def _changed_numbers(self, book: Book, handout: Handout) -> list[str]:
        """Remarks about given numbers that are not those that were handed out."""
        given = self._reference.given(handout)
        changed = [
            str(ref.cell)
            for ref, right in zip(self._inputs, given, strict=True)
            if not _is_number(book, ref, right)
        ]
        choice = _content(book, CellRef(INPUTS_SHEET, CellIndex.from_zero_based(*CHOICE_CELL)))
        if choice not in (OWN, None):
            return [f"'{legible(str(choice))[:40]}' is chosen on {INPUTS_SHEET}"]
        if not changed:
            return []
        cells = ", ".join(changed[:8]) + (" …" if len(changed) > 8 else "")
        return [f"given numbers were changed on {INPUTS_SHEET}: {cells}"]

    def _answers(self, book: Book, handout: Handout) -> tuple[tuple[Answer, ...], Sequence[Typed]]:
        typed = typed_answers(book, self._cells)
        facts = self._reference.facts(handout, typed)
        answers = []
        for asked, one, fact in zip(self._manifest.questions, typed, facts, strict=True):
            mark = judge(one.value, fact, self._manifest.digits)
            hint = bool(asked.hint) and _content(book, _ref(asked.hint)) == HINT
            answers.append(self._answer(asked, one, fact.answer, mark, hint))
        return tuple(answers), typed

    def _answer(self, asked: Asked, typed: Typed, right: float, mark: Mark, hint: bool) -> Answer:
        out_of = self._rubric.groups.get(asked.group, 1.0)
        points = out_of * self._rubric.shares.get(mark.verdict, 0.0)
        points = max(0.0, points - self._rubric.hint) if hint else points
        shown, formula = _shown(typed.value), legible(typed.formula)[:200]
        return Answer(
            asked.cell,
            asked.name,
            asked.group,
            shown,
            formula,
            right,
            mark.verdict,
            mark.words,
            points,
            out_of,
            hint,
        )


def _named(handout: Handout) -> str:
    return f"{handout.name} ({handout.id})" if handout.name else handout.id


def _ref(text: str) -> CellRef:
    ref = parse_cell_reference(text)
    assert ref is not None, text
    return ref


def _content(book: Book, ref: CellRef) -> float | str | None:
    sheet = book.sheets.get(ref.sheet)
    cell = sheet.cells.get(ref.cell) if sheet else None
    return cell.value if cell else None


def _is_number(book: Book, ref: CellRef, right: float) -> bool:
    sheet = book.sheets.get(ref.sheet)
    cell = sheet.cells.get(ref.cell) if sheet else None
    if cell is None or cell.formula is not None or not isinstance(cell.value, float):
        return False
    return abs(cell.value - right) <= 1e-9 * abs(right)


def _on_cover(book: Book, heading: str) -> str:
    """The text beside a heading on the cover."""
    sheet = book.sheets.get(COVER_SHEET)
    cells = sheet.cells if sheet else {}
    for index, cell in cells.items():
        if cell.value == heading:
            beside = cells.get(index._replace(column=index.column + 1))
            return str(beside.value).strip() if beside else ""
    return ""


def _shown(value: Value) -> str:
    """What was typed, as text; a text itself in quotes, for it may look like a number."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.10g}"
    text = legible(value)
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return text if text.startswith("#") else f'"{text}"'
