"""Mistakes found from the written formula: another column in place of one makes it right.

The right formula of the audit may be written quite otherwise, such as the derivative of a sheet's
own function.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from gradsheet.audit import rules
from gradsheet.audit.diagnosis.algebra import Mutation
from gradsheet.audit.diagnosis.candidates import relation
from gradsheet.audit.diagnosis.mutations import Substitute, Substitution
from gradsheet.audit.diagnosis.values import PointValues
from gradsheet.audit.inference.function import FUNCTION
from gradsheet.audit.inference.interpretation import Interpretation
from gradsheet.audit.inference.points import agreements
from gradsheet.audit.rules import Rule
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import references
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import Expression, Variable, variables

_MOST_VALUES = 60  # in a formula that is searched


@dataclass(frozen=True)
class Repair:
    """How a formula becomes right.

    Attributes:
        written: the formula over the columns of its row.
        right: a right one.
        mutation: what makes the one of the other; its result is the right part.
    """

    written: Expression
    right: Expression
    mutation: Mutation


def repair_of(found: Interpretation, row: int, column: int) -> Repair | None:
    """The one column that was taken for another; None where that explains nothing."""
    tree, own = found.table.tree(row, column), found.table.sheet.name
    expected = found.expected(row, column)
    if tree is None or expected is None:
        return None
    here = CellIndex(row, column)
    used = {ref.seen_from(here) for ref in references(tree) if ref.sheet in ("", own)}
    if found.reference.practice.loss != FUNCTION and found.symbols.keys() >= {
        cell.column for cell in used if cell.row in found.table.rows
    }:
        return None  # of what has a name every other was tried
    columns = dict(_columns(found, row, column))
    taken, others = {}, {}
    for cell in used:
        if cell.row == row and cell.column in columns:
            taken[CellRef(own, cell)] = columns[cell.column]
        elif (other := _in_other_row(found, cell, row)) is not None and cell.column in columns:
            taken[CellRef(own, cell)] = others[cell.column] = other
    try:
        written = found.written(row, column, taken)
    except FormulaError:
        return None
    if sum(1 for _ in variables(written)) > _MOST_VALUES:
        return None
    inside = set(variables(written))
    substitutes = [
        Substitute(variable, other, _rule(found, right=number, wrong=place))
        for place, variable in columns.items()
        if variable in inside
        for number, other in columns.items()
        if number != place
    ]
    substitutes += [Substitute(v, columns[c], rules.OTHER_ROW) for c, v in others.items()]
    return _searched(found, written, expected, substitutes)


def _in_other_row(found: Interpretation, cell: CellIndex, row: int) -> Variable | None:
    """What a column without a name holds in another row, with its place."""
    if cell.row not in found.table.rows or cell.column in found.symbols:
        return None
    held = found.table.cell(*cell)
    if held is None or held.formula is None:
        return None
    where = {1: "the row above", -1: "the row below"}.get(row - cell.row, "another row")
    try:
        value = found.computed(CellRef(found.table.sheet.name, cell), row)
    except FormulaError:
        return None
    return Variable(f"{found.header(cell.column)} of {where}", value)


def _searched(
    found: Interpretation,
    written: Expression,
    expected: Expression,
    substitutes: list[Substitute],
) -> Repair | None:
    others = (s.other for s in substitutes)
    values = PointValues(found.reference, [written, expected, *others])
    likely = [s for s in substitutes if s.rule is not rules.OTHER_VALUE]
    mutations = chain(
        Substitution(substitutes).of_one_occurrence(written),
        Substitution(likely).of_all_in_a_part(written),
    )
    with np.errstate(all="ignore"):
        due = values.of(expected)
        for site, same in mutations:
            matching = agreements(values.of_whole(site, same), due)
            if matching.any():
                mutation = same[int(matching.argmax())]
                return Repair(written, site.put(mutation.result), mutation)
    return None


def _columns(found: Interpretation, row: int, own: int) -> Iterator[tuple[int, Variable]]:
    """The values in the other columns of a row, each with the name of its column."""
    for column in found.table.columns:
        if column != own and (value := _value(found, row, column)) is not None:
            yield column, value


def _value(found: Interpretation, row: int, column: int) -> Variable | None:
    """What a cell is taken for: the value of the network it should hold, or what it computes."""
    symbol = found.symbols.get(column)
    if symbol is not None:
        return found.reference[symbol]
    if found.table.tree(row, column) is None:
        return None
    try:
        return Variable(found.header(column), found.written(row, column))
    except FormulaError:
        return None


def _rule(found: Interpretation, right: int, wrong: int) -> Rule:
    """The mistake of taking one column for another."""
    due, taken = found.symbols.get(right), found.symbols.get(wrong)
    if due is not None and taken is not None:
        return relation(due, taken)
    return rules.NEIGHBOR if due is taken else rules.OTHER_VALUE
