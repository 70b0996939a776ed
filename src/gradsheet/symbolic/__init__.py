"""Expressions: values, derivatives, formulas and notation of every operation."""
