"""What a submission has that others could have copied: answers, formulas, notes and oddities."""

from collections.abc import Sequence

from gradsheet.classroom.answers import Typed
from gradsheet.spreadsheet.addresses import CellRef
from gradsheet.spreadsheet.model import Book

_LONGEST = 200  # characters of a trace
_MOST = 400  # traces of a kind


def traces_of(book: Book, cells: Sequence[CellRef], typed: Sequence[Typed]) -> dict[str, str]:
    """Each trace by its place: answers as typed, and what stands in cells that hold none.

    ``value Derivation!F35`` is a number, ``formula Derivation!F35`` a formula as it was written,
    ``text Notes!A1`` whatever was added to the workbook.
    """
    found: dict[str, str] = {}
    for ref, one in zip(cells, typed, strict=True):
        if one.formula:
            found[f"formula {ref}"] = one.formula[:_LONGEST]
        if isinstance(one.value, float) and not isinstance(one.value, bool):
            found[f"value {ref}"] = f"{one.value:.12g}"
    found |= _added(book, {ref.sheet for ref in cells})
    return found


def _added(book: Book, known: set[str]) -> dict[str, str]:
    """What stands on sheets that no exercise has."""
    found: dict[str, str] = {}
    for name, sheet in book.sheets.items():
        if name in known or name in _OWN_SHEETS:
            continue
        for index, cell in sheet.cells.items():
            content = f"={cell.formula}" if cell.formula else cell.value
            if isinstance(content, str) and len(content) > 3 and len(found) < _MOST:
                found[f"text {name}!{index}"] = content[:_LONGEST]
    return found


_OWN_SHEETS = frozenset(
    ("Cover", "Start", "Inputs", "Network", "Derivation", "Learning rates", "Marks")
)


def free_form_traces(book: Book) -> dict[str, str]:
    """The texts and formulas of a free-form sheet, a formula once however often it was copied."""
    found: dict[str, str] = {}
    for name, sheet in book.sheets.items():
        for index, cell in sheet.cells.items():
            if len(found) >= _MOST:
                return found
            if cell.formula and index.row <= 60:
                found[f"formula {name}!{index}"] = cell.formula[:_LONGEST]
            elif isinstance(cell.value, str) and len(cell.value) > 3:
                found[f"text {name}!{index}"] = cell.value[:_LONGEST]
    return found
