"""Products of matrices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from gradsheet.models.blocks import Block, column, matrix, row
from gradsheet.models.primitives.base import Context, FilledTerms, Ids, Primitive, Terms
from gradsheet.models.primitives.place import Aux, Place, beside_one_another, usual
from gradsheet.models.primitives.text import Refs, direction, dot, ranges, spans, total
from gradsheet.spreadsheet.filled import Filled

if TYPE_CHECKING:
    from gradsheet.models.graph import Node

_FEW = 4
"""So many products are written out, whatever way their cells run."""


@dataclass(frozen=True, eq=False)
class Product(Primitive):
    """(B, M, K) times the transposed of (B, N, K), plus a third operand (B, M, N) if there is one.

    The second operand comes with K last, as torch keeps the weights of a Linear layer: each number
    of the result is a sum of products along two rows.
    """

    name: str = "matrix product"

    def describe(self, names: Sequence[str]) -> str:
        """In words."""
        added = f" + {names[2]}" if len(names) > 2 else ""
        return f"Σ {names[0]} × {names[1]}{added}, along a row of each"

    def compute(self, *operands: Tensor) -> Tensor:
        """The product, by torch."""
        a, b, *added = operands
        found = a @ b.transpose(1, 2)
        return found + added[0] if added else found

    def arrange(self, node: "Node", place: Place) -> None:
        """One row above the weights and its result beside them; matrices side by side."""
        a, b = node.operands[0].ids, node.operands[1].ids
        if a.shape[:2] == (1, 1) and b.shape[0] == 1:
            self._arrange_row(node, place)
        else:
            place.leaf(0)
            place.leaf(1)
            place.leaf(2, _as_row)
            self._turn(place, "a", "b", a, b)
            place.value()

    def _arrange_row(self, node: "Node", place: Place) -> None:
        """The input in a row above the weights, the result in a column beside them."""
        top, left = place.top, place.left
        a, b = node.operands[0].ids, node.operands[1].ids
        fresh = place.is_leaf(1)
        if fresh:
            weights = place.leaf_node(1)
            assert weights is not None
            inner = [n for n in weights.shape if n > 1] or [1]
            straight = b.shape[1:] == weights.shape[-2:] or len(inner) < 2
            shape = weights.shape if straight else weights.shape[::-1]
            block = matrix(place.sheet, top + 3, left, _two(b.shape[1:]))
            block = block if straight else _transposed(block)
            place.put(weights, block.reshape(weights.shape))
            del shape
        if direction(place.refs_of(a[0, 0])) != "across" or place.is_leaf(0):
            self._input_row(node, place, left if fresh else place.left, top + 1)
        beside = place.left
        if place.is_leaf(2):
            place.leaf(2, lambda sheet, _, x, shape: column(
                sheet, top + 3, x, int(np.prod(shape))).reshape(shape))  # fmt: skip
            beside = place.left
        n = b.shape[1]
        place.left = beside
        place.value(lambda sheet, _, x, shape: column(sheet, top + 3, x, n).reshape(shape))
        if direction(place.refs_of(b[0, 0])) not in ("across", "one"):
            raise_turned(place, node)

    def _input_row(self, node: "Node", place: Place, left: int, top: int) -> None:
        a = node.operands[0].ids
        block = row(place.sheet, top, left, a.shape[2])
        leaf = place.leaf_node(0)
        if leaf is not None and leaf not in place.piece.values and leaf.size == a.size:
            place.put(leaf, block.reshape(leaf.shape))
            return
        place.aux(Aux("a", block.reshape(a.shape), "input, in a row", a))

    def _turn(self, place: Place, first: str, second: str, a: Ids, b: Ids) -> None:
        """Copy an operand with its rows turned, where the rows of both do not run alike."""
        if a.shape[2] <= _FEW:
            return
        ways = [_way(place.refs_of(ids)) for ids in (a, b)]
        if ways[0] == ways[1] and ways[0] in ("across", "down"):
            return
        for name, ids, way in ((first, a, ways[0]), (second, b, ways[1])):
            if way != "across":
                block = _matrices(place.sheet, place.top, place.left, ids.shape)
                place.aux(Aux(name, block, "its rows across", ids))

    def arrange_backward(self, node: "Node", place: Place) -> None:
        """The gradients; where it is needed the result's once more, turned."""
        place.like_forward()
        shape = node.shape
        ids = node.ids
        if node.operands[0].flows and shape[2] > _FEW:
            turned = ids.transpose(0, 2, 1)
            block = _matrices(place.sheet, place.top, place.left, turned.shape)
            if shape[1] > 1 or direction(_own(place, node)) != "down":
                place.aux(Aux("turned", block, "∂L/∂result, turned", turned, of_gradients=True))

    def formulas(self, c: Context) -> Iterable[str]:
        """Sums of products along rows."""
        a, b = c.aux.get("a", c.x[0]), c.aux.get("b", c.x[1])
        found = _all_pairs([a], [b])
        if found is None or len(c.x) < 3:
            return self._one_by_one(a, b, c) if found is None else found
        if not c.x[2].has_cells:
            return self._one_by_one(a, b, c)
        bias = Filled(found.count, ("", ""), (spans(c.x[2]),))
        return found.plus(bias)

    def _one_by_one(self, a: Refs, b: Refs, c: Context) -> Iterable[str]:
        added = iter(c.x[2].texts) if len(c.x) > 2 else None
        for batch in range(a.rows.shape[0]):
            rows = [Line(a[batch, m]) for m in range(a.rows.shape[1])]
            others = [Line(b[batch, n]) for n in range(b.rows.shape[1])]
            for one in rows:
                for other in others:
                    text = one.times(other)
                    yield text if added is None else f"{text}+{next(added)}"

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """Sums of products of the result's gradients with the other operand."""
        g = c.gradient
        turned = [c.aux["turned"]] if "turned" in c.aux else []
        if which == 2:
            return _added(ids, g)
        if which == 0:  # ∂L/∂a[m, k] = Σ over n of g[m, n]·b[n, k]
            others = [c.x[1], *([c.aux["b"]] if "b" in c.aux else [])]
            firsts = [(g, False), *((t, True) for t in turned)]
            return _sums(ids, firsts, [(other, True) for other in others])
        # ∂L/∂b[n, k] = Σ over m of g[m, n]·a[m, k]
        others = [c.x[0], *([c.aux["a"]] if "a" in c.aux else [])]
        firsts = [(g, True), *((t, False) for t in turned)]
        return _sums(ids, firsts, [(other, True) for other in others])


