"""Read somebody's workbook, recognise the training table in it and check every cell of it."""
