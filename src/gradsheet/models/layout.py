"""Where every tensor of a model is in the workbook, before anything is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from gradsheet.models.blocks import Block
from gradsheet.models.capture.scope import LOSS
from gradsheet.models.graph import Graph, Ids, Node
from gradsheet.models.grouping import Group, Grouped
from gradsheet.models.naming import sheet_names
from gradsheet.models.primitives.base import Context
from gradsheet.models.primitives.leaves import Constant, Copy
from gradsheet.models.primitives.place import Piece, Place
from gradsheet.models.primitives.product import Product
from gradsheet.models.primitives.text import Refs
from gradsheet.spreadsheet.limits import check_columns, check_rows

TOP = 6  # the row of the first tile's label, below a sheet's title, notes and links
FIRST_COLUMN = 1  # column A holds the labels
BETWEEN = 4  # rows between the passes, with the label of the next
_WIDE = 60  # columns after which the next node is put below
_BELOW = 4  # rows between nodes that are one below the other, with the label of the next

Section = Literal["forward", "backward", "after"]
SECTIONS: tuple[Section, ...] = ("forward", "backward", "after")

_HEAD = 5  # rows above the passes of the loss

_SMALLER = "use a model with fewer channels or smaller images"


@dataclass(eq=False)
class Cells:
    """The cell of every element, in one section."""

    rows: Ids
    columns: Ids

    @staticmethod
    def empty(count: int) -> "Cells":
        """No cell for any."""
        return Cells(np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64))

    def put(self, node: Node, block: Block) -> None:
        """The cells of a node."""
        self.rows[node.first : node.first + node.size] = block.rows.ravel()
        self.columns[node.first : node.first + node.size] = block.columns.ravel()


@dataclass(eq=False)
class Sheet:
    """The sheet of a group.

    Attributes:
        name: of the sheet.
        index: of the group.
        group: its nodes.
        pieces: for each section the piece of each node that is placed.
        tops: for each section the row of its first labels.
    """

    name: str
    index: int
    group: Group
    pieces: dict[Section, dict[Node, Piece]] = field(default_factory=dict)
    tops: dict[Section, int] = field(default_factory=dict)
    bottom: int = 0
    right: int = 0


class ModelLayout:
    """The sheets of a model.

    Attributes:
        grouped: the model.
        cells: for each section the cell of each element.
        sheets: in the order of the data.
        numbers: the numbers of constants that have no cell.
    """

    def __init__(
        self, grouped: Grouped, inputs: Sequence[Block], input_gradients: Sequence[Block | None]
    ) -> None:
        self.grouped, self.graph = grouped, grouped.graph
        count = self.graph.elements
        self.cells: dict[Section, Cells] = {name: Cells.empty(count) for name in SECTIONS}
        self.numbers = _literals(self.graph)
        self.backward = grouped.loss is not None
        for node, block, gradient in zip(_given(grouped), inputs, input_gradients, strict=True):
            _check_cells("the input", (gradient or block).bottom, block.right)
            for section in ("forward", "after"):
                self.cells[section].put(node, block)
            if gradient is not None:
                self.cells["backward"].put(node, gradient)
        names = sheet_names(grouped)
        self.input_sheet = inputs[0].sheet if inputs else "Input"
        self.sheets = [
            Sheet(name, index, group)
            for index, (name, group) in enumerate(zip(names, grouped.groups, strict=True))
        ]
        for sheet in self.sheets:
            _Arranger(self, sheet).run()

    @property
    def sections(self) -> tuple[Section, ...]:
        """Those that there are."""
        return SECTIONS if self.backward else ("forward",)

    def sheet_name(self, node: Node) -> str:
        """The sheet that holds a node."""
        home = self.grouped.home[node]
        return self.input_sheet if home < 0 else self.sheets[home].name

    def refs(self, ids: Ids, section: Section, sheet: str = "") -> Refs:
        """The cells of elements on their own sheet, or for formulas of others."""
        cells = self.cells[section]
        return Refs(cells.rows[ids], cells.columns[ids], self.numbers[ids], sheet)

    def block(self, node: Node, section: Section) -> Block:
        """The cells of a node."""
        cells, ids = self.cells[section], node.ids
        return Block(self.sheet_name(node), cells.rows[ids], cells.columns[ids])

    def context(self, sheet: Sheet, node: Node, section: Section) -> Context:
        """Where the formulas of a node find their cells."""
        values: Section = "after" if section == "after" else "forward"
        aux = {a.name: _aux_refs(a.block) for a in sheet.pieces[values][node].aux}
        g = None
        if section == "backward":
            piece = sheet.pieces["backward"][node]
            aux |= {a.name: _aux_refs(a.block) for a in piece.aux}
            g = self.refs(node.ids, "backward")
        x = [self.refs(operand.ids, values) for operand in node.operands]
        return Context(x, self.refs(node.ids, values), g, aux)

    def formula_count(self) -> int:
        """How many formulas the workbook has, but for a few."""
        found = 0
        for sheet in self.sheets:
            for section in self.sections:
                for piece in sheet.pieces[section].values():
                    found += sum(_formulas_of(piece, section))
        return found


def _formulas_of(piece: Piece, section: Section) -> Iterator[int]:
    """The number of formulas of each block."""
    for node in piece.values:
        given = node.primitive.is_leaf and section == "forward"
        yield 0 if given else node.size
    for aux in piece.aux:
        yield aux.block.rows.size if aux.ids is None else int((aux.ids >= 0).sum())


def _given(grouped: Grouped) -> Iterator[Node]:
    return (node for node in grouped.inputs if grouped.home[node] < 0)


def _literals(graph: Graph) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = np.zeros(graph.elements)
    for node in graph.nodes:
        if isinstance(node.primitive, Constant):
            found[node.first : node.first + node.size] = node.primitive.values.ravel()
    return found


def _aux_refs(block: Block) -> Refs:
    return Refs(block.rows, block.columns)


class _Arranger:
    """Puts the nodes of a sheet into bands, from left to right and then below."""

    def __init__(self, layout: ModelLayout, sheet: Sheet) -> None:
        self.layout, self.sheet = layout, sheet
        self.leaves = _leaves_of(layout.graph, sheet.group)
        self.bands: list[list[Node]] = []
        self.steps = _steps(sheet.group)

    def run(self) -> None:
        """All sections, one below the other."""
        sheet, layout = self.sheet, self.layout
        sheet.pieces = {section: {} for section in layout.sections}
        top = TOP + (_HEAD if sheet.group.where.path == LOSS and layout.backward else 0)
        sheet.tops["forward"] = top
        bottom = self._forward(top)
        first = bottom - top
        if layout.backward:
            sheet.tops["backward"] = bottom + BETWEEN
            bottom = self._move_backward(bottom + BETWEEN)
            sheet.tops["after"] = bottom + BETWEEN
            self._repeat(bottom + BETWEEN - top)
            bottom += BETWEEN + first
        sheet.bottom = bottom
        _check_cells(f"sheet '{sheet.name}'", bottom, sheet.right)

    def _forward(self, top: int) -> int:
        """The forward pass, and the gradients as far to the right; the row below."""
        pieces = self.sheet.pieces
        band_top, left, bottom = top, FIRST_COLUMN, top
        self.bands = [[]]
        for node in self._placed_nodes():
            forward, backward = self._pieces(node, band_top, left)
            right = max(piece.right for piece in (forward, backward) if piece is not None)
            if self.bands[-1] and (right > _WIDE or self._restarts(node)):
                band_top, left = bottom + _BELOW, FIRST_COLUMN
                self.bands.append([])
                forward, backward = self._pieces(node, band_top, left)
                right = max(piece.right for piece in (forward, backward) if piece is not None)
            pieces["forward"][node] = forward
            if backward is not None:
                pieces["backward"][node] = backward
            for placed, block in forward.values.items():
                self.layout.cells["forward"].put(placed, block)
            self.bands[-1].append(node)
            left, bottom = right + 1, max(bottom, forward.bottom)
            self.sheet.right = max(self.sheet.right, right)
        return bottom

    def _placed_nodes(self) -> Iterator[Node]:
        """The nodes that have a piece: all but the copies, which come with who reads them."""
        taken = {leaf for leaves in self.leaves.values() for leaf in leaves.values()}
        return (node for node in self.sheet.group.nodes if node not in taken)

    def _restarts(self, node: Node) -> bool:
        """Whether a node is like the first of its band: the next step of a sequence."""
        if node in self.steps:
            return True
        first = self.bands[-1][0]
        alike = (node.primitive.name, node.shape) == (first.primitive.name, first.shape)
        return alike and len(self.bands[-1]) > 2

    def _pieces(self, node: Node, top: int, left: int) -> tuple[Piece, Piece | None]:
        layout, leaves = self.layout, self.leaves.get(node, {})

        def refs(ids: Ids) -> Refs:
            return layout.refs(ids, "forward")

        place = Place(node, leaves, self.sheet.name, top, left, refs)
        node.primitive.arrange(node, place)
        place.leaves()  # such as a table of which one row is read together with other numbers
        forward = place.piece
        if not layout.backward or not any(n.flows for n in forward.values):
            return forward, None
        place = Place(node, leaves, self.sheet.name, 0, left, refs, forward)
        if node.flows:
            node.primitive.arrange_backward(node, place)
        else:
            place.like_forward()
        return forward, place.piece

    def _move_backward(self, top: int) -> int:
        """The gradients, band by band, from row ``top`` on; the row below."""
        pieces, bottom = self.sheet.pieces["backward"], top
        for band in self.bands:
            placed = [node for node in band if node in pieces]
            for node in placed:
                pieces[node] = pieces[node].moved(top)
                for owner, block in pieces[node].values.items():
                    self.layout.cells["backward"].put(owner, block)
                bottom = max(bottom, pieces[node].bottom)
            if placed:
                top = bottom + _BELOW
        return bottom

    def _repeat(self, down: int) -> None:
        """The forward pass once more, further down."""
        for node, piece in self.sheet.pieces["forward"].items():
            moved = piece.moved(down)
            self.sheet.pieces["after"][node] = moved
            for placed, block in moved.values.items():
                self.layout.cells["after"].put(placed, block)


def _check_cells(subject: str, rows: int, columns: int) -> None:
    check_rows(rows, subject, _SMALLER)
    check_columns(columns, subject, _SMALLER)


def _leaves_of(graph: Graph, group: Group) -> dict[Node, dict[int, Node]]:
    """For each node the operands that are leaves of this sheet and are first read by it."""
    mine = {n for n in group.leaves if not _is_number(n)}
    mine |= {n for n in group.nodes if isinstance(n.primitive, Copy)}
    found: dict[Node, dict[int, Node]] = {}
    taken: set[Node] = set()
    for node in group.computed:
        for which, operand in enumerate(node.operands):
            for leaf in _fresh(graph, operand.ids, mine, taken):
                own = found.setdefault(node, {})
                own[which if which not in own else len(node.operands) + len(own)] = leaf
    return found


def _fresh(graph: Graph, ids: Ids, mine: set[Node], taken: set[Node]) -> Iterator[Node]:
    """The leaves of an operand that have no place yet; what they copy comes after each."""
    for index in np.unique(graph.owners(ids)).tolist():
        leaf = graph.nodes[index]
        if leaf in mine and leaf not in taken:
            taken.add(leaf)
            yield leaf
            for operand in leaf.operands:
                yield from _fresh(graph, operand.ids, mine, taken)


def _steps(group: Group) -> set[Node]:
    """The products with the same weights again and again: each begins a step of a sequence."""
    found: dict[bytes, list[Node]] = {}
    for node in group.computed:
        if isinstance(node.primitive, Product):
            found.setdefault(node.operands[1].ids.tobytes(), []).append(node)
    return {node for nodes in found.values() if len(nodes) > 1 for node in nodes}


def _is_number(node: Node) -> bool:
    return isinstance(node.primitive, Constant) and node.primitive.is_number
