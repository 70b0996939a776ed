"""The sheets of a model workbook."""
