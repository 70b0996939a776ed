"""Files that this package wrote itself, and which of them are no homework."""

from collections.abc import Mapping

from gradsheet.audit.unaudited import Reason, UnauditedError
from gradsheet.spreadsheet.made_by import COPY, EXERCISE, MODEL, kind_of
from gradsheet.spreadsheet.model import Book

_EXERCISE_SHEETS = {"Start", "Inputs", "Marks"}  # where a program dropped the properties

_WHY: Mapping[Reason, str] = {
    "copy": "an annotated copy that gradsheet wrote; audit the original",
    "exercise": (
        "an exercise that gradsheet wrote; its Start sheet shows how many answers are right, and "
        "gradsheet mark marks a whole class"
    ),
    "model": (
        "a model workbook that gradsheet wrote, with one sheet per layer; "
        "it holds no training table"
    ),
}


def refuse_own(book: Book) -> None:
    """Refuse an annotated copy, an exercise and a model workbook of this package.

    Its training workbooks are audited like anybody's.

    Raises:
        UnauditedError: the workbook is one of these.
    """
    if reason := _own(book):
        raise UnauditedError(reason, book.path, _WHY[reason])


def _own(book: Book) -> Reason | None:
    kind = kind_of(book.properties)
    if COPY in book.properties:
        return "copy"
    if kind == EXERCISE or book.sheets.keys() >= _EXERCISE_SHEETS:
        return "exercise"
    return "model" if kind == MODEL else None
