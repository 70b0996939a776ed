"""The cells of one sheet of an .xlsx file, and the texts that all sheets share."""

import re

from gradsheet.spreadsheet.addresses import CellIndex, CellRange, row_number
from gradsheet.spreadsheet.limits import COLUMNS, ROWS
from gradsheet.spreadsheet.model import Cell
from gradsheet.spreadsheet.reader.archive import DAMAGED, RefusedError, quoted
from gradsheet.spreadsheet.reader.grid import Grid, serial
from gradsheet.spreadsheet.reader.part_reader import Attributes, PartReader, natural
from gradsheet.spreadsheet.reader.shared_formulas import SharedFormula

_ESCAPE = re.compile("_x(0009|000[AaDd]|005[Ff])_")


class SharedStrings(PartReader):
    """The shared strings: runs joined, phonetic ones left out."""

    root = "sst"

    def __init__(self) -> None:
        super().__init__(
            {"si": self._string, "t": self.clear}, {"t": self._end_run, "si": self._end_string}
        )
        self.strings: list[str] = []
        self._runs: list[str] = []

    def _string(self, _: Attributes) -> None:
        self._runs.clear()

    def _end_run(self) -> None:
        if self.path[-2] != "rPh":
            self._runs += self.text

    def _end_string(self) -> None:
        self.strings.append(_unescaped("".join(self._runs)))


def _unescaped(text: str) -> str:
    """``_x000A_`` as the character it stands for.

    Only the white space and the underscore: others, such as the escape of a terminal, stay as they
    are written.
    """
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


class SheetCells(PartReader):
    """Fills the grid with the cells of a sheet; ``finish`` it once the part is read."""

    root = "worksheet"

    def __init__(self, grid: Grid, strings: list[str]) -> None:
        super().__init__(
            {
                "row": self._row,
                "c": self._cell,
                "f": self._formula,
                "v": self.clear,
                "t": self.clear,
            },
            {
                "f": self._end_formula,
                "v": self._end_value,
                "t": self._end_run,
                "c": self._end_cell,
            },
        )
        self._grid = grid
        self._strings = strings
        self._index = CellIndex(0, 0)
        self._row_digits = ""
        self._column_of: dict[str, int] = {}
        self._kind = "n"
        self._cached: str | None = None
        self._written_formula: str | None = None
        self._formula_attributes: Attributes = {}
        self._runs: list[str] = []
        self._shared: dict[str, SharedFormula] = {}
        self._orphans: list[tuple[CellIndex, str]] = []

    def finish(self) -> None:
        """Write the formulas that could not be known before the end of the sheet."""
        for index, identity in self._orphans:
            self._adopt(index, identity)
        self._grid.spread_arrays()

    def _row(self, attributes: Attributes) -> None:
        self.text.clear()
        row = attributes.get("r")
        self._index = CellIndex(self._index.row + 1 if row is None else row_number(row), 0)
        self._row_digits = row or ""

    def _cell(self, attributes: Attributes) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._index = CellIndex(self._index.row, self._index.column + 1)
            if not 1 <= self._index.row <= ROWS or self._index.column > COLUMNS:
                raise RefusedError(f"a cell of it lies outside of its sheet; {DAMAGED}")
        else:
            # Most are of the row that they are in, and of a known column.
            letters = reference.removesuffix(self._row_digits)
            column = self._column_of.get(letters)
            if column is not None and len(letters) < len(reference):
                self._index = CellIndex(self._index.row, column)
            else:
                self._index = CellIndex.parse(reference)
                self._column_of[reference.rstrip("0123456789")] = self._index.column
        self._kind = attributes.get("t", "n")
        self._cached = self._written_formula = None
        if self._runs:
            self._runs.clear()

    def _formula(self, attributes: Attributes) -> None:
        self._formula_attributes = attributes
        self.text.clear()

    def _end_formula(self) -> None:
        if self.path[-2] != "c":
            return
        text = self._grid.formula("".join(self.text), self._index)
        kind = self._formula_attributes.get("t", "normal")
        if kind == "shared":
            text = self._shared_formula(text)
        elif kind == "array" and text:
            reference = self._formula_attributes.get("ref") or str(self._index)
            self._grid.arrays.append((CellRange.parse(reference), text))
        elif kind == "dataTable":
            self._grid.oddities.data_tables += 1
            text = ""
        self._written_formula = text or None

    def _shared_formula(self, text: str) -> str:
        """The cell's own wording of a formula that is written out in the first cell only."""
        identity = self._formula_attributes.get("si", "")
        if text:
            if "ref" in self._formula_attributes or identity not in self._shared:
                self._shared[identity] = SharedFormula(self._index, text)
            return text
        if identity not in self._shared:
            self._orphans.append((self._index, identity))
            return ""
        return self._moved(identity, self._index)

    def _moved(self, identity: str, index: CellIndex) -> str:
        """The shared formula in the words of the cell at ``index``."""
        shared = self._shared[identity]
        if not shared.is_used:  # to take it apart takes as long as reading it a few times
            self._grid.spend_characters(4 * len(shared.formula))
            shared.is_used = True
        return self._grid.formula(shared.at(index), index)

    def _adopt(self, index: CellIndex, identity: str) -> None:
        """A cell that shares a formula which is written out further down, or nowhere."""
        if identity not in self._shared:
            self._grid.oddities.orphans += 1
            return
        formula = self._moved(identity, index)
        cell = self._grid.sheet.cells.get(index)
        self._grid.put(index, Cell(cell.value if cell else None, formula))

    def _end_value(self) -> None:
        if self.path[-2] == "c":
            self._cached = "".join(self.text)

    def _end_run(self) -> None:
        if self.path[-2] != "rPh":
            self._runs += self.text

    def _end_cell(self) -> None:
        formula, value = self._written_formula, self._value()
        if formula is not None or (value is not None and value != ""):
            self._grid.put(self._index, Cell(value, formula, is_boolean=self._kind == "b"))

    def _value(self) -> float | str | None:
        text, kind = self._cached, self._kind
        if kind == "n":
            return self._grid.number(text) if text else None
        if kind == "inlineStr" and self._runs:
            return _unescaped("".join(self._runs))
        if text is None:
            return None
        if kind == "str":
            return _unescaped(text)
        if not text:
            return None
        if kind == "s":
            return self._string(text)
        if kind == "b":
            return float(text.strip() in ("1", "true"))
        return serial(text) if kind == "d" else _unescaped(text)

    def _string(self, text: str) -> str:
        number = natural(text.strip())
        if not 0 <= number < len(self._strings):
            raise RefusedError(
                f"cell {self._index} of sheet {quoted(self._grid.sheet.name)} shows a "
                f"text that is missing; {DAMAGED}"
            )
        return self._strings[number]
