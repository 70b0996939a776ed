"""What was typed into cells: recalculated from the formulas, never as the file states it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from gradsheet.errors import GradsheetError
from gradsheet.spreadsheet.addresses import CellIndex, CellRef, parse_reference
from gradsheet.spreadsheet.evaluate import Evaluator
from gradsheet.spreadsheet.formula import Area, Call, Node, Reference
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.limits import check_sheet_name
from gradsheet.spreadsheet.model import Book, Cell, Sheet
from gradsheet.spreadsheet.recalculate import IronCalcWorkbook
from gradsheet.spreadsheet.writer import new_workbook

Value = float | str | bool | None
ERROR = "#N/A"
"""What stands for a formula that cannot be recalculated."""

_MOST_CELLS = 20_000  # that the answers depend on
_MOST_FORMULAS = 1_000  # of these that a spreadsheet engine computes; it computes them nested
# Of these every spreadsheet has the same opinion, on empty cells, too.
_PLAIN = {"+", "-", "*", "/", "^", "u-", "u+", "%", "EXP", "LN", "SQRT", "ABS", "TANH", "SUM"}
_SCALAR = {"MIN", "MAX", "POWER", "ROUND", "PI", "LOG10"}
_LOGICAL = {"=", "<>", "<", ">", "<=", ">=", "AND", "OR", "NOT", "TRUE", "FALSE", "ISNUMBER"}


@dataclass(frozen=True)
class Typed:
    """What is in a cell.

    Attributes:
        value: the number, text or truth value; an error is its text; None where it is empty.
        formula: without its ``=``; empty where it is none.
    """

    value: Value
    formula: str = ""


def typed_answers(book: Book, cells: Sequence[CellRef]) -> list[Typed]:
    """What is in each of these cells, recalculated."""
    found = [_cell(book, ref) for ref in cells]
    formulas = [
        ref for ref, cell in zip(cells, found, strict=True) if cell and cell.formula is not None
    ]
    values = _recalculated(book, formulas) if formulas else {}
    return [_typed(ref, cell, values) for ref, cell in zip(cells, found, strict=True)]


def _cell(book: Book, ref: CellRef) -> Cell | None:
    sheet = book.sheets.get(ref.sheet)
    return sheet.cells.get(ref.cell) if sheet else None


def _typed(ref: CellRef, cell: Cell | None, values: dict[CellRef, Value]) -> Typed:
    if cell is None:
        return Typed(None)
    if cell.formula is not None:
        return Typed(values[ref], cell.formula)
    if cell.is_boolean:
        return Typed(bool(cell.value))
    return Typed(cell.value)


# --- Recalculated ----------------------------------------------------------------------------


def _recalculated(book: Book, wanted: Sequence[CellRef]) -> dict[CellRef, Value]:
    """The value of each formula cell, from the formulas that it depends on alone."""
    formulas = Formulas(book)
    needed = _closure(formulas, wanted)
    if needed is None:
        return dict.fromkeys(wanted, ERROR)
    bare = _bare(book, needed)
    plain = all(_is_plain(formulas, ref) for ref in needed if _formula(bare, ref) is not None)
    if plain:
        evaluator = Evaluator(Formulas(bare))
        numbers = {ref: evaluator.value(ref.sheet, ref.cell) for ref in wanted}
        if all(number == number for number in numbers.values()):  # none is NaN
            return dict(numbers)
    values = _by_engine(bare)
    return {ref: _is_true(formulas, ref, values.get(ref, ERROR)) for ref in wanted}


def _formula(book: Book, ref: CellRef) -> str | None:
    cell = _cell(book, ref)
    return cell.formula if cell else None


def _closure(formulas: Formulas, wanted: Sequence[CellRef]) -> set[CellRef] | None:
    """The cells that hold something and that some cells depend on; None where too many do."""
    needed: set[CellRef] = set()
    waiting = list(wanted)
    while waiting:
        ref = waiting.pop()
        cell = formulas.cell(ref.sheet, ref.cell)
        if ref in needed or cell is None:
            continue
        needed.add(ref)
        if cell.formula is not None:
            try:
                waiting += _read_by(formulas, ref, cell)
            except (FormulaError, GradsheetError, RecursionError):
                continue  # the engine says what it makes of it
        if len(needed) + len(waiting) > _MOST_CELLS:
            return None
    return needed


def _read_by(formulas: Formulas, ref: CellRef, cell: Cell) -> list[CellRef]:
    """The cells that a formula reads."""
    tree, at = formulas.tree(ref.sheet, ref.cell), cell.anchor or ref.cell
    found: list[CellRef] = []
    for first, last in _areas(tree):
        sheet = first.sheet or ref.sheet
        (top, left), (bottom, right) = first.seen_from(at), last.seen_from(at)
        rows, columns = sorted((top, bottom)), sorted((left, right))
        if (rows[1] - rows[0] + 1) * (columns[1] - columns[0] + 1) > _MOST_CELLS:
            there = formulas.book.sheets.get(sheet)
            cells = there.cells if there else {}
            found += [
                CellRef(sheet, index)
                for index in cells
                if rows[0] <= index.row <= rows[1] and columns[0] <= index.column <= columns[1]
            ]
            continue
        found += [
            CellRef(sheet, CellIndex(row, column))
            for row in range(rows[0], rows[1] + 1)
            for column in range(columns[0], columns[1] + 1)
        ]
    return found


def _areas(node: Node) -> Iterator[tuple[Reference, Reference]]:
    if isinstance(node, Reference):
        yield node, node
    elif isinstance(node, Area):
        yield node.first, node.last
    elif isinstance(node, Call):
        for argument in node.arguments:
            yield from _areas(argument)


def _bare(book: Book, needed: set[CellRef]) -> Book:
    """A book of these cells only, whose formulas state no value."""
    sheets: dict[str, Sheet] = {}
    for ref in sorted(needed):
        cell = book.sheets[ref.sheet].cells[ref.cell]
        sheet = sheets.setdefault(ref.sheet, Sheet(ref.sheet))
        sheet.cells[ref.cell] = cell if cell.formula is None else replace(cell, value=None)
    return replace(book, sheets=sheets, charts=())


def _is_plain(formulas: Formulas, ref: CellRef) -> bool:
    """Whether every spreadsheet, and this package, computes a formula alike."""
    try:
        return _computes_numbers(formulas.tree(ref.sheet, ref.cell))
    except (FormulaError, GradsheetError, RecursionError):
        return False


def _computes_numbers(node: Node) -> bool:
    if not isinstance(node, Call):
        return not isinstance(node, Area)
    if node.function == "SUM":
        return all(isinstance(part, Area) or _computes_numbers(part) for part in node.arguments)
    if node.function not in _PLAIN | _SCALAR:
        return False
    return all(map(_computes_numbers, node.arguments))


def _is_true(formulas: Formulas, ref: CellRef, value: Value) -> Value:
    """A truth value where the formula computes one; engines give 1 and 0 for it."""
    cell = formulas.cell(ref.sheet, ref.cell)
    if not isinstance(value, float) or cell is None or cell.formula is None:
        return value
    if cell.formula.strip().upper() in ("TRUE", "FALSE"):
        return bool(value)
    try:
        tree = formulas.tree(ref.sheet, ref.cell)
    except (FormulaError, GradsheetError, RecursionError):
        return value
    return bool(value) if isinstance(tree, Call) and tree.function in _LOGICAL else value


def _by_engine(book: Book) -> dict[CellRef, Value]:
    """What a spreadsheet engine computes; nothing where it cannot."""
    if sum(c.formula is not None for s in book.sheets.values() for c in s.cells.values()) > (
        _MOST_FORMULAS
    ):
        return {}
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "bare.xlsx"
            _write(book, path)
            return dict(IronCalcWorkbook(path).recalculate())
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # the engine ends in a panic of its own, which is no Exception
        return {}


def _write(book: Book, path: Path) -> None:
    """Write the cells as a workbook that any engine takes."""
    with new_workbook(path) as written:
        for name, sheet in book.sheets.items():
            check_sheet_name(name)
            made = written.add_worksheet(name)
            for index, cell in sheet.cells.items():
                place = (index.row - 1, index.column - 1)
                if cell.formula is not None:
                    made.write_formula(*place, f"={cell.formula}")
                elif cell.is_boolean:
                    made.write_boolean(*place, bool(cell.value))
                elif isinstance(cell.value, float):
                    made.write_number(*place, cell.value)
                elif cell.value is not None:
                    made.write_string(*place, cell.value)
        for name, behind in book.names.items():
            if parse_reference(behind):
                written.define_name(name, f"={behind}")
