"""The kinds of layers: how each stands in cells, its forward formulas and its gradients.

What a layer does to single numbers is written as expressions, and differentiated by the same table
as everything else here; what it does to windows and channels is written with ``SUMPRODUCT``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gradsheet.calculus.expression import (
    SQUARE_ROOT,
    Expression,
    Number,
    Variable,
    apply,
    partials,
)
from gradsheet.calculus.notation import to_excel, to_textbook
from gradsheet.layers.blocks import (
    Block,
    Index,
    beside_tiles,
    column,
    filters,
    matrix,
    row,
    tiles,
)

Array = NDArray[np.float64]
Formulas = Iterator[str]

FIRST_COLUMN = 1  # column A holds the labels


@dataclass(frozen=True)
class Desk:
    """Where the tensors of one pass through a layer stand on its sheet.

    Attributes:
        inputs, output: of the layer, or of the gradients with respect to them.
        parameters: likewise.
        spare: blocks that hold more than these, such as an input with zeros around it.
    """

    inputs: tuple[Block, ...]
    output: Block
    parameters: Mapping[str, Block] = field(default_factory=dict)
    spare: Mapping[str, Block] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Block]:
        """All of them."""
        return [*self.inputs, self.output, *self.parameters.values(), *self.spare.values()]

    @property
    def bottom(self) -> int:
        """The row below everything."""
        return max(block.bottom for block in self.blocks)


class Kind(ABC):
    """What a layer does.

    Attributes:
        parameters: what is learned, by the names torch gives them.
        constants: other numbers it uses, in cells as well.
    """

    name: ClassVar[str]
    parameters: Mapping[str, Array] = {}
    constants: Mapping[str, Array] = {}

    @property
    @abstractmethod
    def words(self) -> str:
        """How an output is computed, in a line."""

    @property
    def title(self) -> str:
        """What it is, with its sizes."""
        return self.name

    @abstractmethod
    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        """Where the forward pass stands, from the row ``top`` on."""

    @abstractmethod
    def forward(self, desk: Desk) -> Formulas:
        """The formula of each output, in row-major order."""

    def arrange_backward(self, desk: Desk, top: int) -> Desk:
        """Where the gradients stand: each below what it is the gradient of."""
        return Desk(
            tuple(_below(block, desk, top) for block in desk.inputs),
            _below(desk.output, desk, top),
            {name: _below(desk.parameters[name], desk, top) for name in self.parameters},
        )

    @abstractmethod
    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        """The formula of the loss's derivative by each number of an input, in row-major order."""

    def parameter_gradient(self, name: str, desk: Desk, back: Desk) -> Formulas:
        """The formula of the loss's derivative by each number of a parameter."""
        raise NotImplementedError(f"{self.name} has no parameter {name}")

    def spare_formulas(self, name: str, desk: Desk, back: Desk | None) -> Formulas | None:
        """The formulas of a spare block of the pass, or of the gradients; None: zeros fill it."""
        del name, desk, back
        return None

    def spare_values(self, name: str, x: Array, y: Array) -> Array | None:
        """What these formulas come to where the input is ``x`` and the output ``y``."""
        del name, x, y
        return None


def _below(block: Block, desk: Desk, top: int) -> Block:
    down = top - min(other.rows.min() for other in desk.blocks)
    return Block(block.sheet, block.rows + down + 1, block.columns)


def _lay(sheet: str, top: int, left: int, shape: Index, step: int = 0) -> Block:
    if len(shape) == 1:
        return column(sheet, top + 1, left, shape[0])
    return tiles(sheet, top, left, shape, step)


def _indices(shape: Index) -> Iterator[Index]:
    return product(*map(range, shape))


def _step(*heights: int) -> int:
    return max(heights) + 2


