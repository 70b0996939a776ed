"""The training of a small network as a workbook of live cells, a file a sheet."""
