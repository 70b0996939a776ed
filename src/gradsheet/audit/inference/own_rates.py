"""Which cell each parameter's learning rate is due from, where layers have rates of their own."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from itertools import chain

from gradsheet.audit.inference.learning_rate import label_of
from gradsheet.audit.tables.headers import is_about_biases
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Kind, Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import references

_MOST_WRONG = 3  # one parameter in so many takes the rate of others


def rates_read(
    table: Table, row: int, column: int, rates: set[CellRef], through: Mapping[int, bool]
) -> set[CellRef]:
    """The cells of learning rates that a cell's formula reads, directly or through others.

    Args:
        table: the table.
        row: of the cell.
        column: of the cell.
        rates: the cells of learning rates.
        through: the columns whose formulas are followed.
    """
    own, found = table.sheet.name, set()
    waiting, seen = [CellIndex(row, column)], {CellIndex(row, column)}
    while waiting:
        place = waiting.pop()
        tree = table.tree(*place) if place.row in table.rows else None
        for ref in references(tree) if tree is not None else ():
            cell = CellRef(ref.sheet or own, ref.seen_from(place))
            if cell in rates:
                found.add(cell)
            elif cell.sheet == own and through.get(cell.cell.column) and cell.cell not in seen:
                seen.add(cell.cell)
                waiting.append(cell.cell)
    return found


def due_rates(
    table: Table, used: Mapping[Symbol, CellRef], groups: Mapping[Symbol, Hashable]
) -> dict[Symbol, CellRef]:
    """For each parameter the cell that its learning rate is due from.

    A rate belongs to a layer, or to the weights or the biases, or to single parameters. Where a
    few parameters fit into none of these, they take the rate of others.

    Args:
        table: the table.
        used: the cell that each parameter's update reads.
        groups: the layer that each parameter is in.
    """
    cells = set(used.values())
    layers = {p: groups[p] for p in used}
    kinds = {p: p.kind is Kind.BIAS for p in used}
    both = {p: (layers[p], kinds[p]) for p in used}
    alone = len(cells) > 2 and (_is_pure(used, both) or len(cells) == len(used))
    if alone or any(_is_pure(used, parts) for parts in (layers, kinds)):
        return dict(used)
    is_by_kind = any(is_about_biases(label_of(table, cell)) for cell in cells)
    due = dict(_majorities(used, kinds if is_by_kind else layers))
    wrong = sum(due[p] != cell for p, cell in used.items())
    return due if set(due.values()) == cells and _MOST_WRONG * wrong <= len(used) else dict(used)


def _is_pure(used: Mapping[Symbol, CellRef], parts: Mapping[Symbol, Hashable]) -> bool:
    """Whether each part reads one cell only."""
    return len({(parts[p], cell) for p, cell in used.items()}) == len(set(parts.values()))


def _majorities(
    used: Mapping[Symbol, CellRef], parts: Mapping[Symbol, Hashable]
) -> Iterator[tuple[Symbol, CellRef]]:
    """For each parameter the cell that most of its part read; of two that no other part reads."""
    counts: dict[Hashable, Counter[CellRef]] = {}
    for parameter, cell in used.items():
        counts.setdefault(parts[parameter], Counter())[cell] += 1
    for parameter in used:
        own = counts[parts[parameter]]
        elsewhere = set(chain(*(c for part, c in counts.items() if part != parts[parameter])))
        yield parameter, max(own, key=lambda cell: (own[cell], cell not in elsewhere))
