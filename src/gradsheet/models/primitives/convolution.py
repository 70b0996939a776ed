"""Convolutions in one to three dimensions, also transposed ones.

Each is a correlation: of the input, padded with zeros (of a transposed convolution spread apart by
zeros), with the kernels (dilated by zeros, or flipped). So are its gradients: of the spread
gradients with the flipped kernels, and of the input with the gradients.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gradsheet.models.blocks import Block
from gradsheet.models.primitives.base import Context, Ids, Primitive, Terms
from gradsheet.models.primitives.correlation import (
    KERNELS,
    ZERO,
    Windows,
    channel_blocks,
    kernel_blocks,
    product_of,
    volume,
)
from gradsheet.models.primitives.place import Aux, Place, Style
from gradsheet.models.primitives.text import Refs, plus, total

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
        if weight is not None:
            own = step if as_it_is else 0
            block = kernel_blocks(place.sheet, place.top, place.left, given.shape, own)
            place.put(weight, block.reshape(weight.shape))
        if not as_it_is:
            block = kernel_blocks(place.sheet, place.top, place.left, kernels.shape, step)
            words = "kernels, flipped" if self.transposed else "kernels, dilated"
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
        fits = leaf is not None and leaf.size == x.size and not self.transposed
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
        y = _volume_refs(c.y)
        bias = c.x[2].texts if len(c.x) > 2 else None
        _, per_group, depth, height, width = kernels.rows.shape
        windows, steps = Windows(source, height, width), self.steps()
        each = y.rows.shape[1] // self.groups
        texts = Windows(kernels, height, width)
        for n, o, z, r, k in np.ndindex(*y.rows.shape):
            first = o // each * per_group
            terms = [
                product_of(
                    texts[o, i, d, 0, 0],
                    windows[n, first + i, z * steps[0] + d, r * steps[1], k * steps[2]],
                )
                for i in range(per_group)
                for d in range(depth)
            ]
            yield plus(terms if bias is None else [*terms, bias[o]])

    def terms(self, which: int, ids: Ids, c: Context) -> Terms:
        """Correlations again: with flipped kernels, or of the source with the gradients."""
        if which == 2:
            g = _volume_refs(c.gradient)
            for o, element in enumerate(ids.ravel().tolist()):
                yield element, total(_raveled(g[:, o]))
        elif which == 0:
            yield from self._by_input(ids, c)
        else:
            yield from self._by_kernel(ids, c)

    def _by_input(self, ids: Ids, c: Context) -> Terms:
        flipped, spread = c.aux["flipped"], c.aux["spread"]
        outputs, per_group, depth, height, width = flipped.rows.shape
        each = outputs // self.groups
        windows, texts = Windows(spread, height, width), Windows(flipped, height, width)
        for place, element in self._inside(ids, spread.rows.shape, flipped.rows.shape):
            n, i, z, r, k = place
            group, inner = divmod(i, per_group)
            yield element, plus([
                product_of(texts[o, inner, d, 0, 0], windows[n, o, z + d, r, k])
                for o in range(group * each, (group + 1) * each)
                for d in range(depth)
            ])  # fmt: skip

    def _inside(self, ids: Ids, spread: Sizes, kernel: Sizes) -> Iterator[tuple[Sizes, int]]:
        """Where in the source each element of the input is."""
        x = volume(ids)
        sizes = tuple(n - k + 1 for n, k in zip(spread[2:], kernel[2:], strict=True))
        padding, stride = self._three(self.padding, 0), self._three(self.stride, 1)
        for place in np.ndindex(*x.shape):
            if self.transposed:
                lead = [k - 1 - p for k, p in zip(kernel[2:], padding, strict=True)]
                at = tuple(p * s + a for p, s, a in zip(place[2:], stride, lead, strict=True))
            else:
                at = tuple(p + pad for p, pad in zip(place[2:], padding, strict=True))
            if all(0 <= p < n for p, n in zip(at, sizes, strict=True)):
                yield (*place[:2], *at), int(x[place])

    def _by_kernel(self, ids: Ids, c: Context) -> Terms:
        source, spread = self._source_refs(c), c.aux["spread"]
        y, steps = _volume_refs(c.y).rows.shape, self.steps()
        kernel = self.kernels(ids)
        tall, wide = ((n - 1) * s + 1 for n, s in zip(y[3:], steps[1:], strict=True))
        windows, gradients = Windows(source, tall, wide), Windows(spread, tall, wide)
        lead = [k - 1 for k in kernel.shape[2:]]
        each = y[1] // self.groups
        for place in np.ndindex(*kernel.shape):
            o, i, d, r, k = place
            if kernel[place] == ZERO:
                continue
            channel = o // each * kernel.shape[1] + i
            yield int(kernel[place]), plus([
                product_of(
                    gradients[n, o, lead[0] + z * steps[0], lead[1], lead[2]],
                    windows[n, channel, z * steps[0] + d, r, k],
                )
                for n in range(y[0])
                for z in range(y[2])
            ])  # fmt: skip


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
