"""Spreadsheet formulas from text to a tree."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from gradsheet.spreadsheet.addresses import (
    CELL_PATTERN,
    QUOTED_SHEET_PATTERN,
    AddressError,
    CellIndex,
    parse_written_cell,
)
from gradsheet.spreadsheet.formula import Area, Call, Cells, Constant, Node, Reference
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.spreadsheet.limits import ROWS, LimitError, check_arguments, check_nesting

_LONGEST = 250  # operations in a row
_LARGEST_TREE = 1_000  # parts of a formula in which LET and LAMBDA give names to others
_NEWER = re.compile(r"_xlfn\.(?:_xlws\.)?|_xlpm\.", re.IGNORECASE)
"""What a file puts before functions, and names in LET, that are younger than its format."""

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
        names: defined names, in lower case, and the reference, number or LAMBDA behind each.

    Raises:
        FormulaError: it is none, or uses what is not understood.
    """
    try:
        return _Parser(text, at, _Names(names or {}, at)).parse()
    except (AddressError, LimitError) as error:
        raise FormulaError(str(error)) from error


class _Names:
    """The trees behind defined names, each parsed once."""

    def __init__(self, behind: Mapping[str, str], at: CellIndex) -> None:
        self._behind, self._at = behind, at
        self._trees: dict[str, Node | None] = {}

    def tree(self, name: str) -> Node | None:
        """The tree behind a name; None where it is not defined, or by itself."""
        if name in self._behind and name not in self._trees:
            self._trees[name] = None  # while it is parsed
            self._trees[name] = _Parser(self._behind[name], self._at, self).parse()
        return self._trees.get(name)


class _Parser:
    def __init__(self, text: str, at: CellIndex, names: _Names) -> None:
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
        if operator == "{":
            return self._constants()
        raise FormulaError(f"'{operator}' is not expected in it")

    def _constants(self) -> Node:
        """Numbers in rows and columns, typed in: {1,2;3,4}."""
        rows: list[list[Constant]] = [[]]
        while True:
            is_negative = self._takes("-")
            kind, text = self._take()
            if kind not in ("number", "text"):
                raise FormulaError("the braces hold something else than numbers and texts")
            number = _number(text).value if kind == "number" else math.nan
            assert isinstance(number, float)
            rows[-1].append(Constant(-number if is_negative else number))
            if self._takes(";"):
                rows.append([])
            elif not self._takes(","):
                break
        if not self._takes("}") or len(set(map(len, rows))) > 1:
            raise FormulaError("the braces do not hold a rectangle of numbers")
        return Cells(tuple(map(tuple, rows)))

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
        known = self._let.get(name.lower()) or self._names.tree(name.lower())
        if known is not None:
            return self._applied(known)
        if self._takes("("):
            return self._called(name.upper())
        if name.upper() in ("TRUE", "FALSE"):
            return Constant(float(name.upper() == "TRUE"))
        raise FormulaError(f"the name '{name}' is not defined")

    def _applied(self, node: Node) -> Node:
        """What a LAMBDA computes of the arguments behind it; any other formula as it is."""
        while isinstance(node, Call) and node.function == "LAMBDA" and self._takes("("):
            *parameters, body = node.arguments
            arguments = list(self._arguments())
            if len(arguments) != len(parameters):
                raise FormulaError(f"a LAMBDA takes {len(parameters)} arguments")
            node = _small(_with_values(body, dict(zip(parameters, arguments, strict=True))))
        return node

    def _called(self, function: str) -> Node:
        if function == "LET":
            return self._with_names()
        if function == "LAMBDA":
            return self._applied(self._lambda())
        arguments = tuple(self._arguments())
        check_arguments(len(arguments), function)
        if function == "OFFSET":
            return _offset(*arguments)
        return Call(function, arguments)

    def _with_names(self) -> Node:
        """The last argument of LET, with the others in place of the names before them."""
        outside = self._let
        while (name := self._takes_name()) is not None:
            value = self._expression(0)
            if not self._takes(","):
                raise FormulaError("LET ends without a result")
            self._let = {**self._let, name: value}
        result = self._expression(0)
        self._close()
        self._let = outside
        return _small(result)

    def _lambda(self) -> Node:
        """A LAMBDA with the names of its parameters and its formula as arguments."""
        outside, parameters = self._let, []
        while (name := self._takes_name()) is not None:
            parameters.append(Call("parameter", (Constant(name),)))
            self._let = {**self._let, name: parameters[-1]}
        body = self._expression(0)
        self._close()
        self._let = outside
        return Call("LAMBDA", (*parameters, body))

    def _takes_name(self) -> str | None:
        """The name before a comma, in lower case; both are taken."""
        if self._peek()[0] != "name" or self._tokens[self._next + 1] != ("operator", ","):
            return None
        name = _NEWER.sub("", self._take()[1]).lower()
        self._take()
        return name

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


def _small(tree: Node) -> Node:
    """A formula in which names were filled in, where it is not too large.

    Raises:
        FormulaError: it is.
    """
    if _size(tree) > _LARGEST_TREE:
        raise FormulaError(f"with its names filled in it has more than {_LARGEST_TREE:,} parts")
    return tree


def _with_values(node: Node, values: Mapping[Node, Node]) -> Node:
    """The formula of a LAMBDA with its arguments in place of its parameters."""
    if node in values:
        return values[node]
    if not isinstance(node, Call):
        return node
    return Call(node.function, tuple(_with_values(part, values) for part in node.arguments))


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