class Line:
    """A row or column of cells, to be multiplied with another."""

    __slots__ = ("refs", "text", "way")

    def __init__(self, refs: Refs) -> None:
        self.refs, self.way = refs, direction(refs)
        self.text = refs.text if self.way == "one" else ""
        if self.way in ("across", "down"):
            (self.text,) = ranges(refs)

    def times(self, other: "Line") -> str:
        """The sum of products, cell by cell."""
        if self.way == other.way and self.text:
            return f"{self.text}*{other.text}" if self.way == "one" else self._ranges(other)
        return dot(self.refs, other.refs)

    def _ranges(self, other: "Line") -> str:
        return f"SUMPRODUCT({self.text},{other.text})"


Copies = Sequence[tuple[Refs, bool]]
"""Copies of matrices (B, M, N), and whether their columns are taken, not their rows."""


def _lines(copies: Copies, batch: int) -> list[list[Line]]:
    found = []
    for refs, down in copies:
        part = refs[batch]
        count = part.rows.shape[1 if down else 0]
        found.append([Line(part[:, k] if down else part[k]) for k in range(count)])
    return found


def _sums(ids: Ids, first: Copies, second: Copies) -> Terms:
    """For each element (B, i, k) the sum of products of line i of the first and k of the second."""
    found = _all_pairs([_along(*copy) for copy in first], [_along(*copy) for copy in second])
    if found is not None:
        return FilledTerms(ids.ravel(), found)
    return _one_by_one(ids, first, second)


def _along(refs: Refs, down: bool) -> Refs:
    """Matrices (B, M, N) with what is summed over last."""
    if not down:
        return refs
    return Refs(refs.rows.swapaxes(1, 2), refs.columns.swapaxes(1, 2), None, refs.sheet)


