"""The kinds of layers: how each stands in cells, its forward formulas and its gradients.

What a layer does to single numbers is written as expressions, and differentiated by the same table
as everything else here; what it does to windows and channels is written with ``SUMPRODUCT``.
"""
