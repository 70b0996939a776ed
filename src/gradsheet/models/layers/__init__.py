"""Layers as formulas, a file a family: ``base`` has their interface, ``registry`` lists them.

Elementwise functions are expressions, differentiated by the table of operations; windows and
channels use ``SUMPRODUCT``.
"""
