"""Read somebody's workbook, recognize the training table in it and check every cell of it."""
