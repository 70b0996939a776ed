"""What was found in an arranged table, at the cells of the file."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

from gradsheet.audit.details import Details, EmptyData, RowWithoutFormulas, Value, WeightsTaken
from gradsheet.audit.findings import ColumnAudit, Finding, TableAudit
from gradsheet.audit.tables.steps.arrangement import FIRST_ROW, Arrangement
from gradsheet.spreadsheet.addresses import CellIndex, CellRange, CellRef


def relocated(table: TableAudit, arrangement: Arrangement) -> TableAudit:
    """The audit of a table with every place in it as it is in the file."""
    where = _Relocation(arrangement)
    return replace(
        table,
        sheet=arrangement.sheet,
        area=where.area(),
        rate_cell=where.cell_or_none(table.rate_cell),
        columns=tuple(map(where.column, table.columns)),
        findings=tuple(map(where.finding, table.findings)),
    )


def relocated_finding(finding: Finding, arrangement: Arrangement) -> Finding:
    """A finding about a table with every place in it as it is in the file."""
    return _Relocation(arrangement).finding(finding)


class _Relocation:
    def __init__(self, arrangement: Arrangement) -> None:
        self._arrangement = arrangement

    def area(self) -> CellRange:
        """The cells of the sheet on which the table begins, from its first to its last."""
        cells = [c.cell for c in self._arrangement.cells.values() if c.sheet == self.sheet]
        rows, columns = zip(*cells, strict=True)
        return CellRange(CellIndex(min(rows), min(columns)), CellIndex(max(rows), max(columns)))

    @property
    def sheet(self) -> str:
        """The sheet on which the table begins."""
        return self._arrangement.sheet

    def cell_or_none(self, cell: CellRef | None) -> CellRef | None:
        """A cell of the file, without its sheet where that is the table's own."""
        if cell is None:
            return None
        if cell.sheet in ("", self._arrangement.name):
            cell = self._arrangement.cells[cell.cell]
        return cell._replace(sheet="") if cell.sheet == self.sheet else cell

    def column(self, column: ColumnAudit) -> ColumnAudit:
        """A column by the first cell that it is made of."""
        cells = self._arrangement.cells
        first = min(p for p in cells if p.column == column.column and p.row >= FIRST_ROW)
        wrong = self._cell(column.first_wrong) if column.first_wrong else None
        return replace(
            column,
            column=cells[first].cell.column,
            place=str(self.cell_or_none(cells[first])),
            first_wrong=wrong.cell if wrong else None,
            follows_from=self.cell_or_none(column.follows_from),
        )

    def finding(self, finding: Finding) -> Finding:
        """A finding at the cell of the file."""
        is_beside = isinstance(finding.details, EmptyData)  # such a cell has no place in the table
        if finding.cell is None or is_beside:
            return finding
        cell = self._cell(finding.cell)
        return replace(
            finding,
            sheet=cell.sheet,
            cell=cell.cell,
            elsewhere=tuple(self._cell(other).cell for other in finding.elsewhere),
            followers=tuple(self._cell(other.cell) for other in finding.followers),
            details=self._details(finding.details, cell.cell),
            parts=tuple(map(self.finding, finding.parts)),
        )

    def _details(self, details: Details, cell: CellIndex) -> Details:
        if isinstance(details, RowWithoutFormulas):
            return replace(details, row=cell.row)
        moved: Details = self._moved(details)
        return moved

    def _cell(self, place: CellIndex) -> CellRef:
        cells = self._arrangement.cells
        if place in cells:
            return cells[place]
        # What is missing: the cell of the column that is next to it.
        near = (p for p in cells if p.column == place.column)
        return cells[min(near, key=lambda p: abs(p.row - place.row), default=min(cells))]

    def _moved(self, part: Any) -> Any:
        """Data with each place in it as in the file."""
        match part:
            case Value() | WeightsTaken():
                return replace(part, in_steps=True)
            case CellRef():
                return self.cell_or_none(part)
            case CellIndex():
                return self._cell(part).cell
            case CellRange():
                return part
            case tuple():
                return tuple(map(self._moved, part))
        if is_dataclass(part) and not isinstance(part, type):
            names = [field.name for field in fields(part)]
            return replace(part, **{name: self._moved(getattr(part, name)) for name in names})
        return part
