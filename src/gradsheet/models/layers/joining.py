"""Layers that join tensors or only look at them otherwise."""

from dataclasses import dataclass
from typing import ClassVar

from gradsheet.models.blocks import (
    Index,
)
from gradsheet.models.layers.base import FIRST_COLUMN, Desk, Formulas, Kind, indices, lay


class _Join(Kind):
    """Several tensors side by side, and what they are joined to."""

    def arrange(self, sheet: str, top: int, inputs: tuple[Index, ...], output: Index) -> Desk:
        blocks, left = [], FIRST_COLUMN
        for shape in (*inputs, output):
            blocks.append(lay(sheet, top, left, shape))
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
        for index in indices(desk.output.shape):
            yield "+".join(block.cell(index) for block in desk.inputs)

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        return (back.output.cell(index) for index in indices(back.output.shape))


@dataclass(frozen=True, eq=False)
class Concatenate(_Join):
    """Channels of several tensors, one after the other."""

    name: ClassVar[str] = "Concatenate"

    @property
    def words(self) -> str:
        return "the channels of one input after those of the other"

    def forward(self, desk: Desk) -> Formulas:
        for block in desk.inputs:
            yield from (block.cell(index) for index in indices(block.shape))

    def input_gradient(self, which: int, desk: Desk, back: Desk) -> Formulas:
        before = sum(len(block.rows) for block in desk.inputs[:which])
        for channel, *rest in indices(desk.inputs[which].shape):
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
