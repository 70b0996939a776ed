"""Checks of everything around the formulas."""
