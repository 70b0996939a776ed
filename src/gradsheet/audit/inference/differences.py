"""Gradients as difference quotients, (f(w + h) − f(w))/h, in place of derivatives."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from gradsheet.audit.inference.function import Function, Step
from gradsheet.audit.inference.learning_rate import numbers_in
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Kind, Symbol, named
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import Call, Node, references
from gradsheet.symbolic.expression import Expression, Number, Variable, expand

STEP = named(Symbol(Kind.EPSILON), None, "step of a difference quotient")

_LARGEST_STEP, _LARGEST_TYPED = 0.1, 0.01
_At = Callable[[Expression], Expression]
"""The function where one parameter is another number."""


def _forward(at: _At, w: Variable, h: Expression) -> Expression:
    return (at(w + h) - at(w)) / h


def _backward(at: _At, w: Variable, h: Expression) -> Expression:
    return (at(w) - at(w - h)) / h


def _central(at: _At, w: Variable, h: Expression) -> Expression:
    return (at(w + h) - at(w - h)) / (2 * h)


def by_differences(function: Function, step: Step) -> Iterator[Function]:
    """A function with each kind of difference quotients in place of its derivatives.

    Args:
        function: the function.
        step: the cell or the number that tells how far the parameters are moved.
    """
    length = STEP if isinstance(step, CellRef) else Number(step)
    for quotient in (_forward, _central, _backward):

        def of(parameter: Variable, quotient: Callable[..., Expression] = quotient) -> Expression:
            def at(place: Expression) -> Expression:
                return expand(function.value, lambda _: True, {parameter: place})

            return quotient(at, parameter, length)

        derivatives = tuple(map(of, function.parameters))
        data = (*function.data, STEP) if isinstance(step, CellRef) else function.data
        yield replace(function, data=data, derivatives=derivatives, step=step)


def possible_steps(table: Table, gradients: Iterable[int]) -> list[Step]:
    """Small numbers, and cells beside a table that hold one, that gradients divide by."""
    waiting, seen = list(gradients), set[int]()
    found: dict[Step, None] = {}
    row = table.later_rows[0]
    while waiting:
        column = waiting.pop()
        if column in seen or column not in table.usual:
            continue
        seen.add(column)
        divisors = tuple(_divisors(table.usual[column]))
        divided_by = {ref for divisor in divisors for ref in references(divisor)}
        numbers = (number for divisor in divisors for number in numbers_in(divisor))
        found |= {number: None for number in numbers if 0 < number <= _LARGEST_TYPED}
        for ref in references(table.usual[column]):
            cell = CellRef(ref.sheet or table.sheet.name, ref.seen_from(CellIndex(row, column)))
            is_own = cell.sheet == table.sheet.name
            if is_own and cell.cell.row in table.rows and cell.cell.column in table.columns:
                waiting += [cell.cell.column] if cell.cell.row == row else []
            elif ref in divided_by and _is_small(table, cell):
                found[cell] = None
    return list(found)


def _divisors(tree: Node) -> Iterator[Node]:
    """What a formula divides by."""
    if isinstance(tree, Call):
        if tree.function == "/":
            yield tree.arguments[1]
        for argument in tree.arguments:
            yield from _divisors(argument)


def _is_small(table: Table, cell: CellRef) -> bool:
    held = table.formulas.cell(*cell)
    number = None if held is None or held.formula is not None else held.value
    return isinstance(number, float) and 0 < number <= _LARGEST_STEP
