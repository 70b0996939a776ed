"""The training of a small network as a workbook of live cells; one module per sheet."""