# --- Number by number ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Pointwise(Kind):
    """A function of single numbers, and of numbers that belong to their channel."""

    name: str  # type: ignore[misc]  # each has its own
    function: Callable[..., Expression]
    parameters: Mapping[str, Array] = field(default_factory=dict)
    constants: Mapping[str, Array] = field(default_factory=dict)

    @cached_property
    def _x(self) -> Variable:
        return Variable("x")

    @cached_property
    def _channel(self) -> dict[str, Variable]:
        return {name: Variable(name) for name in [*self.parameters, *self.constants]}

    @cached_property
    def _y(self) -> Variable:
        return Variable("y", self.function(self._x, **self._channel))

    @cached_property
    def _slopes(self) -> dict[Variable, Expression]:
        assert self._y.definition is not None
        return partials(self._y.definition, self._y)

    @property
    def words(self) -> str:
        assert self._y.definition is not None
        return f"y = {to_textbook(self._y.definition, lambda v: v.name)}"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        x = _lay(sheet, top, FIRST_COLUMN, inputs[0])
        left, channel = x.right + 1, {}
        for name in self._channel:
            channel[name] = beside_tiles(x, left)
            left += 1
        return Desk((x,), _lay(sheet, top, left + bool(channel), output), channel)

    def forward(self, desk: Desk) -> Formulas:
        assert self._y.definition is not None
        return self._fill(self._y.definition, desk)

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        slope = self._slopes.get(self._x, Number(0))
        return self._fill(Variable("g") * slope, desk, back)

    def parameter_gradient(self, name: str, desk: Desk, back: Desk) -> Formulas:
        """Over a channel the sum of the outputs' gradients times their slopes."""
        slope = self._slopes[self._channel[name]]
        template = to_excel(slope, lambda variable: f"{{{variable.name}}}")
        for channel in range(len(back.output.rows)):
            g = back.output.whole(channel)
            cells = {key: block.cell((channel,)) for key, block in desk.parameters.items()}
            factor = template.format(x=desk.inputs[0].whole(channel), **cells)
            yield f"SUM({g})" if factor == "1" else f"SUMPRODUCT({g},{factor})"

    def _fill(self, expression: Expression, desk: Desk, back: Desk | None = None) -> Formulas:
        template = to_excel(expression, lambda variable: f"{{{variable.name}}}")
        x, y = desk.inputs[0], desk.output
        for index in _indices(x.shape):
            channel = {name: block.cell(index[:1]) for name, block in desk.parameters.items()}
            g = back.output.cell(index) if back else ""
            yield template.format(x=x.cell(index), y=y.cell(index), g=g, **channel)


def batch_norm(
    weight: Array, bias: Array, mean: Array, variance: Array, epsilon: float
) -> Pointwise:
    """(x − mean) / √(variance + ε) · weight + bias, of its channel, by the running statistics."""

    def function(
        x: Expression, weight: Expression, bias: Expression, mean: Expression, variance: Expression
    ) -> Expression:
        return (x - mean) / apply(SQUARE_ROOT, variance + Number(epsilon)) * weight + bias

    learned, followed = {"weight": weight, "bias": bias}, {"mean": mean, "variance": variance}
    return Pointwise("BatchNorm", function, learned, followed)


