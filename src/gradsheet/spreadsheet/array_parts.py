"""One cell's part of an array formula, as a formula of its own."""

from gradsheet.spreadsheet.formula import Call, Cells, Constant, Node, Reference
from gradsheet.spreadsheet.functions import ELEMENTWISE, GATHERING

Size = tuple[int, int]
"""Rows and columns."""


def part_of(node: Node, row: int, column: int) -> Node:
    """The formula of one part of what an array formula computes, both numbers from 0.

    Ranges in it are given cell by cell. What is computed as a whole stays whole.
    """
    if isinstance(node, Cells):
        rows = node.rows
        cells = rows[0 if len(rows) == 1 else row]
        return cells[0 if len(cells) == 1 else column]
    if not isinstance(node, Call) or node.function in GATHERING:
        return node
    if node.function == "TRANSPOSE" and len(node.arguments) == 1:
        return part_of(node.arguments[0], column, row)
    if node.function in ELEMENTWISE:
        parts = (part_of(argument, row, column) for argument in node.arguments)
        return Call(node.function, tuple(parts))
    if node.function == "MMULT" and (inner := _inner(node)):
        first, second = node.arguments
        products = (
            Call("*", (part_of(first, row, place), part_of(second, place, column)))
            for place in range(inner)
        )
        return Call("SUM", tuple(products))
    return node if _size(node) == (1, 1) else _indexed(node, row, column)


def _inner(product: Call) -> int:
    """The number of terms in a matrix product; 0 where it is not known."""
    sizes = [_size(argument) for argument in product.arguments]
    if len(sizes) != 2 or None in sizes:
        return 0
    (_, first), (second, _) = (size or (0, 0) for size in sizes)
    return first if first == second else 0


def _size(node: Node) -> Size | None:
    """The size of what a formula computes; None where it is not known."""
    if isinstance(node, Constant | Reference):
        return 1, 1
    if isinstance(node, Cells):
        return len(node.rows), len(node.rows[0])
    if not isinstance(node, Call):
        return None
    sizes = [_size(argument) for argument in node.arguments]
    if node.function in GATHERING or node.function in ("SUMPRODUCT", "SUMXMY2"):
        return 1, 1
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes) or not known:
        return None
    if node.function == "TRANSPOSE":
        return known[0][1], known[0][0]
    if node.function == "MMULT" and len(known) == 2:
        return known[0][0], known[1][1]
    if node.function in ELEMENTWISE:
        return max(rows for rows, _ in known), max(columns for _, columns in known)
    return None


def _indexed(node: Node, row: int, column: int) -> Node:
    return Call("INDEX", (node, Constant(row + 1.0), Constant(column + 1.0)))
