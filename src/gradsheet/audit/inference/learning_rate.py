"""Where the learning rate of a table comes from."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gradsheet.audit.inference.hypothesis import Hypothesis
from gradsheet.audit.tables.headers import is_rate
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import LEARNING_RATE, Kind
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import Call, Constant, Node, Reference, references

_MOST_SOURCES = 4  # of a kind
_SHORT = 3  # letters of a word that tells what a cell is


@dataclass(frozen=True)
class Rate:
    """The source of the learning rate.

    Attributes:
        cell: the cell; None where it is typed into the formulas.
        column: the column of the table, where it has one.
        value: what it is, where it is in no cell beside the table; NaN where it is unknown.
        above: how many rows above an update the number of its step is, where a column computes one
            for each; None where it does not matter.
        others: cells of other layers' learning rates, by their labels or by their use.
    """

    cell: CellRef | None = None
    column: int | None = None
    value: float = math.nan
    above: int | None = None
    others: tuple[CellRef, ...] = ()


@dataclass(frozen=True)
class Sources:
    """What the updates of a table use besides its named columns, and how often."""

    cells: Counter[CellRef] = field(default_factory=Counter)
    columns: Counter[int] = field(default_factory=Counter)
    numbers: Counter[float] = field(default_factory=Counter)


def find_rate(table: Table, hypothesis: Hypothesis) -> Rate:
    """The column or the cell that most updates use; else the number most updates hold."""
    sources = sources_of(table, hypothesis)
    planned = [c for c, _ in sources.columns.most_common() if _is_schedule(table, hypothesis, c)]
    if planned:
        column, value = planned[0], _first_number(table, planned[0])
        return Rate(column=column, value=value, above=_rows_above(table, hypothesis, column))
    if labeled := _labeled(table, sources.cells):
        own = label_of(table, labeled)
        others = (c for c in sources.cells if label_of(table, c) not in ("", own))
        return Rate(labeled, others=tuple(others))
    if sources.columns:
        column, count = sources.columns.most_common(1)[0]
        if count > sum(sources.cells.values()):
            return Rate(column=column, value=_first_number(table, column))
    if sources.cells:
        first, *rest = _most_used(table, sources.cells)
        return Rate(first, others=tuple(_akin(table, sources.cells, first, rest)))
    if sources.numbers:
        return Rate(value=abs(sources.numbers.most_common(1)[0][0]))
    return Rate(labeled_cell(table))


def possible_rates(table: Table, hypothesis: Hypothesis) -> list[Rate]:
    """Whatever the updates use besides the named columns, the likeliest first; 1 in the end."""
    sources, first = sources_of(table, hypothesis), find_rate(table, hypothesis)
    cells = [Rate(cell) for cell, _ in sources.cells.most_common(_MOST_SOURCES)]
    columns = [
        Rate(column=column, value=_first_number(table, column))
        for column, _ in sources.columns.most_common(_MOST_SOURCES)
    ]
    numbers = [Rate(value=abs(n)) for n, _ in sources.numbers.most_common(_MOST_SOURCES)]
    return [first, *cells, *columns, *numbers, Rate(value=1.0)]


def _first_number(table: Table, column: int) -> float:
    """The first number that a column states; NaN where it states none."""
    numbers = (table.number(row, column) for row in table.rows)
    return next((number for number in numbers if not math.isnan(number)), math.nan)


def labeled_cell(table: Table) -> CellRef | None:
    """The lowest cell above the table that a label calls the learning rate."""
    sheet = table.sheet
    cells = [
        CellRef(sheet.name, CellIndex(*place))
        for place, cell in sheet.cells.items()
        if isinstance(cell.value, float)
        and place[0] < table.rows[0]
        and label_of(table, CellRef(sheet.name, CellIndex(*place)))
    ]
    return max(cells, default=None)


def label_of(table: Table, cell: CellRef) -> str:
    """The label beside or above a cell that announces a learning rate, if there is one."""
    return next(filter(is_rate, _labels(table, cell)), "")


def label_near(table: Table, cell: CellRef) -> str:
    """The label beside or above a cell; empty where there is none."""
    return next(_labels(table, cell), "")


def _labels(table: Table, cell: CellRef) -> Iterator[str]:
    sheet, (row, column) = cell
    for place in ((row, column - 1), (row - 1, column), (row, column - 2), (row, column + 1)):
        near = table.formulas.cell(sheet, CellIndex(*place))
        if near and isinstance(near.value, str):
            yield near.value


def _labeled(table: Table, cells: Counter[CellRef]) -> CellRef | None:
    """The most used cell whose label says that it is the learning rate."""
    return next((cell for cell in _most_used(table, cells) if label_of(table, cell)), None)


def _akin(
    table: Table, uses: Counter[CellRef], first: CellRef, rest: Sequence[CellRef]
) -> Iterator[CellRef]:
    """The cells that are called as the most used one is; without labels, those used as well."""
    own = label_near(table, first)
    for cell in rest:
        label = label_near(table, cell)
        if _are_alike(own, label) if own or label else min(uses[first], uses[cell]) > 1:
            yield cell


def _are_alike(one: str, other: str) -> bool:
    """Whether two labels differ in their numbers alone, or have their first word in common."""
    plain = [re.sub(r"\W*\d+", "", label.lower()).strip() for label in (one, other)]
    words = [re.findall(r"\w+", label) for label in plain]
    if not all(words):
        return False
    return plain[0] == plain[1] or (len(words[0][0]) >= _SHORT and words[0][0] == words[1][0])


def _most_used(table: Table, cells: Counter[CellRef]) -> list[CellRef]:
    """The most used cell first; of those that are used alike, the next one above the table."""

    def key(cell: CellRef) -> tuple[int, bool, bool, int]:
        is_below = cell.cell.row > table.rows[0]
        return -cells[cell], cell.sheet != table.sheet.name, is_below, -cell.cell.row

    return sorted(cells, key=key)


def sources_of(table: Table, hypothesis: Hypothesis) -> Sources:
    """What the updates of a table use besides its named columns."""
    sources = Sources()
    for column, symbol in hypothesis.symbols.items():
        if column in table.usual and (symbol.is_parameter or symbol.kind is Kind.NEXT):
            for tree, place in update_formulas(table, hypothesis, column):
                _count(sources, table, hypothesis, tree, place)
    return sources


def _count(
    sources: Sources, table: Table, hypothesis: Hypothesis, tree: Node, place: CellIndex
) -> None:
    """Count what one formula uses."""
    for ref in references(tree):
        sheet, index = ref.sheet or table.sheet.name, ref.seen_from(place)
        outside = sheet != table.sheet.name or index.row not in table.rows
        if outside or (ref.row_fixed and index.column not in table.columns):
            sources.cells[CellRef(sheet, index)] += 1
        elif _may_be_rate(table, hypothesis, index.column):
            sources.columns[index.column] += 1
    sources.numbers.update(value for value in numbers_in(tree) if abs(value) not in (0.0, 1.0))


def _may_be_rate(table: Table, hypothesis: Hypothesis, column: int) -> bool:
    """Whether a column is none of the network's values, nor followed, nor numbers the rows."""
    is_free = hypothesis.symbols.get(column, LEARNING_RATE) == LEARNING_RATE
    is_computed = isinstance(table.usual.get(column), Call)
    is_typed = not is_computed and not counts_rows(table, column)
    return is_free and (is_typed or _is_schedule(table, hypothesis, column))


