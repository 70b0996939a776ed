"""Damaged input of every kind, from seeds, and what a command may do with it."""
