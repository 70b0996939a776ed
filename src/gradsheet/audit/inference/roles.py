"""Which columns of a table are given, carried from row to row, and trained."""

from collections.abc import Mapping
from functools import cached_property
from itertools import islice, pairwise

from gradsheet.audit.inference.reference import ReferenceNetwork
from gradsheet.audit.tables.table import Table
from gradsheet.networks.symbols import Kind, Symbol, symbol_of
from gradsheet.spreadsheet.addresses import CellIndex
from gradsheet.spreadsheet.formula import Call, Node, Reference, compared, references

_SUM_TOLERANCE = 1e-6  # of targets that sum to 1


class Roles:
    """What a table's columns are for, under one hypothesis.

    Args:
        table: the table.
        symbols: of each column the value of the network that it holds; may be added to.
        sizes: of the network's layers, inputs first.
        reference: the network.
    """

    def __init__(
        self,
        table: Table,
        symbols: Mapping[int, Symbol],
        sizes: tuple[int, ...],
        reference: ReferenceNetwork,
    ) -> None:
        self._table, self._symbols = table, symbols
        self._sizes, self._reference = sizes, reference

    @cached_property
    def parameters(self) -> set[Symbol]:
        """The weights and biases."""
        return {symbol_of(parameter) for parameter in self._reference.row().parameters}

    @cached_property
    def carried(self) -> set[Symbol]:
        """What a row takes over from the row above: parameters, and what the rule remembers."""
        return self.parameters | {symbol_of(memory) for memory in self._reference.row().memory}

    def is_given(self, column: int) -> bool:
        """Whether a column is an input, a target or a parameter that is never moved."""
        symbol = self._symbols.get(column)
        if symbol is None:
            return False
        return symbol.is_data or (symbol in self.parameters and not self.is_trained(symbol))

    def is_trained(self, parameter: Symbol) -> bool:
        """Whether the table moves a parameter: biases and layers only where it asks for it."""
        if parameter.kind is Kind.BIAS:
            return parameter in self._trained
        return parameter not in self._frozen

    @cached_property
    def _frozen(self) -> set[Symbol]:
        """The weights of layers in which no formula moves one, and none has a gradient."""
        weights = iter(sorted((p for p in self.parameters if p.kind is Kind.WEIGHT), key=_number))
        sizes = self._sizes
        layers = [list(islice(weights, a * b)) for a, b in pairwise(sizes)]
        still = [layer for layer in layers if self._moved.isdisjoint(layer)]
        return {weight for layer in still for weight in layer} if self._moved else set()

    @cached_property
    def _moved(self) -> set[Symbol]:
        """The parameters with a gradient, or that the table computes from something else."""
        moved = {
            self._symbols[column]
            for column, tree in self._table.usual.items()
            if column in self._symbols and any(r.column or r.row_fixed for r in references(tree))
        }
        return (moved & self.parameters) | self._differentiated

    def column_of_update(self, column: int) -> int:
        """Where a parameter's new value is computed: in a column of its own, or in this one."""
        new = self._symbols[column].next
        return next((other for other, symbol in self._symbols.items() if symbol == new), column)

    @cached_property
    def _trained(self) -> set[Symbol]:
        """The parameters with formulas below the first row, or with a gradient."""
        moved = {
            self._symbols[column]
            for column, tree in self._table.usual.items()
            if column in self._symbols and (isinstance(tree, Call) or _takes_over(tree))
        }
        return (moved & self.parameters) | self._differentiated

    @cached_property
    def _differentiated(self) -> set[Symbol]:
        """The parameters with a column for their gradient."""
        gradients = {s.of for s in self._symbols.values() if s.is_gradient and s.of}
        return gradients & self.parameters

    @cached_property
    def varied(self) -> set[int]:
        """The columns without a name whose typed numbers differ from row to row."""
        table = self._table
        free = [c for c in table.columns if c not in (*self._symbols, *table.usual)]
        return {c for c in free if len({table.number(row, c) for row in table.rows}) > 1}

    @cached_property
    def data_moves(self) -> bool:
        """Whether the rows show the network different examples, typed in row by row."""
        return any(
            symbol.is_data and column not in self._table.usual and column in self._table.varied
            for column, symbol in self._symbols.items()
        )

    @cached_property
    def targets_are_shares(self) -> bool:
        """Whether no row has targets that sum to something else than 1."""
        examples: dict[int | None, list[int]] = {}
        for column, symbol in self._symbols.items():
            if symbol.kind is Kind.TARGET:
                examples.setdefault(symbol.example, []).append(column)
        sums = (
            sum(self._table.number(row, column) for column in columns)
            for columns in examples.values()
            for row in self._table.rows
            if len(columns) == self._sizes[-1]
        )
        return not any(abs(whole - 1) > _SUM_TOLERANCE for whole in sums)

    @cached_property
    def asks_for_classes(self) -> bool:
        """Whether all targets are 0 or 1, and a formula asks which of both one is."""
        table = self._table
        targets = {c for c, symbol in self._symbols.items() if symbol.kind is Kind.TARGET}
        asked = {
            reference.seen_from(CellIndex(table.later_rows[0], column)).column
            for column, tree in table.usual.items()
            for reference in (compared(tree) if column in self._symbols else ())
        }
        return not targets.isdisjoint(asked) and all(
            table.number(row, column) in (0.0, 1.0) for column in targets for row in table.rows
        )

    @cached_property
    def remembering(self) -> set[int]:
        """The columns without a name that go on from their own value and from others."""
        return {
            column
            for column, tree in self._table.usual.items()
            if column not in self._symbols
            and len({ref.column for ref in references(tree)}) > 1
            and goes_on(self._table, column)
        }

    def computed_rows(self, column: int) -> range:
        """The rows in which a column should compute something."""
        if column not in self._symbols or self.is_given(column):
            return range(0)
        symbol = self._symbols[column]
        if symbol in self.carried or symbol.of in self.carried - self.parameters:
            return self._table.rows[1:]
        return self._table.rows[:-1] if self.ends_with_weights else self._table.rows

    @cached_property
    def ends_with_weights(self) -> bool:
        """Whether the last row holds new weights and nothing that is computed from them."""
        last = self._table.rows[-1]
        due = [c for c in self._table.usual if c in self._symbols and not self.is_given(c)]
        weights = {column for column in due if self._symbols[column] in self.parameters}
        held = {column for column in due if self._table.cell(last, column) is not None}
        return len(self._table.rows) > 1 and held <= weights and 2 * len(held) > len(weights)


def _number(parameter: Symbol) -> tuple[int, ...]:
    return parameter.numbers


def goes_on(table: Table, column: int) -> bool:
    """Whether a column takes its own value of the row above."""
    here = CellIndex(table.rows[-1], column)
    return any(
        not ref.row_fixed and ref.row == -1 and ref.seen_from(here).column == column
        for ref in references(table.usual[column])
    )


def _takes_over(tree: Node) -> bool:
    """Whether a cell takes over what another column of the row above computed."""
    return isinstance(tree, Reference) and not tree.row_fixed and tree.column != 0
