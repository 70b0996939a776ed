"""Cells of a workbook by the names of their sheets and their addresses."""

from gradsheet.spreadsheet.addresses import CellIndex, CellRef


def ref(sheet: str, address: str) -> CellRef:
    return CellRef(sheet, CellIndex.parse(address))
