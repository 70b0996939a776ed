"""Cells from anywhere in a book, arranged as a table with a row for each step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from gradsheet.audit.tables.steps.dependencies import essential
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.array_parts import part_of
from gradsheet.spreadsheet.formula import Area, Call, Cells, Constant, Node, Reference, cells_of
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.model import Cell, Sheet

HEADER_ROW = 1
FIRST_ROW = 2
"""Of an arranged table: its header and its first step."""


@dataclass(frozen=True)
class Arrangement:
    """Where the cells of a book are in a table, and where its cells are in the book.

    Attributes:
        name: of the sheet that holds the table and is in no file.
        cells: for each place in the table the cell of the book.
        moved: the places whose formulas only move a parameter on, be there a choice around them.
        starts: the places that show their number only, whatever formula is in the cell.
        is_across: whether the steps follow one another from left to right.
        steady: the columns that show the same cell in every step.
        gathering: the columns that are computed from all examples at once.
        stand_ins: for the cells of other examples what these columns take in their place; None
            for the number 0.
    """

    name: str
    cells: Mapping[CellIndex, CellRef]
    moved: frozenset[CellIndex]
    starts: frozenset[CellIndex]
    is_across: bool
    steady: frozenset[int] = frozenset()
    gathering: frozenset[int] = frozenset()
    stand_ins: Mapping[CellRef, CellRef | None] = field(default_factory=dict)

    @cached_property
    def places(self) -> dict[CellRef, CellIndex]:
        """For each cell of the book its place in the table; of two the upper one."""
        return {cell: place for place, cell in sorted(self.cells.items(), reverse=True)}

    @cached_property
    def sheet(self) -> str:
        """The sheet of the book on which the table begins."""
        return self.cells[min(place for place in self.cells if place.row >= FIRST_ROW)].sheet


class ArrangedFormulas(Formulas):
    """The formulas of a book in which some cells are arranged as a table.

    Args:
        formulas: of the book as it is.
        arrangement: of the cells.
    """

    def __init__(self, formulas: Formulas, arrangement: Arrangement) -> None:
        self._origin, self._arrangement = formulas, arrangement
        cells = {place: self._arranged(place) for place in arrangement.cells}
        self.sheet = Sheet(
            arrangement.name, {place: cell for place, cell in cells.items() if cell is not None}
        )
        book = formulas.book
        super().__init__(replace(book, sheets={**book.sheets, arrangement.name: self.sheet}))

    def _arranged(self, place: CellIndex) -> Cell | None:
        held = self._origin.cell(*self._arrangement.cells[place])
        if held is None:
            return None
        shows_number = isinstance(held.value, float)
        if place in self._arrangement.starts:  # a weight that moves on in its own cell
            return Cell(held.value if shows_number else 0.0)
        if place.column in self._arrangement.steady and shows_number:
            return Cell(held.value)
        return Cell(held.value, held.formula)

    def tree(self, sheet: str, index: CellIndex) -> Node:
        """The tree of the formula in a cell that holds one, with each reference as arranged.

        Raises:
            FormulaError: it is not understood.
        """
        key = (sheet, index)
        tree = self._trees.get(key)
        if not isinstance(tree, Node):
            place = index if sheet == self._arrangement.name else None
            cell = CellRef(sheet, index) if place is None else self._arrangement.cells[index]
            moved = _Moved(self._origin, self._arrangement, cell, place)
            tree = moved.node()
            tree = self._trees[key] = self._known.setdefault(tree, tree)
        return tree


class _Moved:
    """One formula, with its references to where their cells are arranged."""

    def __init__(
        self, formulas: Formulas, arrangement: Arrangement, cell: CellRef, place: CellIndex | None
    ) -> None:
        self._formulas, self._arrangement = formulas, arrangement
        self._cell, self._place = cell, place
        held = formulas.cell(*cell)
        self._at = (held and held.anchor) or cell.cell

    def node(self) -> Node:
        """The formula; of an array formula the part that the cell shows."""
        tree = self._formulas.tree(*self._cell)
        if self._place in self._arrangement.moved:
            tree = essential(tree)
        tree = self._moved(tree)
        held = self._formulas.cell(*self._cell)
        if self._place is None or held is None or held.anchor is None:
            return tree
        row, column = (a - b for a, b in zip(self._cell.cell, self._at, strict=True))
        return part_of(tree, row, column)

    def _moved(self, node: Node) -> Node:
        if isinstance(node, Reference):
            return self._reference(node, node.seen_from(self._at))
        if isinstance(node, Area):
            return Cells(tuple(self._of_area(node)))
        if isinstance(node, Call):
            return Call(node.function, tuple(map(self._moved, node.arguments)))
        return node

    def _of_area(self, area: Area) -> Iterator[tuple[Reference | Constant, ...]]:
        for row in cells_of(area, self._at):
            yield tuple(self._reference(area.first, index) for index in row)

    def _reference(self, ref: Reference, index: CellIndex) -> Reference | Constant:
        """The reference to a cell where it is arranged; a ``$`` counts that fixes the step."""
        cell = CellRef(ref.sheet or self._cell.sheet, index)
        if self._place is not None and self._place.column in self._arrangement.gathering:
            stand_in = self._arrangement.stand_ins.get(cell, cell)
            if stand_in is None:
                return Constant(0.0)
            cell = stand_in
        place = self._arrangement.places.get(cell)
        if place is None:
            return Reference(cell.sheet, *cell.cell, row_fixed=True, column_fixed=True)
        if self._place is None:
            return Reference(self._arrangement.name, *place, row_fixed=True, column_fixed=True)
        if place.column in self._arrangement.steady:
            place = place._replace(row=self._place.row)
        row, column = (a - b for a, b in zip(place, self._place, strict=True))
        is_fixed = ref.column_fixed if self._arrangement.is_across else ref.row_fixed
        if is_fixed and row not in (0, -1):
            return Reference("", place.row, column, row_fixed=True, column_fixed=False)
        return Reference("", row, column, row_fixed=False, column_fixed=False)
