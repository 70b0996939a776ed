"""Which cells of a sheet hold numbers or formulas."""

import math
from functools import cached_property

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import Node
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.model import Sheet

Columns = tuple[int, ...]
"""Columns of a sheet, from left to right."""


class Grid:
    """The filled cells of a sheet, column by column.

    A text that looks like a number fills a cell in rows with formulas: elsewhere it is a header.

    Attributes:
        filled: for each column the rows with numbers or formulas.
        computed: for each column the rows with formulas.
    """

    def __init__(self, formulas: Formulas, sheet: Sheet) -> None:
        self.formulas, self.sheet = formulas, sheet
        self.filled: dict[int, set[int]] = {}
        self.computed: dict[int, set[int]] = {}
        with_formulas = {place[0] for place, cell in sheet.cells.items() if cell.formula}
        for (row, column), cell in sheet.cells.items():
            is_text = isinstance(cell.value, str) and row not in with_formulas
            if cell.formula is not None or not (is_text or math.isnan(cell.number)):
                self.filled.setdefault(column, set()).add(row)
            if cell.formula is not None:
                self.computed.setdefault(column, set()).add(row)

    def is_computed(self, row: int, column: int) -> bool:
        """Whether a cell holds a formula."""
        return row in self.computed.get(column, ())

    def is_filled(self, row: int, column: int) -> bool:
        """Whether a cell holds a number or a formula."""
        return row in self.filled.get(column, ())

    def is_mostly_filled(self, columns: Columns, rows: range) -> bool:
        """Whether one of the columns is filled in more than half of the rows; of two in one."""
        most = max(len(self.filled[column].intersection(rows)) for column in columns)
        return 2 * most > len(rows) or (len(rows) == 2 and most > 0)

    def formula(self, row: int, column: int) -> Node | str | None:
        """The formula of a cell; its text where it is not understood, None where it has none."""
        cell = self.sheet.cells.get(CellIndex(row, column))
        if cell is None or cell.formula is None:
            return None
        try:
            return self.formulas.tree(self.sheet.name, CellIndex(row, column))
        except FormulaError:
            return cell.formula

    @cached_property
    def column_groups(self) -> list[Columns]:
        """Columns side by side that hold something."""
        groups: list[list[int]] = []
        for column in sorted(self.filled):
            if groups and column == groups[-1][-1] + 1:
                groups[-1].append(column)
            else:
                groups.append([column])
        return [tuple(group) for group in groups]
