"""Spreadsheet formulas: from text to a tree, and from a tree to expressions.

A tree holds references as seen from its own cell, so a formula that was copied down is the same
tree in every row.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from gradsheet.spreadsheet.addresses import (
    CELL_PATTERN,
    QUOTED_SHEET_PATTERN,
    AddressError,
    CellIndex,
    parse_written_cell,
)
from gradsheet.spreadsheet.functions import ARRAYS, ELEMENTWISE, GATHERING, FormulaError, Matrix
from gradsheet.spreadsheet.limits import ROWS, LimitError, check_arguments, check_nesting
from gradsheet.symbolic.expression import Expression, Number

_LONGEST = 250  # operations in a row
_LARGEST_AREA = 10_000  # cells
_LARGEST_TREE = 1_000  # parts of a formula in which LET gives names to others
_NEWER = re.compile(r"_xlfn\.(?:_xlws\.)?|_xlpm\.", re.IGNORECASE)
"""What a file puts before functions, and names in LET, that are younger than its format."""


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
    """Cells, and numbers in place of some, in rows and columns; no formula is written so.

    What a range becomes where its cells are moved apart.
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

_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<text>"(?:[^"]|"")*")
  | (?P<reference>(?:(?:{QUOTED_SHEET_PATTERN}|[^\W\d][\w.]*)!)?{CELL_PATTERN}(?![\w(.]))
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<error>\#[A-Z/0]+[!?]?)
  | (?P<name>[^\W\d][\w.]*)
  | (?P<operator><=|>=|<>|[-+*/^&%(),:;{{}}=<>@])
    )""",
    re.VERBOSE,
)

# How tightly the operators bind: a sign tighter than a percent, that tighter than a power.
_INFIX = {
    **dict.fromkeys(("=", "<", ">", "<=", ">=", "<>"), 1),
    "&": 2,
    **dict.fromkeys("+-", 3),
    **dict.fromkeys("*/", 4),
    "^": 5,
}
_PERCENT, _SIGN = 6, 7


def parse(text: str, at: CellIndex, names: dict[str, str] | None = None) -> Node:
    """The tree of a formula that stands in the cell ``at``.

    Args:
        text: without the leading ``=``, in Excel's notation.
        at: the row and column of the cell.
        names: defined names, in lower case, and the reference behind each.

    Raises:
        FormulaError: it is none, or uses what is not understood.
    """
    try:
        return _Parser(text, at, names or {}).parse()
    except (AddressError, LimitError) as error:
        raise FormulaError(str(error)) from error


class _Parser:
    def __init__(self, text: str, at: CellIndex, names: dict[str, str]) -> None:
        self._text, self._at, self._names = text, at, names
        self._tokens = list(_tokens(text))
        self._next = self._depth = 0
        self._let: dict[str, Node] = {}

    def parse(self) -> Node:
        node = self._expression(0)
        if self._peek() != ("end", ""):
            raise FormulaError(f"'{self._peek()[1]}' is not expected in it")
        return node

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next]

    def _take(self) -> tuple[str, str]:
        self._next += 1
        return self._tokens[self._next - 1]

    def _takes(self, operator: str) -> bool:
        """Whether ``operator`` came next; it is taken."""
        if self._peek() != ("operator", operator):
            return False
        self._next += 1
        return True

    def _expression(self, tightest: int) -> Node:
        self._depth += 1
        check_nesting(self._depth)
        left, links = self._operand(), 0
        while True:
            kind, operator = self._peek()
            links += 1
            if links > _LONGEST:
                raise FormulaError(f"it has more than {_LONGEST} operations in a row")
            if kind == "operator" and operator == "%" and tightest < _PERCENT:
                self._take()
                left = Call("%", (left,))
            elif kind == "operator" and _INFIX.get(operator, 0) > tightest:
                self._take()
                left = Call(operator, (left, self._expression(_INFIX[operator])))
            else:
                self._depth -= 1
                return left

    def _operand(self) -> Node:
        kind, text = self._take()
        if kind == "operator":
            return self._signed_or_bracketed(text)
        if kind == "number":
            return _number(text)
        if kind == "text":
            return Constant(text[1:-1].replace('""', '"'))
        if kind == "reference":
            return self._area(self._reference(text))
        if kind == "name":
            return self._named(text)
        raise FormulaError("it ends too early" if kind == "end" else f"it holds {text}")

    def _signed_or_bracketed(self, operator: str) -> Node:
        if operator in "+-":
            return Call(f"u{operator}", (self._expression(_SIGN),))
        if operator == "@":  # one value where a range would give many; references here are cells
            return self._expression(_SIGN)
        if operator == "(":
            inside = self._expression(0)
            self._close()
            return inside
        raise FormulaError(f"'{operator}' is not expected in it")

    def _close(self) -> None:
        if not self._takes(")"):
            raise FormulaError("a bracket is not closed")

    def _reference(self, text: str) -> Reference:
        sheet, (row, column), row_fixed, column_fixed = parse_written_cell(text)
        return Reference(
            sheet,
            row if row_fixed else row - self._at.row,
            column if column_fixed else column - self._at.column,
            row_fixed,
            column_fixed,
        )

    def _area(self, first: Reference) -> Node:
        if not self._takes(":"):
            return first
        kind, text = self._take()
        if kind != "reference":
            raise FormulaError("a range does not end in a cell")
        last = self._reference(text)
        return Area(first, last)

    def _named(self, name: str) -> Node:
        name = _NEWER.sub("", name)
        if self._takes("("):
            return self._called(name.upper())
        if name.upper() in ("TRUE", "FALSE"):
            return Constant(float(name.upper() == "TRUE"))
        if (known := self._let.get(name.lower())) is not None:
            return known
        behind = self._names.get(name.lower())
        if behind is None:
            raise FormulaError(f"the name '{name}' is not defined")
        return parse(behind, self._at)

    def _called(self, function: str) -> Node:
        if function == "LET":
            return self._with_names()
        arguments = tuple(self._arguments())
        check_arguments(len(arguments), function)
        if function == "OFFSET":
            return _offset(*arguments)
        return Call(function, arguments)

    def _with_names(self) -> Node:
        """The last argument of LET, with the others in place of the names before them."""
        outside = self._let
        while self._peek()[0] == "name" and self._tokens[self._next + 1] == ("operator", ","):
            name = _NEWER.sub("", self._take()[1]).lower()
            self._take()
            value = self._expression(0)
            if not self._takes(","):
                raise FormulaError("LET ends without a result")
            self._let = {**self._let, name: value}
        result = self._expression(0)
        self._close()
        self._let = outside
        if _size(result) > _LARGEST_TREE:
            raise FormulaError(
                f"with the names of LET filled in it has more than {_LARGEST_TREE:,} parts"
            )
        return result

    def _arguments(self) -> Iterator[Node]:
        if self._takes(")"):
            return
        while True:
            missing = self._peek()[1] in (",", ")") and self._peek()[0] == "operator"
            yield Constant(0.0) if missing else self._expression(0)
            if not self._takes(","):
                break
        self._close()


def _number(text: str) -> Constant:
    value = float(text)
    if math.isinf(value):
        raise FormulaError(f"{text[:20]} is larger than any number in a cell")
    return Constant(value)


def _offset(*arguments: Node) -> Node:
    """The cell or area that OFFSET means, where its distances are typed in it."""
    if len(arguments) not in (3, 4, 5) or not isinstance(arguments[0], Reference | Area):
        raise FormulaError("OFFSET is understood with a cell, or a range, and distances")
    start, distances = arguments[0], arguments[1:]
    rows, columns, *size = (_whole_number(distance) for distance in distances)
    first, last = (start.first, start.last) if isinstance(start, Area) else (start, start)
    first, last = (_moved(corner, rows, columns) for corner in (first, last))
    if size:
        height, width = (*size, 1 + last.column - first.column)[:2]
        last = _moved(first, height - 1, width - 1)
    return first if first == last else Area(first, last)


def _moved(cell: Reference, rows: int, columns: int) -> Reference:
    return replace(cell, row=cell.row + rows, column=cell.column + columns)


def _whole_number(node: Node) -> int:
    """A number with its sign."""
    match node:
        case Constant(float(value)) if value.is_integer() and value <= ROWS:
            return int(value)
        case Call("u-", (argument,)):
            return -_whole_number(argument)
    raise FormulaError("OFFSET is understood with whole numbers of a sheet's size, typed in it")


@lru_cache(maxsize=1024)
def _size(node: Node) -> int:
    """How many parts a formula has; parts that are one object count wherever they stand."""
    return 1 + sum(map(_size, node.arguments)) if isinstance(node, Call) else 1


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    start = 0
    text = text.rstrip()
    while start < len(text):
        match = _TOKEN.match(text, start)
        if match is None or match.lastgroup is None:
            raise FormulaError(f"'{text[start : start + 10]}' is not understood")
        yield match.lastgroup, match[match.lastgroup]
        start = match.end()
    yield "end", ""


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
    height = max((len(matrix) for matrix in arguments), default=1)
    width = max((len(matrix[0]) for matrix in arguments), default=1)
    for matrix in arguments:
        if len(matrix) not in (1, height) or len(matrix[0]) not in (1, width):
            raise FormulaError(f"the ranges of {name} do not fit together")

    def item(matrix: Matrix, row: int, column: int) -> Expression:
        return matrix[row % len(matrix)][column % len(matrix[0])]

    def value(row: int, column: int) -> Expression:
        return function(*(item(matrix, row, column) for matrix in arguments))

    try:
        return [[value(row, column) for column in range(width)] for row in range(height)]
    except TypeError as error:
        raise FormulaError(f"{name} has {len(arguments)} arguments") from error
