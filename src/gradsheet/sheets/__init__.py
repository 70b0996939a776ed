"""Part 1 as a workbook of live cells."""