def _all_pairs(first: Sequence[Refs], second: Sequence[Refs]) -> Filled | None:
    """Σ over K of (B, M, K) times (B, N, K) of copies whose lines all run alike, if there are."""
    for a in first:
        for b in second:
            way, length = _straight(a), a.rows.shape[-1]
            if not way or way != _straight(b):
                continue
            batch, m, n = *a.rows.shape[:2], b.rows.shape[1]
            shape, size = (batch, m, n), (1, length) if way == "across" else (length, 1)
            a_first, b_first = a[:, :, :1], b[:, :, 0][:, np.newaxis]
            wide = [
                spans(
                    Refs(np.broadcast_to(r.rows, shape), np.broadcast_to(r.columns, shape)), *size
                )
                for r in (a_first, b_first)
            ]
            pieces = ("SUMPRODUCT(", ",", ")") if length > 1 else ("", "*", "")
            return Filled(batch * m * n, pieces, tuple(wide))
    return None


def _straight(refs: Refs) -> str:
    """How the cells of all lines (..., K) follow one another; empty where they do not."""
    if not refs.size or not refs.has_cells:
        return ""
    down, right = np.diff(refs.rows, axis=-1), np.diff(refs.columns, axis=-1)
    if (down == 0).all() and (right == 1).all():
        return "across"
    return "down" if (down == 1).all() and (right == 0).all() else ""


def _one_by_one(ids: Ids, first: Copies, second: Copies) -> Terms:
    for batch in range(ids.shape[0]):
        ours, theirs = _lines(first, batch), _lines(second, batch)
        for i, row_ in enumerate(ids[batch].tolist()):
            choices = [lines[i] for lines in ours]
            for k, element in enumerate(row_):
                yield element, best(choices, [lines[k] for lines in theirs])


def best(first: Sequence[Line], second: Sequence[Line]) -> str:
    """The sum of products of one of several copies with one of several others, the shortest."""
    for a in first:
        for b in second:
            if a.way == b.way and a.text:
                return a.times(b)
    return first[0].times(second[0])


def _added(ids: Ids, g: Refs) -> Terms:
    """Each number of the third operand takes the gradients of all results that it is added to."""
    from gradsheet.models.primitives.elementwise import flat

    wide = np.broadcast_to(ids, g.rows.shape).ravel()
    order = np.argsort(wide, kind="stable")
    found, starts = np.unique(wide[order], return_index=True)
    cells = flat(g)
    for element, region in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
        yield element, total(cells[region])


def _way(refs: Refs) -> str:
    """How all rows of (B, M, K) run."""
    ways = {
        direction(refs[b, m]) for b in range(refs.rows.shape[0]) for m in range(refs.rows.shape[1])
    }
    ways.discard("one")
    return ways.pop() if len(ways) == 1 else "none"


def _matrices(sheet: str, top: int, left: int, shape: tuple[int, ...]) -> Block:
    """Matrices (B, M, N) one below the other."""
    if shape[0] == 1:
        return matrix(sheet, top + 1, left, shape[1:]).reshape(shape)
    return beside_one_another(sheet, top, left, (1, *shape)).reshape(shape)


def _transposed(block: Block) -> Block:
    return Block(block.sheet, block.rows.T, block.columns.T)


def _two(shape: tuple[int, ...]) -> tuple[int, int]:
    return shape[0], shape[1]


def _as_row(sheet: str, top: int, left: int, shape: tuple[int, ...]) -> Block:
    """A bias in a row above the columns that it is added to."""
    if len([n for n in shape if n > 1]) <= 1:
        return row(sheet, top + 1, left, int(np.prod(shape))).reshape(shape)
    return usual(sheet, top, left, shape)


def _own(place: Place, node: "Node") -> Refs:
    block = place.piece.values.get(node)
    assert block is not None
    return Refs(block.rows[0, 0], block.columns[0, 0])


def raise_turned(place: Place, node: "Node") -> None:
    """Copy weights whose rows run down, so that they run across."""
    b = node.operands[1].ids
    if b.shape[2] > _FEW:
        block = _matrices(place.sheet, place.top + 2, place.left, b.shape)
        place.aux(Aux("b", block, "weights, their rows across", b))
