"""Convolutions in one to three dimensions, also transposed ones.

Each is a correlation: of the input, padded with zeros (of a transposed convolution spread apart by
zeros), with the kernels (dilated by zeros, or flipped). So are its gradients: of the spread
gradients with the flipped kernels, and of the input with the gradients.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gradsheet.models.blocks import Block
from gradsheet.models.primitives.base import Context, FilledTerms, Ids, Primitive, Terms
from gradsheet.models.primitives.correlation import (
    KERNELS,
    ZERO,
    channel_blocks,
    is_in_rectangles,
    kernel_blocks,
    sums_of_products,
    volume,
)
from gradsheet.models.primitives.place import Aux, Place, Style
from gradsheet.models.primitives.text import Refs, spans, total
from gradsheet.spreadsheet.filled import Filled

if TYPE_CHECKING:
    from gradsheet.models.graph import Node

Sizes = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Convolution(Primitive):
    """A convolution (in deep learning's sense: a cross-correlation).

    Its operands are the input (N, I, ...), the kernels (O, I / groups, ...) and perhaps the bias
    (O,); of a transposed convolution the kernels are (I, O / groups, ...).
    """

    stride: Sizes
    padding: Sizes
    dilation: Sizes
    transposed: bool
    output_padding: Sizes
    groups: int

    @property
    def name(self) -> str:  # type: ignore[override]  # of its dimensions
        """Conv2d, ConvTranspose1d."""
        return f"Conv{'Transpose' if self.transposed else ''}{len(self.stride)}d"

    def describe(self, names: Sequence[str]) -> str:
        """In words."""
        bias = ", plus the bias" if len(names) > 2 else ""
        return f"output = Σ over the input channels of kernel × window{bias}"

    def compute(self, *operands: Tensor) -> Tensor:
        """The convolution, by torch."""
        x, weight, *bias = operands
        found: Tensor = torch.ops.aten.convolution(
            x,
            weight,
            bias[0] if bias else None,
            self.stride,
            self.padding,
            self.dilation,
            self.transposed,
            self.output_padding,
            self.groups,
        )
        return found

    def result(self, x: Sizes, weight: Sizes) -> Sizes:
        """The shape of the result, from those of the input and the kernels."""
        along = zip(
            x[2:], weight[2:], self.stride, self.padding, self.dilation, self.output_padding,
            strict=True,
        )  # fmt: skip
        if self.transposed:
            sizes = [(n - 1) * s - 2 * p + d * (k - 1) + o + 1 for n, k, s, p, d, o in along]
            return (x[0], weight[1] * self.groups, *sizes)
        sizes = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d, _ in along]
        return (x[0], weight[0], *sizes)

    # --- as a correlation ---------------------------------------------------------------------

    def _three(self, sizes: Sizes, fill: int) -> Sizes:
        return (*(fill for _ in range(3 - len(sizes))), *sizes)

    def source(self, node: "Node") -> Ids:
        """The elements of the padded or spread input, (N, I, D, H, W); of a zero −1."""
        x = volume(node.operands[0].ids)
        kernel = volume(node.operands[1].ids).shape[2:]
        padding, stride = self._three(self.padding, 0), self._three(self.stride, 1)
        dilation = self._three(self.dilation, 1)
        if not self.transposed:
            margins = [(0, 0), (0, 0), *((p, p) for p in padding)]
            return np.pad(x, margins, constant_values=ZERO)
        result = volume(node.ids).shape[2:]
        lead = [d * (k - 1) - p for d, k, p in zip(dilation, kernel, padding, strict=True)]
        sizes = [n + d * (k - 1) for n, d, k in zip(result, dilation, kernel, strict=True)]
        found = np.full((*x.shape[:2], *sizes), ZERO, dtype=np.int64)
        into, out = [], []
        for axis in range(3):
            places = np.arange(x.shape[2 + axis]) * stride[axis] + lead[axis]
            kept = (places >= 0) & (places < sizes[axis])
            into.append(places[kept])
            out.append(np.flatnonzero(kept))
        both = [np.arange(n) for n in x.shape[:2]]
        found[np.ix_(*both, *into)] = x[np.ix_(*both, *out)]
        return found

    def kernels(self, ids: Ids) -> Ids:
        """The elements of the kernels over the source, (O, I / groups, D, H, W)."""
        weight = volume(ids)
        if self.transposed:
            parts = weight.reshape(self.groups, -1, *weight.shape[1:])
            weight = np.concatenate([part.swapaxes(0, 1) for part in parts])[..., ::-1, ::-1, ::-1]
        dilation = self._three(self.dilation, 1)
        sizes = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
        found = np.full((*weight.shape[:2], *sizes), ZERO, dtype=np.int64)
        found[:, :, :: dilation[0], :: dilation[1], :: dilation[2]] = weight
        return found

    def steps(self) -> Sizes:
        """The stride of the correlation."""
        return (1, 1, 1) if self.transposed else self._three(self.stride, 1)

    # --- places -------------------------------------------------------------------------------

    def arrange(self, node: "Node", place: Place) -> None:
        """The input with zeros around, the kernels, the bias, the output."""
        self._place_source(node, place)
        result = volume(node.ids)
        given = volume(node.operands[1].ids)
        kernels = self.kernels(given)
        step = max(kernels.shape[3], result.shape[3]) + 2 if result.shape[3] > 1 else 0
        as_it_is = kernels.shape == given.shape and np.array_equal(kernels, given)
        weight = place.leaf_node(1)
        if weight is not None and not np.array_equal(weight.ids.ravel(), given.ravel()):
            place.leaf(1)  # a part of it, or turned
        elif weight is not None:
            own = step if as_it_is else 0
            block = kernel_blocks(place.sheet, place.top, place.left, given.shape, own)
            place.put(weight, block.reshape(weight.shape))
        place.more_leaves()
        words = "kernels, flipped" if self.transposed else "kernels, dilated"
        if as_it_is and not is_in_rectangles(_volume_refs(place.refs(1))):
            as_it_is, words = False, "kernels, put together"
        if not as_it_is:
            block = kernel_blocks(place.sheet, place.top, place.left, kernels.shape, step)
            place.aux(Aux(KERNELS, block, words, kernels))
        rows = channel_blocks(place.sheet, place.top, place.left, result.shape, step)
        if place.leaf_node(2) is not None:
            place.leaf(2, _beside(rows))
        place.value(lambda sheet, top, left, shape: channel_blocks(
            sheet, top, left, result.shape, step).reshape(shape))  # fmt: skip

    def _place_source(self, node: "Node", place: Place) -> None:
        source, x = self.source(node), node.operands[0].ids
        inside = np.isin(source, x)
        leaf = place.leaf_node(0)
        in_order = leaf is not None and np.array_equal(leaf.ids.ravel(), x.ravel())
        fits = in_order and not self.transposed
        if fits and inside.all():
            place.leaf(0, lambda sheet, top, left, shape: channel_blocks(
                sheet, top, left, source.shape).reshape(shape))  # fmt: skip
            return
        block = channel_blocks(place.sheet, place.top, place.left, source.shape)
        if leaf is not None and not fits:
            place.leaf(0)
            block = channel_blocks(place.sheet, place.top, place.left, source.shape)
        if leaf is not None and fits:
            kept = np.where(inside, -2, ZERO)
            part = Block(block.sheet, block.rows[inside], block.columns[inside])
            place.put(leaf, part.reshape(leaf.shape), anchor=block)
            place.aux(Aux("source", block, "", kept))
            return
        label = "input, spread" if self.transposed else "input, padded"
        place.aux(Aux("source", block, label, source))

    def arrange_backward(self, node: "Node", place: Place) -> None:
        """The outputs' gradients with zeros around and between, and the kernels flipped."""
        assert place.forward is not None
        place.like_forward()
        source, kernels = self.source(node), self.kernels(node.operands[1].ids)
        grid = self._spread(volume(node.ids), kernels.shape, source.shape)
        block = channel_blocks(place.sheet, place.top, place.left, grid.shape)
        own = np.isin(grid, node.ids)
        part = Block(block.sheet, block.rows[own], block.columns[own])
        place.piece.values.pop(node, None)
        place.put(node, part.reshape(node.shape), anchor=block)
        place.aux(Aux("spread", block, "", np.where(own, -2, ZERO)))
        if node.operands[0].flows:
            flipped = kernels[..., ::-1, ::-1, ::-1]
            step = max(kernels.shape[3], grid.shape[3]) + 2 if grid.shape[3] > 1 else 0
            block = kernel_blocks(place.sheet, place.top, place.left, flipped.shape, step)
            place.aux(Aux("flipped", block, "kernels, flipped", flipped))

    def _spread(self, result: Ids, kernel: Sizes, source: Sizes) -> Ids:
        """The output's elements with zeros around and, for a stride, between them."""
        steps = self.steps()
        sizes = [n + k - 1 for n, k in zip(source[2:], kernel[2:], strict=True)]
        found = np.full((*result.shape[:2], *sizes), ZERO, dtype=np.int64)
        cut = tuple(
            slice(k - 1, k - 1 + (n - 1) * s + 1, s)
            for k, n, s in zip(kernel[2:], result.shape[2:], steps, strict=True)
        )
        found[(slice(None), slice(None), *cut)] = result
        return found

    # --- formulas -----------------------------------------------------------------------------

    def _source_refs(self, c: Context) -> Refs:
        if "source" in c.aux:
            return c.aux["source"]
        return _volume_refs(c.x[0])

    def _kernel_refs(self, c: Context) -> Refs:
        return c.aux[KERNELS] if KERNELS in c.aux else _volume_refs(c.x[1])

    def formulas(self, c: Context) -> Iterable[str]:
        """Sums of products of the kernels with the windows of the source."""
        source, kernels = self._source_refs(c), self._kernel_refs(c)
        shape = _volume_refs(c.y).rows.shape
        _, per_group, depth, height, width = kernels.rows.shape
        n, o, z, r, k = (axis.ravel() for axis in np.indices(shape))
        first, steps = o // (shape[1] // self.groups) * per_group, self.steps()
        pairs = [
            (
                kernels[o, i, d, 0, 0],
                source[n, first + i, z * steps[0] + d, r * steps[1], k * steps[2]],
            )
            for i in range(per_group)
            for d in range(depth)
        ]
        found = sums_of_products(pairs, height, width)
        if len(c.x) < 3:
            return found
        if not c.x[2].has_cells:
            texts = c.x[2].texts
            return (f"{text}+{texts[k]}" for text, k in zip(found, o.tolist(), strict=True))
        return found.plus(Filled(found.count, ("", ""), (spans(c.x[2][o]),)))

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """Correlations again: with flipped kernels, or of the source with the gradients."""
        if which == 2:
            g = _volume_refs(c.gradient)
            totals = (total(_raveled(g[:, o])) for o in range(ids.size))
            return zip(ids.ravel().tolist(), totals, strict=True)
        return self._by_input(ids, c) if which == 0 else self._by_kernel(ids, c)

    def _by_input(self, ids: Ids, c: Context) -> Terms:
        flipped, spread = c.aux["flipped"], c.aux["spread"]
        outputs, per_group, depth, height, width = flipped.rows.shape
        each = outputs // self.groups
        elements, (n, i, z, r, k) = self._inside(ids, spread.rows.shape, flipped.rows.shape)
        group, inner = np.divmod(i, per_group)
        pairs = [
            (flipped[o, inner, d, 0, 0], spread[n, o, z + d, r, k])
            for o in (group * each + j for j in range(each))
            for d in range(depth)
        ]
        return FilledTerms(elements, sums_of_products(pairs, height, width))

    def _inside(self, ids: Ids, spread: Sizes, kernel: Sizes) -> tuple[Ids, Sequence[Ids]]:
        """The elements of the input that are used, and where in the source each of them is."""
        x = volume(ids)
        sizes = [n - k + 1 for n, k in zip(spread[2:], kernel[2:], strict=True)]
        padding, stride = self._three(self.padding, 0), self._three(self.stride, 1)
        places = [axis.ravel() for axis in np.indices(x.shape)]
        kept = np.ones(x.size, dtype=bool)
        for axis in range(3):
            if self.transposed:
                lead = kernel[2 + axis] - 1 - padding[axis]
                places[2 + axis] = places[2 + axis] * stride[axis] + lead
            else:
                places[2 + axis] = places[2 + axis] + padding[axis]
            kept &= (places[2 + axis] >= 0) & (places[2 + axis] < sizes[axis])
        return x.ravel()[kept], [place[kept] for place in places]

    def _by_kernel(self, ids: Ids, c: Context) -> Terms:
        source, spread = self._source_refs(c), c.aux["spread"]
        y, steps = _volume_refs(c.y).rows.shape, self.steps()
        kernel = self.kernels(ids)
        tall, wide = ((n - 1) * s + 1 for n, s in zip(y[3:], steps[1:], strict=True))
        lead = [k - 1 for k in kernel.shape[2:]]
        kept = kernel.ravel() != ZERO
        o, i, d, r, k = (axis.ravel()[kept] for axis in np.indices(kernel.shape))
        channel = o // (y[1] // self.groups) * kernel.shape[1] + i
        pairs = [
            (
                spread[n, o, lead[0] + z * steps[0], lead[1], lead[2]],
                source[n, channel, z * steps[0] + d, r, k],
            )
            for n in range(y[0])
            for z in range(y[2])
        ]
        return FilledTerms(kernel.ravel()[kept], sums_of_products(pairs, tall, wide))


def _volume_refs(refs: Refs) -> Refs:
    return Refs(volume(refs.rows), volume(refs.columns))


def _raveled(refs: Refs) -> Refs:
    return Refs(refs.rows.ravel(), refs.columns.ravel())


def _beside(rows: Block) -> Style:
    """The style of a number for each output channel, beside its first row."""

    def style(sheet: str, top: int, left: int, shape: Sizes) -> Block:
        first = rows.rows[0].reshape(rows.shape[1], -1)[:, 0]
        return Block(sheet, first, np.full_like(first, left)).reshape(shape)

    return style