def _is_schedule(table: Table, hypothesis: Hypothesis, column: int) -> bool:
    """Whether a column computes a learning rate from row to row, of nothing of the network."""
    tree = table.usual.get(column)
    if not isinstance(tree, Call) or column in hypothesis.symbols:
        return False
    here = CellIndex(table.later_rows[0], column)
    cells = [CellRef(r.sheet or table.sheet.name, r.seen_from(here)) for r in references(tree)]
    inside = [c for c in cells if c.sheet == table.sheet.name and c.cell.row in table.rows]
    is_apart = all(
        c.cell.column == column
        or c.cell.column not in table.usual
        or _counts_up(table, c.cell.column)
        for c in inside
    )
    is_called = is_rate(table.headers.get(column, ""))
    return is_apart and (is_called or any(label_of(table, c) for c in cells if c not in inside))


def _rows_above(table: Table, hypothesis: Hypothesis, column: int) -> int:
    """How many rows above most updates the number is that they take from a column."""
    found: Counter[int] = Counter()
    for parameter, symbol in hypothesis.symbols.items():
        if parameter in table.usual and (symbol.is_parameter or symbol.kind is Kind.NEXT):
            for tree, place in update_formulas(table, hypothesis, parameter):
                cells = (ref.seen_from(place) for ref in references(tree))
                found.update(place.row - cell.row for cell in cells if cell.column == column)
    return found.most_common(1)[0][0]


def _counts_up(table: Table, column: int) -> bool:
    """Whether a column goes on from its own number of the row above, and from nothing else."""
    refs = references(table.usual[column])
    return bool(refs) and all(not r.row_fixed and (r.row, r.column) == (-1, 0) for r in refs)


def _is_carried(table: Table, column: int) -> bool:
    """Whether a column only takes over its own number of the row above."""
    tree = table.usual.get(column)
    return tree == Reference("", -1, 0, row_fixed=False, column_fixed=False)


def counts_rows(table: Table, column: int) -> bool:
    """Whether a column holds numbers that count the rows."""
    numbers = [table.number(row, column) for row in table.rows[:3]]
    return len(numbers) > 1 and {b - a for a, b in pairwise(numbers)} == {1.0}


def update_formulas(
    table: Table, hypothesis: Hypothesis, column: int
) -> Iterator[tuple[Node, CellIndex]]:
    """The formula of an update, and those of the columns without a name that it reads."""
    usual = table.usual[column]
    row = next(r for r in (*table.later_rows, *table.rows) if table.tree(r, column) == usual)
    waiting, seen = [(table.usual[column], CellIndex(row, column))], {column}
    while waiting:
        tree, place = waiting.pop()
        yield tree, place
        for ref in references(tree):
            other = ref.seen_from(place)
            known = other.column in hypothesis.symbols or other.column in seen
            known = known or _is_schedule(table, hypothesis, other.column)
            known = known or _is_carried(table, other.column)
            if not known and other.column in table.usual and other.row in table.rows:
                seen.add(other.column)
                waiting.append((table.usual[other.column], other))


def numbers_in(tree: Node) -> Iterator[float]:
    """The numbers that a formula holds."""
    if isinstance(tree, Constant) and isinstance(tree.value, float):
        yield tree.value
    elif isinstance(tree, Call):
        for argument in tree.arguments:
            yield from numbers_in(argument)
