"""Finding training tables in a workbook."""
