"""Which cell each parameter's learning rate is due from, where layers have rates of their own."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from itertools import chain

from gradsheet.audit.inference.learning_rate import Rate, label_of
from gradsheet.audit.tables.headers import is_about_biases
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Kind, Symbol
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import references

_MOST_WRONG = 3  # one parameter in so many takes the rate of others


class OwnRates:
    """The cells of learning rates of a table, by the parameters they are for.

    Attributes:
        cells: all of them; none where there is but one.
        by_parameter: for each parameter the cell that its learning rate is due from.
    """

    def __init__(
        self,
        table: Table,
        rate: Rate,
        symbols: Mapping[int, Symbol],
        by_parameter: Mapping[Symbol, CellRef],
    ) -> None:
        self._table, self._rate, self._symbols = table, rate, symbols
        self.cells = {rate.cell, *rate.others} if rate.cell and rate.others else set()
        self.by_parameter = by_parameter

    def cell(self, column: int) -> CellRef | None:
        """The cell from which the learning rate is due in a column, where a cell holds it."""
        root = self._symbols.get(column)
        while root is not None and root.of is not None:
            root = root.of
        return self._rate.cell if root is None else self.by_parameter.get(root, self._rate.cell)

    def foreign(self, row: int, column: int) -> set[CellRef]:
        """The cells of other parameters' learning rates that a cell reads."""
        if not self.by_parameter or column not in self._symbols:
            return set()
        return self.behind(row, column) - {self.cell(column)}

    def behind(self, row: int, column: int, of: Symbol | None = None) -> set[CellRef]:
        """The cells of learning rates that a formula reads, directly or through others.

        Args:
            row: of its cell.
            column: of its cell.
            of: a parameter, of which changes and what is remembered are followed as well as
                columns without a name.
        """
        own = self._table.sheet.name
        found: set[CellRef] = set()
        waiting, seen = [CellIndex(row, column)], {CellIndex(row, column)}
        while waiting:
            place = waiting.pop()
            tree = self._table.tree(*place) if place.row in self._table.rows else None
            for ref in references(tree) if tree is not None else ():
                cell = CellRef(ref.sheet or own, ref.seen_from(place))
                if cell in self.cells:
                    found.add(cell)
                elif cell.sheet == own and cell.cell not in seen and self._passes(cell.cell, of):
                    seen.add(cell.cell)
                    waiting.append(cell.cell)
        return found

    def _passes(self, place: CellIndex, of: Symbol | None) -> bool:
        """Whether a cell of the table has no name, or is a part of a parameter's update."""
        symbol = self._symbols.get(place.column)
        is_own = symbol is None or (of is not None and symbol.of == of and not symbol.is_gradient)
        return place.column in self._table.columns and is_own

    def due(
        self, used: Mapping[Symbol, CellRef], groups: Mapping[Symbol, Hashable]
    ) -> dict[Symbol, CellRef]:
        """For each parameter the cell that its learning rate is due from.

        A rate belongs to a layer, or to the weights or the biases, or to single parameters. Where a
        few parameters fit into none of these, they take the rate of others.

        Args:
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
        is_by_kind = any(is_about_biases(label_of(self._table, cell)) for cell in cells)
        due = dict(_majorities(used, kinds if is_by_kind else layers))
        wrong = sum(due[p] != cell for p, cell in used.items())
        return (
            due if set(due.values()) == cells and _MOST_WRONG * wrong <= len(used) else dict(used)
        )


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
