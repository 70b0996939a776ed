"""Where the tensors of a node are put on its sheet."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gradsheet.models.blocks import Block, Index, column, matrix, tiles
from gradsheet.models.graph import Ids, Node
from gradsheet.models.primitives.text import Refs

Style = Callable[[str, int, int, Index], Block]
"""From a sheet, the row of the labels and a column to the block of a shape."""


@dataclass(eq=False)
class Aux:
    """An auxiliary block of a node.

    Attributes:
        name: for the primitive.
        block: its cells.
        label: what is written above it; empty for none.
        ids: the elements that it copies, −1 for a zero; None where the primitive has formulas.
        of_gradients: whether it copies their gradients.
        whole: whether its numbers are whole.
    """

    name: str
    block: Block
    label: str = ""
    ids: Ids | None = None
    of_gradients: bool = False
    whole: bool = False


@dataclass(eq=False)
class Piece:
    """A node with the leaves that are placed beside it, in one section of a sheet.

    Attributes:
        values: the block of each node.
        aux: the auxiliary blocks.
        labels: what is written above the block of a node, where it is not its name.
    """

    values: dict[Node, Block] = field(default_factory=dict)
    aux: list[Aux] = field(default_factory=list)
    anchors: dict[Node, Block] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Block]:
        """All of them."""
        return [*self.values.values(), *(aux.block for aux in self.aux)]

    @property
    def right(self) -> int:
        """The column beside the last."""
        return max((block.right for block in self.blocks), default=0)

    @property
    def bottom(self) -> int:
        """The row below the last."""
        return max((block.bottom for block in self.blocks), default=0)

    def moved(self, down: int) -> "Piece":
        """The same further down."""
        values = {node: block.moved(down) for node, block in self.values.items()}
        aux = [
            Aux(a.name, a.block.moved(down), a.label, a.ids, a.of_gradients, a.whole)
            for a in self.aux
        ]
        anchors = {node: block.moved(down) for node, block in self.anchors.items()}
        return Piece(values, aux, anchors)


def usual(sheet: str, top: int, left: int, shape: Index) -> Block:
    """A vector as a column, a matrix as it is, more dimensions as tiles, in the given shape."""
    inner = effective(shape)
    if len(inner) <= 1:
        return column(sheet, top + 1, left, inner[0] if inner else 1).reshape(shape)
    if len(inner) == 2:
        return matrix(sheet, top + 1, left, inner).reshape(shape)
    if len(inner) == 3:
        return tiles(sheet, top, left, inner).reshape(shape)
    several = int(np.prod(inner[:-3]))
    return beside_one_another(sheet, top, left, (several, *inner[-3:])).reshape(shape)


def effective(shape: Index) -> Index:
    """A shape without the dimensions of size 1 in front and behind."""
    sizes = list(shape)
    while sizes and sizes[0] == 1:
        sizes.pop(0)
    while sizes and sizes[-1] == 1:
        sizes.pop()
    return tuple(sizes)


def beside_one_another(
    sheet: str, top: int, left: int, shape: Index, step: int = 0, gap: int = 1
) -> Block:
    """Tensors (N, C, H, W): the tiles of each example in a column of their own."""
    parts = [
        tiles(sheet, top, left + n * (shape[3] + gap), shape[1:], step) for n in range(shape[0])
    ]
    rows, columns = (np.stack([getattr(p, name) for p in parts]) for name in ("rows", "columns"))
    return Block(sheet, rows, columns)


class Place:
    """Puts the tensors of one node side by side, from a row and a column on.

    Attributes:
        sheet: its name.
        top: the row of labels of tiles; the numbers are below.
        left: the column of the next block.
        piece: what was placed.
    """

    def __init__(
        self,
        node: Node,
        leaves: dict[int, Node],
        sheet: str,
        top: int,
        left: int,
        refs: Callable[[Ids], Refs],
        forward: Piece | None = None,
    ) -> None:
        self.node, self.sheet, self.top, self.left = node, sheet, top, left
        self.piece = Piece()
        self.forward = forward
        self._leaves = leaves
        self._refs = refs

    def leaf(self, which: int, style: Style = usual) -> Block | None:
        """Place an operand that is given and has no place yet; None where it has one.

        The style is that of the operand: what is given is placed as usual where only a part of it
        is read.
        """
        node = self._leaves.get(which)
        if node is None or node in self.piece.values:
            return None
        operands = self.node.operands
        if which >= len(operands) or np.isin(node.ids, operands[which].ids, invert=True).any():
            style = usual
        return self.put(node, style(self.sheet, self.top, self.left, node.shape))

    def leaves(self) -> None:
        """Place all operands that have no place yet."""
        for which in self._leaves:
            self.leaf(which)

    def more_leaves(self) -> None:
        """Place what an operand is put together from besides its first part."""
        for which in self._leaves:
            if which >= len(self.node.operands):
                self.leaf(which)

    def is_leaf(self, which: int) -> bool:
        """Whether an operand is given and has no place yet."""
        return which in self._leaves

    def leaf_node(self, which: int) -> Node | None:
        """The leaf that is placed with an operand."""
        return self._leaves.get(which)

    def value(self, style: Style = usual) -> Block:
        """Place the result."""
        node = self.node
        return self.put(node, style(self.sheet, self.top, self.left, node.shape))

    def put(self, node: Node, block: Block, anchor: Block | None = None) -> Block:
        """Put a node's numbers into a block; what comes next is beside it."""
        self.piece.values[node] = block
        if anchor is not None:
            self.piece.anchors[node] = anchor
        self.after(anchor or block)
        return block

    def aux(self, aux: Aux) -> Block:
        """Add an auxiliary block."""
        self.piece.aux.append(aux)
        self.after(aux.block)
        return aux.block

    def after(self, block: Block) -> None:
        """Go on beside a block."""
        self.left = max(self.left, block.right + 1)

    def refs(self, which: int) -> Refs:
        """The cells of an operand, those just placed included."""
        return self.refs_of(self.node.operands[which].ids)

    def refs_of(self, ids: Ids) -> Refs:
        """The cells of elements of the forward pass."""
        found = self._refs(ids)
        rows, columns = found.rows.copy(), found.columns.copy()
        for node, block in self.piece.values.items():
            mine = (ids >= node.first) & (ids < node.first + node.size)
            rows[mine] = block.rows.ravel()[ids[mine] - node.first]
            columns[mine] = block.columns.ravel()[ids[mine] - node.first]
        return Refs(rows, columns, found.numbers)

    def like_forward(self) -> None:
        """Place the gradients where the numbers are in the forward pass, this far down."""
        assert self.forward is not None
        first = min(int(b.rows.min()) for b in self.forward.blocks)
        down = self.top + 1 - first
        for node, block in self.forward.values.items():
            if node.flows:
                self.put(node, block.moved(down))
            else:
                self.after(block.moved(down))
        for aux in self.forward.aux:
            self.after(aux.block)
