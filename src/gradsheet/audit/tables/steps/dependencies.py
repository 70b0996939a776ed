"""Which cell of a book refers to which, and what a formula adds up or takes over."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from gradsheet.audit.tables.steps.positions import Position
from gradsheet.spreadsheet.addresses import CellIndex, CellRef
from gradsheet.spreadsheet.formula import (
    Area,
    Call,
    Constant,
    Node,
    Reference,
    cells_of,
    to_expression,
)
from gradsheet.spreadsheet.formulas import Formulas
from gradsheet.spreadsheet.functions import FormulaError
from gradsheet.symbolic.expression import Apply, Expression, Number, Variable, variables

_MOST_STEPS = 2_000_000  # from cell to cell, in one book
_CHOICES = ("IF", "IFERROR")


@dataclass(frozen=True)
class CellExpression:
    """What one formula computes.

    Attributes:
        whole: over a variable for each cell.
        leaves: the cells that it refers to.
    """

    whole: Expression
    leaves: dict[CellRef, Variable]

    def key(self, names: Mapping[CellRef, object]) -> object:
        """The same for formulas that compute the same from cells with the same names.

        Args:
            names: of the cells; one without a name is like any other.
        """
        of_variable = {variable: names.get(cell) for cell, variable in self.leaves.items()}
        return _key(self.whole, of_variable)


def _key(expression: Expression, names: Mapping[Variable, object]) -> object:
    if isinstance(expression, Apply):
        return (expression.operation.name, *(_key(part, names) for part in expression.arguments))
    if isinstance(expression, Variable):
        return ("cell", names[expression])
    return expression.value if isinstance(expression, Number) else None


class Dependencies:
    """The references between the cells of a book.

    Attributes:
        formulas: of the book.
        reads: for each cell with a formula that is understood the cells that it refers to.
    """

    def __init__(self, formulas: Formulas) -> None:
        self.formulas = formulas
        self.reads: dict[CellRef, tuple[CellRef, ...]] = {}
        self._budget = _MOST_STEPS
        for name, sheet in formulas.book.sheets.items():
            for index, cell in sheet.cells.items():
                if cell.formula is not None:
                    here = CellRef(name, index)
                    self.reads[here] = tuple(self._cells_read(here))

    def tree(self, cell: CellRef) -> Node | None:
        """The formula of a cell; None where it holds none that is understood."""
        try:
            return self.formulas.tree(*cell) if cell in self.reads else None
        except FormulaError:
            return None

    def origin(self, cell: CellRef) -> CellIndex:
        """The cell that a formula is written as seen from."""
        held = self.formulas.cell(*cell)
        return (held and held.anchor) or cell.cell

    def _cells_read(self, cell: CellRef) -> Iterator[CellRef]:
        try:
            if self.origin(cell) != cell.cell or self._is_array(cell):
                yield from self.expression(cell).leaves
                return
            operands = list(_operands(self.formulas.tree(*cell), cell.cell))
        except FormulaError:
            return
        for sheet, index in operands:
            yield CellRef(sheet or cell.sheet, index)

    def _is_array(self, cell: CellRef) -> bool:
        held = self.formulas.cell(*cell)
        return held is not None and held.anchor is not None

    def expression(self, cell: CellRef) -> CellExpression:
        """What a formula computes, over the cells that it refers to.

        Raises:
            FormulaError: it is not understood.
        """
        at = self.origin(cell)
        part = (cell.cell.row - at.row, cell.cell.column - at.column)
        leaves: dict[CellRef, Variable] = {}

        def leaf(sheet: str, index: CellIndex) -> Variable:
            other = CellRef(sheet or cell.sheet, index)
            return leaves.setdefault(other, Variable(str(other)))

        whole = to_expression(essential(self.formulas.tree(*cell)), at, leaf, part)
        used = set(variables(whole))
        return CellExpression(whole, {ref: v for ref, v in leaves.items() if v in used})

    def is_number(self, cell: CellRef) -> bool:
        """Whether a number is typed into a cell, or a formula that refers to no other."""
        held = self.formulas.cell(*cell)
        if held is None:
            return False
        if held.formula is not None:
            return not self.reads[cell]
        return isinstance(held.value, float)

    @cached_property
    def readers(self) -> dict[CellRef, list[CellRef]]:
        """For each cell those that refer to it."""
        found: dict[CellRef, list[CellRef]] = {}
        for cell, reads in self.reads.items():
            for other in dict.fromkeys(reads):
                found.setdefault(other, []).append(cell)
        return found

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.formulas.book.sheets)}

    def position(self, cell: CellRef) -> Position:
        """Where a cell is."""
        return Position(self._numbers.get(cell.sheet, -1), *cell.cell)

    def cell_at(self, position: Position) -> CellRef | None:
        """The cell at a position; None where nothing is."""
        sheets = list(self._numbers)
        if not 0 <= position.sheet < len(sheets):
            return None
        cell = CellRef(sheets[position.sheet], CellIndex(position.row, position.column))
        return cell if self.formulas.cell(*cell) is not None else None

    # --- What a formula adds up, or takes over -----------------------------------------------

    def added(self, cell: CellRef) -> list[CellRef]:
        """The cells that stand in a sum as they are, next to something else: w in w − η·g."""
        tree = self.tree(cell)
        if tree is None:
            return []
        at, found = self.origin(cell), []
        row, column = cell.cell.row - at.row, cell.cell.column - at.column
        for term in _added_terms(essential(tree)):
            if isinstance(term, Reference):
                found.append(CellRef(term.sheet or cell.sheet, term.seen_from(at)))
            elif isinstance(term, Area):
                cells = cells_of(term, at)
                if row < len(cells) and column < len(cells[0]):
                    found.append(CellRef(term.first.sheet or cell.sheet, cells[row][column]))
        return found

    def copied(self, cell: CellRef) -> CellRef | None:
        """The cell whose value a cell takes over; None where it computes something."""
        tree = self.tree(cell)
        source = essential(tree) if tree is not None else None
        if not isinstance(source, Reference):
            return None
        return CellRef(source.sheet or cell.sheet, source.seen_from(self.origin(cell)))

    @cached_property
    def copies(self) -> dict[CellRef, list[CellRef]]:
        """For each cell those that take over its value."""
        found: dict[CellRef, list[CellRef]] = {}
        for cell in self.reads:
            if (source := self.copied(cell)) is not None:
                found.setdefault(source, []).append(cell)
        return found

    # --- Circles and order -------------------------------------------------------------------

    @cached_property
    def circular(self) -> dict[CellRef, CellRef]:
        """The cells that move on from their own value, and the formula that moves each."""
        found = {cell: cell for cell, reads in self.reads.items() if cell in reads}
        for cell in self.reads:
            source = self.copied(cell)
            if source is not None and source in self.reads and cell in self.added(source):
                found[cell] = source
        return found

    @cached_property
    def depths(self) -> dict[CellRef, int]:
        """For each cell with a formula the longest way down to cells without one."""
        depths: dict[CellRef, int] = dict.fromkeys(self.circular, 0)
        for start in self.reads:
            waiting = [start]
            entered: set[CellRef] = set()
            while waiting:
                cell = waiting[-1]
                if cell in depths:
                    waiting.pop()
                    continue
                below = [c for c in self.reads[cell] if c in self.reads and c not in depths]
                open_ones = [c for c in below if c not in entered]
                entered.add(cell)
                if open_ones:
                    waiting.extend(open_ones)
                else:
                    depths[cell] = 1 + max((depths.get(c, 0) for c in self.reads[cell]), default=0)
        return depths

    @cached_property
    def ordered(self) -> list[CellRef]:
        """The cells with formulas, each after those that it refers to."""
        return sorted(self.reads, key=lambda cell: self.depths[cell])

    def leads_to(self, start: CellRef, ends: Collection[CellRef], depth: int) -> bool:
        """Whether one of some cells, none deeper than ``depth``, is computed from another cell."""
        waiting, seen = deque([start]), {start}
        while waiting and self._budget > 0:
            cell = waiting.popleft()
            if cell in ends:
                return True
            self._budget -= 1
            for reader in self.readers.get(cell, ()):
                if reader not in seen and self.depths[reader] < depth:
                    seen.add(reader)
                    waiting.append(reader)
        return False


def essential(tree: Node) -> Node:
    """A formula without the choice around it that starts a training again."""
    if isinstance(tree, Call) and tree.function in _CHOICES:
        branches = tree.arguments[1:] if tree.function == "IF" else tree.arguments[:1]
        computed = [branch for branch in branches if isinstance(branch, Call)]
        copied = [branch for branch in branches if isinstance(branch, Reference)]
        if len(computed) == 1:
            return essential(computed[0])
        if not computed and copied:
            return copied[-1]
    return tree


@lru_cache(maxsize=4096)
def _added_terms(node: Node, sign: int = 1) -> tuple[Node, ...]:
    """The cells and ranges among the terms of a sum of several, but those taken away."""
    terms = tuple(_terms(node, sign))
    return tuple(term for term, own in terms if own > 0 and isinstance(term, Reference | Area))


def _terms(node: Node, sign: int) -> Iterator[tuple[Node, int]]:
    match node:
        case Call("+" | "ADD", (left, right)):
            yield from (*_terms(left, sign), *_terms(right, sign))
        case Call("-" | "MINUS", (left, right)):
            yield from (*_terms(left, sign), *_terms(right, -sign))
        case Call("u-" | "UMINUS", (argument,)):
            yield from _terms(argument, -sign)
        case Call("u+", (argument,)):
            yield from _terms(argument, sign)
        case Call("SUM", arguments) if not any(isinstance(a, Area) for a in arguments):
            for argument in arguments:
                yield from _terms(argument, sign)
        case Constant():
            return
        case _:
            yield node, sign


def _operands(node: Node, at: CellIndex) -> Iterator[tuple[str, CellIndex]]:
    if isinstance(node, Reference):
        yield node.sheet, node.seen_from(at)
    elif isinstance(node, Area):
        for row in cells_of(node, at):
            for index in row:
                yield node.first.sheet, index
    elif isinstance(node, Call):
        for argument in node.arguments:
            yield from _operands(argument, at)
