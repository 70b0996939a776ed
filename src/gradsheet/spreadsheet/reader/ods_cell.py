"""What one cell of an .ods file holds: its text, without notes, and its value."""

import re
from collections.abc import Callable
from datetime import datetime

from gradsheet.spreadsheet.reader.archive import DAMAGED, RefusedError, quoted
from gradsheet.spreadsheet.reader.grid import Grid, serial
from gradsheet.spreadsheet.reader.part_reader import Attributes, PartReader, natural

_DURATION = re.compile(r"(-?)PT(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,20})?)S)?")


def count(attributes: Attributes, key: str) -> int:
    """The number of repetitions in the attribute ``key``; 1 where it is missing."""
    text = attributes.get(key, "1")
    number = natural(text)
    if number < 1:
        raise RefusedError(f"{key} is {quoted(text)}; {DAMAGED}")
    return number


class CellText:
    """The paragraphs of the open cell; those of its notes and drawings are left out.

    Attributes:
        starts, ends: what the reader of the part calls at the starts and ends of elements.
        paragraphs: of the cell, up to here.
    """

    def __init__(self, reader: PartReader, spend: Callable[[int], None]) -> None:
        self.starts = {
            "p": self._paragraph,
            "annotation": self._annotation,
            "s": self._spaces,
            "tab": lambda _: reader.text.append("\t"),
            "line-break": lambda _: reader.text.append("\n"),
        }
        self.ends = {"p": self._end_paragraph, "annotation": self._end_annotation}
        self.paragraphs: list[str] = []
        self._reader, self._spend = reader, spend
        self._depth = 0
        self._note_depth = self._before_note = 0

    @property
    def is_open(self) -> bool:
        """Whether a cell is open."""
        return self._depth > 0

    def open(self) -> None:
        """Begin the cell whose element starts here."""
        self._depth = len(self._reader.path)
        self.paragraphs.clear()

    def close(self) -> bool:
        """Whether the element that ends here is the open cell, which is then closed."""
        is_its_end = len(self._reader.path) == self._depth
        if is_its_end:
            self._depth = 0
        return is_its_end

    def _is_its_own(self) -> bool:
        """Whether the innermost element is the cell's own and not of a note or a drawing."""
        return len(self._reader.path) - 1 == self._depth

    def _paragraph(self, _: Attributes) -> None:
        if self._is_its_own():
            self._reader.text.clear()

    def _end_paragraph(self) -> None:
        if self._is_its_own():
            self.paragraphs.append(self._reader.written())

    def _annotation(self, _: Attributes) -> None:
        if not self._note_depth:
            self._note_depth = len(self._reader.path)
            self._before_note = len(self._reader.text)

    def _end_annotation(self) -> None:
        """Forget the text of a note inside a paragraph."""
        if len(self._reader.path) == self._note_depth:
            self._note_depth = 0
            del self._reader.text[self._before_note :]

    def _spaces(self, attributes: Attributes) -> None:
        spaces = count(attributes, "text:c")
        self._spend(spaces)
        self._reader.text.append(" " * spaces)


def cell_value(
    attributes: Attributes, paragraphs: list[str], grid: Grid, epoch: datetime
) -> float | str | None:
    """The value of a cell, from its attributes and its text; None where it has none."""
    kind = attributes.get("office:value-type", "string" if paragraphs else "")
    text = "\n".join(paragraphs)
    if attributes.get("calcext:value-type") == "error":
        return text
    if kind in ("float", "percentage", "currency"):
        number = attributes.get("office:value", "")
        return grid.number(number) if number else None
    if kind == "boolean":
        return float(attributes.get("office:boolean-value") == "true")
    if kind == "date":
        return serial(attributes.get("office:date-value", text), epoch)
    if kind == "time":
        return _days(attributes.get("office:time-value", text))
    return attributes.get("office:string-value", text) if kind == "string" else None


def _days(duration: str) -> float | str:
    """``PT12H00M00S`` as 0.5; the text itself where it is no duration."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        return duration
    hours, minutes, seconds = (float(part or 0) for part in found.groups()[1:])
    days = (3600 * hours + 60 * minutes + seconds) / 86400
    return -days if found[1] else days
