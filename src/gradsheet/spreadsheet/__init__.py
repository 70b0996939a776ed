"""Spreadsheets: addresses, reading, formulas, recalculation and writing. Knows no networks."""
