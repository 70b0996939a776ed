"""The properties by which a workbook of this package is known: a name proves nothing.

Spreadsheet programs keep them when they save the file under another name or in another format.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradsheet.spreadsheet.writer import Workbook

TRAINING, EXERCISE, MODEL = "training workbook", "exercise", "model workbook"
"""What this package makes: of a small network, with blanks to fill in, of a torch model."""

COPY = "Annotated by gradsheet"
"""The property of an annotated copy of somebody's workbook."""

_KIND = "Made by gradsheet"
_OTHERS = "Sheets without a training table"
_BETWEEN = "/"  # which the name of no sheet contains


def sign(book: "Workbook", kind: str, other_sheets: Iterable[str] = ()) -> None:
    """State in a workbook what it is.

    Args:
        book: while it is written.
        kind: of workbook.
        other_sheets: those that hold no training table; they lay out one iteration or explain it.
    """
    book.set_custom_property(_KIND, kind, "text")
    if others := _BETWEEN.join(other_sheets):
        book.set_custom_property(_OTHERS, others, "text")


def note_properties(book: "Workbook", properties: Mapping[str, str]) -> None:
    """Note further properties in a workbook, each a text of at most 255 characters."""
    for name, value in properties.items():
        book.set_custom_property(name, value, "text")


def kind_of(properties: Mapping[str, str]) -> str:
    """What this package made a workbook as; empty where it is somebody else's."""
    return properties.get(_KIND, "")


def sheets_without_table(properties: Mapping[str, str]) -> frozenset[str]:
    """The sheets that hold no training table, as the workbook states."""
    return frozenset(properties.get(_OTHERS, "").split(_BETWEEN)) - {""}
