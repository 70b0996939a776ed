"""Spreadsheet formulas as trees, and what they compute as expressions.

A tree holds references as seen from its own cell, so a formula that was copied down is the same
tree in every row.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.functions import ARRAYS, ELEMENTWISE, GATHERING, FormulaError, Matrix
from gradsheet.symbolic.expression import Expression, Number

_LARGEST_AREA = 10_000  # cells


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a truth value as 1 or 0, or a text."""

    value: float | str


@dataclass(frozen=True, slots=True)
class Reference:
    """One cell. Without a ``$`` its row and column count from the cell of the formula."""

    sheet: str
    row: int
    column: int
    row_fixed: bool
    column_fixed: bool

    def seen_from(self, at: CellIndex) -> CellIndex:
        """The cell that a formula in the cell ``at`` refers to by it."""
        return CellIndex(
            self.row if self.row_fixed else at.row + self.row,
            self.column if self.column_fixed else at.column + self.column,
        )


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells."""

    first: Reference
    last: Reference


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells, and numbers in place of some, in rows and columns.

    Numbers alone are typed in: {1,2;3,4}. With cells it is what a range becomes where its cells are
    moved apart.
    """

    rows: tuple[tuple[Reference | Constant, ...], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator of arguments; a sign is ``u-`` or ``u+``."""

    function: str
    arguments: tuple["Node", ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.function, self.arguments)))

    def __hash__(self) -> int:
        """Known from the start: trees are looked up for every cell of a table."""
        return self._hash


Node = Constant | Reference | Area | Cells | Call


@lru_cache(maxsize=1024)
def references(tree: Node) -> tuple[Reference, ...]:
    """The cells that a formula refers to, left to right; of an area its two corners."""
    return tuple(_references(tree))


def _references(node: Node) -> Iterator[Reference]:
    if isinstance(node, Reference):
        yield node
    elif isinstance(node, Area):
        yield from (node.first, node.last)
    elif isinstance(node, Cells):
        for row in node.rows:
            yield from (item for item in row if isinstance(item, Reference))
    elif isinstance(node, Call):
        for argument in node.arguments:
            yield from _references(argument)


@lru_cache(maxsize=4096)
def calls(tree: Node, function: str) -> bool:
    """Whether a formula calls a function."""
    if not isinstance(tree, Call):
        return False
    return tree.function == function or any(calls(part, function) for part in tree.arguments)


def functions_in(tree: Node) -> Iterator[str]:
    """The functions and operators that a formula calls, with repetitions."""
    if isinstance(tree, Call):
        yield tree.function
        for part in tree.arguments:
            yield from functions_in(part)


_COMPARISONS = {"=", "<>", "<", ">", "<=", ">=", "EQ", "NE", "LT", "GT", "LTE", "GTE"}


@lru_cache(maxsize=4096)
def compared(tree: Node) -> tuple[Reference, ...]:
    """The cells that a formula compares with a number, or takes for a condition themselves."""
    if not isinstance(tree, Call):
        return ()
    own: tuple[Node, ...] = ()
    if tree.function in _COMPARISONS and any(isinstance(a, Constant) for a in tree.arguments):
        own = tree.arguments
    elif tree.function == "IF":
        own = tree.arguments[:1]
    inside = (ref for part in tree.arguments for ref in compared(part))
    return (*(part for part in own if isinstance(part, Reference)), *inside)


def to_expression(
    node: Node,
    at: CellIndex,
    cell: Callable[[str, CellIndex], Expression],
    part: tuple[int, int] = (0, 0),
) -> Expression:
    """What a formula computes.

    Args:
        node: the tree.
        at: the row and column of the formula's cell.
        cell: what stands in a cell, from the name of its sheet, empty for the formula's own, and
            its place.
        part: of an array formula, which row and column of the result, from 0.

    Raises:
        FormulaError: it uses a function that is not understood.
    """
    result = _matrix(node, at, cell)
    row, column = (0 if len(result) == 1 else part[0], 0 if len(result[0]) == 1 else part[1])
    if row >= len(result) or column >= len(result[0]):
        raise FormulaError("the array has fewer cells than the formula covers")
    return result[row][column]


def _matrix(node: Node, at: CellIndex, cell: Callable[[str, CellIndex], Expression]) -> Matrix:
    """The result of a formula as rows of expressions; of a single value one row of one."""
    if isinstance(node, Constant):
        return [[Number(node.value if isinstance(node.value, float) else float("nan"))]]
    if isinstance(node, Reference):
        return [[cell(node.sheet, node.seen_from(at))]]
    if isinstance(node, Area):
        return _cells(node, at, cell)
    if isinstance(node, Cells):
        return [[_matrix(item, at, cell)[0][0] for item in row] for row in node.rows]
    arguments = [_matrix(argument, at, cell) for argument in node.arguments]
    if (gather := GATHERING.get(node.function)) is not None:
        return [[gather([item for matrix in arguments for row in matrix for item in row])]]
    if (combine := ARRAYS.get(node.function)) is not None:
        try:
            return combine(*arguments)
        except TypeError as error:
            raise FormulaError(f"{node.function} has {len(arguments)} arguments") from error
    function = ELEMENTWISE.get(node.function)
    if function is None:
        raise FormulaError(f"the function {node.function} is not understood")
    return _elementwise(function, node.function, arguments)


def _cells(area: Area, at: CellIndex, cell: Callable[[str, CellIndex], Expression]) -> Matrix:
    return [[cell(area.first.sheet, index) for index in row] for row in cells_of(area, at)]


def cells_of(area: Area, at: CellIndex) -> list[list[CellIndex]]:
    """The cells of a range, row by row, as a formula in the cell ``at`` refers to them.

    Raises:
        FormulaError: they are too many.
    """
    (top, left), (bottom, right) = area.first.seen_from(at), area.last.seen_from(at)
    rows = range(min(top, bottom), max(top, bottom) + 1)
    columns = range(min(left, right), max(left, right) + 1)
    if len(rows) * len(columns) > _LARGEST_AREA:
        raise FormulaError(f"a range has more than {_LARGEST_AREA:,} cells")
    return [[CellIndex(row, column) for column in columns] for row in rows]


def _elementwise(function: Callable[..., Expression], name: str, arguments: list[Matrix]) -> Matrix:
    for matrix in arguments:
        if len(matrix) > 1 or len(matrix[0]) > 1:
            break
    else:  # nearly always
        return [[_applied(function, name, [matrix[0][0] for matrix in arguments])]]
    height = max(len(matrix) for matrix in arguments)
    width = max(len(matrix[0]) for matrix in arguments)
    for matrix in arguments:
        if len(matrix) not in (1, height) or len(matrix[0]) not in (1, width):
            raise FormulaError(f"the ranges of {name} do not fit together")
    if height * width > _LARGEST_AREA:  # a column and a row make a table
        raise FormulaError(f"{name} computes more than {_LARGEST_AREA:,} numbers")

    def item(matrix: Matrix, row: int, column: int) -> Expression:
        return matrix[row % len(matrix)][column % len(matrix[0])]

    def value(row: int, column: int) -> Expression:
        return _applied(function, name, [item(matrix, row, column) for matrix in arguments])

    return [[value(row, column) for column in range(width)] for row in range(height)]


def _applied(
    function: Callable[..., Expression], name: str, arguments: Sequence[Expression]
) -> Expression:
    try:
        return function(*arguments)
    except TypeError as error:
        raise FormulaError(f"{name} has {len(arguments)} arguments") from error