# --- Products with weights -------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Convolution(Kind):
    """A two-dimensional convolution (as deep learning has it: a correlation).

    Attributes:
        weight: (O, I / groups, h, w).
        bias: (O,), or None.
        stride, padding: down and right.
    """

    name: ClassVar[str] = "Conv2d"
    weight: Array
    bias: Array | None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    groups: int = 1

    @property
    def parameters(self) -> Mapping[str, Array]:  # type: ignore[override]  # both or one
        return {"weight": self.weight} | ({} if self.bias is None else {"bias": self.bias})

    @property
    def title(self) -> str:
        outputs, inputs, height, width = self.weight.shape
        return f"{self.name} {height} × {width}, {inputs * self.groups} → {outputs} channels"

    @property
    def words(self) -> str:
        return "an output is the sum over the input channels of kernel × window, and the bias"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        (channels, height, width), (down, right) = inputs[0], self.padding
        padded = (channels, height + 2 * down, width + 2 * right)
        around = tiles(sheet, top, FIRST_COLUMN, padded)
        step = _step(self.weight.shape[2], output[1])
        weight = filters(sheet, top, around.right + 1, self.weight.shape, step)
        places = {"weight": weight}
        left = weight.right + 1
        if self.bias is not None:
            places["bias"] = beside_tiles(weight, left)
            left += 2
        y = tiles(sheet, top, left, output, step)
        return Desk((around.inner(self.padding),), y, places, {"padded": around})

    def forward(self, desk: Desk) -> Formulas:
        kernels, x = self._kernels(desk.parameters["weight"]), desk.spare["padded"]
        (height, width), (down, right) = self.weight.shape[2:], self.stride
        windows = _Windows(x, height, width)
        bias = desk.parameters.get("bias")
        for o, row_, column_ in _indices(desk.output.shape):
            terms = [
                _product(kernel, windows[i, row_ * down, column_ * right])
                for i, kernel in kernels[o]
            ]
            yield "+".join([*terms, *([bias.cell((o,))] if bias else [])])

    def arrange_backward(self, desk: Desk, top: int) -> Desk:
        """The outputs' gradients stand apart by the stride, with zeros between and around.

        Over these each input's gradient is a convolution again, with the kernels turned round.
        """
        padded, weight, y = desk.spare["padded"], desk.parameters["weight"], desk.output
        (height, width), (down, right) = self.weight.shape[2:], self.stride
        spread = (len(y.rows), padded.shape[1] + height - 1, padded.shape[2] + width - 1)
        dx = tiles(padded.sheet, top, FIRST_COLUMN, padded.shape)
        left = int(weight.columns.min())
        step = _step(height, spread[1])
        dw = filters(padded.sheet, top, left, self.weight.shape, step)
        places, around = (
            {"weight": dw},
            tiles(padded.sheet, top, int(y.columns.min()), spread, step),
        )
        if self.bias is not None:
            places["bias"] = beside_tiles(dw, int(desk.parameters["bias"].columns.min()))
        turned = filters(padded.sheet, top, around.right + 1, self.weight.shape, step)
        part = np.s_[
            :,
            height - 1 : height - 1 + y.shape[1] * down : down,
            width - 1 : width - 1 + y.shape[2] * right : right,
        ]
        dy = Block(around.sheet, around.rows[part], around.columns[part])
        spare = {"padded": dx, "spread": around, "turned": turned}
        return Desk((dx.inner(self.padding),), dy, places, spare)

    def spare_formulas(self, name: str, desk: Desk, back: Desk | None) -> Formulas | None:
        if name != "turned":
            return None
        weight = desk.parameters["weight"]
        flipped = Block(weight.sheet, weight.rows[..., ::-1, ::-1], weight.columns[..., ::-1, ::-1])
        return (flipped.cell(index) for index in _indices(flipped.shape))

    def spare_values(self, name: str, x: Array, y: Array) -> Array | None:
        return self.weight[..., ::-1, ::-1] if name == "turned" else None

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        (height, width), (down, right) = self.weight.shape[2:], self.padding
        kernels: dict[int, list[tuple[int, str]]] = {}
        for o, pairs in self._kernels(back.spare["turned"]).items():
            for i, kernel in pairs:
                kernels.setdefault(i, []).append((o, kernel))
        windows = _Windows(back.spare["spread"], height, width)
        for i, row_, column_ in _indices(back.inputs[0].shape):
            yield "+".join(
                _product(kernel, windows[o, row_ + down, column_ + right])
                for o, kernel in kernels[i]
            )

    def parameter_gradient(self, name: str, desk: Desk, back: Desk) -> Formulas:
        spread, x = back.spare["spread"], desk.spare["padded"]
        dy, (height, width) = back.output, self.weight.shape[2:]
        if name == "bias":
            yield from (
                f"SUM({dy_of_channel})" for dy_of_channel in map(spread.whole, range(len(dy.rows)))
            )
            return
        tall = (dy.shape[1] - 1) * self.stride[0] + 1
        wide = (dy.shape[2] - 1) * self.stride[1] + 1
        windows = _Windows(x, tall, wide)
        share = len(x.rows) // self.groups
        of_group = len(dy.rows) // self.groups
        for o, i, row_, column_ in _indices(self.weight.shape):
            g = spread.span((o, height - 1, width - 1), (o, height - 2 + tall, width - 2 + wide))
            yield _product(g, windows[o // of_group * share + i, row_, column_])

    def _kernels(self, weight: Block) -> dict[int, list[tuple[int, str]]]:
        """For each output channel the input channels it sees, each with its kernel's cells."""
        outputs, share = self.weight.shape[:2]
        of_group = outputs // self.groups
        return {
            o: [(o // of_group * share + i, weight.whole(o, i)) for i in range(share)]
            for o in range(outputs)
        }


class _Windows(dict[Index, str]):
    """The cells of each window of a block, by channel, row and column of its first number."""

    def __init__(self, block: Block, height: int, width: int) -> None:
        super().__init__()
        self._block, self._last = block, (height - 1, width - 1)

    def __missing__(self, index: Index) -> str:
        channel, row_, column_ = index
        last = (channel, row_ + self._last[0], column_ + self._last[1])
        self[index] = self._block.span(index, last)
        return self[index]


def _product(kernel: str, window: str) -> str:
    """The sum of products of two ranges of one shape; of single cells, their product."""
    first, last = kernel.split(":")
    if first == last:
        return f"{first}*{window.split(':')[0]}"
    return f"SUMPRODUCT({kernel},{window})"


@dataclass(frozen=True, eq=False)
class Linear(Kind):
    """A matrix product: the inputs in a row above the weights, the outputs in a column beside."""

    name: ClassVar[str] = "Linear"
    weight: Array
    bias: Array | None

    @property
    def parameters(self) -> Mapping[str, Array]:  # type: ignore[override]  # both or one
        return {"weight": self.weight} | ({} if self.bias is None else {"bias": self.bias})

    @property
    def title(self) -> str:
        return f"{self.name}, {self.weight.shape[1]} → {self.weight.shape[0]}"

    @property
    def words(self) -> str:
        return "an output is the sum of its row of weights × the inputs above them, and the bias"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        x = row(sheet, top + 1, FIRST_COLUMN, inputs[0][0])
        weight = matrix(sheet, top + 3, FIRST_COLUMN, self.weight.shape)
        places, left = {"weight": weight}, weight.right + 1
        if self.bias is not None:
            places["bias"] = column(sheet, top + 3, left, len(self.bias))
            left += 2
        return Desk((x,), column(sheet, top + 3, left, output[0]), places)

    def forward(self, desk: Desk) -> Formulas:
        x, weight = desk.inputs[0].whole(), desk.parameters["weight"]
        bias = desk.parameters.get("bias")
        for o in range(len(desk.output.rows)):
            product_ = _product(weight.whole(o), x)
            yield f"{product_}+{bias.cell((o,))}" if bias else product_

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        weight, g = desk.parameters["weight"], back.output.whole()
        for i in range(weight.shape[1]):
            yield _product(weight.span((0, i), (weight.shape[0] - 1, i)), g)

    def parameter_gradient(self, name: str, desk: Desk, back: Desk) -> Formulas:
        x, g = desk.inputs[0], back.output
        if name == "bias":
            return (g.cell((o,)) for o in range(len(g.rows)))
        return (f"{g.cell((o,))}*{x.cell((i,))}" for o, i in _indices(self.weight.shape))


# --- Windows without weights -----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Pool(Kind):
    """What all poolings share: windows of a size, a stride and a padding, down and right."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int] = (0, 0)

    @property
    def title(self) -> str:
        return f"{self.name} {self.size[0]} × {self.size[1]}"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        x = tiles(sheet, top, FIRST_COLUMN, inputs[0])
        return Desk((x,), tiles(sheet, top, x.right + 1, output, _step(inputs[0][1])))

    def window(self, desk: Desk, index: Index) -> tuple[Index, Index]:
        """The first and the last input that an output sees: padding is not seen."""
        return self._window(desk.inputs[0].shape[1:], index)

    def _window(self, sizes: Index, index: Index) -> tuple[Index, Index]:
        channel, *position = index
        first = [p * s - pad for p, s, pad in zip(position, self.stride, self.padding, strict=True)]
        last = [min(a + k, n) - 1 for a, k, n in zip(first, self.size, sizes, strict=True)]
        return (channel, *(max(0, a) for a in first)), (channel, *last)

    def seen_by(self, desk: Desk) -> dict[Index, list[Index]]:
        """For each input the outputs that see it."""
        seen: dict[Index, list[Index]] = {index: [] for index in _indices(desk.inputs[0].shape)}
        for index in _indices(desk.output.shape):
            for inside in _between(*self.window(desk, index)):
                seen[inside].append(index)
        return seen


def _between(first: Index, last: Index) -> Iterator[Index]:
    return product(*(range(a, b + 1) for a, b in zip(first, last, strict=True)))


class MaxPool(Pool):
    """The greatest of each window. Among equals the first takes the gradient, as in torch."""

    name = "MaxPool2d"

    @property
    def words(self) -> str:
        return "an output is the greatest number of its window"

    def forward(self, desk: Desk) -> Formulas:
        for index in _indices(desk.output.shape):
            yield f"MAX({desk.inputs[0].span(*self.window(desk, index))})"

    def arrange_backward(self, desk: Desk, top: int) -> Desk:
        back = super().arrange_backward(desk, top)
        y, g = desk.output, back.output
        winner = Block(y.sheet, g.rows, g.columns + y.shape[2] + 1)
        return Desk(back.inputs, g, {}, {"winner": winner})

    def spare_formulas(self, name: str, desk: Desk, back: Desk | None) -> Formulas | None:
        """Which number of each window is the greatest, counted from 1, row by row."""
        x, y = desk.inputs[0], desk.output

        def winner(index: Index) -> str:
            cells = [x.cell(inside) for inside in _between(*self.window(desk, index))]
            formula = str(len(cells))
            for number in range(len(cells) - 1, 0, -1):
                formula = f"IF({cells[number - 1]}={y.cell(index)},{number},{formula})"
            return formula

        return (winner(index) for index in _indices(y.shape))

    def spare_values(self, name: str, x: Array, y: Array) -> Array | None:
        winners = np.empty(y.shape)
        for index in _indices(y.shape):
            (channel, *first), (_, *last) = self._window(x.shape[1:], index)
            winners[index] = 1 + x[channel, first[0] : last[0] + 1, first[1] : last[1] + 1].argmax()
        return winners

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        g, winner = back.output, back.spare["winner"]
        for inside, outputs in self.seen_by(desk).items():
            terms = []
            for index in outputs:
                number = list(_between(*self.window(desk, index))).index(inside) + 1
                terms.append(f"IF({winner.cell(index)}={number},{g.cell(index)},0)")
            yield "+".join(terms) or "0"


@dataclass(frozen=True, eq=False)
class AveragePool(Pool):
    """The mean of each window.

    Attributes:
        count_padding: whether zeros outside count as numbers of the window.
    """

    name: ClassVar[str] = "AvgPool2d"
    count_padding: bool = True

    @property
    def words(self) -> str:
        return "an output is the mean of its window"

    def _count(self, desk: Desk, index: Index) -> int:
        if self.count_padding:
            return self.size[0] * self.size[1]
        return len(list(_between(*self.window(desk, index))))

    def forward(self, desk: Desk) -> Formulas:
        for index in _indices(desk.output.shape):
            cells = desk.inputs[0].span(*self.window(desk, index))
            yield f"SUM({cells})/{self._count(desk, index)}"

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        for outputs in self.seen_by(desk).values():
            terms = [f"{back.output.cell(i)}/{self._count(desk, i)}" for i in outputs]
            yield "+".join(terms) or "0"


# --- Vectors ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Softmax(Kind):
    """Probabilities of a vector, or their logarithms."""

    name: ClassVar[str] = "Softmax"
    logarithm: bool = False

    @property
    def title(self) -> str:
        return "LogSoftmax" if self.logarithm else "Softmax"

    @property
    def words(self) -> str:
        if self.logarithm:
            return "y = x − max − ln Σ exp(x − max)"
        return "y = exp(x − max) / Σ exp(x − max)"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        count = inputs[0][0]
        x, raised, y = (column(sheet, top + 1, FIRST_COLUMN + 2 * k, count) for k in range(3))
        greatest = column(sheet, x.bottom + 1, FIRST_COLUMN, 1)
        total = column(sheet, x.bottom + 1, FIRST_COLUMN + 2, 1)
        return Desk((x,), y, {}, {"greatest": greatest, "raised": raised, "total": total})

    def spare_formulas(self, name: str, desk: Desk, back: Desk | None) -> Formulas | None:
        x, raised = desk.inputs[0], desk.spare["raised"]
        if name == "greatest":
            return iter([f"MAX({x.whole()})"])
        if name == "total":
            return iter([f"SUM({raised.whole()})"])
        greatest = desk.spare["greatest"].cell((0,))
        return (f"EXP({x.cell(index)}-{greatest})" for index in _indices(x.shape))

    def spare_values(self, name: str, x: Array, y: Array) -> Array | None:
        raised: Array = np.exp(x - x.max())
        if name == "raised":
            return raised
        return np.array([x.max() if name == "greatest" else raised.sum()])

    def forward(self, desk: Desk) -> Formulas:
        greatest, total = (desk.spare[name].cell((0,)) for name in ("greatest", "total"))
        for index in _indices(desk.output.shape):
            if self.logarithm:
                yield f"{desk.inputs[0].cell(index)}-{greatest}-LN({total})"
            else:
                yield f"{desk.spare['raised'].cell(index)}/{total}"

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        g, y, total = back.output, desk.output, desk.spare["total"].cell((0,))
        for index in _indices(y.shape):
            if self.logarithm:
                share = f"{desk.spare['raised'].cell(index)}/{total}"
                yield f"{g.cell(index)}-{share}*SUM({g.whole()})"
            else:
                mean = f"SUMPRODUCT({g.whole()},{y.whole()})"
                yield f"{y.cell(index)}*({g.cell(index)}-{mean})"


# --- Several inputs --------------------------------------------------------------------------


class _Join(Kind):
    """Several tensors side by side, and what they are joined to."""

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        blocks, left = [], FIRST_COLUMN
        for shape in (*inputs, output):
            blocks.append(_lay(sheet, top, left, shape))
            left = blocks[-1].right + 1
        return Desk(tuple(blocks[:-1]), blocks[-1])


@dataclass(frozen=True, eq=False)
class Add(_Join):
    """The sum of two tensors, number by number: a residual connection."""

    name: ClassVar[str] = "Add"

    @property
    def words(self) -> str:
        return "an output is the sum of the two numbers in its place"

    def forward(self, desk: Desk) -> Formulas:
        for index in _indices(desk.output.shape):
            yield "+".join(block.cell(index) for block in desk.inputs)

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        return (back.output.cell(index) for index in _indices(back.output.shape))


@dataclass(frozen=True, eq=False)
class Concatenate(_Join):
    """Channels of several tensors, one after the other."""

    name: ClassVar[str] = "Concatenate"

    @property
    def words(self) -> str:
        return "the channels of one input after those of the other"

    def forward(self, desk: Desk) -> Formulas:
        for block in desk.inputs:
            yield from (block.cell(index) for index in _indices(block.shape))

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        before = sum(len(block.rows) for block in desk.inputs[:which])
        for channel, *rest in _indices(desk.inputs[which].shape):
            yield back.output.cell((before + channel, *rest))


@dataclass(frozen=True, eq=False)
class View(Kind):
    """The same numbers in another shape, or in the same: no cells of its own."""

    name: ClassVar[str] = "View"
    what: str = "view"

    @property
    def title(self) -> str:
        return self.what

    @property
    def words(self) -> str:
        return "the same numbers"

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        raise NotImplementedError("a view has no sheet")

    def forward(self, desk: Desk) -> Formulas:
        raise NotImplementedError("a view has no formulas")

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        raise NotImplementedError("a view has no formulas")
